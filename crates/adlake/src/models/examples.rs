//! Rows as a data set to learn from.

use std::collections::HashMap;

use futures::StreamExt;
use lake::datafusion::arrow::array::{Array, AsArray, RecordBatch};
use lake::datafusion::arrow::compute::cast;
use lake::datafusion::arrow::datatypes::{DataType, Int64Type, TimeUnit};
use lake::{LakeError, Result};
use training::{Categories, Column, Dataset, Frame, MISSING};
use xxhash_rust::xxh3::xxh3_64;

use super::rows::Rows;

/// Reads all rows: features and labels in the order of their events, with times in microseconds since 1970, or places where the log has no
/// times, and with whom they belong to.
///
/// # Errors
/// No rows, and what happens while reading.
pub async fn examples(rows: &Rows) -> Result<Dataset> {
    let mut gathered = Gathered::new(rows, &rows.features);
    let mut stream = rows.in_order().await?;
    while let Some(batch) = stream.next().await {
        gathered.take(&batch?)?;
    }
    gathered.finish()
}

/// Rows as they grow batch by batch.
pub(crate) struct Gathered<'r> {
    rows: &'r Rows,
    features: Vec<(String, Values)>,
    labels: Vec<bool>,
    times: Vec<i64>,
    groups: Vec<u64>,
}

enum Values {
    Unknown,
    Numbers(Vec<f64>),
    Levels { codes: Vec<u32>, known: HashMap<String, u32>, levels: Vec<String> },
}

impl<'r> Gathered<'r> {
    /// None yet; of the columns, those are features.
    pub(crate) fn new(rows: &'r Rows, features: &[String]) -> Self {
        let features = features.iter().map(|name| (name.clone(), Values::Unknown)).collect();
        Self { rows, features, labels: vec![], times: vec![], groups: vec![] }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.labels.len()
    }

    /// Some more.
    pub(crate) fn take(&mut self, batch: &RecordBatch) -> Result<()> {
        for (name, values) in &mut self.features {
            values.extend(&super::learned(Column::from_arrow(column(batch, name)?))?)?;
        }
        let first = self.len() as i64;
        self.labels.extend(labels(self.rows, batch)?);
        match &self.rows.time {
            Some(time) => {
                let instant = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
                let times = cast(&cast(column(batch, time)?, &instant)?, &DataType::Int64)?;
                self.times.extend(times.as_primitive::<Int64Type>().values());
            }
            None => self.times.extend(first..first + batch.num_rows() as i64),
        }
        if let Some(group) = &self.rows.group {
            let identity = self.rows.order.last().unwrap_or(group);
            let (groups, identities) = (cast(column(batch, group)?, &DataType::Utf8)?, cast(column(batch, identity)?, &DataType::Utf8)?);
            let (groups, identities) = (groups.as_string::<i32>(), identities.as_string::<i32>());
            // A row that names no one is of someone else.
            let name = |row: usize| if groups.is_valid(row) { groups.value(row) } else { identities.value(row) };
            self.groups.extend((0..batch.num_rows()).map(|row| xxh3_64(name(row).as_bytes())));
        }
        Ok(())
    }

    /// All of them.
    ///
    /// # Errors
    /// No rows.
    pub(crate) fn finish(self) -> Result<Dataset> {
        let columns = self.features.into_iter().map(|(name, values)| Ok((name, values.finish()?)));
        let frame = super::learned(Frame::new(columns.collect::<Result<Vec<_>>>()?))?;
        let data = super::learned(Dataset::new(frame, self.labels).and_then(|data| data.with_times(self.times)))?;
        if self.rows.group.is_none() { Ok(data) } else { super::learned(data.with_groups(self.groups)) }
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

/// Each row's label; null counts as false.
pub(crate) fn labels(rows: &Rows, batch: &RecordBatch) -> Result<Vec<bool>> {
    let labels = column(batch, &rows.label)?.as_boolean();
    Ok((0..batch.num_rows()).map(|row| labels.is_valid(row) && labels.value(row)).collect())
}

fn column<'b>(batch: &'b RecordBatch, name: &str) -> Result<&'b dyn Array> {
    let found = batch.column_by_name(name).map(AsRef::as_ref);
    found.ok_or_else(|| LakeError::invalid(format!("the rows to learn from have no column {name}")))
}
