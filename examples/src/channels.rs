//! Channels: from marketing data to attribution, what channels really cause, response curves and advice.

mod causes;
mod credit;
mod pictures;
mod spend;

use anyhow::Result;
use bronze::Sources;
use lake::{Lake, LakeOptions, Silent};
use sources::marketing::{MarketingOptions, generate};
use spec::Settings;

use crate::story::{Page, Source};

/// The files of this chapter.
pub const SOURCES: [Source; 4] = [
    ("channels.rs", include_str!("channels.rs")),
    ("credit.rs", include_str!("channels/credit.rs")),
    ("causes.rs", include_str!("channels/causes.rs")),
    ("spend.rs", include_str!("channels/spend.rs")),
];

/// Tells the chapter.
pub async fn tell(page: &mut Page) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let folder = folder.path();
    page.replace(folder, ".");
    page.text(
        "
        # What channels earn, and what they cause

        Users meet ads in several channels before they buy. Attribution models share each purchase out among these. This chapter
        runs them side by side on data whose causal truth is known, shows how far they are from it and why, asks an experiment
        instead, and ends with a budget: response curves, advice, and how sure it is.

        What you read is a Rust program and what it printed. Run it yourself with `cargo run -p examples -- channels`. On the
        command line the same is

        ```text
        adlake generate marketing --out logs --users 4000 --days 60
        adlake run --source logs
        adlake attribute
        adlake advise --budget 1500
        ```

        ## The data

        Touches, conversions, daily spend with late corrections, and exchange rates. Every user is simulated in a world with each
        set of channels, all chances being the same, so it is known which conversions would have come anyway:
        ",
    );
    page.step()?;
    let logs = folder.join("logs");
    let options = MarketingOptions { users: 4000, days: 60, ..MarketingOptions::default() };
    let generated = generate(&options, &logs, &mut |_| {})?;
    page.output(&generated);
    page.text("No table of the lake has these numbers. A run makes the rest:");
    page.step()?;
    let lake = Lake::open(&folder.join("lake").display().to_string(), LakeOptions::default())?;
    let pipeline = lake::pipeline(&adlake::shipped_models())?;
    let sources = Sources::open(&Settings::default(), Some(&logs.display().to_string()))?;
    let work = adlake::Work { sources: Some(&sources), ..adlake::Work::all() };
    let done = adlake::run(&lake, &pipeline, &work, &Silent).await?;
    page.report(&done.report);
    credit::tell(page, &lake, &generated).await?;
    causes::tell(page, &options)?;
    spend::tell(page, &lake, &generated).await
}
