//! A model's plan made ready to write: storable types, casts that complain instead of failing, expectations as columns;
//! and the sieve that sorts the resulting rows into good ones and others.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::array::{Array, AsArray, BooleanArray, RecordBatch, UInt32Array};
use datafusion::arrow::compute::{filter_record_batch, take_record_batch};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::arrow::json::LineDelimitedWriter;
use datafusion::common::Column;
use datafusion::error::DataFusionError;
use datafusion::execution::SessionState;
use datafusion::functions::core::expr_fn::nullif;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, cast, lit, try_cast};
use spec::{Expectation, Header, Model, OnFail, Problem};

use crate::dedup::Preference;
use crate::ingest::{RAW_COLUMN, REJECT_COLUMN};
use crate::quarantine::Reject;
use crate::table::engine_type;
use crate::{LakeError, Result, casts};

/// A plan whose rows can be written after they went through [`Sieve`].
pub(crate) struct Output {
    /// First the table's columns, then the hidden ones.
    pub plan: LogicalPlan,
    /// The table's columns.
    pub schema: SchemaRef,
    sieve: Sieve,
}

/// Plans the model's SQL as it stands, with the casts that SQL leaves unsaid: the branches of a `case` or of a union have one
/// type, and both sides of a comparison.
pub(crate) async fn plan_query(state: &SessionState, model: &Model) -> Result<LogicalPlan> {
    let problem = |error: DataFusionError| LakeError::Problems(vec![Problem::new(&model.file, Some(model.sql_first_line), cause(&error))]);
    let plan = state.create_logical_plan(&model.sql).await.map_err(problem)?;
    let plan = state.analyzer().execute_and_check(plan, state.config_options(), |_, _| {}).map_err(problem)?;
    without_empty_partitions(plan, &model.header.partition_by)
}

/// Delta stores an empty text that a table is partitioned by as null, so it is null from here on.
fn without_empty_partitions(plan: LogicalPlan, partition_by: &[String]) -> Result<LogicalPlan> {
    let is_text = |f: &Field| matches!(engine_type(f.data_type()), DataType::Utf8View);
    let concerned = |f: &Field| partition_by.contains(f.name()) && is_text(f);
    if !plan.schema().fields().iter().any(|f| concerned(f)) {
        return Ok(plan);
    }
    let columns: Vec<Expr> = plan
        .schema()
        .iter()
        .map(|(qualifier, field)| {
            let column = Expr::Column(Column::new(qualifier.cloned(), field.name()));
            if concerned(field) { nullif(column, cast(lit(""), field.data_type().clone())).alias(field.name()) } else { column }
        })
        .collect();
    Ok(LogicalPlanBuilder::from(plan).project(columns)?.build()?)
}

