//! Rows to learn from, out of a lake.

use std::collections::{BTreeMap, HashMap};

use futures::StreamExt;
use lake::datafusion::arrow::array::{Array, AsArray, RecordBatch};
use lake::datafusion::arrow::compute::cast;
use lake::datafusion::arrow::datatypes::{DataType, Int64Type, TimeUnit};
use lake::datafusion::common::Column as ColumnName;
use lake::datafusion::logical_expr::{Expr, lit};
use lake::datafusion::prelude::DataFrame;
use lake::{AsOf, Lake, LakeError, Result};
use spec::TableName;
use training::{Categories, Column, Dataset, Frame, MISSING};
use xxhash_rust::xxh3::xxh3_64;

use super::settings::Population;

/// Rows to learn from, in the order of their time, and where they come from.
pub struct Examples {
    /// Features, clicks, event times in microseconds since 1970 and users.
    pub data: Dataset,
    /// The Delta version of each table that was read.
    pub tables: BTreeMap<TableName, u64>,
}

impl Examples {
    /// Reads all rows of a population from a state of the lake. Rows of one instant are in the order of their request ids, so that
    /// the same state gives the same rows in the same order.
    ///
    /// # Errors
    /// Feature tables that are not there yet, no rows, and what happens while reading.
    pub async fn read(lake: &Lake, population: Population, as_of: AsOf) -> Result<Self> {
        let (rows, tables, features) = match population {
            Population::Impressions => impressions(lake, as_of).await?,
            Population::Requests => requests(lake, as_of).await?,
        };
        let order = ["requested_at", "request_id"].map(|column| named(column).sort(true, false)).to_vec();
        let mut gathered = Gathered::new(&features);
        let mut stream = rows.sort(order)?.execute_stream().await?;
        while let Some(batch) = stream.next().await {
            gathered.take(&batch?)?;
        }
        Ok(Self { data: gathered.finish()?, tables })
    }
}

async fn impressions(lake: &Lake, as_of: AsOf) -> Result<(DataFrame, BTreeMap<TableName, u64>, Vec<String>)> {
    let registry = features::registry()?.table("click_features").map_err(LakeError::invalid)?;
    let table: TableName = "features.click_features".parse().map_err(LakeError::invalid)?;
    if lake.table(&table).await?.is_none() {
        return Err(LakeError::invalid(format!(
            "{table} is not there yet; make it with `adlake run --lake {}`",
            lake.location().local_path().map_or_else(|| lake.location().url.to_string(), |path| path.display().to_string())
        )));
    }
    let spec = features::FrameSpec { as_of, ..features::FrameSpec::of(table, &registry.time) };
    let frame = features::frame(lake, &spec).await?;
    // Nobody bids for an impression of a campaign that nobody knows, and where such are never clicked they give themselves away.
    let rows = frame.rows.filter(named("advertiser_id").not_eq(lit("Unknown")))?;
    let columns = rows.schema().fields().iter().map(|field| field.name().clone());
    let features = columns.filter(|name| registry.features.contains_key(name)).collect();
    Ok((rows, frame.versions, features))
}

async fn requests(lake: &Lake, as_of: AsOf) -> Result<(DataFrame, BTreeMap<TableName, u64>, Vec<String>)> {
    let rows = lake.session(as_of).await?.sql(features::REQUESTS).await?;
    let table: TableName = "silver.ad_funnel".parse().map_err(LakeError::invalid)?;
    let version = lake.version_as_of(&table, as_of).await?;
    let others = ["request_id", "requested_at", "user_id", "is_click"];
    let columns = rows.schema().fields().iter().map(|field| field.name().clone());
    let features = columns.filter(|name| !others.contains(&name.as_str())).collect();
    Ok((rows, [(table, version)].into(), features))
}

/// Columns as they grow batch by batch.
struct Gathered {
    features: Vec<(String, Values)>,
    labels: Vec<bool>,
    times: Vec<i64>,
    users: Vec<u64>,
}

enum Values {
    Unknown,
    Numbers(Vec<f64>),
    Levels { codes: Vec<u32>, known: HashMap<String, u32>, levels: Vec<String> },
}

impl Gathered {
    fn new(features: &[String]) -> Self {
        let features = features.iter().map(|name| (name.clone(), Values::Unknown)).collect();
        Self { features, labels: vec![], times: vec![], users: vec![] }
    }

    fn take(&mut self, batch: &RecordBatch) -> Result<()> {
        for (name, values) in &mut self.features {
            values.extend(&super::learned(Column::from_arrow(column(batch, name)?))?)?;
        }
        let labels = column(batch, "is_click")?.as_boolean();
        self.labels.extend((0..batch.num_rows()).map(|row| labels.is_valid(row) && labels.value(row)));
        let instant = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        let times = cast(&cast(column(batch, "requested_at")?, &instant)?, &DataType::Int64)?;
        self.times.extend(times.as_primitive::<Int64Type>().values());
        let (users, ids) = (column(batch, "user_id")?, column(batch, "request_id")?);
        let (users, ids) = (cast(users, &DataType::Utf8)?, cast(ids, &DataType::Utf8)?);
        let (users, ids) = (users.as_string::<i32>(), ids.as_string::<i32>());
        // A request that names no user is a user of its own.
        let user = |row: usize| if users.is_valid(row) { xxh3_64(users.value(row).as_bytes()) } else { xxh3_64(ids.value(row).as_bytes()) };
        self.users.extend((0..batch.num_rows()).map(user));
        Ok(())
    }

    fn finish(self) -> Result<Dataset> {
        let columns = self.features.into_iter().map(|(name, values)| Ok((name, values.finish()?)));
        let frame = super::learned(Frame::new(columns.collect::<Result<Vec<_>>>()?))?;
        let data = Dataset::new(frame, self.labels).and_then(|data| data.with_times(self.times)?.with_groups(self.users));
        super::learned(data)
    }
}

impl Values {
    fn extend(&mut self, column: &Column) -> Result<()> {
        if matches!(self, Self::Unknown) {
            *self = match column {
                Column::Categorical(_) => Self::Levels { codes: vec![], known: HashMap::new(), levels: vec![] },
                _ => Self::Numbers(vec![]),
            };
        }
        match (self, column) {
            (Self::Levels { codes, known, levels }, Column::Categorical(categories)) => {
                let code = |level: &String| {
                    *known.entry(level.clone()).or_insert_with(|| {
                        levels.push(level.clone());
                        levels.len() as u32 - 1
                    })
                };
                let of_batch: Vec<u32> = categories.levels().iter().map(code).collect();
                codes.extend(categories.codes().iter().map(|c| of_batch.get(*c as usize).copied().unwrap_or(MISSING)));
            }
            (Self::Numbers(numbers), column) => numbers.extend((0..column.len()).map(|row| column.number(row).unwrap_or(f64::NAN))),
            _ => return Err(LakeError::invalid("a feature changed its type while it was read")),
        }
        Ok(())
    }

    fn finish(self) -> Result<Column> {
        Ok(match self {
            Self::Unknown => Vec::<f64>::new().into(),
            Self::Numbers(numbers) => numbers.into(),
            Self::Levels { codes, levels, .. } => super::learned(Categories::new(codes, levels))?.into(),
        })
    }
}

fn column<'b>(batch: &'b RecordBatch, name: &str) -> Result<&'b dyn Array> {
    let found = batch.column_by_name(name).map(AsRef::as_ref);
    found.ok_or_else(|| LakeError::invalid(format!("the rows to learn from have no column {name}")))
}

fn named(column: &str) -> Expr {
    Expr::Column(ColumnName::from_name(column))
}
