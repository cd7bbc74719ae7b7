/*
One row per day, channel, campaign and attribution model: what it cost, what it brought, and what that makes of every rate.
The same spend, impressions, clicks and installs stand beside every attribution model: choose one model
(where attribution_model = 'last_touch'), as sums over models would count spend once for each. Spend and counts are those of the platform
on that day; conversions and value are those of the conversions of that day. Intervals are 95 %, for the counts alone.
A rate without a denominator is null. A day on which nothing happened has no row.

key          = ["measured_month", "measured_on", "channel", "campaign_id", "attribution_model"]
kind         = "replace_partitions"
partition_by = ["measured_month"]

[columns]
measured_on                    = "UTC day of the spend, the touches and the conversions"
measured_month                 = "Month of the day, YYYY-MM"
channel                        = "Channel, or Unattributed for conversions with an empty path"
campaign_id                    = "Identifier of the campaign, or Unknown; Unattributed for that channel"
attribution_model              = "A column of gold.attribution_credit, such as last_touch"
spend_amount                   = "Spend in the lake's currency, net of credits; the same under every model"
impression_count               = "Impressions that the platform counted; the same under every model"
click_count                    = "Clicks that the platform counted; the same under every model"
install_count                  = "Installs that the platform counted; the same under every model"
touch_impression_count         = "Impressions in silver.touchpoints without repeats and bot-like users; the same under every model"
touch_click_count              = "Clicks in silver.touchpoints without repeats and bot-like users; the same under every model"
conversion_count               = "Conversions of that day that the model credits, of any kind"
purchase_count                 = "Of these purchases"
sign_up_count                  = "Of these sign-ups"
attributed_install_count       = "Of these installs"
value_amount                   = "Value of these conversions in the lake's currency, exact to ten digits"
squared_value_amount           = "Sum of the squares of each touch's value: what the interval of the return on spend is made from"
click_rate                     = "CTR: click_count / impression_count; null without an impression"
click_rate_low                 = "Lower end of its 95 % interval (Wilson); null where there are more clicks than impressions"
click_rate_high                = "Upper end of it"
conversion_rate                = "conversion_count / click_count; null without a click"
conversion_rate_low            = "Lower end of its 95 % interval (Wilson); null where there are more conversions than clicks"
conversion_rate_high           = "Upper end of it"
install_rate                   = "Impression-to-install ratio: install_count / impression_count; null without an impression"
install_rate_low               = "Lower end of its 95 % interval (Wilson); null where there are more installs than impressions"
install_rate_high              = "Upper end of it"
cost_per_click_amount          = "CPC: spend_amount / click_count, in the lake's currency; null without a click or with spend below zero"
cost_per_click_low_amount      = "Lower end of its 95 % interval: spend is known, clicks are counts of chance (Poisson, score interval)"
cost_per_click_high_amount     = "Upper end of it"
cost_per_mille_amount          = "CPM: spend_amount per thousand impressions; null without an impression or with spend below zero"
cost_per_mille_low_amount      = "Lower end of its 95 % interval, by the impressions as above"
cost_per_mille_high_amount     = "Upper end of it"
cost_per_install_amount        = "CPI: spend_amount / install_count; null without an install or with spend below zero"
cost_per_install_low_amount    = "Lower end of its 95 % interval, by the installs as above"
cost_per_install_high_amount   = "Upper end of it"
cost_per_conversion_amount     = "CPA: spend_amount / conversion_count; null without a conversion or with spend below zero"
cost_per_conversion_low_amount = "Lower end of its 95 % interval, by the conversions as above"
cost_per_conversion_high_amount = "Upper end of it"
return_on_spend_ratio          = "ROAS: value_amount / spend_amount; null where spend is not above zero"
return_on_spend_low_ratio      = "Lower end of its 95 % interval: spend is known, value a sum of random length (compound Poisson, on the log scale); null without value"
return_on_spend_high_ratio     = "Upper end of it"

[expect.rates_within_intervals]
that    = "(click_rate_low is null or click_rate between click_rate_low and click_rate_high) and (return_on_spend_low_ratio is null or return_on_spend_ratio between return_on_spend_low_ratio and return_on_spend_high_ratio)"
on_fail = "fail"
*/
with models as (
    select column1 as attribution_model from (values ('first_touch'), ('last_touch'), ('last_non_direct'), ('linear'), ('position_based'), ('time_decay'), ('markov'), ('shapley'))
),

spend as (
    select * from silver.channel_spend
),

touches as (
    select
        touched_month,
        cast(touched_at as date) as touched_on,
        channel,
        campaign_id,
        sum(case when touch_kind = 'impression' then 1 else 0 end) as seen_impressions,
        sum(case when touch_kind = 'click' then 1 else 0 end) as seen_clicks
    from silver.touchpoints
    where not is_repeat and not is_bot_like
    group by touched_month, cast(touched_at as date), channel, campaign_id
),

