//! What this crate's tests build lakes with: rows into a bronze table as one commit, models from their text, runs, and
//! all rows of a table in an order that does not depend on its files.

#![allow(clippy::unwrap_used)]

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, RecordBatch, StringViewArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use spec::{Model, TableName};

use crate::report::RunReport;
use crate::table::Table;
use crate::{AsOf, Lake, LakeOptions, Running, Silent, collect, ops};

/// A lake in memory, of this test alone.
pub(crate) fn lake() -> Lake {
    Lake::open("memory://test", LakeOptions { threads: 2, ..LakeOptions::default() }).unwrap()
}

pub(crate) fn name(text: &str) -> TableName {
    text.parse().unwrap()
}

/// A batch of text columns.
pub(crate) fn texts(columns: &[&str], rows: &[Vec<String>]) -> RecordBatch {
    let fields: Vec<Field> = columns.iter().map(|c| Field::new(*c, DataType::Utf8View, true)).collect();
    let values = (0..columns.len()).map(|c| -> ArrayRef { Arc::new(rows.iter().map(|r| Some(r[c].clone())).collect::<StringViewArray>()) });
    RecordBatch::try_new(Arc::new(Schema::new(fields)), values.collect()).unwrap()
}

/// Appends rows in one commit that counts `consumed` as consumed.
pub(crate) async fn append(lake: &Lake, table: &str, batch: &RecordBatch, consumed: &[&str]) -> Table {
    let consumed: HashMap<String, i64> = consumed.iter().map(|id| ((*id).to_owned(), 1)).collect();
    ops::append_batch(lake, &name(table), "Test rows.", batch, |_| consumed.clone()).await.unwrap()
}

/// A model from its file's text, as if it were in `NAME.sql` of its layer.
pub(crate) fn model(table: &str, text: &str) -> Model {
    let table = name(table);
    Model::parse(table.layer, "test", &format!("{}.sql", table.name), text).unwrap()
}

/// A whole run, as of now.
pub(crate) async fn run(lake: &Lake, models: &[Model]) -> RunReport {
    run_at(lake, models, crate::now()).await
}

pub(crate) async fn run_at(lake: &Lake, models: &[Model], at: chrono::DateTime<chrono::Utc>) -> RunReport {
    let models: Vec<&Model> = models.iter().collect();
    let mut running = Running::begin(lake, at);
    running.refresh(&models, false, &Silent).await.unwrap();
    running.publish(&models, &Silent).await.unwrap()
}

/// All rows of a query, as text, sorted.
pub(crate) async fn rows(lake: &Lake, query: &str, as_of: AsOf) -> Vec<String> {
    let batches = collect(lake.sql(query, as_of).await.unwrap()).await.unwrap();
    let options = FormatOptions::default().with_null("∅");
    let mut rows = Vec::new();
    for batch in &batches {
        let columns: Vec<ArrayFormatter<'_>> = batch.columns().iter().map(|c| ArrayFormatter::try_new(c, &options).unwrap()).collect();
        rows.extend((0..batch.num_rows()).map(|row| columns.iter().map(|c| c.value(row).to_string()).collect::<Vec<_>>().join("|")));
    }
    rows.sort();
    rows
}
