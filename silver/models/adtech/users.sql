/*
One row per user of the profile table, cleaned. What a user looked like at the time of a request stands in
silver.requests; this is the profile as delivered. Of several rows for one user the last
in the source stays: by file name, then line; a file that changed comes after what it held before.

key      = ["user_id"]
last_by  = ["_source", "_line"]
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
    clean(user_id) as user_id,
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
    _source as _source,
    _line as _line
from raw
