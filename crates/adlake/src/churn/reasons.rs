//! What moved single customers' probabilities.

use training::{Column, Frame, Predict, Result};

use super::card::ChurnModel;
use super::words::{words, worth};
use crate::models::{CardFeature, Usual};

/// Features told per customer.
const TOLD: usize = 3;
/// Log odds below which a feature moved nothing worth telling.
const LEAST: f64 = 0.05;

/// Per row the features that moved the log odds of churn most against their usual value, each taken alone, in words: `days since the last
/// purchase 120, usually 50 (+0.82); …`. Empty where none moved much.
///
/// # Errors
/// A feature of the model is not there, or of another kind.
pub(super) fn reasons(model: &ChurnModel, frame: &Frame) -> Result<Vec<String>> {
    let log_odds = |frame: &Frame| -> Result<Vec<f64>> {
        let bounded = |p: f64| p.clamp(1e-9, 1.0 - 1e-9);
        Ok(model.model.predict(frame)?.into_iter().map(|p| (bounded(p) / (1.0 - bounded(p))).ln()).collect())
    };
    let found = log_odds(frame)?;
    let mut moved: Vec<Vec<(f64, usize)>> = vec![Vec::new(); frame.rows()];
    for (place, CardFeature { name, usual, .. }) in model.card.features.iter().enumerate() {
        let plain = match usual {
            Usual::Category(level) => Column::texts((0..frame.rows()).map(|_| Some(level.as_str()))),
            Usual::Number(number) => vec![*number; frame.rows()].into(),
            Usual::Missing => vec![f64::NAN; frame.rows()].into(),
        };
        let without = log_odds(&frame.with_column(name, plain)?)?;
        for (row, without) in without.into_iter().enumerate() {
            let by = found[row] - without;
            if by.abs() >= LEAST {
                moved[row].push((by, place));
            }
        }
    }
    let told = |(row, mut moved): (usize, Vec<(f64, usize)>)| -> Result<String> {
        moved.sort_by(|a, b| b.0.abs().total_cmp(&a.0.abs()).then(a.1.cmp(&b.1)));
        let parts = moved.into_iter().take(TOLD).map(|(by, place)| told(frame, row, &model.card.features[place], by));
        Ok(parts.collect::<Result<Vec<_>>>()?.join("; "))
    };
    moved.into_iter().enumerate().map(told).collect()
}

fn told(frame: &Frame, row: usize, feature: &CardFeature, by: f64) -> Result<String> {
    let (words, unit) = words(&feature.name);
    let value = match frame.column(&feature.name)? {
        Column::Categorical(categories) => categories.text(row).unwrap_or("unknown").to_owned(),
        numbers => worth(numbers.number(row).unwrap_or(f64::NAN), unit),
    };
    let usual = match &feature.usual {
        Usual::Number(number) => worth(*number, unit),
        Usual::Category(level) => level.clone(),
        Usual::Missing => "none".to_owned(),
    };
    Ok(format!("{words} {value}, usually {usual} ({by:+.2})"))
}
