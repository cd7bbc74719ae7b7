/*
One row per conversion whose value is in a currency that has no rate of its day or before. It is in no other table of silver or gold,
and moves to silver.conversions once bronze.exchange_rates has such a rate. Each run warns of those that are here.

key  = ["conversion_id"]
kind = "merge"

[columns]
conversion_id   = "Identifier of the conversion"
user_id         = "Identifier of the user"
converted_at    = "Instant of the conversion, UTC"
converted_on    = "UTC day of the conversion"
conversion_kind = "install, purchase or sign_up"
logged_amount   = "What it is worth in the currency named"
currency        = "Code of the currency, upper-case"
reason          = "What is missing, and what to do about it"

[expect.currency_has_rate]
that    = "reason is null"
on_fail = "warn"
*/
with conversions as (
    select * from silver.logged_conversions
    where currency is not null and logged_amount is not null
),

rates as (
    select * from silver.exchange_rates
)

select
    c.conversion_id as conversion_id,
    c.user_id as user_id,
    c.converted_at as converted_at,
    c.converted_on as converted_on,
    c.conversion_kind as conversion_kind,
    c.logged_amount as logged_amount,
    c.currency as currency,
    concat('no rate of ', c.currency, ' for ', cast(c.converted_on as text), ' or before: add one to exchange_rates') as reason
from conversions as c
left join rates as r
    on c.currency = r.currency
    and c.converted_on >= r.valid_from_on
    and c.converted_on < r.valid_until_on
where r.exchange_rate is null
