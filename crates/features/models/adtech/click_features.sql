/*
One row per impression: what a click model may know of it, and whether it was clicked. No feature knows anything of the impression's own
time or later, but for what the request and the ad themselves say: rates of the past stop at the midnight before, a user's history at
the instant before. Rates are drawn towards what is expected (empirical Bayes): of one group the base rate, of two together what both
make likely. Null where nothing was known yet. docs/features.md says from when each is known.

key          = ["request_id"]
kind         = "merge"
partition_by = ["requested_on"]

[parameters]
time_zone = { default = "UTC", description = "Where hours and days of the week are told, such as Europe/Berlin or +05:30; other days are of UTC" }

[columns]
request_id                    = "Identifier of the request that got the impression"
impression_id                 = "Identifier of the impression"
requested_at                  = "Instant of the request, UTC; the event time"
requested_on                  = "UTC day of the request"
user_id                       = "Identifier of the user; null when the request named none"
hour_of_day                   = "Hour of the request in the time zone, 0 to 23"
day_of_week                   = "Day of the week of the request in the time zone, ISO: 1 = Monday to 7 = Sunday"
age_range                     = "User's age bracket in years, or Unknown"
gender                        = "User's gender: M, F or Unknown"
state                         = "User's state code, or Unknown"
phone_price_range             = "Price bracket of the user's phone, or Unknown"
phone_model                   = "User's phone model, or Unknown"
language                      = "User's language, or Unknown"
device_type                   = "Kind of device, or Unknown"
network_type                  = "Kind of network connection, or Unknown"
app_id                        = "Identifier of the user's main app, or Unknown"
primary_genre                 = "Main genre of the user's main app, or Unknown"
campaign_id                   = "Identifier of the campaign, or Unknown"
advertiser_id                 = "Identifier of the advertiser, or Unknown"
campaign_type                 = "Pricing: CPC, CPM, CPI or Unknown"
ad_position                   = "Position of the ad on the screen, 1 = first"
is_in_targeting               = "1 where the request matches the campaign's targeting, else 0; null for an unknown campaign"
is_affinity_match             = "1 where genre and pricing go together (Videos with CPM, Shopping with CPC), else 0"
affinity_signal               = "How much likelier a click is for genre and pricing together than on average: smoothed log-odds lift, 0 = as usual"
base_click_rate               = "Clicks per impression of all earlier days, 0 to 1"
campaign_click_rate           = "Smoothed clicks per impression of the campaign, 0 to 1"
campaign_impressions          = "Number of the campaign's impressions on earlier days"
app_click_rate                = "Smoothed clicks per impression of users of the app, 0 to 1"
app_impressions               = "Number of impressions of the app's users on earlier days"
segment_click_rate            = "Smoothed clicks per impression of users of the same gender and age bracket, 0 to 1"
campaign_app_click_rate       = "Smoothed clicks per impression of campaign and app together, 0 to 1"
campaign_segment_click_rate   = "Smoothed clicks per impression of campaign and segment together, 0 to 1"
app_segment_click_rate        = "Smoothed clicks per impression of app and segment together, 0 to 1"
campaign_genre_click_rate     = "Smoothed clicks per impression of campaign and genre together, 0 to 1"
user_click_rate               = "Smoothed clicks per impression of the user, 0 to 1; the base rate weighs 20 impressions"
user_impressions              = "Number of the user's earlier impressions; null when the request named no user"
seconds_since_user_impression = "Seconds since the user's last earlier impression; null for the first"
is_click                      = "Whether the ad was clicked: what a model learns, known after the impression"

[expect.rates_are_shares]
that    = "coalesce(campaign_click_rate, 0) between 0 and 1 and coalesce(user_click_rate, 0) between 0 and 1"
on_fail = "fail"
*/
with facts as (
    select
        *,
        gender || ' ' || age_range as segment
    from gold.click_facts
),

users as (
    select * from features.user_history
),

-- Per grain the base rate, how much rates of chance differ, and how much more those of the groups do.
spreads as (
    select
        requested_on,
        grain,
        cast(clicks_before as double) / impressions_before as base_rate,
        cast(clicks_before as double) / impressions_before * (1 - cast(clicks_before as double) / impressions_before) as chance,
        (
            click_shares_before - cast(clicks_before as double) * clicks_before / impressions_before
            - (groups_before - 1) * (cast(clicks_before as double) / impressions_before) * (1 - cast(clicks_before as double) / impressions_before)
        ) / nullif(impressions_before - squared_impressions_before / impressions_before, 0) as variance
    from features.click_moments
    where impressions_before > 0
),

-- How many impressions at the base rate the expectation weighs: few where groups differ much.
priors as (
    select
        requested_on,
        grain,
        base_rate,
        case when variance > 0 then least(greatest(chance / variance - 1, 1e0), 1e5) else 1e5 end as prior_impressions
    from spreads
),

rates as (
    select
        h.requested_on,
        h.grain,
        h.member,
        h.other,
        h.impressions_before as n,
        h.clicks_before as x,
        p.prior_impressions as k,
        (h.clicks_before + p.prior_impressions * p.base_rate) / (h.impressions_before + p.prior_impressions) as rate
    from features.click_history as h
    left join priors as p on h.requested_on = p.requested_on and h.grain = p.grain
    -- A group's first day knows no more of it than no day does.
    where h.impressions_before > 0
),

history as (
    select
        *,
        rate / nullif(1 - rate, 0) as odds
    from rates
),

base as (
    select requested_on, rate, odds from history where grain = 'all'
),

campaigns as (
    select requested_on, member as campaign_id, n, rate, odds from history where grain = 'campaign'
),

