/*
One row per window, attribution model and channel or campaign that did enough to be judged: ranked by the lower end of the return on
spend's 95 % interval, so that a lucky day of a small campaign does not lead. Enough is least_conversions (20) credited and spend above
zero in the window; Unattributed is not ranked.

key  = ["window_days", "attribution_model", "grain", "channel", "campaign_id"]
kind = "full"

[parameters]
window_days       = { default = [7, 30, 90], min = 1, max = 36525, description = "Lengths of the windows in days" }
least_conversions = { default = 20, min = 0, description = "Conversions credited in a window, from which on a channel or campaign is ranked" }

[columns]
window_days                = "Length of the window in days, up to the last day with spend or a conversion"
begins_on                  = "First day of the window"
ends_on                    = "Last day of the window"
attribution_model          = "A column of gold.attribution_credit, such as last_touch"
grain                      = "channel or campaign: what is ranked"
channel                    = "Channel"
campaign_id                = "Identifier of the campaign; - for a channel"
return_rank                = "Place by return_on_spend_low_ratio, 1 = best; of equal ones more value comes first, then the name; null without value"
cost_rank                  = "Place by cost_per_conversion_amount, 1 = cheapest; of equal ones more conversions come first, then the name"
spend_amount               = "Spend in the window in the lake's currency"
conversion_count           = "Conversions credited in the window"
value_amount               = "Value credited in the window in the lake's currency"
cost_per_conversion_amount = "CPA: spend_amount / conversion_count"
return_on_spend_ratio      = "ROAS: value_amount / spend_amount"
return_on_spend_low_ratio  = "Lower end of its 95 % interval, as in gold.channel_kpis_daily; null without value"
return_on_spend_high_ratio = "Upper end of it"
*/
with days as (
    select
        measured_on, attribution_model, channel, campaign_id, spend_amount, conversion_count, value_amount, squared_value_amount
    from gold.campaign_kpis_daily
),

windows as (
    select unnest($window_days) as window_days
),

last_day as (
    select max(measured_on) as ends_on from days where spend_amount <> 0 or conversion_count > 0
),

spans as (
    select
        w.window_days,
        l.ends_on,
        cast(l.ends_on - arrow_cast(w.window_days - 1, 'Int32') as date) as begins_on
    from windows as w
    cross join last_day as l
),

campaigns as (
    select
        p.window_days,
        p.begins_on,
        p.ends_on,
        d.attribution_model,
        d.channel,
        d.campaign_id,
        sum(d.spend_amount) as spend_amount,
        sum(d.conversion_count) as conversion_count,
        sum(d.value_amount) as value_amount,
        sum(d.squared_value_amount) as squared_value_amount
    from spans as p
    inner join days as d on d.measured_on between p.begins_on and p.ends_on
    where d.channel <> 'Unattributed'
    group by p.window_days, p.begins_on, p.ends_on, d.attribution_model, d.channel, d.campaign_id
),

graded as (
    select window_days, begins_on, ends_on, attribution_model, 'campaign' as grain, channel, campaign_id, spend_amount, conversion_count,
        value_amount, squared_value_amount
    from campaigns
    union all
    select window_days, begins_on, ends_on, attribution_model, 'channel', channel, '-', sum(spend_amount), sum(conversion_count),
        sum(value_amount), sum(squared_value_amount)
    from campaigns
    group by window_days, begins_on, ends_on, attribution_model, channel
),

measured as (
    select
        g.*,
        cast(g.spend_amount as double) / cast(g.conversion_count as double) as cost,
        cast(g.value_amount as double) / cast(g.spend_amount as double) as earned,
        case when g.value_amount > 0 then
            exp(1.959963984540054 * sqrt(cast(g.squared_value_amount as double)) / cast(g.value_amount as double))
        end as spread
    from graded as g
    where g.conversion_count >= $least_conversions and g.spend_amount > 0
)

select
    cast(window_days as int) as window_days,
    begins_on as begins_on,
    ends_on as ends_on,
    attribution_model as attribution_model,
    grain as grain,
    channel as channel,
    campaign_id as campaign_id,
    cast(case when spread is not null then row_number() over (
        partition by window_days, attribution_model, grain
        order by earned / spread desc nulls last, value_amount desc, channel, campaign_id
    ) end as int) as return_rank,
    cast(row_number() over (
        partition by window_days, attribution_model, grain order by cost, conversion_count desc, channel, campaign_id
    ) as int) as cost_rank,
    cast(spend_amount as decimal(28, 4)) as spend_amount,
    cast(conversion_count as decimal(28, 6)) as conversion_count,
    cast(value_amount as decimal(38, 10)) as value_amount,
    cast(cost as decimal(28, 8)) as cost_per_conversion_amount,
    earned as return_on_spend_ratio,
    earned / spread as return_on_spend_low_ratio,
    earned * spread as return_on_spend_high_ratio
from measured
