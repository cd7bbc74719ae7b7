/*
One row per month and channel: what part of the month's conversions would be lost without the channel, in a Markov chain of the
journeys that ended in the month (Anderl, Becker, von Wangenheim and Schumann, 2016), solved exactly. The ledger shares a conversion
out in proportion to its month's effects. Paths without conversion that a conversion may still claim count as such until one does.

key          = ["ended_month", "channel"]
kind         = "replace_partitions"
partition_by = ["ended_month"]

[parameters]
order = { default = 1, min = 1, max = 4, description = "Touches in a row that make a state of the chain" }

[columns]
ended_month             = "Month in which the journeys ended, YYYY-MM"
channel                 = "Channel"
removal_effect          = "Part of conversions that would be lost without the channel, 0 to 1"
value_removal_effect    = "Part of their value that would be lost, 0 to 1"
conversion_count        = "Conversions of the month in proportion to the effects; those without a touch are nobody's"
value_amount            = "Value in proportion to the effects on value, in the lake's currency"
*/
with paths as (
    select
        ended_month,
        path,
        sum(case when is_converted then 1 else 0 end) as conversions,
        sum(coalesce(value_amount, 0)) as value,
        sum(case when is_converted then 0 else 1 end) as nulls
    from silver.journeys
    group by ended_month, path
),

solved as (
    select
        ended_month,
        markov_credits(
            array_agg(named_struct(
                'path', path, 'conversions', conversions, 'value', cast(value as double), 'nulls', nulls
            )),
            $order
        ) as credits
    from paths
    group by ended_month
),

channels as (
    select ended_month, unnest(credits) as c
    from solved
)

select
    ended_month as ended_month,
    c['channel'] as channel,
    c['weight'] as removal_effect,
    c['value_weight'] as value_removal_effect,
    c['conversions'] as conversion_count,
    c['value'] as value_amount
from channels
