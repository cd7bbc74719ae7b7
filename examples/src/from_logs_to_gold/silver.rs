//! Bronze to silver: what cleaning does, shown on rows.

use anyhow::Result;
use lake::{Lake, Silent};
use spec::{Layer, Pipeline};

use crate::story::Page;

/// Tells this part.
pub async fn tell(page: &mut Page, lake: &Lake, pipeline: &Pipeline) -> Result<()> {
    page.text(
        "
        ## Silver: one clean row per real thing

        A silver table is one SQL file, such as
        [requests.sql](../../silver/models/adtech/requests.sql): it says what the key is, which of several rows with one
        key stays, what every column means and what must hold.
        ",
    );
    page.step()?;
    let work = adlake::Work { layers: vec![Layer::Silver], ..adlake::Work::all() };
    let done = adlake::run(lake, pipeline, &work, &Silent).await?;
    page.report(&done.report);
    page.text(
        "
        ### Duplicates

        Some requests were delivered twice, the copy with a later time. Before, in bronze:
        ",
    );
    page.ask(
        lake,
        r#"
        select left(request_id, 8) as request, "timestamp", gender, state, _source, _line
        from bronze.requests
        where request_id in (
            select request_id from bronze.requests
            group by request_id having count(distinct "timestamp") > 1
            order by request_id limit 2
        )
        order by request_id, _source, _line
        "#,
    )
    .await?;
    page.text("After, in silver: the earliest stays, and it still names its file and line.");
    page.ask(
        lake,
        r#"
        select left(request_id, 8) as request, requested_at, gender, state, _source, _line
        from silver.requests
        where request_id in (
            select request_id from bronze.requests
            group by request_id having count(distinct "timestamp") > 1
            order by request_id limit 2
        )
        order by request_id
        "#,
    )
    .await?;
    page.text(
        "
        ### Spellings

        A gender is M, F or Unknown, whatever the client wrote. Quotes show blanks and the empty string.
        ",
    );
    page.ask(
        lake,
        "
        select s.gender as cleaned, b.gender as received, count(*) as row_count
        from silver.requests as s
        join bronze.requests as b on s._source = b._source and s._line = b._line
        group by s.gender, b.gender
        order by cleaned, row_count desc, received
        ",
    )
    .await?;
    page.text(
        "
        ### Values that cannot be read

        `cast` in a model never gives a silent null. A row whose value does not parse goes to quarantine, and says so.
        ",
    );
    page.ask(
        lake,
        "
        select source, line, rule, reason
        from ops.quarantine
        where table_name = 'silver.requests'
        order by source, line
        ",
    )
    .await?;
    page.text(
        "
        ### Click bursts

        One click on an ad counts. Further ones are no rows in `silver.clicks`, but they are not forgotten:
        ",
    );
    page.ask(
        lake,
        "
        select id_md5, repeat_click_count
        from silver.repeated_clicks
        order by repeat_click_count desc, id_md5
        limit 5
        ",
    )
    .await?;
    page.text(
        "
        ### The funnel

        `silver.ad_funnel` has one row per request and says how far it went. Joins never multiply a request.
        ",
    );
    page.ask(
        lake,
        "
        select
            count(*) as request_count,
            sum(case when is_impression then 1 else 0 end) as impression_count,
            sum(case when is_click then 1 else 0 end) as click_count,
            sum(case when is_install then 1 else 0 end) as install_count,
            sum(case when not is_known_campaign then 1 else 0 end) as unknown_campaign_count,
            sum(case when not is_in_targeting then 1 else 0 end) as off_target_count
        from silver.ad_funnel
        ",
    )
    .await
}
