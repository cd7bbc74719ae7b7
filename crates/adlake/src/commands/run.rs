//! `adlake run`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use console::{Bars, LakeArgs, note, print_report};
use lake::Result;
use spec::Layer;

use super::model_files;

/// Take new raw files and bring tables up to date.
///
/// Files that cannot be read are told on stderr, counted in the summary, and looked at again by the next run; the exit
/// status is 1 where no file of the source could be read, now or before.
///
/// Example: adlake run --lake mylake --source mylogs
#[derive(Args)]
pub struct RunArgs {
    /// Raw files: a folder, a file or s3://bucket/prefix [default: source.url of the settings]
    #[arg(long, value_name = "DIR|URL")]
    source: Option<String>,
    /// Only tables of this domain, such as adtech; may be repeated
    #[arg(long, value_name = "DOMAIN")]
    domain: Vec<String>,
    /// Only tables of this layer; may be repeated
    #[arg(long, value_name = "LAYER")]
    layer: Vec<Layer>,
    /// Only these tables, such as silver.clicks
    #[arg(value_name = "TABLE")]
    tables: Vec<String>,
    /// Compute the tables from all of their input, whatever they hold
    #[arg(long)]
    rebuild: bool,
    /// A folder of models to run instead of the shipped ones
    #[arg(long, value_name = "DIR")]
    models: Option<PathBuf>,
}

impl RunArgs {
    /// Runs the command.
    pub async fn run(self, arguments: &LakeArgs) -> Result<ExitCode> {
        let (lake, settings) = arguments.open()?;
        let pipeline = lake.pipeline(&model_files(self.models.as_deref(), &settings)?)?;
        let sources = match self.source.is_some() || settings.source.url.is_some() {
            true => Some(bronze::Sources::open(&settings, self.source.as_deref())?),
            false => None,
        };
        let work = adlake::Work {
            sources: sources.as_ref(),
            layers: self.layer,
            domains: self.domain,
            tables: self.tables,
            rebuild: self.rebuild,
        };
        let bars = Bars::default();
        let done = adlake::run(&lake, &pipeline, &work, &bars).await?;
        for file in &done.skipped {
            note!("not read: {}: {}", file.path, file.reason);
        }
        print_report(&done.report, done.unread);
        Ok(ExitCode::from(u8::from(done.is_unreadable)))
    }
}
