//! adlake as a library: a user's own table on top of silver, from another crate.

use std::fs;

use anyhow::{Context, Result};
use bronze::Sources;
use lake::datafusion::functions_aggregate::expr_fn::{count, max};
use lake::datafusion::prelude::col;
use lake::{AsOf, Lake, LakeOptions, Silent};
use sources::adtech::{AdtechOptions, generate};
use spec::Settings;

use crate::story::{Page, Source};

/// The files of this chapter.
pub const SOURCES: [Source; 1] = [("own_table.rs", include_str!("own_table.rs"))];

const MODEL: &str = include_str!("own_table/reach_weekly.sql");

/// Tells the chapter.
pub async fn tell(page: &mut Page) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let folder = folder.path();
    page.replace(folder, ".");
    page.text(
        "
        # A table of your own

        adlake is a set of libraries before it is a command. A crate of yours can run the shipped tables together with
        tables of its own, and query all of them. A table is an SQL file; no Rust is needed for it. Run this chapter with
        `cargo run -p examples -- own_table`.

        Your manifest needs four of the crates (here from a checkout beside yours) and tokio:

        ```toml
        [dependencies]
        adlake = { path = \"../adlake/crates/adlake\" } # the shipped tables, and a run of all layers
        bronze = { path = \"../adlake/bronze\" }        # raw files in
        lake = { path = \"../adlake/crates/lake\" }     # the engine; `lake::datafusion` is the DataFusion it is built with
        spec = { path = \"../adlake/crates/spec\" }     # settings, table names
        tokio = { version = \"1\", features = [\"macros\", \"rt-multi-thread\"] }
        ```

        ## A lake to start from

        Two weeks of synthetic logs (you have your own), taken through all layers.
        ",
    );
    page.step()?;
    let logs = folder.join("logs");
    let two_weeks = AdtechOptions {
        requests: 5_000,
        users: 300,
        seed: 7,
        start_on: "2025-03-03".parse()?, // a Monday
        days: 14,
        by_day: true,
        ..AdtechOptions::default()
    };
    generate(&two_weeks, &logs, &mut |_| {})?;

    let place = folder.join("lake").display().to_string();
    let lake = Lake::open(&place, LakeOptions::default())?;
    let sources = Sources::open(&Settings::default(), Some(&logs.display().to_string()))?;
    let work = adlake::Work { sources: Some(&sources), ..adlake::Work::all() };
    let shipped = lake::pipeline(&adlake::shipped_models())?;
    let done = adlake::run(&lake, &shipped, &work, &Silent).await?;
    page.output(format!("{} tables, release {}", done.report.tables.len(), done.report.release.context("something was new")?));

    page.text(
        "
        ## The model

        How many people did a campaign reach in a week, and how often did each of them see it? That is not among the
        shipped tables, but all it takes is in `silver.ad_funnel`. The file's comment says what a row is, the key, how the
        table is kept up to date, what each column means and what must hold; the rest is plain SQL. What it reads, and so
        when it runs, is found in the SQL.
        ",
    );
    page.code("sql", MODEL);
    page.text("The path is the name: `gold/media/reach_weekly.sql` becomes `gold.reach_weekly`, in the domain `media`.");
    page.step()?;
    let models = folder.join("mymodels");
    fs::create_dir_all(models.join("gold/media"))?;
    fs::write(models.join("gold/media/reach_weekly.sql"), MODEL)?;

    let mut files = adlake::shipped_models();
    files.extend(lake::read_folder(&models)?);
    let pipeline = lake::pipeline(&files)?;
    let done = adlake::run(&lake, &pipeline, &work, &Silent).await?;
    page.report(&done.report);
    page.text("The new table was built; the others had nothing to do. It is a Delta table like theirs:");
    page.ask(
        &lake,
        "
        select week_on, campaign_id, reached_user_count, impression_count,
            cast(impressions_per_user as decimal(5, 2)) as impressions_per_user
        from gold.reach_weekly
        order by reached_user_count desc, week_on, campaign_id
        limit 5
        ",
    )
    .await?;

    page.text(
        "
        ## It is kept up to date

        The third week begins, and late rows of the second come with its first files. `replace_partitions` makes the
        engine find out which weeks these rows belong to, and compute those again, from all of their days.
        ",
    );
    page.step()?;
    let monday = AdtechOptions { day_range: Some(14..15), ..two_weeks };
    generate(&monday, &logs, &mut |_| {})?;
    let done = adlake::run(&lake, &pipeline, &work, &Silent).await?;
    page.report(&done.report);

    page.text(
        "
        ## DataFusion, where SQL is not enough

        A session sees the same tables, all as of one release, and gives data frames, streams of Arrow batches, and
        everything else that DataFusion has.
        ",
    );
    page.step()?;
    let session = lake.session(AsOf::LastRelease).await?;
    let weeks = session
        .table("gold.reach_weekly")
        .await?
        .aggregate(
            vec![col("week_on")],
            vec![count(col("campaign_id")).alias("campaign_count"), max(col("reached_user_count")).alias("widest_reach")],
        )?
        .sort_by(vec![col("week_on")])?
        .collect()
        .await?;
    page.table(&weeks)?;

    page.text(
        "
        ## Mistakes

        A pipeline is made only when all of its models fit together; otherwise it tells every problem at once, with file
        and line. Here the key is misspelled, and so is a described column.
        ",
    );
    page.step()?;
    let broken = MODEL
        .replace("key          = [\"week_on\"", "key          = [\"week\"")
        .replace("impression_count     = ", "impressions_count    = ");
    fs::write(models.join("gold/media/reach_weekly.sql"), broken)?;
    let mut files = adlake::shipped_models();
    files.extend(lake::read_folder(&models)?);
    let problems = lake::pipeline(&files).err().context("the model has two faults")?;
    page.output(problems);
    page.text(
        "
        ## Where to go from here

        - `adlake init mymodels` writes the shipped models out, and `adlake run --models mymodels` runs a folder of models
          without any Rust.
        - [CONTRIBUTING.md](../../CONTRIBUTING.md#recipes) has recipes for tables, columns and expectations.
        - [docs/tables.md](../tables.md) lists the tables to build on.
        ",
    );
    Ok(())
}
