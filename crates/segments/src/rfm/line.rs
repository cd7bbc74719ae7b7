//! What goes in and what comes out.

use serde::{Deserialize, Serialize};

use super::scores::Scores;
use crate::error::{Result, SegmentsError};

/// So that no number of lines that fits into memory can add up to more than 128 bits hold.
const LARGEST_AMOUNT: u128 = 1 << 90;

/// What a line of an invoice does. Lines that are neither (postage, adjustments, free goods) are no lines here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum LineKind {
    /// A product is sold: the line makes its invoice an order.
    Sale,
    /// A product is taken back.
    Return,
}

/// A line of an invoice that sells a product to a known customer, or takes one back.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Line {
    /// Identifier of the line: what comes under it again is the same line.
    pub line_id: String,
    /// Number of the invoice.
    pub invoice_no: String,
    /// Identifier of the customer.
    pub customer_id: String,
    /// The invoice's day, counted from any day 0, such as 1970-01-01.
    pub day: i32,
    /// What the line does.
    pub kind: LineKind,
    /// Its amount in the smallest unit kept, such as a ten-thousandth, up to 2^90; of a return as a rule below zero.
    pub amount: i128,
}

impl Line {
    pub(super) fn checked_amount(&self) -> Result<i128> {
        if self.amount.unsigned_abs() <= LARGEST_AMOUNT {
            Ok(self.amount)
        } else {
            Err(SegmentsError::Amount { line: self.line_id.clone(), amount: self.amount })
        }
    }
}

/// A customer's recency, frequency and monetary value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rfm {
    /// Identifier of the customer.
    pub customer_id: String,
    /// Days from the last purchase to the day that is looked from, 0 or more.
    pub recency_days: i64,
    /// Number of invoices with a sale, at least 1.
    pub frequency: u64,
    /// Sum of the amounts of sales and returns.
    pub monetary: i128,
}

/// A customer's measures, scores and segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placed {
    /// The measures.
    pub rfm: Rfm,
    /// The scores.
    pub scores: Scores,
    /// The segment's name.
    pub segment: String,
}
