/*
One row per user and app, with the app's category and genres. A user may have several apps. Of two rows for one
pair the first in the source stays.

key      = ["user_id", "app_id"]
first_by = ["_source", "_line"]
kind     = "merge"

[columns]
user_id         = "Identifier of the user"
app_id          = "Identifier of the app"
app_cat         = "Category of the app, or Unknown"
primary_genre   = "Main genre of the app, such as Videos or Shopping, or Unknown"
secondary_genre = "Second genre of the app, or Unknown"
_source         = "File the row came from"
_line           = "Line in that file, from 1"

[expect.has_user_id]
that    = "user_id is not null"
on_fail = "quarantine"

[expect.has_app_id]
that    = "app_id is not null"
on_fail = "quarantine"
*/
with raw as (
    select * from bronze.user_app_genre
)

select
    case when trim(user_id) not in ('', 'null', 'NULL') then trim(user_id) end as user_id,
    nullif(trim(app_id), '') as app_id,
    case when trim(app_cat) not in ('', 'null', 'NULL') then trim(app_cat) else 'Unknown' end as app_cat,
    case when trim(primary_genre) not in ('', 'null', 'NULL') then trim(primary_genre) else 'Unknown' end as primary_genre,
    case when trim(secondary_genre) not in ('', 'null', 'NULL') then trim(secondary_genre) else 'Unknown' end as secondary_genre,
    _source as _source,
    _line as _line
from raw
