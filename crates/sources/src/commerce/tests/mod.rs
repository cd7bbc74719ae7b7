#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::Path;

use super::*;
use crate::synthetic::draw::{Draws, Stream};

fn small(customers: u32) -> CommerceOptions {
    CommerceOptions { customers, ..CommerceOptions::default() }
}

fn made(options: &CommerceOptions) -> (tempfile::TempDir, Generated) {
    let folder = tempfile::tempdir().unwrap();
    let generated = generate(options, folder.path(), &mut |_| {}).unwrap();
    (folder, generated)
}

fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in ["transactions", "truth"].iter().filter_map(|name| fs::read_dir(folder.join(name)).ok()).flatten() {
        let path = entry.unwrap().path();
        found.insert(path.strip_prefix(folder).unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap());
    }
    found
}

/// The fields of every row, in the order of the log.
fn rows(folder: &Path) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for (_, bytes) in contents(folder).into_iter().filter(|(name, _)| name.starts_with("transactions")) {
        let mut reader = csv::Reader::from_reader(bytes.as_slice());
        for record in reader.byte_records() {
            // A letter of ISO-8859-1 for each byte; the other form has no other letters in numbers and dates.
            rows.push(record.unwrap().iter().map(|field| field.iter().map(|byte| char::from(*byte)).collect()).collect());
        }
    }
    rows
}

#[test]
fn the_same_bytes_on_any_number_of_threads() {
    let made_with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        contents(pool.install(|| made(&small(300))).0.path())
    };
    let one = made_with(1);
    assert!(one == made_with(3));
    assert!(one.len() > 10);
    // Control: another seed gives another log.
    assert!(one != contents(made(&CommerceOptions { seed: 43, ..small(300) }).0.path()));
}

#[test]
fn what_is_told_is_what_the_files_hold() {
    let (folder, generated) = made(&small(500));
    let rows = rows(folder.path());
    let log = generated.log.as_ref().unwrap();
    assert_eq!(log.rows, rows.len() as u64);
    assert_eq!(generated.bytes, contents(folder.path()).values().map(|bytes| bytes.len() as u64).sum::<u64>());
    assert_eq!(generated.invoices, rows.iter().map(|row| &row[0]).collect::<HashSet<_>>().len() as u64);
    assert_eq!(generated.cancellation_rows, rows.iter().filter(|row| row[0].starts_with('C')).count() as u64);
    assert_eq!(generated.guest_rows, rows.iter().filter(|row| row[6].is_empty()).count() as u64);
    let hundredths = |text: &str| text.replace('.', "").parse::<i64>().unwrap();
    let amount: i64 = rows.iter().map(|row| row[3].parse::<i64>().unwrap() * hundredths(&row[5])).sum();
    assert_eq!(generated.amount, amount);
    // A line entered twice, or the same line drawn twice, whatever white space is at its end.
    let fields = |row: &Vec<String>| row.iter().map(|field| field.trim_end().to_owned()).collect::<Vec<_>>();
    let distinct = rows.iter().map(fields).collect::<HashSet<_>>().len() as u64;
    assert!(generated.duplicate_rows > 0);
    assert_eq!(generated.duplicate_rows, rows.len() as u64 - distinct);
    // The order of the invoices is that of time.
    let numbers: Vec<u64> = rows.iter().map(|row| row[0].trim_start_matches(['C', 'A']).parse().unwrap()).collect();
    assert!(numbers.is_sorted());
}

#[test]
fn a_cancellation_takes_back_what_was_sold() {
    let (folder, _) = made(&small(300));
    let rows = rows(folder.path());
    let mut cancelled = 0;
    for (at, back) in rows.iter().enumerate().filter(|(_, row)| row[0].starts_with('C')) {
        let sold = rows[..at].iter().any(|row| {
            let (units, taken) = (row[3].parse::<i64>().unwrap(), -back[3].parse::<i64>().unwrap());
            row[1] == back[1] && row[5] == back[5] && row[6] == back[6] && !row[0].starts_with('C') && units >= taken && taken > 0
        });
        assert!(sold, "{back:?}");
        cancelled += 1;
    }
    assert!(cancelled > 20);
}

