//! Mended rows: what was broken in the source, set aside, mended and replayed gives the tables that a source without a
//! broken row gives.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use adlake::Work;
use bronze::{MendedRows, ReplayOptions, Sources};
use lake::datafusion::arrow::array::AsArray;
use lake::datafusion::arrow::csv::ReaderBuilder;
use lake::datafusion::arrow::datatypes::{DataType, Field, Schema};
use lake::{Lake, Running, Silent};
use sources::adtech::{AdtechOptions, generate};
use spec::{Settings, TableName};

use crate::lakes::{block_on, fresh, made_tables, rows, shipped, versions};

/// A row of `truth/malformed.csv`.
struct Broken {
    file: String,
    line: i64,
    kind: String,
    row: String,
}

impl Broken {
    /// The table that cannot take the row: an impossible timestamp is text like any other in bronze.
    fn table(&self) -> String {
        let layer = if self.kind == "impossible_timestamp" { "silver" } else { "bronze" };
        format!("{layer}.{}", self.file.trim_end_matches(".csv"))
    }
}

fn generated(folder: &Path, malformed: bool) -> Vec<Broken> {
    let options = AdtechOptions { requests: 4_000, users: 1_500, days: 5, seed: 59, malformed, ..AdtechOptions::default() };
    generate(&options, folder, &mut |_| {}).unwrap();
    if !malformed {
        return Vec::new();
    }
    let truth = std::fs::read_to_string(folder.join("truth/malformed.csv")).unwrap();
    let broken = |line: &str| {
        let fields: Vec<&str> = line.splitn(4, ',').collect();
        let row = fields[3].strip_prefix('"').unwrap().strip_suffix('"').unwrap().replace("\"\"", "\"");
        Broken { file: fields[0].to_owned(), line: fields[1].parse().unwrap(), kind: fields[2].to_owned(), row }
    };
    truth.lines().skip(1).map(broken).collect()
}

async fn run(lake: &Lake, source: &Path) {
    let sources = Sources::open(&Settings::default(), source.to_str()).unwrap();
    adlake::run(lake, shipped(), &Work { sources: Some(&sources), ..Work::all() }, &Silent).await.unwrap();
}

async fn quarantined(lake: &Lake) -> Vec<String> {
    rows(lake, "select table_name, source, line from ops.quarantine order by 1, 2, 3").await
}

/// Rows of each table of silver and gold.
async fn made(lake: &Lake) -> BTreeMap<TableName, Vec<String>> {
    let mut made = BTreeMap::new();
    for model in made_tables() {
        let columns: Vec<String> = model.header.columns.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        let mut found = rows(lake, &format!("select {} from {}", columns.join(", "), model.table)).await;
        found.sort();
        made.insert(model.table.clone(), found);
    }
    made
}

/// An exported file with the intact rows in place of the broken ones, but for those that `leave` names.
async fn mended(lake: &Lake, table: &str, truth: &[Broken], leave: &[(String, i64)]) -> Vec<u8> {
    let mut exported = Vec::new();
    bronze::export(lake, &table.parse().unwrap(), &mut exported).await.unwrap();
    let schema = Schema::new(["source", "line", "rule", "reason", "raw"].map(|name| Field::new(name, DataType::Utf8, true)).to_vec());
    let mut text = String::from("source,line,rule,reason,raw\n");
    for batch in ReaderBuilder::new(Arc::new(schema)).with_header(true).build(exported.as_slice()).unwrap() {
        let batch = batch.unwrap();
        let column = |at: usize| batch.column(at).as_string::<i32>();
        for row in 0..batch.num_rows() {
            let place = (column(0).value(row).to_owned(), column(1).value(row).parse().unwrap());
            let intact = truth.iter().find(|b| (&b.file, b.line) == (&place.0, place.1)).unwrap();
            let raw = if leave.contains(&place) { column(4).value(row) } else { &intact.row };
            text.push_str(&format!("{},{},,,\"{}\"\n", place.0, place.1, raw.replace('"', "\"\"")));
        }
    }
    text.into_bytes()
}

async fn replay(lake: &Lake, bronze: &TableName, file: &[u8]) -> MendedRows {
    let mut running = Running::begin(lake, lake::now());
    let done = bronze::replay(&mut running, bronze, file.to_vec(), &ReplayOptions::default()).await.unwrap();
    if done.replayed.added > 0 {
        running.publish(&[], &Silent).await.unwrap();
    }
    done
}

