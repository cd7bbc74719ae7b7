/*
One row per conversion with the path of touches that led to it, and per path of touches without a conversion. The rules of what
belongs to a path stand in silver.journey_touches; of a path of more than 500 steps (most_steps) the last are here. A
conversion before any touch, or whose touches are all too old, repeated or bot-like, has an empty path. A path without
conversion is closed once the log is past closes_at; until then a conversion may still claim its last touches.

key          = ["journey_id"]
kind         = "merge"
partition_by = ["ended_month"]

[parameters]
look_back_days = { default = 30, same_as = "silver.journey_touches", description = "Days before a conversion in which a touch counts" }
most_steps     = { default = 500, min = 1, description = "Steps of a path, the last ones" }

[columns]
journey_id                = "The conversion_id, or the touch_id of the first touch of a path without conversion"
user_id                   = "Identifier of the user"
is_converted              = "Whether a conversion ends the path"
conversion_id             = "The conversion; null without one"
conversion_kind           = "install, purchase or sign_up; null without one"
value_amount              = "Value of the conversion in the lake's currency; null without one"
started_at                = "Instant of the first touch, UTC; null for an empty path"
ended_at                  = "Instant of the conversion, else of the last touch, UTC"
ended_month               = "Month of ended_at, YYYY-MM"
closes_at                 = "Instant from which no new conversion can claim the path's last touch: look_back_days after it; null where a conversion has it"
touch_count               = "Number of steps in the path"
left_out_count            = "Number of earlier touches beyond the last most_steps"
path                      = "Channels of the steps from first to last, separated by ' > '; empty for an empty path"
channels                  = "Channel of each step, from first to last; null for an empty path, likewise the following"
campaign_ids              = "Campaign of each step"
touch_kinds               = "impression or click, for each step"
touched_ats               = "Instant of each step, UTC"
seconds_before_conversion = "Seconds from each step to the conversion; null without one"
positions                 = "Place of each step, from 1"

# The arrays are made from rows in the order of their steps; this would show if they ever were not.
[expect.steps_in_order]
that    = "positions is null or positions = range(1, touch_count + 1)"
on_fail = "fail"
*/
with conversions as (
    select conversion_id, user_id, converted_at, converted_month, conversion_kind, value_amount from silver.conversions
),

numbered as (
    select
        *,
        row_number() over (partition by journey_id order by touched_at, touch_id) as place,
        count(*) over (partition by journey_id) as place_count
    from silver.journey_touches
),

steps as (
    select
        journey_id,
        user_id,
        conversion_id,
        touched_at,
        channel,
        campaign_id,
        touch_kind,
        date_part('epoch', converted_at) - date_part('epoch', touched_at) as seconds_before,
        cast(place as bigint) - greatest(place_count - $most_steps, 0) as position,
        greatest(place_count - $most_steps, 0) as left_out_count
    from numbered
),

paths as (
    select
        journey_id,
        min(user_id) as user_id,
        min(conversion_id) as conversion_id,
        min(touched_at) as started_at,
        max(touched_at) as last_touched_at,
        count(*) as touch_count,
        max(left_out_count) as left_out_count,
        array_agg(channel) as channels,
        array_agg(campaign_id) as campaign_ids,
        array_agg(touch_kind) as touch_kinds,
        array_agg(touched_at) as touched_ats,
        array_agg(seconds_before) as seconds_before_conversion,
        array_agg(position) as positions
    from steps
    where position > 0
    group by journey_id
),

journeys as (
    select
        c.conversion_id as journey_id,
        c.user_id,
        c.conversion_id,
        c.conversion_kind,
        c.value_amount,
        c.converted_at as ended_at,
        c.converted_month as ended_month,
        cast(null as timestamp) as closes_at,
        p.started_at,
        p.touch_count,
        p.left_out_count,
        p.channels,
        p.campaign_ids,
        p.touch_kinds,
        p.touched_ats,
        p.seconds_before_conversion,
        p.positions
    from conversions as c
    left join paths as p on c.conversion_id = p.journey_id
    union all
    select
        journey_id,
        user_id,
        conversion_id,
        null,
        null,
        last_touched_at,
        substr(cast(cast(last_touched_at as date) as text), 1, 7),
        last_touched_at + interval $look_back_days day,
        started_at,
        touch_count,
        left_out_count,
        channels,
        campaign_ids,
        touch_kinds,
        touched_ats,
        null,
        positions
    from paths
    where conversion_id is null
)

select
    journey_id as journey_id,
    user_id as user_id,
    conversion_id is not null as is_converted,
    conversion_id as conversion_id,
    conversion_kind as conversion_kind,
    cast(value_amount as decimal(18, 4)) as value_amount,
    started_at as started_at,
    ended_at as ended_at,
    ended_month as ended_month,
    closes_at as closes_at,
    coalesce(touch_count, 0) as touch_count,
    coalesce(left_out_count, 0) as left_out_count,
    coalesce(array_to_string(channels, ' > '), '') as path,
    channels as channels,
    campaign_ids as campaign_ids,
    touch_kinds as touch_kinds,
    touched_ats as touched_ats,
    seconds_before_conversion as seconds_before_conversion,
    positions as positions
from journeys
