//! A plan computed for some values of its columns alone.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::{Column, DFSchema};
use datafusion::logical_expr::{
    Aggregate, Distinct, Expr, ExprSchemable, Filter, Join, JoinType, LogicalPlan, LogicalPlanBuilder, Projection, SubqueryAlias,
    TableScan, Union, Unnest, Window,
};

use super::{Scope, Values, beside, column_at, in_memory, is_scan_of, numbered, occurrences, partitioned_by, rescan};
use crate::Result;
use crate::casts::is_text;
use crate::scan::FileScan;
use crate::table::{DataFile, Table};
use crate::unique::{self, plain_column};

/// A side of a join with no table above so many rows is read whole: looking for the rows that are met costs as much.
const WHOLE_ROWS: u64 = 1 << 16;

/// The columns of a plan that are to have some of [`Values`].
pub(crate) struct Wanted {
    /// Rows are told by these.
    pub columns: Vec<Column>,
    /// These only say where the rows lie, with the position in the values.
    pub hints: Vec<(Column, usize)>,
}

/// A plan, and whether it reads nothing but memory and small tables.
pub(super) struct Restricted {
    pub plan: LogicalPlan,
    held: bool,
}

impl Scope<'_> {
    /// The plan's rows with these values alone; the restriction stands as near to the scans as it may.
    pub async fn restricted(&self, plan: LogicalPlan, wanted: &Wanted, values: &Values) -> Result<LogicalPlan> {
        Ok(self.restrict(plan, wanted, values).await?.plan)
    }

    /// The rows of one side of a join that may meet these of the other.
    pub(super) async fn meeting(&self, side: LogicalPlan, side_on: &[Expr], rows: &LogicalPlan, rows_on: &[Expr]) -> Result<Restricted> {
        let is_small = self.largest(&side)? <= WHOLE_ROWS;
        // Tests look for the rows of small tables too.
        if is_small && !cfg!(test) {
            return Ok(Restricted { plan: side, held: true });
        }
        let (mut columns, mut compared) = (Vec::new(), Vec::new());
        for (one, other) in side_on.iter().zip(rows_on) {
            let Some(column) = plain_column(one) else { continue };
            let (wanted, given) = (one.get_type(side.schema())?, other.get_type(rows.schema())?);
            if wanted == given || is_text(&wanted) && is_text(&given) {
                columns.push(column.clone());
                compared.push(other.clone());
            }
        }
        if columns.is_empty() {
            return Ok(Restricted { plan: side, held: is_small });
        }
        let asked = LogicalPlanBuilder::from(rows.clone()).project(numbered(compared))?.distinct()?.build()?;
        let Some(batches) = self.collected(&asked).await? else { return Ok(Restricted { plan: side, held: is_small }) };
        let values = Values::new(batches, columns.len())?;
        self.restrict(side, &Wanted { columns, hints: vec![] }, &values).await
    }

    /// The rows of the largest table that a plan reads.
    fn largest(&self, plan: &LogicalPlan) -> Result<u64> {
        let mut most = 0;
        for (name, table) in self.tables {
            if occurrences(plan, name)? > 0 {
                most = most.max(table.rows().unwrap_or(u64::MAX));
            }
        }
        Ok(most)
    }

    async fn restrict(&self, plan: LogicalPlan, wanted: &Wanted, values: &Values) -> Result<Restricted> {
        match plan {
            LogicalPlan::Projection(ref projection) => {
                let below = |c: &Column| {
                    let position = projection.schema.maybe_index_of_column(c)?;
                    plain_column(projection.expr.get(position)?).cloned()
                };
                let Some(below) = wanted.below(below) else { return self.here(plan, wanted, values).await };
                let input = Box::pin(self.restrict(projection.input.as_ref().clone(), &below, values)).await?;
                input.under(|input| Ok(LogicalPlan::Projection(Projection::try_new(projection.expr.clone(), Arc::new(input))?)))
            }
            LogicalPlan::SubqueryAlias(ref alias) => {
                let Some(below) = wanted.below(in_place(&alias.schema, alias.input.schema())) else {
                    return self.here(plan, wanted, values).await;
                };
                let input = Box::pin(self.restrict(alias.input.as_ref().clone(), &below, values)).await?;
                input.under(|input| Ok(LogicalPlan::SubqueryAlias(SubqueryAlias::try_new(Arc::new(input), alias.alias.clone())?)))
            }
            LogicalPlan::Filter(filter) => {
                let input = Box::pin(self.restrict(Arc::unwrap_or_clone(filter.input), wanted, values)).await?;
                input.under(|input| Ok(LogicalPlan::Filter(Filter::try_new(filter.predicate, Arc::new(input))?)))
            }
            LogicalPlan::Distinct(Distinct::All(input)) => {
                let input = Box::pin(self.restrict(Arc::unwrap_or_clone(input), wanted, values)).await?;
                input.under(|input| Ok(LogicalPlan::Distinct(Distinct::All(Arc::new(input)))))
            }
            LogicalPlan::Union(ref union) => {
                let (mut inputs, mut held) = (Vec::new(), true);
                for input in &union.inputs {
                    let Some(below) = wanted.below(in_place(&union.schema, input.schema())) else {
                        return self.here(plan, wanted, values).await;
                    };
                    let input = Box::pin(self.restrict(input.as_ref().clone(), &below, values)).await?;
                    held &= input.held;
                    inputs.push(Arc::new(input.plan));
                }
                Ok(Restricted { plan: LogicalPlan::Union(Union { inputs, schema: Arc::clone(&union.schema) }), held })
            }
            LogicalPlan::Aggregate(ref aggregate) => {
                let group = |c: &Column| match aggregate.group_expr.get(aggregate.schema.maybe_index_of_column(c)?)? {
                    Expr::Column(column) => Some(column.clone()),
                    _ => None,
                };
                let Some(below) = wanted.below(group) else { return self.here(plan, wanted, values).await };
                let input = Box::pin(self.restrict(aggregate.input.as_ref().clone(), &below, values)).await?;
                input.under(|input| {
                    let (groups, aggregated) = (aggregate.group_expr.clone(), aggregate.aggr_expr.clone());
                    Ok(LogicalPlan::Aggregate(Aggregate::try_new(Arc::new(input), groups, aggregated)?))
                })
            }
            LogicalPlan::Unnest(ref unnest) => {
                let below = |c: &Column| Some(column_at(unnest.input.schema(), beside(unnest, unnest.schema.maybe_index_of_column(c)?)?));
                let Some(below) = wanted.below(below) else { return self.here(plan, wanted, values).await };
                let input = Box::pin(self.restrict(unnest.input.as_ref().clone(), &below, values)).await?;
                input.under(|input| {
                    let (columns, options) = (unnest.exec_columns.clone(), unnest.options.clone());
                    Ok(LogicalPlan::Unnest(Unnest::try_new(Arc::new(input), columns, options)?))
                })
            }
            LogicalPlan::Join(join) => self.restrict_join(join, wanted, values).await,
            LogicalPlan::Window(window) => self.restrict_window(window, wanted, values).await,
            other => self.here(other, wanted, values).await,
        }
    }

    /// Of a window's input the whole partitions that have such rows, for what is computed over them.
    async fn restrict_window(&self, window: Window, wanted: &Wanted, values: &Values) -> Result<Restricted> {
        let partition = partitioned_by(&window);
        if wanted.columns.iter().all(|c| partition.contains(c)) {
            let input = Box::pin(self.restrict(Arc::unwrap_or_clone(window.input), wanted, values)).await?;
            return input.under(|input| Ok(LogicalPlan::Window(Window::try_new(window.window_expr, Arc::new(input))?)));
        }
        let below = wanted.within(window.input.schema()).filter(|_| !partition.is_empty());
        let Some(below) = below else { return self.here(LogicalPlan::Window(window), wanted, values).await };
        let named = LogicalPlanBuilder::from(window.input.as_ref().clone()).project(below.exprs_with(&partition))?.build()?;
        let rows = Box::pin(self.restrict(unique::narrowed(named, self.keys)?, &below, values)).await?;
        if !rows.held {
            return self.here(LogicalPlan::Window(window), wanted, values).await;
        }
        let on: Vec<Expr> = partition.into_iter().map(Expr::Column).collect();
        let input = Box::pin(self.meeting(window.input.as_ref().clone(), &on, &rows.plan, &on)).await?;
        let whole = LogicalPlan::Window(Window::try_new(window.window_expr, Arc::new(input.plan))?);
        Ok(Restricted { plan: LogicalPlanBuilder::from(whole).filter(values.condition(&wanted.columns))?.build()?, held: input.held })
    }

    async fn restrict_join(&self, join: Join, wanted: &Wanted, values: &Values) -> Result<Restricted> {
        use JoinType::{Inner, Left, LeftAnti, LeftSemi, Right, RightAnti, RightSemi};
        let kept_left = wanted.within(join.left.schema()).filter(|_| matches!(join.join_type, Inner | Left | LeftSemi | LeftAnti));
        let kept_right = wanted.within(join.right.schema()).filter(|_| matches!(join.join_type, Inner | Right | RightSemi | RightAnti));
        let (left_on, right_on): (Vec<Expr>, Vec<Expr>) = join.on.iter().cloned().unzip();
        let (left, right) = if let Some(wanted) = kept_left {
            self.restrict_side((&join.left, &left_on), (&join.right, &right_on), join.null_aware, &wanted, values).await?
        } else if let Some(wanted) = kept_right {
            let (right, left) =
                self.restrict_side((&join.right, &right_on), (&join.left, &left_on), join.null_aware, &wanted, values).await?;
            (left, right)
        } else {
            return self.here(LogicalPlan::Join(join), wanted, values).await;
        };
        let held = left.held && right.held;
        let (left, right) = (Arc::new(left.plan), Arc::new(right.plan));
        let (on, filter, kind, how) = (join.on, join.filter, join.join_type, join.join_constraint);
        let plan = LogicalPlan::Join(Join::try_new(left, right, on, filter, kind, how, join.null_equality, join.null_aware)?);
        Ok(Restricted { plan, held })
    }

    /// One side of a join, and of the other the rows that it meets: plans with what the join compares of them.
    async fn restrict_side(
        &self,
        kept: (&LogicalPlan, &[Expr]),
        other: (&LogicalPlan, &[Expr]),
        null_aware: bool,
        wanted: &Wanted,
        values: &Values,
    ) -> Result<(Restricted, Restricted)> {
        let rows = Box::pin(self.restrict(kept.0.clone(), wanted, values)).await?;
        // Where a null on the other side counts for all rows, the others count too.
        let met = if rows.held && !null_aware {
            Box::pin(self.meeting(other.0.clone(), other.1, &rows.plan, kept.1)).await?
        } else {
            Restricted { plan: other.0.clone(), held: false }
        };
        Ok((rows, met))
    }

    /// The restriction at this place.
    async fn here(&self, plan: LogicalPlan, wanted: &Wanted, values: &Values) -> Result<Restricted> {
        let (table, read) = match plan {
            LogicalPlan::TableScan(scan) => (Some(scan.table_name.clone()), self.fitting_files(scan, wanted, values)?),
            other => (None, other),
        };
        let filtered = LogicalPlanBuilder::from(read).filter(values.condition(&wanted.columns))?.build()?;
        if self.held_bytes == 0 {
            return Ok(Restricted { plan: filtered, held: false });
        }
        Ok(match self.collected(&filtered).await? {
            Some(batches) => Restricted { plan: in_memory(batches, filtered.schema(), table)?, held: true },
            None => Restricted { plan: filtered, held: false },
        })
    }

    /// The scan without files that hold none of the values, and reading in full only what it asks for.
    fn fitting_files(&self, scan: TableScan, wanted: &Wanted, values: &Values) -> Result<LogicalPlan> {
        let Some((_, table)) = self.tables.iter().find(|(name, _)| is_scan_of(&scan, name)) else {
            return Ok(LogicalPlan::TableScan(scan));
        };
        let columns = wanted.columns.iter().enumerate().map(|(position, column)| (column, position));
        let all = columns.chain(wanted.hints.iter().map(|(column, position)| (column, *position)));
        let all: Vec<(&str, usize)> = all.map(|(column, position)| (column.name.as_str(), position)).collect();
        let files = files_with(table, &all, values)?;
        let provider: Arc<dyn TableProvider> = Arc::new(FileScan::of_files(table, files, false).late());
        Ok(rescan(scan, &provider)?)
    }
}

