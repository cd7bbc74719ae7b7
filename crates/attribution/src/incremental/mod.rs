//! What would not have come without a channel.
//!
//! Credit from converting paths alone cannot tell a channel that brings customers from one that follows them. This model looks at all
//! users, converted or not. It cuts each user's time into stretches in which nothing changes (how long ago the last contact with each
//! channel was, the last occasion for one, and the last sign of intent), and takes conversions for a Poisson process whose rate is a
//! product of one factor per channel and window:
//!
//! ```text
//! log rate = base + Σ occasion factors + Σ contact factors + signal factor
//! ```
//!
//! An occasion is a contact, or a ghost: what the user would have seen, had chance not put them into the channel's holdout. Among
//! users with an occasion, contact or ghost is a matter of chance, so the contact's factor is what the contact does, whatever brought the
//! occasion about: intent that retargeting or branded search follows is in the occasion's factor. This needs no more than that chance
//! decided; that effects of several channels multiply is assumed only for sharing out what they did together.
//!
//! A conversion at a rate of e^(Σ effects) times what it would have been is caused by channels to 1 − e^(−Σ effects); this part is shared
//! as Shapley values, exactly ([`Incremental::credit`]). The rest is the baseline: it would have come anyway. Intervals are
//! from the sandwich variance clustered by user (Huber 1967), with the delta method from factors to shares; their upper ends reach further where
//! channels meet the same users, as effects may add up in place of multiplying, and the data of one population hardly tell.
//!
//! A channel without a holdout has no occasions to compare with: its contacts are compared with times and users without one, and
//! [`Evidence::Comparison`] says so. What it follows then counts as what it causes.

mod effects;
mod joint;
mod model;
mod poisson;
mod population;
mod settings;
mod stretches;
#[cfg(test)]
mod tests;
mod totals;

pub use model::{ChannelEffect, Credit, Evidence, Incremental};
pub use population::{Exposure, Population, User};
pub use settings::IncrementalSettings;
