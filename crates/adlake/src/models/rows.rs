//! Which rows are learned from.

use std::collections::BTreeMap;

use features::Provenance;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use lake::datafusion::arrow::array::{AsArray, RecordBatch};
use lake::datafusion::arrow::compute::cast;
use lake::datafusion::arrow::datatypes::{DataType, Int64Type};
use lake::datafusion::common::Column;
use lake::datafusion::functions_aggregate::expr_fn::{max, min};
use lake::datafusion::logical_expr::{Expr, SortExpr, lit};
use lake::datafusion::prelude::DataFrame;
use lake::{LakeError, Result};
use spec::TableName;

/// Rows in one state of the lake: a query that has not run yet, and what its columns are for.
pub struct Rows {
    /// The query.
    pub query: DataFrame,
    /// The Delta version of each table that it reads.
    pub tables: BTreeMap<TableName, u64>,
    /// Columns to learn from.
    pub features: Vec<String>,
    /// What is to be predicted: a column of booleans.
    pub label: String,
    /// The event time; where the log has none, the place of a row says when it was.
    pub time: Option<String>,
    /// Whom a row belongs to.
    pub group: Option<String>,
    /// What puts the rows in the order of their events, no two in one place.
    pub order: Vec<String>,
    /// From when and from what the features are known, as far as it is.
    pub provenance: Provenance,
}

impl Rows {
    /// How many there are.
    ///
    /// # Errors
    /// What happens while reading.
    pub async fn count(&self) -> Result<usize> {
        Ok(self.query.clone().count().await?)
    }

    /// All of them in the order of their events: the same state of the lake gives the same rows in the same order. Rows without times
    /// are read piece by piece, so that memory does not grow with them.
    ///
    /// # Errors
    /// What happens while planning; the stream gives what happens while reading.
    pub async fn in_order(&self) -> Result<BoxStream<'static, Result<RecordBatch>>> {
        let order: Vec<_> = self.order.iter().map(|column| named(column).sort(true, false)).collect();
        let [file, line] = self.order.as_slice() else { return sorted(self.query.clone(), order).await };
        if self.time.is_some() {
            return sorted(self.query.clone(), order).await;
        }
        let (file, line) = (named(file), named(line));
        let pieces = pieces(&self.query, &file, &line).await?;
        let query = self.query.clone();
        let piece = move |(name, from): (String, i64)| {
            let is_in = file.clone().eq(lit(name)).and(line.clone().gt_eq(lit(from))).and(line.clone().lt(lit(from + PIECE)));
            let (query, order) = (query.clone(), order.clone());
            async move { sorted(query.filter(is_in)?, order).await }
        };
        Ok(futures::stream::iter(pieces).then(piece).try_flatten().boxed())
    }
}

/// Lines of a file that are read at a time.
const PIECE: i64 = 500_000;

async fn sorted(query: DataFrame, order: Vec<SortExpr>) -> Result<BoxStream<'static, Result<RecordBatch>>> {
    Ok(query.sort(order)?.execute_stream().await?.map_err(LakeError::from).boxed())
}

/// Each piece of each file, in order: the file and its first line.
async fn pieces(query: &DataFrame, file: &Expr, line: &Expr) -> Result<Vec<(String, i64)>> {
    let bounds = vec![min(line.clone()).alias("first"), max(line.clone()).alias("last")];
    let files = query.clone().aggregate(vec![file.clone()], bounds)?.sort(vec![file.clone().sort(true, false)])?.collect().await?;
    let mut pieces = Vec::new();
    for batch in files {
        let names = cast(batch.column(0), &DataType::Utf8)?;
        let (first, last) = (cast(batch.column(1), &DataType::Int64)?, cast(batch.column(2), &DataType::Int64)?);
        let (names, first, last) = (names.as_string::<i32>(), first.as_primitive::<Int64Type>(), last.as_primitive::<Int64Type>());
        for row in 0..batch.num_rows() {
            let lines = (first.value(row)..=last.value(row)).step_by(PIECE as usize);
            pieces.extend(lines.map(|from| (names.value(row).to_owned(), from)));
        }
    }
    Ok(pieces)
}

fn named(column: &str) -> Expr {
    Expr::Column(Column::from_name(column))
}
