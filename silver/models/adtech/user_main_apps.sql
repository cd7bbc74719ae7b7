/*
One row per user with the app that stands for the user's taste: of several apps the one with the smallest app_id. Facts join
this table, so that a user with many apps does not multiply them.

key      = ["user_id"]
first_by = ["app_id"]
kind     = "merge"

[columns]
user_id       = "Identifier of the user"
app_id        = "Identifier of the app"
primary_genre = "Main genre of the app, such as Videos or Shopping, or Unknown"
*/
with user_apps as (
    select * from silver.user_apps
)

select
    user_id as user_id,
    app_id as app_id,
    primary_genre as primary_genre
from user_apps
