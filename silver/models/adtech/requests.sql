/*
One row per ad request, typed and cleaned, with the user's attributes as they stood at that moment.
A request delivered twice stays once: the earliest, ties broken by its place in the source.

key          = ["request_id"]
first_by     = ["requested_at", "_source", "_line"]
kind         = "merge"
partition_by = ["requested_on"]

[columns]
request_id        = "Identifier of the request"
id_md5            = "MD5 of request_id in hexadecimal; links request, impression, click and install"
requested_at      = "Instant of the request, UTC"
requested_on      = "UTC day of the request"
user_id           = "Identifier of the user; null when the request named none"
device_type       = "Kind of device, or Unknown"
network_type      = "Kind of network connection, or Unknown"
age_range         = "User's age bracket in years at request time, or Unknown"
gender            = "User's gender at request time: M, F or Unknown"
state             = "User's state code at request time, upper-case, or Unknown"
city              = "User's city at request time, or Unknown"
phone_price_range = "Price bracket of the user's phone at request time, or Unknown"
phone_model       = "User's phone model at request time, or Unknown"
language          = "User's language at request time, or Unknown"
has_request       = "The log's own flag that this is a request; null when the log left it empty"
_source           = "File the row came from"
_line             = "Line in that file, from 1"

[expect.has_request_id]
that    = "request_id is not null"
on_fail = "quarantine"

[expect.has_id_md5]
that    = "id_md5 is not null"
on_fail = "quarantine"

# Absurd but well-formed years would each open a partition of their own.
[expect.has_plausible_time]
that    = "requested_at is not null and requested_at >= timestamp '2000-01-01 00:00:00' and requested_at < timestamp '2100-01-01 00:00:00'"
on_fail = "quarantine"

[expect.is_a_request]
that    = "has_request is not false"
on_fail = "quarantine"
*/
with raw as (
    select * from bronze.requests
),

typed as (
    select
        *,
        cast(clean("timestamp") as timestamp) as requested_at
    from raw
)

select
    clean(request_id) as request_id,
    lower(clean(id_md5)) as id_md5,
    requested_at as requested_at,
    cast(requested_at as date) as requested_on,
    clean(user_id) as user_id,
    clean(device_type, 'Unknown') as device_type,
    clean(network_type, 'Unknown') as network_type,
    clean(age_range, 'Unknown') as age_range,
    case lower(clean(gender))
        when 'm' then 'M' when 'male' then 'M' when 'man' then 'M'
        when 'f' then 'F' when 'female' then 'F' when 'woman' then 'F'
        else 'Unknown'
    end as gender,
    coalesce(upper(clean(state)), 'Unknown') as state,
    clean(city, 'Unknown') as city,
    clean(phone_price_range, 'Unknown') as phone_price_range,
    clean(phone_model, 'Unknown') as phone_model,
    clean(language, 'Unknown') as language,
    cast(clean(has_request) as boolean) as has_request,
    _source as _source,
    _line as _line
from typed
