//! Whatever comes in, there is an answer or an error, and never a panic.

use proptest::prelude::*;
use training::audit::{Audit, AuditSettings, Facts};
use training::calibrate::Calibrator;
use training::explain::{partial_dependence, permutation_importance};
use training::hashed::{Ffm, FfmSettings, Fields, Ftrl, FtrlSettings, OnePass};
use training::metrics::{Confidence, Report, ReportSettings, Scores};
use training::{
    Boosted, BoostedSettings, Categories, ClassWeight, Column, Dataset, EarlyStopping, Forest, ForestSettings, Frame, Logistic,
    LogisticSettings, MaxFeatures, Predict, Split, Splitting, TrainingError,
};

const CONFIDENCE: Confidence = Confidence { level: 0.95, replicates: 20, seed: 0 };

/// Numbers of every size and kind, and missing ones.
fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        3 => -10.0..10.0,
        2 => (0_i8..4).prop_map(f64::from),
        1 => Just(f64::NAN),
        1 => prop_oneof![Just(f64::MAX), Just(f64::MIN), Just(f64::MIN_POSITIVE), Just(-0.0), Just(1e-310), Just(1e19)],
        1 => prop::num::f64::ANY,
    ]
}

/// A number, a category, a weight and a label.
type Row = (f64, Option<u8>, f64, bool);

fn dataset() -> impl Strategy<Value = (Vec<Row>, bool)> {
    let weight = prop_oneof![4 => Just(1.0), 1 => Just(0.0), 1 => Just(1e-12), 1 => Just(1e12), 1 => Just(-1.0)];
    (prop::collection::vec((number(), prop::option::of(0_u8..6), weight, any::<bool>()), 0..40), any::<bool>())
}

fn made(rows: &[Row], weighted: bool) -> Result<Dataset, TrainingError> {
    let names = ["", "a", "b", "a ", "ü", "\u{0}"];
    let frame = Frame::new([
        ("x", Column::from(rows.iter().map(|row| row.0).collect::<Vec<_>>())),
        ("narrow", rows.iter().map(|row| row.0 as f32 / 2.0).collect::<Vec<_>>().into()),
        ("c", Column::texts(rows.iter().map(|row| row.1.map(|code| names[usize::from(code)])))),
    ])?;
    let data = Dataset::new(frame, rows.iter().map(|row| row.3).collect::<Vec<_>>())?;
    if weighted { data.with_weights(rows.iter().map(|row| row.2).collect::<Vec<_>>()) } else { Ok(data) }
}

/// All that can be done with a model; its probabilities are such.
fn use_up(model: &dyn Predict, data: &Dataset) {
    let probabilities = model.predict(data.frame()).unwrap();
    assert!(probabilities.iter().all(|probability| (0.0..=1.0).contains(probability)), "{probabilities:?}");
    let Ok(scores) = Scores::new(&probabilities, data.labels(), data.weights()) else { return };
    drop(Report::of(&scores, &ReportSettings { confidence: CONFIDENCE, ..ReportSettings::default() }));
    for calibrator in [Calibrator::platt(&scores), Calibrator::isotonic(&scores)].into_iter().flatten() {
        assert!(calibrator.apply_all(&probabilities).iter().all(|probability| (0.0..=1.0).contains(probability)));
    }
    drop(permutation_importance(model, data, 2, &CONFIDENCE));
    for name in data.frame().names() {
        partial_dependence(model, data.frame(), name, 3, &CONFIDENCE).unwrap();
    }
}

