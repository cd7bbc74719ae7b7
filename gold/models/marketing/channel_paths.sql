/*
One row per path of channels, with how often it ended in a conversion and how often not: the form that attribution models of paths
read. Journeys of the lake (journeys) and paths that were delivered already counted (counted) are kept apart. Paths without conversion
that a conversion may still claim are counted as such until one does. Conversions with an empty path are the row with an empty path.

key  = ["path_source", "path"]
kind = "merge"

[columns]
path_source      = "journeys: from silver.journeys; counted: from silver.journey_paths"
path             = "Channels of the steps from first to last, separated by ' > '; empty for conversions without a touch"
conversion_count = "Number of journeys on this path that ended in a conversion"
value_amount     = "Value of these conversions in the lake's currency"
null_count       = "Number of journeys on this path that ended without one"
*/
with journeys as (
    select * from silver.journeys
),

counted as (
    select * from silver.journey_paths
),

paths as (
    select
        'journeys' as path_source,
        path,
        sum(case when is_converted then 1 else 0 end) as conversion_count,
        sum(coalesce(value_amount, 0)) as value_amount,
        sum(case when is_converted then 0 else 1 end) as null_count
    from journeys
    group by path
    union all
    select 'counted', path, conversion_count, value_amount, null_count
    from counted
)

select
    path_source as path_source,
    path as path,
    cast(conversion_count as bigint) as conversion_count,
    cast(value_amount as decimal(38, 10)) as value_amount,
    cast(null_count as bigint) as null_count
from paths
