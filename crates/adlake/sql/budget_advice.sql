/*
One row per channel that was spent on, and one for all of them: what to spend a day for a budget, against the present mix, and why. Response
curves with saturation and carry-over are fitted to the daily spend of all channels and the outcomes of the day; the plan is what brings
most on average over all curves that the days leave possible, and no worse than the present mix. Written by `adlake advise`.

key  = ["channel"]
kind = "full"

[columns]
channel                  = "Channel, or All channels"
request                  = "What was asked for, as JSON: budget, days, outcome, bounds"
verdict                  = "increase, reduce, hold, or unsure where the data cannot tell; null for All channels"
present_spend_amount     = "Daily spend by the present mix at the budget asked for, in the lake's currency"
recommended_spend_amount = "Daily spend recommended, in the lake's currency"
marginal_return          = "Outcomes that the next unit of spend brings at the present mix"
marginal_return_low      = "Lower end of its 95 % interval"
marginal_return_high     = "Upper end of it"
elsewhere_return         = "Outcomes that the unit brings in the other channels"
sure_ratio               = "How probable it is that the move gains, 0 to 1"
experiment_change_ratio  = "Where the data cannot tell: change of the spend, every other block of days, that would tell; -1 = switched off"
experiment_days          = "Days of that experiment"
experiment_cost          = "Outcomes that it is expected to cost"
present_outcomes         = "All channels: outcomes expected of the present mix"
recommended_outcomes     = "All channels: outcomes expected of the recommended plan"
gained_outcomes          = "All channels: the difference"
gained_outcomes_low      = "Lower end of its 95 % interval"
gained_outcomes_high     = "Upper end of it"
sentence                 = "All of this in plain words"
*/
with kpis as (
    select measured_on, channel, spend_amount, conversion_count, value_amount
    from gold.channel_kpis_daily
    -- Outcomes of all channels together are the same under every model.
    where attribution_model = 'linear'
),

outcomes as (
    select
        measured_on,
        sum(cast({outcome} as double)) as outcomes
    from kpis
    group by measured_on
),

gathered as (
    select
        array_agg(named_struct(
            'day', date_part('epoch', k.measured_on) / 86400,
            'channel', k.channel,
            'spend', cast(coalesce(k.spend_amount, 0) as double),
            'outcomes', o.outcomes
        )) as days
    from kpis as k
    inner join outcomes as o on k.measured_on = o.measured_on
),

advised as (
    select unnest(budget_advice(days, '{request}')) as a
    from gathered
)

select
    a['channel'] as channel,
    '{request}' as request,
    a['verdict'] as verdict,
    a['present_spend'] as present_spend_amount,
    a['recommended_spend'] as recommended_spend_amount,
    a['marginal_return'] as marginal_return,
    a['marginal_return_low'] as marginal_return_low,
    a['marginal_return_high'] as marginal_return_high,
    a['elsewhere_return'] as elsewhere_return,
    a['sure'] as sure_ratio,
    a['experiment_change'] as experiment_change_ratio,
    cast(a['experiment_days'] as int) as experiment_days,
    a['experiment_cost'] as experiment_cost,
    a['present_outcomes'] as present_outcomes,
    a['recommended_outcomes'] as recommended_outcomes,
    a['gained_outcomes'] as gained_outcomes,
    a['gained_outcomes_low'] as gained_outcomes_low,
    a['gained_outcomes_high'] as gained_outcomes_high,
    a['sentence'] as sentence
from advised
