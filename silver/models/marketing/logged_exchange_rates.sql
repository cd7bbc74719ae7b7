/*
One row per currency and day with a rate, typed. Of several lines for one day the last in the source stays.

key      = ["currency", "rated_on"]
last_by  = ["_source", "_line"]
kind     = "merge"

[columns]
currency      = "Code of the currency, upper-case"
rated_on      = "Day of the rate"
exchange_rate = "Units of the lake's currency for one unit of this currency, rounded to ten digits"
_source       = "File the row came from"
_line         = "Line in that file, from 1"

[expect.has_currency]
that    = "currency is not null"
on_fail = "quarantine"

[expect.has_day]
that    = "rated_on is not null"
on_fail = "quarantine"

[expect.rate_above_zero]
that    = "exchange_rate is not null and exchange_rate > 0"
on_fail = "quarantine"
*/
with raw as (
    select * from bronze.exchange_rates
)

select
    upper(clean(currency)) as currency,
    cast(clean(date) as date) as rated_on,
    cast(clean(rate) as decimal(20, 10)) as exchange_rate,
    _source as _source,
    _line as _line
from raw
