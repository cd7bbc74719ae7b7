/*
One row per request that led to an install: of several the earliest stays, ties broken by its place in the
source. An install whose time is missing is kept; it sorts last.

key      = ["id_md5"]
first_by = ["installed_at", "_source", "_line"]
kind     = "merge"

[columns]
id_md5       = "MD5 of the request_id, in hexadecimal, whose ad led to the install"
install_id   = "Identifier of the install that stays"
installed_at = "Instant of the install, UTC; null when the log left it empty"
has_install  = "The log's own flag that this is an install; null when the log left it empty"
_source      = "File the row came from"
_line        = "Line in that file, from 1"

[expect.has_id_md5]
that    = "id_md5 is not null"
on_fail = "quarantine"

[expect.has_install_id]
that    = "install_id is not null"
on_fail = "warn"

[expect.is_an_install]
that    = "has_install is not false"
on_fail = "quarantine"
*/
with raw as (
    select * from bronze.installs
)

select
    lower(clean(id_md5)) as id_md5,
    clean(install_id) as install_id,
    cast(clean(install_at) as timestamp) as installed_at,
    cast(clean(has_install) as boolean) as has_install,
    _source as _source,
    _line as _line
from raw
