/*
One row per line of a file of counted paths, typed. A path may be on several lines: silver.journey_paths sums them.

key  = ["_source", "_line"]
kind = "merge"

[columns]
path             = "Channels of the touches from first to last, separated by ' > '"
conversion_count = "Number of journeys on this path that ended in a conversion"
value_amount     = "Value of these conversions in the lake's currency, rounded to ten digits"
null_count       = "Number of journeys on this path that ended without one; 0 where the log says nothing"
_source          = "File the row came from"
_line            = "Line in that file, from 1"

[expect.has_path]
that    = "path is not null"
on_fail = "quarantine"

[expect.counts_not_negative]
that    = "conversion_count is not null and conversion_count >= 0 and null_count >= 0"
on_fail = "quarantine"

[expect.value_not_negative]
that    = "value_amount >= 0"
on_fail = "quarantine"
*/
with raw as (
    select * from bronze.journey_paths
)

select
    regexp_replace(clean(path), ' *> *', ' > ', 'g') as path,
    cast(regexp_replace(clean(total_conversions), '^([0-9]+)[.]0+$', '${1}') as bigint) as conversion_count,
    cast(coalesce(clean(total_conversion_value), '0') as decimal(28, 10)) as value_amount,
    cast(regexp_replace(coalesce(clean(total_null), '0'), '^([0-9]+)[.]0+$', '${1}') as bigint) as null_count,
    _source as _source,
    _line as _line
from raw
