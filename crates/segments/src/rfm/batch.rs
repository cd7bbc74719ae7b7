//! RFM of all customers at once.

use std::collections::{BTreeMap, HashSet};

use super::line::{Line, LineKind, Placed, Rfm};
use super::rules::SegmentRules;
use super::scores::{Scores, Scoring, quantile_scores};
use crate::error::Result;

/// The measures of all customers with an order, as of a day, sorted by customer. Of lines with one identifier the first counts; lines after
/// the day do not.
///
/// # Errors
///
/// If an amount is absurd: see [`Line::amount`].
pub fn measure<'a>(lines: impl IntoIterator<Item = &'a Line>, as_of: i32) -> Result<Vec<Rfm>> {
    #[derive(Default)]
    struct Sums<'a> {
        last_sold: Option<i32>,
        orders: HashSet<&'a str>,
        amount: i128,
    }
    let mut seen = HashSet::new();
    let mut customers: BTreeMap<&str, Sums<'a>> = BTreeMap::new();
    for line in lines {
        if line.day > as_of || !seen.insert(line.line_id.as_str()) {
            continue;
        }
        let sums = customers.entry(&line.customer_id).or_default();
        sums.amount += line.checked_amount()?;
        if line.kind == LineKind::Sale {
            sums.orders.insert(&line.invoice_no);
            sums.last_sold = sums.last_sold.max(Some(line.day));
        }
    }
    let measured = customers.into_iter().filter_map(|(customer_id, sums)| {
        Some(Rfm {
            customer_id: customer_id.to_owned(),
            recency_days: i64::from(as_of) - i64::from(sums.last_sold?),
            frequency: sums.orders.len() as u64,
            monetary: sums.amount,
        })
    });
    Ok(measured.collect())
}

/// Scores and segments of customers, in the order given.
pub fn place(customers: Vec<Rfm>, scoring: &Scoring, rules: &SegmentRules) -> Vec<Placed> {
    let scores = match scoring {
        Scoring::Thresholds(cuts) => customers.iter().map(|rfm| cuts.scores(rfm)).collect(),
        Scoring::Quantiles => by_quantiles(&customers),
    };
    let both = customers.into_iter().zip(scores);
    both.map(|(rfm, scores)| Placed { rfm, scores, segment: rules.segment(scores).to_owned() }).collect()
}

fn by_quantiles(customers: &[Rfm]) -> Vec<Scores> {
    let recency = quantile_scores(&customers.iter().map(|rfm| -rfm.recency_days).collect::<Vec<_>>());
    let frequency = quantile_scores(&customers.iter().map(|rfm| rfm.frequency).collect::<Vec<_>>());
    let monetary = quantile_scores(&customers.iter().map(|rfm| rfm.monetary).collect::<Vec<_>>());
    let all = recency.into_iter().zip(frequency).zip(monetary);
    all.map(|((recency, frequency), monetary)| Scores { recency, frequency, monetary }).collect()
}
