//! Walking forward: a model for each cut, from what was known by then.

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate};
use lake::{LakeError, Result};
use serde::{Deserialize, Serialize};
use training::metrics::{Confidence, Cut, Estimate, Report, ReportSettings, Scores, calibration_ratio, log_loss, mean_roc_auc, roc_auc};

use super::customers::Customers;
use super::settings::TrainSettings;

/// What is learned from and what is measured on, for one cut.
pub(super) struct Fold {
    pub(super) cut_on: i32,
    /// Rows whose horizon ended before the cut, or on the day before it.
    pub(super) train: Vec<u32>,
    /// Rows of the cut.
    pub(super) test: Vec<u32>,
}

/// What was predicted of a customer at a cut by a model that knew nothing from the cut on, and what came.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prediction {
    /// The cut, in days since 1970.
    pub cut_on: i32,
    /// The row among all.
    pub place: u32,
    /// The customer, as a number.
    pub group: u64,
    /// The probability of churn, not calibrated.
    pub probability: f64,
    /// What came.
    pub is_churned: bool,
}

/// How models did on one cut.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CutReport {
    /// The cut, as a date.
    pub cut_on: String,
    /// Cuts learned from.
    pub training_cuts: usize,
    /// Rows learned from.
    pub training_rows: usize,
    /// Customers measured on.
    pub customers: usize,
    /// The share of them that churned.
    pub churn_rate: f64,
    /// How well they were ranked.
    pub roc_auc: Estimate,
    /// The mean log loss.
    pub log_loss: Estimate,
    /// Expected churners by those that came.
    pub calibration_ratio: Estimate,
}

/// How models did walking forward.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WalkForward {
    /// Cut by cut, the earliest first.
    pub cuts: Vec<CutReport>,
    /// The mean over the cuts; the interval takes a customer's cuts together.
    pub mean_roc_auc: Estimate,
    /// All cuts together. Its intervals take rows as independent, which those of one customer are not.
    pub all: Report,
}

/// The cuts to measure on, the last of them first in time: the last cut, and those about a step before the one after.
///
/// # Errors
/// Fewer cuts than asked for have a cut before them whose horizon had ended; one class alone on either side.
pub(super) fn folds(customers: &Customers, settings: &TrainSettings) -> Result<Vec<Fold>> {
    let wanted = settings.test_cuts;
    if wanted == 0 || settings.test_step_days == 0 {
        return Err(LakeError::invalid("walking forward takes a cut and a day between cuts at least"));
    }
    let cuts: BTreeSet<i32> = customers.cuts.iter().copied().collect();
    let apart = cuts.iter().zip(cuts.iter().skip(1)).map(|(one, next)| next.abs_diff(*one)).min().unwrap_or(1);
    if !settings.test_step_days.is_multiple_of(apart) {
        let step = settings.test_step_days;
        return Err(LakeError::invalid(format!("--step {step}: the table's cuts lie {apart} days apart; give a multiple of it")));
    }
    let horizon = customers.horizon_days;
    let first = cuts.first().copied().unwrap_or_default();
    let mut tested: Vec<i32> = Vec::new();
    let mut before = i64::MAX;
    while tested.len() < wanted {
        let is_usable = |cut: &&i32| i64::from(**cut) <= before && **cut - horizon >= first;
        let Some(cut) = cuts.iter().rev().find(is_usable) else { break };
        tested.push(*cut);
        before = i64::from(*cut) - i64::from(settings.test_step_days);
    }
    tested.reverse();
    if tested.len() < wanted {
        return Err(LakeError::invalid(format!(
            "{wanted} cut(s) to walk over, but the log has {} with an earlier cut whose {horizon} days had passed: take a longer log, fewer \
             --cuts or a shorter --step",
            tested.len()
        )));
    }
    tested.into_iter().map(|cut_on| fold(customers, cut_on)).collect()
}

fn fold(customers: &Customers, cut_on: i32) -> Result<Fold> {
    let rows = |wanted: &dyn Fn(i32) -> bool| -> Vec<u32> {
        let chosen = customers.cuts.iter().enumerate().filter(|(_, cut)| wanted(**cut));
        chosen.map(|(row, _)| row as u32).collect()
    };
    let fold = Fold { cut_on, train: rows(&|cut| cut + customers.horizon_days <= cut_on), test: rows(&|cut| cut == cut_on) };
    for (side, rows) in [("before", &fold.train), ("at", &fold.test)] {
        let churned = rows.iter().filter(|row| customers.data.labels()[**row as usize]).count();
        if churned == 0 || churned == rows.len() {
            return Err(LakeError::invalid(format!(
                "{side} the cut {} {churned} of {} customers churned: a model and its measures need both, those who did and those who did \
                 not",
                date(cut_on),
                rows.len()
            )));
        }
    }
    Ok(fold)
}

impl WalkForward {
    /// Measures what was predicted, cut by cut and together.
    pub(super) fn of(customers: &Customers, folds: &[Fold], predictions: &[Prediction], confidence: &Confidence) -> training::Result<Self> {
        let of_cut = |fold: &Fold| -> (Vec<f64>, Vec<bool>, Vec<u64>) {
            let of_cut = predictions.iter().filter(|prediction| prediction.cut_on == fold.cut_on);
            let rows: Vec<_> = of_cut.collect();
            (
                rows.iter().map(|row| row.probability).collect(),
                rows.iter().map(|row| row.is_churned).collect(),
                rows.iter().map(|row| row.group).collect(),
            )
        };
        let parts: Vec<_> = folds.iter().map(of_cut).collect();
        let scores: Vec<_> =
            parts.iter().map(|(probabilities, labels, _)| Scores::new(probabilities, labels, None)).collect::<training::Result<_>>()?;
        let mut cuts = Vec::new();
        for (fold, scores) in folds.iter().zip(&scores) {
            let churned = scores.labels().iter().filter(|label| **label).count();
            cuts.push(CutReport {
                cut_on: date(fold.cut_on),
                training_cuts: fold.train.iter().map(|row| customers.cuts[*row as usize]).collect::<BTreeSet<_>>().len(),
                training_rows: fold.train.len(),
                customers: scores.rows(),
                churn_rate: churned as f64 / scores.rows() as f64,
                roc_auc: roc_auc(scores, confidence)?,
                log_loss: log_loss(scores, confidence)?,
                calibration_ratio: calibration_ratio(scores, confidence)?,
            });
        }
        let grouped: Vec<_> = scores.iter().zip(&parts).map(|(scores, (.., groups))| Cut { scores, groups }).collect();
        let (probabilities, labels): (Vec<_>, Vec<_>) = predictions.iter().map(|row| (row.probability, row.is_churned)).unzip();
        let all = Report::of(&Scores::new(&probabilities, &labels, None)?, &ReportSettings::default())?;
        Ok(Self { cuts, mean_roc_auc: mean_roc_auc(&grouped, confidence)?, all })
    }
}

/// A day as `YYYY-MM-DD`.
pub fn date(days: i32) -> String {
    let start = NaiveDate::default();
    let amount = Days::new(u64::from(days.unsigned_abs()));
    let day = if days < 0 { start.checked_sub_days(amount) } else { start.checked_add_days(amount) };
    day.unwrap_or_default().to_string()
}
