/*
The credit ledger: one row per conversion and touch of its journey, with what each attribution model gives the touch, in millionths of
the conversion (micro-credits). Each model's credits of a conversion sum to exactly 1,000,000: shares are rounded down, and what is
left goes to the largest remainders, of equal ones to the earlier touch. A conversion with an empty path is not here. The models:
- first_touch and last_touch: all to the first or the last touch;
- last_non_direct: all to the last touch whose channel is not direct (direct, (direct), direct / (none)), or to the last where all are;
- linear: the same to every touch;
- position_based: shares for the first and the last touch, the rest to those between; of two touches the ends share all;
- time_decay: a touch weighs half as much as one that is a half-life nearer to the conversion;
- markov: each channel of the journey weighs as its removal effect in the month (gold.markov_removal_effects), split evenly over its
  touches;
- shapley: each channel of the journey has the same part, split evenly over its touches. This is the Shapley value where a set of
  channels is worth the conversions of journeys within it.

key          = ["touch_id"]
kind         = "merge"
partition_by = ["converted_month"]

[parameters]
half_life_days = { default = 7.0, description = "Days in which a touch loses half its weight, for time_decay" }
first_share    = { default = 0.4, description = "Share of the first touch, 0 to 1, for position_based" }
last_share     = { default = 0.4, description = "Share of the last touch, 0 to 1, for position_based" }

[columns]
touch_id        = "The touch in silver.touchpoints"
conversion_id   = "The conversion in silver.conversions"
conversion_kind = "install, purchase or sign_up"
user_id         = "Identifier of the user"
position        = "Place of the touch in the journey, 1 = first"
touch_count     = "Number of touches in the journey"
channel         = "Channel of the touch"
campaign_id     = "Identifier of the campaign, or Unknown"
touched_at      = "Instant of the touch, UTC"
converted_at    = "Instant of the conversion, UTC"
converted_on    = "UTC day of the conversion"
converted_month = "Month of the conversion, YYYY-MM"
value_amount    = "Value of the whole conversion in the lake's currency; a touch earns its credits' part of it"
first_touch     = "Micro-credits by the first touch; 1,000,000 = the whole conversion"
last_touch      = "Micro-credits by the last touch"
last_non_direct = "Micro-credits by the last touch that is not direct"
linear          = "Micro-credits by even shares"
position_based  = "Micro-credits by shares of both ends"
time_decay      = "Micro-credits by nearness to the conversion"
markov          = "Micro-credits by the channels' removal effects"
shapley         = "Micro-credits by even parts of the journey's channels"
is_whole        = "Whether each model's credits of this conversion sum to 1,000,000"

[expect.credits_are_whole]
that    = "is_whole"
on_fail = "fail"
*/
with conversions as (
    select conversion_id, conversion_kind, converted_on, converted_month, value_amount from silver.conversions
),

effects as (
    select ended_month, channel, removal_effect from gold.markov_removal_effects
),

touches as (
    select
        touch_id,
        conversion_id,
        user_id,
        channel,
        campaign_id,
        touched_at,
        converted_at,
        substr(cast(cast(converted_at as date) as text), 1, 7) as converted_month,
        lower(channel) in ('direct', '(direct)', 'direct / (none)', '(direct) / (none)', 'direct / none') as is_direct
    from silver.journey_touches
    where conversion_id is not null
),

numbered as (
    select
        *,
        cast(row_number() over (partition by conversion_id order by touched_at, touch_id) as bigint) as place,
        count(*) over (partition by conversion_id) as place_count
    from touches
),

-- The last 500, as in silver.journeys.
steps as (
    select
        *,
        least(place_count, 500) as n,
        place - greatest(place_count - 500, 0) as position
    from numbered
    where place > place_count - 500
),

weighed as (
    select
        s.*,
        case
            when n = 1 then 1e0
            when n = 2 and position = 1 then $first_share
            when n = 2 then $last_share
            when position = 1 then $first_share
            when position = n then $last_share
            else (1e0 - $first_share - $last_share) / (n - 2)
        end as position_weight,
        -- Nearness to the last touch: halving weights from there gives the same shares, and never all of them zero.
        power(2e0, (
            date_part('epoch', touched_at) - max(date_part('epoch', touched_at)) over (partition by conversion_id)
        ) / (86400 * $half_life_days)) as decay_weight,
        count(*) over (partition by conversion_id, s.channel) as channel_touches,
        max(case when is_direct then 0 else position end) over (partition by conversion_id) as last_non_direct_position,
        coalesce(e.removal_effect, 0e0) as removal_effect
    from steps as s
    left join effects as e on s.converted_month = e.ended_month and s.channel = e.channel
),

credited as (
    select
        *,
        case when position = 1 then 1000000 else 0 end as first_touch,
        case when position = n then 1000000 else 0 end as last_touch,
        case
            when position = last_non_direct_position then 1000000
            when last_non_direct_position = 0 and position = n then 1000000
            else 0
        end as last_non_direct,
        micro_credits(1e0) over (partition by conversion_id order by position) as linear,
        micro_credits(position_weight) over (partition by conversion_id order by position) as position_based,
        micro_credits(decay_weight) over (partition by conversion_id order by position) as time_decay,
        micro_credits(removal_effect / channel_touches) over (partition by conversion_id order by position) as markov,
        micro_credits(1e0 / channel_touches) over (partition by conversion_id order by position) as shapley
    from weighed
),

checked as (
    select
        *,
        sum(first_touch) over (partition by conversion_id) = 1000000
            and sum(last_touch) over (partition by conversion_id) = 1000000
            and sum(last_non_direct) over (partition by conversion_id) = 1000000
            and sum(linear) over (partition by conversion_id) = 1000000
            and sum(position_based) over (partition by conversion_id) = 1000000
            and sum(time_decay) over (partition by conversion_id) = 1000000
            and sum(markov) over (partition by conversion_id) = 1000000
            and sum(shapley) over (partition by conversion_id) = 1000000 as is_whole
    from credited
)

select
    t.touch_id as touch_id,
    t.conversion_id as conversion_id,
    c.conversion_kind as conversion_kind,
    t.user_id as user_id,
    cast(t.position as int) as position,
    cast(t.n as int) as touch_count,
    t.channel as channel,
    t.campaign_id as campaign_id,
    t.touched_at as touched_at,
    t.converted_at as converted_at,
    c.converted_on as converted_on,
    c.converted_month as converted_month,
    c.value_amount as value_amount,
    cast(t.first_touch as int) as first_touch,
    cast(t.last_touch as int) as last_touch,
    cast(t.last_non_direct as int) as last_non_direct,
    cast(t.linear as int) as linear,
    cast(t.position_based as int) as position_based,
    cast(t.time_decay as int) as time_decay,
    cast(t.markov as int) as markov,
    cast(t.shapley as int) as shapley,
    t.is_whole as is_whole
from checked as t
inner join conversions as c on t.conversion_id = c.conversion_id
