//! RFM: how recently, how often and for how much customers bought, scores from it, and the segments that scores tell.
//!
//! The definitions are those of `gold.customer_rfm`: an order is an invoice with a sale of a product; the amount is that of products sold
//! less that of products taken back; what happens after the day that is looked from does not count; who has no order is not there.

mod batch;
mod line;
mod live;
mod ranks;
mod rules;
mod scores;
mod tally;
#[cfg(test)]
mod tests;

pub use batch::{measure, place};
pub use line::{Line, LineKind, Placed, Rfm};
pub use live::{Change, Event, LiveRfm};
pub use rules::SegmentRules;
pub use scores::{Cuts, Scores, Scoring, quantile_scores};
