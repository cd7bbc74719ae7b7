/*
One row per known customer, with or without a purchase. A purchase is an invoice with a sale of a product. A customer whose
invoices name several countries has that of the last invoice, and is marked. Guests have no row.

key  = ["customer_id"]
kind = "merge"

[columns]
customer_id           = "Identifier of the customer"
country               = "Country on the customer's last invoice, or Unknown; of two at one instant the first by name"
country_count         = "Number of different countries on the customer's invoices"
has_several_countries = "Whether the invoices name more than one country"
first_purchased_at    = "Instant of the first purchase; null without one"
last_purchased_at     = "Instant of the last purchase; null without one"
cohort_month          = "Month of the first purchase, YYYY-MM; null without one"
order_count           = "Number of purchases"
cancellation_count    = "Number of invoices that cancel something, products or others"
line_count            = "Number of lines of any kind"
*/
with lines as (
    select
        *,
        line_type = 'sale' and item_type = 'product' as is_purchase
    from silver.transactions
    where customer_id is not null
),

-- First each invoice and each country, so that they are counted without sets of them for every customer.
invoices as (
    select
        customer_id,
        invoice_no,
        min(case when is_purchase then invoiced_at end) as first_purchased_at,
        max(case when is_purchase then invoiced_at end) as last_purchased_at,
        min(case when is_purchase then invoiced_month end) as cohort_month,
        max(case when is_purchase then 1 else 0 end) as is_order,
        max(case when line_type = 'cancellation' then 1 else 0 end) as is_cancellation,
        count(*) as line_count
    from lines
    group by customer_id, invoice_no
),

summed as (
    select
        customer_id,
        min(first_purchased_at) as first_purchased_at,
        max(last_purchased_at) as last_purchased_at,
        min(cohort_month) as cohort_month,
        sum(is_order) as order_count,
        sum(is_cancellation) as cancellation_count,
        sum(line_count) as line_count
    from invoices
    group by customer_id
),

countries as (
    select customer_id, country, max(invoiced_at) as last_invoiced_at
    from lines
    group by customer_id, country
),

lived_in as (
    select
        customer_id,
        first_value(country order by last_invoiced_at desc, country) as country,
        count(*) as country_count
    from countries
    group by customer_id
)

select
    s.customer_id as customer_id,
    l.country as country,
    l.country_count as country_count,
    l.country_count > 1 as has_several_countries,
    s.first_purchased_at as first_purchased_at,
    s.last_purchased_at as last_purchased_at,
    s.cohort_month as cohort_month,
    s.order_count as order_count,
    s.cancellation_count as cancellation_count,
    s.line_count as line_count
from summed as s
inner join lived_in as l on s.customer_id = l.customer_id
