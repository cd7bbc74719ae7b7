//! `adlake replay`.

use std::path::PathBuf;
use std::process::ExitCode;

use bronze::ReplayOptions;
use clap::Args;
use console::{Bars, LakeArgs, out, thousands};
use lake::{LakeError, Result, Running};
use spec::TableName;

/// Take mended rows out of quarantine, as if they had been right when they arrived.
///
/// Write the rows out with `adlake quarantine bronze.requests --export mended.csv`. Mend the column raw: a full CSV record
/// of the table's source columns in their order, as `adlake show bronze.requests` lists them. Leave source and line as
/// they are. Rows that cannot be mended may stay in the file or be deleted: they stay in quarantine. Replay the file,
/// then `adlake run` as usual. Replaying a file again adds nothing.
///
/// Rows that bronze took and a later table did not, such as one with an impossible timestamp, are mended the same way:
/// export silver.requests, put the full source record in place of the JSON in raw, replay into bronze.requests. Bronze
/// keeps the row as it came beside the mended one, so a run with --rebuild sets it aside once more; replaying the file
/// again puts that right. Rows that a model set aside wrongly need no replay: mend the model, and the next run judges all
/// rows again.
///
/// Example: adlake replay --lake mylake bronze.requests --from mended.csv
#[derive(Args)]
pub struct Replay {
    /// The bronze table that the rows belong to, such as bronze.requests
    #[arg(value_name = "TABLE")]
    table: TableName,
    /// The mended file
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// The character between the fields of a mended row
    #[arg(long, value_name = "CHAR", default_value = ",")]
    delimiter: char,
    /// The columns of a mended row, separated by commas; others are null [default: all source columns]
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    columns: Vec<String>,
}

/// Rows told one by one, of those that stay in quarantine.
const TOLD: usize = 100;

impl Replay {
    /// Runs the command.
    pub async fn run(self, arguments: &LakeArgs) -> Result<ExitCode> {
        let (lake, _) = arguments.open()?;
        let from = self.from.display();
        let delimiter = u8::try_from(self.delimiter).ok().filter(u8::is_ascii);
        let delimiter = delimiter.ok_or_else(|| LakeError::invalid(format!("--delimiter {}: give an ASCII character", self.delimiter)))?;
        let mended = std::fs::read(&self.from).map_err(|e| LakeError::invalid(format!("{from}: {e}; name the mended file with --from")))?;
        let mut running = Running::begin(&lake, lake::now());
        let done = bronze::replay(&mut running, &self.table, mended, &ReplayOptions { delimiter, columns: self.columns }).await?;
        let mut stay = Vec::new();
        for row in &done.refused {
            stay.push(format!("{} line {}: {}", row.source, row.line, row.reason));
        }
        for row in &done.waiting {
            let source = row.reject.source.as_deref().unwrap_or("unknown source");
            let line = row.reject.line.map_or_else(|| "unknown".to_owned(), |line| line.to_string());
            stay.push(format!("{source} line {line}: not in the file; {} did not take it: {}", row.table, row.reject.reason));
        }
        for row in stay.iter().take(TOLD) {
            out!("not replayed: {row}");
        }
        if stay.len() > TOLD {
            out!("not replayed: {} more row(s), see `adlake quarantine`", stay.len() - TOLD);
        }
        let replayed = &done.replayed;
        for (table, rows) in &replayed.left {
            out!("{} row(s) left the quarantine of {table}.", thousands(*rows));
        }
        if replayed.added > 0 {
            running.publish(&[], &Bars::default()).await?;
            out!("{} row(s) added to {}. `adlake run` brings what is made from it up to date.", thousands(replayed.added), self.table);
        } else if replayed.known {
            out!("Nothing added: {from} was replayed before.");
        } else {
            out!("Nothing added.");
        }
        Ok(ExitCode::SUCCESS)
    }
}
