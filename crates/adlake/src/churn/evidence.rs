//! The leak audit of customers at many cuts.

use std::collections::BTreeMap;

use training::audit::{Audit, AuditSettings, Facts};
use training::{Split, Splitting};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::customers::Customers;
use super::walk::Fold;

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// Audits one row of each customer, drawn by the seed, with the split of the last cut that is measured on. An audit takes rows as
/// independent; those of one customer share most of their purchases and, with horizons that overlap, their label.
pub(super) fn audit(customers: &Customers, last: &Fold, seed: u64) -> training::Result<Audit> {
    let chosen = one_per_customer(customers, seed);
    let data = customers.data.take(&chosen)?;
    let ends: Vec<i64> =
        chosen.iter().map(|row| i64::from(customers.cuts[*row as usize] + customers.horizon_days) * MICROS_PER_DAY).collect();
    let places = |rows: &[u32]| -> Vec<u32> {
        let is_in = |row: &u32| rows.binary_search(row).is_ok();
        chosen.iter().enumerate().filter(|(_, row)| is_in(row)).map(|(place, _)| place as u32).collect()
    };
    let split = Split { train: places(&last.train), test: places(&last.test) };
    // Without a row on each side there is no split to look at.
    let split = (!split.train.is_empty() && !split.test.is_empty()).then_some(split);
    let splitting = Splitting::Time { gap: (i64::from(customers.horizon_days) - 1) * MICROS_PER_DAY };
    let facts = Facts { splitting: split.as_ref().map(|_| splitting), label_times: Some(&ends), ..Facts::default() };
    Audit::of(&data, split.as_ref(), &facts, &AuditSettings::default())
}

/// A row of each customer, ascending.
fn one_per_customer(customers: &Customers, seed: u64) -> Vec<u32> {
    let mut rows: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for (row, id) in customers.ids.iter().enumerate() {
        rows.entry(id).or_default().push(row as u32);
    }
    let draw = |(id, rows): (&str, Vec<u32>)| rows[(xxh3_64_with_seed(id.as_bytes(), seed) % rows.len() as u64) as usize];
    let mut chosen: Vec<u32> = rows.into_iter().map(draw).collect();
    chosen.sort_unstable();
    chosen
}
