/*
One row per UTC day and campaign: delivery, clicks, installs and revenue.

key          = ["requested_on", "campaign_id", "campaign_type"]
kind         = "replace_partitions"
partition_by = ["requested_on"]

[columns]
requested_on                = "UTC day of the requests"
campaign_id                 = "Identifier of the campaign as logged, or Unknown when the log named none"
campaign_type               = "CPC, CPM, CPI or Unknown: the campaign's own, or the logged one for an unknown campaign"
advertiser_id               = "Identifier of the advertiser, or Unknown for an unknown campaign"
is_known_campaign           = "Whether the campaign is in silver.campaigns"
impression_count            = "Number of impressions"
off_target_impression_count = "Number of impressions outside the campaign's targeting"
click_count                 = "Number of impressions clicked"
repeat_click_count          = "Number of further clicks on clicked ads: suspected fraud, unpaid"
install_count               = "Number of impressions followed by an install"
revenue_usd                 = "Revenue in US dollars, CPI by the installs logged"
estimated_revenue_usd       = "Revenue in US dollars, CPI estimated from clicks"
click_rate                  = "Clicks per impression, 0 to 1"
install_rate                = "Installs per click; null without a click"
revenue_per_thousand_usd    = "Revenue in US dollars per thousand impressions"
*/
with facts as (
    select * from gold.click_facts
),

summed as (
    select
        requested_on,
        campaign_id,
        campaign_type,
        advertiser_id,
        is_known_campaign,
        count(*) as impression_count,
        sum(case when is_in_targeting then 0 when is_known_campaign then 1 else 0 end) as off_target_impression_count,
        sum(case when is_click then 1 else 0 end) as click_count,
        sum(repeat_click_count) as repeat_click_count,
        sum(case when is_install then 1 else 0 end) as install_count,
        sum(revenue_usd) as revenue_usd,
        sum(estimated_revenue_usd) as estimated_revenue_usd
    from facts
    group by requested_on, campaign_id, campaign_type, advertiser_id, is_known_campaign
)

select
    requested_on as requested_on,
    campaign_id as campaign_id,
    campaign_type as campaign_type,
    advertiser_id as advertiser_id,
    is_known_campaign as is_known_campaign,
    impression_count as impression_count,
    off_target_impression_count as off_target_impression_count,
    click_count as click_count,
    repeat_click_count as repeat_click_count,
    install_count as install_count,
    cast(revenue_usd as decimal(18, 7)) as revenue_usd,
    cast(estimated_revenue_usd as decimal(18, 7)) as estimated_revenue_usd,
    cast(click_count as double) / impression_count as click_rate,
    cast(install_count as double) / nullif(click_count, 0) as install_rate,
    cast(revenue_usd * 1000 / impression_count as decimal(18, 4)) as revenue_per_thousand_usd
from summed
