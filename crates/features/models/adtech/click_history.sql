/*
One row per UTC day and group of impressions, as in features.click_counts_daily: how many impressions and clicks the group had on all
earlier days. What was known of the group when the day began.

key          = ["requested_on", "grain", "member", "other"]
kind         = "merge"
partition_by = ["requested_on"]

[columns]
requested_on       = "UTC day, at whose beginning the counts were known"
grain              = "By what impressions are grouped, as in features.click_counts_daily"
member             = "The group"
other              = "The second of two; - where there is one"
impressions_before = "Number of impressions on earlier days"
clicks_before      = "Number of impressions clicked on earlier days"
impressions_since  = "Number of impressions up to the end of the day, for what comes after the group's last day"
clicks_since       = "Number of impressions clicked up to the end of the day"
*/
with counts as (
    select * from features.click_counts_daily
),

-- No group by: each day of a group is there once, and only days after a change count anew.
running as (
    select
        requested_on,
        grain,
        member,
        other,
        impression_count,
        click_count,
        sum(impression_count) over (partition by grain, member, other order by requested_on rows between unbounded preceding and current row) as impressions_since,
        sum(click_count) over (partition by grain, member, other order by requested_on rows between unbounded preceding and current row) as clicks_since
    from counts
)

select
    requested_on as requested_on,
    grain as grain,
    member as member,
    other as other,
    cast(impressions_since - impression_count as bigint) as impressions_before,
    cast(clicks_since - click_count as bigint) as clicks_before,
    cast(impressions_since as bigint) as impressions_since,
    cast(clicks_since as bigint) as clicks_since
from running
