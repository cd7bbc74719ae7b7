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
half_life_days = { default = 7.0, min = 0.001, description = "Days in which a touch loses half its weight, for time_decay" }
first_share    = { default = 0.4, min = 0, max = 1, description = "Share of the first touch, for position_based" }
last_share     = { default = 0.4, min = 0, max = 1, description = "Share of the last touch, for position_based" }
most_steps     = { default = 500, same_as = "silver.journeys", description = "Touches of a journey that are credited, the last ones" }

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

weighed as (
    select
        t.*,
        coalesce(e.removal_effect, 0e0) as removal_effect
    from touches as t
    left join effects as e on t.converted_month = e.ended_month and t.channel = e.channel
),

-- All models in one pass over a conversion's touches; of more than most_steps the last, as in silver.journeys.
credited as (
    select
        touch_id,
        conversion_id,
        user_id,
        channel,
        campaign_id,
        touched_at,
        converted_at,
        journey_credits(touched_at, channel, is_direct, removal_effect, $half_life_days, $first_share, $last_share, $most_steps) over (
            partition by conversion_id order by touched_at, touch_id
        ) as credits
    from weighed
)

select
    t.touch_id as touch_id,
    t.conversion_id as conversion_id,
    c.conversion_kind as conversion_kind,
    t.user_id as user_id,
    cast(t.credits['position'] as int) as position,
    cast(t.credits['touch_count'] as int) as touch_count,
    t.channel as channel,
    t.campaign_id as campaign_id,
    t.touched_at as touched_at,
    t.converted_at as converted_at,
    c.converted_on as converted_on,
    c.converted_month as converted_month,
    c.value_amount as value_amount,
    cast(t.credits['first_touch'] as int) as first_touch,
    cast(t.credits['last_touch'] as int) as last_touch,
    cast(t.credits['last_non_direct'] as int) as last_non_direct,
    cast(t.credits['linear'] as int) as linear,
    cast(t.credits['position_based'] as int) as position_based,
    cast(t.credits['time_decay'] as int) as time_decay,
    cast(t.credits['markov'] as int) as markov,
    cast(t.credits['shapley'] as int) as shapley,
    t.credits['is_whole'] as is_whole
from credited as t
inner join conversions as c on t.conversion_id = c.conversion_id
where t.credits['position'] is not null
