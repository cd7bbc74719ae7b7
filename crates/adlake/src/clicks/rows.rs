//! Which rows are learned from.

use std::collections::BTreeMap;

use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use lake::datafusion::arrow::array::{AsArray, RecordBatch};
use lake::datafusion::arrow::compute::cast;
use lake::datafusion::arrow::datatypes::{DataType, Int64Type};
use lake::datafusion::common::Column;
use lake::datafusion::functions_aggregate::expr_fn::{max, min};
use lake::datafusion::logical_expr::{Expr, SortExpr, lit};
use lake::datafusion::prelude::DataFrame;
use lake::{AsOf, Lake, LakeError, Result};
use spec::TableName;

use super::settings::Population;

/// The rows of a population in one state of the lake: a query that has not run yet, and what its columns are for.
pub struct Rows {
    query: DataFrame,
    /// The Delta version of each table that it reads.
    pub tables: BTreeMap<TableName, u64>,
    /// Columns to learn from.
    pub features: Vec<String>,
    /// Whether a row was clicked.
    pub label: String,
    /// The event time; where the log has none, the place of a row says when it was.
    pub time: Option<String>,
    /// Whom a row belongs to.
    pub group: Option<String>,
    /// What puts the rows in the order of their events, no two in one place.
    pub order: Vec<String>,
}

impl Rows {
    /// The rows of a population.
    ///
    /// # Errors
    /// Feature tables that are not there yet, and what happens while planning.
    pub async fn of(lake: &Lake, population: Population, as_of: AsOf) -> Result<Self> {
        match population {
            Population::Impressions => {
                let rows = registered(lake, "click_features", as_of).await?;
                // Nobody bids for an impression of a campaign that nobody knows, and where such are never clicked they give themselves away.
                let query = rows.query.filter(named("advertiser_id").not_eq(lit("Unknown")))?;
                Ok(Self { query, ..rows })
            }
            Population::Requests => requests(lake, as_of).await,
            Population::Criteo => registered(lake, "criteo_features", as_of).await,
        }
    }

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

/// The rows of a registered feature table.
async fn registered(lake: &Lake, name: &str, as_of: AsOf) -> Result<Rows> {
    let registered = features::registry()?.table(name).map_err(LakeError::invalid)?;
    let table = TableName::new(spec::Layer::Features, name).map_err(LakeError::invalid)?;
    if lake.table(&table).await?.is_none() {
        return Err(LakeError::invalid(format!("{table} is not there yet; make it with `adlake run --lake {}`", place_of(lake))));
    }
    let spec = features::FrameSpec { as_of, ..features::FrameSpec::of(table, registered.time.as_deref().unwrap_or_default()) };
    let frame = features::frame(lake, &spec).await?;
    let columns = frame.rows.schema().fields().iter().map(|field| field.name().clone());
    let features = columns.filter(|name| registered.features.contains_key(name)).collect();
    Ok(Rows {
        query: frame.rows,
        tables: frame.versions,
        features,
        label: registered.label.clone(),
        time: registered.time.clone(),
        group: registered.group.clone(),
        order: registered.order.clone(),
    })
}

async fn requests(lake: &Lake, as_of: AsOf) -> Result<Rows> {
    let query = lake.session(as_of).await?.sql(features::REQUESTS).await?;
    let table: TableName = "silver.ad_funnel".parse().map_err(LakeError::invalid)?;
    let version = lake.version_as_of(&table, as_of).await?;
    let others = ["request_id", "requested_at", "user_id", "is_click"];
    let columns = query.schema().fields().iter().map(|field| field.name().clone());
    let features = columns.filter(|name| !others.contains(&name.as_str())).collect();
    Ok(Rows {
        query,
        tables: [(table, version)].into(),
        features,
        label: "is_click".to_owned(),
        time: Some("requested_at".to_owned()),
        group: Some("user_id".to_owned()),
        order: vec!["requested_at".to_owned(), "request_id".to_owned()],
    })
}

fn place_of(lake: &Lake) -> String {
    lake.location().local_path().map_or_else(|| lake.location().url.to_string(), |path| path.display().to_string())
}

fn named(column: &str) -> Expr {
    Expr::Column(Column::from_name(column))
}
