//! Raw rows into a bronze table: everything that arrived, each file once, broken rows to quarantine.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::common::ScalarValue;
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder, cast, col, lit};
use spec::{Model, TableName};

use crate::ops::instant;
use crate::output::Output;
use crate::quarantine::{self, Sink};
use crate::report::{Action, TableReport};
use crate::session::Pinned;
use crate::step::{self, Outcome};
use crate::table::{Table, engine_type};
use crate::{Lake, LakeError, Result, Running, sql_type};

/// A source row that could not be decoded has its reason in this column of the feed, and nothing in the others but
/// `_source`, `_line` and [`RAW_COLUMN`].
pub const REJECT_COLUMN: &str = "__reject";
/// The text of a row that could not be decoded.
pub const RAW_COLUMN: &str = "__raw";

/// The type that a source column of a type has in a bronze table; `None` where no Delta table can hold it.
pub fn raw_type(data_type: &DataType) -> Option<DataType> {
    let stored = match data_type {
        DataType::FixedSizeBinary(_) => DataType::Binary,
        other => engine_type(other),
    };
    is_stored(&stored).then_some(stored)
}

fn is_stored(data_type: &DataType) -> bool {
    use DataType::*;
    match data_type {
        Boolean | Int8 | Int16 | Int32 | Int64 | Float32 | Float64 | Utf8 | Utf8View | Binary | Date32 | Timestamp(_, _) => true,
        Decimal128(precision, scale) => *scale >= 0 && scale.unsigned_abs() <= *precision,
        List(item) => is_stored(item.data_type()),
        Struct(fields) => {
            let mut names = HashSet::new();
            let plain = |name: &str| !name.is_empty() && !name.contains([' ', ',', ';', '{', '}', '(', ')', '\n', '\t', '=']);
            !fields.is_empty()
                && fields.iter().all(|f| plain(f.name()) && names.insert(f.name().to_lowercase()) && is_stored(f.data_type()))
        }
        Map(entries, _) => match entries.data_type() {
            Struct(pair) => pair.len() == 2 && pair.iter().all(|f| is_stored(f.data_type())),
            _ => false,
        },
        _ => false,
    }
}

/// What a feed found out while it was read; complete when its last stream has ended.
#[derive(Debug, Default)]
pub struct Taken {
    /// Records in the source, good and broken: counted where they are cut, so that no later loss goes unseen.
    pub rows: u64,
    /// Application transactions that say what was consumed.
    pub transactions: HashMap<String, i64>,
}

/// Raw rows of one table, from whatever source.
#[derive(Clone)]
pub struct Feed {
    /// The bronze table they go to.
    pub table: TableName,
    /// The rows: source columns, then `_source` (text), `_line` (bigint), [`REJECT_COLUMN`], [`RAW_COLUMN`]. A column that
    /// the table has is spelled as there and has its type ([`raw_type`]): only who knows the source can tell which of its
    /// values may become another type.
    pub provider: Arc<dyn TableProvider>,
    /// Columns that the table has whether the source has them or not, with their descriptions.
    pub expected: Vec<(String, String)>,
    /// What the source has to tell: it goes into the run's report.
    pub notes: Vec<String>,
    /// Application transactions of the table as they were when the feed was made. Where they are others by now, somebody
    /// else took some of it, and the feed is refused.
    pub expects: HashMap<String, Option<i64>>,
    /// Filled as the rows are read.
    pub taken: Arc<Mutex<Taken>>,
}

impl Running {
    /// Adds a feed's rows to its bronze table. `None`, and nothing done, where somebody else committed to the table since
    /// the feed was made: a feed is read once, so a new one is to be made of what is left.
    ///
    /// # Errors
    /// The feed's own, and those of writing; nothing is committed then.
    pub async fn ingest(&mut self, feed: &Feed) -> Result<Option<TableReport>> {
        let begun = Instant::now();
        let name = &feed.table;
        match self.attempt(feed).await {
            Err(error) if error.is_conflict() => Ok(None),
            Err(error) => Err(error.in_table(name)),
            Ok(None) => Ok(None),
            Ok(Some(mut report)) => {
                report.seconds = begun.elapsed().as_secs_f64();
                self.record(report.clone());
                Ok(Some(report))
            }
        }
    }

    async fn attempt(&self, feed: &Feed) -> Result<Option<TableReport>> {
        let (target, schema, notes) = self.prepare(feed).await?;
        let consumed = target.transactions().await?;
        if feed.expects.iter().any(|(id, before)| consumed.get(id) != before.as_ref()) {
            return Ok(None);
        }
        quarantine::settle(self.lake(), &target, &consumed).await?;
        let mut report = self.take(feed, &target, &schema).await?;
        report.notes = notes;
        report.notes.extend(feed.notes.iter().cloned());
        Ok(Some(report))
    }

