/*
One row per served impression,
typed and deduplicated.

key      = ["impression_id"]
first_by = ["requested_at", "_line"]     # the earliest stays
kind     = "merge"

[columns]
impression_id = "Identifier"
requested_at  = "Instant of the request, UTC"
_line         = "Line of the file"

[expect.has_id]
that    = "impression_id is not null"
on_fail = "quarantine"
*/
with raw as (select * from bronze.impressions)

select
    i.impression_id,
    cast(i.requested_at as timestamp) as requested_at,
    i._line as _line
from raw as i;
