/*
One row per request with how far it went: impression, click, install. Joins never multiply a request: of several
impressions of one request the smallest impression_id counts. Impressions of an unknown campaign, and
impressions outside their campaign's targeting, are kept and marked. A click or an install counts once its
impression is known; until then it waits in silver.clicks or silver.installs.

key          = ["request_id"]
first_by     = ["impression_id"]
kind         = "merge"
partition_by = ["requested_on"]

[columns]
request_id         = "Identifier of the request"
requested_at       = "Instant of the request, UTC; impression, click and install share it"
requested_on       = "UTC day of the request"
user_id            = "Identifier of the user; null when the request named none"
device_type        = "Kind of device, or Unknown"
network_type       = "Kind of network connection, or Unknown"
age_range          = "User's age bracket in years at request time, or Unknown"
gender             = "User's gender at request time: M, F or Unknown"
state              = "User's state code at request time, upper-case, or Unknown"
city               = "User's city at request time, or Unknown"
phone_price_range  = "Price bracket of the user's phone at request time, or Unknown"
phone_model        = "User's phone model at request time, or Unknown"
language           = "User's language at request time, or Unknown"
impression_id      = "Identifier of the impression; null when the request got none"
campaign_id        = "Identifier of the campaign as logged with the impression; null without one"
campaign_type      = "Pricing as logged with the impression: CPC, CPM, CPI or Unknown; null without an impression"
ad_position        = "Position of the ad on the screen, 1 = first; null without an impression"
is_impression      = "Whether the request got an impression"
is_click           = "Whether the ad was clicked, once or more"
is_install         = "Whether an install followed"
repeat_click_count = "Number of different clicks on the ad beyond the first: suspected fraud"
is_known_campaign  = "Whether the impression's campaign is in silver.campaigns; null without an impression"
is_in_targeting    = "Whether the request matches the campaign's targeting; null without a known campaign"

[expect.install_has_click]
that    = "is_click or not is_install"
on_fail = "warn"

[expect.known_campaign]
that    = "is_known_campaign is not false"
on_fail = "warn"

[expect.in_targeting]
that    = "is_in_targeting is not false"
on_fail = "warn"
*/
with requests as (
    select * from silver.requests
),

impressions as (
    select * from silver.impressions
),

clicks as (
    select * from silver.clicks
),

repeated_clicks as (
    select * from silver.repeated_clicks
),

installs as (
    select * from silver.installs
),

-- The lists as text, |CA|NY|: a substring search costs a quarter of a search through a list.
campaigns as (
    select
        campaign_id,
        '|' || array_to_string(target_states, '|') || '|' as target_states,
        '|' || array_to_string(target_age_ranges, '|') || '|' as target_age_ranges,
        '|' || array_to_string(target_genders, '|') || '|' as target_genders,
        '|' || array_to_string(target_device_types, '|') || '|' as target_device_types
    from silver.campaigns
),

-- What became of a request: few rows beside the requests, so these joins come first.
outcomes as (
    select
        i.id_md5,
        i.impression_id,
        i.campaign_id,
        i.campaign_type,
        i.ad_position,
        c.id_md5 is not null as is_click,
        n.id_md5 is not null as is_install,
        coalesce(m.repeat_click_count, 0) as repeat_click_count
    from impressions as i
    left join clicks as c on i.id_md5 = c.id_md5
    left join repeated_clicks as m on i.id_md5 = m.id_md5
    left join installs as n on i.id_md5 = n.id_md5
)

select
    r.request_id as request_id,
    r.requested_at as requested_at,
    r.requested_on as requested_on,
    r.user_id as user_id,
    r.device_type as device_type,
    r.network_type as network_type,
    r.age_range as age_range,
    r.gender as gender,
    r.state as state,
    r.city as city,
    r.phone_price_range as phone_price_range,
    r.phone_model as phone_model,
    r.language as language,
    o.impression_id as impression_id,
    o.campaign_id as campaign_id,
    o.campaign_type as campaign_type,
    o.ad_position as ad_position,
    o.impression_id is not null as is_impression,
    coalesce(o.is_click, false) as is_click,
    coalesce(o.is_install, false) as is_install,
    coalesce(o.repeat_click_count, 0) as repeat_click_count,
    case when o.impression_id is not null then k.campaign_id is not null end as is_known_campaign,
    case
        when k.campaign_id is not null then
            (k.target_states is null or contains(k.target_states, '|' || r.state || '|'))
            and (k.target_age_ranges is null or contains(k.target_age_ranges, '|' || r.age_range || '|'))
            and (k.target_genders is null or contains(k.target_genders, '|' || r.gender || '|'))
            and (k.target_device_types is null or contains(k.target_device_types, '|' || r.device_type || '|'))
    end as is_in_targeting
from requests as r
left join outcomes as o on r.id_md5 = o.id_md5
left join campaigns as k on o.campaign_id = k.campaign_id
