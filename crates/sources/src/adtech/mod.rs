//! Synthetic logs of an ad network: requests, impressions, clicks, installs, users, their apps, and
//! campaigns.
//!
//! [`generate`] writes CSV files. The same options give the same bytes on any number of threads,
//! because every row is a function of the seed and its number; memory does not grow with the size.
//!
//! # What happens
//! A user makes a request, for the ad space of an app. Half of the requests get an impression of
//! one campaign. An impression may get a click, and the click on a campaign that pays per install
//! (CPI) an install. `id_md5`, the MD5 of `request_id`, links them.
//!
//! | table | a row is | |
//! |---|---|---|
//! | `user_profile` | a user | |
//! | `user_app_genre` | an app of a user | 1 to 3 per user; the smallest `app_id` is the main app |
//! | `campaigns` | a campaign | 199 of 70 advertisers; USD per click, per 1000 impressions, per install |
//! | `requests` | a request, with the user as they were at the time | 3 % are made away from home |
//! | `impressions` | an impression | position 1 is the best |
//! | `clicks` | a click | |
//! | `installs` | an install | realistic law only |
//!
//! # The uniform law
//! Users, hours, campaigns and positions are drawn evenly; half the requests get an impression; an
//! impression with a known campaign gets a click with probability 0.2, whatever else is true of it,
//! and one with an unknown or missing campaign gets none.
//!
//! # The realistic law
//! Traffic has a weekly and a daily rhythm; a user's share of the requests falls with the square
//! root of their rank, a campaign's follows Zipf's law with exponent 0.9; ads are shown to those
//! whom their campaign targets, but for 4 % of impressions where it is ignored. The click
//! probability p of an impression is
//!
//! ```text
//! log(p / (1 - p)) = intercept + scale × (sum of the terms)
//! ```
//!
//! | term | value |
//! |---|---|
//! | affinity of primary genre and campaign type | Videos × CPM and Shopping × CPC 1.1; Games × CPI 0.7; News × CPI −0.5; else 0 |
//! | position 1 … 5 | 0.8, 0.4, 0, −0.4, −0.8 |
//! | hour of the day, UTC | 0.5 × cos(2π (hour − 20) / 24) |
//! | device | mobile 0.25, tablet 0, desktop −0.5 |
//! | phone price range, from the lowest | −0.35, −0.1, 0.15, 0.4 |
//! | mobile and CPI | 0.4 |
//! | highest price range and Shopping | 0.4 |
//! | Videos from 18 to 24 h | 0.4 |
//! | position 1 on Saturday and Sunday | 0.2 |
//! | campaign | drawn per campaign, standard deviation 0.8 |
//! | app | drawn per app, standard deviation 0.6 |
//! | campaign × primary genre | drawn per pair, standard deviation 0.3 |
//!
//! Genre and app are those of the user's main app. Intercept and scale are found for each seed on a
//! sample of the impressions, so that 10 % of impressions get a click and the ROC-AUC of the true
//! probabilities, the best that any model can reach, is 0.82; [`Generated`] tells both as they came
//! out. The true probability of each impression stands in `truth/click_probability.csv`.
//!
//! # Arrival
//! A row stands in the file of the day on which it arrives, and most arrive on the day of their
//! request. [`dirt::LATE`] arrive up to three days later, so the last days' late rows are missing
//! until the following days are generated ([`AdtechOptions::day_range`]); the files of all days
//! together are consistent.
//!
//! # Dirt
//! See [`dirt`] for each kind and its rate. `truth/malformed.csv` lists each row that was broken on
//! purpose: file, line (the header is line 1), kind, and the row as it should be. But for these
//! lines the files are the same with and without [`AdtechOptions::malformed`].

mod arrivals;
mod calendar;
mod campaigns;
pub mod dirt;
mod events;
mod files;
mod generate;
mod generated;
mod law;
mod options;
mod parts;
mod people;
mod places;
mod rows;
#[cfg(test)]
mod tests;

pub use generate::generate;
pub use generated::Generated;
pub use options::{AdtechOptions, Law};

pub use crate::synthetic::{ClickLaw, GenerateError, Progress, TableFiles};