-- What is the same under every model.
delivered as (
    select
        spent_month as measured_month,
        spent_on as measured_on,
        channel,
        campaign_id,
        spend_amount,
        impression_count,
        click_count,
        install_count,
        0 as touch_impression_count,
        0 as touch_click_count
    from spend
    union all
    select touched_month, touched_on, channel, campaign_id, 0, 0, 0, 0, seen_impressions, seen_clicks
    from touches
),

credits as (
    select
        converted_month,
        converted_on,
        channel,
        campaign_id,
        conversion_kind,
        attribution_model,
        conversion_count as credited,
        value_amount as value_credited,
        squared_value_amount as squares_credited
    from gold.attribution_daily
),

parts as (
    select
        d.measured_month,
        d.measured_on,
        d.channel,
        d.campaign_id,
        m.attribution_model,
        d.spend_amount,
        d.impression_count,
        d.click_count,
        d.install_count,
        d.touch_impression_count,
        d.touch_click_count,
        0 as conversion_count,
        0 as purchase_count,
        0 as sign_up_count,
        0 as attributed_install_count,
        0 as value_amount,
        0 as squared_value_amount
    from delivered as d
    cross join models as m
    union all
    select
        converted_month,
        converted_on,
        channel,
        campaign_id,
        attribution_model,
        0,
        0,
        0,
        0,
        0,
        0,
        credited,
        case when conversion_kind = 'purchase' then credited else 0 end,
        case when conversion_kind = 'sign_up' then credited else 0 end,
        case when conversion_kind = 'install' then credited else 0 end,
        value_credited,
        squares_credited
    from credits
),

summed as (
    select
        measured_month,
        measured_on,
        channel,
        campaign_id,
        attribution_model,
        sum(spend_amount) as spend_amount,
        sum(impression_count) as impression_count,
        sum(click_count) as click_count,
        sum(install_count) as install_count,
        sum(touch_impression_count) as touch_impression_count,
        sum(touch_click_count) as touch_click_count,
        sum(conversion_count) as conversion_count,
        sum(purchase_count) as purchase_count,
        sum(sign_up_count) as sign_up_count,
        sum(attributed_install_count) as attributed_install_count,
        sum(value_amount) as value_amount,
        sum(squared_value_amount) as squared_value_amount
    from parts
    group by measured_month, measured_on, channel, campaign_id, attribution_model
),

-- Denominators are null where there is nothing to divide by.
measures as (
    select
        *,
        cast(impression_count as double) as impressions,
        cast(nullif(impression_count, 0) as double) as some_impressions,
        cast(click_count as double) as clicks,
        cast(nullif(click_count, 0) as double) as some_clicks,
        cast(install_count as double) as installs,
        cast(nullif(install_count, 0) as double) as some_installs,
        cast(conversion_count as double) as conversions,
        cast(nullif(conversion_count, 0) as double) as some_conversions,
        -- What costs and returns are computed from: no credit makes a negative price.
        case when spend_amount >= 0 then cast(spend_amount as double) end as spend,
        case when spend_amount > 0 then cast(spend_amount as double) end as paid,
        cast(value_amount as double) as earned,
        case when value_amount > 0 then cast(value_amount as double) end as earned_above_zero,
        cast(squared_value_amount as double) as squares
    from summed
)

