/*
One row per request that got an impression: who saw which ad, where, whether it was clicked and what it earned. The
denormalised fact that the daily tables and the click model read. Only the first click on an ad is paid. revenue_usd counts what the logs show; estimated_revenue_usd differs for CPI campaigns only,
where it supposes one install per ten clicks, so that a lake without install logs has a figure too.

key          = ["request_id"]
kind         = "merge"
partition_by = ["requested_on"]

[columns]
request_id            = "Identifier of the request"
impression_id         = "Identifier of the impression"
requested_at          = "Instant of the request, UTC"
requested_on          = "UTC day of the request"
user_id               = "Identifier of the user; null when the request named none"
age_range             = "User's age bracket in years at request time, or Unknown"
gender                = "User's gender at request time: M, F or Unknown"
state                 = "User's state code at request time, upper-case, or Unknown"
city                  = "User's city at request time, or Unknown"
phone_price_range     = "Price bracket of the user's phone at request time, or Unknown"
phone_model           = "User's phone model at request time, or Unknown"
language              = "User's language at request time, or Unknown"
device_type           = "Kind of device, or Unknown"
network_type          = "Kind of network connection, or Unknown"
app_id                = "Identifier of the user's main app, or Unknown"
primary_genre         = "Main genre of the user's main app, or Unknown"
campaign_id           = "Identifier of the campaign as logged, or Unknown when the log named none"
advertiser_id         = "Identifier of the advertiser, or Unknown for an unknown campaign"
campaign_type         = "CPC, CPM, CPI or Unknown: the campaign's own, or the logged one for an unknown campaign"
billing_rate_usd      = "Price in US dollars per click (CPC), thousand impressions (CPM) or install (CPI); null for an unknown campaign"
ad_position           = "Position of the ad on the screen, 1 = first"
is_known_campaign     = "Whether the campaign is in silver.campaigns"
is_in_targeting       = "Whether the request matches the campaign's targeting; null for an unknown campaign"
is_affinity_match     = "Whether genre and pricing go together: Videos with CPM, or Shopping with CPC"
is_click              = "Whether the ad was clicked, once or more"
is_install            = "Whether an install followed"
repeat_click_count    = "Number of different clicks on the ad beyond the first: suspected fraud, unpaid"
revenue_usd           = "US dollars earned: CPC rate per first click, CPM rate / 1000, CPI rate per install; 0 for an unknown campaign"
estimated_revenue_usd = "US dollars as revenue_usd, but a tenth of the CPI rate per first click instead of the rate per install"

[expect.revenue_not_negative]
that    = "revenue_usd >= 0 and estimated_revenue_usd >= 0"
on_fail = "fail"
*/
with impressions as (
    select * from silver.ad_funnel where is_impression
),

main_apps as (
    select * from silver.user_main_apps
),

-- What each event of a campaign earns, in US dollars; seven digits, so that a thousandth of a rate is exact.
campaigns as (
    select
        campaign_id,
        advertiser_id,
        campaign_type,
        billing_rate_usd,
        cast(case when campaign_type = 'CPM' then billing_rate_usd / 1000 else 0 end as decimal(18, 7)) as usd_per_impression,
        cast(case when campaign_type = 'CPC' then billing_rate_usd else 0 end as decimal(18, 7)) as usd_per_click,
        cast(case when campaign_type = 'CPI' then billing_rate_usd else 0 end as decimal(18, 7)) as usd_per_install,
        cast(case when campaign_type = 'CPI' then billing_rate_usd / 10 else 0 end as decimal(18, 7)) as estimated_install_usd_per_click
    from silver.campaigns
),

joined as (
    select
        i.*,
        k.advertiser_id,
        k.billing_rate_usd,
        coalesce(k.campaign_type, i.campaign_type) as paid_by,
        coalesce(a.app_id, 'Unknown') as app_id,
        coalesce(a.primary_genre, 'Unknown') as primary_genre,
        coalesce(k.usd_per_impression, 0) as impression_usd,
        case when i.is_click then coalesce(k.usd_per_click, 0) else 0 end as click_usd,
        case when i.is_install then coalesce(k.usd_per_install, 0) else 0 end as install_usd,
        case when i.is_click then coalesce(k.estimated_install_usd_per_click, 0) else 0 end as estimated_install_usd
    from impressions as i
    left join campaigns as k on i.campaign_id = k.campaign_id
    left join main_apps as a on i.user_id = a.user_id
)

select
    request_id as request_id,
    impression_id as impression_id,
    requested_at as requested_at,
    requested_on as requested_on,
    user_id as user_id,
    age_range as age_range,
    gender as gender,
    state as state,
    city as city,
    phone_price_range as phone_price_range,
    phone_model as phone_model,
    language as language,
    device_type as device_type,
    network_type as network_type,
    app_id as app_id,
    primary_genre as primary_genre,
    coalesce(campaign_id, 'Unknown') as campaign_id,
    coalesce(advertiser_id, 'Unknown') as advertiser_id,
    paid_by as campaign_type,
    billing_rate_usd as billing_rate_usd,
    ad_position as ad_position,
    is_known_campaign as is_known_campaign,
    is_in_targeting as is_in_targeting,
    (primary_genre = 'Videos' and paid_by = 'CPM') or (primary_genre = 'Shopping' and paid_by = 'CPC') as is_affinity_match,
    is_click as is_click,
    is_install as is_install,
    repeat_click_count as repeat_click_count,
    cast(impression_usd + click_usd + install_usd as decimal(18, 7)) as revenue_usd,
    cast(impression_usd + click_usd + estimated_install_usd as decimal(18, 7)) as estimated_revenue_usd
from joined
