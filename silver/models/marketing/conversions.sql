/*
One row per conversion, of the log of conversions and the installs of the ad network's own logs, with its value in the lake's currency: by the rate of the conversion's day, or the last one before. A
conversion whose currency has no rate by then waits in silver.unpriced_conversions until one arrives: no value is taken for 0 or for
the lake's own currency. A value without a currency is in the lake's own. A conversion without a value is worth 0.

key          = ["conversion_id"]
kind         = "merge"
partition_by = ["converted_month"]

[columns]
conversion_id   = "Identifier of the conversion as logged, else row_md5 of its fields, in hexadecimal"
user_id         = "Identifier of the user"
converted_at    = "Instant of the conversion, UTC"
converted_on    = "UTC day of the conversion"
converted_month = "Month of the conversion, YYYY-MM"
conversion_kind = "install, purchase or sign_up"
value_amount    = "What it is worth in the lake's currency, rounded to four digits; 0 where the log says nothing"
logged_amount   = "What it is worth in the currency named; null where the log says nothing"
currency        = "Code of the currency, upper-case; null where the log names none: the lake's own"
exchange_rate   = "Units of the lake's currency for one unit of the currency, as applied; null without a currency"
*/
with conversions as (
    select conversion_id, user_id, converted_at, converted_on, converted_month, conversion_kind, logged_amount, currency
    from silver.logged_conversions
    union all
    select
        conversion_id,
        user_id,
        converted_at,
        converted_on,
        converted_month,
        conversion_kind,
        cast(null as decimal(18, 4)) as logged_amount,
        cast(null as text) as currency
    from silver.ad_conversions
),

rates as (
    select * from silver.exchange_rates
)

select
    c.conversion_id as conversion_id,
    c.user_id as user_id,
    c.converted_at as converted_at,
    c.converted_on as converted_on,
    c.converted_month as converted_month,
    c.conversion_kind as conversion_kind,
    cast(case
        when c.logged_amount is null then 0
        when c.currency is null then c.logged_amount
        else round(c.logged_amount * r.exchange_rate, 4)
    end as decimal(18, 4)) as value_amount,
    c.logged_amount as logged_amount,
    c.currency as currency,
    r.exchange_rate as exchange_rate
from conversions as c
left join rates as r
    on c.currency = r.currency
    and c.converted_on >= r.valid_from_on
    and c.converted_on < r.valid_until_on
where c.currency is null or c.logged_amount is null or r.exchange_rate is not null
