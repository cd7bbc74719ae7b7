//! Where columns come from: column-level lineage, read off the logical plans of the models without touching data.
//!
//! A column has [`Source`]s. Those of [`Kind::Value`] are what its values are made of: copied, computed, aggregated. Those
//! of [`Kind::Influence`] only steer: a filter, a join condition, the condition of a `case`. What steers which rows there
//! are stands once per table, in [`TableLineage::rows`], and holds for all of its columns. Decisions behind this:
//!
//! * The conditions of a `case` are influences and its branches are values, unless no branch has a column:
//!   `case gender when 'm' then 'M' else 'F' end` is made of `gender` all the same.
//! * `count(*)`, `row_number()` and `exists (…)` are made of rows rather than of a column: their source is the column
//!   [`ROWS`] of the table. So is a constant from the side of an outer join that may have no match.
//! * A join's condition counts for all rows, in an outer join too, because a join can multiply rows.
//! * The engine's own work counts: rows are grouped by `key`, chosen in the order of `first_by` or `last_by` and filtered by
//!   expectations that drop or quarantine. Not counted: rows quarantined because a cast could not read a text.

mod expression;
mod flow;
mod openlineage;
mod reach;
#[cfg(test)]
mod tests;
mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::DFSchema;
use datafusion::datasource::empty::EmptyTable;
use datafusion::execution::SessionState;
use datafusion::logical_expr::LogicalPlan;
use spec::{Layer, Model, OnFail, Pipeline, TableName};

use crate::ops::instant;
use crate::output::{plan_query, table_schema};
use crate::session::{self, Pinned};
use crate::store::Location;
use crate::{Lake, LakeOptions, Result};
use expression::{Around, Scope, through};
use flow::flow;

pub use openlineage::{RunEvent, RunState, openlineage};
pub use tree::Direction;

/// The column of a [`Source`] that stands for the table's rows as such: what `count(*)` counts.
pub const ROWS: &str = "*";

/// Whether a source makes up values or only steers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Values are made of it.
    Value,
    /// It decides which rows or which of several values there are.
    Influence,
}

/// What a source does for a column; ordered by how far it is from a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum How {
    /// Its value, unchanged.
    Identity,
    /// Computed from it, row by row: expressions, casts, functions.
    Transformation,
    /// Computed from it over several rows.
    Aggregation,
    /// The condition of a `case`.
    Conditional,
    /// A join condition.
    Join,
    /// Rows are grouped, or made distinct, by it.
    GroupBy,
    /// A `where`, `having` or `filter`, or an expectation that keeps rows out.
    Filter,
    /// Rows are ordered by it.
    Sort,
    /// `partition by` or `order by` of a window.
    Window,
}

/// A column that another is made of or steered by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source {
    /// Its table.
    pub table: TableName,
    /// Its name, or [`ROWS`].
    pub column: String,
    /// What it does.
    pub how: How,
}

/// Sources in order, each once per [`How`].
pub type Sources = BTreeSet<Source>;

/// One column and what it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnLineage {
    /// Its name.
    pub name: String,
    /// Its type.
    pub data_type: DataType,
    /// What the model says about it; may be empty.
    pub description: String,
    /// What it comes from in the tables that its model reads. Empty for constants and for raw columns.
    pub sources: Sources,
}

/// One table and what it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableLineage {
    /// Its columns in order.
    pub columns: Vec<ColumnLineage>,
    /// What makes up and steers which rows there are. Sources of [`Kind::Value`] are [`ROWS`] of other tables.
    pub rows: Sources,
}

/// Where the columns of all tables of a pipeline come from.
#[derive(Clone, Debug)]
pub struct Lineage {
    /// In an order in which every table comes after all it is made from.
    order: Vec<TableName>,
    tables: BTreeMap<TableName, TableLineage>,
}

/// The lineage of all tables of a pipeline, from its SQL alone.
///
/// `known` holds the schemas of tables as they are in a lake. Raw tables that are not among them have the columns that
/// their model lists; tables of other models have those that their query gives, whether known or not.
///
/// # Errors
/// SQL that does not fit the tables it reads, and a table that is read but neither known nor made by a model.
pub async fn lineage(pipeline: &Pipeline, known: &BTreeMap<TableName, SchemaRef>) -> Result<Lineage> {
    let options = LakeOptions { threads: 1, ..LakeOptions::default() };
    let runtime = session::runtime(&Location::open("memory:///lineage", &options.s3)?, &options)?;
    let tables = Arc::new(Pinned::default());
    let context = session::context(&runtime, &options, Arc::clone(&tables) as Arc<dyn session::Tables>)?;
    let mut done = Lineage { order: Vec::new(), tables: BTreeMap::new() };
    for (name, schema) in known {
        if pipeline.get(name).is_none() {
            done.put(&tables, name, schema, TableLineage { columns: roots(schema, &[]), rows: Sources::new() });
        }
    }
    for model in pipeline.in_order() {
        let name = &model.table;
        if name.layer == Layer::Bronze {
            let schema = known.get(name).cloned().unwrap_or_else(|| raw_schema(model));
            let columns = roots(&schema, &model.header.columns);
            done.put(&tables, name, &schema, TableLineage { columns, rows: Sources::new() });
        } else {
            let plan = plan_query(&context.state(), model).await?;
            let made = of_model(&context.state(), model, &plan)?;
            done.put(&tables, name, &table_schema(&plan), made);
        }
    }
    Ok(done)
}

