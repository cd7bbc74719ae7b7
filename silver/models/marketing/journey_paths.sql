/*
One row per path of channels that was delivered already counted, typed. Equal paths, however they are spaced, are summed.

key  = ["path"]
kind = "merge"

[columns]
path             = "Channels of the touches from first to last, separated by ' > '"
conversion_count = "Number of journeys on this path that ended in a conversion"
value_amount     = "Value of these conversions in the lake's currency"
null_count       = "Number of journeys on this path that ended without one"
*/
with paths as (
    select * from silver.logged_journey_paths
)

select
    path as path,
    cast(sum(conversion_count) as bigint) as conversion_count,
    cast(sum(value_amount) as decimal(38, 10)) as value_amount,
    cast(sum(null_count) as bigint) as null_count
from paths
group by path
