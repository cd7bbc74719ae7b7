/*
One row per attribution model and channel over all days: what each model says the channel earned, side by side. Totals are sums of
gold.attribution_credit; conversions with an empty path are the channel Unattributed, so that every model's rows sum to all conversions
and all their value.

key  = ["attribution_model", "channel"]
kind = "full"

[columns]
attribution_model  = "A column of gold.attribution_credit, such as last_touch"
channel            = "Channel, or Unattributed"
micro_credits      = "Millionths of conversions credited"
conversion_count   = "Conversions credited, exact"
value_amount       = "Value credited in the lake's currency, exact to ten digits"
conversion_share   = "conversion_count by that of all channels, 0 to 1"
value_share        = "value_amount by that of all channels, 0 to 1; null where nothing has a value"
attributed_share   = "conversion_count by that of all channels but Unattributed; null for that one"
conversion_rank    = "Place by conversion_count within the model, 1 = most; Unattributed last"
*/
with days as (
    select * from gold.attribution_daily
),

summed as (
    select
        attribution_model,
        channel,
        sum(micro_credits) as micro_credits,
        sum(value_amount) as value_amount
    from days
    group by attribution_model, channel
),

totalled as (
    select
        *,
        sum(micro_credits) over (partition by attribution_model) as all_credits,
        sum(case when channel = 'Unattributed' then 0 else micro_credits end) over (partition by attribution_model) as attributed_credits,
        sum(value_amount) over (partition by attribution_model) as all_value,
        row_number() over (
            partition by attribution_model order by channel = 'Unattributed', micro_credits desc, value_amount desc, channel
        ) as conversion_rank
    from summed
)

select
    attribution_model as attribution_model,
    channel as channel,
    cast(micro_credits as bigint) as micro_credits,
    cast(micro_credits * cast(0.000001 as decimal(7, 6)) as decimal(28, 6)) as conversion_count,
    cast(value_amount as decimal(38, 10)) as value_amount,
    cast(micro_credits as double) / all_credits as conversion_share,
    cast(value_amount as double) / nullif(cast(all_value as double), 0) as value_share,
    case when channel <> 'Unattributed' then cast(micro_credits as double) / attributed_credits end as attributed_share,
    cast(conversion_rank as int) as conversion_rank
from totalled
