/*
One row per touch of a user with a channel: those of the log of touches, and impressions and clicks of the ad network's own logs. The channel is that of the rule that counts at the touch's instant, else the logged one,
else source and medium. Nothing is left out; what no journey should count is marked:
- a repeat follows a touch of the same user, channel, campaign and kind by repeat_seconds (30) or less; of a burst only the first is none;
- a bot-like user has clicked more than bot_clicks (30) times within some hour; all touches of the user are marked.

key          = ["touch_id"]
kind         = "merge"
partition_by = ["touched_month"]

[parameters]
repeat_seconds = { default = 30, min = 0, max = 86400, description = "Seconds after a touch in which the same one is a repeat" }
bot_clicks     = { default = 30, min = 1, description = "Clicks within an hour that a user may make without being bot-like" }

[columns]
touch_id       = "row_md5 of the touch's fields, in hexadecimal"
user_id        = "Identifier of the user"
touched_at     = "Instant of the touch, UTC"
touched_month  = "Month of the touch, YYYY-MM"
channel        = "Channel by the rules, else as logged, else source / medium, else Unknown"
logged_channel = "Channel as the log names it; null where it names none"
campaign_id    = "Identifier of the campaign, or Unknown"
touch_kind     = "impression or click"
source         = "Where the user came from, lower-case; empty where the log says nothing"
medium         = "By what means, lower-case; empty where the log says nothing"
cost_amount    = "What the touch cost, in the lake's currency; null where the log says nothing"
is_repeat      = "Whether the same touch came repeat_seconds before or less"
is_bot_like    = "Whether the user clicked more than bot_clicks times within some hour"
*/
with touches as (
    select touch_id, user_id, touched_at, touched_month, logged_channel, campaign_id, touch_kind, source, medium, cost_amount
    from silver.logged_touchpoints
    union all
    select
        touch_id,
        user_id,
        touched_at,
        touched_month,
        logged_channel,
        campaign_id,
        touch_kind,
        source,
        medium,
        cast(null as decimal(18, 6)) as cost_amount
    from silver.ad_touchpoints
),

groups as (
    select * from silver.channel_groups
),

-- The click so many clicks before.
clicks as (
    select
        user_id,
        touched_at,
        lag(touched_at, $bot_clicks) over (partition by user_id order by touched_at, touch_id) as earlier_at
    from touches
    where touch_kind = 'click'
),

bots as (
    select user_id
    from clicks
    where touched_at <= earlier_at + interval '1 hour'
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

-- Of each touch the last one before it, of the user's touches with that channel, campaign and kind.
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
    cost_amount as cost_amount,
    coalesce(
        channel = channel_before and campaign_id = campaign_before and touch_kind = kind_before
            and touched_at <= before_at + interval $repeat_seconds second,
        false
    ) as is_repeat,
    is_bot_like as is_bot_like
from followed
