//! Segments by rules, and groups that the data show.

use anyhow::Result;
use lake::Lake;

use super::pictures;
use crate::story::Page;

/// Tells it.
pub async fn tell(page: &mut Page, lake: &Lake) -> Result<()> {
    page.text(
        "
        ## Segments

        Recency, frequency and monetary value, each as a score from 1 to 5: fifths of the customers, or thresholds of your own.
        Rules, which are a parameter of `gold.customer_rfm`, name the cells.
        ",
    );
    page.ask(
        lake,
        "
        select
            name as segment,
            customer_count as customers,
            median_recency_days as median_recency,
            round(mean_order_count, 1) as orders,
            cast(round(net_amount, 0) as bigint) as net_amount,
            round(100 * net_amount_ratio, 1) as percent_of_net,
            cast(round(expected_value, 0) as bigint) as expected_in_a_year
        from gold.segment_profiles
        where kind = 'rules'
        order by net_amount_ratio desc
        ",
    )
    .await?;
    page.text("The map behind the names: where the customers are, and where the money is.");
    let cells = page
        .query(
            lake,
            "
            select
                recency_score,
                monetary_score,
                count(*) as customers,
                sum(cast(net_amount as double)) as net_amount
            from gold.customer_rfm
            group by recency_score, monetary_score
            order by monetary_score desc, recency_score
            ",
        )
        .await?;
    page.picture(
        "segment_map",
        "Net revenue by recency score and monetary score: most of it lies with big spenders who bought lately",
        pictures::segment_map(&cells)?,
    );
    page.text(
        "
        Rules make eleven segments of any customers, even where there are none. So the data are asked as well: k-means++ on the
        standardised logarithms, with as many groups as have the highest mean silhouette, and a sentence that says how far apart
        they are.
        ",
    );
    page.ask(
        lake,
        "
        select cluster_count, round(silhouette, 3) as silhouette, reason
        from gold.customer_cluster_model
        ",
    )
    .await?;
    page.ask(
        lake,
        "
        select
            name as \"group\",
            customer_count as customers,
            median_recency_days as median_recency,
            round(mean_order_count, 1) as orders,
            round(100 * net_amount_ratio, 1) as percent_of_net
        from gold.segment_profiles
        where kind = 'clusters'
        order by net_amount_ratio desc
        ",
    )
    .await?;
    page.text(
        "
        That is an honest answer: the generator draws customers from one smooth law, and there are no groups to find. Segments are
        then a way to talk about one spread, not kinds of people.
        ",
    );
    Ok(())
}
