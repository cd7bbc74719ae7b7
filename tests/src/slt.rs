//! The `.slt` file beside each model: given rows, run the model, expect rows.
//!
//! Besides queries a file has two statements: `insert into layer.table (columns) values …` adds rows to a table, columns
//! that it does not name being null, and `run layer.table` brings one model's table up to date. Every file begins with a
//! lake without rows. `ADLAKE_SLT_COMPLETE=1` writes the results that came out into the files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use async_trait::async_trait;
use lake::datafusion::arrow::array::{ArrayRef, RecordBatch, new_null_array};
use lake::datafusion::arrow::compute::{CastOptions, cast_with_options, concat_batches};
use lake::datafusion::arrow::datatypes::{DataType, Schema, SchemaRef};
use lake::datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use lake::{Lake, LakeError, Running, Silent};
use spec::TableName;
use sqllogictest::{AsyncDB, ColumnType, DBOutput, Runner, default_normalizer, default_validator, strict_column_validator};

use crate::lakes::{block_on, fresh, query, schemas, shipped, without_rows};

/// The kinds of values that a `.slt` file tells apart.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Integer,
    Real,
    Boolean,
}

impl ColumnType for Kind {
    fn from_char(letter: char) -> Option<Self> {
        match letter {
            'T' => Some(Self::Text),
            'I' => Some(Self::Integer),
            'R' => Some(Self::Real),
            'B' => Some(Self::Boolean),
            _ => None,
        }
    }

    fn to_char(&self) -> char {
        match self {
            Self::Text => 'T',
            Self::Integer => 'I',
            Self::Real => 'R',
            Self::Boolean => 'B',
        }
    }
}

impl Kind {
    fn of(data_type: &DataType) -> Self {
        match data_type {
            DataType::Boolean => Self::Boolean,
            DataType::Decimal128(_, _) | DataType::Decimal256(_, _) => Self::Real,
            data_type if data_type.is_floating() => Self::Real,
            data_type if data_type.is_integer() => Self::Integer,
            _ => Self::Text,
        }
    }
}

/// A lake that answers to the statements of a `.slt` file.
struct Lab {
    lake: Lake,
    schemas: BTreeMap<TableName, SchemaRef>,
}

#[async_trait]
impl AsyncDB for Lab {
    type Error = LakeError;
    type ColumnType = Kind;

    async fn run(&mut self, sql: &str) -> Result<DBOutput<Kind>, LakeError> {
        let mut words = sql.split_whitespace();
        match words.next() {
            Some("insert") => self.insert(sql).await,
            Some("run") => self.run_model(words.next().unwrap_or_default()).await,
            _ => answer(&query(&self.lake, sql).await?),
        }
    }

    async fn shutdown(&mut self) {}
}

impl Lab {
    async fn insert(&mut self, sql: &str) -> Result<DBOutput<Kind>, LakeError> {
        let usage = || LakeError::invalid("write: insert into layer.table (column, …) values …");
        let (head, values) = sql.split_once(" values").ok_or_else(usage)?;
        let (table, columns) = head.trim_start_matches("insert into").split_once('(').ok_or_else(usage)?;
        let table: TableName = table.trim().parse().map_err(LakeError::invalid)?;
        let columns = columns.trim_end().trim_end_matches(')');
        let given = query(&self.lake, &format!("select * from (values {values}) as given ({columns})")).await?;
        let Some(first) = given.first() else { return Ok(DBOutput::StatementComplete(0)) };
        let given = concat_batches(&first.schema(), &given)?;
        self.lake.append(&table, &self.fitted(&table, &given)?).await?;
        Ok(DBOutput::StatementComplete(given.num_rows() as u64))
    }

    /// The given rows with all columns of the table, each of the type that it has there.
    fn fitted(&self, table: &TableName, given: &RecordBatch) -> Result<RecordBatch, LakeError> {
        let schema = self.schemas.get(table).ok_or_else(|| LakeError::invalid(format!("{table}: no model makes such a table")))?;
        if let Some(unknown) = given.schema().fields().iter().find(|f| schema.field_with_name(f.name()).is_err()) {
            return Err(LakeError::invalid(format!("{table} has no column {}", unknown.name())));
        }
        let strict = CastOptions { safe: false, ..CastOptions::default() };
        let columns = schema.fields().iter().map(|field| match given.column_by_name(field.name()) {
            Some(column) => cast_with_options(column, field.data_type(), &strict),
            None => Ok(new_null_array(field.data_type(), given.num_rows())),
        });
        Ok(RecordBatch::try_new(schema.clone(), columns.collect::<Result<Vec<ArrayRef>, _>>()?)?)
    }

    async fn run_model(&mut self, name: &str) -> Result<DBOutput<Kind>, LakeError> {
        let table: TableName = name.parse().map_err(LakeError::invalid)?;
        let model = shipped().get(&table).ok_or_else(|| LakeError::invalid(format!("{table}: no such model")))?;
        for input in model.input_tables() {
            // What the file does not give has no rows.
            if self.lake.table(input).await?.is_none() {
                self.lake.append(input, &RecordBatch::new_empty(self.schemas[input].clone())).await?;
            }
        }
        Running::begin(&self.lake, lake::now()).refresh(&[model], false, &Silent).await?;
        Ok(DBOutput::StatementComplete(0))
    }
}

fn answer(batches: &[RecordBatch]) -> Result<DBOutput<Kind>, LakeError> {
    let schema = batches.first().map_or_else(|| Schema::empty().into(), RecordBatch::schema);
    let types = schema.fields().iter().map(|field| Kind::of(field.data_type())).collect();
    let options = FormatOptions::default().with_null("NULL");
    let mut rows = Vec::new();
    for batch in batches {
        let columns = batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &options)).collect::<Result<Vec<_>, _>>()?;
        for row in 0..batch.num_rows() {
            let text = |column: &ArrayFormatter<'_>| match column.value(row).to_string() {
                empty if empty.is_empty() => "(empty)".to_owned(),
                text => text,
            };
            rows.push(columns.iter().map(text).collect());
        }
    }
    Ok(DBOutput::Rows { types, rows })
}

/// The `.slt` files below the layers' models, in order.
fn files() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut folders = vec![root.join("silver/models"), root.join("gold/models"), root.join("crates/features/models")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "slt") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

async fn check(file: &Path, schemas: &BTreeMap<TableName, SchemaRef>) -> Result<(), String> {
    let lab = || async { Ok(Lab { lake: fresh(), schemas: schemas.clone() }) };
    let mut runner = Runner::new(lab);
    runner.with_column_validator(strict_column_validator);
    if std::env::var_os("ADLAKE_SLT_COMPLETE").is_some() {
        let done = runner.update_test_file(file, " ", default_validator, default_normalizer, strict_column_validator).await;
        return done.map_err(|error| error.to_string());
    }
    runner.run_file_async(file).await.map_err(|error| error.display(false).to_string())
}

#[test]
fn every_model_does_what_the_slt_file_beside_it_says() {
    let schemas = block_on(async { schemas(&without_rows().await).await });
    let files = files();
    assert!(files.len() >= 17, "only {} files were found", files.len());
    let next = Mutex::new(files.iter());
    let failures = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some(file) = next.lock().unwrap().next() else { return };
                    if let Err(failure) = block_on(check(file, &schemas)) {
                        failures.lock().unwrap().push(format!("{}: {failure}", file.display()));
                    }
                }
            });
        }
    });
    let mut failures = failures.into_inner().unwrap();
    failures.sort();
    assert!(failures.is_empty(), "{} of {} files fail:\n{}", failures.len(), files.len(), failures.join("\n\n"));
}
