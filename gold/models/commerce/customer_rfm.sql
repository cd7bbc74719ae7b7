/*
One row per customer with a purchase: recency, frequency and monetary value as of the log's last day, with scores and the
segment they tell. By quantiles, a score is 1 + 5 x the share of customers with a lower value, rounded down: 1 the worst
fifth, 5 the best; equal values have one score, so that a fifth may be larger or smaller where many are equal. By thresholds, it
is 1 + the number of cuts that the customer passes. The segment is that of the first rule that fits.

key  = ["customer_id"]
kind = "full"

[parameters.scoring]
default     = "quantiles"
one_of      = ["quantiles", "thresholds"]
description = "How scores are told; thresholds are the cuts below"

[parameters.recency_cuts]
default     = [180, 90, 30, 7]
count       = 4
sorted      = "falling"
min         = 0
description = "Days: each that recency_days does not exceed adds 1 to the score"

[parameters.order_cuts]
default     = [2, 3, 5, 10]
count       = 4
sorted      = "rising"
min         = 0
description = "Orders: each that is reached adds 1 to the score"

[parameters.amount_cuts]
default     = [250, 500, 1000, 2500]
count       = 4
sorted      = "rising"
description = "Amounts: each that is reached adds 1 to the score"

[parameters.rules]
description = "One rule a line, the first that fits: measures r, f and m are the scores, v the mean of the last two, halves rounded up"
default     = """
champions:           r 4-5, v 4-5
potential_loyalists: r 5, v 2-3
new:                 r 5
loyal:               r 4, v 3
potential_loyalists: r 4, v 2
promising:           r 4
loyal:               r 3, v 4-5
need_attention:      r 3, v 3
about_to_sleep:      r 3, v 2
promising:           r 3
at_risk:             r 2, v 3-5
about_to_sleep:      r 2, v 2
hibernating:         r 2
cannot_lose:         v 4-5
at_risk:             v 3
hibernating:         v 2
lost:
"""

[columns]
customer_id     = "Identifier of the customer"
as_of_on        = "The log's last day, which recency counts from"
recency_days    = "Days from the last purchase to as_of_on"
order_count     = "Frequency: number of invoices with a sale of a product"
net_amount      = "Monetary value: products bought less products taken back, in the log's currency"
recency_score   = "1 to 5, 5 = the most recent"
frequency_score = "1 to 5, 5 = the most orders"
monetary_score  = "1 to 5, 5 = the highest net_amount"
rfm_cell        = "The three scores as digits, such as 545"
segment         = "One of eleven, from champions to lost, unless other rules are set"
*/
with customers as (
    select * from silver.customers
    where order_count > 0
),

last_day as (
    select max(sold_on) as as_of_on from gold.sales_daily
),

amounts as (
    select customer_id, sum(net_amount) as net_amount
    from gold.customer_sales_monthly
    group by customer_id
),

measured as (
    select
        c.customer_id,
        l.as_of_on,
        l.as_of_on - cast(c.last_purchased_at as date) as recency_days,
        c.order_count,
        cast(coalesce(a.net_amount, 0) as decimal(28, 4)) as net_amount
    from customers as c
    cross join last_day as l
    left join amounts as a on c.customer_id = a.customer_id
),

quantiles as (
    select
        *,
        1 + 5 * (cast(rank() over (order by recency_days desc) as bigint) - 1) / count(*) over () as recency_quantile,
        1 + 5 * (cast(rank() over (order by order_count) as bigint) - 1) / count(*) over () as frequency_quantile,
        1 + 5 * (cast(rank() over (order by net_amount) as bigint) - 1) / count(*) over () as monetary_quantile
    from measured
),

thresholds as (
    select
        *,
        1 + cast(recency_days <= array_element($recency_cuts, 1) as int) + cast(recency_days <= array_element($recency_cuts, 2) as int) + cast(recency_days <= array_element($recency_cuts, 3) as int) + cast(recency_days <= array_element($recency_cuts, 4) as int)
            as recency_threshold,
        1 + cast(order_count >= array_element($order_cuts, 1) as int) + cast(order_count >= array_element($order_cuts, 2) as int) + cast(order_count >= array_element($order_cuts, 3) as int) + cast(order_count >= array_element($order_cuts, 4) as int)
            as frequency_threshold,
        1 + cast(net_amount >= array_element($amount_cuts, 1) as int) + cast(net_amount >= array_element($amount_cuts, 2) as int) + cast(net_amount >= array_element($amount_cuts, 3) as int) + cast(net_amount >= array_element($amount_cuts, 4) as int)
            as monetary_threshold
    from quantiles
),

scored as (
    select
        *,
        case $scoring when 'quantiles' then recency_quantile when 'thresholds' then recency_threshold end as recency_score,
        case $scoring when 'quantiles' then frequency_quantile when 'thresholds' then frequency_threshold end as frequency_score,
        case $scoring when 'quantiles' then monetary_quantile when 'thresholds' then monetary_threshold end as monetary_score
    from thresholds
)

select
    customer_id as customer_id,
    as_of_on as as_of_on,
    cast(recency_days as int) as recency_days,
    order_count as order_count,
    net_amount as net_amount,
    cast(recency_score as int) as recency_score,
    cast(frequency_score as int) as frequency_score,
    cast(monetary_score as int) as monetary_score,
    concat(cast(recency_score as text), cast(frequency_score as text), cast(monetary_score as text)) as rfm_cell,
    rfm_segment(recency_score, frequency_score, monetary_score, $rules) as segment
from scored
