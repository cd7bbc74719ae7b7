/*
One row per genre and pricing: how much likelier a click is there than on average, over all days. Describes the past; features for
a model must use earlier days only and read gold.affinity_daily.

key  = ["primary_genre", "campaign_type"]
kind = "full"

[columns]
primary_genre     = "Main genre of the user's main app, or Unknown"
campaign_type     = "CPC, CPM, CPI or Unknown"
is_affinity_match = "Whether genre and pricing go together: Videos with CPM, or Shopping with CPC"
impression_count  = "Number of impressions of the pair"
click_count       = "Number of impressions of the pair clicked"
click_rate        = "Clicks per impression of the pair, 0 to 1"
base_click_rate   = "Clicks per impression over all pairs, 0 to 1"
lift_ratio        = "click_rate / base_click_rate: 1 = as usual; null without any click"
*/
with days as (
    select * from gold.affinity_daily
),

pairs as (
    select
        primary_genre,
        campaign_type,
        cast(sum(impression_count) as bigint) as impression_count,
        cast(sum(click_count) as bigint) as click_count
    from days
    group by primary_genre, campaign_type
),

base as (
    select cast(sum(click_count) as double) / sum(impression_count) as click_rate
    from days
)

select
    p.primary_genre as primary_genre,
    p.campaign_type as campaign_type,
    (p.primary_genre = 'Videos' and p.campaign_type = 'CPM') or (p.primary_genre = 'Shopping' and p.campaign_type = 'CPC') as is_affinity_match,
    p.impression_count as impression_count,
    p.click_count as click_count,
    cast(p.click_count as double) / p.impression_count as click_rate,
    b.click_rate as base_click_rate,
    cast(p.click_count as double) / p.impression_count / nullif(b.click_rate, 0) as lift_ratio
from pairs as p
cross join base as b