-- z = 1.959963984540054 for 95 %; 3.841… is z squared, 1.920… half and 0.960… a quarter of it. Wilson: (k + z²/2 ± z √(k (1 - k/n) + z²/4)) / (n + z²).
-- Poisson score interval: n + z²/2 ± z √(n + z²/4). Compound Poisson: the log of a sum has the standard error √(Σ v²) / Σ v.
select
    measured_on as measured_on,
    measured_month as measured_month,
    channel as channel,
    campaign_id as campaign_id,
    attribution_model as attribution_model,
    cast(spend_amount as decimal(28, 4)) as spend_amount,
    cast(impression_count as bigint) as impression_count,
    cast(click_count as bigint) as click_count,
    cast(install_count as bigint) as install_count,
    cast(touch_impression_count as bigint) as touch_impression_count,
    cast(touch_click_count as bigint) as touch_click_count,
    cast(conversion_count as decimal(28, 6)) as conversion_count,
    cast(purchase_count as decimal(28, 6)) as purchase_count,
    cast(sign_up_count as decimal(28, 6)) as sign_up_count,
    cast(attributed_install_count as decimal(28, 6)) as attributed_install_count,
    cast(value_amount as decimal(38, 10)) as value_amount,
    cast(squared_value_amount as decimal(38, 4)) as squared_value_amount,
    clicks / some_impressions as click_rate,
    case when clicks <= some_impressions then greatest(least((clicks + 1.9207294103470627) / (some_impressions + 3.8414588206941254) - 1.959963984540054 * sqrt(greatest(clicks * (1 - clicks / some_impressions), 0) + 0.9603647051735313) / (some_impressions + 3.8414588206941254), clicks / some_impressions), 0) end as click_rate_low,
    case when clicks <= some_impressions then least(greatest((clicks + 1.9207294103470627) / (some_impressions + 3.8414588206941254) + 1.959963984540054 * sqrt(greatest(clicks * (1 - clicks / some_impressions), 0) + 0.9603647051735313) / (some_impressions + 3.8414588206941254), clicks / some_impressions), 1) end as click_rate_high,
    conversions / some_clicks as conversion_rate,
    case when conversions <= some_clicks then greatest(least((conversions + 1.9207294103470627) / (some_clicks + 3.8414588206941254) - 1.959963984540054 * sqrt(greatest(conversions * (1 - conversions / some_clicks), 0) + 0.9603647051735313) / (some_clicks + 3.8414588206941254), conversions / some_clicks), 0) end as conversion_rate_low,
    case when conversions <= some_clicks then least(greatest((conversions + 1.9207294103470627) / (some_clicks + 3.8414588206941254) + 1.959963984540054 * sqrt(greatest(conversions * (1 - conversions / some_clicks), 0) + 0.9603647051735313) / (some_clicks + 3.8414588206941254), conversions / some_clicks), 1) end as conversion_rate_high,
    installs / some_impressions as install_rate,
    case when installs <= some_impressions then greatest(least((installs + 1.9207294103470627) / (some_impressions + 3.8414588206941254) - 1.959963984540054 * sqrt(greatest(installs * (1 - installs / some_impressions), 0) + 0.9603647051735313) / (some_impressions + 3.8414588206941254), installs / some_impressions), 0) end as install_rate_low,
    case when installs <= some_impressions then least(greatest((installs + 1.9207294103470627) / (some_impressions + 3.8414588206941254) + 1.959963984540054 * sqrt(greatest(installs * (1 - installs / some_impressions), 0) + 0.9603647051735313) / (some_impressions + 3.8414588206941254), installs / some_impressions), 1) end as install_rate_high,
    cast(spend / some_clicks as decimal(28, 8)) as cost_per_click_amount,
    cast(spend / (some_clicks + 1.9207294103470627 + 1.959963984540054 * sqrt(some_clicks + 0.9603647051735313)) as decimal(28, 8)) as cost_per_click_low_amount,
    cast(spend / (some_clicks + 1.9207294103470627 - 1.959963984540054 * sqrt(some_clicks + 0.9603647051735313)) as decimal(28, 8)) as cost_per_click_high_amount,
    cast(1000 * spend / some_impressions as decimal(28, 8)) as cost_per_mille_amount,
    cast(1000 * spend / (some_impressions + 1.9207294103470627 + 1.959963984540054 * sqrt(some_impressions + 0.9603647051735313)) as decimal(28, 8)) as cost_per_mille_low_amount,
    cast(1000 * spend / (some_impressions + 1.9207294103470627 - 1.959963984540054 * sqrt(some_impressions + 0.9603647051735313)) as decimal(28, 8)) as cost_per_mille_high_amount,
    cast(spend / some_installs as decimal(28, 8)) as cost_per_install_amount,
    cast(spend / (some_installs + 1.9207294103470627 + 1.959963984540054 * sqrt(some_installs + 0.9603647051735313)) as decimal(28, 8)) as cost_per_install_low_amount,
    cast(spend / (some_installs + 1.9207294103470627 - 1.959963984540054 * sqrt(some_installs + 0.9603647051735313)) as decimal(28, 8)) as cost_per_install_high_amount,
    cast(spend / some_conversions as decimal(28, 8)) as cost_per_conversion_amount,
    cast(spend / (some_conversions + 1.9207294103470627 + 1.959963984540054 * sqrt(some_conversions + 0.9603647051735313)) as decimal(28, 8)) as cost_per_conversion_low_amount,
    cast(spend / (some_conversions + 1.9207294103470627 - 1.959963984540054 * sqrt(some_conversions + 0.9603647051735313)) as decimal(28, 8)) as cost_per_conversion_high_amount,
    earned / paid as return_on_spend_ratio,
    earned / paid * exp(-1.959963984540054 * sqrt(squares) / earned_above_zero) as return_on_spend_low_ratio,
    earned / paid * exp(1.959963984540054 * sqrt(squares) / earned_above_zero) as return_on_spend_high_ratio
from measures
