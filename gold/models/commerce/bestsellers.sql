/*
One row per window and rank: the products that sold best in the last days of the log, its last day included, by net amount: an
order that was cancelled at once makes no bestseller.

key  = ["window_days", "sales_rank"]
kind = "full"

[parameters]
window_days = { default = [7, 30, 90, 365], min = 1, max = 36525, description = "Lengths of the windows in days" }
most_ranks  = { default = 100, min = 1, description = "Ranks of a window that are kept" }

[columns]
window_days  = "Length of the window in days, up to the log's last day"
sales_rank   = "Place by net_amount in the window, 1 = best; of equal amounts more units come first, then the smaller stock code"
begins_on    = "First day of the window"
ends_on      = "Last day of the window: the log's last"
stock_code   = "Code of the product"
description  = "Canonical description; null where no line has one"
order_count  = "Number of sales of the product, counted once per invoice"
item_count   = "Units sold"
gross_amount = "What was sold, in the log's currency"
net_amount   = "gross_amount less what was taken back in the window, in the log's currency"
share_ratio  = "net_amount by that of all products in the window; null where that is not above zero"
*/
with sales as (
    select * from gold.product_sales_daily
),

windows as (
    select unnest($window_days) as window_days
),

last_day as (
    select max(sold_on) as ends_on from sales
),

spans as (
    select
        w.window_days,
        l.ends_on,
        cast(l.ends_on - arrow_cast(w.window_days - 1, 'Int32') as date) as begins_on
    from windows as w
    cross join last_day as l
),

summed as (
    select
        p.window_days,
        p.begins_on,
        p.ends_on,
        s.stock_code,
        sum(s.order_count) as order_count,
        sum(s.item_count) as item_count,
        sum(s.gross_amount) as gross_amount,
        sum(s.net_amount) as net_amount
    from spans as p
    inner join sales as s on s.sold_on between p.begins_on and p.ends_on
    group by p.window_days, p.begins_on, p.ends_on, s.stock_code
),

ranked as (
    select
        *,
        row_number() over (partition by window_days order by net_amount desc, item_count desc, stock_code) as sales_rank,
        sum(net_amount) over (partition by window_days) as window_amount
    from summed
)

select
    cast(r.window_days as int) as window_days,
    cast(r.sales_rank as int) as sales_rank,
    r.begins_on as begins_on,
    r.ends_on as ends_on,
    r.stock_code as stock_code,
    p.description as description,
    r.order_count as order_count,
    r.item_count as item_count,
    cast(r.gross_amount as decimal(28, 4)) as gross_amount,
    cast(r.net_amount as decimal(28, 4)) as net_amount,
    case when r.window_amount > 0 then cast(r.net_amount as double) / cast(r.window_amount as double) end as share_ratio
from ranked as r
left join silver.products as p on r.stock_code = p.stock_code
where r.sales_rank <= $most_ranks and r.net_amount > 0
