//! The silver layer alone.

use std::process::ExitCode;

use clap::Parser;
use spec::Layer;

/// Bring the silver tables of a lake up to date with its bronze tables.
///
/// Example: silver --lake mylake requests impressions
#[derive(Parser)]
#[command(name = "silver", version)]
struct Arguments {
    #[command(flatten)]
    layer: console::LayerArgs,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let threads = arguments.layer.lake.threads.unwrap_or(0);
    let models = bronze::models().into_iter().chain(silver::models()).collect();
    console::run(threads, console::run_layer(Layer::Silver, &arguments.layer, models))
}
