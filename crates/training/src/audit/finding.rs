//! What an audit says.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One thing that an audit found: data to print as a table, and one sentence to read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// What it is.
    pub kind: Kind,
    /// Whether it gives the label away, or only may.
    pub severity: Severity,
    /// The feature it is about; `None` where it is about rows or the split.
    pub feature: Option<String>,
    /// The value of the feature that it is about, if it is about one; of several the most frequent.
    pub value: Option<Held>,
    /// The numbers it rests on.
    pub evidence: Vec<Evidence>,
    /// What was found and what to do about it.
    pub sentence: String,
}

impl Finding {
    /// A number it rests on, by its name.
    pub fn measure(&self, name: &str) -> Option<f64> {
        self.evidence.iter().find(|evidence| evidence.measure == name).map(|evidence| evidence.value)
    }

    pub(super) fn of_feature(kind: Kind, severity: Severity, feature: &str, evidence: &[(&str, f64)], sentence: String) -> Self {
        Self { feature: Some(feature.to_owned()), ..Self::of_rows(kind, severity, evidence, sentence) }
    }

    pub(super) fn of_rows(kind: Kind, severity: Severity, evidence: &[(&str, f64)], sentence: String) -> Self {
        let evidence = evidence.iter().map(|(measure, value)| Evidence { measure: (*measure).to_owned(), value: *value }).collect();
        Self { kind, severity, feature: None, value: None, evidence, sentence }
    }

    pub(super) fn with_value(self, value: Held) -> Self {
        Self { value: Some(value), ..self }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

/// What a finding is. Those further up say more of a feature than those further down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The feature is known to be derived from the label.
    DerivedFromLabel,
    /// Values of the feature became known at the event or later.
    KnownTooLate,
    /// The feature follows the time at which labels came true.
    FollowsLabelTime,
    /// The feature was computed with the row's own label, or with those of later rows.
    OwnLabel,
    /// The set holds rows that could never be positive: not the feature is wrong, the set is.
    ImpossibleRows,
    /// The feature by itself is better than features are.
    TooGood,
    /// A value of the feature, or its absence, settles the label.
    SettledByValue,
    /// The feature has a value of its own in nearly every row: it can be learned by heart, and says nothing of new rows.
    Identifier,
    /// The feature is constant on one side of the split and varies on the other.
    ConstantOnOneSide,
    /// Rows that both sides of the split name.
    SharedRows,
    /// Groups (users) on both sides of a split that is not by time.
    SharedGroups,
    /// Rows of the test side that are copies of training rows.
    SharedCopies,
    /// Test rows that are not newer than the training rows, in a split by time.
    TimeOrder,
    /// Training rows in the gap before the test rows, or whose labels came true only in the time of the test rows.
    InGap,
    /// Rows that are there more than once, and weigh as much.
    RepeatedRows,
}

impl Kind {
    /// The kind in words for a table, as it is written in JSON: `own_label`.
    pub fn name(self) -> &'static str {
        match self {
            Self::DerivedFromLabel => "derived_from_label",
            Self::KnownTooLate => "known_too_late",
            Self::FollowsLabelTime => "follows_label_time",
            Self::OwnLabel => "own_label",
            Self::ImpossibleRows => "impossible_rows",
            Self::SettledByValue => "settled_by_value",
            Self::TooGood => "too_good",
            Self::Identifier => "identifier",
            Self::ConstantOnOneSide => "constant_on_one_side",
            Self::SharedRows => "shared_rows",
            Self::SharedGroups => "shared_groups",
            Self::SharedCopies => "shared_copies",
            Self::TimeOrder => "time_order",
            Self::InGap => "in_gap",
            Self::RepeatedRows => "repeated_rows",
        }
    }
}

/// How sure a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// What is measured on such rows is not what the model will do: mend it before training.
    Leak,
    /// There may be a good reason: look at it.
    Suspicion,
}

/// What rows hold of a feature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Held {
    /// No value.
    Missing,
    /// This number.
    Number(f64),
    /// A number from the first to the second, both included.
    Between(f64, f64),
    /// This category.
    Category(String),
}

impl Held {
    /// The rows in words: ``without `ad_position` ``.
    pub(super) fn of(&self, feature: &str) -> String {
        match self {
            Self::Missing => format!("without `{feature}`"),
            Self::Number(number) => format!("with `{feature}` = {number}"),
            Self::Between(low, high) => format!("with `{feature}` from {low} to {high}"),
            Self::Category(level) => format!("with `{feature}` = '{level}'"),
        }
    }
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("missing"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Between(low, high) => write!(f, "{low} to {high}"),
            Self::Category(level) => f.write_str(level),
        }
    }
}

/// A number that a finding rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// Its name: `rows`, `auc`.
    pub measure: String,
    /// The number.
    pub value: f64,
}

/// A share for a sentence: whole percents, or as many digits as it takes to see that it is not nothing.
pub(super) fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    match percent {
        _ if percent == 0.0 || percent >= 10.0 => format!("{percent:.0}%"),
        _ if percent >= 0.1 => format!("{percent:.1}%"),
        _ => "less than 0.1%".to_owned(),
    }
}
