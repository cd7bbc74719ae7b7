//! `adlake quarantine`.

use std::fs::File;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use console::{LakeArgs, out, thousands};
use futures::StreamExt;
use lake::{AsOf, LakeError, Result};
use spec::TableName;

use super::sql::Printer;

/// List the rows that a table did not take: where they came from, which rule they broke, their text. Without a table,
/// count them.
///
/// Mend rows in an exported file and bring them back with `adlake replay`.
///
/// Example: adlake quarantine --lake mylake bronze.requests --export mended.csv
#[derive(Args)]
pub struct Quarantine {
    /// A table, such as bronze.requests
    #[arg(value_name = "TABLE")]
    table: Option<TableName>,
    /// List at most so many rows
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
    /// Write all rows to this new CSV file instead: source, line, rule, reason, raw
    #[arg(long, value_name = "FILE", requires = "table", conflicts_with = "limit")]
    export: Option<PathBuf>,
}

impl Quarantine {
    /// Runs the command.
    pub async fn run(self, arguments: &LakeArgs) -> Result<ExitCode> {
        let (lake, _) = arguments.open_existing().await?;
        let quarantine = TableName { layer: spec::Layer::Ops, name: "quarantine".to_owned() };
        if lake.table(&quarantine).await?.is_none() {
            out!("Nothing is in quarantine.");
            return Ok(ExitCode::SUCCESS);
        }
        if let Some(table) = &self.table {
            lake.existing(table).await?;
        }
        if let (Some(table), Some(path)) = (&self.table, &self.export) {
            let refused = |e: std::io::Error| LakeError::invalid(format!("{}: {e}; name a new file with --export", path.display()));
            let rows = bronze::export(&lake, table, File::create_new(path).map_err(refused)?).await?;
            out!("{}: {} row(s) of {table} that are in quarantine.", path.display(), thousands(rows));
            return Ok(ExitCode::SUCCESS);
        }
        let query = match &self.table {
            None => "select table_name, rule, count(*) as rows, min(reason) as example from ops.quarantine group by table_name, rule order by table_name, rows desc".to_owned(),
            // A checked name holds letters, digits and one dot only.
            Some(table) => format!("select source, line, rule, reason, raw from ops.quarantine where table_name = '{table}' order by source, line limit {}", self.limit),
        };
        let mut stream = lake.sql(&query, AsOf::LastRelease).await?;
        let mut printer = Printer::table(stream.schema());
        while let Some(batch) = stream.next().await {
            printer.print(batch?)?;
        }
        printer.finish()?;
        Ok(ExitCode::SUCCESS)
    }
}
