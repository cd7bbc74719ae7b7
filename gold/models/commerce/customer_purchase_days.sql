/*
One row per customer with a purchase: the days with a purchase, as models of customer value count them. Several purchases of one
day are one; amounts are of products sold less of products taken back, and what comes back counts on the day it is booked.

key  = ["customer_id"]
kind = "merge"

[columns]
customer_id          = "Identifier of the customer"
first_purchased_on   = "Day of the first purchase"
last_purchased_on    = "Day of the last purchase"
purchase_day_count   = "Number of different days with a purchase"
gross_amount         = "Products bought on all days, in the log's currency"
first_day_amount     = "Products bought on the first day with a purchase, in the log's currency"
returns_amount       = "Products taken back, in the log's currency, above zero"
*/
with days as (
    select *, order_count > 0 as has_purchase
    from gold.customer_sales_daily
),

summed as (
    select
        customer_id,
        min(case when has_purchase then sold_on end) as first_purchased_on,
        max(case when has_purchase then sold_on end) as last_purchased_on,
        sum(case when has_purchase then 1 else 0 end) as purchase_day_count,
        sum(gross_amount) as gross_amount,
        first_value(gross_amount order by not has_purchase, sold_on) as first_day_amount,
        sum(returns_amount) as returns_amount
    from days
    group by customer_id
)

select
    customer_id as customer_id,
    first_purchased_on as first_purchased_on,
    last_purchased_on as last_purchased_on,
    purchase_day_count as purchase_day_count,
    cast(gross_amount as decimal(28, 4)) as gross_amount,
    cast(first_day_amount as decimal(28, 4)) as first_day_amount,
    cast(returns_amount as decimal(28, 4)) as returns_amount
from summed
where purchase_day_count > 0
