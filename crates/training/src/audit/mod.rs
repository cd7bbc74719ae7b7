//! The leak audit: before a model is trained, which features and rows give the label away.
//!
//! A leak is what a model can learn from the training set and will not have when it predicts. [`Audit::of`] looks for leaks that counts
//! show (rows that could never be positive, values that settle the label, features that are too good or know their own label), for those
//! that the split shows (rows, groups and copies on both sides, an order of time that is none), and for those that the caller's
//! [`Facts`] show (what became known when, and from what). Each [`Finding`] is data and one plain sentence.
//!
//! The limits are such that honest features are left alone, strong ones included: what counts is not whether a feature is better than
//! chance, but whether it is better than honest features are. Comparisons share the chance of a false alarm. Rows are taken as
//! independent given their features, and weights are not looked at: a leak is one whatever its rows count.
//!
//! ```
//! use training::audit::{Audit, AuditSettings, Facts, Kind};
//! use training::{Column, Dataset, Frame};
//!
//! // Every second request was shown, and a fifth of those clicked.
//! let shown = |row: usize| row % 2 == 0;
//! let positions: Vec<_> = (0..4000).map(|row| if shown(row) { (row / 2 % 4) as f64 } else { f64::NAN }).collect();
//! let labels: Vec<_> = (0..4000).map(|row| shown(row) && row / 2 % 5 == 0).collect();
//! let data = Dataset::new(Frame::new([("ad_position", Column::from(positions))])?, labels)?;
//!
//! let audit = Audit::of(&data, None, &Facts::default(), &AuditSettings::default())?;
//! let leak = audit.leaks().next().unwrap();
//! assert_eq!((leak.kind, leak.feature.as_deref()), (Kind::ImpossibleRows, Some("ad_position")));
//! assert!((leak.measure("auc").unwrap() - (1.0 - 0.5 * 0.4 / 0.9)).abs() < 1e-9);
//! # Ok::<(), training::TrainingError>(())
//! ```

mod chance;
mod finding;
mod late;
mod levels;
mod own_label;
mod repeats;
mod rows;
mod settings;
mod settled;
mod sides;
mod strength;
mod sums;
mod tally;
mod values;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

pub use finding::{Evidence, Finding, Held, Kind, Severity};
pub use settings::{AuditSettings, Facts};

use crate::data::{Column, Dataset};
use crate::error::Result;
use crate::split::{Split, Splitting};
use chance::errors_at;
use levels::Levels;
use own_label::Suspect;
use rows::Rows;
use strength::Strength;
use tally::Tally;
use values::ValueRows;

/// What an audit found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Audit {
    /// Rows looked at.
    pub rows: usize,
    /// The share of positive rows, weights left aside.
    pub base_rate: f64,
    /// Leaks first, then by feature in the order of the frame; findings about rows and the split are last of their severity. Of each feature
    /// only what says most: mend it and audit again.
    pub findings: Vec<Finding>,
}

impl Audit {
    /// Looks for leaks in a data set and, if given, in its split. The same for any number of threads.
    ///
    /// # Errors
    /// Labels of one class; a row of the split beyond the end; facts of another length, or without the event times they are compared
    /// with; a setting out of range.
    pub fn of(data: &Dataset, split: Option<&Split>, facts: &Facts<'_>, settings: &AuditSettings) -> Result<Self> {
        settings.check()?;
        facts.check(data)?;
        let rows = Rows::new(data, split)?;
        let checks = Checks { rows: &rows, facts, settings };
        let mut findings = checks.of_features()?;
        findings.extend(checks.of_split());
        findings.sort_by_key(|finding| finding.severity);
        Ok(Self { rows: data.rows(), base_rate: rows.base_rate(), findings })
    }

    /// The findings that are leaks.
    pub fn leaks(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.severity == Severity::Leak)
    }
}

/// Sorts of tests that share the chance of a false alarm evenly: values, strength, own labels, sides.
const SORTS: f64 = 4.0;

