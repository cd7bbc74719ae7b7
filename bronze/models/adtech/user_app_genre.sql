/*
One line per user and app, with the app's genres, as it arrived.

kind = "append"

# The columns that later layers ask for. A file without one of them lands all the same, with nulls; further columns
# land as well.
[columns]
user_id         = "Identifier of the user"
app_id          = "Identifier of the app"
app_cat         = "Category of the app"
primary_genre   = "First genre of the app"
secondary_genre = "Second genre of the app"
*/
select * from source.user_app_genre
