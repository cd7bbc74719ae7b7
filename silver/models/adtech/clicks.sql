/*
One row per clicked request: of several clicks on one ad the first in the source stays. The others are not
lost, they are counted in silver.repeated_clicks as suspected fraud. A click has no time of its own.

key      = ["id_md5"]
first_by = ["_source", "_line"]
kind     = "merge"

[columns]
id_md5    = "MD5 of the request_id, in hexadecimal, whose ad was clicked"
click_id  = "Identifier of the click that stays"
user_id   = "Identifier of the user who clicked, as logged with the click; null when the log named none"
has_click = "The log's own flag that this is a click; null when the log left it empty"
_source   = "File the row came from"
_line     = "Line in that file, from 1"

[expect.has_id_md5]
that    = "id_md5 is not null"
on_fail = "quarantine"

[expect.has_click_id]
that    = "click_id is not null"
on_fail = "quarantine"

[expect.is_a_click]
that    = "has_click is not false"
on_fail = "quarantine"
*/
with raw as (
    select * from bronze.clicks
)

select
    lower(clean(id_md5)) as id_md5,
    clean(click_id) as click_id,
    clean(user_id) as user_id,
    cast(clean(has_click) as boolean) as has_click,
    _source as _source,
    _line as _line
from raw
