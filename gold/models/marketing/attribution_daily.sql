/*
One row per day, channel, campaign, kind of conversion and attribution model: what the ledger gives them. Sums of the ledger, nothing
else: conversions are sums of micro-credits, and values are exact to the tenth digit, so that over all channels they are the
conversions and their value. Conversions with an empty path are the channel Unattributed.

key          = ["converted_month", "converted_on", "channel", "campaign_id", "conversion_kind", "attribution_model"]
kind         = "replace_partitions"
partition_by = ["converted_month"]

[columns]
converted_on         = "UTC day of the conversions"
converted_month      = "Month of the conversions, YYYY-MM"
channel              = "Channel, or Unattributed"
campaign_id          = "Identifier of the campaign, or Unknown; Unattributed for that channel"
conversion_kind      = "install, purchase or sign_up"
attribution_model    = "first_touch, last_touch, last_non_direct, linear, position_based, time_decay, markov or shapley: columns of gold.attribution_credit"
micro_credits        = "Millionths of conversions credited"
conversion_count     = "Conversions credited: micro_credits / 1,000,000, exact"
value_amount         = "Value credited in the lake's currency, exact to ten digits"
squared_value_amount = "Sum of the squares of each touch's value, each to the cent: how much chance may have moved value_amount"
*/
with credits as (
    select
        *,
        value_amount * cast(0.000001 as decimal(7, 6)) as millionth
    from gold.attribution_credit
),

valued as (
    select
        *,
        -- To the cent, so that squares are exact too.
        cast(millionth * first_touch as decimal(18, 2)) as first_touch_cents,
        cast(millionth * last_touch as decimal(18, 2)) as last_touch_cents,
        cast(millionth * last_non_direct as decimal(18, 2)) as last_non_direct_cents,
        cast(millionth * linear as decimal(18, 2)) as linear_cents,
        cast(millionth * position_based as decimal(18, 2)) as position_based_cents,
        cast(millionth * time_decay as decimal(18, 2)) as time_decay_cents,
        cast(millionth * markov as decimal(18, 2)) as markov_cents,
        cast(millionth * shapley as decimal(18, 2)) as shapley_cents
    from credits
),

summed as (
    select
        converted_month,
        converted_on,
        channel,
        campaign_id,
        conversion_kind,
        sum(first_touch) as first_touch,
        sum(last_touch) as last_touch,
        sum(last_non_direct) as last_non_direct,
        sum(linear) as linear,
        sum(position_based) as position_based,
        sum(time_decay) as time_decay,
        sum(markov) as markov,
        sum(shapley) as shapley,
        sum(millionth * first_touch) as first_touch_value,
        sum(millionth * last_touch) as last_touch_value,
        sum(millionth * last_non_direct) as last_non_direct_value,
        sum(millionth * linear) as linear_value,
        sum(millionth * position_based) as position_based_value,
        sum(millionth * time_decay) as time_decay_value,
        sum(millionth * markov) as markov_value,
        sum(millionth * shapley) as shapley_value,
        sum(first_touch_cents * first_touch_cents) as first_touch_squares,
        sum(last_touch_cents * last_touch_cents) as last_touch_squares,
        sum(last_non_direct_cents * last_non_direct_cents) as last_non_direct_squares,
        sum(linear_cents * linear_cents) as linear_squares,
        sum(position_based_cents * position_based_cents) as position_based_squares,
        sum(time_decay_cents * time_decay_cents) as time_decay_squares,
        sum(markov_cents * markov_cents) as markov_squares,
        sum(shapley_cents * shapley_cents) as shapley_squares
    from valued
    group by converted_month, converted_on, channel, campaign_id, conversion_kind
),

models as (
    select column1 as attribution_model from (values ('first_touch'), ('last_touch'), ('last_non_direct'), ('linear'), ('position_based'), ('time_decay'), ('markov'), ('shapley'))
),

attributed as (
    select
        s.converted_month,
        s.converted_on,
        s.channel,
        s.campaign_id,
        s.conversion_kind,
        m.attribution_model,
        case m.attribution_model
            when 'first_touch' then s.first_touch
            when 'last_touch' then s.last_touch
            when 'last_non_direct' then s.last_non_direct
            when 'linear' then s.linear
            when 'position_based' then s.position_based
            when 'time_decay' then s.time_decay
            when 'markov' then s.markov
            when 'shapley' then s.shapley
        end as micro_credits,
        case m.attribution_model
            when 'first_touch' then s.first_touch_value
            when 'last_touch' then s.last_touch_value
            when 'last_non_direct' then s.last_non_direct_value
            when 'linear' then s.linear_value
            when 'position_based' then s.position_based_value
            when 'time_decay' then s.time_decay_value
            when 'markov' then s.markov_value
            when 'shapley' then s.shapley_value
        end as value_amount,
        case m.attribution_model
            when 'first_touch' then s.first_touch_squares
            when 'last_touch' then s.last_touch_squares
            when 'last_non_direct' then s.last_non_direct_squares
            when 'linear' then s.linear_squares
            when 'position_based' then s.position_based_squares
            when 'time_decay' then s.time_decay_squares
            when 'markov' then s.markov_squares
            when 'shapley' then s.shapley_squares
        end as squared_value_amount
    from summed as s
    cross join models as m
),

-- Conversions that no touch led to, under every model.
without_path as (
    select
        ended_month,
        cast(ended_at as date) as ended_on,
        conversion_kind,
        count(*) as conversion_count,
        sum(value_amount) as value_amount,
        sum(cast(value_amount as decimal(18, 2)) * cast(value_amount as decimal(18, 2))) as squared_value_amount
    from silver.journeys
    where is_converted and touch_count = 0
    group by ended_month, cast(ended_at as date), conversion_kind
),

unattributed as (
    select
        w.ended_month,
        w.ended_on,
        'Unattributed' as channel,
        'Unattributed' as campaign_id,
        w.conversion_kind,
        m.attribution_model,
        1000000 * w.conversion_count as micro_credits,
        w.value_amount,
        w.squared_value_amount
    from without_path as w
    cross join models as m
),

shares as (
    select converted_month, converted_on, channel, campaign_id, conversion_kind, attribution_model, micro_credits, value_amount, squared_value_amount
    from attributed
    -- What a model gives nothing to is no row of it.
    where micro_credits > 0
    union all
    select ended_month, ended_on, channel, campaign_id, conversion_kind, attribution_model, micro_credits, value_amount, squared_value_amount
    from unattributed
)

select
    converted_on as converted_on,
    converted_month as converted_month,
    channel as channel,
    campaign_id as campaign_id,
    conversion_kind as conversion_kind,
    attribution_model as attribution_model,
    cast(micro_credits as bigint) as micro_credits,
    cast(micro_credits * cast(0.000001 as decimal(7, 6)) as decimal(28, 6)) as conversion_count,
    cast(value_amount as decimal(38, 10)) as value_amount,
    cast(squared_value_amount as decimal(38, 4)) as squared_value_amount
from shares
