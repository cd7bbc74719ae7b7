/*
One row per cut day and customer with a purchase before it: what was known of the customer by then, and whether a purchase
followed within the horizon. A purchase is an invoice with a sale of a product, as in silver.customers. Features
are made of lines strictly before the cut day, the label of those from the cut day on. Cut days lie a step apart, back from
the last one whose horizon the log covers; one more, the day after the log's last, has no label yet and is there to be
scored. The first has some days of the log before it. Averages are over the customer's purchases before the cut. Customers
who only returned something, and guests, are not here.

key          = ["cut_on", "customer_id"]
kind         = "full"
partition_by = ["cut_month"]

[parameters]
horizon_days       = { default = 90, min = 1, max = 36525, description = "Days without a purchase that make a customer churned" }
step_days          = { default = 7, min = 1, max = 36525, description = "Days between cuts" }
least_history_days = { default = 28, min = 0, max = 36525, description = "Days of the log before the first cut" }

[columns]
cut_on                 = "The cut day: features are from before it, the label from it on"
cut_month              = "Month of the cut day, YYYY-MM"
customer_id            = "Identifier of the customer"
horizon_ends_on        = "Day after the horizon's last: from it on the label is known"
is_churned             = "Whether no purchase followed in the horizon; null where the log does not cover it"
recency_days           = "Days from the last purchase to the cut, 1 = the day before"
tenure_days            = "Days from the first purchase to the cut"
order_count            = "Frequency: purchases"
purchase_day_count     = "Days with a purchase"
active_month_ratio     = "Calendar months with a purchase by the months from the first purchase to the day before the cut, 0 to 1"
order_count_30_days    = "Purchases in the 30 days before the cut"
order_count_90_days    = "Purchases in the 90 days before the cut"
order_trend            = "Purchases in the 90 days before the cut less those in the 90 days before these"
gross_amount           = "Products bought, in the log's currency"
net_amount             = "Monetary value: products bought less products taken back, in the log's currency"
gross_amount_90_days   = "Products bought in the 90 days before the cut, in the log's currency"
gross_amount_trend     = "That less the amount of the 90 days before these, in the log's currency"
mean_order_amount      = "Mean amount of a purchase, in the log's currency"
last_day_amount        = "Products bought on the last day with a purchase, in the log's currency"
mean_gap_days          = "Mean days between days with a purchase; null with one such day"
gap_deviation_days     = "Standard deviation of these days; null with fewer than two gaps"
gap_variation          = "Regularity: gap_deviation_days / mean_gap_days, 0 = like a clock; null with fewer than two gaps"
last_gap_days          = "Days between the last two days with a purchase; null with one such day"
longest_gap_days       = "Longest gap between days with a purchase; null with one such day"
recency_gap_ratio      = "recency_days / mean_gap_days: above 1 a purchase is overdue; null with one such day"
recency_tenure_ratio   = "recency_days / tenure_days: 1 = never came back after the first day"
mean_line_count        = "Basket size: mean lines of a purchase"
last_day_line_count    = "Lines bought on the last day with a purchase"
mean_item_count        = "Basket size: mean units of a purchase"
mean_line_item_count   = "Mean units of a line"
mean_unit_price        = "Mean price of a unit, in the log's currency"
product_count          = "Variety: different stock codes bought"
reorder_ratio          = "Share of the products of a day that were bought on an earlier day, 0 to 1"
wholesale_order_ratio  = "Share of wholesale-like purchases, with 24 units a line or more in the mean, 0 to 1"
return_count           = "Invoices that took products back"
return_ratio           = "Amount taken back by the amount bought; above 1 where more came back than the log saw sold"
autumn_order_ratio     = "Season: share of purchases in October to December, 0 to 1"
season_order_count     = "Season: purchases in the days of the horizon a year before; 0 where the log does not reach back"
mean_hour              = "Mean hour of purchases, 0 to 23, in the log's own clock"
weekday_order_ratio    = "Share of purchases on Monday to Wednesday, 0 to 1"
country                = "Country on the last day with a purchase, or Unknown; of two the first by name"
is_home_country        = "Whether it is the country with the most purchases before the cut; of equals the first by name"
*/
with activity as (
    select * from gold.customer_sales_daily
),

rules as (
    select
        $horizon_days as horizon_days,
        $step_days as step_days,
        $least_history_days as least_history_days
),

spans as (
    select
        min(s.sold_on) as first_on,
        cast(max(s.sold_on) + arrow_cast(1, 'Int32') as date) as now_on,
        max(r.horizon_days) as horizon_days,
        max(r.step_days) as step_days,
        max(r.least_history_days) as least_history_days
    from gold.sales_daily as s
    cross join rules as r
),

reaches as (
    select *, now_on - first_on - horizon_days - least_history_days as spare_days
    from spans
),

