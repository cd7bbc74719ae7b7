//! What an audit is told.

use serde::{Deserialize, Serialize};

use super::Kind;
use crate::data::{Dataset, same_length};
use crate::error::{Result, TrainingError};
use crate::split::Splitting;

/// How an audit judges.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuditSettings {
    /// The chance at most that a data set in which nothing gives the label away has a finding that rests on counts: the comparisons made
    /// (values, features, groupings) share it. Above 0 and below 1.
    pub false_alarm: f64,
    /// Kinds that are not looked for: what is known and accepted.
    pub skip: Vec<Kind>,
}

impl Default for AuditSettings {
    fn default() -> Self {
        Self { false_alarm: 0.001, skip: Vec::new() }
    }
}

impl AuditSettings {
    pub(super) fn check(&self) -> Result<()> {
        if self.false_alarm > 0.0 && self.false_alarm < 1.0 {
            return Ok(());
        }
        Err(TrainingError::Setting { setting: "false_alarm", value: self.false_alarm.to_string(), expected: "above 0 and below 1" })
    }

    pub(super) fn looks_for(&self, kind: Kind) -> bool {
        !self.skip.contains(&kind)
    }
}

/// What is known of the rows beyond the data set; whatever is given is checked. Facts about features that are not in the data set are
/// passed over, so that the lineage of a whole table will do.
#[derive(Debug, Clone, Copy, Default)]
pub struct Facts<'a> {
    /// How the split is said to have been made.
    pub splitting: Option<Splitting>,
    /// Per feature, when each row's value became known, in the unit of the event times; `i64::MIN` for always.
    pub known_at: &'a [(&'a str, &'a [i64])],
    /// When each row's label came true, or the wait for it ended, in the unit of the event times.
    pub label_times: Option<&'a [i64]>,
    /// Features that by their lineage read the label of the same row.
    pub from_label: &'a [&'a str],
}

impl Facts<'_> {
    pub(super) fn check(&self, data: &Dataset) -> Result<()> {
        for (feature, times) in self.known_at {
            same_length(&format!("the times at which `{feature}` became known"), data.rows(), times.len())?;
        }
        if let Some(times) = self.label_times {
            same_length("the label times", data.rows(), times.len())?;
        }
        if !self.known_at.is_empty() && data.times().is_none() && self.label_times.is_none() {
            return Err(TrainingError::Needs { task: "judging when features became known", needs: "event times" });
        }
        Ok(())
    }
}
