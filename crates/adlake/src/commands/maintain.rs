//! `adlake history`, `optimize`, `vacuum` and `restore`.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use console::{Bars, LakeArgs, out, thousands};
use lake::{OptimizeOptions, Result};
use spec::TableName;

/// List the versions of a table, newest first: what made them and how many rows it concerned.
///
/// Example: adlake history --lake mylake silver.clicks
#[derive(Args)]
pub struct History {
    /// A table, such as silver.clicks
    #[arg(value_name = "TABLE")]
    table: TableName,
}

/// Merge small data files into larger ones, without changing a row.
///
/// Example: adlake optimize --lake mylake
#[derive(Args)]
pub struct Optimize {
    /// Tables [default: all]
    #[arg(value_name = "TABLE")]
    tables: Vec<TableName>,
}

/// Delete data files that no kept version, no release and no reader needs any more.
///
/// Example: adlake vacuum --lake mylake --dry-run
#[derive(Args)]
pub struct Vacuum {
    /// Keep what was needed within this many hours [default: vacuum.keep_hours of the settings]
    #[arg(long, value_name = "HOURS")]
    keep_hours: Option<u64>,
    /// Only say what would be deleted
    #[arg(long)]
    dry_run: bool,
}

/// Make a table as it was at a version, as a new version. The next run computes what depends on it again.
///
/// Example: adlake restore --lake mylake silver.clicks 3
#[derive(Args)]
pub struct Restore {
    /// A table, such as silver.clicks
    #[arg(value_name = "TABLE")]
    table: TableName,
    /// The version, see `adlake history`
    #[arg(value_name = "VERSION")]
    version: u64,
}

impl History {
    /// Runs the command.
    pub async fn run(self, arguments: &LakeArgs) -> Result<ExitCode> {
        let (lake, _) = arguments.open_existing().await?;
        let entries = lake.history(&self.table).await?;
        out!(
            "{:>8}  {:<20} {:<14} {:<10} {:>12} {:>12} {:>11}  run",
            "version",
            "committed at (UTC)",
            "operation",
            "action",
            "rows read",
            "written",
            "quarantined"
        );
        for entry in entries {
            let at = entry.committed_at.format("%Y-%m-%d %H:%M:%S");
            let (action, read, written, set_aside) = match &entry.report {
                Some(r) => (r.action.to_string(), thousands(r.rows_read), thousands(r.rows_written), thousands(r.quarantined)),
                None => match entry.restored_version {
                    Some(version) => (format!("to {version}"), String::new(), String::new(), String::new()),
                    None => Default::default(),
                },
            };
            let run = entry.run_id.as_deref().unwrap_or_default();
            out!("{:>8}  {at:<20} {:<14} {action:<10} {read:>12} {written:>12} {set_aside:>11}  {run}", entry.version, entry.operation);
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Optimize {
    /// Runs the command.
    pub async fn run(self, arguments: &LakeArgs) -> Result<ExitCode> {
        let (lake, _) = arguments.open_existing().await?;
        let tables = if self.tables.is_empty() { lake.tables().await? } else { self.tables };
        let bars = Bars::default();
        for name in tables {
            bars.begin(&name.to_string());
            let done = lake.optimize(&name, &OptimizeOptions::default()).await?;
            bars.clear();
            match done.version {
                Some(version) => out!("{name}: {} files became {}, version {version}", done.files_merged, done.files_written),
                None => out!("{name}: nothing to gain"),
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Vacuum {
    /// Runs the command.
    pub async fn run(self, arguments: &LakeArgs) -> Result<ExitCode> {
        let (lake, settings) = arguments.open_existing().await?;
        let hours = self.keep_hours.unwrap_or(settings.vacuum.keep_hours);
        let bars = Bars::default();
        bars.begin("listing data files");
        let done = lake.vacuum(Duration::from_secs(hours.saturating_mul(3600)), self.dry_run).await?;
        bars.clear();
        for table in done.tables.iter().filter(|t| t.files > 0) {
            out!("{:<40} {:>8} files {:>10.1} MB", table.table, table.files, table.bytes as f64 / 1e6);
        }
        let verb = if done.dry_run { "would be deleted" } else { "deleted" };
        out!("{} files, {:.1} MB {verb}; what the last {hours} h needed is kept.", done.files(), done.bytes() as f64 / 1e6);
        Ok(ExitCode::SUCCESS)
    }
}

impl Restore {
    /// Runs the command.
    pub async fn run(self, arguments: &LakeArgs) -> Result<ExitCode> {
        let (lake, _) = arguments.open_existing().await?;
        lake.existing(&self.table).await?;
        let version = lake.restore(&self.table, self.version).await?;
        out!(
            "{} is as it was at version {}, as version {version}. `adlake run` brings what depends on it in line.",
            self.table,
            self.version
        );
        Ok(ExitCode::SUCCESS)
    }
}
