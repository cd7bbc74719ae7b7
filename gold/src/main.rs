//! The gold layer alone.

use std::process::ExitCode;

use clap::Parser;
use spec::Layer;

/// Bring the gold tables of a lake up to date with its silver tables.
///
/// Example: gold --lake mylake click_facts
#[derive(Parser)]
#[command(name = "gold", version)]
struct Arguments {
    #[command(flatten)]
    layer: console::LayerArgs,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let threads = arguments.layer.lake.threads.unwrap_or(0);
    // The pipeline is only whole with the layers below.
    let models = bronze::models().into_iter().chain(silver::models()).chain(gold::models()).collect();
    console::run(threads, console::run_layer(Layer::Gold, &arguments.layer, models))
}