/// The schema that the model's table has.
pub(crate) fn table_schema(plan: &LogicalPlan) -> SchemaRef {
    let fields = plan.schema().fields().iter().map(|f| Field::new(f.name(), engine_type(f.data_type()), true));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

impl Output {
    /// Readies the query of a model, or a rewrite of it with the same columns.
    pub fn new(state: &SessionState, model: &Model, query: LogicalPlan) -> Result<Self> {
        let schema = table_schema(&query);
        let (guarded, casts) = casts::guard(query)?;
        let columns: Vec<Expr> = guarded
            .schema()
            .iter()
            .map(|(qualifier, field)| {
                let column = Expr::Column(Column::new(qualifier.cloned(), field.name()));
                let wanted = engine_type(field.data_type());
                // Unsigned counts beyond the signed range become null in no case: they fail the run.
                if &wanted == field.data_type() { column.alias(field.name()) } else { cast(column, wanted).alias(field.name()) }
            })
            .collect();
        let typed = LogicalPlanBuilder::from(guarded).project(columns)?.build()?;
        let mut columns: Vec<Expr> = typed.schema().fields().iter().map(|f| Expr::Column(Column::new_unqualified(f.name()))).collect();
        let mut rules = Vec::new();
        for (position, expectation) in model.header.expect.iter().enumerate() {
            let condition = state.create_logical_expr(&expectation.that, typed.schema()).map_err(|e| bad_rule(model, expectation, &e))?;
            let name = format!("__rule_{position}");
            columns.push(try_cast(condition, DataType::Boolean).alias(&name));
            rules.push((name, expectation.name.clone(), expectation.on_fail));
        }
        let plan = LogicalPlanBuilder::from(typed).project(columns)?.build()?;
        let sieve = Sieve { columns: schema.fields().len(), casts, rules, key: positions(&schema, &model.header.key, model)? };
        Ok(Self { plan, schema, sieve })
    }

    /// Raw rows on their way to bronze: the plan has the table's columns, then those that tell broken rows.
    pub fn raw(plan: LogicalPlan, schema: SchemaRef) -> Self {
        let sieve = Sieve { columns: schema.fields().len(), casts: vec![REJECT_COLUMN.to_owned()], rules: vec![], key: vec![] };
        Self { plan, schema, sieve }
    }

    /// The same columns, from another plan of them.
    pub fn with_plan(self, plan: LogicalPlan) -> Self {
        Self { plan, ..self }
    }

    pub fn sieve(&self) -> Sieve {
        self.sieve.clone()
    }

    /// Positions of the key columns.
    pub fn key(&self) -> &[usize] {
        &self.sieve.key
    }

    /// The key columns.
    pub fn key_columns(&self) -> Vec<Column> {
        self.key().iter().map(|position| Column::new_unqualified(self.schema.field(*position).name())).collect()
    }

    /// Which row of a key stays.
    pub fn preference(&self, header: &Header) -> Preference {
        let positions = |columns: &[String]| columns.iter().filter_map(|c| self.schema.index_of(c).ok()).collect();
        match header.last_by.as_slice() {
            [] => Preference { columns: positions(&header.first_by), last: false },
            columns => Preference { columns: positions(columns), last: true },
        }
    }
}

fn positions(schema: &SchemaRef, columns: &[String], model: &Model) -> Result<Vec<usize>> {
    columns
        .iter()
        .map(|column| {
            schema.index_of(column).map_err(|_| {
                let message = format!("key column \"{column}\" is not in the result; name one of its columns");
                LakeError::Problems(vec![Problem::new(&model.file, None, message)])
            })
        })
        .collect()
}

/// The first line of what is at the bottom of an error, below the names of the rules that met it.
fn cause(error: &DataFusionError) -> String {
    error.find_root().strip_backtrace().lines().next().unwrap_or_default().to_owned()
}

fn bad_rule(model: &Model, expectation: &Expectation, error: &DataFusionError) -> LakeError {
    let message = format!("expect.{}: {}", expectation.name, cause(error));
    LakeError::Problems(vec![Problem::new(&model.file, Some(expectation.line), message)])
}

/// Counts of what the sieve did, by rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sieved {
    /// Rows that came in.
    pub rows: u64,
    /// Rows that rules with `drop` left out.
    pub dropped: u64,
    /// Rows for quarantine.
    pub quarantined: u64,
    /// Rows that broke each rule, whatever the rule does about it.
    pub broken: BTreeMap<String, u64>,
    /// A rule with `fail` that was broken.
    pub failed: Option<String>,
}

impl Sieved {
    pub fn add(&mut self, other: &Self) {
        self.rows += other.rows;
        self.dropped += other.dropped;
        self.quarantined += other.quarantined;
        for (rule, count) in &other.broken {
            *self.broken.entry(rule.clone()).or_default() += count;
        }
        if self.failed.is_none() {
            self.failed.clone_from(&other.failed);
        }
    }
}

/// Sorts rows by the hidden columns of an [`Output`].
#[derive(Clone, Debug)]
pub(crate) struct Sieve {
    columns: usize,
    casts: Vec<String>,
    rules: Vec<(String, String, OnFail)>,
    key: Vec<usize>,
}

impl Sieve {
    /// The good rows of a batch, with the table's columns only. Others are counted, and those for quarantine are kept.
    pub fn pass(&self, batch: &RecordBatch, counts: &mut Sieved, rejects: &mut Vec<Reject>) -> Result<RecordBatch> {
        counts.rows += batch.num_rows() as u64;
        let bad = self.suspects(batch, counts);
        let table = batch.project(&(0..self.columns).collect::<Vec<_>>())?;
        let Some(bad) = bad else { return Ok(table) };
        let mut keep = vec![true; batch.num_rows()];
        for row in bad {
            let (reason, rule, out) = self.judge(batch, row);
            match out {
                Some(OnFail::Drop) => {
                    keep[row] = false;
                    counts.dropped += 1;
                }
                Some(OnFail::Quarantine) => {
                    keep[row] = false;
                    counts.quarantined += 1;
                    let mut rejected = reject(&table, row, &rule, &reason)?;
                    if let Some(raw) = batch.column_by_name(RAW_COLUMN).filter(|c| c.is_valid(row)) {
                        rejected.raw = datafusion::arrow::util::display::array_value_to_string(raw, row)?;
                    }
                    rejects.push(rejected);
                }
                _ => {}
            }
        }
        Ok(filter_record_batch(&table, &BooleanArray::from(keep))?)
    }

