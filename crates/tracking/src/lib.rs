//! Records of training runs, and MLflow over REST.
//!
//! The nouns, in reading order:
//!
//! - a [`Run`] is what a training run was: params, [`Metric`]s, tags, the tables it read ([`DatasetInput`]), its files
//!   ([`Artifact`]) and the models to register ([`Registration`]). Plain data in MLflow's words; no server is needed to have one;
//! - an [`OnnxModel`] becomes the folder of artifacts that Python loads with `mlflow.pyfunc.load_model`;
//! - [`Settings`] say which server, as whom and how patient; a [`Client`] asks it;
//! - [`push`] sends a whole run, and again after any failure: what the server has is neither sent again nor doubled.
//!
//! ```no_run
//! use tracking::{Client, Metric, Run, RunStatus, Settings};
//!
//! # async fn example() -> tracking::Result<()> {
//! let run = Run {
//!     id: "2026-03-01-forest".to_owned(),
//!     experiment: "click".to_owned(),
//!     name: "forest".to_owned(),
//!     status: RunStatus::Finished,
//!     started_at: 1_772_323_200_000,
//!     ended_at: Some(1_772_323_260_000),
//!     params: [("max_depth".to_owned(), "8".to_owned())].into(),
//!     metrics: vec![Metric { key: "roc_auc".to_owned(), value: 0.74, timestamp: 1_772_323_260_000, step: 0 }],
//!     tags: [].into(),
//!     inputs: Vec::new(),
//!     artifacts: Vec::new(),
//!     models: Vec::new(),
//! };
//! let client = Client::new(Settings::from_variables(|name| std::env::var(name).ok())?)?;
//! let pushed = tracking::push(&client, &run).await?;
//! println!("{}", pushed.url);
//! # Ok(())
//! # }
//! ```
//!
//! What can pass (no connection, no answer, 429, 5xx) is asked again, with back-off and jitter; the rest is an error of one line.
//! Credentials are in no message and in no log.
//!
//! Not here: artifacts in a store that the server does not proxy, MLflow's traces and logged models, Databricks.

mod check;
mod client;
mod error;
mod names;
mod number;
mod onnx;
mod push;
mod retry;
mod run;
mod settings;
#[cfg(test)]
mod testing;
mod yaml;

pub use client::{Client, ModelVersion, Pair, RemoteFile, RemoteRun, RunData, RunInfo, VersionStatus};
pub use error::{Result, TrackingError};
pub use names::{MAX_KEY_LENGTH, MAX_PARAM_LENGTH, MAX_TAG_LENGTH, safe_key};
pub use onnx::{ColumnSpec, ColumnType, OnnxModel};
pub use push::{Pushed, push};
pub use retry::Retry;
pub use run::{Artifact, Content, DatasetInput, Metric, RUN_ID_TAG, Registration, Run, RunStatus};
pub use settings::{Credentials, Settings};
