/*
One line per click, as it arrived.

kind = "append"

# The columns that later layers ask for. A file without one of them lands all the same, with nulls; further columns
# land as well.
[columns]
id_md5    = "MD5 of the request's request_id"
click_id  = "Identifier of the click"
has_click = "1"
user_id   = "Identifier of the user"
*/
select * from source.clicks
