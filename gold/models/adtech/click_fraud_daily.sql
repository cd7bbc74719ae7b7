/*
One row per UTC day, user and campaign with repeated clicks on one ad: suspected fraud. Days, users and campaigns without
any are not here. Nothing of it was billed.

key          = ["requested_on", "user_id", "campaign_id"]
kind         = "replace_partitions"
partition_by = ["requested_on"]

[columns]
requested_on          = "UTC day of the requests"
user_id               = "Identifier of the user, or Unknown when the request named none"
campaign_id           = "Identifier of the campaign as logged, or Unknown when the log named none"
advertiser_id         = "Identifier of the advertiser, or Unknown for an unknown campaign"
suspect_ad_count      = "Number of ads clicked more than once"
repeat_click_count    = "Number of clicks beyond the first on each of those ads"
most_clicks_on_one_ad = "Most clicks on one ad, the first included"
burst_count           = "Number of ads clicked 10 times or more"
*/
with suspects as (
    select
        requested_on,
        coalesce(user_id, 'Unknown') as user_id,
        campaign_id,
        advertiser_id,
        repeat_click_count
    from gold.click_facts
    where repeat_click_count > 0
)

select
    requested_on as requested_on,
    user_id as user_id,
    campaign_id as campaign_id,
    advertiser_id as advertiser_id,
    count(*) as suspect_ad_count,
    sum(repeat_click_count) as repeat_click_count,
    max(repeat_click_count) + 1 as most_clicks_on_one_ad,
    sum(case when repeat_click_count >= 9 then 1 else 0 end) as burst_count
from suspects
group by requested_on, user_id, campaign_id, advertiser_id
