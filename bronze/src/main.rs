//! The bronze layer alone.

use std::process::ExitCode;

use clap::Parser;
use lake::Running;

/// Take what is new in a folder or object-store prefix of raw files into the bronze tables of a lake.
///
/// Example: bronze --lake mylake --source mylogs
#[derive(Parser)]
#[command(name = "bronze", version)]
struct Arguments {
    #[command(flatten)]
    lake: console::LakeArgs,
    /// The raw files: a folder, a file or s3://bucket/prefix
    #[arg(long, value_name = "DIR|URL")]
    source: Option<String>,
    /// Tables to take [default: all]
    #[arg(value_name = "TABLE")]
    tables: Vec<String>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    console::run(arguments.lake.threads.unwrap_or(0), run(arguments))
}

async fn run(arguments: Arguments) -> lake::Result<ExitCode> {
    let (lake, settings) = arguments.lake.open()?;
    let sources = bronze::Sources::open(&settings, arguments.source.as_deref())?;
    let tables: Vec<String> = arguments.tables.iter().map(|t| t.trim_start_matches("bronze.").to_owned()).collect();
    let pipeline = lake::pipeline(&bronze::models())?;
    let bars = console::Bars::default();
    let mut running = Running::begin(&lake, lake::now());
    let ingested = bronze::ingest(&mut running, &sources, &pipeline, &tables, &bars).await?;
    for file in &ingested.skipped {
        console::note!("not read: {}: {}", file.path, file.reason);
    }
    console::print_report(&running.publish(&[], &bars).await?, ingested.unread());
    Ok(ExitCode::from(u8::from(ingested.is_unreadable())))
}
