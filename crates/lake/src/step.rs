//! One step of a run: a table brought up to date with what it reads.
//!
//! A step reads its inputs at one version each, decides how little it can compute ([`plan`]), writes data files that
//! nobody sees, audits them, and commits them together with the versions it read. If somebody else committed in between
//! it is planned anew; if it is killed, the next run does.

mod build;
mod drain;
mod first_pass;
mod merge;
mod plan;
#[cfg(test)]
mod shapes;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Instant;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::datasource::empty::EmptyTable;
use datafusion::prelude::SessionContext;
use deltalake::kernel::{Add, Remove};
use serde_json::json;
use spec::{Model, OptionalInput, Problem, TableName};

use crate::affected::Scope;
use crate::output::{Sieved, table_schema};
use crate::quarantine::{self, Pending, Sink};
use crate::report::{Action, TableReport};
use crate::session::Pinned;
use crate::table::{Commit, Table, as_absent, was_read};
use crate::unique::TableKeys;
use crate::{Lake, LakeError, Result};

/// How often a step is planned anew after losing a race.
pub(crate) const ATTEMPTS: usize = 10;

/// How many bytes of one input's rows, or of its result's, a step holds, at most. Few in this crate's tests, for both ways to be tried.
const HELD_BYTES: usize = if cfg!(test) { 2 << 10 } else { 256 << 20 };

/// The transaction id under which a table records the definition it was made by.
const DEFINITION: &str = "definition";

/// What all steps of a run share.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    /// Unique.
    pub id: String,
    /// The run's time, which stands for every clock below.
    pub at_micros: i64,
    /// The definition and the key that the models known to the run give their tables.
    pub defined: Arc<BTreeMap<TableName, (i64, Vec<String>)>>,
}

/// A table's inputs, opened.
pub(crate) struct Inputs {
    pub tables: BTreeMap<TableName, Table>,
    pub context: SessionContext,
    /// Their keys, where they were made by models that are known.
    pub keys: TableKeys,
}

/// What a way of computing gives to the commit.
#[derive(Default)]
pub(crate) struct Outcome {
    pub adds: Vec<Add>,
    pub removes: Vec<Remove>,
    pub overwrite: bool,
    pub rows_read: u64,
    pub written: u64,
    pub deduplicated: u64,
    pub replaced: u64,
    pub filtered: u64,
    pub sieved: Sieved,
    /// Whether read = written + deduplicated + filtered + quarantined must hold.
    pub conserved: bool,
    /// Whether the sink holds all rejects that the table is to have, in place of those it has.
    pub requarantined: bool,
    /// What columns mean, for where they changed.
    pub comments: Vec<(String, String)>,
}

/// Brings the model's table up to date.
pub(crate) async fn refresh(lake: &Lake, run: &Run, model: &Model, rebuild: bool) -> Result<TableReport> {
    for _ in 0..ATTEMPTS {
        match attempt(lake, run, model, rebuild).await {
            Err(error) if error.is_conflict() => continue,
            done => return done.map_err(|e| e.in_table(&model.table)),
        }
    }
    Err(LakeError::Conflict { table: model.table.clone(), attempts: ATTEMPTS })
}

/// Opens what the model reads.
async fn open_inputs(lake: &Lake, run: &Run, model: &Model) -> Result<Inputs> {
    let pinned = Arc::new(Pinned::default());
    let mut tables = BTreeMap::new();
    let mut keys = TableKeys::new();
    let mut blank = Vec::new();
    for name in model.input_tables() {
        let Some(table) = lake.table(name).await? else {
            if let Some(input) = model.optional(name) {
                blank.push(input);
                continue;
            }
            return Err(LakeError::invalid(format!(
                "{}: reads {name}, which is not in the lake yet; run its layer first, or give its raw files with --source",
                model.table
            )));
        };
        pinned.put(&table);
        // A table has the key that its model states once that very model has made it.
        if let Some((definition, key)) = run.defined.get(name).filter(|(_, key)| !key.is_empty())
            && table.transactions().await?.get(DEFINITION) == Some(definition)
        {
            keys.insert(name.clone(), key.clone());
        }
        tables.insert(name.clone(), table);
    }
    let context = lake.context(Arc::<Pinned>::clone(&pinned))?;
    for input in blank {
        pinned.put_provider(input.table.clone(), Arc::new(EmptyTable::new(blank_schema(&context, model, input).await?)));
    }
    Ok(Inputs { tables, context, keys })
}