/// The column of one schema that stands where it does in another.
fn in_place<'s>(above: &'s DFSchema, below: &'s DFSchema) -> impl Fn(&Column) -> Option<Column> + 's {
    |column| Some(column_at(below, above.maybe_index_of_column(column)?))
}

/// The table's files that may hold rows with these values, by what the table is partitioned by.
pub(crate) fn files_with(table: &Table, columns: &[(&str, usize)], values: &Values) -> Result<Vec<DataFile>> {
    let mut files = table.files();
    let is_partition = |column: &str| table.partition_columns().iter().any(|c| c == column);
    let (names, positions): (Vec<&str>, Vec<usize>) = columns.iter().copied().filter(|(column, _)| is_partition(column)).unzip();
    if !names.is_empty() {
        let fitting = values.partition_values(&positions)?;
        files.retain(|file| fitting.contains(&names.iter().map(|c| file.partition.get(*c).cloned().flatten()).collect::<Vec<_>>()));
    }
    Ok(files)
}

impl Wanted {
    /// The same in the input, where every column has one there; hints are given up.
    fn below(&self, name: impl Fn(&Column) -> Option<Column>) -> Option<Self> {
        let columns = self.columns.iter().map(&name).collect::<Option<Vec<_>>>()?;
        let hints = self.hints.iter().filter_map(|(column, position)| Some((name(column)?, *position))).collect();
        Some(Self { columns, hints })
    }

    /// What it names and these, once each.
    fn exprs_with(&self, others: &[Column]) -> Vec<Expr> {
        let named: BTreeSet<&Column> = self.columns.iter().chain(self.hints.iter().map(|(column, _)| column)).chain(others).collect();
        named.into_iter().cloned().map(Expr::Column).collect()
    }

    fn within(&self, schema: &DFSchema) -> Option<Self> {
        self.below(|column| schema.has_column(column).then(|| column.clone()))
    }
}

impl Restricted {
    fn under(self, node: impl FnOnce(LogicalPlan) -> Result<LogicalPlan>) -> Result<Self> {
        Ok(Self { plan: node(self.plan)?, held: self.held })
    }
}
