/*
One row per rule that makes a channel from source, medium and campaign, typed. A rule is told by its three patterns and its first
day; of several lines for one the last in the source stays. A rule that was delivered stays until a later line gives it a last day.

key      = ["source_pattern", "medium_pattern", "campaign_pattern", "valid_from_at"]
last_by  = ["_source", "_line"]
kind     = "merge"

[columns]
source_pattern   = "What a touch's source must be like, lower-case; % stands for any letters"
medium_pattern   = "What its medium must be like, lower-case"
campaign_pattern = "What its campaign_id must be like, lower-case"
valid_from_at    = "First instant of the rule; 1970-01-01 for one that holds since ever"
valid_until_at   = "Instant from which it holds no more; 2200-01-01 for one that holds for ever"
channel          = "Channel of the touches that fit"
priority         = "Of the rules that fit, the smallest counts"
_source          = "File the row came from"
_line            = "Line in that file, from 1"

[expect.has_channel]
that    = "channel is not null"
on_fail = "quarantine"

[expect.has_priority]
that    = "priority is not null"
on_fail = "quarantine"

[expect.ends_after_it_begins]
that    = "valid_until_at > valid_from_at"
on_fail = "quarantine"
*/
with raw as (
    select * from bronze.channel_rules
),

-- * becomes %, and the letters that mean something to LIKE mean themselves.
typed as (
    select
        replace(regexp_replace(coalesce(lower(clean(source)), '*'), '([\\%_])', '\${1}', 'g'), '*', '%') as source_pattern,
        replace(regexp_replace(coalesce(lower(clean(medium)), '*'), '([\\%_])', '\${1}', 'g'), '*', '%') as medium_pattern,
        replace(regexp_replace(coalesce(lower(clean(campaign)), '*'), '([\\%_])', '\${1}', 'g'), '*', '%') as campaign_pattern,
        cast(coalesce(clean(valid_from), '1970-01-01') as date) as valid_from_on,
        cast(coalesce(clean(valid_to), '2199-12-31') as date) as valid_to_on,
        clean(channel) as channel,
        cast(clean(priority) as int) as priority,
        _source,
        _line
    from raw
)

select
    source_pattern as source_pattern,
    medium_pattern as medium_pattern,
    campaign_pattern as campaign_pattern,
    cast(valid_from_on as timestamp) as valid_from_at,
    cast(valid_to_on + interval '1 day' as timestamp) as valid_until_at,
    channel as channel,
    priority as priority,
    _source as _source,
    _line as _line
from typed
