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

-- Impressions of one instant together: they do not know of each other.
instants as (
    select
        user_id,
        requested_at,
        count(*) as impression_count,
        count(*) filter (where is_click) as click_count
    from impressions
    group by user_id, requested_at
),

seen as (
    select
        user_id,
        requested_at,
        sum(impression_count) over earlier as impressions_before,
        sum(click_count) over earlier as clicks_before,
        max(requested_at) over earlier as last_impression_at
    from instants
    window earlier as (partition by user_id order by requested_at rows between unbounded preceding and 1 preceding)
)

select
    i.request_id as request_id,
    i.requested_on as requested_on,
    i.user_id as user_id,
    i.requested_at as requested_at,
    cast(coalesce(s.impressions_before, 0) as bigint) as impressions_before,
    cast(coalesce(s.clicks_before, 0) as bigint) as clicks_before,
    s.last_impression_at as last_impression_at
from impressions as i
left join seen as s on i.user_id = s.user_id and i.requested_at = s.requested_at
