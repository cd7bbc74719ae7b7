/*
One row per touch of a user with a channel that the user's holdout prevented. Users with such a touch are alike to those who had one, but
for chance: gold.channel_incrementality compares them. The channel is found as in silver.touchpoints, by the same rules, and what is
marked is marked by the same: a repeat follows one of the same user, channel, campaign and kind by repeat_seconds (30) or less, and
all touches of a bot-like user are marked.

key          = ["touch_id"]
kind         = "merge"
partition_by = ["touched_month"]

[parameters]
repeat_seconds = { default = 30, same_as = "silver.touchpoints", description = "Seconds after a touch in which the same one is a repeat" }

[columns]
touch_id       = "row_md5 of the touch's fields, in hexadecimal"
user_id        = "Identifier of the user"
touched_at     = "Instant at which the touch would have been, UTC"
touched_month  = "Month of that instant, YYYY-MM"
channel        = "Channel by the rules, else as logged, else source / medium, else Unknown"
logged_channel = "Channel as the log names it; null where it names none"
campaign_id    = "Identifier of the campaign, or Unknown"
touch_kind     = "impression or click"
source         = "Where the user would have come from, lower-case; empty where the log says nothing"
medium         = "By what means, lower-case; empty where the log says nothing"
is_repeat      = "Whether the same touch was prevented repeat_seconds before or less"
is_bot_like    = "Whether the user is bot-like in silver.touchpoints"
*/
with touches as (
    select * from silver.logged_holdout_touchpoints
),

groups as (
    select * from silver.channel_groups
),

bots as (
    select user_id
    from silver.touchpoints
    where is_bot_like
    group by user_id
),

grouped as (
    select
        t.*,
        b.user_id is not null as is_bot_like,
        coalesce(g.channel, t.logged_channel, nullif(concat(nullif(t.source, ''), ' / ', nullif(t.medium, '')), ' / '), 'Unknown') as channel
    from touches as t
    left join groups as g
        on t.source = g.source
        and t.medium = g.medium
        and t.campaign_id = g.campaign_id
        and t.touched_at >= g.valid_from_at
        and t.touched_at < g.valid_until_at
    left join bots as b on t.user_id = b.user_id
),

followed as (
    select
        *,
        lag(touched_at) over (partition by user_id order by channel, campaign_id, touch_kind, touched_at, touch_id) as before_at,
        lag(channel) over (partition by user_id order by channel, campaign_id, touch_kind, touched_at, touch_id) as channel_before,
        lag(campaign_id) over (partition by user_id order by channel, campaign_id, touch_kind, touched_at, touch_id) as campaign_before,
        lag(touch_kind) over (partition by user_id order by channel, campaign_id, touch_kind, touched_at, touch_id) as kind_before
    from grouped
)

select
    touch_id as touch_id,
    user_id as user_id,
    touched_at as touched_at,
    touched_month as touched_month,
    channel as channel,
    logged_channel as logged_channel,
    campaign_id as campaign_id,
    touch_kind as touch_kind,
    source as source,
    medium as medium,
    coalesce(
        channel = channel_before and campaign_id = campaign_before and touch_kind = kind_before
            and touched_at <= before_at + interval $repeat_seconds second,
        false
    ) as is_repeat,
    is_bot_like as is_bot_like
from followed