struct Checks<'a> {
    rows: &'a Rows<'a>,
    facts: &'a Facts<'a>,
    settings: &'a AuditSettings,
}

/// What one feature's own pass gave.
struct Seen {
    strength: Strength,
    findings: Vec<Finding>,
}

impl Checks<'_> {
    fn looks_for(&self, kind: Kind) -> bool {
        self.settings.looks_for(kind)
    }

    /// The chance that one of so many tests of a sort may take.
    fn share(&self, tests: usize) -> f64 {
        self.settings.false_alarm / SORTS / tests.max(1) as f64
    }

    fn of_features(&self) -> Result<Vec<Finding>> {
        let frame = self.rows.data.frame();
        let groupings = if self.looks_for(Kind::OwnLabel) { levels::groupings(self.rows) } else { Vec::new() };
        let features: Vec<_> = frame.features().collect();
        let see = |feature: &(&str, &Column)| self.feature(*feature, &groupings);
        let seen: Vec<_> = features.par_iter().map(see).collect::<Result<_>>()?;

        let strengths: Vec<_> = seen.iter().map(|seen| seen.strength).collect();
        let mut found: Vec<Vec<Finding>> = seen.into_iter().map(|seen| seen.findings).collect();
        for (feature, finding) in strength::too_good(frame.names(), &strengths, errors_at(self.share(2 * features.len()))) {
            found[feature].push(finding);
        }
        for finding in late::findings(self.rows, self.facts) {
            let number = frame.names().iter().position(|name| finding.feature.as_ref() == Some(name));
            if let Some(of_feature) = number.and_then(|number| found.get_mut(number)) {
                of_feature.push(finding);
            }
        }
        for of_feature in &mut found {
            of_feature.retain(|finding| self.looks_for(finding.kind));
            // A suspicion is worth reading only where there is no leak.
            of_feature.sort_by_key(|finding| (finding.severity, finding.kind));
            of_feature.truncate(1);
        }
        Ok(found.into_iter().flatten().collect())
    }

    fn feature(&self, (name, column): (&str, &Column), groupings: &[Levels]) -> Result<Seen> {
        let features = self.rows.data.frame().names().len();
        let numbers = rows::numbers(column);
        let tally = Tally::of(self.rows, (name, column), numbers.as_deref())?;
        let strength = Strength::of(self.rows, &tally);
        let values = numbers.as_deref().map(|numbers| ValueRows::of(self.rows, numbers));
        let mut findings = settled::findings(self.rows, name, &tally, self.share(4 * features));
        findings.extend(values::identifier(name, &tally, values.as_ref()));
        findings.extend(values::constant_on_one_side(name, &tally, self.share(2 * features)));
        if let (Some(numbers), Some(values), true) = (&numbers, &values, self.looks_for(Kind::OwnLabel)) {
            // Each grouping, the rows of each value on three scales, and the fall from training to test rows.
            let limit = self.share(features * (groupings.len() * own_label::TESTS_PER_GROUPING + 4));
            findings.extend(strength::fall(name, &strength, errors_at(limit)));
            let suspect = Suspect { feature: name, numbers, values, strength: &strength };
            findings.extend(own_label::finding(self.rows, &suspect, groupings, limit));
        }
        Ok(Seen { strength, findings })
    }

    fn of_split(&self) -> Vec<Finding> {
        let mut found = repeats::findings(self.rows, &repeats::Alike::of(self.rows));
        if let Some(split) = self.rows.split {
            found.extend(sides::shared_rows(self.rows, split));
            found.extend(sides::shared_groups(self.rows, split, self.facts.splitting));
            if matches!(self.facts.splitting, Some(Splitting::Time { .. })) {
                found.extend(sides::time_order(self.rows, split));
                found.extend(sides::in_gap(self.rows, split, self.facts));
            }
        }
        found.retain(|finding| self.looks_for(finding.kind));
        found
    }
}

#[cfg(test)]
mod tests;
