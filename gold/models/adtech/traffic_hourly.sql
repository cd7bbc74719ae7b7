/*
One row per UTC day and hour with traffic: requests and how far they went.

key          = ["requested_on", "hour_of_day"]
kind         = "replace_partitions"
partition_by = ["requested_on"]

[columns]
requested_on     = "UTC day of the requests"
hour_of_day      = "Hour of the requests, 0 to 23, UTC"
request_count    = "Number of requests"
impression_count = "Number of requests that got an impression"
click_count      = "Number of impressions clicked"
install_count    = "Number of impressions followed by an install, which may come hours later"
fill_rate        = "Impressions per request, 0 to 1"
click_rate       = "Clicks per impression, 0 to 1; null without an impression"
*/
with funnel as (
    select
        *,
        cast(date_part('hour', requested_at) as int) as hour_of_day
    from silver.ad_funnel
),

summed as (
    select
        requested_on,
        hour_of_day,
        count(*) as request_count,
        sum(case when is_impression then 1 else 0 end) as impression_count,
        sum(case when is_click then 1 else 0 end) as click_count,
        sum(case when is_install then 1 else 0 end) as install_count
    from funnel
    group by requested_on, hour_of_day
)

select
    requested_on as requested_on,
    hour_of_day as hour_of_day,
    request_count as request_count,
    impression_count as impression_count,
    click_count as click_count,
    install_count as install_count,
    cast(impression_count as double) / request_count as fill_rate,
    cast(click_count as double) / nullif(impression_count, 0) as click_rate
from summed
