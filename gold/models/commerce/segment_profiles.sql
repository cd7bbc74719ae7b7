/*
One row per segment and per group of customers: how many there are, and what they are like and worth, as of the log's last day.

key  = ["kind", "name"]
kind = "full"

[columns]
kind               = "rules = a segment of gold.customer_rfm, clusters = a group of gold.customer_cluster_model"
name               = "Name of the segment or group"
customer_count     = "Number of customers"
customer_ratio     = "Their share of all customers, 0 to 1"
median_recency_days = "Median of the days since the last purchase"
mean_order_count   = "Mean number of orders"
net_amount         = "Products bought less products taken back, in the log's currency"
net_amount_ratio   = "Their share of the amount of all customers; null where that is not above zero"
expected_value     = "What they are expected to spend within the months of gold.customer_value, in the log's currency; null without a model"
*/
with segments as (
    select * from gold.customer_segments
),

customer_values as (
    select customer_id, cast(expected_value as decimal(28, 4)) as expected_value from gold.customer_value
),

named as (
    select 'rules' as kind, segment as name, customer_id, recency_days, order_count, net_amount from segments
    union all
    select 'clusters' as kind, cluster_name as name, customer_id, recency_days, order_count, net_amount from segments
    where cluster_name is not null
),

summed as (
    select
        n.kind,
        n.name,
        count(*) as customer_count,
        median(n.recency_days) as median_recency_days,
        sum(n.order_count) as order_count,
        sum(n.net_amount) as net_amount,
        sum(v.expected_value) as expected_value
    from named as n
    left join customer_values as v on n.customer_id = v.customer_id
    group by n.kind, n.name
),

totals as (
    select count(*) as customer_count, sum(net_amount) as net_amount from segments
)

select
    s.kind as kind,
    s.name as name,
    s.customer_count as customer_count,
    cast(s.customer_count as double) / cast(t.customer_count as double) as customer_ratio,
    cast(s.median_recency_days as int) as median_recency_days,
    cast(s.order_count as double) / cast(s.customer_count as double) as mean_order_count,
    cast(s.net_amount as decimal(28, 4)) as net_amount,
    case when t.net_amount > 0 then cast(s.net_amount as double) / cast(t.net_amount as double) end as net_amount_ratio,
    cast(s.expected_value as decimal(28, 4)) as expected_value
from summed as s
cross join totals as t
