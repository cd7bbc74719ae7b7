//! A training run in MLflow's words.

use lake::{Lake, Result};
use tracking::{Metric, Run};

use super::train::Trained;
use crate::models::{TrainingRun, of_estimate, of_report};

/// What is told of a training: settings as params, the mean over the cuts and what all of them together show, the cuts' metrics by step,
/// what offers earn, the tables as inputs, the model, the audit, the cuts and the drivers as files.
///
/// # Errors
/// None that a trained model can meet; a defect of ours otherwise.
pub fn run_of(lake: &Lake, trained: &Trained, id: &str, began: i64, ended: i64, register: Option<&str>) -> Result<Run> {
    let card = &trained.model.card;
    let plain = |key: &str, value: f64| Metric { key: key.to_owned(), value, timestamp: ended, step: 0 };
    // The area of all cuts together is not the mean of the cuts' own, and would hide it.
    let mut metrics: Vec<Metric> =
        of_report("", &card.walk.all, ended).into_iter().filter(|metric| !metric.key.starts_with("roc_auc")).collect();
    metrics.extend(of_estimate("roc_auc", card.walk.mean_roc_auc, ended, 0));
    for (cut, step) in card.walk.cuts.iter().zip(1..) {
        let named = [("cut_roc_auc", cut.roc_auc), ("cut_log_loss", cut.log_loss), ("cut_calibration_ratio", cut.calibration_ratio)];
        metrics.extend(named.into_iter().flat_map(|(key, estimate)| of_estimate(key, estimate, ended, step)));
        metrics.push(Metric { step, ..plain("cut_churn_rate", cut.churn_rate) });
    }
    metrics.extend(of_estimate("offer_profit", card.offer.profit, ended, 0));
    metrics.extend(of_estimate("offer_profit_of_everybody", card.offer.profit_of_everybody, ended, 0));
    metrics.push(plain("offer_threshold", card.offer.threshold));
    let files = vec![
        ("audit.json", serde_json::to_string_pretty(&trained.audit)?),
        ("cuts.json", serde_json::to_string_pretty(&card.walk.cuts)?),
        ("drivers.json", serde_json::to_string_pretty(&card.drivers)?),
    ];
    let run = TrainingRun {
        experiment: "churn",
        learner: card.settings.learner.to_string(),
        model: &trained.model,
        settings: &card.settings,
        release: card.release,
        tables: &card.tables,
        features: &card.features,
        leaks: trained.audit.leaks().count(),
        metrics,
        files,
    };
    run.told(lake, id, (began, ended), register)
}
