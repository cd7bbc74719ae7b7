//! Features as the columns of a design matrix.

use serde::{Deserialize, Serialize};

use super::LogisticSettings;
use crate::bins::Value;
use crate::data::{Categories, Column, Dataset, Frame};
use crate::error::{Result, TrainingError};

/// More columns than this make the Newton step too dear, and are a task for the hashed learners.
const COLUMNS: usize = 2000;

/// The features of a model, each with its columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Design {
    pub(super) features: Vec<Feature>,
}

/// One feature and where its columns are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Feature {
    pub(super) name: String,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// `(number - mean) / deviation` of the scaled number in a column; 1 in another where the number is missing, if training rows miss some.
    Numeric { mean: f64, deviation: f64, column: usize, missing: Option<usize> },
    /// 1 in a level's column; the reference has none. Levels ascending.
    Categorical { levels: Vec<(String, Option<usize>)>, missing: Option<usize> },
}

/// How numbers enter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Scale {
    Plain,
    /// `sign(x) ln(1 + |x|)`.
    Logarithmic,
}

impl Scale {
    pub(super) fn of(settings: &LogisticSettings) -> Self {
        if settings.is_logarithmic { Self::Logarithmic } else { Self::Plain }
    }

    fn apply(self, number: f64) -> f64 {
        match self {
            Self::Plain => number,
            Self::Logarithmic => number.abs().ln_1p().copysign(number),
        }
    }
}

/// An entry of a row that is not 0.
#[derive(Debug, Clone, Copy)]
pub(super) struct Term {
    pub(super) column: usize,
    pub(super) value: f64,
}

impl Design {
    pub(super) fn fit(data: &Dataset, scale: Scale) -> Result<Self> {
        let mut next = 0;
        let mut features = Vec::new();
        for (name, column) in data.frame().features() {
            let kind = match column {
                Column::Categorical(categories) => categorical(data, categories, &mut next),
                _ => numeric(data, column, scale, &mut next),
            };
            let kind = kind.ok_or_else(|| TrainingError::AllMissing { feature: name.to_owned() })?;
            if next > COLUMNS {
                let problem = format!("with its levels there are {next} weights, over {COLUMNS}: use the hashed logistic regression");
                return Err(TrainingError::Categories { feature: name.to_owned(), problem });
            }
            features.push(Feature { name: name.to_owned(), kind });
        }
        Ok(Self { features })
    }

    /// How many columns there are.
    pub(super) fn columns(&self) -> usize {
        self.features.iter().map(|feature| feature.columns().count()).sum()
    }

    /// Whether each column belongs to one feature, and numbers can be standardised.
    pub(super) fn is_sound(&self) -> bool {
        let mut columns: Vec<_> = self.features.iter().flat_map(Feature::columns).collect();
        columns.sort_unstable();
        let scaled = |feature: &Feature| match &feature.kind {
            Kind::Numeric { mean, deviation, .. } => mean.is_finite() && *deviation > 0.0,
            Kind::Categorical { levels, .. } => levels.windows(2).all(|pair| pair[0].0 < pair[1].0),
        };
        columns.iter().copied().eq(0..columns.len()) && self.features.iter().all(scaled)
    }

    /// The frame's columns, checked against the features.
    pub(super) fn bind<'a>(&'a self, frame: &'a Frame, scale: Scale) -> Result<Bound<'a>> {
        let bind = |feature: &'a Feature| feature.bind(frame.column(&feature.name)?);
        Ok(Bound { scale, features: self.features.iter().map(bind).collect::<Result<_>>()? })
    }
}

impl Feature {
    fn columns(&self) -> impl Iterator<Item = usize> {
        let (one, levels, missing) = match &self.kind {
            Kind::Numeric { column, missing, .. } => (Some(*column), &[][..], *missing),
            Kind::Categorical { levels, missing } => (None, levels.as_slice(), *missing),
        };
        one.into_iter().chain(levels.iter().filter_map(|(_, column)| *column)).chain(missing)
    }

    /// Adds what a value puts into its row; a value of the wrong kind is missing.
    pub(super) fn push_value(&self, value: Value<'_>, scale: Scale, terms: &mut Vec<Term>) {
        match (&self.kind, value) {
            (Kind::Numeric { mean, deviation, column, .. }, Value::Number(number)) if number.is_finite() => {
                terms.push(Term { column: *column, value: (scale.apply(number) - mean) / deviation });
            }
            (Kind::Categorical { .. }, Value::Category(text)) => {
                terms.extend(self.level_column(text).map(|column| Term { column, value: 1.0 }));
            }
            (Kind::Numeric { missing, .. } | Kind::Categorical { missing, .. }, _) => {
                terms.extend(missing.map(|column| Term { column, value: 1.0 }));
            }
        }
    }

