/*
One row per known customer and month with a sale or a return of a product: what cohorts and customer values are made from.
Guests are not here.

key          = ["sold_month", "customer_id"]
kind         = "replace_partitions"
partition_by = ["sold_month"]

[columns]
sold_month     = "Month of the invoices, YYYY-MM"
customer_id    = "Identifier of the customer"
order_count    = "Number of invoices with a sale of a product"
last_sold_on   = "Day of the month's last sale of a product; null without one"
gross_amount   = "Products sold, in the log's currency"
returns_amount = "Products taken back, in the log's currency, above zero"
net_amount     = "gross_amount - returns_amount, in the log's currency"
*/
with lines as (
    select * from silver.invoice_lines
    where is_product and line_type in ('sale', 'cancellation') and customer_id is not null
),

-- First each invoice, so that orders are counted without a set of invoices for every group.
invoices as (
    select
        invoiced_month,
        customer_id,
        invoice_no,
        max(case when line_type = 'sale' then 1 else 0 end) as is_order,
        max(case when line_type = 'sale' then invoiced_on end) as last_sold_on,
        sum(case when line_type = 'sale' then line_amount else 0 end) as gross_amount,
        -sum(case when line_type = 'cancellation' then line_amount else 0 end) as returns_amount
    from lines
    group by invoiced_month, customer_id, invoice_no
),

summed as (
    select
        invoiced_month,
        customer_id,
        sum(is_order) as order_count,
        max(last_sold_on) as last_sold_on,
        cast(sum(gross_amount) as decimal(28, 4)) as gross_amount,
        cast(sum(returns_amount) as decimal(28, 4)) as returns_amount
    from invoices
    group by invoiced_month, customer_id
)

select
    invoiced_month as sold_month,
    customer_id as customer_id,
    order_count as order_count,
    last_sold_on as last_sold_on,
    gross_amount as gross_amount,
    returns_amount as returns_amount,
    cast(gross_amount - returns_amount as decimal(28, 4)) as net_amount
from summed