#[test]
fn mended_rows_give_the_tables_of_a_source_without_broken_rows() {
    block_on(async {
        let (clean, broken) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        generated(clean.path(), false);
        let truth = generated(broken.path(), true);
        let kinds: BTreeSet<&str> = truth.iter().map(|b| b.kind.as_str()).collect();
        assert_eq!(kinds.len(), 5, "the generated rows are broken in too few ways: {kinds:?}");
        let (wanted, lake) = (fresh(), fresh());
        run(&wanted, clean.path()).await;
        run(&lake, broken.path()).await;
        let mut listed: Vec<String> = truth.iter().map(|b| format!("{}|{}|{}", b.table(), b.file, b.line)).collect();
        listed.sort();
        let mut found = quarantined(&lake).await;
        found.sort();
        assert_eq!(found, listed);
        let wanted = made(&wanted).await;
        // The control: the broken rows matter.
        assert_ne!(made(&lake).await, wanted);

        // One row is not mended: it alone stays.
        let left = (truth[0].file.clone(), truth[0].line);
        let mut files = Vec::new();
        let tables: BTreeSet<String> = truth.iter().map(Broken::table).collect();
        for table in &tables {
            let bronze: TableName = format!("bronze.{}", table.split('.').nth(1).unwrap()).parse().unwrap();
            let file = mended(&lake, table, &truth, std::slice::from_ref(&left)).await;
            let done = replay(&lake, &bronze, &file).await;
            let refused: Vec<(String, i64)> = done.refused.iter().map(|r| (r.source.clone(), r.line)).collect();
            let expected: Vec<(String, i64)> = if *table == truth[0].table() { vec![left.clone()] } else { Vec::new() };
            assert_eq!(refused, expected, "{table}: {:?}", done.refused);
            let listed = truth.iter().filter(|b| b.table() == *table).count() - expected.len();
            assert_eq!(done.replayed.added, listed as u64, "{table}");
            files.push((bronze, file));
        }
        assert_eq!(quarantined(&lake).await, [format!("{}|{}|{}", truth[0].table(), left.0, left.1)]);

        let bronze: TableName = format!("bronze.{}", truth[0].file.trim_end_matches(".csv")).parse().unwrap();
        let last = mended(&lake, &truth[0].table(), &truth, &[]).await;
        assert_eq!(replay(&lake, &bronze, &last).await.replayed.added, 1);
        files.push((bronze, last));
        assert!(quarantined(&lake).await.is_empty());
        run(&lake, broken.path()).await;
        let now = made(&lake).await;
        for (table, rows) in &wanted {
            assert!(now[table] == *rows, "{table} differs from the one made of intact files");
        }
        assert!(quarantined(&lake).await.is_empty());

        // Once more, each of them: nothing changes.
        let before = versions(&lake).await;
        for (bronze, file) in &files {
            let done = replay(&lake, bronze, file).await;
            assert!(done.replayed.known && done.replayed.added == 0 && done.replayed.left.is_empty(), "{bronze}: {:?}", done.replayed);
        }
        assert_eq!(versions(&lake).await, before);

        // Computed anew, silver sets aside again what bronze still holds as it came. The mended rows are there already, so
        // that replaying them adds none and only clears the quarantine: as after a crash between the two commits.
        let in_silver: Vec<String> = listed.into_iter().filter(|row| row.starts_with("silver.")).collect();
        let tables: Vec<String> = tables.into_iter().filter(|table| table.starts_with("silver.")).collect();
        adlake::run(&lake, shipped(), &Work { tables: tables.clone(), rebuild: true, ..Work::all() }, &Silent).await.unwrap();
        assert_eq!(quarantined(&lake).await, in_silver);
        for (bronze, file) in &files {
            assert_eq!(replay(&lake, bronze, file).await.replayed.added, 0, "{bronze}");
        }
        assert!(quarantined(&lake).await.is_empty());
        let now = made(&lake).await;
        for table in tables {
            let table: TableName = table.parse().unwrap();
            assert!(now[&table] == wanted[&table], "{table} differs when computed anew");
        }
    });
}

#[test]
fn a_row_that_is_no_better_than_it_was_stays_in_quarantine() {
    block_on(async {
        let source = tempfile::tempdir().unwrap();
        let header = "id_md5,install_id,has_install,install_at";
        std::fs::write(
            source.path().join("installs.csv"),
            format!("{header}\na,i1,true,2025-01-01 00:00:00\nb,i2\nc,i3,true,yesterday\nd\n"),
        )
        .unwrap();
        let lake = fresh();
        run(&lake, source.path()).await;
        let set_aside = ["bronze.installs|installs.csv|3", "bronze.installs|installs.csv|5", "silver.installs|installs.csv|4"];
        assert_eq!(quarantined(&lake).await, set_aside);
        let before = versions(&lake).await;
        let installs: TableName = "bronze.installs".parse().unwrap();
        // Still short, the text as it was, the source row as it is in bronze, a row that was never set aside.
        let file = "source,line,raw\ninstalls.csv,3,\"b,i2,true\"\ninstalls.csv,5,d\ninstalls.csv,4,\"c,i3,true,yesterday\"\ninstalls.csv,2,\"a,i1,true,\"\n";
        let done = replay(&lake, &installs, file.as_bytes()).await;
        let refused: Vec<String> = done.refused.iter().map(|r| format!("{} {}", r.line, r.reason)).collect();
        assert_eq!(
            refused,
            [
                "3 is still broken: expected 4 fields, found 3 (--columns names those that the row has)",
                "5 is not mended: expected 4 fields, found 1",
                "2 is not in the quarantine of bronze.installs or of a table made from it",
                "4 the row is as it came",
            ]
        );
        assert_eq!((done.replayed.added, versions(&lake).await), (0, before));
        assert_eq!(quarantined(&lake).await, set_aside);

        // A row mended in the wrong way is judged like any other, and can be mended again.
        for (raw, is_taken) in [("c,i3,true,tomorrow", false), ("c,i3,true,2025-01-02 00:00:00", true)] {
            let file = format!("source,line,raw\ninstalls.csv,4,\"{raw}\"\n");
            let done = replay(&lake, &installs, file.as_bytes()).await;
            assert_eq!((done.replayed.added, done.refused.len(), done.waiting.len()), (1, 0, 2), "{raw}");
            run(&lake, source.path()).await;
            let taken = rows(&lake, "select id_md5, installed_at, _source, _line from silver.installs where id_md5 = 'c'").await;
            let expected: &[&str] = if is_taken { &["c|2025-01-02T00:00:00Z|installs.csv|4"] } else { &[] };
            assert_eq!(taken, expected);
            assert_eq!(quarantined(&lake).await.len(), if is_taken { 2 } else { 3 });
        }
    });
}
