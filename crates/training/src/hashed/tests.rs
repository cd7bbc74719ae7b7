#![allow(clippy::unwrap_used)]
use super::*;
use crate::bins::Value;
use crate::data::{Column, Dataset, Frame};
use crate::metrics::{Confidence, Scores, log_loss, roc_auc};
use crate::predict::Predict;
use crate::random::{Purpose, Stream};

/// Clicks of many users on a few apps at some hour. With `pairs`, what matters is which user meets which app.
fn stream_of(rows: usize, seed: u64, pairs: bool) -> (Dataset, Vec<f64>) {
    let mut stream = Stream::new(seed, Purpose::Permutation, 77);
    let (mut users, mut apps, mut hours, mut labels, mut truth) = (vec![], vec![], vec![], vec![], vec![]);
    for _ in 0..rows {
        let (user, app, hour) = (stream.below(30), stream.below(12), stream.below(24));
        let taste = |what: usize| if what.is_multiple_of(2) { 1.2 } else { -1.2 };
        let log_odds =
            if pairs { taste(user) * taste(50 + app) } else { taste(user) + taste(50 + app) } - 0.5 + if hour > 12 { 0.8 } else { 0.0 };
        let probability = 1.0 / (1.0 + f64::exp(-log_odds));
        labels.push(stream.unit() < probability);
        truth.push(probability);
        users.push(format!("user {user}"));
        apps.push(if app == 0 { None } else { Some(format!("app {app}")) });
        hours.push(if hour == 0 { f64::NAN } else { hour as f64 });
    }
    let frame = Frame::new([
        ("user", Column::texts(users.iter().map(|user| Some(user.as_str())))),
        ("app", Column::texts(apps.iter().map(Option::as_deref))),
        ("hour", Column::from(hours)),
    ]);
    (Dataset::new(frame.unwrap(), labels).unwrap(), truth)
}

fn fields() -> Fields {
    Fields::new(["user", "app", "hour"], 12).unwrap()
}

/// AUC and log loss.
fn quality(probabilities: &[f64], data: &Dataset) -> (f64, f64) {
    let scores = Scores::new(probabilities, data.labels(), None).unwrap();
    (roc_auc(&scores, &Confidence::default()).unwrap().value, log_loss(&scores, &Confidence::default()).unwrap().value)
}

#[test]
fn one_pass_finds_an_additive_law() {
    let ((training, _), (test, truth)) = (stream_of(12_000, 1, false), stream_of(5000, 2, false));
    let (best, best_loss) = quality(&truth, &test);
    let mut ftrl = Ftrl::new(fields(), FtrlSettings::default()).unwrap();
    let before = ftrl.learn_batch(&training).unwrap();
    let mut ffm = Ffm::new(fields(), FfmSettings::default()).unwrap();
    ffm.learn_batch(&training).unwrap();
    let models: [(&str, &dyn Predict); 2] = [("ftrl", &ftrl), ("ffm", &ffm)];
    for (name, model) in models {
        let (auc, loss) = quality(&model.predict(test.frame()).unwrap(), &test);
        assert!(auc - 0.5 > 0.97 * (best - 0.5) && loss < best_loss + 0.03, "{name}: {auc} of {best}, {loss} of {best_loss}");
    }
    // What was predicted before learning is as honest as a test set: worse than the end, better than nothing.
    let (auc, _) = quality(&before, &training);
    assert!(auc > 0.5 + 0.8 * (best - 0.5) && auc < best + 0.01, "{auc}");
    assert!(ftrl.load() > 0.01 && ftrl.load() < 0.02);
}

#[test]
fn pairs_need_factors() {
    let ((training, _), (test, truth)) = (stream_of(12_000, 3, true), stream_of(5000, 4, true));
    let (best, _) = quality(&truth, &test);
    let mut ffm = Ffm::new(fields(), FfmSettings::default()).unwrap();
    ffm.learn_batch(&training).unwrap();
    let (auc, _) = quality(&ffm.predict(test.frame()).unwrap(), &test);
    assert!(auc - 0.5 > 0.9 * (best - 0.5), "{auc} of {best}");
    let mut ftrl = Ftrl::new(fields(), FtrlSettings::default()).unwrap();
    ftrl.learn_batch(&training).unwrap();
    let (alone, _) = quality(&ftrl.predict(test.frame()).unwrap(), &test);
    assert!(alone - 0.5 < 0.7 * (best - 0.5), "the control: a sum cannot say it, {alone} of {best}");
}

