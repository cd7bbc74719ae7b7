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
use lake::{LakeError, ModelFile, Result};
use spec::{Layer, Registry};

pub use frame::{Frame, FrameSpec, frame};
pub use online::Online;
pub use point_in_time::{Arrival, PointInTime, point_in_time};
pub use provenance::Provenance;

/// All requests, shown an ad or not, as SQL: what honest click models do not learn from.
pub const REQUESTS: &str = include_str!("../sql/requests.sql");

static MODELS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/models");

static REGISTRY: LazyLock<std::result::Result<Registry, String>> = LazyLock::new(|| Registry::parse(include_str!("../features.toml")));

/// The shipped models of this layer.
pub fn models() -> Vec<ModelFile> {
    lake::embedded(Layer::Features, "crates/features/models", &MODELS)
}

/// What learners may use of the shipped feature tables.
///
/// # Errors
/// None that a release can meet; a defect of ours otherwise.
pub fn registry() -> Result<&'static Registry> {
    REGISTRY.as_ref().map_err(|problem| LakeError::invalid(format!("features.toml: {problem}")))
}
