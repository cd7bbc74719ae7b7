//! Bronze: what arrived, as it arrived. Files of a folder or an object store become append-only tables, each file once;
//! rows that cannot be decoded go to quarantine with their file, line and text.
//!
//! [`ingest`] does it all: it lists the source ([`discover`]), leaves out what was taken before, and appends the rest,
//! table by table. [`export`] gives the rows in quarantine out to be mended, [`replay`] takes them back.

mod discover;
mod feed;
mod fit;
mod ingest;
mod look;
mod open;
mod pieces;
mod replay;
mod walk;

use include_dir::{Dir, include_dir};
use lake::ModelFile;
use spec::Layer;

pub use discover::{SourceFile, Sources};
pub use ingest::{Ingested, Skipped, ingest};
pub use replay::{MendedRows, Refused, ReplayOptions, export, replay};

static MODELS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/models");

/// The shipped contracts of this layer: the columns that later layers expect of a raw table.
pub fn models() -> Vec<ModelFile> {
    lake::embedded(Layer::Bronze, "bronze/models", &MODELS)
}
