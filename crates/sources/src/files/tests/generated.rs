//! Synthetic logs with rows broken on purpose: those are rejected, and no other row is touched.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::*;
use crate::adtech::{AdtechOptions, generate};

fn logs(folder: &Path, malformed: bool) {
    let options = AdtechOptions { requests: 30_000, users: 3_000, seed: 11, malformed, ..AdtechOptions::default() };
    generate(&options, folder, &mut |_| {}).unwrap();
}

fn contents(path: &Path) -> Contents {
    read(&fs::read(path).unwrap(), &blocks_of(100_000, csv())).unwrap()
}

/// Rows by line.
fn by_line(found: &Contents) -> BTreeMap<i64, &Vec<Option<String>>> {
    found.lines.iter().copied().zip(&found.rows).collect()
}

#[test]
fn broken_rows_are_rejected_and_no_other() {
    let (clean, broken) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    logs(clean.path(), false);
    logs(broken.path(), true);
    // file,line,kind,row
    let list = contents(&broken.path().join("truth/malformed.csv"));
    let mut kinds: BTreeMap<(String, i64), String> = BTreeMap::new();
    for row in &list.rows {
        let value = |column: usize| row[column].clone().unwrap();
        kinds.insert((value(0), value(1).parse().unwrap()), value(2));
    }
    let mut rejected = BTreeMap::new();
    for table in ["requests", "impressions", "clicks", "installs", "user_profile", "user_app_genre"] {
        let name = format!("{table}.csv");
        let expected = contents(&clean.path().join(&name));
        let found = contents(&broken.path().join(&name));
        assert_eq!(found.continuation_lines, 0, "{name}");
        assert_eq!(found.rows.len() + found.rejects.len(), expected.rows.len(), "{name}");
        let expected = by_line(&expected);
        for (line, row) in by_line(&found) {
            if !kinds.contains_key(&(name.clone(), line)) {
                assert_eq!(Some(&row), expected.get(&line), "{name} line {line}");
            }
        }
        for reject in found.rejects {
            let kind = kinds.get(&(name.clone(), reject.line as i64));
            let kind = kind.unwrap_or_else(|| panic!("{name}: {reject:?}"));
            let expected = match kind.as_str() {
                "too_few_fields" | "too_many_fields" => "expected ",
                "invalid_utf8" => "not UTF-8 at byte ",
                "unclosed_quote" => "unclosed quote: ",
                other => panic!("{name}: a row of kind {other} can be read: {reject:?}"),
            };
            assert!(reject.reason.starts_with(expected), "{kind}: {reject:?}");
            *rejected.entry(kind.clone()).or_insert(0) += 1;
        }
    }
    let listed = |kind: &str| kinds.values().filter(|listed| *listed == kind).count();
    for kind in ["too_few_fields", "too_many_fields", "invalid_utf8", "unclosed_quote"] {
        assert!(listed(kind) > 0);
        assert_eq!(rejected.get(kind), Some(&listed(kind)), "{kind}");
    }
}
