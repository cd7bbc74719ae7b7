//! Synthetic marketing data with a causal truth: touchpoints, conversions, spend, and what would have happened otherwise.
//!
//! [`generate`] writes CSV files; [`World`] makes the same users in memory, [`Market`] a history of daily spend and outcomes with
//! hidden response curves. The same options give the same bytes on any number of threads, because every user is a function of the
//! seed and their number; memory does not grow with the users.
//!
//! | file | a row is |
//! |---|---|
//! | `touchpoints.csv` | an impression, a click, or a visit of one's own accord (channel `direct`); cost in USD |
//! | `holdout_touchpoints.csv` | a touch that the user's holdout prevented, a "ghost ad" |
//! | `conversions.csv` | a purchase, sign-up or install; its value in the currency named |
//! | `channel_spend/reported.csv` | a day's campaign: spend in USD (the sum of its touches' costs), impressions, clicks, and installs by the last click of the 30 days before, as platforms report them |
//! | `channel_spend/corrections.csv` | the same key again, with the spend put right, 2 to 13 days after: for 6 % of the keys the first report lacks 5 to 50 % |
//! | `exchange_rates.csv` | dollars for one unit of a currency on a day |
//! | `truth/conversions.csv` | for each conversion whether it would have come anyway, and the share that each channel caused |
//! | `truth/truth.json` | the sums of these, and the law's constants |
//!
//! # Who converts
//! A user has a taste t, log-normal with a spread of 0.7 around a mean of 1, and enters the market every 100 days on average, for 2 days and 7
//! more on average. A touch presses, and its pressure halves with the channel's half-life; the exposure x of a user to a channel is
//! 1 − e^(−sum of pressures). Conversions come at the rate, per day,
//!
//! ```text
//! t × (base × e^(Σ lift × x) + Σ demand × x)        base = 0.03 in the market, 0.0008 outside
//! ```
//!
//! so lower-funnel channels make more of an intent there is, and upper-funnel channels also create demand. Users without intent buy
//! too, and most conversions come anyway. Conversions are drawn by thinning with one mark each, so that every world with other
//! channels sees the same chances. The constants are in `truth.json`:
//!
//! | channel | who meets it | lift | demand | half-life, days |
//! |---|---|---|---|---|
//! | display | users of the medium; more activity goes with more taste | 0.25 | 0.0006 | 3 |
//! | `paid_social` | likewise | 0.4 | 0.0008 | 3 |
//! | video | likewise | 0.3 | 0.0012 | 7 |
//! | `search_generic` | those in the market | 0.6 | 0 | 1.5 |
//! | `search_brand` | those in the market: it follows intent | 0.1 | 0 | 0.5 |
//! | retargeting | those who visited the site in the five days before: it follows intent | 0.12 | 0 | 1 |
//! | email | subscribers, weekly; taste goes with subscribing | 0.3 | 0.0004 | 2 |
//! | direct | visits of one's own accord, mostly in the market | 0 | 0 | |
//!
//! # The truth
//! A conversion's `caused_by` is the Shapley value of each channel in the game "does it come with these channels alone, all chances being
//! the same": what one channel did alone is its own, and what needed several is shared by the average over all orders in which they could be
//! switched on. `is_baseline` says it comes with none. Retargeting and branded search follow visits that are the user's own: switching
//! another channel off takes no retargeting away.
//!
//! # What an advertiser can know
//! Each channel has a holdout: a share of the users, drawn for each channel on its own, to whom it is never shown. What they would have seen
//! is logged all the same (Johnson, Lewis, Nubbemeyer: Ghost ads, Journal of Marketing Research 54, 2017), so users who had an occasion can
//! be compared with others who had one. Spend also moves by flights of ten days, weekdays and chance; the reach of a day's spend m (1 =
//! usual) is in proportion to 1 − e^(−saturation × m), so the price of a touch grows with spend, and pressure carries over into the
//! days after.

mod channels;
mod corrections;
mod files;
mod generate;
mod generated;
mod history;
mod market;
mod options;
mod rows;
mod shapley;
mod spend;
mod tally;
#[cfg(test)]
mod tests;
mod world;

pub use corrections::CORRECTED;
pub use generate::generate;
pub use generated::{ChannelTruth, Generated};
pub use history::{CHANNELS, Conversion, ConversionKind, DIRECT, Touch, TouchKind, UserHistory};
pub use market::{Market, ResponseLaw, Saturation};
pub use options::MarketingOptions;
pub use world::World;

pub use crate::synthetic::{GenerateError, Progress, TableFiles};

/// Currencies: code, share of the conversions, dollars for one at the start.
const CURRENCIES: [(&str, f64, f64); 3] = [("USD", 0.7, 1.0), ("EUR", 0.2, 1.08), ("GBP", 0.1, 1.27)];

/// Name of a channel by its number, as in [`Touch::channel`]; empty for a number that no channel has.
pub fn channel_name(channel: usize) -> &'static str {
    channels::LAWS.get(channel).map_or("", |law| law.name)
}