-- The places of the cuts: 0 is the day after the log, 1 the last with a whole horizon, 2 a step before it.
places as (
    select
        *,
        unnest(range(0, case when spare_days < 0 then 1 else 2 + spare_days / step_days end)) as place
    from reaches
    where spare_days is not null
),

cuts as (
    select
        cast(
            case place when 0 then now_on else now_on - arrow_cast(horizon_days + (place - 1) * step_days, 'Int32') end as date
        ) as cut_on,
        place > 0 as has_horizon,
        horizon_days
    from places
),

sold_days as (
    select * from activity
    where order_count > 0
),

-- Of the lines that gold.customer_sales_daily counts.
first_days as (
    select customer_id, stock_code, min(invoiced_on) as sold_on
    from silver.invoice_lines
    where is_product and line_type = 'sale' and customer_id is not null
    group by customer_id, stock_code
),

-- Products that were not bought on an earlier day.
novelties as (
    select customer_id, sold_on, count(*) as new_product_count
    from first_days
    group by customer_id, sold_on
),

-- Each day with the one before of the same customer.
neighbours as (
    select
        d.*,
        coalesce(n.new_product_count, 0) as new_product_count,
        cast(d.sold_on - lag(d.sold_on) over (partition by d.customer_id order by d.sold_on) as bigint) as gap_days,
        row_number() over (partition by d.customer_id, date_trunc('month', d.sold_on) order by d.sold_on) as nth_of_month,
        case when date_part('month', d.sold_on) >= 10 then d.order_count else 0 end as autumn_order_count,
        case when date_part('dow', d.sold_on) between 1 and 3 then d.order_count else 0 end as weekday_order_count
    from sold_days as d
    left join novelties as n on d.customer_id = n.customer_id and d.sold_on = n.sold_on
),

-- Each day with all of the customer up to it.
days as (
    select
        customer_id,
        sold_on,
        country,
        order_count as day_order_count,
        gross_amount as day_gross_amount,
        line_count as day_line_count,
        gap_days as last_gap_days,
        first_value(sold_on) over so_far as first_sold_on,
        count(*) over so_far as day_count,
        sum(order_count) over so_far as order_count,
        sum(case when nth_of_month = 1 then 1 else 0 end) over so_far as month_count,
        sum(gross_amount) over so_far as gross_amount,
        count(gap_days) over so_far as gap_count,
        sum(gap_days) over so_far as gap_days,
        sum(gap_days * gap_days) over so_far as squared_gap_days,
        max(gap_days) over so_far as longest_gap_days,
        sum(line_count) over so_far as line_count,
        sum(item_count) over so_far as item_count,
        sum(product_count) over so_far as product_days,
        sum(new_product_count) over so_far as product_count,
        sum(wholesale_order_count) over so_far as wholesale_order_count,
        sum(autumn_order_count) over so_far as autumn_order_count,
        sum(order_hours) over so_far as hours,
        sum(weekday_order_count) over so_far as weekday_order_count
    from neighbours
    window so_far as (partition by customer_id order by sold_on rows between unbounded preceding and current row)
),

spells as (
    select customer_id, sold_on, lead(sold_on) over (partition by customer_id order by sold_on) as next_sold_on
    from sold_days
),

-- The last day before each cut; first its key alone, as a join without equality carries every column for every pair.
last_days as (
    select c.cut_on, c.has_horizon, c.horizon_days, s.customer_id, s.sold_on, s.next_sold_on
    from cuts as c
    inner join spells as s on s.sold_on < c.cut_on and (s.next_sold_on is null or s.next_sold_on >= c.cut_on)
),

lasts as (
    select
        l.cut_on,
        l.has_horizon,
        l.horizon_days,
        l.next_sold_on,
        cast(l.cut_on - d.sold_on as bigint) as recency_days,
        cast(l.cut_on - d.first_sold_on as bigint) as tenure_days,
        d.*
    from last_days as l
    inner join days as d on l.customer_id = d.customer_id and l.sold_on = d.sold_on
),

-- Days not long before each cut, and those of a year before its horizon.
lately as (
    select
        c.cut_on,
        c.horizon_days,
        cast(c.cut_on - d.sold_on as bigint) as days_before,
        d.customer_id,
        d.order_count,
        d.gross_amount
    from cuts as c
    inner join sold_days as d
        on d.sold_on < c.cut_on
        and (c.cut_on - d.sold_on <= 180 or c.cut_on - d.sold_on <= 365 and c.cut_on - d.sold_on > 365 - c.horizon_days)
),

recent as (
    select
        cut_on,
        customer_id,
        sum(case when days_before <= 30 then order_count else 0 end) as order_count_30_days,
        sum(case when days_before <= 90 then order_count else 0 end) as order_count_90_days,
        sum(case when days_before > 90 and days_before <= 180 then order_count else 0 end) as order_count_before,
        sum(case when days_before <= 90 then gross_amount else 0 end) as gross_amount_90_days,
        sum(case when days_before > 90 and days_before <= 180 then gross_amount else 0 end) as gross_amount_before,
        sum(case when days_before <= 365 and days_before > 365 - horizon_days then order_count else 0 end) as season_order_count
    from lately
    group by cut_on, customer_id
),

