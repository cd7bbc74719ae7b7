//! A training run in MLflow's words.

use std::collections::BTreeMap;

use lake::{Lake, Result};
use serde::Serialize;
use tracking::{Artifact, ColumnSpec, ColumnType, Content, DatasetInput, Metric, OnnxModel, Registration, Run, RunStatus};
use training::metrics::{Estimate, Report};

use super::file::{CardFeature, ModelCard, ModelFile};

/// The folder of a run's artifacts that Python loads the model from.
const MODEL_FOLDER: &str = "model";

/// What is told of the training of any model; what only its kind has comes with it.
pub(crate) struct TrainingRun<'t, C, S> {
    /// The experiment, such as `click`, which is what `adlake train` is asked for too.
    pub experiment: &'t str,
    /// What learned.
    pub learner: String,
    /// The model.
    pub model: &'t ModelFile<C>,
    /// What it was trained with.
    pub settings: &'t S,
    /// The release that was read.
    pub release: Option<u64>,
    /// The tables that were read.
    pub tables: &'t BTreeMap<String, u64>,
    /// The features in the model's order.
    pub features: &'t [CardFeature],
    /// Leaks found.
    pub leaks: usize,
    /// What was measured.
    pub metrics: Vec<Metric>,
    /// Files beside the model and its card, as name and text.
    pub files: Vec<(&'t str, String)>,
}

impl<C: ModelCard, S: Serialize> TrainingRun<'_, C, S> {
    /// Settings as params, the tables as inputs, the model and all files as artifacts. `began` and `ended` are in milliseconds since 1970.
    ///
    /// # Errors
    /// None that a trained model can meet; a defect of ours otherwise.
    pub fn told(self, lake: &Lake, id: &str, (began, ended): (i64, i64), register: Option<&str>) -> Result<Run> {
        let settings = serde_json::to_value(self.settings)?;
        let params = settings.as_object().into_iter().flatten();
        let plain = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let mut tags: BTreeMap<String, String> = [
            ("adlake.code_version".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
            ("adlake.release".to_owned(), self.release.map_or_else(|| "none".to_owned(), |release| release.to_string())),
            ("adlake.leaks".to_owned(), self.leaks.to_string()),
            ("mlflow.source.name".to_owned(), format!("adlake train {}", self.experiment)),
        ]
        .into();
        tags.extend(self.tables.iter().map(|(table, version)| (format!("adlake.table.{table}"), version.to_string())));
        let url = lake.location().url.as_str().trim_end_matches('/');
        let input = |(table, version): (&String, &u64)| {
            DatasetInput::delta(table, &format!("{url}/{}", table.replace('.', "/")), *version, "training")
        };
        let mut artifacts = vec![
            Artifact { path: "model.adlake".to_owned(), content: Content::Bytes(self.model.to_bytes()?) },
            Artifact { path: "card.json".to_owned(), content: Content::Text(serde_json::to_string_pretty(&self.model.card)?) },
        ];
        artifacts.extend(self.files.into_iter().map(|(path, text)| Artifact { path: path.to_owned(), content: Content::Text(text) }));
        // Hashed learners have no form that Python loads: their runs carry our own file alone.
        let python = self.model.model.to_onnx().ok().map(|onnx| for_python(self.features, onnx, ended));
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
            experiment: self.experiment.to_owned(),
            name: self.learner,
            status: RunStatus::Finished,
            started_at: began,
            ended_at: Some(ended),
            params: params.map(|(name, value)| (name.clone(), plain(value))).collect(),
            metrics: self.metrics,
            tags,
            inputs: self.tables.iter().map(input).collect(),
            artifacts,
            models: register.filter(|_| is_loadable).into_iter().map(registration).collect(),
        })
    }
}

/// The model as Python loads it: one column per feature, numbers as doubles and categories as text.
fn for_python(features: &[CardFeature], onnx: Vec<u8>, created_at: i64) -> OnnxModel {
    let column = |feature: &CardFeature| {
        let kind = if feature.is_category { ColumnType::String } else { ColumnType::Double };
        ColumnSpec::optional(&feature.name, kind)
    };
    let inputs = features.iter().map(column).collect();
    OnnxModel { onnx, inputs, outputs: vec![ColumnSpec::required(training::onnx::OUTPUT, ColumnType::Double)], created_at }
}

/// A report's metrics, each with its interval as `…_low` and `…_high`.
pub(crate) fn of_report(prefix: &str, report: &Report, at: i64) -> Vec<Metric> {
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
        metrics.extend(estimate.into_iter().flat_map(|estimate| of_estimate(&format!("{prefix}{name}"), estimate, at, 0)));
    }
    metrics
}

/// A number and its interval as `…_low` and `…_high`.
pub(crate) fn of_estimate(key: &str, Estimate { value, low, high }: Estimate, at: i64, step: i64) -> [Metric; 3] {
    [("", value), ("_low", low), ("_high", high)].map(|(end, value)| Metric { key: format!("{key}{end}"), value, timestamp: at, step })
}
