//! Customers by what they bought: how they will buy again, which segment they are in, which groups they form.
//!
//! Nothing here reads a table, a file, a clock or the environment. The same customers and settings give the same numbers to the last bit,
//! for any order of rows and any number of threads; rayon's current pool is used. Bad input is an error that names the thing, never a
//! panic.
//!
//! - [`value`]: [`value::Histories`] are what is known of customers; [`value::BgNbd`] says who is still there and how often they will
//!   buy, [`value::GammaGamma`] for how much, [`value::customer_values`] what that is worth today;
//! - [`rfm`]: [`rfm::measure`] and [`rfm::place`] score all customers at once, [`rfm::LiveRfm`] does so event by event, and
//!   [`rfm::SegmentRules`] say which scores make which segment;
//! - [`clusters`]: [`clusters::fit`] finds groups, how many there are, why, and what to call them.
//!
//! ```
//! use segments::rfm::{Line, LineKind, Scoring, SegmentRules, measure, place};
//! use segments::value::{BgNbd, Histories};
//!
//! // Two repeat purchases, the last in week 30 of 38; none in 38 weeks.
//! let histories = Histories::new(&[2, 0], &[30.43, 0.0], &[38.86, 38.86])?;
//! let model = BgNbd::new(0.243, 4.414, 0.793, 2.426)?;
//! let expected = model.expected_purchases(&histories, 39.0)?;
//! assert!((expected[0] - 1.226).abs() < 1e-3 && expected[1] < 0.2);
//!
//! let sale = |number: &str, customer: &str, day, amount| Line {
//!     line_id: number.to_owned(),
//!     invoice_no: number.to_owned(),
//!     customer_id: customer.to_owned(),
//!     day,
//!     kind: LineKind::Sale,
//!     amount,
//! };
//! let lines = [sale("1", "ann", 3, 500), sale("2", "ann", 9, 700), sale("3", "bob", 1, 90)];
//! let placed = place(measure(&lines, 10)?, &Scoring::Quantiles, &SegmentRules::parse(SegmentRules::CUSTOMARY)?);
//! assert_eq!((placed[0].rfm.recency_days, placed[0].segment.as_str()), (1, "need_attention"));
//! # Ok::<(), segments::SegmentsError>(())
//! ```
//!
//! Not here: tables and the definitions of their columns (see `silver` and `gold`).

pub mod clusters;
mod error;
mod numeric;
pub mod rfm;
pub mod value;

pub use error::{Result, SegmentsError};
