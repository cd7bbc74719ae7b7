/*
One row per file of transactions: how its dates are written. A date such as 3/4/2011 can be read both ways; where a file also
holds dates that only make sense with the day first, some of those it wrote day first may have been taken for month first.

key  = ["_source"]
kind = "merge"

[columns]
_source               = "File the rows came from"
row_count             = "Number of its lines that became rows"
month_first_count     = "Number of dates that only make sense as month/day/year"
day_first_count       = "Number of dates that only make sense as day/month/year: in quarantine"
either_order_count    = "Number of dates that make sense both ways, day and month being different: read as month/day/year"
is_date_order_certain = "Whether no date of the file needs the day first"

[expect.date_order_certain]
that    = "is_date_order_certain"
on_fail = "warn"
*/
with dates as (
    select
        _source,
        try_cast(split_part(clean(invoicedate), '/', 1) as int) as first_number,
        try_cast(split_part(clean(invoicedate), '/', 2) as int) as second_number
    from bronze.transactions
)

select
    _source as _source,
    count(*) as row_count,
    count(*) filter (where first_number between 1 and 12 and second_number between 13 and 31) as month_first_count,
    count(*) filter (where first_number between 13 and 31 and second_number between 1 and 12) as day_first_count,
    count(*) filter (where first_number between 1 and 12 and second_number between 1 and 12 and first_number <> second_number)
        as either_order_count,
    count(*) filter (where first_number between 13 and 31 and second_number between 1 and 12) = 0 as is_date_order_certain
from dates
group by _source