#[test]
fn stored_learners_go_on_as_if_nothing_had_been() {
    let (data, _) = stream_of(2000, 5, true);
    let (first, second): (Vec<u32>, Vec<u32>) = (0..2000).partition(|row| *row < 1000);
    let (first, second) = (data.take(&first).unwrap(), data.take(&second).unwrap());
    macro_rules! check {
        ($learner:ty, $settings:expr, $packed:expr) => {
            let mut whole = <$learner>::new(fields(), $settings).unwrap();
            whole.learn_batch(&data).unwrap();
            let mut parts = <$learner>::new(fields(), $settings).unwrap();
            parts.learn_batch(&first).unwrap();
            let text = serde_json::to_string(&parts).unwrap();
            let mut parts: $learner = serde_json::from_str(&text).unwrap();
            assert_eq!(serde_json::to_string(&parts).unwrap(), text);
            parts.learn_batch(&second).unwrap();
            assert_eq!(parts, whole);
            for (whole, broken) in [("0", "f"), ("0", "0g"), ("0000", "000")] {
                let packed = |text: &str| format!("\"{}\":\"{text}", $packed);
                let damaged = text.replacen(&packed(whole), &packed(broken), 1);
                assert!(damaged != text && serde_json::from_str::<$learner>(&damaged).is_err(), "{broken}");
            }
        };
    }
    check!(Ftrl, FtrlSettings::default(), "weights");
    check!(Ffm, FfmSettings::default(), "weights");
    check!(Ffm, FfmSettings::default(), "factors");
}

#[test]
fn rows_and_frames_are_hashed_alike() {
    let (data, _) = stream_of(300, 6, false);
    let mut model = Ftrl::new(fields(), FtrlSettings::default()).unwrap();
    model.learn_batch(&data).unwrap();
    let all = model.predict(data.frame()).unwrap();
    let [Column::Categorical(users), Column::Categorical(apps), hours] = data.frame().columns() else { unreachable!() };
    for (row, expected) in all.iter().enumerate() {
        let app = apps.text(row).map_or(Value::Missing, Value::Category);
        let values = [Value::Category(users.text(row).unwrap()), app, hours.number(row).map_or(Value::Missing, Value::Number)];
        assert_eq!(model.predict_row(&values).unwrap(), *expected);
    }
    assert!(model.predict_row(&[Value::Missing]).is_err());
}

#[test]
fn numbers_fall_into_quarters_of_an_octave() {
    let fields = Fields::new(["x"], 20).unwrap();
    let slot = |value: Value<'_>| {
        let mut slots = Vec::new();
        fields.hash(&[value], &mut slots).unwrap();
        slots[0]
    };
    let number = |number: f64| slot(Value::Number(number));
    for (a, b, are_alike) in
        [(4.0, 4.9, true), (4.0, 5.0, false), (0.0, -0.0, true), (1e-3, -1e-3, false), (1.0, 2.0, false), (1e300, 1e301, true)]
    {
        assert_eq!(number(a) == number(b), are_alike, "{a} {b}");
    }
    assert_eq!(number(f64::NAN), slot(Value::Missing));
    assert_ne!(number(4.0), slot(Value::Category("4")));
}

#[test]
fn short_codes_of_many_fields_have_slots_of_their_own() {
    let fields = Fields::new((0..20).map(|field| field.to_string()), 28).unwrap();
    let mut slots = std::collections::BTreeSet::<u32>::new();
    let mut row = Vec::new();
    for code in 0..500 {
        let text = code.to_string();
        fields.hash(&[Value::Category(&text); 20], &mut row).unwrap();
        slots.extend(&row);
    }
    // By chance 0.2 of the 10,000 would share one.
    assert!(slots.len() >= 9_995, "{}", slots.len());
}

#[test]
fn odd_rows_and_settings_do_no_harm() {
    assert!(Fields::new(Vec::<String>::new(), 12).is_err() && Fields::new(["a", "a"], 12).is_err() && Fields::new(["a"], 40).is_err());
    assert!(Ftrl::new(fields(), FtrlSettings { alpha: Some(0.0), ..FtrlSettings::default() }).is_err());
    assert!(Ftrl::new(fields(), FtrlSettings { l1: f64::NAN, ..FtrlSettings::default() }).is_err());
    assert!(Ffm::new(fields(), FfmSettings { factors: 0, ..FfmSettings::default() }).is_err());
    let many = Fields::new((0..60).map(|field| field.to_string()), 28).unwrap();
    assert!(Ffm::new(many, FfmSettings::default()).is_err(), "too large to hold");
    let (mut ftrl, mut ffm) = (Ftrl::new(fields(), FtrlSettings::default()).unwrap(), Ffm::new(fields(), FfmSettings::default()).unwrap());
    let mut foreign = Vec::new();
    Fields::new(["a"], 28).unwrap().hash(&[Value::Category("x")], &mut foreign).unwrap();
    for weight in [1.0, f64::NAN, -1.0, 1e300] {
        assert!((0.0..=1.0).contains(&ftrl.learn(&foreign, true, weight)));
        assert!((0.0..=1.0).contains(&ffm.learn(&foreign, true, weight)));
    }
}

