/*
One row per day and country with a sale, a cancellation or an adjustment: what was sold, what came back, and what remains.
Products make up gross, returns and net; everything else that invoices hold (postage, fees, discounts, manual entries,
adjustments) is other_amount, so that total_amount over all rows is the sum of the log without duplicates. Amounts are exact,
in the log's currency. A return counts on the day it is booked, not on that of the sale. A day without any has no row.

key          = ["sold_month", "sold_on", "country"]
kind         = "replace_partitions"
partition_by = ["sold_month"]

[columns]
sold_on               = "Day of the invoices"
sold_month            = "Month of the invoices, YYYY-MM"
country               = "Country of the customer, or Unknown"
order_count           = "Number of invoices (transactions) with a sale of a product"
customer_count        = "Number of known customers with a sale of a product; guests are not counted"
item_count            = "Units of products sold"
return_count          = "Number of invoices that cancel a sale of a product"
returned_item_count   = "Units of products that came back"
gross_amount          = "Products sold, in the log's currency"
returns_amount        = "Products taken back, in the log's currency, above zero"
net_amount            = "gross_amount - returns_amount, in the log's currency"
other_amount          = "All that is no product or an adjustment, in the log's currency; fees and discounts are below zero"
total_amount          = "net_amount + other_amount, in the log's currency"
average_order_amount  = "Average order value: gross_amount per order, in the log's currency, rounded to four digits; null without an order"
guest_order_count     = "Number of invoices with a sale of a product to a guest"

[expect.amounts_agree]
that    = "net_amount = gross_amount - returns_amount and total_amount = net_amount + other_amount"
on_fail = "fail"

[expect.gross_not_negative]
that    = "gross_amount >= 0"
on_fail = "fail"
*/
with lines as (
    select
        *,
        line_type = 'sale' and is_product as is_sold,
        line_type = 'cancellation' and is_product as is_returned
    from silver.invoice_lines
    where line_type in ('sale', 'cancellation', 'adjustment')
),

summed as (
    select
        invoiced_on,
        invoiced_month,
        country,
        count(distinct case when is_sold then invoice_no end) as order_count,
        count(distinct case when is_sold and is_guest then invoice_no end) as guest_order_count,
        count(distinct case when is_sold then customer_id end) as customer_count,
        sum(case when is_sold then quantity else 0 end) as item_count,
        count(distinct case when is_returned then invoice_no end) as return_count,
        -sum(case when is_returned then quantity else 0 end) as returned_item_count,
        cast(sum(case when is_sold then line_amount else 0 end) as decimal(28, 4)) as gross_amount,
        cast(-sum(case when is_returned then line_amount else 0 end) as decimal(28, 4)) as returns_amount,
        cast(sum(case when is_sold or is_returned then 0 else line_amount end) as decimal(28, 4)) as other_amount
    from lines
    group by invoiced_on, invoiced_month, country
)

select
    invoiced_on as sold_on,
    invoiced_month as sold_month,
    country as country,
    order_count as order_count,
    customer_count as customer_count,
    item_count as item_count,
    return_count as return_count,
    returned_item_count as returned_item_count,
    gross_amount as gross_amount,
    returns_amount as returns_amount,
    cast(gross_amount - returns_amount as decimal(28, 4)) as net_amount,
    other_amount as other_amount,
    cast(gross_amount - returns_amount + other_amount as decimal(28, 4)) as total_amount,
    cast(gross_amount / nullif(order_count, 0) as decimal(28, 4)) as average_order_amount,
    guest_order_count as guest_order_count
from summed
