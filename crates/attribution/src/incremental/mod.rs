//! What would not have come without a channel.
mod effects;
mod joint;
mod model;
mod poisson;
mod population;
mod settings;
mod stretches;
mod totals;

pub use model::{ChannelEffect, Credit, Evidence, Incremental};
pub use population::{Exposure, Population, User};
pub use settings::IncrementalSettings;
