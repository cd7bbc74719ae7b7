/*
One row per product whose demand grew: orders in the last days of the log against as many days before. The score is the
difference by its standard error, (recent - before) / sqrt(recent + before): how far two counts of chance (Poisson) with one
rate would hardly ever be apart. It weighs orders and not units, so that one bulk order makes no trend, and does not favour a
product that went from one order to three as a ratio would. Products with too few recent orders, or without growth, are not here.

key  = ["stock_code"]
kind = "full"

[parameters]
window_days  = { default = 28, min = 1, max = 36525, description = "Days of the recent window, and of the one before" }
least_orders = { default = 20, min = 0, description = "Recent orders below which a product is left out" }

[columns]
trend_rank          = "Place by trend_score, 1 = strongest; of equal scores more recent units come first, then the smaller stock code"
stock_code          = "Code of the product"
description         = "Canonical description; null where no line has one"
ends_on             = "Last day of the recent window: the log's last"
recent_order_count  = "Orders of the product in the recent window"
before_order_count  = "Orders of the product in the window before"
recent_item_count   = "Units sold in the recent window"
before_item_count   = "Units sold in the window before"
recent_gross_amount = "Sold in the recent window, in the log's currency"
before_gross_amount = "Sold in the window before, in the log's currency"
growth_ratio        = "recent_order_count / before_order_count - 1: 1 = doubled; null without an order before"
trend_score         = "(recent - before) / sqrt(recent + before) of the orders: above 2 it is hardly chance"
*/
with sales as (
    select * from gold.product_sales_daily
),

spans as (
    select
        max(sold_on) as ends_on,
        cast(max(sold_on) - arrow_cast($window_days, 'Int32') as date) as recent_after,
        cast(max(sold_on) - arrow_cast(2 * $window_days, 'Int32') as date) as before_after
    from sales
),

summed as (
    select
        s.stock_code,
        p.ends_on,
        sum(case when s.sold_on > p.recent_after then s.order_count else 0 end) as recent_order_count,
        sum(case when s.sold_on > p.recent_after then 0 else s.order_count end) as before_order_count,
        sum(case when s.sold_on > p.recent_after then s.item_count else 0 end) as recent_item_count,
        sum(case when s.sold_on > p.recent_after then 0 else s.item_count end) as before_item_count,
        sum(case when s.sold_on > p.recent_after then s.gross_amount else 0 end) as recent_gross_amount,
        sum(case when s.sold_on > p.recent_after then 0 else s.gross_amount end) as before_gross_amount
    from sales as s
    inner join spans as p on s.sold_on > p.before_after
    group by s.stock_code, p.ends_on
),

scored as (
    select
        *,
        cast(recent_order_count - before_order_count as double)
            / sqrt(cast(recent_order_count + before_order_count as double)) as trend_score
    from summed
    where recent_order_count >= $least_orders and recent_order_count > before_order_count
)

select
    cast(row_number() over (order by s.trend_score desc, s.recent_item_count desc, s.stock_code) as int) as trend_rank,
    s.stock_code as stock_code,
    p.description as description,
    s.ends_on as ends_on,
    s.recent_order_count as recent_order_count,
    s.before_order_count as before_order_count,
    s.recent_item_count as recent_item_count,
    s.before_item_count as before_item_count,
    cast(s.recent_gross_amount as decimal(28, 4)) as recent_gross_amount,
    cast(s.before_gross_amount as decimal(28, 4)) as before_gross_amount,
    cast(s.recent_order_count as double) / nullif(s.before_order_count, 0) - 1 as growth_ratio,
    s.trend_score as trend_score
from scored as s
left join silver.products as p on s.stock_code = p.stock_code
