//! What is known of customers: how often they came back, when last, and for how long they have been known.

use crate::error::{Result, SegmentsError};

/// One customer's purchases, told by three numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct History {
    frequency: f64,
    recency: f64,
    age: f64,
}

impl History {
    /// Repeat purchases: all but the first.
    pub fn frequency(&self) -> f64 {
        self.frequency
    }

    /// Time from the first purchase to the last one, 0 without a repeat purchase.
    pub fn recency(&self) -> f64 {
        self.recency
    }

    /// Time from the first purchase to the day that is looked from.
    pub fn age(&self) -> f64 {
        self.age
    }
}

/// The histories of customers, checked. Times are in one unit of the caller's choice (days, weeks), which horizons then have too.
#[derive(Debug, Clone, PartialEq)]
pub struct Histories {
    rows: Vec<History>,
}

impl Histories {
    /// From one column per number: repeat purchases (x), the time of the last one (t_x) and the time observed (T), both counted from the
    /// first purchase.
    ///
    /// # Errors
    ///
    /// If the columns differ in length, a time is negative, infinite or NaN, the last purchase lies after the time observed, or a
    /// customer without a repeat purchase has a time of one.
    pub fn new(frequency: &[u64], recency: &[f64], age: &[f64]) -> Result<Self> {
        for (what, found) in [("recency", recency.len()), ("age", age.len())] {
            if found != frequency.len() {
                return Err(SegmentsError::Lengths { what: what.to_owned(), expected: frequency.len(), found });
            }
        }
        let columns = frequency.iter().zip(recency).zip(age).enumerate();
        let rows = columns.map(|(row, ((frequency, recency), age))| checked(row, *frequency, *recency, *age)).collect::<Result<_>>()?;
        Ok(Self { rows })
    }

    /// One per customer, in the order given.
    pub fn rows(&self) -> &[History] {
        &self.rows
    }

    /// Number of customers.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no customer.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

fn checked(row: usize, frequency: u64, recency: f64, age: f64) -> Result<History> {
    let wrong = |what: &str, value, expected| Err(SegmentsError::Value { what: what.to_owned(), row, value, expected });
    if !(age.is_finite() && age >= 0.0) {
        return wrong("age", age, "the time since the first purchase, 0 or more");
    }
    if !(recency >= 0.0 && recency <= age) {
        return wrong("recency", recency, "a time from 0 to the customer's age");
    }
    if frequency == 0 && recency > 0.0 {
        return wrong("recency", recency, "0 for a customer without a repeat purchase");
    }
    Ok(History { frequency: frequency as f64, recency, age })
}
