//! The engine: Delta tables read and written through DataFusion SQL, exactly once.
//!
//! Four nouns: a [`Lake`] is a place with tables; a [`Table`] is a Delta table at one version; a run ([`Running`]) brings the
//! tables of a [`spec::Pipeline`] up to date with what they read; a [`RunReport`] accounts for every row it touched.
//!
//! This crate alone names `deltalake` and `datafusion`; others say `lake::datafusion`.

mod affected;
mod casts;
mod dedup;
mod error;
mod exec;
mod functions;
mod ingest;
mod lake;
pub mod lineage;
mod log;
mod maintain;
mod models;
mod ops;
mod output;
mod passed;
mod quarantine;
mod query;
mod release;
mod replay;
mod report;
mod run;
mod scan;
mod session;
mod standing;
mod stats;
mod steady;
mod step;
mod store;
mod table;
#[cfg(test)]
mod testing;
mod unique;
mod write;

pub use casts::sql_type;
pub use datafusion;
pub use error::{LakeError, Result};
pub use ingest::{Feed, RAW_COLUMN, REJECT_COLUMN, Taken, raw_type};
pub use lake::{Lake, LakeOptions};
pub use lineage::lineage;
pub use maintain::{HistoryEntry, OptimizeOptions, Optimized, Vacuumed, VacuumedTable};
pub use models::{ModelFile, embedded, pipeline, pipeline_with, read_folder};
pub use parquet;
pub use quarantine::Reject;
pub use query::{AsOf, collect};
pub use release::Release;
pub use replay::{Replayed, SetAside};
pub use report::{Action, RunReport, TableReport};
pub use run::{Progress, Running, Silent, now};
pub use step::State;
pub use store::{Location, S3Options};
pub use table::{DataFile, Table};
pub use write::WriteOptions;
