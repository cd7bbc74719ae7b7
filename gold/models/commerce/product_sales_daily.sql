/*
One row per day and product with a sale or a return. Only products: postage, fees and the like are in gold.sales_daily as
other_amount, and gross, returns and net of both tables have the same sums.

key          = ["sold_month", "sold_on", "stock_code"]
kind         = "replace_partitions"
partition_by = ["sold_month"]

[columns]
sold_on             = "Day of the invoices"
sold_month          = "Month of the invoices, YYYY-MM"
stock_code          = "Code of the product"
order_count         = "Number of invoices with a sale of the product"
item_count          = "Units sold"
returned_item_count = "Units that came back"
gross_amount        = "What was sold, in the log's currency"
returns_amount      = "What was taken back, in the log's currency, above zero"
net_amount          = "gross_amount - returns_amount, in the log's currency"

[expect.amounts_agree]
that    = "net_amount = gross_amount - returns_amount"
on_fail = "fail"
*/
with lines as (
    select * from silver.invoice_lines
    where is_product and line_type in ('sale', 'cancellation')
),

-- First each invoice, so that orders are counted without a set of invoices for every group.
invoices as (
    select
        invoiced_on,
        invoiced_month,
        stock_code,
        invoice_no,
        max(case when line_type = 'sale' then 1 else 0 end) as is_order,
        sum(case when line_type = 'sale' then quantity else 0 end) as item_count,
        -sum(case when line_type = 'cancellation' then quantity else 0 end) as returned_item_count,
        sum(case when line_type = 'sale' then line_amount else 0 end) as gross_amount,
        -sum(case when line_type = 'cancellation' then line_amount else 0 end) as returns_amount
    from lines
    group by invoiced_on, invoiced_month, stock_code, invoice_no
),

summed as (
    select
        invoiced_on,
        invoiced_month,
        stock_code,
        sum(is_order) as order_count,
        sum(item_count) as item_count,
        sum(returned_item_count) as returned_item_count,
        cast(sum(gross_amount) as decimal(28, 4)) as gross_amount,
        cast(sum(returns_amount) as decimal(28, 4)) as returns_amount
    from invoices
    group by invoiced_on, invoiced_month, stock_code
)

select
    invoiced_on as sold_on,
    invoiced_month as sold_month,
    stock_code as stock_code,
    order_count as order_count,
    item_count as item_count,
    returned_item_count as returned_item_count,
    gross_amount as gross_amount,
    returns_amount as returns_amount,
    cast(gross_amount - returns_amount as decimal(28, 4)) as net_amount
from summed
