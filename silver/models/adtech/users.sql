/*
One row per user of the profile table, cleaned. What a user looked like at the time of a request stands in
silver.requests; this is the profile as delivered. Of two rows for one user the first in the source stays.

key      = ["user_id"]
first_by = ["_source", "_line"]
kind     = "merge"

[columns]
user_id           = "Identifier of the user"
age_range         = "Age bracket in years, or Unknown"
gender            = "Gender: M, F or Unknown"
state             = "State code, upper-case, or Unknown"
city              = "City, or Unknown"
phone_price_range = "Price bracket of the phone, or Unknown"
phone_model       = "Phone model, or Unknown"
language          = "Language, or Unknown"
_source           = "File the row came from"
_line             = "Line in that file, from 1"

[expect.has_user_id]
that    = "user_id is not null"
on_fail = "quarantine"
*/
with raw as (
    select * from bronze.user_profile
)

select
    case when trim(user_id) not in ('', 'null', 'NULL') then trim(user_id) end as user_id,
    case when trim(age_range) not in ('', 'null', 'NULL') then trim(age_range) else 'Unknown' end as age_range,
    case lower(trim(gender))
        when 'm' then 'M' when 'male' then 'M' when 'man' then 'M'
        when 'f' then 'F' when 'female' then 'F' when 'woman' then 'F'
        else 'Unknown'
    end as gender,
    case when upper(trim(state)) not in ('', 'NULL', 'UNKNOWN') then upper(trim(state)) else 'Unknown' end as state,
    case when trim(city) not in ('', 'null', 'NULL') then trim(city) else 'Unknown' end as city,
    case when trim(phone_price_range) not in ('', 'null', 'NULL') then trim(phone_price_range) else 'Unknown' end as phone_price_range,
    case when trim(phone_model) not in ('', 'null', 'NULL') then trim(phone_model) else 'Unknown' end as phone_model,
    case when trim(language) not in ('', 'null', 'NULL') then trim(language) else 'Unknown' end as language,
    _source as _source,
    _line as _line
from raw
