//! Which channel earned what, and how sure we are: journeys in, credits and numbers out.
//!
//! Nothing here reads a table, a file, a clock or the environment. The same journeys, settings and seed give the same bytes for any
//! number of threads and any order of rows; rayon's current pool is used. Bad input is an error that names the thing, never a panic.

mod bootstrap;
mod credit;
mod error;
mod interval;
mod journey;
pub mod ledger;
pub mod markov;
mod random;
mod rules;
pub mod shapley;

pub use bootstrap::{CreditEstimate, Model, Resampling};
pub use credit::Credits;
pub use error::{AttributionError, Result};
pub use interval::{Confidence, Estimate};
pub use journey::{Channels, Journeys, MOST_CHANNELS, NANOS, Paths, Tally, Totals};
pub use markov::Markov;
pub use rules::Rule;
pub use shapley::Shapley;
