/*
One row per line of an invoice, clean: exact duplicates are out, cancellations point to the sale that they cancel where that
is certain, and a stock code has one description. Nothing else is left out: guests, cancellations, adjustments, corrections
of the stock and stock codes that are no products are here and marked.

key          = ["line_id"]
kind         = "merge"
partition_by = ["invoiced_month"]

[columns]
line_id            = "row_md5 of the line's eight fields, in hexadecimal"
invoice_no         = "Number of the invoice, upper-case"
invoiced_at        = "Instant of the invoice; the log's own clock, taken for UTC"
invoiced_on        = "Day of the invoice"
invoiced_month     = "Month of the invoice, YYYY-MM"
customer_id        = "Identifier of the customer; null for a guest"
country            = "Country of the customer, or Unknown"
stock_code         = "Code of the product or service"
description        = "Canonical description of the stock code; null where no line has one"
logged_description = "What this line calls it, trimmed; null where the log says nothing"
line_type          = "sale, cancellation (C… or priced units taken back), adjustment (A…), stock_correction (unpriced units out), free"
item_type          = "product, or what the stock code else stands for, such as postage, discount, bank_charge"
is_product         = "Whether the stock code is a product"
is_cancellation    = "Whether the line takes back what was sold"
is_adjustment      = "Whether the line adjusts the books (A…)"
is_guest           = "Whether the customer is unknown"
cancels_line_id    = "The sale line that this cancellation takes back, in whole or in part; null where that is not certain"
cancels_invoice_no = "The invoice of that line"
quantity           = "Units; negative where they come back or are written off"
unit_price         = "Price of one unit in the log's currency"
line_amount        = "quantity x unit_price in the log's currency, exact"
_source            = "File the row came from"
_line              = "Line in that file, from 1"
*/
with lines as (
    select * from silver.transactions
),

descriptions as (
    select stock_code, description from silver.stock_descriptions
),

matches as (
    select line_id, cancels_line_id, cancels_invoice_no from silver.matched_cancellations
)

select
    t.line_id as line_id,
    t.invoice_no as invoice_no,
    t.invoiced_at as invoiced_at,
    t.invoiced_on as invoiced_on,
    t.invoiced_month as invoiced_month,
    t.customer_id as customer_id,
    t.country as country,
    t.stock_code as stock_code,
    d.description as description,
    t.description as logged_description,
    t.line_type as line_type,
    t.item_type as item_type,
    t.item_type = 'product' as is_product,
    t.line_type = 'cancellation' as is_cancellation,
    t.line_type = 'adjustment' as is_adjustment,
    t.customer_id is null as is_guest,
    m.cancels_line_id as cancels_line_id,
    m.cancels_invoice_no as cancels_invoice_no,
    t.quantity as quantity,
    t.unit_price as unit_price,
    t.line_amount as line_amount,
    t._source as _source,
    t._line as _line
from lines as t
left join descriptions as d on t.stock_code = d.stock_code
left join matches as m on t.line_id = m.line_id
