//! One feature's bins.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use super::edges::edges;
use super::{BINS, MISSING_BIN};
use crate::data::{Categories, Column};
use crate::error::{Result, TrainingError};

/// One value of a row to predict.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// A number; NaN is missing.
    Number(f64),
    /// A category.
    Category(&'a str),
    /// Not known.
    Missing,
}

/// How one feature becomes bins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Raw", into = "Raw")]
pub struct FeatureBins {
    name: String,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    /// Upper edges of all bins but the last, ascending.
    Numeric { edges: Vec<f64> },
    /// Levels with a bin of their own, ascending; whether the others share one.
    Categorical { levels: Vec<String>, has_shared: bool },
}

/// What is stored; read back only if it keeps what the rest relies on.
#[derive(Serialize, Deserialize)]
struct Raw {
    name: String,
    #[serde(flatten)]
    kind: Kind,
}

impl From<FeatureBins> for Raw {
    fn from(FeatureBins { name, kind }: FeatureBins) -> Self {
        Self { name, kind }
    }
}

impl TryFrom<Raw> for FeatureBins {
    type Error = String;

    fn try_from(Raw { name, kind }: Raw) -> Result<Self, String> {
        let fits = match &kind {
            Kind::Numeric { edges } => edges.len() + 2 <= BINS && edges.iter().zip(edges.iter().skip(1)).all(|(a, b)| a < b),
            Kind::Categorical { levels, has_shared } => {
                levels.len() + 1 + usize::from(*has_shared) <= BINS && levels.iter().zip(levels.iter().skip(1)).all(|(a, b)| a < b)
            }
        };
        if fits { Ok(Self { name, kind }) } else { Err(format!("the bins of feature `{name}` are not in order")) }
    }
}

impl FeatureBins {
    pub(crate) fn fit(name: &str, column: &Column, max_bins: usize, seed: u64, number: u64) -> Result<Self> {
        let all_missing = || TrainingError::AllMissing { feature: name.to_owned() };
        let kind = match column {
            Column::F32(_) | Column::F64(_) => Kind::Numeric { edges: edges(column, max_bins, seed, number).ok_or_else(all_missing)? },
            Column::Categorical(categories) => categorical(categories, max_bins).ok_or_else(all_missing)?,
        };
        Ok(Self { name: name.to_owned(), kind })
    }

    /// The feature's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it holds categories.
    pub fn is_categorical(&self) -> bool {
        matches!(self.kind, Kind::Categorical { .. })
    }

    /// Upper edges of all bins but the last, ascending; bin 1 holds numbers up to the first edge. `None` for categories.
    pub fn edges(&self) -> Option<&[f64]> {
        match &self.kind {
            Kind::Numeric { edges } => Some(edges),
            Kind::Categorical { .. } => None,
        }
    }

    /// The levels of bins 1, 2, …; `None` for numbers.
    pub fn levels(&self) -> Option<&[String]> {
        match &self.kind {
            Kind::Numeric { .. } => None,
            Kind::Categorical { levels, .. } => Some(levels),
        }
    }

    /// The last of its bins.
    pub(crate) fn last_bin(&self) -> u8 {
        let last = match &self.kind {
            Kind::Numeric { edges } => edges.len() + 1,
            Kind::Categorical { levels, has_shared } => levels.len() + usize::from(*has_shared),
        };
        last as u8
    }

    /// The bin of categories that were not seen.
    pub(crate) fn unseen_bin(&self) -> u8 {
        match &self.kind {
            Kind::Categorical { levels, has_shared: true } => (levels.len() + 1) as u8,
            _ => MISSING_BIN,
        }
    }

    /// The bin of one value; a value of the wrong kind is missing.
    pub fn bin(&self, value: Value<'_>) -> u8 {
        match (&self.kind, value) {
            (Kind::Numeric { edges }, Value::Number(number)) => numeric_bin(edges, number),
            (Kind::Categorical { levels, has_shared }, Value::Category(text)) => category_bin(levels, *has_shared, text),
            _ => MISSING_BIN,
        }
    }

    pub(super) fn bin_column(&self, column: &Column) -> Result<Vec<u8>> {
        let wrong = |expected| TrainingError::FeatureKind { feature: self.name.clone(), expected, found: column.kind() };
        match (&self.kind, column) {
            (Kind::Numeric { edges }, Column::F32(values)) => {
                Ok(values.iter().map(|value| numeric_bin(edges, f64::from(*value))).collect())
            }
            (Kind::Numeric { edges }, Column::F64(values)) => Ok(values.iter().map(|value| numeric_bin(edges, *value)).collect()),
            (Kind::Categorical { levels, has_shared }, Column::Categorical(categories)) => {
                let bins: Vec<_> = categories.levels().iter().map(|level| category_bin(levels, *has_shared, level)).collect();
                Ok(categories.codes().iter().map(|code| bins.get(*code as usize).copied().unwrap_or(MISSING_BIN)).collect())
            }
            (Kind::Numeric { .. }, _) => Err(wrong("a number")),
            (Kind::Categorical { .. }, _) => Err(wrong("a category")),
        }
    }
}

fn numeric_bin(edges: &[f64], value: f64) -> u8 {
    let bin = 1 + edges.partition_point(|edge| *edge < value);
    if value.is_nan() { MISSING_BIN } else { bin as u8 }
}

fn category_bin(levels: &[String], has_shared: bool, text: &str) -> u8 {
    match levels.binary_search_by(|level| level.as_str().cmp(text)) {
        Ok(place) => (place + 1) as u8,
        Err(_) if has_shared => (levels.len() + 1) as u8,
        Err(_) => MISSING_BIN,
    }
}

fn categorical(categories: &Categories, max_bins: usize) -> Option<Kind> {
    let mut counts = vec![0_u32; categories.levels().len()];
    for code in categories.codes() {
        if let Some(count) = counts.get_mut(*code as usize) {
            *count += 1;
        }
    }
    let mut seen: Vec<_> = categories.levels().iter().zip(counts).filter(|(_, count)| *count > 0).collect();
    if seen.is_empty() {
        return None;
    }
    let has_shared = seen.len() > max_bins;
    seen.sort_unstable_by_key(|(level, count)| (Reverse(*count), *level));
    seen.truncate(if has_shared { max_bins - 1 } else { max_bins });
    let mut levels: Vec<_> = seen.into_iter().map(|(level, _)| level.clone()).collect();
    levels.sort_unstable();
    Some(Kind::Categorical { levels, has_shared })
}
