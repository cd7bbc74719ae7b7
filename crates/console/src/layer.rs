//! The command line of a layer that runs alone.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use lake::{ModelFile, Result, Running};
use spec::Layer;

use crate::args::LakeArgs;
use crate::bars::Bars;
use crate::summary::print_report;

/// What `cargo run -p silver` and `cargo run -p gold` take.
#[derive(Args, Clone, Debug)]
pub struct LayerArgs {
    /// The lake and how it is worked on.
    #[command(flatten)]
    pub lake: LakeArgs,
    /// Tables to bring up to date [default: all of the layer]
    #[arg(value_name = "TABLE")]
    pub tables: Vec<String>,
    /// Compute the tables from all of their input, whatever they hold
    #[arg(long)]
    pub rebuild: bool,
    /// A folder of models to run instead of the shipped ones
    #[arg(long, value_name = "DIR")]
    pub models: Option<PathBuf>,
}

/// Brings one layer up to date. `shipped` are all models of the pipeline, so that a release is known to be whole.
///
/// # Errors
/// Mistakes in models or arguments, and what fails in the run.
pub async fn run_layer(layer: Layer, arguments: &LayerArgs, shipped: Vec<ModelFile>) -> Result<ExitCode> {
    let (lake, settings) = arguments.lake.open()?;
    let folder = arguments.models.clone().or_else(|| settings.models_dir.as_ref().map(PathBuf::from));
    let files = match folder {
        Some(folder) => lake::read_folder(&folder)?,
        None => shipped,
    };
    let pipeline = lake.pipeline(&files)?;
    let selected = pipeline.select(&[layer], &[], &arguments.tables).map_err(lake::LakeError::invalid)?;
    let bars = Bars::default();
    let mut running = Running::begin(&lake, lake::now());
    let all: Vec<_> = pipeline.in_order().iter().collect();
    running.know(&all);
    running.refresh(&selected, arguments.rebuild, &bars).await?;
    print_report(&running.publish(&all, &bars).await?, 0);
    Ok(ExitCode::SUCCESS)
}
