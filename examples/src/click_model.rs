//! Click models: the leak that flatters, the honest model, whether it keeps its promises, and what it is good for.

mod honest;
mod in_use;
mod leak;
mod pictures;

use std::path::Path;

use adlake::clicks::{self, Outcome, TrainSettings, Trained};
use adlake::models::OnLeak;
use anyhow::{Result, bail};
use bronze::Sources;
use lake::{AsOf, Lake, LakeOptions, Silent};
use sources::adtech::{AdtechOptions, generate};
use spec::Settings;
use training::metrics::Estimate;

use crate::story::{Page, Source};

/// The files of this chapter.
pub const SOURCES: [Source; 4] = [
    ("click_model.rs", include_str!("click_model.rs")),
    ("leak.rs", include_str!("click_model/leak.rs")),
    ("honest.rs", include_str!("click_model/honest.rs")),
    ("in_use.rs", include_str!("click_model/in_use.rs")),
];

/// Tells the chapter.
pub async fn tell(page: &mut Page) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let folder = folder.path();
    page.replace(folder, ".");
    page.text(
        "
        # A click model that does not fool itself

        How likely is it that this impression is clicked? A model that answers well ranks ads, bids and budgets; one that only
        seems to answer well costs money before anybody notices. This chapter trains a forest with a splendid score that is
        worth nothing, shows how the leak audit finds out, trains a model on what is really known before a click, compares
        what it promises with what came, and puts it to use.

        What you read is a Rust program and what it printed. Run it yourself with `cargo run -p examples -- click_model`. On the
        command line the same is `adlake train click`, `adlake score click` and `adlake predict click`.
        ",
    );
    leak::tell(page, folder).await?;
    let lake = honest::tell(page, folder).await?;
    in_use::tell(page, &lake).await
}

/// Logs by a law, and a lake with all of their tables.
async fn lake_of(options: &AdtechOptions, folder: &Path) -> Result<(Lake, Option<f64>)> {
    let logs = folder.join("logs");
    let generated = generate(options, &logs, &mut |_| {})?;
    let lake = Lake::open(&folder.join("lake").display().to_string(), LakeOptions::default())?;
    let sources = Sources::open(&Settings::default(), Some(&logs.display().to_string()))?;
    let work = adlake::Work { sources: Some(&sources), ..adlake::Work::all() };
    adlake::run(&lake, &lake::pipeline(&adlake::shipped_models())?, &work, &Silent).await?;
    Ok((lake, generated.best_auc))
}

/// A model by these settings, whatever the audit says.
async fn trained(lake: &Lake, settings: &TrainSettings) -> Result<Trained> {
    match clicks::train(lake, settings, OnLeak::Warn, AsOf::LastRelease, &|_| {}).await? {
        Outcome::Trained(trained) => Ok(*trained),
        Outcome::Refused(_) => bail!("an audit that only warns refused"),
    }
}

fn shown(estimate: Option<Estimate>) -> String {
    estimate.map_or_else(|| "none".to_owned(), |e| format!("{:.3} ({:.3} to {:.3})", e.value, e.low, e.high))
}
