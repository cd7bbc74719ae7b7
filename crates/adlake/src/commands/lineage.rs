//! `adlake lineage`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use console::LakeArgs;
use lake::lineage::Direction;
use lake::{LakeError, Result};

use super::model_files;

/// Show what a table or column is made from, back to the raw columns. Columns that only filter, join or group are marked
/// with ~.
///
/// Example: adlake lineage gold.click_facts.revenue_usd
#[derive(Args)]
pub struct LineageArgs {
    /// A table or column, such as gold.click_facts.revenue_usd
    #[arg(value_name = "TABLE[.COLUMN]")]
    name: String,
    /// Show what is made from it instead
    #[arg(long)]
    downstream: bool,
    /// A folder of models instead of the shipped ones
    #[arg(long, value_name = "DIR")]
    models: Option<PathBuf>,
}

impl LineageArgs {
    /// Runs the command.
    pub async fn run(self, arguments: &LakeArgs) -> Result<ExitCode> {
        let (lake, settings) = arguments.open()?;
        let pipeline = lake.pipeline(&model_files(self.models.as_deref(), &settings)?)?;
        let (table, column) = match self.name.splitn(3, '.').collect::<Vec<_>>().as_slice() {
            [layer, table, column] => (format!("{layer}.{table}"), Some((*column).to_owned())),
            _ => (self.name.clone(), None),
        };
        let table = pipeline.table_named(&table).map_err(LakeError::invalid)?;
        let direction = if self.downstream { Direction::Downstream } else { Direction::Upstream };
        console::out!("{}", lake.lineage(&pipeline).await?.tree(&table, column.as_deref(), direction)?.trim_end());
        Ok(ExitCode::SUCCESS)
    }
}
