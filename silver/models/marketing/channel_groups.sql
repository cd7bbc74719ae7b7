/*
One row per source, medium and campaign in the touchpoints and span of time in which the channel rules give them one channel. The
spans of a triple do not overlap; where no rule fits there is none.

key  = ["source", "medium", "campaign_id", "valid_from_at"]
kind = "merge"

[columns]
source         = "Where the users came from, lower-case; empty where the log says nothing"
medium         = "By what means, lower-case; empty where the log says nothing"
campaign_id    = "Identifier of the campaign, or Unknown"
valid_from_at  = "First instant of the span"
valid_until_at = "Instant from which it holds no more"
channel        = "Channel by the rule that counts then"
*/
with triples as (
    select * from silver.touch_sources
),

rules as (
    select * from silver.channel_rules
),

fits as (
    select
        t.source,
        t.medium,
        t.campaign_id,
        r.valid_from_at,
        r.valid_until_at,
        r.channel,
        r.priority,
        r.source_pattern,
        r.medium_pattern,
        r.campaign_pattern
    from triples as t
    inner join rules as r
        on t.source like r.source_pattern
        and t.medium like r.medium_pattern
        and lower(t.campaign_id) like r.campaign_pattern
),

-- Wherever a rule begins or ends another may count.
turns as (
    select source, medium, campaign_id, valid_from_at as turns_at from fits
    union
    select source, medium, campaign_id, valid_until_at as turns_at from fits
),

spans as (
    select
        *,
        lead(turns_at) over (partition by source, medium, campaign_id order by turns_at) as next_at
    from turns
),

ranked as (
    select
        s.source,
        s.medium,
        s.campaign_id,
        s.turns_at,
        s.next_at,
        f.channel,
        row_number() over (
            partition by s.source, s.medium, s.campaign_id, s.turns_at
            order by f.priority, f.source_pattern desc, f.medium_pattern desc, f.campaign_pattern desc, f.valid_from_at desc
        ) as place
    from spans as s
    inner join fits as f
        on s.source = f.source
        and s.medium = f.medium
        and s.campaign_id = f.campaign_id
        and s.turns_at >= f.valid_from_at
        and s.turns_at < f.valid_until_at
)

select
    source as source,
    medium as medium,
    campaign_id as campaign_id,
    turns_at as valid_from_at,
    next_at as valid_until_at,
    channel as channel
from ranked
where place = 1
