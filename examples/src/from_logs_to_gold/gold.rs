//! Silver to gold: revenue, campaigns, what fits together, when people click.

use anyhow::Result;
use lake::{Lake, Silent};
use spec::{Layer, Pipeline};

use super::pictures;
use crate::story::Page;

/// Tells this part.
pub async fn tell(page: &mut Page, lake: &Lake, pipeline: &Pipeline) -> Result<()> {
    page.text(
        "
        ## Gold: answers

        And features, from which click models learn: what was known of each impression when it was shown
        (`docs/features.md`).
        ",
    );
    page.step()?;
    let work = adlake::Work { layers: vec![Layer::Gold, Layer::Features], ..adlake::Work::all() };
    let done = adlake::run(lake, pipeline, &work, &Silent).await?;
    page.report(&done.report);
    revenue(page, lake).await?;
    fit(page, lake).await?;
    rhythm(page, lake).await
}

async fn revenue(page: &mut Page, lake: &Lake) -> Result<()> {
    page.text(
        "
        ### What was earned

        The five states that earned most on one day. A click on a CPC campaign earns its rate, an impression of a CPM
        campaign a thousandth of its rate, an install of a CPI campaign its rate.
        ",
    );
    page.ask(
        lake,
        "
        select
            state,
            impression_count,
            click_count,
            install_count,
            cast(click_rate as decimal(5, 3)) as click_rate,
            cast(revenue_usd as decimal(18, 2)) as revenue_usd
        from gold.revenue_by_state_daily
        where requested_on = date '2025-03-14'
        order by revenue_usd desc, state
        limit 5
        ",
    )
    .await?;
    page.text("Day by day, by what the campaign pays for:");
    let days = page
        .query(
            lake,
            "
            select
                to_char(requested_on, '%-d %b') as day,
                campaign_type,
                sum(revenue_usd) as revenue_usd
            from gold.campaign_performance_daily
            where is_known_campaign
            group by requested_on, campaign_type
            order by requested_on, campaign_type
            ",
        )
        .await?;
    page.picture(
        "revenue_per_day",
        "Line chart of revenue per day for CPC, CPI and CPM campaigns over four weeks",
        pictures::revenue_per_day(&days)?,
    );
    page.text("The campaigns that earned most in the four weeks:");
    page.ask(
        lake,
        "
        select
            campaign_id,
            campaign_type,
            sum(impression_count) as impression_count,
            sum(click_count) as click_count,
            cast(cast(sum(click_count) as double) / sum(impression_count) as decimal(5, 3)) as click_rate,
            cast(sum(revenue_usd) as decimal(18, 2)) as revenue_usd
        from gold.campaign_performance_daily
        where is_known_campaign
        group by campaign_id, campaign_type
        order by revenue_usd desc, campaign_id
        limit 5
        ",
    )
    .await
}

async fn fit(page: &mut Page, lake: &Lake) -> Result<()> {
    page.text(
        "
        ### What fits together

        `gold.affinity_lift` compares the click rate of each pair of genre and campaign type with the rate over all: a lift
        of 2 means twice as many clicks as usual. The highest and the lowest, among pairs with a hundred impressions or
        more:
        ",
    );
    page.ask(
        lake,
        "
        with ranked as (
            select *, row_number() over (order by lift_ratio desc) as place, count(*) over () as pairs
            from gold.affinity_lift
            where impression_count >= 100
        )
        select
            primary_genre, campaign_type, impression_count, click_count,
            cast(click_rate as decimal(5, 3)) as click_rate, cast(lift_ratio as decimal(5, 2)) as lift_ratio
        from ranked
        where place <= 3 or place > pairs - 3
        order by place
        ",
    )
    .await?;
    page.text("All pairs:");
    let pairs = page
        .query(
            lake,
            "
            select primary_genre, campaign_type, click_count, impression_count, click_rate
            from gold.affinity_lift
            where primary_genre <> 'Unknown' and campaign_type <> 'Unknown'
            order by primary_genre, campaign_type
            ",
        )
        .await?;
    page.picture(
        "click_rate_by_genre_and_type",
        "Heat map of the click rate for each genre and campaign type",
        pictures::click_rate_by_genre_and_type(&pairs)?,
    );
    page.text(
        "
        Videos with CPM, Games with CPI and, within its row, Shopping with CPC stand out: the law that these logs were
        drawn from prefers these pairs. CPI is high in most rows because one campaign of that type, cmp-004, is large and
        clicked a lot. A pair has a few hundred impressions, so smaller differences may well be chance.
        ",
    );
    Ok(())
}

async fn rhythm(page: &mut Page, lake: &Lake) -> Result<()> {
    page.text(
        "
        ### When

        Traffic by weekday and hour, from `gold.traffic_hourly`:
        ",
    );
    let hours = page
        .query(
            lake,
            "
            select
                to_char(requested_on, '%a') as weekday,
                hour_of_day,
                cast(sum(request_count) as double) / count(distinct requested_on) as request_count
            from gold.traffic_hourly
            group by to_char(requested_on, '%a'), date_part('isodow', requested_on), hour_of_day
            order by date_part('isodow', requested_on), hour_of_day
            ",
        )
        .await?;
    page.picture(
        "traffic_by_hour",
        "Heat map of the mean number of requests for each weekday and hour",
        pictures::traffic_by_hour(&hours)?,
    );
    page.text("And how many of the impressions were clicked:");
    let hours = page
        .query(
            lake,
            "
            select
                hour_of_day,
                sum(click_count) as click_count,
                sum(impression_count) as impression_count
            from gold.traffic_hourly
            group by hour_of_day
            order by hour_of_day
            ",
        )
        .await?;
    page.picture(
        "click_rate_by_hour",
        "Line chart of the click rate for each hour of the day, with its 95% interval",
        pictures::click_rate_by_hour(&hours)?,
    );
    page.text(
        "
        The band is where the true rate may well lie (Wilson, 95%): wide in the morning, when there are few impressions.
        That evenings get more clicks than mornings is no chance; what looks like a wave from one hour to the next may be.
        ",
    );
    Ok(())
}
