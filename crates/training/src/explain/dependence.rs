//! What a model would say if a feature had one value everywhere.

use serde::{Deserialize, Serialize};

use crate::data::{Column, Frame};
use crate::error::{Result, TrainingError};
use crate::metrics::{Confidence, Estimate};
use crate::predict::Predict;
use crate::random::{Purpose, Stream};

/// Rows beyond this are sampled: a mean of so many is sharp enough for a picture.
const SAMPLE: usize = 2000;

/// How the mean probability depends on one feature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dependence {
    /// The feature's name.
    pub feature: String,
    /// The values tried: quantiles of a number, ascending, or levels; then missing, if some rows miss it.
    pub points: Vec<DependencePoint>,
}

/// The mean over all rows with one value put in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DependencePoint {
    /// The value.
    pub value: DependenceValue,
    /// The mean probability, with the interval of a mean over the rows.
    pub mean: Estimate,
}

/// A value that was put in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DependenceValue {
    /// A number.
    Number(f64),
    /// A level.
    Category(String),
    /// None.
    Missing,
}

/// Partial dependence (Friedman: Greedy function approximation, Annals of Statistics 29, 2001, section 8.2): puts each of up to `points`
/// values (at least 2) in place of the feature and averages the model over up to 2000 rows. Where features go together it asks the model about rows that
/// do not exist.
///
/// # Errors
/// Fewer than two points; no rows; no such feature.
pub fn partial_dependence(model: &dyn Predict, frame: &Frame, feature: &str, points: usize, confidence: &Confidence) -> Result<Dependence> {
    if points < 2 {
        return Err(TrainingError::Setting { setting: "points", value: points.to_string(), expected: "at least 2" });
    }
    if frame.rows() == 0 {
        return Err(TrainingError::NoRows { what: "the frame" });
    }
    confidence.check()?;
    let column = frame.column(feature)?;
    let mut order: Vec<_> = (0..frame.rows() as u32).collect();
    Stream::new(confidence.seed, Purpose::Permutation, u64::MAX).shuffle(&mut order);
    order.truncate(SAMPLE);
    let sample = frame.take(&order);
    let mean = |value: DependenceValue| {
        let predictions = model.predict(&sample.with_column(feature, constant(&value, column, sample.rows()))?)?;
        let count = predictions.len() as f64;
        let mean = predictions.iter().sum::<f64>() / count;
        let variance = predictions.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / (count - 1.0).max(1.0);
        let mean = Estimate::around(mean, confidence.z() * (variance / count).sqrt(), (0.0, 1.0));
        Ok(DependencePoint { value, mean })
    };
    let points = values(column, points).into_iter().map(mean).collect::<Result<_>>()?;
    Ok(Dependence { feature: feature.to_owned(), points })
}

fn values(column: &Column, points: usize) -> Vec<DependenceValue> {
    let (mut values, misses) = match column {
        Column::Categorical(categories) => {
            let mut counts = vec![0_usize; categories.levels().len()];
            let known = categories.codes().iter().filter_map(|code| categories.levels().get(*code as usize).map(|_| *code as usize));
            known.for_each(|code| counts[code] += 1);
            let misses = counts.iter().sum::<usize>() < column.len();
            let mut levels: Vec<_> = categories.levels().iter().zip(counts).filter(|(_, count)| *count > 0).collect();
            levels.sort_by_key(|(level, count)| (std::cmp::Reverse(*count), *level));
            (levels.into_iter().take(points).map(|(level, _)| DependenceValue::Category(level.clone())).collect::<Vec<_>>(), misses)
        }
        Column::F32(_) | Column::F64(_) => {
            let mut numbers: Vec<_> = (0..column.len()).filter_map(|row| column.number(row)).collect();
            numbers.sort_unstable_by(f64::total_cmp);
            let misses = numbers.len() < column.len();
            let at = |point: usize| numbers.get(point * numbers.len().saturating_sub(1) / (points - 1)).copied();
            let mut values: Vec<_> = (0..points).filter_map(at).collect();
            values.dedup();
            (values.into_iter().map(DependenceValue::Number).collect(), misses)
        }
    };
    values.extend(misses.then_some(DependenceValue::Missing));
    values
}

fn constant(value: &DependenceValue, like: &Column, rows: usize) -> Column {
    match value {
        DependenceValue::Number(number) => vec![*number; rows].into(),
        DependenceValue::Category(level) => Column::texts(std::iter::repeat_n(Some(level.as_str()), rows)),
        DependenceValue::Missing if matches!(like, Column::F32(_) | Column::F64(_)) => vec![f64::NAN; rows].into(),
        DependenceValue::Missing => Column::texts(std::iter::repeat_n(None, rows)),
    }
}