impl Lake {
    /// The lineage of a pipeline over this lake's tables, which need not exist yet.
    ///
    /// # Errors
    /// As [`lineage`], and a Delta log that cannot be read.
    pub async fn lineage(&self, pipeline: &Pipeline) -> Result<Lineage> {
        let mut known = BTreeMap::new();
        for name in self.tables().await? {
            if name.layer != Layer::Ops
                && let Some(table) = self.table(&name).await?
            {
                known.insert(name, table.schema());
            }
        }
        lineage(pipeline, &known).await
    }
}

impl Lineage {
    /// All tables, each after those it is made from.
    pub fn tables(&self) -> &[TableName] {
        &self.order
    }

    /// What a table comes from.
    pub fn table(&self, name: &TableName) -> Option<&TableLineage> {
        self.tables.get(name)
    }

    fn put(&mut self, tables: &Pinned, name: &TableName, schema: &SchemaRef, made: TableLineage) {
        tables.put_provider(name.clone(), Arc::new(EmptyTable::new(Arc::clone(schema))));
        self.order.push(name.clone());
        self.tables.insert(name.clone(), made);
    }
}

impl TableLineage {
    /// One of its columns.
    pub fn column(&self, name: &str) -> Option<&ColumnLineage> {
        self.columns.iter().find(|c| c.name == name)
    }

    /// Tables that it reads.
    pub fn inputs(&self) -> BTreeSet<&TableName> {
        self.columns.iter().flat_map(|c| &c.sources).chain(&self.rows).map(|s| &s.table).collect()
    }
}

impl How {
    /// Whether it makes up values or steers.
    pub fn kind(self) -> Kind {
        if self <= Self::Aggregation { Kind::Value } else { Kind::Influence }
    }

    /// What a source that reaches a column in this way is to something that the column reaches by `next`.
    #[must_use]
    pub fn then(self, next: Self) -> Self {
        match (self.kind(), next.kind()) {
            (_, Kind::Influence) => next,
            (Kind::Influence, Kind::Value) => self,
            (Kind::Value, Kind::Value) => self.max(next),
        }
    }

    /// In a word or two.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "copied",
            Self::Transformation => "computed",
            Self::Aggregation => "aggregated",
            Self::Conditional => "condition",
            Self::Join => "join",
            Self::GroupBy => "group by",
            Self::Filter => "filter",
            Self::Sort => "order by",
            Self::Window => "window",
        }
    }
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Source {
    /// Whether values are made of it or it only steers.
    pub fn kind(&self) -> Kind {
        self.how.kind()
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.table, self.column)
    }
}

/// A model's table, whose query has this plan.
fn of_model(state: &SessionState, model: &Model, plan: &LogicalPlan) -> Result<TableLineage> {
    let made = flow(plan, Around::default()).map_err(|e| e.in_table(&model.table))?;
    let schema = DFSchema::try_from(table_schema(plan).as_ref().clone())?;
    let scope = Scope::of(&schema, &made, Around::default());
    let mut rows = made.rows.clone();
    let column = |name: &String| schema.index_of_column_by_name(None, name).and_then(|p| made.columns.get(p)).cloned().unwrap_or_default();
    for name in &model.header.key {
        rows.extend(through(column(name), How::GroupBy));
    }
    for name in model.header.first_by.iter().chain(&model.header.last_by) {
        rows.extend(through(column(name), How::Sort));
    }
    for expectation in model.header.expect.iter().filter(|e| matches!(e.on_fail, OnFail::Drop | OnFail::Quarantine)) {
        let condition = state.create_logical_expr(&expectation.that, &schema)?;
        rows.extend(through(expression::sources(&condition, &scope)?, How::Filter));
    }
    let columns = schema.fields().iter().zip(&made.columns).map(|(field, sources)| ColumnLineage {
        name: field.name().clone(),
        data_type: field.data_type().clone(),
        description: described(&model.header.columns, field.name()),
        sources: sources.clone(),
    });
    Ok(TableLineage { columns: columns.collect(), rows })
}

/// Columns that come from nowhere within the lake.
fn roots(schema: &Schema, descriptions: &[(String, String)]) -> Vec<ColumnLineage> {
    let column = |field: &Arc<Field>| ColumnLineage {
        name: field.name().clone(),
        data_type: field.data_type().clone(),
        description: described(descriptions, field.name()),
        sources: Sources::new(),
    };
    schema.fields().iter().map(column).collect()
}

fn described(descriptions: &[(String, String)], column: &str) -> String {
    descriptions.iter().find(|(name, _)| name == column).map(|(_, text)| text.clone()).unwrap_or_default()
}

/// The columns of a raw table that has not arrived yet: those that its model lists, and the engine's own.
fn raw_schema(model: &Model) -> SchemaRef {
    let listed = model.header.columns.iter().map(|(name, _)| Field::new(name, DataType::Utf8View, true));
    let own = [
        Field::new("_source", DataType::Utf8View, true),
        Field::new("_line", DataType::Int64, true),
        Field::new("_ingested_at", instant(), true),
        Field::new("_batch_id", DataType::Utf8View, true),
    ];
    Arc::new(Schema::new(listed.chain(own).collect::<Vec<_>>()))
}
