/*
One line per app install, as it arrived. Not every log has installs: the table is empty then.

kind = "append"

# The columns that later layers ask for. A file without one of them lands all the same, with nulls; further columns
# land as well.
[columns]
id_md5      = "MD5 of the request's request_id"
install_id  = "Identifier of the install"
has_install = "1"
install_at  = "Instant of the install, UTC"
*/
select * from source.installs
