-- The commerce tables as DuckDB finds them in `raw`, the file's columns as text: another way to each figure than the models' own where
-- there is one. What a product and a sale are is said once more, as the models say it. Amounts are decimals of four digits.
create schema expected;

create table typed as
select distinct
    InvoiceNo as invoice_no,
    StockCode as stock_code,
    nullif(trim(Description), '') as description,
    Quantity::int as quantity,
    strptime(InvoiceDate, '%m/%d/%Y %H:%M') as instant,
    UnitPrice::decimal(14, 4) as unit_price,
    nullif(CustomerID, '') as customer_id,
    Country as country
from raw;

create table lines as
select
    *,
    instant::date as day,
    strftime(instant, '%Y-%m') as month,
    (quantity * unit_price)::decimal(28, 4) as amount,
    upper(stock_code) not in ('POST', 'DOT', 'C2', 'M', 'D', 'S', 'BANK CHARGES', 'CRUK', 'AMAZONFEE', 'B')
        and not upper(stock_code) like 'GIFT%' as is_product,
    invoice_no[1] = 'C' as is_cancellation,
    invoice_no[1] = 'A' as is_adjustment,
    invoice_no[1] not in ('A', 'C') and quantity > 0 and unit_price > 0 as is_sale
from typed;

-- The two sums of a day from its signed amounts: what is above zero was sold, what is below came back.
create table expected.gold_sales_daily as
with counted as (
    select
        day as sold_on,
        country,
        count(distinct invoice_no) filter (is_sale and is_product) as order_count,
        count(distinct customer_id) filter (is_sale and is_product) as customer_count,
        coalesce(sum(amount) filter (is_product and amount > 0), 0)::decimal(28, 4) as gross_amount,
        coalesce(-sum(amount) filter (is_product and amount < 0), 0)::decimal(28, 4) as returns_amount,
        coalesce(sum(quantity) filter (is_product and amount > 0), 0)::bigint as item_count,
        sum(amount)::decimal(28, 4) as total_amount
    from lines
    where amount <> 0
    group by all
)
select
    *,
    (gross_amount - returns_amount)::decimal(28, 4) as net_amount,
    (total_amount - gross_amount + returns_amount)::decimal(28, 4) as other_amount
from counted;

create table expected.gold_product_sales_daily as
select
    day as sold_on,
    stock_code,
    count(distinct invoice_no) filter (is_sale) as order_count,
    coalesce(sum(amount) filter (amount > 0), 0)::decimal(28, 4) as gross_amount,
    coalesce(-sum(amount) filter (amount < 0), 0)::decimal(28, 4) as returns_amount,
    sum(amount)::decimal(28, 4) as net_amount
from lines
where is_product and amount <> 0
group by all;

create macro last_day() as (select max(day) from lines);

create table expected.gold_bestsellers as
with windows as (select unnest([7, 30, 90, 365]) as window_days),
sums as (
    select
        window_days,
        stock_code,
        sum(amount)::decimal(28, 4) as net_amount,
        coalesce(sum(quantity) filter (is_sale), 0)::bigint as item_count
    from lines, windows
    where amount <> 0 and is_product and day > last_day() - window_days::int
    group by all
)
select window_days, sales_rank::int as sales_rank, stock_code, net_amount, item_count
from (
    select *, row_number() over (partition by window_days order by net_amount desc, item_count desc, stock_code) as sales_rank
    from sums
)
where sales_rank <= 100 and net_amount > 0;

create table expected.gold_trending_products as
with orders as (
    select distinct stock_code, day, invoice_no, (last_day() - day) // 28 as age
    from lines
    where is_sale and is_product and day > last_day() - 56
),
counts as (
    select stock_code, count(*) filter (age = 0) as recent_order_count, count(*) filter (age = 1) as before_order_count
    from orders
    group by all
)
select * from counts
where recent_order_count >= 20 and recent_order_count > before_order_count;

create table expected.silver_customers as
select
    customer_id,
    count(distinct country) as country_count,
    count(distinct country) > 1 as has_several_countries,
    first(country order by instant desc, country) as country,
    min(month) filter (is_sale and is_product) as cohort_month,
    count(distinct invoice_no) filter (is_sale and is_product) as order_count
from lines
where customer_id is not null
group by all;

