//! `adlake`: raw advertising and commerce logs to trusted Delta tables and answers.

mod commands;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use console::LakeArgs;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A lakehouse for advertising and commerce data: raw logs in, Delta tables and answers out.
#[derive(Parser)]
#[command(
    name = "adlake",
    version,
    max_term_width = 100,
    after_help = "Start with `adlake demo`, then `adlake run --lake mylake --source mylogs`.\nExit status: 0 done, 1 a check of the data failed or no file of the source could be read, 2 usage, settings or surroundings."
)]
struct Arguments {
    #[command(flatten)]
    lake: LakeArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Synthetic logs to gold with a summary, no set-up
    Demo(commands::demo::Demo),
    /// Write synthetic raw logs
    #[command(subcommand)]
    Generate(commands::generate::Generate),
    /// Download a public data set
    #[command(subcommand)]
    Fetch(commands::fetch::Fetch),
    /// Take new raw files and bring tables up to date
    Run(commands::run::RunArgs),
    /// Show what a run would do, without doing it
    Plan(commands::plan::Plan),
    /// Check models and settings, without a lake
    Check(commands::plan::Check),
    /// List tables, or show one: columns, rows, versions
    Show(commands::show::Show),
    /// List the rows that a table did not take, with the reason
    Quarantine(commands::quarantine::Quarantine),
    // Its own words, or the long help would not show.
    Replay(commands::replay::Replay),
    /// List the versions of a table and what made them
    History(commands::maintain::History),
    /// Show what a table or column is made from
    Lineage(commands::lineage::LineageArgs),
    /// Query the lake
    Sql(commands::sql::Sql),
    /// Train a model on the lake's features
    #[command(subcommand)]
    Train(commands::train::Train),
    /// Score rows with a registered model
    #[command(subcommand)]
    Score(commands::score::Score),
    /// Ask a registered model about one case
    #[command(subcommand)]
    Predict(commands::score::Predict),
    Attribute(commands::attribute::Attribute),
    // Its own words, or the long help would not show.
    Advise(commands::advise::Advise),
    /// List training runs
    Runs(commands::train::Runs),
    /// List registered models
    Models(commands::train::Models),
    /// Make a registered model again, and compare
    RebuildModel(commands::track::RebuildModel),
    /// Tell an MLflow server of the lake's runs
    #[command(subcommand)]
    Track(commands::track::Track),
    /// Merge small data files
    Optimize(commands::maintain::Optimize),
    /// Delete data files that nothing needs any more
    Vacuum(commands::maintain::Vacuum),
    /// Make a table as it was at an earlier version
    Restore(commands::maintain::Restore),
    /// Write the shipped models out, to change them or add to them
    Init(commands::init::Init),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let threads = arguments.lake.threads.unwrap_or(0);
    console::run(threads, dispatch(arguments))
}

async fn dispatch(arguments: Arguments) -> lake::Result<ExitCode> {
    let lake = &arguments.lake;
    match arguments.command {
        Command::Demo(command) => command.run(lake).await,
        Command::Generate(command) => command.run(),
        Command::Fetch(command) => command.run().await,
        Command::Run(command) => command.run(lake).await,
        Command::Plan(command) => command.run(lake).await,
        Command::Check(command) => command.run(lake),
        Command::Show(command) => command.run(lake).await,
        Command::Quarantine(command) => command.run(lake).await,
        Command::Replay(command) => command.run(lake).await,
        Command::History(command) => command.run(lake).await,
        Command::Lineage(command) => command.run(lake).await,
        Command::Train(command) => command.run(lake).await,
        Command::Score(command) => command.run(lake).await,
        Command::Predict(command) => command.run(lake).await,
        Command::Advise(command) => command.run(lake).await,
        Command::Attribute(command) => command.run(lake).await,
        Command::Runs(command) => command.run(lake).await,
        Command::Models(command) => command.run(lake).await,
        Command::RebuildModel(command) => command.run(lake).await,
        Command::Track(command) => command.run(lake).await,
        Command::Optimize(command) => command.run(lake).await,
        Command::Vacuum(command) => command.run(lake).await,
        Command::Restore(command) => command.run(lake).await,
        Command::Sql(command) => command.run(lake).await,
        Command::Init(command) => command.run(),
    }
}
