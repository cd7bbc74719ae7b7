//! Which channel earned what, and how sure we are: journeys in, credits and numbers out.
//!
//! Nothing here reads a table, a file, a clock or the environment. The same journeys, settings and seed give the same bytes for any
//! number of threads and any order of rows; rayon's current pool is used. Bad input is an error that names the thing, never a panic.
//!
//! The nouns, in reading order:
//!
//! - [`Journeys`] are distinct [`Paths`] of touches by channel number, with conversions, value and journeys that did not convert; the
//!   numbers' names are [`Channels`], and campaigns may stand in their place;
//! - a [`Rule`] shares one conversion out among the touches before it; a [`Markov`] chain and [`Shapley`] values give channels what the
//!   journeys as a whole say;
//! - [`Credits`] are conversions and value per channel; a [`Model`] is any of the above, with credit and its intervals;
//! - [`incremental`] says what would not have come without a channel, from users with a contact and users whom chance kept from one;
//! - [`response`] fits what daily spend brings, [`advice`] says where the next unit of budget should go;
//! - the [`ledger`] turns shares into whole micro-credits that sum to the unit.
//!
//! ```
//! use attribution::{Channels, Confidence, Journeys, Markov, Model, Resampling, Rule, ledger};
//!
//! let (channels, paths) = Channels::parse(&["search > mail", "mail", "ad > search > mail"], ">");
//! let journeys = Journeys::new(channels.names().len(), &paths, &[3, 1, 2], &[30.0, 8.0, 25.0], &[5, 20, 4])?;
//!
//! assert_eq!(Rule::Last.credits(&journeys)?.conversions, [0.0, 6.0, 0.0]); // ad, mail, search
//! let markov = Markov::fit(&journeys, 1)?;
//! assert!((markov.conversion_rate - 6.0 / 35.0).abs() < 1e-12);
//!
//! let sure = Model::Markov(1).intervals(&journeys, Resampling::Poisson, &Confidence::default())?;
//! assert!(sure[1].conversions.low <= sure[1].conversions.value);
//!
//! let shares = ledger::journey_shares(paths.get(2), &markov.removal_effects)?;
//! assert_eq!(ledger::whole_units(&shares, ledger::WHOLE_CONVERSION)?.iter().sum::<u64>(), 1_000_000);
//! # Ok::<(), attribution::AttributionError>(())
//! ```
//!
//! Not here: which touches belong to a conversion (look-back windows, bots), tables (see `lake`).

pub mod advice;
mod bootstrap;
mod cholesky;
mod credit;
mod error;
pub mod incremental;
mod interval;
mod journey;
pub mod ledger;
pub mod markov;
mod random;
pub mod response;
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
