/*
One row per impression and per click of the ad network's own logs (silver.ad_funnel), as a touch; silver.touchpoints holds them with all
others. Impression and click share the request's instant. Clicks on one ad beyond the first are no touches. What stands in
silver.logged_touchpoints too (the same user, instant, kind and campaign) is left to it, and so counts once. Requests without a user are
nobody's touch. In a lake without the ad network's logs this table is empty.

key          = ["touch_id"]
kind         = "merge"
partition_by = ["touched_month"]

[parameters]
channel = { default = "ad_network", description = "Channel of these touches where no channel rule gives another, and their source" }

[optional]
"silver.ad_funnel" = { request_id = "text", user_id = "text", requested_at = "timestamp", campaign_id = "text", campaign_type = "text", is_impression = "boolean", is_click = "boolean" }

[columns]
touch_id       = "MD5 of the touch's kind and request, in hexadecimal"
user_id        = "Identifier of the user"
touched_at     = "Instant of the request, UTC"
touched_month  = "Month of the touch, YYYY-MM"
logged_channel = "The parameter channel"
campaign_id    = "Identifier of the campaign, or Unknown"
touch_kind     = "impression or click"
source         = "The parameter channel, lower-case"
medium         = "What is paid for, lower-case: cpc, cpm, cpi or unknown"
*/
with funnel as (
    select request_id, user_id, requested_at, campaign_id, campaign_type, is_impression, is_click
    from silver.ad_funnel
    where user_id is not null
),

logged as (
    select user_id, touched_at, touch_kind, campaign_id, touch_id from silver.logged_touchpoints
),

touches as (
    select request_id, user_id, requested_at, coalesce(campaign_id, 'Unknown') as campaign_id, campaign_type, 'impression' as touch_kind
    from funnel
    where is_impression
    union all
    select request_id, user_id, requested_at, coalesce(campaign_id, 'Unknown') as campaign_id, campaign_type, 'click' as touch_kind
    from funnel
    where is_click
)

select
    md5(concat('ad ', t.touch_kind, '|', t.request_id)) as touch_id,
    t.user_id as user_id,
    t.requested_at as touched_at,
    substr(cast(cast(t.requested_at as date) as text), 1, 7) as touched_month,
    $channel as logged_channel,
    t.campaign_id as campaign_id,
    t.touch_kind as touch_kind,
    lower($channel) as source,
    coalesce(lower(t.campaign_type), 'unknown') as medium
from touches as t
left join logged as l
    on t.user_id = l.user_id
    and t.requested_at = l.touched_at
    and t.touch_kind = l.touch_kind
    and t.campaign_id = l.campaign_id
where l.touch_id is null