apps as (
    select requested_on, member as app_id, n, rate, odds from history where grain = 'app'
),

segments as (
    select requested_on, member as segment, rate, odds from history where grain = 'segment'
),

genre_types as (
    select requested_on, member as primary_genre, other as campaign_type, odds from history where grain = 'genre_type'
),

campaign_apps as (
    select requested_on, member as campaign_id, other as app_id, n, x, k from history where grain = 'campaign_app'
),

campaign_segments as (
    select requested_on, member as campaign_id, other as segment, n, x, k from history where grain = 'campaign_segment'
),

app_segments as (
    select requested_on, member as app_id, other as segment, n, x, k from history where grain = 'app_segment'
),

campaign_genres as (
    select requested_on, member as campaign_id, other as primary_genre, n, x, k from history where grain = 'campaign_genre'
),

-- Groups that nobody knew yet are as likely as all.
joined as (
    select
        f.*,
        b.rate as base_rate,
        coalesce(c.rate, b.rate) as campaign_rate,
        coalesce(c.n, 0) as campaign_impressions,
        coalesce(a.rate, b.rate) as app_rate,
        coalesce(a.n, 0) as app_impressions,
        coalesce(s.rate, b.rate) as segment_rate,
        ln(nullif(coalesce(g.odds, b.odds) / nullif(b.odds, 0), 0)) as affinity_signal,
        -- The odds of a click that two groups together make likely, before their own past speaks.
        coalesce(c.odds, b.odds) * coalesce(a.odds, b.odds) / nullif(b.odds, 0) as campaign_app_odds,
        coalesce(c.odds, b.odds) * coalesce(s.odds, b.odds) / nullif(b.odds, 0) as campaign_segment_odds,
        coalesce(a.odds, b.odds) * coalesce(s.odds, b.odds) / nullif(b.odds, 0) as app_segment_odds,
        ca.n as campaign_app_n,
        ca.x as campaign_app_x,
        ca.k as campaign_app_k,
        cs.n as campaign_segment_n,
        cs.x as campaign_segment_x,
        cs.k as campaign_segment_k,
        s2.n as app_segment_n,
        s2.x as app_segment_x,
        s2.k as app_segment_k,
        cg.n as campaign_genre_n,
        cg.x as campaign_genre_x,
        cg.k as campaign_genre_k,
        u.impressions_before as user_impressions,
        u.clicks_before as user_clicks,
        u.last_impression_at as user_last_impression_at
    from facts as f
    left join base as b on f.requested_on = b.requested_on
    left join campaigns as c on f.requested_on = c.requested_on and f.campaign_id = c.campaign_id
    left join apps as a on f.requested_on = a.requested_on and f.app_id = a.app_id
    left join segments as s on f.requested_on = s.requested_on and f.segment = s.segment
    left join genre_types as g on f.requested_on = g.requested_on and f.primary_genre = g.primary_genre and f.campaign_type = g.campaign_type
    left join campaign_apps as ca on f.requested_on = ca.requested_on and f.campaign_id = ca.campaign_id and f.app_id = ca.app_id
    left join campaign_segments as cs on f.requested_on = cs.requested_on and f.campaign_id = cs.campaign_id and f.segment = cs.segment
    left join app_segments as s2 on f.requested_on = s2.requested_on and f.app_id = s2.app_id and f.segment = s2.segment
    left join campaign_genres as cg on f.requested_on = cg.requested_on and f.campaign_id = cg.campaign_id and f.primary_genre = cg.primary_genre
    left join users as u on f.request_id = u.request_id
),

expected as (
    select
        *,
        campaign_app_odds / (1 + campaign_app_odds) as campaign_app_prior,
        campaign_segment_odds / (1 + campaign_segment_odds) as campaign_segment_prior,
        app_segment_odds / (1 + app_segment_odds) as app_segment_prior
    from joined
)

select
    request_id as request_id,
    impression_id as impression_id,
    requested_at as requested_at,
    requested_on as requested_on,
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
    app_id as app_id,
    primary_genre as primary_genre,
    campaign_id as campaign_id,
    advertiser_id as advertiser_id,
    campaign_type as campaign_type,
    ad_position as ad_position,
    cast(is_in_targeting as int) as is_in_targeting,
    cast(is_affinity_match as int) as is_affinity_match,
    affinity_signal as affinity_signal,
    base_rate as base_click_rate,
    campaign_rate as campaign_click_rate,
    campaign_impressions as campaign_impressions,
    app_rate as app_click_rate,
    app_impressions as app_impressions,
    segment_rate as segment_click_rate,
    coalesce((campaign_app_x + campaign_app_k * campaign_app_prior) / (campaign_app_n + campaign_app_k), campaign_app_prior) as campaign_app_click_rate,
    coalesce((campaign_segment_x + campaign_segment_k * campaign_segment_prior) / (campaign_segment_n + campaign_segment_k), campaign_segment_prior) as campaign_segment_click_rate,
    coalesce((app_segment_x + app_segment_k * app_segment_prior) / (app_segment_n + app_segment_k), app_segment_prior) as app_segment_click_rate,
    coalesce((campaign_genre_x + campaign_genre_k * campaign_rate) / (campaign_genre_n + campaign_genre_k), campaign_rate) as campaign_genre_click_rate,
    (user_clicks + 20 * base_rate) / (user_impressions + 20) as user_click_rate,
    user_impressions as user_impressions,
    date_part('epoch', requested_at) - date_part('epoch', user_last_impression_at) as seconds_since_user_impression,
    is_click as is_click
from expected
