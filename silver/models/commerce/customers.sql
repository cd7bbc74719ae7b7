/*
One row per known customer, with or without a purchase. A purchase is an invoice with a sale of a product. A customer whose
invoices name several countries has that of the last invoice, and is marked. Guests have no row.

key  = ["customer_id"]
kind = "merge"

[columns]
customer_id           = "Identifier of the customer"
country               = "Country on the customer's last invoice, or Unknown"
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
)

select
    customer_id as customer_id,
    first_value(country order by invoiced_at desc, invoice_no desc, country) as country,
    count(distinct country) as country_count,
    count(distinct country) > 1 as has_several_countries,
    min(case when is_purchase then invoiced_at end) as first_purchased_at,
    max(case when is_purchase then invoiced_at end) as last_purchased_at,
    min(case when is_purchase then invoiced_month end) as cohort_month,
    count(distinct case when is_purchase then invoice_no end) as order_count,
    count(distinct case when line_type = 'cancellation' then invoice_no end) as cancellation_count,
    count(*) as line_count
from lines
group by customer_id
