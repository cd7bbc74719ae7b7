//! `adlake fetch`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use datasets::{Dataset, Progress, online_retail};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use lake::{LakeError, Result};

/// Download a public data set.
#[derive(Subcommand)]
pub enum Fetch {
    /// UCI Online Retail: 541,909 invoice lines of a shop, 2010-12-01 to 2011-12-09, as a workbook (Daqing Chen, CC BY 4.0)
    ///
    /// Example: adlake fetch online-retail --to shop, then adlake run --lake mylake --source shop
    OnlineRetail(Target),
}

/// Where to.
#[derive(Args)]
pub struct Target {
    /// Folder for the file, in a folder named after its table
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// Take it from this file, the archive or what is in it, instead of the network
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
}

impl Fetch {
    /// Runs the command.
    pub async fn run(self) -> Result<ExitCode> {
        match self {
            Self::OnlineRetail(target) => target.run(&online_retail()).await,
        }
    }
}

impl Target {
    async fn run(&self, dataset: &Dataset) -> Result<ExitCode> {
        let fetched = match &self.from {
            Some(file) => datasets::take(dataset, file, &self.to).map_err(LakeError::invalid)?,
            None => self.download(dataset).await?,
        };
        let how = if fetched.was_there { "is there already" } else { "fetched" };
        console::out!(
            "{} {how}: {} bytes, size and SHA-256 as known of it. Run `adlake run --lake LAKE --source {}`.",
            fetched.path.display(),
            console::thousands(dataset.file.bytes),
            self.to.display()
        );
        Ok(ExitCode::SUCCESS)
    }

    async fn download(&self, dataset: &Dataset) -> Result<datasets::Fetched> {
        let bar = ProgressBar::with_draw_target(Some(dataset.archive.bytes), ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("fetching {bar:32} {bytes} of {total_bytes} {elapsed} (left {eta})") {
            bar.set_style(style);
        }
        let fetched = datasets::fetch(dataset, &self.to, &mut |progress: Progress| bar.set_position(progress.done)).await;
        bar.finish_and_clear();
        fetched.map_err(LakeError::invalid)
    }
}