/// The columns of an input that is not there, as the header says.
async fn blank_schema(context: &SessionContext, model: &Model, input: &OptionalInput) -> Result<SchemaRef> {
    let columns: Vec<String> = input.columns.iter().map(|(name, data_type)| format!("cast(null as {data_type}) as \"{name}\"")).collect();
    let unfit = |error| {
        let message = format!("optional.{}: {error}: give each column a SQL type such as text", input.table);
        LakeError::Problems(vec![Problem::new(&model.file, Some(input.line), message)])
    };
    let plan = context.state().create_logical_plan(&format!("select {}", columns.join(", "))).await.map_err(unfit)?;
    Ok(table_schema(&plan))
}

/// How many bytes of rows a step may hold.
fn held_bytes(lake: &Lake) -> usize {
    lake.options().memory_limit_bytes.map_or(HELD_BYTES, |bytes| (bytes / 8).min(HELD_BYTES))
}

impl Inputs {
    /// Optional inputs that the table was made from and that are not in the lake any more.
    fn vanished<'m>(&self, model: &'m Model, consumed: &HashMap<String, i64>) -> Vec<&'m TableName> {
        model.input_tables().filter(|name| !self.tables.contains_key(*name) && was_read(name, consumed)).collect()
    }

    /// What a computation for some values alone may use; `hold` lets it keep the rows they concern in memory.
    fn scope(&self, lake: &Lake, hold: bool) -> Scope<'_> {
        let held_bytes = if hold { held_bytes(lake) } else { 0 };
        Scope { context: &self.context, tables: &self.tables, keys: &self.keys, held_bytes }
    }
}

/// How a model's table stands to what it reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Something it reads is not in the lake.
    NoInput,
    /// It was never made.
    Missing,
    /// Its model changed since it was made.
    Changed,
    /// Something it reads has new rows, or is not in the lake any more and may be absent.
    Behind,
    /// Nothing to do.
    UpToDate,
}

impl State {
    /// In words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoInput => "no input",
            Self::Missing => "to be built",
            Self::Changed => "model changed",
            Self::Behind => "behind",
            Self::UpToDate => "up to date",
        }
    }
}

impl Lake {
    /// How the model's table stands, without computing anything.
    ///
    /// # Errors
    /// A Delta log that cannot be read.
    pub async fn state_of(&self, model: &Model) -> Result<State> {
        let (mut inputs, mut absent) = (Vec::new(), Vec::new());
        for name in model.input_tables() {
            match self.table(name).await? {
                Some(table) => inputs.push(table),
                None if model.optional(name).is_some() => absent.push(name),
                None => return Ok(State::NoInput),
            }
        }
        let Some(table) = self.table(&model.table).await? else { return Ok(State::Missing) };
        let consumed = table.transactions().await?;
        if consumed.get(DEFINITION) != Some(&definition(model)) {
            return Ok(State::Changed);
        }
        if absent.into_iter().any(|name| was_read(name, &consumed)) {
            return Ok(State::Behind);
        }
        for input in inputs {
            if input.is_ahead_of(&consumed).await? {
                return Ok(State::Behind);
            }
        }
        Ok(State::UpToDate)
    }
}

async fn attempt(lake: &Lake, run: &Run, model: &Model, rebuild: bool) -> Result<TableReport> {
    let begun = Instant::now();
    let inputs = open_inputs(lake, run, model).await?;
    let target = lake.table(&model.table).await?;
    let consumed = match &target {
        Some(target) => target.transactions().await?,
        None => HashMap::new(),
    };
    if let Some(target) = &target {
        quarantine::settle(lake, target, &consumed).await?;
    }
    let decided = plan::decide(lake, model, &inputs, target.as_ref(), &consumed, rebuild, lake.options().rebuild_share()).await?;
    let versions: BTreeMap<String, (Option<u64>, u64)> =
        inputs.tables.iter().map(|(name, table)| (name.to_string(), (table.version_read(&consumed), table.version()))).collect();
    let (target, way) = match (target, decided.way) {
        (Some(target), plan::Way::Nothing) => {
            let mut report = TableReport::new(&model.table, Action::UpToDate, target.version());
            report.inputs = versions;
            report.seconds = begun.elapsed().as_secs_f64();
            return Ok(report);
        }
        (Some(target), way) => (target, way),
        (None, way) => {
            let header = &model.header;
            let created =
                lake.create_table(&model.table, &decided.schema, &header.partition_by, &header.description, &header.columns).await?;
            (created, way)
        }
    };
    let mut notes = decided.notes;
    let mut action = way.action();
    let mut sink = Sink::new(lake, &model.table, &run.id, run.at_micros);
    let query = decided.query.clone();
    let computed = match way {
        plan::Way::Nothing | plan::Way::Acknowledge => Ok(Outcome::default()),
        plan::Way::Build => build::build(lake, model, &inputs, &target, query, &sink).await,
        plan::Way::Append(delta) => build::append(lake, model, &inputs, &target, delta, &sink).await,
        plan::Way::Fold(delta) => merge::fold(lake, model, &inputs, &target, delta, &sink).await,
        plan::Way::Recompute(keys) => merge::recompute(lake, model, &inputs, &target, query, keys, &sink).await,
        plan::Way::Replace(keys) => build::replace(lake, model, &inputs, &target, query, keys, &sink).await,
    };
    let mut made = match computed {
        // With the restriction to what changed, an expression may meet rows that the model's own filters keep from it.
        Err(error) if plan::is_of_computation(&error) && matches!(action, Action::Merged | Action::Replaced) => {
            notes.push(format!("rebuilt: {}", plan::not_alone(&error)));
            action = Action::Built;
            sink = Sink::new(lake, &model.table, &run.id, run.at_micros);
            build::build(lake, model, &inputs, &target, decided.query, &sink).await?
        }
        computed => computed?,
    };
    audit(&model.table, &made)?;
    made.comments.clone_from(&model.header.columns);
    let schema = (target.schema() != decided.schema).then_some(decided.schema);
    let mut transactions: HashMap<String, i64> = inputs.tables.values().flat_map(Table::as_read).collect();
    transactions.extend(inputs.vanished(model, &consumed).into_iter().flat_map(as_absent));
    transactions.insert(DEFINITION.to_owned(), definition(model));
    let report = publish(lake, run, &target, action, made, &sink, transactions, schema).await?;
    Ok(TableReport { inputs: versions, notes, seconds: begun.elapsed().as_secs_f64(), ..report })
}

