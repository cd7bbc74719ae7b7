//! Synthetic rows are like real ones, where a real sample is at hand (`ADLAKE_TEST_DATA`).

use std::collections::HashMap;
use std::io::{Read, Write};

use flate2::read::MultiGzDecoder;

use super::*;

const SAMPLE: &str = "criteo_sample.tsv.gz";

fn sample() -> Option<Vec<Vec<String>>> {
    let path = std::env::var_os("ADLAKE_TEST_DATA").map(|folder| Path::new(&folder).join(SAMPLE)).filter(|path| path.exists());
    let Some(path) = path else {
        // Loud, so that nobody takes a skipped test for a passed one.
        let _ = writeln!(std::io::stderr(), "SKIPPED: ADLAKE_TEST_DATA has no {SAMPLE}");
        return None;
    };
    let mut text = String::new();
    MultiGzDecoder::new(fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    Some(text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect())
}

/// The values that are not missing, with the share of rows that lack one.
fn present(rows: &[Vec<String>], column: usize) -> (Vec<&str>, f64) {
    let values: Vec<&str> = rows.iter().map(|row| row[column].as_str()).filter(|value| !value.is_empty()).collect();
    let missing = 1.0 - values.len() as f64 / rows.len() as f64;
    (values, missing)
}

/// Share of the most frequent value, and how many there are.
fn heads(values: &[&str]) -> (f64, usize) {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    values.iter().for_each(|value| *counts.entry(value).or_default() += 1);
    (counts.values().copied().max().unwrap_or_default() as f64 / values.len() as f64, counts.len())
}

/// Quartiles and the number that a hundredth exceeds, as ln(1 + x).
fn quantiles(values: &[&str]) -> [f64; 4] {
    let mut numbers: Vec<i64> = values.iter().map(|value| value.parse().unwrap()).collect();
    numbers.sort_unstable();
    [0.25, 0.5, 0.75, 0.99].map(|share| (numbers[(share * (numbers.len() - 1) as f64) as usize].max(0) as f64).ln_1p())
}

#[test]
fn columns_are_like_those_of_a_real_sample() {
    let Some(real) = sample() else { return };
    let (folder, _) = made(&small(real.len() as u64));
    let synthetic = rows(folder.path());
    for column in 1..40 {
        let ((real, real_missing), (found, missing)) = (present(&real, column), present(&synthetic, column));
        assert_near(&format!("column {column}, missing"), missing, real_missing, 0.025);
        if column <= 13 {
            for (found, real) in quantiles(&found).into_iter().zip(quantiles(&real)) {
                assert_near(&format!("I{column}, a quantile of ln(1 + x)"), found, real, 0.8);
            }
        } else {
            let ((real_top, real_distinct), (top, distinct)) = (heads(&real), heads(&found));
            let name = format!("C{}", column - 13);
            assert_near(&format!("{name}, the most frequent value"), top, real_top, 0.12);
            let ratio = distinct as f64 / real_distinct as f64;
            assert!(
                (0.85..1.18).contains(&ratio) || distinct.abs_diff(real_distinct) <= 45,
                "{name}: {distinct} values, {real_distinct} real ones"
            );
        }
    }
}

#[test]
fn values_are_missing_together_as_in_a_real_sample() {
    let Some(real) = sample() else { return };
    let (folder, _) = made(&small(real.len() as u64));
    let synthetic = rows(folder.path());
    let together = |rows: &[Vec<String>], columns: &[usize]| {
        let lacking = |row: &&Vec<String>| columns.iter().filter(|column| row[**column].is_empty()).count();
        rows.iter().filter(|row| ![0, columns.len()].contains(&lacking(row))).count()
    };
    // Either all of these columns or none of them.
    for columns in [[1, 10].as_slice(), &[4, 13], &[7, 9, 11], &[16, 17, 25, 29, 34, 37], &[32, 33, 38, 39]] {
        assert_eq!((together(&synthetic, columns), together(&real, columns)), (0, 0), "{columns:?}");
    }
    assert!(together(&synthetic, &[1, 4]) > 1000 && together(&real, &[1, 4]) > 1000, "the control");
}
