/*
One row per stock code, products and others: its canonical description and when it was sold. Codes stand as the log spells
them: 85123A and 85123a are two.

key  = ["stock_code"]
kind = "merge"

[columns]
stock_code        = "Code of the product or service"
description       = "Canonical description; null where no line has one"
description_count = "Number of different descriptions in the log"
item_type         = "product, or what other stock codes stand for, such as postage"
is_product        = "Whether the stock code is a product"
first_sold_at     = "Instant of the first sale; null without one"
last_sold_at      = "Instant of the last sale; null without one"
lowest_price      = "Lowest price of one unit in a sale, in the log's currency; null without one"
highest_price     = "Highest price of one unit in a sale, in the log's currency; null without one"
line_count        = "Number of lines of any kind"
*/
with lines as (
    select * from silver.invoice_lines
),

-- First each description, so that they are counted without a set of them for every product.
descriptions as (
    select
        stock_code,
        description,
        item_type,
        is_product,
        logged_description,
        min(case when line_type = 'sale' then invoiced_at end) as first_sold_at,
        max(case when line_type = 'sale' then invoiced_at end) as last_sold_at,
        min(case when line_type = 'sale' then unit_price end) as lowest_price,
        max(case when line_type = 'sale' then unit_price end) as highest_price,
        count(*) as line_count
    from lines
    group by stock_code, description, item_type, is_product, logged_description
)

select
    stock_code as stock_code,
    description as description,
    count(logged_description) as description_count,
    item_type as item_type,
    is_product as is_product,
    min(first_sold_at) as first_sold_at,
    max(last_sold_at) as last_sold_at,
    min(lowest_price) as lowest_price,
    max(highest_price) as highest_price,
    sum(line_count) as line_count
from descriptions
group by stock_code, description, item_type, is_product
