//! Incremental equals full: any split of the raw data into files and runs, in any order, with late, repeated and
//! contradicting rows, gives the same tables as one run over all files.
//!
//! `ADLAKE_PROPTEST_CASES` sets the number of cases, `ADLAKE_PROPTEST_SEED` the first case's seed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use lake::{Action, Lake, LakeOptions, ModelFile, Silent, TableReport};
use spec::{Layer, Pipeline, TableName};

use crate::lakes::{Contents, NULL, SourcedLake, block_on, contents, made_tables, shipped, versions};
use crate::raw::{Case, RawFile};

/// A lake that took a case's files, and what the runs told.
struct Filled {
    place: SourcedLake,
    reports: Vec<TableReport>,
}

impl Filled {
    fn new(options: LakeOptions) -> Self {
        Self { place: SourcedLake::with(options), reports: Vec::new() }
    }

    fn lake(&self) -> &Lake {
        &self.place.lake
    }

    /// Adds files to the source and runs the pipeline. True if anything was committed.
    async fn run(&mut self, files: &[RawFile], pipeline: &Pipeline) -> lake::Result<bool> {
        for file in files {
            self.place.put(&file.name, &file.bytes);
        }
        let done = self.place.run_with(pipeline, &Silent).await?;
        let changed = done.report.changed();
        self.reports.extend(done.report.tables);
        Ok(changed)
    }
}

/// The case's files taken run by run.
async fn in_runs(case: &Case, pipeline: &Pipeline) -> lake::Result<Filled> {
    // In half of the cases the engine merges whatever it can merge, however much changed.
    let options = LakeOptions { rebuild_share: case.merges_always.then_some(1e9), ..LakeOptions::default() };
    let mut filled = Filled::new(options);
    for files in &case.runs {
        filled.run(files, pipeline).await?;
    }
    Ok(filled)
}

/// The case's files taken at once.
async fn at_once(case: &Case) -> lake::Result<Filled> {
    let mut filled = Filled::new(LakeOptions::default());
    filled.run(&case.files().cloned().collect::<Vec<_>>(), shipped()).await?;
    Ok(filled)
}

type Tables = BTreeMap<TableName, Contents>;

fn name(layer: Layer, name: &str) -> TableName {
    TableName { layer, name: name.to_owned() }
}

/// What one lake's tables hold and another's do not: at most a few rows per table. Only what says when and in which run a
/// row was taken is left out.
fn differences(one: &Tables, other: &Tables) -> Vec<String> {
    let mut found = Vec::new();
    let tables: BTreeSet<&TableName> = one.keys().chain(other.keys()).collect();
    for table in tables.into_iter().filter(|table| table.layer != Layer::Ops || table.name == "quarantine") {
        let nothing = Contents::default();
        let (one, other) = (one.get(table).unwrap_or(&nothing), other.get(table).unwrap_or(&nothing));
        let of_run = |column: &&str| matches!(*column, "_ingested_at" | "_batch_id" | "run_id" | "quarantined_at");
        let columns = |contents: &'_ Contents| contents.columns.iter().map(|column| column.as_str().to_owned()).collect::<BTreeSet<_>>();
        let (mut columns_one, columns_other) = (columns(one), columns(other));
        if columns_one != columns_other && !one.rows.is_empty() && !other.rows.is_empty() {
            found.push(format!("{table}: columns {columns_one:?} and {columns_other:?}"));
            continue;
        }
        columns_one.extend(columns_other);
        let columns: Vec<&str> = columns_one.iter().map(String::as_str).filter(|column| !of_run(column)).collect();
        let mut counts: BTreeMap<Vec<&str>, i64> = BTreeMap::new();
        for (contents, step) in [(one, 1), (other, -1)] {
            if contents.rows.is_empty() {
                continue;
            }
            for row in contents.of(&columns) {
                *counts.entry(row).or_default() += step;
            }
        }
        counts.retain(|_, count| *count != 0);
        if !counts.is_empty() {
            let mut text = format!("{table}: {} rows differ\n  ({})", counts.len(), columns.join(", "));
            for (row, count) in counts.iter().take(6) {
                let side = if *count > 0 { "in runs" } else { "at once" };
                text.push_str(&format!("\n  {} more {side}: {}", count.abs(), row.join("|")));
            }
            found.push(text);
        }
    }
    found
}

