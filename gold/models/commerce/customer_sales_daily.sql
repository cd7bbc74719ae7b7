/*
One row per customer and day with a product sold or taken back: what happened that day. Features of churn and of customer value
are sums over its rows. Guests are not here. An order is an invoice with a product sold; one booked on two days is one on each.

key          = ["sold_month", "sold_on", "customer_id"]
kind         = "replace_partitions"
partition_by = ["sold_month"]

[parameters]
wholesale_items = { default = 24, min = 1, description = "Units a line, in the mean, from which an order is wholesale-like" }

[columns]
sold_on               = "The day, of the sale or of the return"
sold_month            = "Its month, YYYY-MM"
customer_id           = "Identifier of the customer"
country               = "Country of the day's sales, of several the first by name; null without a sale"
order_count           = "Invoices with a product sold; 0 on a day with returns alone"
wholesale_order_count = "Those that are wholesale-like: with 24 units a line or more in the mean"
order_hours           = "Sum over the orders of the hour in which each began, 0 to 23, in the log's own clock"
line_count            = "Lines of products sold"
item_count            = "Units sold"
product_count         = "Different stock codes sold"
return_count          = "Invoices that took products back"
gross_amount          = "Products sold, in the log's currency"
returns_amount        = "Products taken back, in the log's currency, above zero"
net_amount            = "gross_amount less returns_amount"
*/
with lines as (
    select * from silver.invoice_lines
    where is_product and line_type in ('sale', 'cancellation') and customer_id is not null
),

-- First each invoice, so that orders are counted without a set of invoices for every group.
invoices as (
    select
        invoiced_on,
        invoiced_month,
        customer_id,
        invoice_no,
        min(case when line_type = 'sale' then country end) as country,
        min(case when line_type = 'sale' then cast(date_part('hour', invoiced_at) as bigint) end) as hour,
        sum(case when line_type = 'sale' then 1 else 0 end) as line_count,
        sum(case when line_type = 'sale' then 0 else 1 end) as returned_line_count,
        sum(case when line_type = 'sale' then quantity else 0 end) as item_count,
        sum(case when line_type = 'sale' then line_amount else 0 end) as gross_amount,
        -sum(case when line_type = 'cancellation' then line_amount else 0 end) as returns_amount
    from lines
    group by invoiced_on, invoiced_month, customer_id, invoice_no
),

summed as (
    select
        invoiced_on,
        invoiced_month,
        customer_id,
        min(country) as country,
        sum(case when line_count > 0 then 1 else 0 end) as order_count,
        sum(case when line_count > 0 and item_count >= $wholesale_items * line_count then 1 else 0 end) as wholesale_order_count,
        coalesce(sum(hour), 0) as order_hours,
        sum(line_count) as line_count,
        sum(item_count) as item_count,
        sum(case when returned_line_count > 0 then 1 else 0 end) as return_count,
        cast(sum(gross_amount) as decimal(28, 4)) as gross_amount,
        cast(sum(returns_amount) as decimal(28, 4)) as returns_amount
    from invoices
    group by invoiced_on, invoiced_month, customer_id
),

products as (
    select invoiced_on, invoiced_month, customer_id, stock_code
    from lines
    where line_type = 'sale'
    group by invoiced_on, invoiced_month, customer_id, stock_code
),

varieties as (
    select invoiced_on, invoiced_month, customer_id, count(*) as product_count
    from products
    group by invoiced_on, invoiced_month, customer_id
)

select
    s.invoiced_on as sold_on,
    s.invoiced_month as sold_month,
    s.customer_id as customer_id,
    s.country as country,
    s.order_count as order_count,
    s.wholesale_order_count as wholesale_order_count,
    s.order_hours as order_hours,
    s.line_count as line_count,
    s.item_count as item_count,
    coalesce(v.product_count, 0) as product_count,
    s.return_count as return_count,
    s.gross_amount as gross_amount,
    s.returns_amount as returns_amount,
    cast(s.gross_amount - s.returns_amount as decimal(28, 4)) as net_amount
from summed as s
left join varieties as v
    on s.invoiced_month = v.invoiced_month
    and s.invoiced_on = v.invoiced_on
    and s.customer_id = v.customer_id
