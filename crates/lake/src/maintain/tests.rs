#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used)]

mod restoring;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use datafusion::arrow::array::{
    Array, ArrayRef, BooleanArray, Decimal128Array, Float64Array, Int64Array, RecordBatch, StringViewArray, TimestampMicrosecondArray,
};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use futures::TryStreamExt;
use serde_json::json;
use spec::Model;

use super::vacuum::named_by_releases;
use super::*;
use crate::report::Action;
use crate::table::{Commit, Table};
use crate::testing::{append, lake, model, name, rows, run, run_at, texts};
use crate::write::TableWriter;
use crate::{AsOf, Lake, LakeError, LakeOptions, State, quarantine};

const EVENTS: &str = r#"/*
One row per event.

key      = ["id"]
first_by = ["_source", "_line"]
kind     = "merge"

[columns]
id          = "Identifier of the event"
happened_on = "Day of the event, UTC"
kind        = "What happened"
amount      = "How much"
_source     = "File the row came from"
_line       = "Line in that file, from 1"
*/
select
    nullif(trim(id), '') as id,
    cast(nullif(trim(happened_on), '') as date) as happened_on,
    nullif(trim(kind), '') as kind,
    cast(nullif(trim(amount), '') as bigint) as amount,
    _source as _source,
    _line as _line
from bronze.events
"#;

const DAILY: &str = r#"/*
One row per day and kind of event.

key          = ["happened_on", "kind"]
kind         = "replace_partitions"
partition_by = ["happened_on"]

[columns]
happened_on  = "Day of the events, UTC"
kind         = "What happened"
event_count  = "Number of events"
total_amount = "How much in all"
*/
select
    happened_on as happened_on,
    kind as kind,
    count(*) as event_count,
    sum(amount) as total_amount
from silver.events
group by happened_on, kind
"#;

const KINDS: &str = r#"/*
One row per kind of event.

key  = ["kind"]
kind = "merge"

[columns]
kind        = "What happened"
event_count = "Number of events"
last_on     = "Day of the last of them, UTC"
*/
select
    kind as kind,
    count(*) as event_count,
    max(happened_on) as last_on
from silver.events
group by kind
"#;

/// In the order of work.
fn models() -> Vec<Model> {
    vec![model("silver.events", EVENTS), model("gold.daily", DAILY), model("gold.kinds", KINDS)]
}

const COLUMNS: [&str; 6] = ["id", "happened_on", "kind", "amount", "_source", "_line"];

/// A repeatable stream of numbers.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// Some events of a file: late ones, repeated ones, and now and then one whose amount is no number.
fn file(dice: &mut Dice, source: &str, count: usize) -> RecordBatch {
    let rows: Vec<Vec<String>> = (0..count)
        .map(|line| {
            let amount = if dice.roll(20) == 0 { "lots".to_owned() } else { dice.roll(1000).to_string() };
            let day = format!("2024-01-{:02}", 1 + dice.roll(5));
            vec![format!("e{}", dice.roll(400)), day, format!("k{}", dice.roll(30)), amount, source.to_owned(), format!("{line:04}")]
        })
        .collect();
    texts(&COLUMNS, &rows)
}

async fn take(lake: &Lake, source: &str, batch: &RecordBatch) {
    append(lake, "bronze.events", batch, &[&format!("file:{source}")]).await;
}

const ANSWERS: [&str; 4] = [
    "select * from silver.events",
    "select * from gold.daily",
    "select * from gold.kinds",
    "select table_name, source, line, rule, reason, raw from ops.quarantine",
];

async fn answers(lake: &Lake, as_of: AsOf) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    for query in ANSWERS {
        all.push(rows(lake, query, as_of).await);
    }
    all
}

/// What one build from nothing makes of the same rows.
async fn undisturbed(batches: &[RecordBatch]) -> Vec<Vec<String>> {
    let fresh = lake();
    for (i, batch) in batches.iter().enumerate() {
        take(&fresh, &format!("f{i}"), batch).await;
    }
    run(&fresh, &models()).await;
    answers(&fresh, AsOf::Latest).await
}

