/*
One row per source, medium and campaign in the ad network's own touches; silver.touch_sources holds them with all others. Made row by row,
so that of a delivery only rows of a new triple are added, and none where all are known.

key  = ["source", "medium", "campaign_id"]
kind = "merge"

[columns]
source      = "Where the users came from, lower-case"
medium      = "What is paid for, lower-case"
campaign_id = "Identifier of the campaign, or Unknown"
*/
with touches as (
    select source, medium, campaign_id from silver.ad_touchpoints
)

select
    source as source,
    medium as medium,
    campaign_id as campaign_id
from touches
