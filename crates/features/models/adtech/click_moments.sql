/*
One row per UTC day and grain: how much the grain's groups have differed in clicks, over all earlier days. Sums over the groups from which
features.click_features learns how strongly a group's own past speaks (empirical Bayes, by the method of moments).

key          = ["requested_on", "grain"]
kind         = "merge"
partition_by = ["requested_on"]

[columns]
requested_on               = "UTC day, at whose beginning the sums were known"
grain                      = "By what impressions are grouped, as in features.click_counts_daily"
groups_before              = "Number of groups with impressions on earlier days"
impressions_before         = "Number of impressions on earlier days"
clicks_before              = "Number of impressions clicked on earlier days"
squared_impressions_before = "Sum over the groups of impressions squared"
click_shares_before        = "Sum over the groups of clicks squared / impressions"
groups_since               = "As groups_before, up to the end of the day; likewise the following"
impressions_since          = "Number of impressions"
clicks_since               = "Number of impressions clicked"
squared_impressions_since  = "Sum over the groups of impressions squared"
click_shares_since         = "Sum over the groups of clicks squared / impressions"
*/
with history as (
    select
        *,
        cast(impressions_before as double) as nb,
        cast(clicks_before as double) as xb,
        cast(impressions_since as double) as ns,
        cast(clicks_since as double) as xs
    from features.click_history
),

-- What each day adds. In decimals, because sums of floating numbers depend on the order of the rows.
days as (
    select
        requested_on,
        grain,
        sum(case when impressions_before = 0 then 1 else 0 end) as new_groups,
        sum(impressions_since - impressions_before) as impressions,
        sum(clicks_since - clicks_before) as clicks,
        sum(cast(ns * ns - nb * nb as decimal(26, 0))) as squared_impressions,
        sum(cast(xs * xs / ns as decimal(26, 9)) - cast(coalesce(xb * xb / nullif(nb, 0), 0) as decimal(26, 9))) as click_shares
    from history
    group by requested_on, grain
),

running as (
    select
        *,
        sum(new_groups) over past as groups_since,
        sum(impressions) over past as impressions_since,
        sum(clicks) over past as clicks_since,
        sum(squared_impressions) over past as squared_impressions_since,
        sum(click_shares) over past as click_shares_since
    from days
    window past as (partition by grain order by requested_on rows between unbounded preceding and current row)
)

select
    requested_on as requested_on,
    grain as grain,
    cast(groups_since - new_groups as bigint) as groups_before,
    cast(impressions_since - impressions as bigint) as impressions_before,
    cast(clicks_since - clicks as bigint) as clicks_before,
    cast(squared_impressions_since - squared_impressions as double) as squared_impressions_before,
    cast(click_shares_since - click_shares as double) as click_shares_before,
    cast(groups_since as bigint) as groups_since,
    cast(impressions_since as bigint) as impressions_since,
    cast(clicks_since as bigint) as clicks_since,
    cast(squared_impressions_since as double) as squared_impressions_since,
    cast(click_shares_since as double) as click_shares_since
from running