    /// Rows that are to be judged one by one; `None` if the batch is clean.
    fn suspects(&self, batch: &RecordBatch, counts: &mut Sieved) -> Option<Vec<usize>> {
        let rows = batch.num_rows();
        let mut suspect: Option<Vec<bool>> = None;
        let mut mark = |row: usize| suspect.get_or_insert_with(|| vec![false; rows])[row] = true;
        for position in &self.key {
            let column = batch.column(*position);
            if column.null_count() > 0 {
                (0..rows).filter(|r| column.is_null(*r)).for_each(&mut mark);
            }
        }
        for name in &self.casts {
            let Some(column) = batch.column_by_name(name) else { continue };
            if column.null_count() < rows {
                (0..rows).filter(|r| column.is_valid(*r)).for_each(&mut mark);
            }
        }
        for (column, rule, on_fail) in &self.rules {
            let Some(column) = batch.column_by_name(column) else { continue };
            let holds = column.as_boolean();
            // Strict: a condition that is null does not hold, or a missing value would pass every rule about it.
            let broken = rows - holds.true_count();
            if broken == 0 {
                continue;
            }
            *counts.broken.entry(rule.clone()).or_default() += broken as u64;
            match on_fail {
                OnFail::Warn => {}
                OnFail::Fail => counts.failed = Some(rule.clone()),
                OnFail::Drop | OnFail::Quarantine => {
                    (0..rows).filter(|r| !holds.is_valid(*r) || !holds.value(*r)).for_each(&mut mark);
                }
            }
        }
        suspect.map(|s| s.iter().enumerate().filter_map(|(row, bad)| bad.then_some(row)).collect())
    }

    /// Reason, rule and fate of a suspect row: the gravest of what it broke.
    fn judge(&self, batch: &RecordBatch, row: usize) -> (String, String, Option<OnFail>) {
        let mut reasons = Vec::new();
        let mut rule_name = String::new();
        let mut fate = None;
        let mut found = |reason: String, rule: &str, on_fail: OnFail| {
            reasons.push(reason);
            if fate.is_none() || on_fail == OnFail::Quarantine && fate != Some(OnFail::Quarantine) {
                fate = Some(on_fail);
                rule_name = rule.to_owned();
            }
        };
        for name in &self.casts {
            if let Some(column) = batch.column_by_name(name)
                && column.is_valid(row)
            {
                let text = datafusion::arrow::util::display::array_value_to_string(column, row).unwrap_or_default();
                found(text, if name == REJECT_COLUMN { "decode" } else { "cast" }, OnFail::Quarantine);
            }
        }
        for (column, rule, on_fail) in &self.rules {
            let Some(column) = batch.column_by_name(column) else { continue };
            let holds = column.as_boolean();
            if (!holds.is_valid(row) || !holds.value(row)) && matches!(on_fail, OnFail::Drop | OnFail::Quarantine) {
                found(format!("expectation {rule} does not hold"), rule, *on_fail);
            }
        }
        // Last, so that an expectation about the same column gives the row its name.
        for position in &self.key {
            if batch.column(*position).is_null(row) {
                found(format!("{}: the key is missing", batch.schema().field(*position).name()), "key", OnFail::Quarantine);
            }
        }
        (reasons.join("; "), rule_name, fate)
    }
}

fn reject(table: &RecordBatch, row: usize, rule: &str, reason: &str) -> Result<Reject> {
    let one = take_record_batch(table, &UInt32Array::from(vec![row as u32]))?;
    let mut writer = LineDelimitedWriter::new(Vec::new());
    writer.write(&one)?;
    writer.finish()?;
    let raw = String::from_utf8_lossy(&writer.into_inner()).trim_end().to_owned();
    let text = |name: &str| {
        let column = one.column_by_name(name)?;
        (column.is_valid(0)).then(|| datafusion::arrow::util::display::array_value_to_string(column, 0).ok()).flatten()
    };
    Ok(Reject {
        source: text("_source"),
        line: text("_line").and_then(|l| l.parse().ok()),
        rule: rule.to_owned(),
        reason: reason.to_owned(),
        raw,
    })
}
