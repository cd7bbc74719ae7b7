/*
One row per UTC day, genre and pricing: impressions and clicks, the counts from which every affinity is computed, for all days
(gold.affinity_lift) or for strictly earlier days only (click features).

key          = ["requested_on", "primary_genre", "campaign_type"]
kind         = "replace_partitions"
partition_by = ["requested_on"]

[columns]
requested_on     = "UTC day of the requests"
primary_genre    = "Main genre of the user's main app, or Unknown"
campaign_type    = "CPC, CPM, CPI or Unknown"
impression_count = "Number of impressions"
click_count      = "Number of impressions clicked"
*/
with facts as (
    select * from gold.click_facts
)

select
    requested_on as requested_on,
    primary_genre as primary_genre,
    campaign_type as campaign_type,
    count(*) as impression_count,
    sum(case when is_click then 1 else 0 end) as click_count
from facts
group by requested_on, primary_genre, campaign_type