/// An audit with every kind of fact, of rows over and over: whatever it says, in whole sentences.
fn audit(data: &Dataset, by_time: bool) {
    let times: Vec<_> = (0..data.rows() as i64).map(|row| if row % 3 == 0 { i64::MIN + row } else { i64::MAX - row }).collect();
    let Ok(data) = data.clone().with_times(times.clone()) else { return };
    let groups: Vec<_> = (0..data.rows() as u64).map(|row| row / 3).collect();
    let data = data.with_groups(groups).unwrap();
    let rows: Vec<_> = (0..data.rows() as u32).flat_map(|row| [row; 30]).collect();
    let data = data.take(&rows).unwrap();
    let times = data.times().unwrap().to_vec();
    let split = Split { train: (0..rows.len() as u32).step_by(2).collect(), test: vec![0, 1, 3] };
    let splitting = if by_time { Splitting::Time { gap: i64::MAX } } else { Splitting::Group { seed: 1 } };
    let facts =
        Facts { splitting: Some(splitting), known_at: &[("x", &times), ("y", &times)], label_times: Some(&times), from_label: &["c"] };
    if let Ok(audit) = Audit::of(&data, Some(&split), &facts, &AuditSettings { false_alarm: 0.9, ..AuditSettings::default() }) {
        assert!(audit.findings.iter().all(|finding| finding.evidence.iter().all(|evidence| !evidence.value.is_nan())), "{audit:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]
    #[test]
    fn nothing_panics((rows, weighted) in dataset(), bootstrap: bool, deep: bool) {
        let Ok(data) = made(&rows, weighted) else { return Ok(()) };
        let forest = ForestSettings {
            n_estimators: 3,
            bootstrap,
            out_of_bag: bootstrap,
            max_depth: deep.then_some(2),
            max_features: if deep { MaxFeatures::All } else { MaxFeatures::Sqrt },
            class_weight: if deep { ClassWeight::Balanced } else { ClassWeight::None },
            ..ForestSettings::default()
        };
        if let Ok(fitted) = Forest::fit(&data, &forest) {
            use_up(&fitted.forest, &data);
        }
        let boosted = BoostedSettings {
            n_estimators: 5,
            min_samples_leaf: 1,
            learning_rate: 1.0,
            l2: if deep { 0.0 } else { 1.0 },
            subsample: if bootstrap { 0.5 } else { 1.0 },
            early_stopping: Some(EarlyStopping { patience: 2 }),
            ..BoostedSettings::default()
        };
        if let Ok(fitted) = Boosted::fit(&data, Some(&data), &boosted) {
            use_up(&fitted.model, &data);
        }
        if let Ok(model) = Logistic::fit(&data, &LogisticSettings { l2: if deep { 0.0 } else { 1.0 }, ..LogisticSettings::default() }) {
            use_up(&model, &data);
        }
        audit(&data, deep);
        let fields = Fields::new(["x", "c"], 10).unwrap();
        let mut ftrl = Ftrl::new(fields.clone(), FtrlSettings::default()).unwrap();
        ftrl.learn_batch(&data).unwrap();
        use_up(&ftrl, &data);
        let mut ffm = Ffm::new(fields, FfmSettings::default()).unwrap();
        ffm.learn_batch(&data).unwrap();
        use_up(&ffm, &data);
    }
}

#[test]
fn a_million_categories_are_learned_from() {
    let rows = 1_000_000_u32;
    let levels: Vec<_> = (0..rows).map(|level| format!("{level:x}")).collect();
    // Half of the rows have a category of their own, the others one of a hundred.
    let codes: Vec<_> = (0..rows).map(|row| if row % 2 == 0 { row } else { row / 2 % 100 }).collect();
    let labels: Vec<_> = codes.iter().map(|code| code % 7 == 0).collect();
    let frame = Frame::new([("id", Column::from(Categories::new(codes, levels).unwrap()))]).unwrap();
    let data = Dataset::new(frame, labels).unwrap();
    let settings = ForestSettings { n_estimators: 1, max_depth: Some(2), ..ForestSettings::default() };
    let model = Forest::fit(&data, &settings).unwrap().forest;
    let few = data.take(&[1, 3]).unwrap();
    let found = model.predict(few.frame()).unwrap();
    assert!(found[0] > 0.9 && found[1] < 0.1, "the frequent ones are told apart: {found:?}");
    assert!(matches!(Logistic::fit(&data, &LogisticSettings::default()), Err(TrainingError::Categories { .. })));
}