    fn level_column(&self, text: &str) -> Option<usize> {
        let Kind::Categorical { levels, missing } = &self.kind else { return None };
        match levels.binary_search_by(|(level, _)| level.as_str().cmp(text)) {
            Ok(place) => levels[place].1,
            Err(_) => *missing,
        }
    }

    fn bind<'a>(&'a self, column: &'a Column) -> Result<BoundFeature<'a>> {
        let wrong = |expected| TrainingError::FeatureKind { feature: self.name.clone(), expected, found: column.kind() };
        match (&self.kind, column) {
            (Kind::Categorical { missing, .. }, Column::Categorical(categories)) => {
                let columns = categories.levels().iter().map(|level| self.level_column(level)).collect();
                Ok(BoundFeature::Categorical { codes: categories.codes(), columns, missing: *missing })
            }
            (Kind::Categorical { .. }, _) => Err(wrong("a category")),
            (Kind::Numeric { .. }, Column::Categorical(_)) => Err(wrong("a number")),
            (Kind::Numeric { .. }, _) => Ok(BoundFeature::Numeric { feature: self, column }),
        }
    }
}

/// A frame seen through a design.
pub(super) struct Bound<'a> {
    scale: Scale,
    features: Vec<BoundFeature<'a>>,
}

enum BoundFeature<'a> {
    Numeric { feature: &'a Feature, column: &'a Column },
    Categorical { codes: &'a [u32], columns: Vec<Option<usize>>, missing: Option<usize> },
}

impl Bound<'_> {
    /// The entries of a row that are not 0, in place of what was in `terms`.
    pub(super) fn terms(&self, row: usize, terms: &mut Vec<Term>) {
        terms.clear();
        for feature in &self.features {
            match feature {
                BoundFeature::Numeric { feature, column } => {
                    feature.push_value(column.number(row).map_or(Value::Missing, Value::Number), self.scale, terms);
                }
                BoundFeature::Categorical { codes, columns, missing } => {
                    let column = columns.get(codes[row] as usize).copied().unwrap_or(*missing);
                    terms.extend(column.map(|column| Term { column, value: 1.0 }));
                }
            }
        }
    }
}

/// The weighted mean and deviation of what is not missing; `None` if all is.
fn numeric(data: &Dataset, column: &Column, scale: Scale, next: &mut usize) -> Option<Kind> {
    let values = || {
        (0..data.rows()).filter_map(|row| Some((scale.apply(column.number(row)?), data.weight(row)))).filter(|(_, weight)| *weight > 0.0)
    };
    let sum: f64 = values().map(|(_, weight)| weight).sum();
    if sum == 0.0 {
        return None;
    }
    let mean = values().map(|(value, weight)| value * (weight / sum)).sum::<f64>();
    let deviation = values().map(|(value, weight)| (value - mean).powi(2) * (weight / sum)).sum::<f64>().sqrt();
    // A constant has nothing to say: its column is 0 throughout.
    let deviation = if deviation > 1e-12 * mean.abs().max(f64::MIN_POSITIVE) && deviation.is_finite() { deviation } else { f64::MAX };
    let misses = (0..data.rows()).any(|row| column.number(row).is_none() && data.weight(row) > 0.0);
    let mut take = || std::mem::replace(next, *next + 1);
    Some(Kind::Numeric { mean, deviation, column: take(), missing: misses.then(&mut take) })
}

fn categorical(data: &Dataset, categories: &Categories, next: &mut usize) -> Option<Kind> {
    let mut sums = vec![0.0; categories.levels().len()];
    let mut misses = false;
    for (row, code) in categories.codes().iter().enumerate().filter(|(row, _)| data.weight(*row) > 0.0) {
        match sums.get_mut(*code as usize) {
            Some(sum) => *sum += data.weight(row),
            None => misses = true,
        }
    }
    let mut seen: Vec<_> = categories.levels().iter().zip(sums).filter(|(_, sum)| *sum > 0.0).collect();
    seen.sort_unstable_by_key(|(level, _)| *level);
    let reference = seen.iter().max_by(|(a_level, a), (b_level, b)| a.total_cmp(b).then(b_level.cmp(a_level)))?.0.clone();
    let mut take = || std::mem::replace(next, *next + 1);
    let levels = seen.into_iter().map(|(level, _)| (level.clone(), (*level != reference).then(&mut take))).collect();
    Some(Kind::Categorical { levels, missing: misses.then(&mut take) })
}