/// Each key stands once and is never null.
fn broken_keys(tables: &Tables) -> Vec<String> {
    let mut found = Vec::new();
    for model in made_tables().filter(|model| !model.header.key.is_empty()) {
        let key: Vec<&str> = model.header.key.iter().map(String::as_str).collect();
        let keys = tables[&model.table].of(&key);
        let nulls = keys.iter().filter(|key| key.contains(&NULL)).count();
        let repeated = keys.len() - keys.iter().collect::<BTreeSet<_>>().len();
        if nulls + repeated > 0 {
            found.push(format!("{}: {nulls} rows with a null in the key {key:?}, {repeated} repeated keys", model.table));
        }
    }
    found
}

/// Every record of the files stands in bronze or quarantine, and every row that a row-wise table read is accounted for.
fn lost_rows(case: &Case, tables: &Tables, reports: &[TableReport]) -> Vec<String> {
    let mut found = Vec::new();
    let mut records: BTreeMap<&str, u64> = BTreeMap::new();
    for file in case.files() {
        *records.entry(file.table).or_default() += file.records;
    }
    let stand = |table: &TableName| tables[table].rows.len() as u64;
    let rejected = |table: &TableName| {
        let quarantine = tables.get(&name(Layer::Ops, "quarantine"));
        quarantine.map_or(0, |q| q.of(&["table_name"]).iter().filter(|row| row[0] == table.to_string()).count() as u64)
    };
    for (table, records) in records {
        let table = name(Layer::Bronze, table);
        if records != stand(&table) + rejected(&table) {
            found.push(format!(
                "{table}: {records} records in the files, {} in the table and {} in quarantine",
                stand(&table),
                rejected(&table)
            ));
        }
    }
    for model in made_tables().filter(|model| model.header.columns.iter().any(|(column, _)| column == "_line")) {
        let table = &model.table;
        let Some(raw) = model.input_tables().next() else { continue };
        let of_table: Vec<&TableReport> = reports.iter().filter(|report| report.table == *table).collect();
        // A full computation judges all rows again, so only what followed the last one adds up.
        let from = of_table.iter().rposition(|report| report.action == Action::Built).unwrap_or_default();
        let sum = |count: fn(&TableReport) -> u64| of_table[from..].iter().map(|report| count(report)).sum::<u64>();
        let (read, written, replaced) = (sum(|r| r.rows_read), sum(|r| r.rows_written), sum(|r| r.replaced));
        let (left_out, quarantined) = (sum(|r| r.deduplicated) + sum(|r| r.filtered), sum(|r| r.quarantined));
        if read != stand(raw)
            || read != written + left_out + quarantined
            || stand(table) != written - replaced
            || rejected(table) != quarantined
        {
            found.push(format!(
                "{table}: {} rows in {raw}, {read} read = {written} written + {left_out} left out + {quarantined} to quarantine; {replaced} replaced; \
                 {} stand in the table and {} in quarantine",
                stand(raw),
                stand(table),
                rejected(table)
            ));
        }
    }
    found
}

/// All that must hold of a case.
async fn check(seed: u64) -> Result<Vec<TableReport>, String> {
    let case = Case::new(seed);
    let runs: Vec<Vec<String>> =
        case.runs.iter().map(|files| files.iter().map(|f| format!("{} ({})", f.name, f.records)).collect()).collect();
    let told = |what: &str| format!("seed {seed}, {} requests, runs {runs:?}:\n{what}", case.requests);
    let mut filled = in_runs(&case, shipped()).await.map_err(|error| told(&format!("in runs: {error}")))?;
    let whole = at_once(&case).await.map_err(|error| told(&format!("at once: {error}")))?;
    let tables = contents(filled.lake()).await;
    let mut wrong = differences(&tables, &contents(whole.lake()).await);
    wrong.extend(broken_keys(&tables));
    wrong.extend(lost_rows(&case, &tables, &filled.reports));
    if seed.is_multiple_of(4) {
        let before = versions(filled.lake()).await;
        let changed = filled.run(&[], shipped()).await.map_err(|error| told(&format!("run again: {error}")))?;
        if changed || before != versions(filled.lake()).await {
            wrong.push("running again with nothing new committed something".to_owned());
        }
    }
    if wrong.is_empty() { Ok(filled.reports) } else { Err(told(&wrong.join("\n"))) }
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text}: give a number")))
}

