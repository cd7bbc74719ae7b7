/*
One row per file of transactions: how its dates are written. A date such as 3/4/2011 can be read both ways; where a file also
holds dates that only make sense in the other order, some of those it wrote so may have been taken wrongly.

key  = ["_source"]
kind = "merge"

[parameters]
date_order = { default = "month_first", same_as = "silver.transactions", description = "Order of dates with slashes" }

[columns]
_source               = "File the rows came from"
row_count             = "Number of its lines that became rows"
month_first_count     = "Number of dates that only make sense as month/day/year; in quarantine where dates are day_first"
day_first_count       = "Number of dates that only make sense as day/month/year; in quarantine where dates are month_first"
either_order_count    = "Number of dates that make sense both ways, day and month being different: read in the order set"
is_date_order_certain = "Whether no date of the file needs the other order"

[expect.date_order_certain]
that    = "is_date_order_certain"
on_fail = "warn"
*/
with texts as (
    select _source, invoicedate, count(*) as row_count
    from bronze.transactions
    group by _source, invoicedate
),

numbers as (
    select
        _source,
        row_count,
        try_cast(split_part(clean(invoicedate), '/', 1) as int) as first_number,
        try_cast(split_part(clean(invoicedate), '/', 2) as int) as second_number
    from texts
),

counted as (
    select
        _source,
        sum(row_count) as row_count,
        sum(case when first_number between 1 and 12 and second_number between 13 and 31 then row_count else 0 end) as month_first_count,
        sum(case when first_number between 13 and 31 and second_number between 1 and 12 then row_count else 0 end) as day_first_count,
        sum(
            case when first_number between 1 and 12 and second_number between 1 and 12 and first_number <> second_number
                then row_count else 0 end
        ) as either_order_count
    from numbers
    group by _source
)

select
    _source as _source,
    row_count as row_count,
    month_first_count as month_first_count,
    day_first_count as day_first_count,
    either_order_count as either_order_count,
    case $date_order when 'day_first' then month_first_count else day_first_count end = 0 as is_date_order_certain
from counted
