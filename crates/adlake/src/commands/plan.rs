//! `adlake plan` and `adlake check`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use console::{LakeArgs, out};
use lake::Result;
use spec::Layer;

use super::model_files;

/// Show which tables would be worked on, in order, and what each reads.
///
/// Example: adlake plan --lake mylake
#[derive(Args)]
pub struct Plan {
    /// A folder of models instead of the shipped ones
    #[arg(long, value_name = "DIR")]
    models: Option<PathBuf>,
}

/// Check models and settings, without a lake. All problems are told at once, with file and line.
///
/// Example: adlake check --models mymodels
#[derive(Args)]
pub struct Check {
    /// A folder of models instead of the shipped ones
    #[arg(long, value_name = "DIR")]
    models: Option<PathBuf>,
}

impl Plan {
    /// Runs the command.
    pub async fn run(self, arguments: &LakeArgs) -> Result<ExitCode> {
        let (lake, settings) = arguments.open()?;
        let pipeline = lake.pipeline(&model_files(self.models.as_deref(), &settings)?)?;
        out!("{:<40} {:<20} {:<12} reads", "table", "kind", "state");
        for model in pipeline.in_order() {
            let state = if model.table.layer == Layer::Bronze {
                if lake.table(&model.table).await?.is_some() { "present" } else { "absent" }
            } else {
                lake.state_of(model).await?.as_str()
            };
            let reads: Vec<String> = model.input_tables().map(ToString::to_string).collect();
            out!("{:<40} {:<20} {:<12} {}", model.table, model.header.kind, state, reads.join(", "));
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Check {
    /// Runs the command.
    pub fn run(self, arguments: &LakeArgs) -> Result<ExitCode> {
        let settings = arguments.settings()?;
        let pipeline = lake::pipeline_with(&model_files(self.models.as_deref(), &settings)?, &settings.parameters)?;
        out!("{} models fit together.", pipeline.in_order().len());
        Ok(ExitCode::SUCCESS)
    }
}