#[test]
fn any_split_into_files_and_runs_gives_the_tables_of_one_full_build() {
    let (first, cases) = (setting("ADLAKE_PROPTEST_SEED", 1), setting("ADLAKE_PROPTEST_CASES", 20));
    let next = AtomicU64::new(first);
    let (ways, failures) = (Mutex::new(BTreeMap::new()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + cases || failures.lock().unwrap().len() >= 3 {
                        return;
                    }
                    match block_on(check(seed)) {
                        Ok(reports) => {
                            for report in reports {
                                *ways.lock().unwrap().entry(format!("{} {}", report.table, report.action)).or_insert(0) += 1;
                            }
                        }
                        Err(failure) => failures.lock().unwrap().push(failure),
                    }
                }
            });
        }
    });
    let (ways, failures): (BTreeMap<String, usize>, Vec<String>) = (ways.into_inner().unwrap(), failures.into_inner().unwrap());
    for (way, count) in &ways {
        println!("{count:>4} x {way}");
    }
    assert!(failures.is_empty(), "again: ADLAKE_PROPTEST_SEED=SEED ADLAKE_PROPTEST_CASES=1\n{}", failures.join("\n\n"));
    if cases >= 20 {
        // A test that only ever computes tables anew would prove nothing about merging.
        for way in [
            "silver.requests merged",
            "silver.ad_funnel merged",
            "silver.repeated_clicks merged",
            "gold.click_facts merged",
            "gold.revenue_by_state_daily replaced",
        ] {
            assert!(ways.get(way).is_some_and(|count| *count >= 5), "too few cases had \"{way}\": {ways:?}");
        }
    }
}

/// The shipped models with `from` replaced by `to` in one of them.
fn sabotaged(path: &str, from: &str, to: &str) -> Pipeline {
    let mut files: Vec<ModelFile> = adlake::shipped_models();
    let model = files.iter_mut().find(|file| file.shown == path).unwrap();
    assert!(model.text.contains(from), "{path} has no {from}");
    model.text = model.text.replace(from, to);
    lake::pipeline(&files).unwrap()
}

/// The control: tables made by a merge that is broken in this way differ from a full build by the true models.
fn assert_noticed(broken: &Pipeline, table: &str) {
    let found = block_on(async {
        for seed in 1..=6 {
            let case = Case::new(seed);
            let filled = in_runs(&case, broken).await.unwrap();
            let found = differences(&contents(filled.lake()).await, &contents(at_once(&case).await.unwrap().lake()).await);
            if !found.is_empty() {
                return found;
            }
        }
        Vec::new()
    });
    assert!(found.iter().any(|text| text.starts_with(table)), "the broken merge went unnoticed: {found:?}");
}

#[test]
fn control_a_merge_that_keeps_duplicates_is_noticed() {
    let path = "silver/models/adtech/requests.sql";
    let appended = sabotaged(path, "kind         = \"merge\"", "kind         = \"append\"");
    let text = appended.get(&"silver.requests".parse().unwrap()).unwrap();
    assert_eq!(text.header.kind, spec::Kind::Append);
    assert_noticed(
        &sabotaged(
            path,
            "key          = [\"request_id\"]\nfirst_by     = [\"requested_at\", \"_source\", \"_line\"]\nkind         = \"merge\"",
            "kind         = \"append\"",
        ),
        "silver.requests",
    );
}

#[test]
fn control_a_merge_that_keeps_the_wrong_duplicate_is_noticed() {
    let order = "first_by     = [\"requested_at\", \"_source\", \"_line\"]";
    assert_noticed(&sabotaged("silver/models/adtech/requests.sql", order, "first_by     = [\"_source\", \"_line\"]"), "silver.requests");
}