    /// The table, made where there is none, and the columns it is to have.
    async fn prepare(&self, feed: &Feed) -> Result<(Table, SchemaRef, Vec<String>)> {
        let incoming = feed.provider.schema();
        let source: Vec<Field> = incoming
            .fields()
            .iter()
            .filter(|f| !matches!(f.name().as_str(), REJECT_COLUMN | RAW_COLUMN | "_source" | "_line"))
            .map(|f| Field::new(f.name(), engine_type(f.data_type()), true))
            .collect();
        let mut notes = Vec::new();
        let Some(table) = self.lake().table(&feed.table).await? else {
            for (name, _) in &feed.expected {
                if incoming.field_with_name(name).is_err() {
                    notes.push(format!("column {name} is missing in the source and null"));
                }
            }
            let description = format!("{} as it arrived.", feed.table.name);
            let table = create_raw(self.lake(), &feed.table, &source, &feed.expected, &description).await?;
            let schema = table.schema();
            return Ok((table, schema, notes));
        };
        let known = table.schema();
        let mut fields: Vec<Field> = known.fields().iter().map(|f| f.as_ref().clone()).collect();
        for field in &source {
            match known.fields().iter().find(|f| f.name().eq_ignore_ascii_case(field.name())) {
                None => {
                    notes.push(format!("new column {}", field.name()));
                    fields.push(field.clone());
                }
                Some(stands) if stands.name() != field.name() || stands.data_type() != field.data_type() => {
                    return Err(LakeError::invalid(format!(
                        "column {} of type {} stands in the table as {} of type {}; give it as it stands there",
                        field.name(),
                        sql_type(field.data_type()),
                        stands.name(),
                        sql_type(stands.data_type())
                    )));
                }
                Some(_) => {}
            }
        }
        for field in known.fields() {
            if !field.name().starts_with('_') && incoming.field_with_name(field.name()).is_err() {
                notes.push(format!("column {} is missing in the new files and null there", field.name()));
            }
        }
        Ok((table, Arc::new(Schema::new(fields)), notes))
    }

    /// Makes the empty table of a raw source that has not arrived, so that what reads it can be computed.
    ///
    /// # Errors
    /// The table cannot be made.
    pub async fn expect(&self, model: &Model) -> Result<()> {
        if self.lake().table(&model.table).await?.is_none() {
            create_raw(self.lake(), &model.table, &[], &model.header.columns, &model.header.description).await?;
        }
        Ok(())
    }

    async fn take(&self, feed: &Feed, target: &Table, schema: &SchemaRef) -> Result<TableReport> {
        let lake = self.lake();
        let context = lake.context(Arc::new(Pinned::default()))?;
        let incoming = feed.provider.schema();
        let mut columns: Vec<Expr> = schema
            .fields()
            .iter()
            .map(|field| match field.name().as_str() {
                "_ingested_at" => {
                    Ok(lit(ScalarValue::TimestampMicrosecond(Some(self.run().at_micros), Some("UTC".into()))).alias("_ingested_at"))
                }
                "_batch_id" => Ok(lit(ScalarValue::Utf8View(Some(self.run().id.clone()))).alias("_batch_id")),
                name => match incoming.field_with_name(name) {
                    Ok(found) if found.data_type() == field.data_type() => Ok(col(datafusion::common::Column::new_unqualified(name))),
                    Ok(_) => Ok(cast(col(datafusion::common::Column::new_unqualified(name)), field.data_type().clone()).alias(name)),
                    Err(_) => Ok(lit(ScalarValue::try_from(field.data_type())?).alias(name)),
                },
            })
            .collect::<Result<_>>()?;
        columns.extend([REJECT_COLUMN, RAW_COLUMN].map(|n| col(datafusion::common::Column::new_unqualified(n))));
        let plan = LogicalPlanBuilder::scan("source", provider_as_source(Arc::clone(&feed.provider)), None)?.project(columns)?.build()?;
        let output = Output::raw(plan, Arc::clone(schema));
        let sink = Sink::new(lake, &feed.table, &self.run().id, self.run().at_micros);
        let mut drained = step::drain_into(lake, &context, &output, target, &sink).await?;
        let (rows, transactions) = match feed.taken.lock() {
            Ok(taken) => (taken.rows, taken.transactions.clone()),
            Err(_) => return Err(LakeError::invalid("a reader of the source panicked")),
        };
        let made = Outcome {
            adds: drained.finish(&[]).await?,
            written: drained.written,
            filtered: drained.filtered,
            sieved: drained.sieved,
            rows_read: rows,
            conserved: true,
            ..Outcome::default()
        };
        step::audit(&feed.table, &made)?;
        let evolved = (target.schema() != *schema).then(|| Arc::clone(schema));
        step::publish(lake, self.run(), target, Action::Appended, made, &sink, transactions, evolved).await
    }
}

async fn create_raw(lake: &Lake, name: &TableName, source: &[Field], expected: &[(String, String)], description: &str) -> Result<Table> {
    let mut fields = source.to_vec();
    for (column, _) in expected {
        if !fields.iter().any(|f| f.name() == column) {
            fields.push(Field::new(column, DataType::Utf8View, true));
        }
    }
    fields.extend(ingest_fields());
    let mut comments = expected.to_vec();
    let own = [
        ("_source", "File the row came from, relative to the source"),
        ("_line", "Line of that file on which the row begins, from 1"),
        ("_ingested_at", "When the run that took the row began, UTC"),
        ("_batch_id", "The run that took the row"),
    ];
    comments.extend(own.map(|(n, c)| (n.to_owned(), c.to_owned())));
    lake.create_table(name, &Arc::new(Schema::new(fields)), &[], description, &comments).await
}

fn ingest_fields() -> [Field; 4] {
    [
        Field::new("_source", DataType::Utf8View, true),
        Field::new("_line", DataType::Int64, true),
        Field::new("_ingested_at", instant(), true),
        Field::new("_batch_id", DataType::Utf8View, true),
    ]
}