returned as (
    select
        c.cut_on,
        d.customer_id,
        sum(d.return_count) as return_count,
        sum(d.returns_amount) as returns_amount
    from cuts as c
    inner join activity as d on d.sold_on < c.cut_on and d.return_count > 0
    group by c.cut_on, d.customer_id
),

sold_in as (
    select
        c.cut_on,
        d.country,
        sum(d.order_count) as order_count
    from cuts as c
    inner join sold_days as d on d.sold_on < c.cut_on
    group by c.cut_on, d.country
),

homes as (
    select cut_on, first_value(country order by order_count desc, country) as country
    from sold_in
    group by cut_on
),

counted as (
    select
        s.*,
        coalesce(l.order_count_30_days, 0) as order_count_30_days,
        coalesce(l.order_count_90_days, 0) as order_count_90_days,
        coalesce(l.order_count_before, 0) as order_count_before,
        coalesce(l.gross_amount_90_days, 0) as gross_amount_90_days,
        coalesce(l.gross_amount_before, 0) as gross_amount_before,
        coalesce(l.season_order_count, 0) as season_order_count,
        coalesce(r.return_count, 0) as return_count,
        coalesce(r.returns_amount, 0) as returns_amount,
        s.country = h.country as is_home_country,
        cast(s.order_count as double) as orders,
        cast(s.gross_amount as double) as gross,
        cast(s.gap_days as double) / s.gap_count as mean_gap_days,
        -- In whole numbers up to the last division, so that the order of rows never shows.
        case when s.gap_count > 1
            then sqrt(
                cast(s.gap_count * s.squared_gap_days - s.gap_days * s.gap_days as double) / (s.gap_count * (s.gap_count - 1))
            )
        end as gap_deviation_days,
        cast(s.cut_on - arrow_cast(1, 'Int32') as date) as last_on
    from lasts as s
    inner join homes as h on s.cut_on = h.cut_on
    left join recent as l on s.cut_on = l.cut_on and s.customer_id = l.customer_id
    left join returned as r on s.cut_on = r.cut_on and s.customer_id = r.customer_id
)

select
    cut_on as cut_on,
    substr(cast(cut_on as text), 1, 7) as cut_month,
    customer_id as customer_id,
    cast(cut_on + arrow_cast(horizon_days, 'Int32') as date) as horizon_ends_on,
    case when has_horizon then next_sold_on is null or next_sold_on >= cut_on + arrow_cast(horizon_days, 'Int32') end as is_churned,
    cast(recency_days as int) as recency_days,
    cast(tenure_days as int) as tenure_days,
    order_count as order_count,
    day_count as purchase_day_count,
    cast(month_count as double) / (
        12 * (date_part('year', last_on) - date_part('year', first_sold_on)) + date_part('month', last_on)
        - date_part('month', first_sold_on) + 1
    ) as active_month_ratio,
    order_count_30_days as order_count_30_days,
    order_count_90_days as order_count_90_days,
    order_count_90_days - order_count_before as order_trend,
    cast(gross_amount as decimal(28, 4)) as gross_amount,
    cast(gross_amount - returns_amount as decimal(28, 4)) as net_amount,
    cast(gross_amount_90_days as decimal(28, 4)) as gross_amount_90_days,
    cast(gross_amount_90_days - gross_amount_before as decimal(28, 4)) as gross_amount_trend,
    gross / orders as mean_order_amount,
    cast(day_gross_amount as decimal(28, 4)) as last_day_amount,
    mean_gap_days as mean_gap_days,
    gap_deviation_days as gap_deviation_days,
    gap_deviation_days / mean_gap_days as gap_variation,
    last_gap_days as last_gap_days,
    longest_gap_days as longest_gap_days,
    recency_days / mean_gap_days as recency_gap_ratio,
    cast(recency_days as double) / tenure_days as recency_tenure_ratio,
    line_count / orders as mean_line_count,
    day_line_count as last_day_line_count,
    item_count / orders as mean_item_count,
    cast(item_count as double) / line_count as mean_line_item_count,
    gross / item_count as mean_unit_price,
    product_count as product_count,
    1 - cast(product_count as double) / product_days as reorder_ratio,
    wholesale_order_count / orders as wholesale_order_ratio,
    return_count as return_count,
    cast(returns_amount as double) / gross as return_ratio,
    autumn_order_count / orders as autumn_order_ratio,
    season_order_count as season_order_count,
    hours / orders as mean_hour,
    weekday_order_count / orders as weekday_order_ratio,
    country as country,
    is_home_country as is_home_country
from counted
