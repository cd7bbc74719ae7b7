/*
One row per source, medium and campaign in the log of touches that holdouts prevented; silver.touch_sources holds them with all others.
Made row by row, so that of a delivery only rows of a new triple are added, and none where all are known.

key  = ["source", "medium", "campaign_id"]
kind = "merge"

[columns]
source      = "Where the users would have come from, lower-case; empty where the log says nothing"
medium      = "By what means, lower-case; empty where the log says nothing"
campaign_id = "Identifier of the campaign, or Unknown"
*/
with raw as (
    select source, medium, campaign_id from bronze.holdout_touchpoints
)

select
    coalesce(lower(clean(source)), '') as source,
    coalesce(lower(clean(medium)), '') as medium,
    clean(campaign_id, 'Unknown') as campaign_id
from raw
