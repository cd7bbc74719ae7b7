/*
One row per customer with a purchase: the segment that rules tell, and the group of alike customers that the data tell, as of the
log's last day.

key  = ["customer_id"]
kind = "full"

[columns]
customer_id    = "Identifier of the customer"
as_of_on       = "The log's last day"
recency_days   = "Days from the last purchase to as_of_on"
order_count    = "Frequency: number of invoices with a sale of a product"
net_amount     = "Monetary value: products bought less products taken back, in the log's currency"
segment        = "Segment by the rules of gold.customer_rfm"
cluster_number = "Group in gold.customer_cluster_model, 1 = the one with the most customers; null where there are none"
cluster_name   = "What sets the group's customers apart, in words"
*/
with rfm as (
    select * from gold.customer_rfm
),

model as (
    select as_of_on, model from gold.customer_cluster_model
),

placed as (
    select
        r.*,
        rfm_cluster(m.model, r.recency_days, r.order_count, cast(r.net_amount as double)) as c
    from rfm as r
    inner join model as m on r.as_of_on = m.as_of_on
)

select
    customer_id as customer_id,
    as_of_on as as_of_on,
    recency_days as recency_days,
    order_count as order_count,
    net_amount as net_amount,
    segment as segment,
    c['number'] as cluster_number,
    c['name'] as cluster_name
from placed