#[test]
fn both_forms_say_the_same() {
    let (uci, iso) = (made(&small(50)), made(&CommerceOptions { form: Form::Iso, ..small(50) }));
    let (uci_rows, iso_rows) = (rows(uci.0.path()), rows(iso.0.path()));
    assert_eq!(uci_rows.len(), iso_rows.len());
    for (uci, iso) in uci_rows.iter().zip(&iso_rows) {
        assert_eq!((&uci[0], &uci[1], &uci[3], &uci[5]), (&iso[0], &iso[1], &iso[3], &iso[5]));
        assert_eq!(uci[6].is_empty(), iso[6].is_empty());
        assert_eq!(uci[6], iso[6].trim_end_matches(".0"));
    }
    // The pound sign is one byte in one form and two in the other.
    let has = |folder: &Path, bytes: &[u8]| contents(folder).values().any(|text| text.windows(bytes.len()).any(|window| window == bytes));
    assert!(has(uci.0.path(), b"\xa31 CLUB") && !has(uci.0.path(), b"\xc2\xa3"));
    assert!(has(iso.0.path(), b"\xc2\xa31 CLUB"));
}

/// Expected purchases after the first within `days` (Fader, Hardie and Lee, 2005), by drawing rates and chances.
fn expected_repeats(days: f64) -> f64 {
    let mut draws = Draws::new(7, Stream::Effect, 0);
    let count = 400_000;
    let sum: f64 = (0..count)
        .map(|_| {
            let (rate, leaves) = (draws.gamma(RATE_SHAPE) / RATE_SCALE_DAYS, draws.beta(DROP_A, DROP_B));
            (1.0 - (-rate * leaves * days).exp()) / leaves
        })
        .sum();
    sum / f64::from(count)
}

#[test]
fn purchases_follow_the_law() {
    let options = CommerceOptions { customers: 20_000, days: 200, ..CommerceOptions::default() };
    let customers = customers::Customers::new(options.seed);
    let repeats: Vec<f64> = (0..options.customers)
        .map(|number| {
            let customer = customers.customer(number);
            customers.life(number, &customer, 200.0).purchases.len() as f64 - 1.0
        })
        .collect();
    let mean = repeats.iter().sum::<f64>() / repeats.len() as f64;
    // The first purchase is uniform over the log, so is what remains of it.
    let expected = (0..40).map(|step| expected_repeats(200.0 * (f64::from(step) + 0.5) / 40.0)).sum::<f64>() / 40.0;
    let spread = (repeats.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / repeats.len() as f64).sqrt();
    let error = spread / (repeats.len() as f64).sqrt();
    assert!((mean - expected).abs() < 4.0 * error, "{mean} {expected} {error}");
    // Control: another law would be seen.
    assert!((mean - 1.2 * expected).abs() > 4.0 * error);
}

#[test]
fn distributions_have_their_moments() {
    let mut draws = Draws::new(1, Stream::Effect, 1);
    for shape in [0.3, 0.9, 1.0, 2.5, 40.0] {
        let values: Vec<f64> = (0..200_000).map(|_| draws.gamma(shape)).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64;
        assert!((mean / shape - 1.0).abs() < 0.03 && (variance / shape - 1.0).abs() < 0.06, "{shape}: {mean} {variance}");
    }
    let (a, b) = (0.6, 3.0);
    let values: Vec<f64> = (0..200_000).map(|_| draws.beta(a, b)).collect();
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    assert!((mean - a / (a + b)).abs() < 0.003, "{mean}");
}

#[test]
fn what_cannot_be_done_is_said_in_one_line() {
    let fails = |options: &CommerceOptions, out: &Path| {
        let message = generate(options, out, &mut |_| {}).unwrap_err().to_string();
        assert!(!message.contains('\n'));
        message
    };
    let (folder, _) = made(&small(10));
    assert!(fails(&small(10), folder.path()).contains("already exists"));
    assert!(generate(&CommerceOptions { overwrite: true, ..small(5) }, folder.path(), &mut |_| {}).is_ok());
    let empty = tempfile::tempdir().unwrap();
    assert!(fails(&CommerceOptions { days: 0, ..small(1) }, empty.path()).contains("hold no day"));
    assert!(fails(&CommerceOptions { days: 36_526, ..small(1) }, empty.path()).contains("36526 days are too many: ask for at most 36525"));
    assert!(fails(&small(u32::MAX), empty.path()).contains("too many"));
    // Nobody makes no invoice, and that is a log too.
    let (nobody, generated) = made(&small(0));
    assert_eq!((generated.invoices, generated.best_auc, contents(nobody.path()).len()), (0, None, 1));
}
