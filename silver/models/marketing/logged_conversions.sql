/*
One row per conversion as the log tells it, typed: of several lines of one conversion the first in the source stays. Lines without
a conversion_id are told apart by user, instant, kind, value and currency. silver.conversions has the value in the lake's currency.

key          = ["conversion_id"]
first_by     = ["_source", "_line"]
kind         = "merge"
partition_by = ["converted_month"]

[columns]
conversion_id   = "Identifier of the conversion as logged, else row_md5 of its fields, in hexadecimal"
user_id         = "Identifier of the user"
converted_at    = "Instant of the conversion, UTC"
converted_on    = "UTC day of the conversion"
converted_month = "Month of the conversion, YYYY-MM"
conversion_kind = "install, purchase or sign_up"
logged_amount   = "What it is worth in the currency named, rounded to four digits; null where the log says nothing"
currency        = "Code of the currency, upper-case; null where the log names none"
_source         = "File the row came from"
_line           = "Line in that file, from 1"

[expect.has_user_id]
that    = "user_id is not null"
on_fail = "quarantine"

# Absurd but well-formed years would each open a partition of their own.
[expect.has_plausible_time]
that    = "converted_at is not null and converted_at >= timestamp '1970-01-01 00:00:00' and converted_at < timestamp '2100-01-01 00:00:00'"
on_fail = "quarantine"

[expect.known_kind]
that    = "conversion_kind in ('install', 'purchase', 'sign_up')"
on_fail = "quarantine"

# A refund is no conversion.
[expect.value_not_negative]
that    = "logged_amount is null or logged_amount >= 0"
on_fail = "quarantine"

[expect.purchase_has_value]
that    = "conversion_kind <> 'purchase' or logged_amount is not null"
on_fail = "warn"
*/
with raw as (
    select * from bronze.conversions
),

typed as (
    select
        clean(conversion_id) as logged_id,
        clean(user_id) as user_id,
        cast(clean(occurred_at) as timestamp) as converted_at,
        coalesce(regexp_replace(lower(clean(kind)), '^sign[ -]?up$', 'sign_up'), '') as conversion_kind,
        cast(clean(value) as decimal(18, 4)) as logged_amount,
        upper(clean(currency)) as currency,
        _source,
        _line
    from raw
)

select
    coalesce(logged_id, row_md5(user_id, cast(converted_at as bigint), conversion_kind, logged_amount, currency)) as conversion_id,
    user_id as user_id,
    converted_at as converted_at,
    cast(converted_at as date) as converted_on,
    substr(cast(cast(converted_at as date) as text), 1, 7) as converted_month,
    conversion_kind as conversion_kind,
    logged_amount as logged_amount,
    currency as currency,
    _source as _source,
    _line as _line
from typed
