/*
One row per impression of a known user: what the user had seen and clicked before, at whatever distance. Impressions of the same
instant do not know of each other.

key          = ["request_id"]
kind         = "merge"
partition_by = ["requested_on"]

[columns]
request_id         = "Identifier of the request that got the impression"
requested_on       = "UTC day of the request"
user_id            = "Identifier of the user"
requested_at       = "Instant of the request, UTC"
impressions_before = "Number of the user's earlier impressions"
clicks_before      = "Number of the user's earlier impressions that were clicked"
impressions_in_day = "Number of the user's impressions in the 24 hours before"
last_impression_at = "Instant of the user's last earlier impression, UTC; null for the first"
*/
with impressions as (
    select
        request_id,
        requested_on,
        user_id,
        requested_at,
        is_click
    from gold.click_facts
    where user_id is not null
),

seen as (
    select
        request_id,
        requested_on,
        user_id,
        requested_at,
        count(*) over earlier as impressions_before,
        count(*) filter (where is_click) over earlier as clicks_before,
        count(*) over (partition by user_id order by requested_at range between interval '1 day' preceding and interval '1 microsecond' preceding) as impressions_in_day,
        max(requested_at) over earlier as last_impression_at
    from impressions
    window earlier as (partition by user_id order by requested_at range between unbounded preceding and interval '1 microsecond' preceding)
)

select
    request_id as request_id,
    requested_on as requested_on,
    user_id as user_id,
    requested_at as requested_at,
    impressions_before as impressions_before,
    clicks_before as clicks_before,
    impressions_in_day as impressions_in_day,
    last_impression_at as last_impression_at
from seen
