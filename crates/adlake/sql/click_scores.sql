/*
One row per impression: how likely a click was by a registered click model, and what revenue was to be expected. Written by `adlake score
click`; another model scores all impressions anew.

key          = ["request_id"]
kind         = "merge"
partition_by = ["requested_on"]

[columns]
request_id           = "Identifier of the request that got the impression"
impression_id        = "Identifier of the impression"
requested_at         = "Instant of the request, UTC"
requested_on         = "UTC day of the request"
campaign_id          = "Identifier of the campaign, or Unknown"
campaign_type        = "Pricing: CPC, CPM, CPI or Unknown"
model                = "The registered model and its version, such as click/3"
click_probability    = "How likely a click was, 0 to 1, as known just before the impression"
expected_revenue_usd = "US dollars to expect: CPC rate times the probability, CPM rate / 1000, a tenth of the CPI rate times the probability; 0 for an unknown campaign"
*/
with features as (
    select * from features.click_features
),

facts as (
    select request_id, billing_rate_usd from gold.click_facts
),

scored as (
    select
        f.request_id,
        f.impression_id,
        f.requested_at,
        f.requested_on,
        f.campaign_id,
        f.campaign_type,
        cast(coalesce(r.billing_rate_usd, 0) as double) as billing_rate_usd,
        click_probability(
            '{model}',
            f.hour_of_day,
            f.day_of_week,
            f.age_range,
            f.gender,
            f.state,
            f.phone_price_range,
            f.phone_model,
            f.language,
            f.device_type,
            f.network_type,
            f.app_id,
            f.primary_genre,
            f.campaign_id,
            f.advertiser_id,
            f.campaign_type,
            f.ad_position,
            f.is_in_targeting,
            f.is_affinity_match,
            f.affinity_signal,
            f.base_click_rate,
            f.campaign_click_rate,
            f.campaign_impressions,
            f.app_click_rate,
            f.app_impressions,
            f.segment_click_rate,
            f.campaign_app_click_rate,
            f.campaign_segment_click_rate,
            f.app_segment_click_rate,
            f.campaign_genre_click_rate,
            f.user_click_rate,
            f.user_impressions,
            f.seconds_since_user_impression
        ) as click_probability
    from features as f
    left join facts as r on f.request_id = r.request_id
)

select
    request_id as request_id,
    impression_id as impression_id,
    requested_at as requested_at,
    requested_on as requested_on,
    campaign_id as campaign_id,
    campaign_type as campaign_type,
    '{model}' as model,
    click_probability as click_probability,
    case campaign_type
        when 'CPC' then billing_rate_usd * click_probability
        when 'CPM' then billing_rate_usd / 1000
        when 'CPI' then billing_rate_usd / 10 * click_probability
        else 0e0
    end as expected_revenue_usd
from scored
