//! What the generated files must be like, read as a stranger would read them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bytes;
mod clicks;
mod folder;
mod real;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::*;

fn small(rows: u64) -> CriteoOptions {
    CriteoOptions { rows, seed: 7, ..CriteoOptions::default() }
}

fn made(options: &CriteoOptions) -> (TempDir, Generated) {
    let folder = tempfile::tempdir().unwrap();
    let generated = generate(options, folder.path(), &mut |_| {}).unwrap();
    (folder, generated)
}

/// All files by their path.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for part in ["criteo_events", "truth"] {
        for entry in fs::read_dir(folder.join(part)).into_iter().flatten() {
            let path = entry.unwrap().path();
            found.insert(format!("{part}/{}", path.file_name().unwrap().to_str().unwrap()), fs::read(&path).unwrap());
        }
    }
    found
}

/// The rows of all days in order.
fn rows(folder: &Path) -> Vec<Vec<String>> {
    let days = contents(folder).into_iter().filter(|(name, _)| name.starts_with("criteo_events"));
    let lines = days.flat_map(|(_, bytes)| String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect::<Vec<_>>());
    lines.map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

/// File, line and true probability of each row.
fn truth(folder: &Path) -> Vec<(String, usize, f64)> {
    let text = fs::read_to_string(folder.join("truth/criteo_events.csv")).unwrap();
    let entry = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        (fields[0].to_owned(), fields[1].parse().unwrap(), fields[2].parse().unwrap())
    };
    text.lines().skip(1).map(entry).collect()
}

fn assert_near(what: &str, got: f64, expected: f64, tolerance: f64) {
    assert!((got - expected).abs() <= tolerance, "{what}: {got}, expected {expected} ± {tolerance}");
}
