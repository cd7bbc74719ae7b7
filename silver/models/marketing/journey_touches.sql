/*
One row per touch that counts, with the journey that it belongs to. Repeats and touches of bot-like users do not count. A journey
begins after the user's previous conversion, of whatever kind, and holds the touches of the look-back (30 days) up to its conversion, that
instant included; so a touch belongs to one conversion at most, and a touch after a conversion never to it. Touches that no conversion
reaches make paths without conversion; such a path ends where the next touch is later by more than the look-back, or where a conversion
lies between.

key          = ["touch_id"]
kind         = "merge"
partition_by = ["touched_month"]

[parameters]
look_back_days = { default = 30, min = 1, max = 36525, description = "Days before a conversion in which a touch counts" }

[columns]
touch_id      = "The touch in silver.touchpoints"
user_id       = "Identifier of the user"
touched_at    = "Instant of the touch, UTC"
touched_month = "Month of the touch, YYYY-MM"
channel       = "Channel of the touch"
campaign_id   = "Identifier of the campaign, or Unknown"
touch_kind    = "impression or click"
journey_id    = "The journey: its conversion_id, or the touch_id of the first touch of a path without conversion"
conversion_id = "The conversion that ends the journey; null for a path without one"
converted_at  = "Instant of that conversion, UTC"
*/
with touches as (
    select touch_id, user_id, touched_at, touched_month, channel, campaign_id, touch_kind
    from silver.touchpoints
    where not is_repeat and not is_bot_like
),

conversions as (
    select
        conversion_id,
        user_id,
        converted_at,
        coalesce(lag(converted_at) over (partition by user_id order by converted_at, conversion_id), timestamp '1900-01-01 00:00:00')
            as previous_at
    from silver.conversions
),

followed as (
    select
        t.*,
        c.conversion_id as next_id,
        c.converted_at as next_at,
        coalesce(c.converted_at <= t.touched_at + interval $look_back_days day, false) as is_reached
    from touches as t
    left join conversions as c
        on t.user_id = c.user_id
        and t.touched_at <= c.converted_at
        and t.touched_at > c.previous_at
),

neighboured as (
    select
        *,
        lag(touched_at) over (partition by user_id order by touched_at, touch_id) as before_at,
        lag(next_id) over (partition by user_id order by touched_at, touch_id) as next_id_before
    from followed
),

begun as (
    select
        *,
        before_at is null or touched_at > before_at + interval $look_back_days day or next_id is distinct from next_id_before as begins
    from neighboured
),

placed as (
    select
        *,
        last_value(case when begins then touch_id end) ignore nulls over (
            partition by user_id order by touched_at, touch_id rows between unbounded preceding and current row
        ) as path_id
    from begun
)

select
    touch_id as touch_id,
    user_id as user_id,
    touched_at as touched_at,
    touched_month as touched_month,
    channel as channel,
    campaign_id as campaign_id,
    touch_kind as touch_kind,
    case when is_reached then next_id else path_id end as journey_id,
    case when is_reached then next_id end as conversion_id,
    case when is_reached then next_at end as converted_at
from placed
