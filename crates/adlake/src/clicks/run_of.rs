//! A training run in MLflow's words.

use lake::{Lake, Result};
use tracking::{Metric, Run};

use super::train::Trained;
use crate::models::{TrainingRun, of_report};

/// What is told of a training: settings as params, test metrics, the loss per tree as metrics by step, the tables as inputs, the model,
/// the audit and the metrics by slice as files.
///
/// # Errors
/// None that a trained model can meet; a defect of ours otherwise.
pub fn run_of(lake: &Lake, trained: &Trained, id: &str, began: i64, ended: i64, register: Option<&str>) -> Result<Run> {
    let card = &trained.model.card;
    let mut metrics = of_report("", &card.test, ended);
    for slice in &trained.slices {
        for part in &slice.slices {
            let name = format!("{}.{}.", slice.feature, part.name.as_deref().unwrap_or("missing"));
            metrics.extend(of_report(&tracking::safe_key(&name), &part.report, ended));
        }
    }
    let losses = trained.losses.iter().zip(1..);
    metrics.extend(losses.map(|(value, step)| Metric { key: "validation_log_loss".to_owned(), value: *value, timestamp: ended, step }));
    let slices: Vec<_> = trained.slices.iter().map(|slice| (&slice.feature, &slice.slices)).collect();
    let mut files = vec![
        ("audit.json", serde_json::to_string_pretty(&trained.audit)?),
        ("slices.json", serde_json::to_string_pretty(&slices)?),
        ("importance.json", serde_json::to_string_pretty(&trained.importance)?),
    ];
    if let Some(search) = &trained.search {
        files.push(("search.json", serde_json::to_string_pretty(search)?));
    }
    let run = TrainingRun {
        experiment: "click",
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
