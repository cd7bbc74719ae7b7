/*
One row per UTC day and state: impressions, clicks, installs and revenue.

key          = ["requested_on", "state"]
kind         = "replace_partitions"
partition_by = ["requested_on"]

[columns]
requested_on          = "UTC day of the requests"
state                 = "State code of the user at request time, or Unknown"
impression_count      = "Number of impressions"
click_count           = "Number of impressions clicked"
install_count         = "Number of impressions followed by an install"
revenue_usd           = "Revenue in US dollars, CPI by the installs logged"
estimated_revenue_usd = "Revenue in US dollars, CPI estimated from clicks"
click_rate            = "Clicks per impression, 0 to 1"
*/
with facts as (
    select * from gold.click_facts
)

select
    requested_on as requested_on,
    state as state,
    count(*) as impression_count,
    sum(case when is_click then 1 else 0 end) as click_count,
    sum(case when is_install then 1 else 0 end) as install_count,
    cast(sum(revenue_usd) as decimal(18, 7)) as revenue_usd,
    cast(sum(estimated_revenue_usd) as decimal(18, 7)) as estimated_revenue_usd,
    cast(sum(case when is_click then 1 else 0 end) as double) / count(*) as click_rate
from facts
group by requested_on, state
