//! `adlake show`.

use std::process::ExitCode;

use clap::Args;
use console::{LakeArgs, out, thousands};
use futures::StreamExt;
use lake::Result;
use spec::TableName;

use super::sql::Printer;

/// List the tables of a lake, or show one of them.
///
/// Example: adlake show --lake mylake silver.clicks --rows 5
#[derive(Args)]
pub struct Show {
    /// A table, such as silver.clicks
    #[arg(value_name = "TABLE")]
    table: Option<TableName>,
    /// Show the table as of this Delta version
    #[arg(long, value_name = "N", requires = "table")]
    version: Option<u64>,
    /// Also print so many rows
    #[arg(long, value_name = "N", default_value_t = 0, requires = "table")]
    rows: usize,
}

impl Show {
    /// Runs the command.
    pub async fn run(self, arguments: &LakeArgs) -> Result<ExitCode> {
        let (lake, _) = arguments.open_existing().await?;
        let Some(name) = self.table else {
            let tables = lake.tables().await?;
            out!("{:<40} {:>8} {:>14} {:>7} {:>9}", "table", "version", "rows", "files", "MB");
            for name in tables {
                let Some(table) = lake.table(&name).await? else { continue };
                let files = table.files();
                let megabytes = files.iter().map(|f| f.size).sum::<u64>() as f64 / 1e6;
                let rows = table.rows().map_or_else(|| "?".to_owned(), thousands);
                out!("{:<40} {:>8} {:>14} {:>7} {:>9.1}", name, table.version(), rows, files.len(), megabytes);
            }
            return Ok(ExitCode::SUCCESS);
        };
        let table = match self.version {
            Some(version) => lake.table_at(&name, version).await?,
            None => lake.existing(&name).await?,
        };
        out!("{name}: {}", table.description());
        let rows = table.rows().map_or_else(|| "?".to_owned(), thousands);
        out!("version {}, {rows} rows, {} files", table.version(), table.files().len());
        if !table.partition_columns().is_empty() {
            out!("partitioned by {}", table.partition_columns().join(", "));
        }
        let comments = table.column_comments();
        for field in table.schema().fields() {
            let comment = comments.get(field.name()).map(String::as_str).unwrap_or_default();
            out!("  {:<28} {:<18} {comment}", field.name(), lake::sql_type(field.data_type()));
        }
        if self.rows > 0 {
            let mut stream = lake.read(&name, Some(table.version())).await?;
            let mut printer = Printer::table(stream.schema());
            let mut left = self.rows;
            while let Some(batch) = stream.next().await {
                let batch = batch?;
                let batch = batch.slice(0, left.min(batch.num_rows()));
                left -= batch.num_rows();
                printer.print(batch)?;
                if left == 0 {
                    break;
                }
            }
            printer.finish()?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
