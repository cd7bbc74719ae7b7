/*
One row per line of an invoice as the log tells it, typed: exact duplicates are out, what a line is and what its stock code
stands for is told from the line alone. silver.invoice_lines adds what other lines tell. Two lines are duplicates if all
eight fields hold the same values, however they are written (13085 and 13085.0, 2.5 and 2.50, 12/1/2010 8:26 and 2010-12-01
08:26:00), prices to sixteen digits; the first in the source stays. Dates are read as ISO 8601 or, with slashes, in the order
of a parameter: a day above 12 in the month's place goes to quarantine, and silver.transaction_files tells which files may hold
both orders.

key          = ["line_id"]
first_by     = ["_source", "_line"]
kind         = "merge"
partition_by = ["invoiced_month"]

[parameters]
date_order = { default = "month_first", one_of = ["month_first", "day_first"], description = "Order of dates with slashes" }

[columns]
line_id        = "row_md5 of the line's eight fields, in hexadecimal"
invoice_no     = "Number of the invoice, upper-case"
invoiced_at    = "Instant of the invoice; the log's own clock, taken for UTC"
invoiced_on    = "Day of the invoice"
invoiced_month = "Month of the invoice, YYYY-MM"
customer_id    = "Identifier of the customer; null for a guest"
country        = "Country of the customer, or Unknown"
stock_code     = "Code of the product or service"
description    = "What this line calls it, trimmed; null where the log says nothing"
line_type      = "sale, cancellation (C… or priced units taken back), adjustment (A…), stock_correction (unpriced units out), free"
item_type      = "product, or what the stock code else stands for, such as postage, discount, bank_charge: the list is in the query"
quantity       = "Units; negative where they come back or are written off"
unit_price     = "Price of one unit in the log's currency, rounded to four digits; negative in adjustments alone"
line_amount    = "quantity x unit_price in the log's currency, exact"
_source        = "File the row came from"
_line          = "Line in that file, from 1"

[expect.has_invoice_no]
that    = "invoice_no is not null"
on_fail = "quarantine"

[expect.has_stock_code]
that    = "stock_code is not null"
on_fail = "quarantine"

# Absurd but well-formed years would each open a partition of their own.
[expect.has_plausible_time]
that    = "invoiced_at is not null and invoiced_at >= timestamp '1970-01-01 00:00:00' and invoiced_at < timestamp '2100-01-01 00:00:00'"
on_fail = "quarantine"

[expect.has_quantity]
that    = "quantity is not null and quantity <> 0"
on_fail = "quarantine"

[expect.has_price]
that    = "unit_price is not null"
on_fail = "quarantine"

# Only an adjustment of the books, such as a bad debt written off, may have one.
[expect.price_not_negative]
that    = "unit_price is null or unit_price >= 0 or line_type = 'adjustment'"
on_fail = "quarantine"

[expect.cancellation_takes_back]
that    = "line_type <> 'cancellation' or quantity < 0"
on_fail = "warn"
*/
with raw as (
    select * from bronze.transactions
),

typed as (
    select
        upper(clean(invoiceno)) as invoice_no,
        cast(iso_timestamp(clean(invoicedate), $date_order) as timestamp) as invoiced_at,
        -- A number that went through a floating-point column.
        trim_zero_fraction(clean(customerid)) as customer_id,
        clean(country, 'Unknown') as country,
        clean(stockcode) as stock_code,
        clean(description) as description,
        cast(trim_zero_fraction(clean(quantity)) as int) as quantity,
        cast(clean(unitprice) as decimal(14, 4)) as unit_price,
        cast(clean(unitprice) as decimal(30, 16)) as exact_price,
        _source,
        _line
    from raw
),

told as (
    select
        *,
        row_md5(invoice_no, stock_code, description, quantity, invoiced_at, exact_price, customer_id, country) as line_id,
        case
            when starts_with(invoice_no, 'C') then 'cancellation'
            when starts_with(invoice_no, 'A') then 'adjustment'
            when quantity < 0 and unit_price > 0 then 'cancellation'
            when quantity < 0 then 'stock_correction'
            when unit_price = 0 then 'free'
            else 'sale'
        end as line_type,
        case upper(stock_code)
            when 'POST' then 'postage' when 'DOT' then 'postage'
            when 'C2' then 'carriage' when 'C3' then 'carriage'
            when 'M' then 'manual' when 'ADJUST' then 'manual' when 'ADJUST2' then 'manual'
            when 'D' then 'discount'
            when 'S' then 'sample'
            when 'BANK CHARGES' then 'bank_charge'
            when 'CRUK' then 'commission'
            when 'AMAZONFEE' then 'marketplace_fee'
            when 'B' then 'bad_debt'
            when 'TEST001' then 'test' when 'TEST002' then 'test'
            else case when upper(stock_code) like 'GIFT%' then 'gift_voucher' else 'product' end
        end as item_type
    from typed
)

select
    line_id as line_id,
    invoice_no as invoice_no,
    invoiced_at as invoiced_at,
    cast(invoiced_at as date) as invoiced_on,
    substr(cast(cast(invoiced_at as date) as text), 1, 7) as invoiced_month,
    customer_id as customer_id,
    country as country,
    stock_code as stock_code,
    description as description,
    line_type as line_type,
    item_type as item_type,
    quantity as quantity,
    unit_price as unit_price,
    cast(quantity * unit_price as decimal(28, 4)) as line_amount,
    _source as _source,
    _line as _line
from told
