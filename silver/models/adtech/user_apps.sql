/*
One row per user and app, with the app's category and genres. A user may have several apps. Of several rows for one
pair the last in the source stays.

key      = ["user_id", "app_id"]
last_by  = ["_source", "_line"]
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
    clean(user_id) as user_id,
    clean(app_id) as app_id,
    clean(app_cat, 'Unknown') as app_cat,
    clean(primary_genre, 'Unknown') as primary_genre,
    clean(secondary_genre, 'Unknown') as secondary_genre,
    _source as _source,
    _line as _line
from raw
