//! A training run in MLflow's words.

use std::collections::BTreeMap;

use lake::{Lake, Result};
use tracking::{Artifact, ColumnSpec, ColumnType, Content, DatasetInput, Metric, OnnxModel, Registration, Run, RunStatus};
use training::metrics::{Estimate, Report};

use super::card::CardFeature;
use super::train::Trained;

/// The folder of a run's artifacts that Python loads the model from.
const MODEL_FOLDER: &str = "model";

/// What is told of a training: settings as params, test metrics, the loss per tree as metrics by step, the tables as inputs, the model,
/// the audit and the metrics by slice as files.
///
/// # Errors
/// None that a trained model can meet; a defect of ours otherwise.
pub fn run_of(lake: &Lake, trained: &Trained, id: &str, began: i64, ended: i64, register: Option<&str>) -> Result<Run> {
    let card = &trained.model.card;
    let settings = serde_json::to_value(&card.settings)?;
    let params = settings.as_object().into_iter().flatten();
    let plain = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut metrics = of_report("", &card.test, ended);
    for slice in &trained.slices {
        for part in &slice.slices {
            let name = format!("{}.{}.", slice.feature, part.name.as_deref().unwrap_or("missing"));
            metrics.extend(of_report(&tracking::safe_key(&name), &part.report, ended));
        }
    }
    let losses = trained.losses.iter().zip(1..);
    metrics.extend(losses.map(|(value, step)| Metric { key: "validation_log_loss".to_owned(), value: *value, timestamp: ended, step }));
    let mut tags: BTreeMap<String, String> = [
        ("adlake.code_version".to_owned(), card.code_version.clone()),
        ("adlake.release".to_owned(), card.release.map_or_else(|| "none".to_owned(), |release| release.to_string())),
        ("adlake.leaks".to_owned(), trained.audit.leaks().count().to_string()),
        ("mlflow.source.name".to_owned(), "adlake train click".to_owned()),
    ]
    .into();
    tags.extend(card.tables.iter().map(|(table, version)| (format!("adlake.table.{table}"), version.to_string())));
    let url = lake.location().url.as_str().trim_end_matches('/');
    let input =
        |(table, version): (&String, &u64)| DatasetInput::delta(table, &format!("{url}/{}", table.replace('.', "/")), *version, "training");
    let slices: Vec<_> = trained.slices.iter().map(|slice| (&slice.feature, &slice.slices)).collect();
    let mut artifacts = vec![
        Artifact { path: "model.adlake".to_owned(), content: Content::Bytes(trained.model.to_bytes()?) },
        Artifact { path: "card.json".to_owned(), content: Content::Text(serde_json::to_string_pretty(card)?) },
        Artifact { path: "audit.json".to_owned(), content: Content::Text(serde_json::to_string_pretty(&trained.audit)?) },
        Artifact { path: "slices.json".to_owned(), content: Content::Text(serde_json::to_string_pretty(&slices)?) },
        Artifact { path: "importance.json".to_owned(), content: Content::Text(serde_json::to_string_pretty(&trained.importance)?) },
    ];
    if let Some(search) = &trained.search {
        artifacts.push(Artifact { path: "search.json".to_owned(), content: Content::Text(serde_json::to_string_pretty(search)?) });
    }
    // Hashed learners have no form that Python loads: their runs carry our own file alone.
    let python = trained.model.model.to_onnx().ok().map(|onnx| for_python(trained, onnx, ended));
    let is_loadable = python.is_some();
    artifacts.extend(python.into_iter().flat_map(|model| model.artifacts(MODEL_FOLDER)));
    let registration = |name: &str| Registration {
        name: name.to_owned(),
        artifact_path: MODEL_FOLDER.to_owned(),
        aliases: vec![],
        tags: BTreeMap::new(),
        description: String::new(),
    };
    Ok(Run {
        id: id.to_owned(),
        experiment: "click".to_owned(),
        name: card.settings.learner.to_string(),
        status: RunStatus::Finished,
        started_at: began,
        ended_at: Some(ended),
        params: params.map(|(name, value)| (name.clone(), plain(value))).collect(),
        metrics,
        tags,
        inputs: card.tables.iter().map(input).collect(),
        artifacts,
        models: register.filter(|_| is_loadable).into_iter().map(registration).collect(),
    })
}

/// The model as Python loads it: one column per feature, numbers as doubles and categories as text.
fn for_python(trained: &Trained, onnx: Vec<u8>, created_at: i64) -> OnnxModel {
    let column = |feature: &CardFeature| {
        let kind = if feature.is_category { ColumnType::String } else { ColumnType::Double };
        ColumnSpec::optional(&feature.name, kind)
    };
    let inputs = trained.model.card.features.iter().map(column).collect();
    OnnxModel { onnx, inputs, outputs: vec![ColumnSpec::required(training::onnx::OUTPUT, ColumnType::Double)], created_at }
}

/// A report's metrics, each with its interval as `…_low` and `…_high`.
fn of_report(prefix: &str, report: &Report, at: i64) -> Vec<Metric> {
    let named: [(&str, Option<Estimate>); 9] = [
        ("roc_auc", report.roc_auc),
        ("average_precision", report.average_precision),
        ("log_loss", Some(report.log_loss)),
        ("normalised_entropy", report.normalised_entropy),
        ("brier_score", Some(report.brier_score)),
        ("calibration_ratio", report.calibration_ratio),
        ("calibration_error", Some(report.calibration_error.error)),
        ("recall", report.recall),
        ("precision", report.precision),
    ];
    let mut metrics = Vec::new();
    let mut add = |name: String, value: f64| metrics.push(Metric { key: format!("{prefix}{name}"), value, timestamp: at, step: 0 });
    add("rows".to_owned(), report.rows as f64);
    add("base_rate".to_owned(), report.base_rate);
    for (name, estimate) in named {
        let Some(Estimate { value, low, high }) = estimate else { continue };
        add(name.to_owned(), value);
        add(format!("{name}_low"), low);
        add(format!("{name}_high"), high);
    }
    metrics
}
