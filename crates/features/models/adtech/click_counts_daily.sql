/*
One row per UTC day and group of impressions: how many there were and how many were clicked. A group is all impressions, those of one
campaign, app or segment, or of two of these together. What click rates of the past are made from.

key          = ["requested_on", "grain", "member", "other"]
kind         = "replace_partitions"
partition_by = ["requested_on"]

[columns]
requested_on     = "UTC day of the requests"
grain            = "By what impressions are grouped: all, campaign, app, segment, or two of them such as campaign_app; genre_type is main genre and pricing"
member           = "The group: campaign, app, segment (gender and age bracket) or main genre; - for all"
other            = "The second of two: app, segment, main genre or pricing; - where there is one"
impression_count = "Number of impressions"
click_count      = "Number of impressions clicked"
*/
with facts as (
    select
        requested_on,
        campaign_id,
        app_id,
        gender || ' ' || age_range as segment,
        primary_genre,
        is_click
    from gold.click_facts
),

genres as (
    select * from gold.affinity_daily
),

counts as (
    select requested_on, 'all' as grain, '-' as member, '-' as other, count(*) as impression_count, count(*) filter (where is_click) as click_count
    from facts
    group by requested_on
    union all
    select requested_on, 'campaign', campaign_id, '-', count(*), count(*) filter (where is_click)
    from facts
    group by requested_on, campaign_id
    union all
    select requested_on, 'app', app_id, '-', count(*), count(*) filter (where is_click)
    from facts
    group by requested_on, app_id
    union all
    select requested_on, 'segment', segment, '-', count(*), count(*) filter (where is_click)
    from facts
    group by requested_on, segment
    union all
    select requested_on, 'campaign_app', campaign_id, app_id, count(*), count(*) filter (where is_click)
    from facts
    group by requested_on, campaign_id, app_id
    union all
    select requested_on, 'campaign_segment', campaign_id, segment, count(*), count(*) filter (where is_click)
    from facts
    group by requested_on, campaign_id, segment
    union all
    select requested_on, 'app_segment', app_id, segment, count(*), count(*) filter (where is_click)
    from facts
    group by requested_on, app_id, segment
    union all
    select requested_on, 'campaign_genre', campaign_id, primary_genre, count(*), count(*) filter (where is_click)
    from facts
    group by requested_on, campaign_id, primary_genre
    union all
    select requested_on, 'genre_type', primary_genre, campaign_type, impression_count, click_count
    from genres
)

select
    requested_on as requested_on,
    grain as grain,
    member as member,
    other as other,
    impression_count as impression_count,
    click_count as click_count
from counts
