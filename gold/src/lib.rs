//! Gold: answers, as facts, marts and KPIs. A table is a SQL file below `models/`, and its test stands beside it.
//! What a table says between two runs is in [`LiveCustomerRfm`].

mod live;

use include_dir::{Dir, include_dir};
use lake::ModelFile;
use spec::Layer;

pub use live::LiveCustomerRfm;

static MODELS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/models");

/// The shipped models of this layer.
pub fn models() -> Vec<ModelFile> {
    lake::embedded(Layer::Gold, "gold/models", &MODELS)
}
