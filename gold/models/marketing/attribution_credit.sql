/*
The credit ledger: one row per conversion and touch of its journey, with what each attribution model gives the touch, in millionths of
the conversion (micro-credits). Each model's credits of a conversion sum to exactly 1,000,000: shares are rounded down, and what is
left goes to the largest remainders, of equal ones to the earlier touch. A conversion with an empty path is not here. The models:
- first_touch and last_touch: all to the first or the last touch;
- last_non_direct: all to the last touch whose channel is not direct (direct, (direct), direct / (none)), or to the last where all are;
- linear: the same to every touch;
- position_based: 40 % to the first, 40 % to the last, 20 % to those between; of two touches half each;
- time_decay: a touch weighs half as much as one that is 7 days nearer to the conversion.

key          = ["touch_id"]
kind         = "merge"
partition_by = ["converted_month"]

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
position_based  = "Micro-credits by 40 % to each end"
time_decay      = "Micro-credits by nearness to the conversion, half-life 7 days"
is_whole        = "Whether each model's credits of this conversion sum to 1,000,000"

[expect.credits_are_whole]
that    = "is_whole"
on_fail = "fail"
*/
with conversions as (
    select conversion_id, conversion_kind, converted_on, converted_month, value_amount from silver.conversions
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
        *,
        -- Nearness to the last touch: halving weights from there gives the same shares, and never all of them zero. In 2^-40.
        cast(round(1099511627776 * power(2e0, (
            date_part('epoch', touched_at) - max(date_part('epoch', touched_at)) over (partition by conversion_id)
        ) / 604800)) as bigint) as weight,
        max(case when is_direct then 0 else position end) over (partition by conversion_id) as last_non_direct_position
    from steps
),

summed as (
    select
        *,
        sum(weight) over (partition by conversion_id) as weights
    from weighed
),

shared as (
    select
        *,
        1000000 * weight / weights as decayed,
        1000000 * weight % weights as remainder
    from summed
),

ranked as (
    select
        *,
        cast(row_number() over (partition by conversion_id order by remainder desc, position) as bigint) as turn,
        1000000 - sum(decayed) over (partition by conversion_id) as left_over
    from shared
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
        1000000 / n + case when position <= 1000000 % n then 1 else 0 end as linear,
        case
            when n = 1 then 1000000
            when n = 2 then 500000
            when position = 1 or position = n then 400000
            else 200000 / (n - 2) + case when position - 1 <= 200000 % (n - 2) then 1 else 0 end
        end as position_based,
        decayed + case when turn <= left_over then 1 else 0 end as time_decay
    from ranked
),

checked as (
    select
        *,
        sum(first_touch) over (partition by conversion_id) = 1000000
            and sum(last_touch) over (partition by conversion_id) = 1000000
            and sum(last_non_direct) over (partition by conversion_id) = 1000000
            and sum(linear) over (partition by conversion_id) = 1000000
            and sum(position_based) over (partition by conversion_id) = 1000000
            and sum(time_decay) over (partition by conversion_id) = 1000000 as is_whole
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
    t.is_whole as is_whole
from checked as t
inner join conversions as c on t.conversion_id = c.conversion_id
