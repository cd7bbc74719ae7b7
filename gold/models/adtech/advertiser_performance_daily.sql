/*
One row per UTC day and advertiser: the sum of the advertiser's campaigns.

key          = ["requested_on", "advertiser_id"]
kind         = "replace_partitions"
partition_by = ["requested_on"]

[columns]
requested_on             = "UTC day of the requests"
advertiser_id            = "Identifier of the advertiser, or Unknown for unknown campaigns"
campaign_count           = "Number of campaigns with an impression that day"
impression_count         = "Number of impressions"
click_count              = "Number of impressions clicked"
repeat_click_count       = "Number of further clicks on clicked ads: suspected fraud, unpaid"
install_count            = "Number of impressions followed by an install"
revenue_usd              = "Revenue in US dollars, CPI by the installs logged"
estimated_revenue_usd    = "Revenue in US dollars, CPI estimated from clicks"
click_rate               = "Clicks per impression, 0 to 1"
install_rate             = "Installs per click; null without a click"
revenue_per_thousand_usd = "Revenue in US dollars per thousand impressions"
*/
with campaigns as (
    select * from gold.campaign_performance_daily
),

summed as (
    select
        requested_on,
        advertiser_id,
        count(distinct campaign_id) as campaign_count,
        sum(impression_count) as impression_count,
        sum(click_count) as click_count,
        sum(repeat_click_count) as repeat_click_count,
        sum(install_count) as install_count,
        sum(revenue_usd) as revenue_usd,
        sum(estimated_revenue_usd) as estimated_revenue_usd
    from campaigns
    group by requested_on, advertiser_id
)

select
    requested_on as requested_on,
    advertiser_id as advertiser_id,
    campaign_count as campaign_count,
    impression_count as impression_count,
    click_count as click_count,
    repeat_click_count as repeat_click_count,
    install_count as install_count,
    cast(revenue_usd as decimal(18, 7)) as revenue_usd,
    cast(estimated_revenue_usd as decimal(18, 7)) as estimated_revenue_usd,
    cast(click_count as double) / impression_count as click_rate,
    cast(install_count as double) / nullif(click_count, 0) as install_rate,
    cast(revenue_usd * 1000 / impression_count as decimal(18, 4)) as revenue_per_thousand_usd
from summed