create table expected.gold_cohort_retention as
with bought as (
    select distinct customer_id, month
    from lines
    where customer_id is not null and is_sale and is_product
),
cells as (
    select c.cohort_month, b.month as sold_month, count(*) as active_count
    from bought as b
    join expected.silver_customers as c using (customer_id)
    group by all
),
months as (select distinct month from lines),
firsts as (select customer_id, min(month) as cohort_month from bought group by all),
sizes as (select cohort_month, count(*) as customer_count from firsts group by all)
select
    s.cohort_month,
    m.month as sold_month,
    s.customer_count,
    coalesce(e.active_count, 0) as active_count,
    coalesce((
        select sum(l.amount) from lines as l join expected.silver_customers as c using (customer_id)
        where c.cohort_month = s.cohort_month and l.month = m.month and l.is_product
    ), 0)::decimal(28, 4) as net_amount
from sizes as s
join months as m on m.month >= s.cohort_month
left join cells as e on e.cohort_month = s.cohort_month and e.sold_month = m.month;

create table expected.gold_customer_sales_daily as
with bought as (select * from lines where customer_id is not null and is_product and amount <> 0),
orders as (
    select customer_id, day, invoice_no, hour(min(instant)) as hour, avg(quantity) >= 24 as is_wholesale
    from bought
    where is_sale
    group by all
),
of_orders as (
    select customer_id, day, sum(hour)::bigint as order_hours, count_if(is_wholesale)::bigint as wholesale_order_count
    from orders
    group by all
),
of_lines as (
    select
        day,
        customer_id,
        min(country) filter (is_sale) as country,
        count(distinct invoice_no) filter (is_sale) as order_count,
        count(*) filter (is_sale) as line_count,
        coalesce(sum(quantity) filter (is_sale), 0)::bigint as item_count,
        count(distinct stock_code) filter (is_sale) as product_count,
        count(distinct invoice_no) filter (not is_sale) as return_count,
        coalesce(sum(amount) filter (amount > 0), 0)::decimal(28, 4) as gross_amount,
        sum(amount)::decimal(28, 4) as net_amount
    from bought
    group by all
)
select
    l.day as sold_on,
    l.* exclude (day),
    coalesce(o.order_hours, 0) as order_hours,
    coalesce(o.wholesale_order_count, 0) as wholesale_order_count
from of_lines as l
left join of_orders as o using (customer_id, day);

-- A score is how many fifths of the customers are strictly below, counted customer by customer.
create table expected.gold_customer_rfm as
with measured as (
    select
        customer_id,
        (last_day() - max(day) filter (is_sale and is_product))::int as recency_days,
        count(distinct invoice_no) filter (is_sale and is_product) as order_count,
        sum(amount) filter (is_product)::decimal(28, 4) as net_amount
    from lines
    where customer_id is not null
    group by all
    having order_count > 0
)
select
    m.*,
    (1 + 5 * (select count(*) from measured as o where o.recency_days > m.recency_days) // c.total)::int as recency_score,
    (1 + 5 * (select count(*) from measured as o where o.order_count < m.order_count) // c.total)::int as frequency_score,
    (1 + 5 * (select count(*) from measured as o where o.net_amount < m.net_amount) // c.total)::int as monetary_score
from measured as m, (select count(*) as total from measured) as c;

-- Sale by sale: those that each cancellation may mean.
create table expected.silver_matched_cancellations as
with fits as (
    select c.invoice_no, c.stock_code, c.customer_id, -c.quantity as cancelled_quantity, s as sale, c as cancellation
    from lines as c
    join lines as s using (customer_id, stock_code, unit_price)
    where c.is_cancellation and s.is_sale and s.instant <= c.instant and s.quantity + c.quantity >= 0
),
sole as (select cancellation, any_value(sale) as sale from fits group by cancellation having count(*) = 1),
within_sale as (select sale from sole group by sale having -sum(cancellation.quantity) <= sale.quantity)
select
    sale.invoice_no as cancels_invoice_no,
    cancellation.customer_id as customer_id,
    cancellation.stock_code as stock_code,
    (-cancellation.quantity)::int as cancelled_quantity,
    sale.quantity as sold_quantity
from sole
where sale in (select sale from within_sale);

-- The description of the first sale, else of the first line with one.
create table expected.silver_products as
select
    stock_code,
    coalesce(
        arg_min(description, (instant, description)) filter (is_sale and description is not null),
        arg_min(description, (instant, description)) filter (description is not null)
    ) as description,
    count(distinct description) as description_count,
    count(*) as line_count
from lines
group by all;
