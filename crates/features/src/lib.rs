//! What learners learn from: feature tables as SQL models, the registry that says from when each feature is known, and joins that
//! are correct at a point in time.
//!
//! - [`registry`] names the features of each table; `docs/features.md` is written from it and from the models;
//! - [`frame`] gives rows of a table with what was known of them then, from feature tables and any others ([`PointInTime`]);
//! - [`Provenance`] says from when and from what the features of a table are known, for audits;
//! - [`Online`] computes the features of requests that are not in the lake yet, by the same models.

mod frame;
mod online;
mod point_in_time;
mod provenance;

use std::sync::LazyLock;

use include_dir::{Dir, include_dir};
use lake::{Lake, LakeError, ModelFile, Result};
use spec::{Layer, Model, Parameter, Registry};

pub use frame::{Frame, FrameSpec, frame};
pub use online::Online;
pub use point_in_time::{Arrival, PointInTime, point_in_time};
pub use provenance::Provenance;

static MODELS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/models");

static REGISTRY: LazyLock<std::result::Result<Registry, String>> = LazyLock::new(|| Registry::parse(include_str!("../features.toml")));

/// The shipped models of this layer.
pub fn models() -> Vec<ModelFile> {
    lake::embedded(Layer::Features, "crates/features/models", &MODELS)
}

/// All requests, shown an ad or not, as SQL: what honest click models do not learn from. The time zone is that of `features.click_features`.
///
/// # Errors
/// The lake's settings do not fit the shipped models.
pub fn requests(lake: &Lake) -> Result<String> {
    let click_features = model(lake, "click_features")?;
    let query = include_str!("../sql/requests.sql").to_owned();
    let filled = |query: String, parameter: &Parameter| query.replace(&format!("${}", parameter.name), &parameter.value.to_string());
    Ok(click_features.header.parameters.iter().fold(query, filled))
}

/// A shipped model of the adtech domain, with the lake's parameters.
fn model(lake: &Lake, name: &str) -> Result<Model> {
    let file = models().into_iter().find(|file| file.path == format!("adtech/{name}.sql"));
    let file = file.ok_or_else(|| LakeError::invalid(format!("features.{name}: no such model")))?;
    Model::parse_with(Layer::Features, "adtech", &file.shown, &file.text, &lake.options().parameters).map_err(LakeError::Problems)
}

/// What learners may use of the shipped feature tables.
///
/// # Errors
/// None that a release can meet; a defect of ours otherwise.
pub fn registry() -> Result<&'static Registry> {
    REGISTRY.as_ref().map_err(|problem| LakeError::invalid(format!("features.toml: {problem}")))
}
