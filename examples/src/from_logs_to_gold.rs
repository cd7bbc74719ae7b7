//! The whole way: raw logs, bronze, silver, gold, the next day, an earlier state, where a column comes from.

mod gold;
mod next_day;
mod pictures;
mod silver;

use std::fs;

use anyhow::Result;
use bronze::Sources;
use lake::{Lake, LakeOptions, Silent};
use sources::adtech::{AdtechOptions, generate};
use spec::{Layer, Settings};

use crate::story::{Page, Source};

/// The files of this chapter.
pub const SOURCES: [Source; 4] = [
    ("from_logs_to_gold.rs", include_str!("from_logs_to_gold.rs")),
    ("gold.rs", include_str!("from_logs_to_gold/gold.rs")),
    ("next_day.rs", include_str!("from_logs_to_gold/next_day.rs")),
    ("silver.rs", include_str!("from_logs_to_gold/silver.rs")),
];

/// Tells the chapter.
pub async fn tell(page: &mut Page) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let folder = folder.path();
    page.replace(folder, ".");
    page.text(
        "
        # From logs to gold

        An ad network writes logs: which requests for an ad came in, which of them got an impression, which impressions
        were clicked, which clicks ended in an install. Logs repeat themselves, arrive late, spell things in five ways and
        break off in the middle of a line. This chapter takes four weeks of such logs to tables that answer questions, adds
        one more day, and looks back.

        What you read is a Rust program and what it printed: every block of code is the one that ran. Run it yourself with
        `cargo run -p examples -- from_logs_to_gold`. On the command line the same is `adlake generate adtech`,
        `adlake run` and `adlake sql`.

        ## The logs

        These logs are synthetic, so that everybody has them, and as dirty as real ones. The same seed gives the same
        bytes.
        ",
    );
    page.step()?;
    let logs = folder.join("logs");
    let four_weeks = AdtechOptions {
        requests: 20_000,
        users: 4_000,
        seed: 42,
        start_on: "2025-03-03".parse()?, // a Monday
        days: 28,
        by_day: true,    // one file per day, as logs come
        malformed: true, // also break about one row in two thousand
        ..AdtechOptions::default()
    };
    let generated = generate(&four_weeks, &logs, &mut |_| {})?;
    page.output(generated);
    page.text("A raw file, as it arrived:");
    page.step()?;
    let raw = fs::read(logs.join("impressions-2025-03-03.csv"))?;
    let raw = String::from_utf8_lossy(&raw);
    let first_lines: Vec<&str> = raw.lines().take(5).collect();
    page.output(first_lines.join("\n"));
    page.text(
        "
        ## Bronze: what arrived, as it arrived

        A lake is a folder or an `s3://` prefix. The models that come with adlake make a pipeline, and a run brings the
        tables of a pipeline up to date. This run stops after the first layer, to look at it.
        ",
    );
    page.step()?;
    let lake = Lake::open(&folder.join("lake").display().to_string(), LakeOptions::default())?;
    let pipeline = lake::pipeline(&adlake::shipped_models())?;
    let sources = Sources::open(&Settings::default(), Some(&logs.display().to_string()))?;
    let work = adlake::Work { sources: Some(&sources), layers: vec![Layer::Bronze], ..adlake::Work::all() };
    let done = adlake::run(&lake, &pipeline, &work, &Silent).await?;
    page.report(&done.report);
    page.text(
        "
        Every column is text, byte for byte as in the file, and every row knows the file and the line that it came from.
        Nothing has been cleaned: look at the genders.
        ",
    );
    page.ask(
        &lake,
        r#"
        select user_id, gender, state, "timestamp", _source, _line
        from bronze.requests
        where _source = 'requests-2025-03-03.csv'
        order by _line
        limit 5
        "#,
    )
    .await?;
    page.text(
        "
        Lines that are no rows were set aside with the reason and their text, and the rest of their files was read all the
        same. Nothing is lost: of each table, rows read = rows written + rows quarantined.
        ",
    );
    page.ask(
        &lake,
        "
        select source, line, reason, left(raw, 24) || '…' as raw
        from ops.quarantine
        where table_name in ('bronze.requests', 'bronze.user_profile')
        order by source, line
        ",
    )
    .await?;

    silver::tell(page, &lake, &pipeline).await?;
    gold::tell(page, &lake, &pipeline).await?;
    next_day::tell(page, &lake, &pipeline, &logs, four_weeks).await
}
