/*
One row per customer with a purchase: recency, frequency and monetary value as of the log's last day, with scores by
quantiles and the segment they tell. A score is 1 + 5 x the share of customers with a lower value, rounded down: 1 the worst
fifth, 5 the best; equal values have one score, so that a fifth may be larger or smaller where many are equal. The segment
follows from the recency score and the mean of the other two, halves rounded up, as the table in the query says.

key  = ["customer_id"]
kind = "full"

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
segment         = "One of eleven, from champions to lost: the table is in the query"
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

scored as (
    select
        *,
        1 + 5 * (cast(rank() over (order by recency_days desc) as bigint) - 1) / count(*) over () as recency_score,
        1 + 5 * (cast(rank() over (order by order_count) as bigint) - 1) / count(*) over () as frequency_score,
        1 + 5 * (cast(rank() over (order by net_amount) as bigint) - 1) / count(*) over () as monetary_score
    from measured
),

placed as (
    select
        *,
        (frequency_score + monetary_score + 1) / 2 as value_score
    from scored
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
    -- Recency 5 to 1, and in each the value from 5 to 1.
    case
        when recency_score >= 4 and value_score >= 4 then 'champions'
        when recency_score = 5 and value_score >= 2 then 'potential_loyalists'
        when recency_score = 5 then 'new'
        when recency_score = 4 and value_score = 3 then 'loyal'
        when recency_score = 4 and value_score = 2 then 'potential_loyalists'
        when recency_score = 4 then 'promising'
        when recency_score = 3 and value_score >= 4 then 'loyal'
        when recency_score = 3 and value_score = 3 then 'need_attention'
        when recency_score = 3 and value_score = 2 then 'about_to_sleep'
        when recency_score = 3 then 'promising'
        when recency_score = 2 and value_score >= 3 then 'at_risk'
        when recency_score = 2 and value_score = 2 then 'about_to_sleep'
        when recency_score = 2 then 'hibernating'
        when value_score >= 4 then 'cannot_lose'
        when value_score = 3 then 'at_risk'
        when value_score = 2 then 'hibernating'
        else 'lost'
    end as segment
from placed
