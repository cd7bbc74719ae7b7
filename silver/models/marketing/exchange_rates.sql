/*
One row per currency and day from which a rate holds, with the day on which the next one takes over. Of several lines for one day
the last in the source stays.

key  = ["currency", "valid_from_on"]
kind = "merge"

[columns]
currency       = "Code of the currency, upper-case"
valid_from_on  = "First day of the rate"
valid_until_on = "First day of the currency's next rate, on which this one holds no more; 9999-12-31 for the last"
exchange_rate  = "Units of the lake's currency for one unit of this currency, rounded to ten digits"
*/
with rates as (
    select * from silver.logged_exchange_rates
)

select
    currency as currency,
    rated_on as valid_from_on,
    coalesce(lead(rated_on) over (partition by currency order by rated_on), date '9999-12-31') as valid_until_on,
    exchange_rate as exchange_rate
from rates