async fn optimize_all(lake: &Lake, options: &OptimizeOptions) -> usize {
    let mut merged = 0;
    for table in lake.tables().await.unwrap() {
        merged += lake.optimize(&table, options).await.unwrap().files_merged;
    }
    merged
}

/// The parquet files in a table's folder.
async fn stored(lake: &Lake, table: &str) -> Vec<String> {
    let prefix = lake.table(&name(table)).await.unwrap().unwrap().prefix();
    let listed: Vec<_> = lake.location().store.list(Some(&prefix)).try_collect().await.unwrap();
    let mut files: Vec<String> =
        listed.iter().filter_map(|o| o.location.as_ref().strip_prefix(prefix.as_ref()).map(str::to_owned)).collect();
    files.retain(|f| f.ends_with(".parquet") && !f.contains("_delta_log"));
    files.sort();
    files
}

async fn version(lake: &Lake, table: &str) -> u64 {
    lake.table(&name(table)).await.unwrap().unwrap().version()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn upkeep_at_any_time_changes_no_result() {
    let (mut merged, mut deleted) = (0, 0);
    for seed in 0..3 {
        let lake = lake();
        let mut dice = Dice(seed);
        let (mut batches, mut rebuilds) = (Vec::new(), Vec::new());
        for step in 0..20 {
            match if step == 0 { 0 } else { dice.roll(5) } {
                0 | 1 => {
                    let source = format!("f{}", batches.len());
                    let count = if batches.is_empty() { 400 } else { 1 + dice.roll(9) as usize };
                    batches.push(file(&mut dice, &source, count));
                    take(&lake, &source, batches.last().unwrap()).await;
                }
                2 => {
                    let report = run(&lake, &models()).await;
                    rebuilds.extend(report.tables.into_iter().flat_map(|t| t.notes));
                }
                3 => merged += optimize_all(&lake, &OptimizeOptions::default()).await,
                _ => deleted += lake.vacuum(Duration::ZERO, false).await.unwrap().files(),
            }
        }
        run(&lake, &models()).await;
        assert_eq!(answers(&lake, AsOf::Latest).await, undisturbed(&batches).await, "seed {seed}");
        assert_eq!(answers(&lake, AsOf::LastRelease).await, answers(&lake, AsOf::Latest).await, "seed {seed}");
        // Nothing of it cost a reader more than its increment.
        assert_eq!(rebuilds, Vec::<String>::new(), "seed {seed}");
    }
    assert!(merged > 20 && deleted > 20, "{merged} merged, {deleted} deleted");
}

#[tokio::test]
async fn files_that_a_reader_has_not_read_wait() {
    for wait_for_readers in [true, false] {
        let lake = lake();
        let mut dice = Dice(7);
        let mut batches = vec![file(&mut dice, "f0", 500)];
        take(&lake, "f0", &batches[0]).await;
        run(&lake, &models()).await;
        for i in 1..4 {
            batches.push(file(&mut dice, &format!("f{i}"), 5));
            take(&lake, &format!("f{i}"), &batches[i]).await;
        }
        let done =
            lake.optimize(&name("bronze.events"), &OptimizeOptions { wait_for_readers, ..OptimizeOptions::default() }).await.unwrap();
        let report = run(&lake, &models()).await;
        let silver = &report.tables[0];
        if wait_for_readers {
            assert_eq!((done.version, done.files_waiting), (None, 3));
            assert_eq!((silver.action, silver.rows_read), (Action::Merged, 15));
        } else {
            assert_eq!((done.files_merged, done.files_written, done.rows), (4, 1, 515));
            assert_eq!((silver.action, silver.rows_read), (Action::Built, 515));
        }
        assert_eq!(answers(&lake, AsOf::Latest).await, undisturbed(&batches).await);
    }
}

#[tokio::test]
async fn merged_files_hold_the_same_rows_and_readers_have_nothing_to_do() {
    let lake = lake();
    let mut dice = Dice(3);
    for i in 0..5 {
        take(&lake, &format!("f{i}"), &file(&mut dice, &format!("f{i}"), 300 / (1 + i * i))).await;
        run(&lake, &models()).await;
    }
    let before = answers(&lake, AsOf::Latest).await;
    let bronze = rows(&lake, "select * from bronze.events", AsOf::Latest).await;
    let runs = rows(&lake, "select * from ops.runs", AsOf::Latest).await;
    let releases = rows(&lake, "select release, table_name, table_version from ops.releases", AsOf::Latest).await;
    assert!(optimize_all(&lake, &OptimizeOptions::default()).await > 10);
    for (table, files) in
        [("bronze.events", 1), ("silver.events", 1), ("gold.daily", 5), ("gold.kinds", 1), ("ops.runs", 1), ("ops.releases", 1)]
    {
        let table = lake.table(&name(table)).await.unwrap().unwrap();
        assert_eq!(table.files().len(), files, "{}", table.name);
    }
    assert_eq!(answers(&lake, AsOf::Latest).await, before);
    assert_eq!(answers(&lake, AsOf::LastRelease).await, before);
    assert_eq!(rows(&lake, "select * from bronze.events", AsOf::Latest).await, bronze);
    assert_eq!(rows(&lake, "select * from ops.runs", AsOf::Latest).await, runs);
    assert_eq!(rows(&lake, "select release, table_name, table_version from ops.releases", AsOf::Latest).await, releases);
    for model in models() {
        assert_eq!(lake.state_of(&model).await.unwrap(), State::UpToDate, "{}", model.table);
    }
    // Nothing is left to gain.
    let bronze = version(&lake, "bronze.events").await;
    assert_eq!(optimize_all(&lake, &OptimizeOptions::default()).await, 0);
    assert_eq!(version(&lake, "bronze.events").await, bronze);
    // The next release names the merged files.
    let report = run(&lake, &models()).await;
    assert!(!report.changed() && report.release.is_some());
    assert_eq!(answers(&lake, AsOf::LastRelease).await, before);
}

#[tokio::test]
async fn merged_files_stay_below_the_target() {
    let lake = lake();
    let mut dice = Dice(5);
    for i in 0..12 {
        take(&lake, &format!("f{i}"), &file(&mut dice, &format!("f{i}"), 200)).await;
    }
    let table = lake.table(&name("bronze.events")).await.unwrap().unwrap();
    let largest = table.files().iter().map(|f| f.size).max().unwrap();
    let options = OptimizeOptions { target_bytes: Some(largest * 3 + 10), ..OptimizeOptions::default() };
    let done = lake.optimize(&name("bronze.events"), &options).await.unwrap();
    assert_eq!((done.files_merged, done.rows), (12, 2400));
    assert!((2..=4).contains(&done.files_written), "{done:?}");
    let table = lake.table(&name("bronze.events")).await.unwrap().unwrap();
    assert!(table.files().iter().all(|f| f.size <= largest * 3 + 10));
    // Files that are too large to be merged with any other are left alone.
    let options = OptimizeOptions { target_bytes: Some(largest), ..OptimizeOptions::default() };
    assert_eq!(lake.optimize(&name("bronze.events"), &options).await.unwrap().version, None);
}

#[tokio::test]
async fn partitions_of_every_type_keep_their_values() {
    let day = datafusion::arrow::array::Date32Array::from(vec![Some(19_000), None, Some(-1), Some(0), Some(19_000)]);
    let instant =
        TimestampMicrosecondArray::from(vec![Some(1_700_000_000_123_456), None, Some(0), Some(-1), Some(60_000_000)]).with_timezone("UTC");
    let values: Vec<ArrayRef> = vec![
        Arc::new(StringViewArray::from(vec![Some("a b/c"), None, Some("é=%25"), Some(".."), Some("A B/C")])),
        Arc::new(Int64Array::from(vec![Some(-7), None, Some(0), Some(i64::MAX), Some(7)])),
        Arc::new(BooleanArray::from(vec![Some(true), None, Some(false), Some(true), None])),
        Arc::new(Float64Array::from(vec![Some(0.1), None, Some(-2.5e30), Some(1.0), Some(0.1)])),
        Arc::new(Decimal128Array::from(vec![Some(12_345), None, Some(-1), Some(0), Some(100)]).with_precision_and_scale(18, 4).unwrap()),
        Arc::new(day),
        Arc::new(instant),
    ];
    for (i, values) in values.into_iter().enumerate() {
        let lake = lake();
        let table = name("silver.parts");
        let field = |name: &str, data_type: &DataType| Field::new(name, data_type.clone(), true);
        let schema = Arc::new(Schema::new(vec![field("part", values.data_type()), field("n", &DataType::Int64)]));
        lake.create_table(&table, &schema, &["part".to_owned()], "", &[]).await.unwrap();
        for first in [0, 10] {
            let n: ArrayRef = Arc::new(Int64Array::from_iter_values(first..first + 5));
            let batch = RecordBatch::try_new(Arc::clone(&schema), vec![Arc::clone(&values), n]).unwrap();
            lake.append(&table, &batch).await.unwrap();
        }
        let before = rows(&lake, "select * from silver.parts", AsOf::Latest).await;
        let files = lake.table(&table).await.unwrap().unwrap().files().len();
        let done = lake.optimize(&table, &OptimizeOptions::default()).await.unwrap_or_else(|e| panic!("type {i}: {e}"));
        assert_eq!((done.files_merged, done.files_written, done.rows), (files, files / 2, 10), "type {i}");
        assert_eq!(rows(&lake, "select * from silver.parts", AsOf::Latest).await, before, "type {i}");
        let given = texts_of(&values);
        assert!(
            before.iter().zip(given.iter().flat_map(|v| [v, v])).all(|(row, value)| row.starts_with(value.as_str())),
            "type {i}: {before:?}, not {given:?}"
        );
    }
}

/// Values as rows of a query show them, sorted.
fn texts_of(values: &ArrayRef) -> Vec<String> {
    let options = FormatOptions::default().with_null("∅");
    let shown = ArrayFormatter::try_new(values, &options).unwrap();
    let mut texts: Vec<String> = (0..values.len()).map(|row| format!("{}|", shown.value(row))).collect();
    texts.sort();
    texts
}

#[tokio::test]
async fn a_lost_race_neither_loses_nor_doubles_rows() {
    let lake = lake();
    let mut dice = Dice(11);
    let table = name("bronze.events");
    for i in 0..4 {
        take(&lake, &format!("f{i}"), &file(&mut dice, &format!("f{i}"), 50)).await;
    }
    // Somebody adds rows while the files are merged: the merge is committed on top.
    let seen = lake.table(&table).await.unwrap();
    take(&lake, "f4", &file(&mut dice, "f4", 50)).await;
    let all = rows(&lake, "select * from bronze.events", AsOf::Latest).await;
    let done = lake.optimize_from(&table, &OptimizeOptions::default(), seen.clone()).await.unwrap();
    assert_eq!((done.version, done.files_merged, done.rows), (Some(6), 4, 200));
    assert_eq!(rows(&lake, "select * from bronze.events", AsOf::Latest).await, all);
    // Somebody merged the very same files meanwhile: what was seen is done again from what is there.
    let done = lake.optimize_from(&table, &OptimizeOptions::default(), seen).await.unwrap();
    assert_eq!((done.version, done.files_merged, done.rows), (Some(7), 2, 250));
    assert_eq!(rows(&lake, "select * from bronze.events", AsOf::Latest).await, all);
    assert_eq!(all.len(), 250);
}

#[tokio::test]
async fn rows_that_do_not_add_up_are_not_committed() {
    let lake = lake();
    let mut dice = Dice(13);
    for i in 0..2 {
        take(&lake, &format!("f{i}"), &file(&mut dice, &format!("f{i}"), 20)).await;
    }
    let table = lake.table(&name("bronze.events")).await.unwrap().unwrap();
    let mut lost = write_again(&lake, &table).await;
    lost.stats = lost.stats.map(|s| s.replace("\"numRecords\":40", "\"numRecords\":41"));
    let commit = Commit { adds: vec![lost], removes: vec![], transactions: HashMap::new(), report: json!(null), ..Commit::default() };
    let damaged = table.commit(commit).await.unwrap();
    let error = lake.optimize(&table.name, &OptimizeOptions::default()).await.unwrap_err();
    assert!(error.is_check(), "{error}");
    assert!(error.to_string().contains("3 small files have 81 rows, of which 80 were read"), "{error}");
    assert_eq!(version(&lake, "bronze.events").await, damaged.version());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn runs_and_merges_at_the_same_time_agree_with_one_build() {
    let lake = lake();
    let mut dice = Dice(23);
    let batches: Vec<RecordBatch> = (0..13).map(|i| file(&mut dice, &format!("f{i}"), if i == 0 { 400 } else { 8 })).collect();
    take(&lake, "f0", &batches[0]).await;
    run(&lake, &models()).await;
    let writer = tokio::spawn({
        let (lake, batches) = (lake.clone(), batches.clone());
        async move {
            for (i, batch) in batches.iter().enumerate().skip(1) {
                take(&lake, &format!("f{i}"), batch).await;
                if i % 3 == 0 {
                    run(&lake, &models()).await;
                }
            }
        }
    });
    let merger = tokio::spawn({
        let lake = lake.clone();
        async move {
            let mut merged = 0;
            for round in 0..6 {
                let options = OptimizeOptions { wait_for_readers: round % 2 == 0, ..OptimizeOptions::default() };
                merged += optimize_all(&lake, &options).await;
            }
            merged
        }
    });
    writer.await.unwrap();
    assert!(merger.await.unwrap() > 0);
    run(&lake, &models()).await;
    assert_eq!(answers(&lake, AsOf::Latest).await, undisturbed(&batches).await);
}

/// A lake whose first release has files that no later version has.
async fn two_releases(first_at: DateTime<Utc>, second_at: DateTime<Utc>) -> (Lake, Vec<Vec<String>>) {
    let lake = lake();
    let mut dice = Dice(31);
    take(&lake, "f0", &file(&mut dice, "f0", 300)).await;
    let first = run_at(&lake, &models(), first_at).await;
    assert_eq!(first.release, Some(1));
    let mut shown = answers(&lake, AsOf::LastRelease).await;
    shown.pop(); // rejects are not released
    take(&lake, "f1", &file(&mut dice, "f1", 300)).await;
    assert_eq!(run_at(&lake, &models(), second_at).await.release, Some(2));
    (lake, shown)
}

async fn first_release(lake: &Lake) -> std::result::Result<Vec<Vec<String>>, LakeError> {
    let mut shown = Vec::new();
    for query in &ANSWERS[..3] {
        // A query first, so that a missing file is an error and no panic.
        crate::collect(lake.sql(query, AsOf::Release(1)).await?).await?;
        shown.push(rows(lake, query, AsOf::Release(1)).await);
    }
    Ok(shown)
}

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn what_a_kept_release_names_stays_readable() {
    // Releases of the time that is kept, though no file is that young.
    let now = crate::now();
    let in_an_hour = now + HOUR;
    let (lake, shown) = two_releases(in_an_hour, in_an_hour).await;
    assert!(optimize_all(&lake, &OptimizeOptions::default()).await > 0);
    let dry = lake.vacuum(Duration::ZERO, true).await.unwrap();
    let wet = lake.vacuum(Duration::ZERO, false).await.unwrap();
    assert_eq!(dry.tables, wet.tables);
    assert_eq!(first_release(&lake).await.unwrap(), shown);

    // Control: without a look at the releases the same call deletes what they name.
    lake.vacuum_with(crate::now(), false, |_| BTreeMap::new()).await.unwrap();
    let error = first_release(&lake).await.unwrap_err().to_string();
    assert!(error.contains("not found") || error.contains("No data in memory"), "{error}");
}

#[tokio::test]
async fn a_release_older_than_what_is_kept_goes_but_never_the_last() {
    let long_ago = crate::now() - Duration::from_secs(90 * 86_400);
    let (lake, shown) = two_releases(long_ago, long_ago).await;
    let last = answers(&lake, AsOf::LastRelease).await;
    // The tables go on without a release.
    take(&lake, "f2", &file(&mut Dice(2), "f2", 300)).await;
    let all = models();
    let mut running = crate::Running::begin(&lake, crate::now());
    running.refresh(&all.iter().collect::<Vec<_>>(), false, &crate::Silent).await.unwrap();
    drop(running);
    // Young files stay, whatever names them.
    assert_eq!(lake.vacuum(HOUR, false).await.unwrap().files(), 0);
    assert_eq!(first_release(&lake).await.unwrap(), shown);
    assert!(lake.vacuum(Duration::ZERO, false).await.unwrap().files() > 0);
    assert!(first_release(&lake).await.is_err());
    assert_eq!(answers(&lake, AsOf::LastRelease).await[..3], last[..3]);
}

#[test]
fn releases_hold_versions_by_age_and_the_last_one_always() {
    let at = |days: i64| DateTime::<Utc>::UNIX_EPOCH + chrono::Duration::days(days);
    let release =
        |number: u64, day: i64| crate::Release { number, published_at: at(day), versions: BTreeMap::from([(name("gold.x"), number * 10)]) };
    let held = |since: i64, releases: &[crate::Release]| named_by_releases(releases, at(since)).remove(&name("gold.x")).map(Vec::from_iter);
    let releases = [release(1, 1), release(2, 5), release(3, 9)];
    assert_eq!(held(0, &releases), Some(vec![10, 20, 30]));
    assert_eq!(held(5, &releases), Some(vec![20, 30]));
    assert_eq!(held(100, &releases), Some(vec![30]));
    assert_eq!(held(0, &[]), None);
}

#[tokio::test]
async fn files_stay_until_every_reader_has_seen_them_go() {
    let lake = lake();
    let mut dice = Dice(41);
    let first = file(&mut dice, "f1", 400);
    take(&lake, "f1", &first).await;
    let all = models();
    run(&lake, &all).await;
    let nothing_released = |_: &[crate::Release]| BTreeMap::new();
    lake.vacuum_with(crate::now(), false, nothing_released).await.unwrap();
    let before = stored(&lake, "silver.events").await;
    // Rows of an earlier source take the place of some: the silver file is written anew, gold has not seen it.
    let second = file(&mut dice, "f0", 12);
    take(&lake, "f0", &second).await;
    let mut running = crate::Running::begin(&lake, crate::now());
    running.refresh(&[&all[0]], false, &crate::Silent).await.unwrap();
    drop(running);
    let live: Vec<String> =
        lake.table(&name("silver.events")).await.unwrap().unwrap().files().into_iter().map(|f| format!("/{}", f.path)).collect();
    assert!(before.iter().all(|f| !live.contains(f)), "the old file must have left the table");
    lake.vacuum_with(crate::now(), false, nothing_released).await.unwrap();
    let there = stored(&lake, "silver.events").await;
    assert!(before.iter().all(|f| there.contains(f)), "gold still needs {before:?}, only {there:?} are left");
    let report = run(&lake, &all).await;
    let daily = report.tables.iter().find(|t| t.table == name("gold.daily")).unwrap();
    assert_eq!((daily.action, daily.notes.len()), (Action::Replaced, 0));
    assert_eq!(answers(&lake, AsOf::Latest).await, undisturbed(&[second, first]).await);
    // Control: once gold has read it, nothing holds it.
    lake.vacuum_with(crate::now(), false, nothing_released).await.unwrap();
    let there = stored(&lake, "silver.events").await;
    assert!(before.iter().all(|f| !there.contains(f)));
}

#[tokio::test]
async fn files_nobody_committed_go_when_they_are_old_and_promised_rejects_stay() {
    let lake = lake();
    let mut dice = Dice(51);
    take(&lake, "f0", &file(&mut dice, "f0", 200)).await;
    run(&lake, &models()).await;
    let silver = lake.table(&name("silver.events")).await.unwrap().unwrap();
    let rejects = lake.table(&quarantine::table_name()).await.unwrap().unwrap();
    // A write that was cut off before its commit.
    let orphan = write_again(&lake, &silver).await;
    // A commit that a crash kept from settling its rejects, and a file of rejects that no commit names.
    let promised = write_again(&lake, &rejects).await;
    let unknown = write_again(&lake, &rejects).await;
    let next = i64::try_from(silver.version() + 1).unwrap();
    let pending = quarantine::Pending { add: vec![promised.clone()], replace: true };
    let commit = Commit {
        adds: vec![],
        removes: vec![],
        transactions: HashMap::from([(quarantine::TRANSACTION.to_owned(), next)]),
        report: json!({ quarantine::TRANSACTION: pending }),
        ..Commit::default()
    };
    silver.commit(commit).await.unwrap();
    let logs = |files: Vec<object_store::ObjectMeta>| files.into_iter().filter(|o| o.location.as_ref().contains("_delta_log")).count();
    let before = logs(lake.location().store.list(None).try_collect().await.unwrap());
    assert_eq!(lake.vacuum(HOUR, false).await.unwrap().files(), 0);
    let dry = lake.vacuum(Duration::ZERO, true).await.unwrap();
    assert_eq!((dry.files(), dry.bytes()), (2, u64::try_from(orphan.size + unknown.size).unwrap()));
    let there = stored(&lake, "silver.events").await;
    assert!(there.contains(&format!("/{}", orphan.path)), "a dry run deletes nothing");
    assert_eq!(lake.vacuum(Duration::ZERO, false).await.unwrap().tables, dry.tables);
    assert!(!stored(&lake, "silver.events").await.contains(&format!("/{}", orphan.path)));
    let there = stored(&lake, "ops.quarantine").await;
    assert!(there.contains(&format!("/{}", promised.path)) && !there.contains(&format!("/{}", unknown.path)));
    assert_eq!(logs(lake.location().store.list(None).try_collect().await.unwrap()), before);
    // The next run settles, and finds its file.
    let shown = answers(&lake, AsOf::Latest).await;
    run(&lake, &models()).await;
    assert_eq!(answers(&lake, AsOf::Latest).await, shown);
}

/// All rows of a table in new files that no commit names.
async fn write_again(lake: &Lake, table: &Table) -> deltalake::kernel::Add {
    let mut writer = TableWriter::new(table, &table.schema(), &lake.options().write).unwrap();
    for batch in crate::collect(lake.read(&table.name, None).await.unwrap()).await.unwrap() {
        writer.write(&batch).await.unwrap();
    }
    writer.finish().await.unwrap().remove(0)
}

#[tokio::test]
async fn cut_off_uploads_on_a_disk_are_swept() {
    let folder = std::env::temp_dir().join(format!("adlake-vacuum-{}", uuid::Uuid::new_v4()));
    let lake = Lake::open(folder.to_str().unwrap(), LakeOptions::default()).unwrap();
    take(&lake, "f0", &file(&mut Dice(1), "f0", 100)).await;
    run(&lake, &models()).await;
    let cut_off = folder.join("gold/daily/happened_on=2024-01-01/part-x.parquet#3");
    let in_log = folder.join("gold/daily/_delta_log/x.parquet#3");
    let others = folder.join("gold/daily/notes.txt");
    for path in [&cut_off, &in_log, &others] {
        std::fs::write(path, b"half").unwrap();
    }
    assert_eq!(lake.vacuum(HOUR, false).await.unwrap().files(), 0);
    tokio::time::sleep(Duration::from_millis(20)).await;
    let done = lake.vacuum(Duration::ZERO, false).await.unwrap();
    assert_eq!((done.files(), done.bytes()), (1, 4));
    assert_eq!([&cut_off, &in_log, &others].map(|p| p.exists()), [false, true, true]);
    assert_eq!(rows(&lake, "select sum(event_count) from gold.daily", AsOf::Latest).await.len(), 1);
    std::fs::remove_dir_all(&folder).unwrap();
}
