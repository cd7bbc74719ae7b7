//! What later runs do: nothing, or only what is new. Then a look back in time and along a column.

use std::path::Path;

use anyhow::{Context, Result};
use bronze::Sources;
use lake::lineage::Direction;
use lake::{AsOf, Lake, Silent};
use sources::adtech::{AdtechOptions, generate};
use spec::{Pipeline, Settings};

use crate::story::Page;

/// Tells this part.
pub async fn tell(page: &mut Page, lake: &Lake, pipeline: &Pipeline, logs: &Path, four_weeks: AdtechOptions) -> Result<()> {
    page.text(
        "
        ## The same again

        A run takes what is new. Here nothing is, so that nothing is committed.
        ",
    );
    page.step()?;
    let sources = Sources::open(&Settings::default(), Some(&logs.display().to_string()))?;
    let work = adlake::Work { sources: Some(&sources), ..adlake::Work::all() };
    let done = adlake::run(lake, pipeline, &work, &Silent).await?;
    page.report(&done.report);
    page.text(
        "
        ## The next day

        Monday's files arrive.
        ",
    );
    page.step()?;
    let monday = AdtechOptions { day_range: Some(28..29), ..four_weeks };
    let generated = generate(&monday, logs, &mut |_| {})?;
    page.output(generated);
    page.step()?;
    let before = lake.last_release().await?.context("the runs above published releases")?;
    let done = adlake::run(lake, pipeline, &work, &Silent).await?;
    page.report(&done.report);
    page.text(
        "
        Bronze read the new files only. Some of their rows are late: requests of the days before, and one whose day nobody
        knows.
        ",
    );
    page.ask(
        lake,
        r#"
        select left("timestamp", 10) as day, count(*) as request_count
        from bronze.requests
        where _source = 'requests-2025-03-31.csv'
        group by left("timestamp", 10)
        order by day
        "#,
    )
    .await?;
    page.text(
        "
        So the daily tables computed four days again, out of twenty-nine; `gold.affinity_lift`, which is over all days and
        small, was made anew. (Read counts what was new in a table's inputs.) The result is what a rebuild from all files
        would give, whatever the order in which they came: one of the promises in
        [ARCHITECTURE.md](../../ARCHITECTURE.md).

        ## Looking back

        A run that changed something publishes a release: the versions of all tables that belong together. A query sees the
        last one, or an earlier one. Before the late rows came:
        ",
    );
    let before = AsOf::Release(before.number);
    let last_days = "
        select requested_on, sum(impression_count) as impression_count, sum(click_count) as click_count
        from gold.revenue_by_state_daily
        where requested_on >= date '2025-03-28'
        group by requested_on
        order by requested_on
        ";
    let rows = page.query_as_of(lake, before, last_days).await?;
    page.table(&rows)?;
    page.text("The same query now:");
    page.ask(lake, last_days).await?;
    page.text(
        "
        On the command line that is `adlake sql --release N`.

        ## Where a number comes from

        Lineage is read off the SQL of the models, column by column. What a value is made of stands as a tree; what only
        steers it, such as a filter or a join, is marked with `~`.
        ",
    );
    page.step()?;
    let lineage = lake.lineage(pipeline).await?;
    let table = "gold.revenue_by_state_daily".parse()?;
    let tree = lineage.tree(&table, Some("revenue_usd"), Direction::Upstream)?;
    page.output(tree);
    page.text(
        "
        ## Where to go from here

        - [own_table](own_table.md): a table of your own on top of these.
        - [docs/tables.md](../tables.md): every table and column.
        ",
    );
    Ok(())
}
