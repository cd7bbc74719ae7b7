//! What is written where, how it is read, and what is refused.

use std::fs;

use spec::Settings;

use super::*;
use crate::files::{BlockReader, Classified, RowDecoder, TableRules};

#[test]
fn files_are_read_by_the_settings_that_go_with_them() {
    let (folder, _) = made(&small(2000));
    let settings = Settings::parse("adlake.toml", SETTINGS, []).unwrap();
    let rules = TableRules::new(&settings.source.tables, settings.source.encoding).unwrap();
    let mut read = 0;
    for (name, bytes) in contents(folder.path()).into_iter().filter(|(name, _)| name.starts_with("criteo_events")) {
        let Classified::Table { table, spec } = rules.classify(&name) else { panic!("{name} is no table") };
        assert_eq!(table, "criteo_events");
        let mut reader = BlockReader::open(Box::new(std::io::Cursor::new(bytes)), &spec).unwrap();
        let layout = reader.layout().unwrap().clone();
        let names: Vec<String> = std::iter::once("label".to_owned())
            .chain((1..=13).map(|number| format!("i{number}")))
            .chain((1..=26).map(|number| format!("c{number}")))
            .collect();
        assert_eq!((layout.columns.clone(), layout.warnings.len()), (names, 0));
        let decoder = RowDecoder::new(&layout);
        while let Some(block) = reader.next_block().unwrap() {
            let decoded = decoder.decode(&block).unwrap();
            assert_eq!(decoded.rejects, []);
            read += decoded.batch.num_rows();
        }
    }
    assert_eq!(read, 2000);
    // Control: what stands in truth/ is no raw file, and without the settings no column has a name.
    assert!(settings.source.ignore.iter().any(|pattern| pattern == "truth/**"));
    let Classified::Table { spec, .. } = TableRules::default().classify("criteo_events/day_0.tsv") else { panic!() };
    let file = fs::File::open(folder.path().join("criteo_events/day_0.tsv")).unwrap();
    assert_eq!(BlockReader::open(Box::new(file), &spec).unwrap().layout().unwrap().columns[0], "column_1");
}

#[test]
fn a_day_has_a_seventh_of_the_rows_and_none_no_file() {
    let lines = |rows: u64| {
        let (folder, generated) = made(&small(rows));
        assert_eq!(generated.bytes, contents(folder.path()).values().map(|bytes| bytes.len() as u64).sum::<u64>());
        let files = contents(folder.path()).into_iter().filter(|(name, _)| name.starts_with("criteo_events"));
        files.map(|(_, bytes)| bytes.iter().filter(|byte| **byte == b'\n').count()).collect::<Vec<_>>()
    };
    assert_eq!(lines(70_001), [10_000, 10_000, 10_000, 10_000, 10_000, 10_000, 10_001]);
    assert_eq!(lines(3), [1, 1, 1]);
    assert_eq!(lines(0), Vec::<usize>::new());
    assert_eq!(made(&small(0)).1.best_auc, None);
}

#[test]
fn what_cannot_be_done_is_said_in_one_line() {
    let fails = |options: &CriteoOptions, out: &Path| {
        let message = generate(options, out, &mut |_| {}).unwrap_err().to_string();
        assert!(!message.contains('\n'));
        message
    };
    let (folder, _) = made(&small(100));
    let out = folder.path();
    assert!(fails(&small(100), out).contains("criteo_events/day_0.tsv already exists"));
    let file = out.join("criteo_events/day_0.tsv");
    assert!(fails(&small(100), &file).contains("day_0.tsv"), "a file is no folder");
    // Overwriting leaves no file of the earlier run behind, and no other file is touched.
    fs::write(out.join("criteo_events/notes.txt"), "mine").unwrap();
    fs::write(out.join("clicks.csv"), "another log").unwrap();
    generate(&CriteoOptions { overwrite: true, ..small(2) }, out, &mut |_| {}).unwrap();
    let names: Vec<String> = contents(out).into_keys().collect();
    assert_eq!(names, ["criteo_events/day_3.tsv", "criteo_events/day_6.tsv", "criteo_events/notes.txt", "truth/criteo_events.csv"]);
    assert!(out.join("clicks.csv").exists());
    fs::remove_dir_all(out.join("criteo_events")).unwrap();
    assert!(fails(&small(100), out).contains("truth/criteo_events.csv already exists"));
}

#[test]
fn progress_reaches_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let mut seen: Vec<Progress> = Vec::new();
    let generated = generate(&small(200_000), folder.path(), &mut |progress| seen.push(progress)).unwrap();
    assert!(seen.len() > 2 && seen.is_sorted_by_key(|progress| progress.done));
    let last = seen.last().unwrap();
    assert_eq!((last.done, last.total), (200_000, 200_000));
    assert!(last.bytes <= generated.bytes && last.bytes > generated.bytes * 9 / 10);
}
