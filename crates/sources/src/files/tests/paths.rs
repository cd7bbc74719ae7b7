//! Paths to tables.

use spec::{Encoding, SourceTable};

use super::*;

fn table(path: &str) -> String {
    match TableRules::default().classify(path) {
        Classified::Table { table, .. } => table,
        Classified::Ignored { reason } => format!("({reason})"),
    }
}

#[test]
fn tables_are_named_by_file_or_folder() {
    for (path, expected) in [
        ("requests.csv", "requests"),
        ("requests-2025-01-01.csv.gz", "requests"),
        ("requests_0001.csv", "requests"),
        ("requests.20250101T120000Z.csv.zst", "requests"),
        ("requests-2025-01-01-00.csv", "requests"),
        ("requests-part-0001-of-0010.csv", "requests"),
        ("2025-01-01-requests.csv", "requests"),
        ("requests-8e0c1b44-91a4-4a0b-9df1-0123456789ab.csv", "requests"),
        ("user_app_genre.csv", "user_app_genre"),
        ("User App-Genre.TSV", "user_app_genre"),
        ("requests/2025-01-01.csv", "requests"),
        ("clicks/eu.csv", "clicks"),
        ("clicks/us/part-1.csv", "clicks"),
        ("2025-01-01/clicks.csv", "clicks"),
        ("day=2025-01-01/clicks.csv", "clicks"),
        ("logs/clicks/eu.csv", "clicks"),
        ("logs/2025-01-01.csv", "logs"),
        ("requests/requests-2025-01-01.csv", "requests"),
        ("logs/requests-2025-01-01.csv", "requests"),
        ("requests/part-00000-8e0c1b44-91a4-4a0b-9df1-0123456789ab-c000.snappy.parquet", "requests"),
        ("lake/requests/day=2025-01-01/part-0.parquet", "requests"),
        ("lake/requests/2025/01/01/000000_0.csv", "requests"),
        ("Click Events/0001.json", "click_events"),
        ("criteo_sample.tsv.gz", "criteo_sample"),
        ("3d_models.csv", "t_3d_models"),
        ("batch.csv", "batch"),
        ("top10.csv", "top10"),
        ("a.b.ndjson", "a_b"),
        ("x/part.csv", "x"),
        ("Online Retail.xlsx", "online_retail"),
        ("orders/2025-01.XLSM", "orders"),
    ] {
        assert_eq!(table(path), expected, "{path}");
    }
}

#[test]
fn what_is_left_alone_is_told_why() {
    for (path, reason) in [
        ("requests.csv.tmp", "still being written, by its name"),
        ("requests.csv.PART", "still being written, by its name"),
        ("requests.csv.crdownload", "still being written, by its name"),
        ("requests.csv.inprogress", "still being written, by its name"),
        ("requests/_temporary/0/part-0.csv", "still being written: it is below _temporary"),
        ("_SUCCESS", "hidden, or a marker"),
        ("requests/.requests.csv.swx", "hidden, or a marker"),
        (".git/x.csv", "hidden: it is below .git"),
        ("t/_delta_log/0.json", "hidden: it is below _delta_log"),
        ("2025-01-01.csv", "its name has no word in it: name its table with a [[source.table]] pattern"),
        ("readme.md", "its name does not end in .csv, .tsv, .txt, .ndjson, .jsonl, .json, .parquet, .xlsx or .xlsm"),
        ("requests", "its name does not end in .csv, .tsv, .txt, .ndjson, .jsonl, .json, .parquet, .xlsx or .xlsm"),
        ("orders.xls", "workbooks are read as .xlsx or .xlsm: save it as one of them"),
        ("orders.ods", "workbooks are read as .xlsx or .xlsm: save it as one of them"),
        ("~$orders.xlsx", "the mark of a workbook that is open"),
        ("orders.xlsx.gz", "a workbook is compressed within: unpack the file"),
        ("requests.csv.bz2", "files ending in .bz2 are not read: use .gz or .zst"),
        ("requests.parquet.gz", "Parquet is compressed within: unpack the file"),
    ] {
        assert_eq!(table(path), format!("({reason})"), "{path}");
    }
}

#[test]
fn a_known_table_is_found_wherever_its_name_stands() {
    let table = |path: &str| match TableRules::default().classify_known(path, &["clicks", "requests"]) {
        Classified::Table { table, .. } => table,
        Classified::Ignored { reason } => panic!("{path}: {reason}"),
    };
    for (path, expected) in [
        ("eu/clicks.csv", "clicks"),
        ("acme/requests/eu.csv", "requests"),
        ("clicks/requests-1.csv", "requests"),
        ("acme/orders.csv", "acme"),
    ] {
        assert_eq!(table(path), expected, "{path}");
    }
}

fn rule(pattern: &str, table: &str) -> SourceTable {
    SourceTable {
        pattern: pattern.to_string(),
        table: table.to_string(),
        encoding: None,
        delimiter: None,
        has_header: None,
        columns: None,
        sheet: None,
    }
}

#[test]
fn the_first_rule_that_fits_counts() {
    let log = SourceTable { delimiter: Some(b' '), encoding: Some(Encoding::Utf8), ..rule("**/*.log*", "access") };
    let rules = [rule("logs/imp*.csv", "impressions"), rule("logs/*.csv", "other"), log, rule("**/x/**", "deep")];
    let rules = TableRules::new(&rules, Encoding::Latin1).unwrap();
    let found = |path: &str| match rules.classify(path) {
        Classified::Table { table, spec } => (table, spec),
        Classified::Ignored { reason } => panic!("{path}: {reason}"),
    };
    assert_eq!(found("logs/imp1.csv").0, "impressions");
    assert_eq!(found("logs/clicks.csv").0, "other");
    assert_eq!(found("logs/old/clicks.csv").0, "clicks");
    assert_eq!(found("a/x/b/c.csv").0, "deep");
    assert_eq!(found("clicks.csv").1.encoding, Encoding::Latin1);
    let (table, spec) = found("web/server.log.gz");
    assert_eq!((table.as_str(), spec.format, spec.compression), ("access", Format::Delimited, Compression::Gzip));
    assert_eq!((spec.delimiter, spec.encoding), (Some(b' '), Encoding::Utf8));
    let error = TableRules::new(&[rule("logs/[", "x")], Encoding::Utf8).unwrap_err().to_string();
    assert!(error.starts_with("source.table pattern \"logs/[\" is not valid: "), "{error}");
}
