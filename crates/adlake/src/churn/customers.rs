//! Customers at their cuts, as rows to learn from.

use std::collections::BTreeMap;

use features::Provenance;
use futures::StreamExt;
use lake::datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use lake::datafusion::arrow::compute::cast;
use lake::datafusion::arrow::datatypes::{DataType, Int32Type};
use lake::{AsOf, Lake, LakeError, Result};
use spec::TableName;
use training::Dataset;

use crate::models::{Gathered, Rows, place_of};

/// The table that features come from.
pub(super) const TABLE: &str = "gold.customer_churn_features";
/// Its columns that nothing is to be learned from.
const OTHERS: [&str; 5] = ["cut_on", "cut_month", "customer_id", "horizon_ends_on", "is_churned"];

/// Customers at cuts whose horizon has passed, by cut and customer.
pub struct Customers {
    /// Features and labels, true = churned. Times are cuts in microseconds since 1970, groups are customers.
    pub data: Dataset,
    /// Per row the cut, in days since 1970.
    pub cuts: Vec<i32>,
    /// Per row the customer.
    pub ids: Vec<String>,
    /// Days of the horizon.
    pub horizon_days: i32,
    /// The Delta version of each table that was read.
    pub tables: BTreeMap<String, u64>,
}

impl Customers {
    /// All of them in a state of the lake.
    ///
    /// # Errors
    /// The feature table is not there yet, has no cut whose horizon has passed, or horizons of several lengths; what happens while
    /// reading.
    pub async fn read(lake: &Lake, as_of: AsOf) -> Result<Self> {
        let table: TableName = TABLE.parse().map_err(LakeError::invalid)?;
        if lake.table(&table).await?.is_none() {
            let place = place_of(lake);
            return Err(LakeError::invalid(format!(
                "{TABLE} is not there yet; make it with `adlake run --lake {place} --domain commerce --source DIR`, DIR with a shop's transactions"
            )));
        }
        let query = lake.session(as_of).await?.sql(include_str!("../../sql/churn_rows.sql")).await?;
        let columns = query.schema().fields().iter().map(|field| field.name().clone());
        let rows = Rows {
            features: columns.filter(|name| !OTHERS.contains(&name.as_str())).collect(),
            query,
            tables: [(table.clone(), lake.version_as_of(&table, as_of).await?)].into(),
            label: "is_churned".to_owned(),
            time: Some("cut_on".to_owned()),
            group: Some("customer_id".to_owned()),
            order: vec!["cut_on".to_owned(), "customer_id".to_owned()],
            provenance: Provenance::default(),
        };
        let mut gathered = Gathered::new(&rows, &rows.features);
        let (mut cuts, mut ids, mut horizon_days) = (Vec::new(), Vec::new(), None);
        let mut stream = rows.in_order().await?;
        while let Some(batch) = stream.next().await {
            let batch = batch?;
            let (cut, end) = (days(&batch, "cut_on")?, days(&batch, "horizon_ends_on")?);
            let (cut, end) = (cut.as_primitive::<Int32Type>(), end.as_primitive::<Int32Type>());
            for (cut, end) in cut.values().iter().zip(end.values()) {
                let horizon = *horizon_days.get_or_insert(end - cut);
                if horizon != end - cut {
                    return Err(LakeError::invalid(format!("{TABLE} has horizons of {horizon} and of {} days: rebuild it", end - cut)));
                }
            }
            cuts.extend(cut.values());
            let customers = cast(column(&batch, "customer_id")?, &DataType::Utf8)?;
            ids.extend((0..customers.len()).map(|row| customers.as_string::<i32>().value(row).to_owned()));
            gathered.take(&batch)?;
        }
        let Some(horizon_days) = horizon_days else {
            return Err(LakeError::invalid(format!(
                "{TABLE} has no cut whose horizon the log covers: it takes least_history_days (28, unless set) of a log, and the horizon after them"
            )));
        };
        let tables = rows.tables.iter().map(|(table, version)| (table.to_string(), *version)).collect();
        Ok(Self { data: gathered.finish()?, cuts, ids, horizon_days, tables })
    }
}

fn column<'b>(batch: &'b RecordBatch, name: &str) -> Result<&'b dyn Array> {
    let found = batch.column_by_name(name).map(AsRef::as_ref);
    found.ok_or_else(|| LakeError::invalid(format!("{TABLE} has no column {name}")))
}

/// A column of dates as days since 1970.
fn days(batch: &RecordBatch, name: &str) -> Result<ArrayRef> {
    Ok(cast(&cast(column(batch, name)?, &DataType::Date32)?, &DataType::Int32)?)
}
