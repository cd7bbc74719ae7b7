/*
One row per cancellation line of which it is certain what it cancels. Certain means: the customer is known; of the customer's
sale lines of that stock code at that price, not later than the cancellation, exactly one has at least the units cancelled;
and all cancellations that point to this sale take back no more units than it had. Where two sales fit, none is chosen.
Guests' cancellations match nothing.

key          = ["line_id"]
kind         = "merge"
partition_by = ["invoiced_month"]

[columns]
line_id            = "The cancellation's line in silver.invoice_lines"
invoiced_month     = "Month of the cancellation, YYYY-MM"
cancels_line_id    = "The sale's line in silver.invoice_lines"
cancels_invoice_no = "The sale's invoice"
customer_id        = "Identifier of the customer"
stock_code         = "Code of the product or service"
cancelled_quantity = "Units taken back, above zero"
sold_quantity      = "Units of the sale line"
sold_at            = "Instant of the sale"
cancelled_at       = "Instant of the cancellation"
*/
with sales as (
    select line_id, invoice_no, customer_id, stock_code, unit_price, quantity, invoiced_at
    from silver.transactions
    where line_type = 'sale' and customer_id is not null
),

cancellations as (
    select line_id, invoiced_month, customer_id, stock_code, unit_price, -quantity as quantity, invoiced_at
    from silver.transactions
    where line_type = 'cancellation' and customer_id is not null
),

candidates as (
    select
        c.line_id,
        c.invoiced_month,
        s.line_id as cancels_line_id,
        s.invoice_no as cancels_invoice_no,
        c.customer_id,
        c.stock_code,
        c.quantity as cancelled_quantity,
        s.quantity as sold_quantity,
        s.invoiced_at as sold_at,
        c.invoiced_at as cancelled_at
    from cancellations as c
    inner join sales as s
        on c.customer_id = s.customer_id
        and c.stock_code = s.stock_code
        and c.unit_price = s.unit_price
        and s.invoiced_at <= c.invoiced_at
        and s.quantity >= c.quantity
),

counted as (
    select *, count(*) over (partition by line_id) as candidate_count
    from candidates
),

claimed as (
    select *, sum(cancelled_quantity) over (partition by cancels_line_id) as claimed_quantity
    from counted
    where candidate_count = 1
)

select
    line_id as line_id,
    invoiced_month as invoiced_month,
    cancels_line_id as cancels_line_id,
    cancels_invoice_no as cancels_invoice_no,
    customer_id as customer_id,
    stock_code as stock_code,
    cancelled_quantity as cancelled_quantity,
    sold_quantity as sold_quantity,
    sold_at as sold_at,
    cancelled_at as cancelled_at
from claimed
where claimed_quantity <= sold_quantity
