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

-- First each invoice and each buyer, so that they are counted without sets of them for every group.
invoices as (
    select
        invoiced_on,
        invoiced_month,
        country,
        invoice_no,
        max(case when is_sold then 1 else 0 end) as is_order,
        max(case when is_sold and is_guest then 1 else 0 end) as is_guest_order,
        max(case when is_returned then 1 else 0 end) as is_return,
        sum(case when is_sold then quantity else 0 end) as item_count,
        -sum(case when is_returned then quantity else 0 end) as returned_item_count,
        sum(case when is_sold then line_amount else 0 end) as gross_amount,
        -sum(case when is_returned then line_amount else 0 end) as returns_amount,
        sum(case when is_sold or is_returned then 0 else line_amount end) as other_amount
    from lines
    group by invoiced_on, invoiced_month, country, invoice_no
),

buyers as (
    select invoiced_on, invoiced_month, country, customer_id
    from lines
    where is_sold and customer_id is not null
    group by invoiced_on, invoiced_month, country, customer_id
),

counted as (
    select invoiced_on, invoiced_month, country, count(*) as customer_count
    from buyers
    group by invoiced_on, invoiced_month, country
),

summed as (
    select
        invoiced_on,
        invoiced_month,
        country,
        sum(is_order) as order_count,
        sum(is_guest_order) as guest_order_count,
        sum(is_return) as return_count,
        sum(item_count) as item_count,
        sum(returned_item_count) as returned_item_count,
        cast(sum(gross_amount) as decimal(28, 4)) as gross_amount,
        cast(sum(returns_amount) as decimal(28, 4)) as returns_amount,
        cast(sum(other_amount) as decimal(28, 4)) as other_amount
    from invoices
    group by invoiced_on, invoiced_month, country
)

select
    s.invoiced_on as sold_on,
    s.invoiced_month as sold_month,
    s.country as country,
    s.order_count as order_count,
    coalesce(c.customer_count, 0) as customer_count,
    s.item_count as item_count,
    s.return_count as return_count,
    s.returned_item_count as returned_item_count,
    s.gross_amount as gross_amount,
    s.returns_amount as returns_amount,
    cast(s.gross_amount - s.returns_amount as decimal(28, 4)) as net_amount,
    s.other_amount as other_amount,
    cast(s.gross_amount - s.returns_amount + s.other_amount as decimal(28, 4)) as total_amount,
    cast(s.gross_amount / nullif(s.order_count, 0) as decimal(28, 4)) as average_order_amount,
    s.guest_order_count as guest_order_count
from summed as s
left join counted as c
    on s.invoiced_month = c.invoiced_month
    and s.invoiced_on = c.invoiced_on
    and s.country = c.country
