/*
One row per source, medium and campaign that touches came from, or would have come from had no holdout prevented them: what channel
rules are asked about, once each. Its inputs have each triple of one log once, and do not change where a delivery brings none that is new to
the log; then neither does this table, nor what is made of it. A union of the logs themselves would be judged by their new rows, and be made
anew for each delivery.

key  = ["source", "medium", "campaign_id"]
kind = "merge"

[columns]
source      = "Where the users came from, lower-case; empty where the log says nothing"
medium      = "By what means, lower-case; empty where the log says nothing"
campaign_id = "Identifier of the campaign, or Unknown"
*/
with triples as (
    select source, medium, campaign_id from silver.logged_touch_sources
    union all
    select source, medium, campaign_id from silver.holdout_touch_sources
    union all
    select source, medium, campaign_id from silver.ad_touch_sources
)

select
    source as source,
    medium as medium,
    campaign_id as campaign_id
from triples
