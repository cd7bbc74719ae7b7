#![allow(clippy::unwrap_used)]
use super::*;
use crate::data::Frame;
use crate::random::{Purpose, Stream};

/// Rows of which a share is shown and a fifth of those clicked; what is not shown has no position.
fn requests(rows: usize, shown: f64) -> Dataset {
    let mut stream = Stream::new(3, Purpose::Weights, 0);
    let (mut positions, mut noise, mut labels) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rows {
        let is_shown = stream.unit() < shown;
        positions.push(if is_shown { stream.below(5) as f64 } else { f64::NAN });
        noise.push(stream.unit());
        labels.push(is_shown && stream.unit() < 0.2);
    }
    let frame = Frame::new([("ad_position", Column::from(positions)), ("noise", noise.into())]).unwrap();
    Dataset::new(frame, labels).unwrap()
}

fn found(data: &Dataset) -> Vec<Finding> {
    Audit::of(data, None, &Facts::default(), &AuditSettings::default()).unwrap().findings
}

#[test]
fn requests_that_were_never_shown_are_a_leak_of_the_rows_with_its_numbers() {
    let findings = found(&requests(20_000, 0.5));
    assert_eq!(findings.len(), 1, "{findings:?}");
    let finding = &findings[0];
    assert_eq!((finding.kind, finding.severity, &finding.value), (Kind::ImpossibleRows, Severity::Leak, &Some(Held::Missing)));
    let measure = |name| finding.measure(name).unwrap();
    assert!((measure("auc") - (1.0 - 0.5 * 0.4 / 0.9)).abs() < 0.005, "{finding:?}");
    assert_eq!((measure("recall"), measure("positives")), (1.0, 0.0));
    let sentence = &finding.sentence;
    for part in
        ["rows without `ad_position` are positive", "20% of the others", "an AUC of 0.77", "a recall of 1.000", "impressions, not requests"]
    {
        assert!(sentence.contains(part), "{sentence}");
    }
    assert!(found(&requests(20_000, 1.0)).is_empty(), "the control: all were shown");
}

#[test]
fn findings_are_data_too() {
    let audit = Audit::of(&requests(5000, 0.5), None, &Facts::default(), &AuditSettings::default()).unwrap();
    let text = serde_json::to_string(&audit).unwrap();
    assert!(text.contains(r#""kind":"impossible_rows","severity":"leak","feature":"ad_position","value":"missing""#), "{text}");
    assert_eq!(serde_json::from_str::<Audit>(&text).unwrap(), audit);
    for kind in [Kind::OwnLabel, Kind::SharedCopies, Kind::InGap, Kind::FollowsLabelTime, Kind::ConstantOnOneSide, Kind::TooGood] {
        assert_eq!(serde_json::to_string(&kind).unwrap(), format!("\"{}\"", kind.name()));
    }
}

#[test]
fn what_cannot_be_audited_is_an_error() {
    let data = requests(100, 0.9);
    let none = Facts::default();
    let plain = AuditSettings::default();
    let beyond = Split { train: vec![0, 1], test: vec![2, 100] };
    let one_class = Dataset::new(data.frame().clone(), vec![true; 100]).unwrap();
    let (short, long) = ([0_i64; 3], [0_i64; 100]);
    let cases = [
        (Audit::of(&one_class, None, &none, &plain), "all 100 rows with weight have the label true"),
        (Audit::of(&data, Some(&beyond), &none, &plain), "row number of the split is 100 in row 1"),
        (Audit::of(&data, None, &none, &AuditSettings { false_alarm: 0.0, ..plain.clone() }), "false_alarm is 0"),
        (Audit::of(&data, None, &Facts { label_times: Some(&short), ..none }, &plain), "the label times has 3 rows, expected 100"),
        (Audit::of(&data, None, &Facts { known_at: &[("x", &short)], ..none }, &plain), "the times at which `x` became known has 3"),
        (
            Audit::of(&data, None, &Facts { known_at: &[("x", &long)], ..none }, &plain),
            "judging when features became known needs event times",
        ),
    ];
    for (result, message) in cases {
        let found = result.unwrap_err().to_string();
        assert!(found.starts_with(message), "{found}");
    }
}

/// Rows of which every tenth or so is positive, with one feature.
fn one_feature(rows: usize, value: impl Fn(&mut Stream, bool) -> f64) -> Dataset {
    let mut stream = Stream::new(5, Purpose::Weights, 0);
    let labels: Vec<_> = (0..rows).map(|_| stream.unit() < 0.1).collect();
    let values: Vec<_> = labels.iter().map(|label| value(&mut stream, *label)).collect();
    Dataset::new(Frame::new([("x", Column::from(values))]).unwrap(), labels).unwrap()
}

#[test]
fn strong_is_not_too_good() {
    // A sum of uniform numbers is near enough to normal; `apart` is in standard deviations.
    let of = |apart: f64| {
        one_feature(20_000, move |stream, label| (0..12).map(|_| stream.unit()).sum::<f64>() + apart * f64::from(u8::from(label)))
    };
    let severity = |apart: f64| found(&of(apart)).first().map(|finding| (finding.kind, finding.severity));
    // AUCs of 0.76, 0.88 and 0.98.
    assert_eq!(severity(1.0), None);
    assert_eq!(severity(1.65), Some((Kind::TooGood, Severity::Suspicion)));
    assert_eq!(severity(3.0), Some((Kind::TooGood, Severity::Leak)));
}

#[test]
fn few_rows_prove_nothing() {
    let marked = |rows| found(&one_feature(rows, |stream, label| if label && stream.unit() < 0.3 { -1.0 } else { stream.unit() }));
    assert!(marked(200).is_empty(), "{:?}", marked(200));
    assert!(marked(4000).iter().any(|finding| finding.kind == Kind::SettledByValue && finding.severity == Severity::Leak));
}