/// A number that changes with the model's meaning.
pub(crate) fn definition(model: &Model) -> i64 {
    let text = model.fingerprint();
    i64::try_from(xxhash_rust::xxh3::xxh3_64(text.as_bytes()) >> 1).unwrap_or_default()
}

/// Refuses what must not be committed.
pub(crate) fn audit(table: &TableName, made: &Outcome) -> Result<()> {
    if let Some(rule) = &made.sieved.failed {
        let rows = made.sieved.broken.get(rule).copied().unwrap_or_default();
        return Err(LakeError::Expectation { table: table.clone(), rule: rule.clone(), rows });
    }
    let filtered = made.filtered + made.sieved.dropped;
    let accounted = made.written + made.deduplicated + filtered + made.sieved.quarantined;
    if made.conserved && made.rows_read != accounted {
        let detail = format!(
            "{} rows read, but {} written + {} deduplicated + {} filtered + {} quarantined = {accounted}",
            made.rows_read, made.written, made.deduplicated, filtered, made.sieved.quarantined
        );
        return Err(LakeError::Accounting { table: table.clone(), detail });
    }
    Ok(())
}

/// Writes an output's rows, for tables that are not made by a model.
pub(crate) async fn drain_into(
    lake: &Lake,
    context: &SessionContext,
    output: &crate::output::Output,
    target: &Table,
    sink: &Sink,
) -> Result<drain::Drained> {
    drain::drain(lake, context, output, target, None, sink).await
}

/// Commits, then settles the quarantine.
#[expect(clippy::too_many_arguments, reason = "all of it goes into one commit")]
pub(crate) async fn publish(
    lake: &Lake,
    run: &Run,
    target: &Table,
    action: Action,
    made: Outcome,
    sink: &Sink,
    mut transactions: HashMap<String, i64>,
    schema: Option<SchemaRef>,
) -> Result<TableReport> {
    // Earlier rejects are void once all rows were judged again; a table's first filling has none.
    let refilled = target.version() > 0;
    let pending = Pending { add: sink.finish().await?, replace: made.requarantined || made.overwrite && refilled };
    if !pending.is_empty() {
        let next = i64::try_from(target.version() + 1).unwrap_or(i64::MAX);
        transactions.insert(quarantine::TRANSACTION.to_owned(), next);
    }
    let mut report = TableReport::new(&target.name, action, target.version() + 1);
    report.rows_read = made.rows_read;
    report.rows_written = made.written;
    report.deduplicated = made.deduplicated;
    report.replaced = made.replaced;
    // Below a join or an aggregate other rows are filtered than those that were read.
    report.filtered = if made.conserved { made.filtered } else { 0 } + made.sieved.dropped;
    report.quarantined = made.sieved.quarantined;
    report.broken = made.sieved.broken;
    let commit = Commit {
        adds: made.adds,
        removes: made.removes,
        transactions,
        report: json!({ "run": run.id, "report": report, quarantine::TRANSACTION: pending }),
        schema,
        comments: made.comments,
        overwrite: made.overwrite,
    };
    let committed = target.commit(commit).await?;
    report.version = committed.version();
    if !pending.is_empty() {
        let promised = i64::try_from(committed.version()).unwrap_or(i64::MAX);
        quarantine::settle(lake, &committed, &HashMap::from([(quarantine::TRANSACTION.to_owned(), promised)])).await?;
    }
    Ok(report)
}
