//! What the generated files must be like, read as a stranger would read them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bytes;
mod clicks;
mod dirty;
mod folder;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::*;

fn small(requests: u64) -> AdtechOptions {
    AdtechOptions { requests, users: requests / 10, seed: 7, days: 30, ..AdtechOptions::default() }
}

fn made(options: &AdtechOptions) -> (TempDir, Generated) {
    let folder = tempfile::tempdir().unwrap();
    let generated = generate(options, folder.path(), &mut |_| {}).unwrap();
    (folder, generated)
}

/// All files by their path, `truth/` included.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for (folder, prefix) in [(folder.to_owned(), ""), (folder.join("truth"), "truth/")] {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let name = path.file_name().unwrap().to_str().unwrap();
                found.insert(format!("{prefix}{name}"), fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// The fields of a line, RFC 4180.
fn fields(line: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut is_quoted = false;
    let mut marks = line.chars().peekable();
    while let Some(mark) = marks.next() {
        match mark {
            '"' if is_quoted && marks.peek() == Some(&'"') => found.last_mut().unwrap().extend(marks.next()),
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => found.push(String::new()),
            mark => found.last_mut().unwrap().push(mark),
        }
    }
    assert!(!is_quoted, "unclosed quote: {line}");
    found
}

/// The rows of a file without its header.
fn rows(folder: &Path, file: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(folder.join(file)).unwrap();
    assert!(text.ends_with('\n') && !text.contains('\r'));
    text.lines().skip(1).map(fields).collect()
}

fn column(rows: &[Vec<String>], at: usize) -> Vec<&str> {
    rows.iter().map(|row| row[at].as_str()).collect()
}

fn assert_near(what: &str, got: f64, expected: f64, tolerance: f64) {
    assert!((got - expected).abs() <= tolerance, "{what}: {got}, expected {expected} ± {tolerance}");
}
