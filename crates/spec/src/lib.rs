//! What a lake is made of, as plain data: layers, table names, models, pipelines, settings.
//!
//! Nothing here reads a file, a clock or the environment: callers pass text in and get checked
//! values or every [`Problem`] at once, each with its file and line.
//!
//! The nouns, in reading order:
//!
//! - a [`Layer`] says how far data has come, from `bronze` (as it arrived) to `gold` (answers);
//! - a [`TableName`] is a layer and a name, `silver.impressions`;
//! - a [`Model`] is one table as one SQL file: a [`Header`] and a query, made only by
//!   [`Model::parse`];
//! - a [`Pipeline`] is all models together, made only when they fit: every input exists, data
//!   flows one way, nothing reads itself;
//! - [`Settings`] are what a lake is run with, every key in one commented file of defaults.
//!
//! ```
//! use spec::{Layer, Model, Pipeline};
//!
//! let clicks = Model::parse(
//!     Layer::Gold,
//!     "adtech",
//!     "gold/models/adtech/clicks_daily.sql",
//!     "/*
//! Clicks per day.
//!
//! kind = \"full\"
//! [columns]
//! clicked_on = \"day of the click, UTC\"
//! clicks     = \"number of clicks\"
//! */
//! select clicked_on, count(*) as clicks from silver.clicks group by clicked_on",
//! )
//! .map_err(|problems| problems[0].to_string())?;
//!
//! // Nothing makes silver.clicks, so these models do not form a pipeline.
//! let problems = Pipeline::new(vec![clicks]).err().unwrap_or_default();
//! assert!(problems[0].message.contains("no model makes silver.clicks"));
//! # Ok::<(), String>(())
//! ```

mod closest;
mod error;
mod fingerprint;
mod header;
mod keys;
mod layer;
mod model;
mod parameters;
mod pipeline;
mod query;
mod registry;
mod settings;
mod table_name;

pub use closest::closest;
pub use error::{NameError, Problem, SelectError};
pub use header::{Expectation, Header, Kind, OnFail, OptionalInput};
pub use layer::Layer;
pub use model::{Input, Model};
pub use parameters::{Allowed, Parameter, Parameters, Sorted, Value};
pub use pipeline::Pipeline;
pub use registry::{Feature, FeatureKind, FeatureTable, KnownFrom, Registry};
pub use settings::{
    ChurnSettings, Compression, DEFAULT_SETTINGS, Encoding, MAX_MIB, MAX_THREADS, S3Settings, Settings, SourceSettings, SourceTable,
    VacuumSettings, WriteSettings,
};
pub use table_name::TableName;
