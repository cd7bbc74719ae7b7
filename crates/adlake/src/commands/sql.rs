//! `adlake sql`.

use std::io::Write;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use console::{LakeArgs, Stdout, out};
use futures::StreamExt;
use lake::datafusion::arrow::array::RecordBatch;
use lake::datafusion::arrow::csv::WriterBuilder;
use lake::datafusion::arrow::datatypes::SchemaRef;
use lake::datafusion::arrow::json::LineDelimitedWriter;
use lake::datafusion::arrow::util::pretty::pretty_format_batches;
use lake::datafusion::physical_plan::SendableRecordBatchStream;
use lake::parquet::arrow::ArrowWriter;
use lake::{AsOf, Lake, LakeError, Result};

/// Query the lake. Tables are named layer.name, and all are seen as of the last release.
///
/// Example: adlake sql --lake mylake "select state, sum(revenue_usd) from gold.click_facts group by state"
#[derive(Args)]
pub struct Sql {
    /// The query
    query: String,
    /// How rows are printed
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// See the lake as of this release
    #[arg(long, value_name = "N", conflicts_with = "latest")]
    release: Option<u64>,
    /// See each table at its latest version, released or not
    #[arg(long)]
    latest: bool,
}

/// How rows are printed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Aligned columns
    Table,
    /// Comma-separated values with a header
    Csv,
    /// One JSON object per line
    Json,
    /// A Parquet file on stdout
    Parquet,
}

impl Sql {
    /// Runs the command.
    pub async fn run(self, arguments: &LakeArgs) -> Result<ExitCode> {
        let (lake, _) = arguments.open_existing().await?;
        let as_of = match (self.release, self.latest) {
            (Some(number), _) => AsOf::Release(number),
            (None, true) => AsOf::Latest,
            (None, false) => AsOf::LastRelease,
        };
        let stream = lake.sql(&self.query, as_of).await?;
        let printer = Printer::new(self.format, stream.schema())?;
        print_all(stream, printer).await?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Prints the rows of a query as a table.
pub async fn show(lake: &Lake, query: &str, as_of: AsOf) -> Result<()> {
    print(lake.sql(query, as_of).await?).await
}

/// Prints rows as a table.
pub async fn print(rows: SendableRecordBatchStream) -> Result<()> {
    let printer = Printer::table(rows.schema());
    print_all(rows, printer).await
}

async fn print_all(mut rows: SendableRecordBatchStream, mut printer: Printer) -> Result<()> {
    while let Some(batch) = rows.next().await {
        printer.print(batch?)?;
    }
    printer.finish()
}

/// Rows to stdout, batch by batch; only a table needs all of them for its widths.
pub enum Printer {
    /// Gathers.
    Table(SchemaRef, Vec<RecordBatch>),
    /// Streams.
    Csv(Box<lake::datafusion::arrow::csv::Writer<Stdout>>),
    /// Streams.
    Json(LineDelimitedWriter<Stdout>),
    /// Streams.
    Parquet(Box<ArrowWriter<Stdout>>),
}

impl Printer {
    /// Rows with these columns.
    ///
    /// # Errors
    /// A header that cannot be written.
    pub fn new(format: Format, schema: SchemaRef) -> Result<Self> {
        Ok(match format {
            Format::Table => Self::Table(schema, Vec::new()),
            Format::Csv => {
                let mut writer = WriterBuilder::new().with_header(true).build(Stdout);
                writer.write(&RecordBatch::new_empty(schema))?;
                Self::Csv(Box::new(writer))
            }
            Format::Json => Self::Json(LineDelimitedWriter::new(Stdout)),
            Format::Parquet => Self::Parquet(Box::new(ArrowWriter::try_new(Stdout, schema, None)?)),
        })
    }

    /// Aligned columns.
    pub fn table(schema: SchemaRef) -> Self {
        Self::Table(schema, Vec::new())
    }

    /// Takes a batch.
    pub fn print(&mut self, batch: RecordBatch) -> Result<()> {
        match self {
            Self::Table(_, batches) => batches.push(batch),
            Self::Csv(writer) => writer.write(&batch)?,
            Self::Json(writer) => writer.write(&batch)?,
            Self::Parquet(writer) => writer.write(&batch)?,
        }
        Ok(())
    }

    /// Prints what was gathered, or the end of the file.
    pub fn finish(self) -> Result<()> {
        match self {
            Self::Table(schema, mut batches) => {
                let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
                if batches.is_empty() {
                    batches.push(RecordBatch::new_empty(schema));
                }
                let text = pretty_format_batches(&batches)?;
                out!("{text}\n{rows} row(s)");
            }
            Self::Csv(writer) => drop(writer),
            Self::Json(mut writer) => writer.finish()?,
            Self::Parquet(writer) => {
                writer.close()?;
            }
        }
        // Else a full disk would go unseen.
        Stdout.flush().map_err(|e| LakeError::invalid(format!("the results cannot be written: {e}")))
    }
}
