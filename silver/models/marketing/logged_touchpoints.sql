/*
One row per touch as the log tells it, typed: exact duplicates are out, the first in the source stays. silver.touchpoints adds what
rules and other touches tell. Two touches are duplicates if user, instant, kind, channel, campaign, source, medium and cost are
the same.

key          = ["touch_id"]
first_by     = ["_source", "_line"]
kind         = "merge"
partition_by = ["touched_month"]

[columns]
touch_id       = "row_md5 of the touch's fields, in hexadecimal"
user_id        = "Identifier of the user"
touched_at     = "Instant of the touch, UTC"
touched_month  = "Month of the touch, YYYY-MM"
logged_channel = "Channel as the log names it; null where it names none"
campaign_id    = "Identifier of the campaign, or Unknown"
touch_kind     = "impression or click"
source         = "Where the user came from, lower-case; empty where the log says nothing"
medium         = "By what means, lower-case; empty where the log says nothing"
cost_amount    = "What the touch cost, in the lake's currency; null where the log says nothing"
_source        = "File the row came from"
_line          = "Line in that file, from 1"

[expect.has_user_id]
that    = "user_id is not null"
on_fail = "quarantine"

# Absurd but well-formed years would each open a partition of their own.
[expect.has_plausible_time]
that    = "touched_at is not null and touched_at >= timestamp '1970-01-01 00:00:00' and touched_at < timestamp '2100-01-01 00:00:00'"
on_fail = "quarantine"

[expect.known_kind]
that    = "touch_kind in ('impression', 'click')"
on_fail = "quarantine"

[expect.cost_not_negative]
that    = "cost_amount is null or cost_amount >= 0"
on_fail = "quarantine"
*/
with raw as (
    select * from bronze.touchpoints
),

typed as (
    select
        clean(user_id) as user_id,
        cast(clean(occurred_at) as timestamp) as touched_at,
        clean(channel) as logged_channel,
        clean(campaign_id, 'Unknown') as campaign_id,
        coalesce(lower(clean(kind)), '') as touch_kind,
        coalesce(lower(clean(source)), '') as source,
        coalesce(lower(clean(medium)), '') as medium,
        cast(clean(cost) as decimal(18, 6)) as cost_amount,
        _source,
        _line
    from raw
)

select
    row_md5(user_id, cast(touched_at as bigint), touch_kind, logged_channel, campaign_id, source, medium, cost_amount) as touch_id,
    user_id as user_id,
    touched_at as touched_at,
    substr(cast(cast(touched_at as date) as text), 1, 7) as touched_month,
    logged_channel as logged_channel,
    campaign_id as campaign_id,
    touch_kind as touch_kind,
    source as source,
    medium as medium,
    cost_amount as cost_amount,
    _source as _source,
    _line as _line
from typed
