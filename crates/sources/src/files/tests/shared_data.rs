//! Real files, found through `ADLAKE_TEST_DATA`.

use std::fs::File;
use std::path::PathBuf;

use super::*;

fn shared(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("ADLAKE_TEST_DATA").map(|folder| PathBuf::from(folder).join(name));
    let found = path.filter(|path| path.exists());
    if found.is_none() {
        // Loud, so that nobody takes a skipped test for a passed one.
        let _ = writeln!(std::io::stderr(), "SKIPPED: ADLAKE_TEST_DATA has no {name}");
    }
    found
}

fn totals(path: PathBuf, spec: &FileSpec) -> (Contents, Fingerprint) {
    let mut reader = BlockReader::open(Box::new(File::open(path).unwrap()), spec).unwrap();
    let layout = reader.layout().unwrap().clone();
    let decoder = RowDecoder::new(&layout);
    let mut all = Contents { columns: layout.columns, ..Contents::default() };
    while let Some(block) = reader.next_block().unwrap() {
        let decoded = decoder.decode(&block).unwrap();
        all.rejects.extend(decoded.rejects);
        append(&mut all, &decoded.batch);
    }
    (all, reader.finish().unwrap())
}

#[test]
fn online_retail() {
    let Some(path) = shared("online_retail.csv.zst") else {
        return;
    };
    let Classified::Table { table, mut spec } = TableRules::default().classify("online_retail.csv.zst") else { panic!() };
    assert_eq!(table, "online_retail");
    let (as_utf_8, _) = totals(path.clone(), &spec);
    assert_eq!((as_utf_8.rows.len(), as_utf_8.rejects.len()), (541_909 - 32, 32));
    spec.encoding = spec::Encoding::Latin1;
    let (found, fingerprint) = totals(path, &spec);
    assert_eq!((found.rows.len(), found.rejects.len()), (541_909, 0));
    assert_eq!(fingerprint.bytes, 3_369_793);
    let column = |name: &str| found.columns.iter().position(|column| column == name).unwrap();
    let (quantity, price, customer) = (column("Quantity"), column("UnitPrice"), column("CustomerID"));
    let number = |row: &[Option<String>], column: usize| row[column].as_deref().unwrap().parse::<f64>().unwrap();
    let revenue: f64 = found.rows.iter().map(|row| number(row, quantity) * number(row, price)).sum();
    assert!((revenue - 9_747_747.934).abs() < 1e-3, "{revenue}");
    assert_eq!(found.rows.iter().filter(|row| row[customer].as_deref() == Some("")).count(), 135_080);
    assert_eq!(found.rows.iter().flatten().flatten().filter(|value| value.contains('£')).count(), 32);
}

#[test]
fn criteo_sample() {
    let Some(path) = shared("criteo_sample.tsv.gz") else {
        return;
    };
    let Classified::Table { spec, .. } = TableRules::default().classify("criteo_sample.tsv.gz") else { panic!() };
    let (found, _) = totals(path, &spec);
    assert_eq!((found.rows.len(), found.rejects.len(), found.columns.len()), (8_184, 0, 40));
    assert_eq!(found.rows.iter().filter(|row| row[0].as_deref() == Some("1")).count(), 1_772);
    assert_eq!(found.lines.last(), Some(&8_184));
}

#[test]
fn journeys() {
    let Some(path) = shared("journeys_pathdata.csv") else {
        return;
    };
    let (found, _) = totals(path, &csv());
    assert_eq!(found.columns, ["path", "total_conversions", "total_conversion_value", "total_null"]);
    assert_eq!((found.rows.len(), found.rejects.len()), (10_000, 0));
    let conversions: i64 = found.rows.iter().map(|row| row[1].as_deref().unwrap().parse::<i64>().unwrap()).sum();
    assert_eq!(conversions, 19_785);
}
