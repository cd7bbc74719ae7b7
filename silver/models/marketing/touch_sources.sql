/*
One row per source, medium and campaign that touches came from, or would have come from had no holdout prevented them: what channel
rules are asked about, once each.

key  = ["source", "medium", "campaign_id"]
kind = "merge"

[columns]
source      = "Where the users came from, lower-case; empty where the log says nothing"
medium      = "By what means, lower-case; empty where the log says nothing"
campaign_id = "Identifier of the campaign, or Unknown"
*/
with raw as (
    select source, medium, campaign_id from bronze.touchpoints
    union all
    select source, medium, campaign_id from bronze.holdout_touchpoints
    union all
    select source, medium, campaign_id from silver.ad_touchpoints
)

select
    coalesce(lower(clean(source)), '') as source,
    coalesce(lower(clean(medium)), '') as medium,
    clean(campaign_id, 'Unknown') as campaign_id
from raw
