/*
One row per cohort and month since: of the customers whose first purchase was in one month, how many bought again, and for
how much. A cohort has a row for each later month of gold.sales_daily, also where none of its own bought. What came back
before the first purchase is in none. Guests are in no cohort.

key  = ["cohort_month", "sold_month"]
kind = "merge"

[columns]
cohort_month    = "Month of the customers' first purchase, YYYY-MM"
sold_month      = "Month looked at, YYYY-MM"
months_since    = "Months from cohort_month to sold_month, 0 = the same"
customer_count  = "Number of customers in the cohort"
active_count    = "Number of these with a sale of a product in sold_month"
retention_ratio = "active_count / customer_count, 0 to 1"
order_count     = "Number of their invoices with a sale of a product"
gross_amount    = "Products sold to them, in the log's currency"
returns_amount  = "Products taken back from them, in the log's currency, above zero"
net_amount      = "gross_amount - returns_amount, in the log's currency"
*/
with customers as (
    select customer_id, cohort_month from silver.customers
    where cohort_month is not null
),

sales as (
    select * from gold.customer_sales_monthly
),

cohorts as (
    select cohort_month, count(*) as customer_count
    from customers
    group by cohort_month
),

months as (
    select sold_month
    from gold.sales_daily
    group by sold_month
),

active as (
    select
        c.cohort_month,
        s.sold_month,
        sum(case when s.order_count > 0 then 1 else 0 end) as active_count,
        sum(s.order_count) as order_count,
        sum(s.gross_amount) as gross_amount,
        sum(s.returns_amount) as returns_amount
    from sales as s
    inner join customers as c on s.customer_id = c.customer_id
    group by c.cohort_month, s.sold_month
)

select
    c.cohort_month as cohort_month,
    m.sold_month as sold_month,
    cast(12 * (cast(substr(m.sold_month, 1, 4) as int) - cast(substr(c.cohort_month, 1, 4) as int))
        + cast(substr(m.sold_month, 6, 2) as int) - cast(substr(c.cohort_month, 6, 2) as int) as int) as months_since,
    c.customer_count as customer_count,
    coalesce(a.active_count, 0) as active_count,
    cast(coalesce(a.active_count, 0) as double) / c.customer_count as retention_ratio,
    coalesce(a.order_count, 0) as order_count,
    cast(coalesce(a.gross_amount, 0) as decimal(28, 4)) as gross_amount,
    cast(coalesce(a.returns_amount, 0) as decimal(28, 4)) as returns_amount,
    cast(coalesce(a.gross_amount, 0) - coalesce(a.returns_amount, 0) as decimal(28, 4)) as net_amount
from cohorts as c
inner join months as m on m.sold_month >= c.cohort_month
left join active as a on c.cohort_month = a.cohort_month and m.sold_month = a.sold_month
