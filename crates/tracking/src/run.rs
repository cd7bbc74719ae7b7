//! What a training run was: plain data, in MLflow's words.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::number;

/// One training run. Instants are milliseconds since 1970, UTC.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// Our own id: letters, digits, `_`, `-` and `.`, 128 at most. The server's run carries it as the tag [`RUN_ID_TAG`], by which a
    /// second push finds what the first one left.
    pub id: String,
    /// The experiment's name; made where there is none of that name.
    pub experiment: String,
    /// The run's name, for people; need not be unique.
    pub name: String,
    /// Where the run stands.
    pub status: RunStatus,
    /// When it began.
    pub started_at: i64,
    /// When it ended; none while it runs.
    #[serde(default)]
    pub ended_at: Option<i64>,
    /// Settings of the run, by name. A run's params never change.
    #[serde(default)]
    pub params: BTreeMap<String, String>,
    /// Measured values. The same value at the same step and instant counts once.
    #[serde(default)]
    pub metrics: Vec<Metric>,
    /// Notes, by name; `mlflow.user`, `mlflow.source.name`, `mlflow.source.git.commit` and `mlflow.note.content` are shown by MLflow.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// The data sets that the run read.
    #[serde(default)]
    pub inputs: Vec<DatasetInput>,
    /// Files that the run made.
    #[serde(default)]
    pub artifacts: Vec<Artifact>,
    /// Models among the artifacts that are to be registered.
    #[serde(default)]
    pub models: Vec<Registration>,
}

/// The tag of a server's run that holds [`Run::id`].
pub const RUN_ID_TAG: &str = "adlake.run_id";

/// Where a run stands; the names are MLflow's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RunStatus {
    /// It will start later.
    Scheduled,
    /// It works.
    Running,
    /// It ended well.
    Finished,
    /// It ended with an error.
    Failed,
    /// Somebody stopped it.
    Killed,
}

impl RunStatus {
    /// Whether nothing more is to come.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Finished | Self::Failed | Self::Killed)
    }
}

/// One measured value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// What was measured, such as `roc_auc`.
    pub key: String,
    /// Any number. NaN stays NaN; MLflow's SQL stores keep an infinity as the largest finite number.
    #[serde(with = "number::float")]
    pub value: f64,
    /// When, in milliseconds since 1970, UTC.
    #[serde(with = "number::integer")]
    pub timestamp: i64,
    /// At which step, such as a tree's or an epoch's number; 0 where there are none.
    #[serde(default, with = "number::integer")]
    pub step: i64,
}

/// A data set that a run read: a table at a version.
///
/// MLflow tells data sets of an experiment apart by name and digest; what else is said of one counts when it is first seen. A run has each
/// once: a table that is read twice at one version, to train and to validate, needs two names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetInput {
    /// Such as `features.click_features`; 500 characters at most.
    pub name: String,
    /// What tells this content from any other of that name, such as the table's version; 36 characters at most.
    pub digest: String,
    /// How to read `source`, such as `delta_table`, `s3`, `http` or `local`.
    pub source_type: String,
    /// Where it is, in the JSON that `source_type` asks for.
    pub source: String,
    /// Its columns, in MLflow's JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// Figures on it, such as its number of rows, in JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// What it was used for, such as `training` or `validation`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
}

impl DatasetInput {
    /// A Delta table at a version, for `context`. `url` is a folder or an object-store prefix, without credentials.
    pub fn delta(name: &str, url: &str, version: u64, context: &str) -> Self {
        let source = serde_json::json!({ "path": url, "delta_table_version": version });
        Self {
            name: name.to_owned(),
            digest: format!("version {version}"),
            source_type: "delta_table".to_owned(),
            source: source.to_string(),
            schema: None,
            profile: None,
            context: Some(context.to_owned()),
        }
    }
}

/// A file that a run made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// Where it belongs below the run, such as `model/model.onnx`: relative, with `/`.
    pub path: String,
    /// What it holds.
    pub content: Content,
}

/// What an artifact holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// The bytes themselves: for what is small.
    Bytes(Vec<u8>),
    /// UTF-8 text.
    Text(String),
    /// A file of this machine, read while it is sent.
    File(PathBuf),
}

/// A folder of artifacts that becomes a version of a registered model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// The registered model's name, such as `click`; made where there is none of that name.
    pub name: String,
    /// The folder among the run's artifacts that holds `MLmodel`, such as `model`.
    pub artifact_path: String,
    /// What the version is to be called from now on, such as `champion`; taken from the version that had it.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Notes on the version, by name.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// The version in a sentence.
    #[serde(default)]
    pub description: String,
}
