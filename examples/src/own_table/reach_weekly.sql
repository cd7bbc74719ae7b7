/*
One row per ISO week and campaign: how many people it reached, and how often each of them saw it.
Impressions of requests that named no user, or of no campaign, do not count.

key          = ["week_on", "campaign_id"]
kind         = "replace_partitions"
partition_by = ["week_on"]

[columns]
week_on              = "Monday of the week of the requests, UTC"
campaign_id          = "Identifier of the campaign as logged"
reached_user_count   = "Number of different users with an impression"
impression_count     = "Number of impressions of these users"
impressions_per_user = "Impressions per user reached, 1 or more"

[expect.is_seen_once_or_more]
that    = "impressions_per_user >= 1"
on_fail = "fail"
*/
with impressions as (
    select *
    from silver.ad_funnel
    where is_impression and user_id is not null and campaign_id is not null
)

select
    cast(date_trunc('week', requested_on) as date) as week_on,
    campaign_id as campaign_id,
    count(distinct user_id) as reached_user_count,
    count(*) as impression_count,
    cast(count(*) as double) / count(distinct user_id) as impressions_per_user
from impressions
group by cast(date_trunc('week', requested_on) as date), campaign_id
