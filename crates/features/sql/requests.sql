-- All requests, shown an ad or not, with what was known of each when it was over. Not for honest models: a request that got no ad
-- cannot be clicked.
select
    request_id as request_id,
    requested_at as requested_at,
    user_id as user_id,
    cast(extract(hour from requested_at at time zone $time_zone) as int) as hour_of_day,
    cast(extract(isodow from requested_at at time zone $time_zone) as int) as day_of_week,
    age_range as age_range,
    gender as gender,
    state as state,
    phone_price_range as phone_price_range,
    phone_model as phone_model,
    language as language,
    device_type as device_type,
    network_type as network_type,
    campaign_type as campaign_type,
    ad_position as ad_position,
    is_click as is_click
from silver.ad_funnel
