//! What every customer's counting lines add up to, and where the customer stands among all.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::line::{Line, LineKind, Rfm};
use super::ranks::Ranks;
use super::scores::{Scores, quantile_score};

/// Sums per customer and the order of all customers with an order, kept line by line.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    customers: BTreeMap<String, Sums>,
    last_sold: Ranks<i32>,
    orders: Ranks<u64>,
    amounts: Ranks<i128>,
}

/// What one customer's lines add up to.
#[derive(Debug, Clone, Default)]
struct Sums {
    line_count: usize,
    /// Lines that sell, per invoice.
    orders: BTreeMap<String, usize>,
    /// Lines that sell, per day.
    sold: BTreeMap<i32, usize>,
    amount: i128,
}

/// Last day of a sale, number of orders, amount.
type Standing = (i32, u64, i128);

impl Tally {
    /// Counts a line.
    pub fn add(&mut self, line: &Line) {
        self.change(line, |sums| {
            sums.line_count += 1;
            sums.amount += line.amount;
            if line.kind == LineKind::Sale {
                *sums.orders.entry(line.invoice_no.clone()).or_default() += 1;
                *sums.sold.entry(line.day).or_default() += 1;
            }
        });
    }

    /// Counts a line no longer that was counted.
    pub fn take(&mut self, line: &Line) {
        self.change(line, |sums| {
            sums.line_count = sums.line_count.saturating_sub(1);
            sums.amount -= line.amount;
            if line.kind == LineKind::Sale {
                count_down(sums.orders.entry(line.invoice_no.clone()));
                count_down(sums.sold.entry(line.day));
            }
        });
    }

    fn change(&mut self, line: &Line, change: impl FnOnce(&mut Sums)) {
        let sums = self.customers.entry(line.customer_id.clone()).or_default();
        let before = sums.standing();
        change(sums);
        let after = sums.standing();
        if sums.line_count == 0 {
            self.customers.remove(&line.customer_id);
        }
        if before == after {
            return;
        }
        if let Some((day, orders, amount)) = before {
            self.last_sold.remove(&day);
            self.orders.remove(&orders);
            self.amounts.remove(&amount);
        }
        if let Some((day, orders, amount)) = after {
            self.last_sold.insert(day);
            self.orders.insert(orders);
            self.amounts.insert(amount);
        }
    }

    /// Number of customers with an order.
    pub fn len(&self) -> usize {
        self.orders.len()
    }

    /// The customers that have lines, in order.
    pub fn customers(&self) -> impl Iterator<Item = &str> {
        self.customers.keys().map(String::as_str)
    }

    /// A customer's measures as of a day; none without an order.
    pub fn rfm(&self, customer_id: &str, as_of: i32) -> Option<Rfm> {
        let (last_sold, frequency, monetary) = self.customers.get(customer_id)?.standing()?;
        let recency_days = i64::from(as_of) - i64::from(last_sold);
        Some(Rfm { customer_id: customer_id.to_owned(), recency_days, frequency, monetary })
    }

    /// A customer's scores by quantiles; none without an order.
    pub fn quantile_scores(&self, customer_id: &str) -> Option<Scores> {
        let (last_sold, orders, amount) = self.customers.get(customer_id)?.standing()?;
        let all = self.len();
        Some(Scores {
            recency: quantile_score(self.last_sold.lower(&last_sold), all),
            frequency: quantile_score(self.orders.lower(&orders), all),
            monetary: quantile_score(self.amounts.lower(&amount), all),
        })
    }
}

impl Sums {
    fn standing(&self) -> Option<Standing> {
        let (last_sold, _) = self.sold.last_key_value()?;
        Some((*last_sold, self.orders.len() as u64, self.amount))
    }
}

fn count_down<K: Ord>(entry: Entry<'_, K, usize>) {
    if let Entry::Occupied(mut entry) = entry {
        match entry.get() {
            0 | 1 => drop(entry.remove()),
            _ => *entry.get_mut() -= 1,
        }
    }
}