#[test]
fn a_stream_may_be_cut_anywhere() {
    let (data, _) = stream_of(40_000, 7, true);
    let rows: Vec<u32> = (0..40_000).collect();
    macro_rules! check {
        ($learner:ty, $settings:expr) => {
            let new = || <$learner>::new(fields(), $settings).unwrap();
            let mut whole = new();
            let before = whole.learn_batch(&data).unwrap();
            for size in [1_usize, 7, 1000, 33_333] {
                // Single rows are enough of a prefix.
                let rows = if size == 1 { &rows[..3000] } else { &rows };
                let (mut cut, mut told) = (new(), Vec::new());
                for batch in rows.chunks(size) {
                    told.extend(cut.learn_batch(&data.take(batch).unwrap()).unwrap());
                }
                assert!(told == before[..rows.len()], "predictions in batches of {size}");
                let bytes = |learner: &$learner| serde_json::to_vec(learner).unwrap();
                assert!(rows.len() < 40_000 || bytes(&cut) == bytes(&whole), "the model after batches of {size}");
            }
            // Control: the order of the rows does matter.
            let mut turned = new();
            turned.learn_batch(&data.take(&rows.iter().rev().copied().collect::<Vec<_>>()).unwrap()).unwrap();
            assert!(turned != whole);
            // One thread hashes and learns alike.
            let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
            let mut one = new();
            assert!(alone.install(|| one.learn_batch(&data)).unwrap() == before && one == whole);
        };
    }
    check!(Ftrl, FtrlSettings::default());
    check!(Ffm, FfmSettings { factors: 2, ..FfmSettings::default() });
}

#[test]
fn arrow_batches_are_hashed_as_their_frames() {
    use std::sync::Arc;

    use arrow_array::types::Int32Type;
    use arrow_array::{ArrayRef, DictionaryArray, Int64Array, LargeStringArray, RecordBatch, StringArray, StringViewArray};

    let texts: Vec<Option<String>> = (0..3000).map(|row| (row % 5 != 0).then(|| format!("{:08x}", row * 7 % 90))).collect();
    let numbers: Vec<Option<i64>> = (0..3000).map(|row| (row % 7 != 0).then_some(row - 100)).collect();
    let texts_of = || texts.iter().map(Option::as_deref);
    let columns: [(&str, ArrayRef); 5] = [
        ("a", Arc::new(texts_of().collect::<StringArray>())),
        ("b", Arc::new(texts_of().collect::<LargeStringArray>())),
        ("c", Arc::new(texts_of().collect::<StringViewArray>())),
        ("d", Arc::new(texts_of().collect::<DictionaryArray<Int32Type>>())),
        ("e", Arc::new(Int64Array::from(numbers))),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap().slice(10, 2500);
    let fields = Fields::new(["e", "d", "c", "b", "a"], 16).unwrap();
    let rows = fields.hash_batch(&batch).unwrap();
    assert_eq!(rows.rows(), 2500);
    assert!(rows == fields.hash_frame(&Frame::from_batch(&batch).unwrap()).unwrap());
    // The first of them is row 10 of the table: a missing text, and the number -90.
    let mut slots = Vec::new();
    fields.hash(&[Value::Number(-90.0), Value::Missing, Value::Missing, Value::Missing, Value::Missing], &mut slots).unwrap();
    assert_eq!(rows.iter().next().unwrap(), slots);
    assert!(Fields::new(["z"], 16).unwrap().hash_batch(&batch).is_err(), "no such column");

    let labels: Vec<bool> = (0..2500).map(|row| row % 3 == 0).collect();
    let mut ftrl = Ftrl::new(fields.clone(), FtrlSettings::default()).unwrap();
    assert!(ftrl.learn_rows(&rows, &labels[1..], None).is_err() && ftrl.learn_rows(&rows, &labels, Some(&[1.0])).is_err());
    let before = ftrl.learn_rows(&rows, &labels, None).unwrap();
    let mut other = Ftrl::new(fields, FtrlSettings::default()).unwrap();
    let data = Dataset::new(Frame::from_batch(&batch).unwrap(), labels).unwrap();
    assert!(other.learn_batch(&data).unwrap() == before && other == ftrl);
    assert_eq!(ftrl.predict_rows(&rows), ftrl.predict(data.frame()).unwrap());
}

#[test]
fn a_row_by_itself_is_hashed_as_among_others() {
    let texts: Vec<_> = (0..100).map(|level| format!("level {level}")).collect();
    let column = Column::texts(texts.iter().map(|text| Some(text.as_str())));
    let data = Dataset::new(Frame::new([("x", column)]).unwrap(), vec![false; 100]).unwrap();
    let fields = Fields::new(["x".to_owned()], 20).unwrap();
    let all = fields.hash_frame(data.frame()).unwrap();
    // What is taken keeps the levels of all rows.
    let few = fields.hash_frame(data.take(&[7, 3]).unwrap().frame()).unwrap();
    let all: Vec<_> = all.iter().collect();
    assert_eq!(few.iter().collect::<Vec<_>>(), [all[7], all[3]]);
}
