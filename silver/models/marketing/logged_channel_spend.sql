/*
One row per day, channel and campaign with what its latest report says it cost and brought. Of several reports the one with the latest
reported_at stays; without that, or of reports of one instant, the last in the source. A report replaces the earlier one as a whole:
it is the day's total, not a difference.

key          = ["spent_on", "channel", "campaign_id"]
last_by      = ["reported_at", "_source", "_line"]
kind         = "merge"
partition_by = ["spent_month"]

[columns]
spent_on         = "Day of the spend"
spent_month      = "Month of the spend, YYYY-MM"
channel          = "Channel, or Unknown"
campaign_id      = "Identifier of the campaign, or Unknown"
logged_amount    = "What was spent in the currency named, rounded to four digits"
currency         = "Code of the currency, upper-case; null where the report names none"
impression_count = "Number of impressions; null where the report says nothing"
click_count      = "Number of clicks; null where the report says nothing"
install_count    = "Number of installs; null where the report says nothing"
reported_at      = "Instant of the report, UTC; null where it names none"
_source          = "File the row came from"
_line            = "Line in that file, from 1"

# Absurd but well-formed years would each open a partition of their own.
[expect.has_plausible_day]
that    = "spent_on is not null and spent_on >= date '1970-01-01' and spent_on < date '2100-01-01'"
on_fail = "quarantine"

[expect.has_spend]
that    = "logged_amount is not null"
on_fail = "quarantine"

[expect.counts_not_negative]
that    = "coalesce(impression_count, 0) >= 0 and coalesce(click_count, 0) >= 0 and coalesce(install_count, 0) >= 0"
on_fail = "quarantine"

# Platforms may count a click whose impression was on another day, but not as a rule.
[expect.clicks_within_impressions]
that    = "impression_count is null or click_count is null or click_count <= impression_count"
on_fail = "warn"
*/
with raw as (
    select * from bronze.channel_spend
),

typed as (
    select
        cast(clean(date) as date) as spent_on,
        clean(channel, 'Unknown') as channel,
        clean(campaign, 'Unknown') as campaign_id,
        cast(clean(spend) as decimal(18, 4)) as logged_amount,
        upper(clean(currency)) as currency,
        cast(regexp_replace(clean(impressions), '^([0-9]+)[.]0+$', '${1}') as bigint) as impression_count,
        cast(regexp_replace(clean(clicks), '^([0-9]+)[.]0+$', '${1}') as bigint) as click_count,
        cast(regexp_replace(clean(installs), '^([0-9]+)[.]0+$', '${1}') as bigint) as install_count,
        cast(clean(reported_at) as timestamp) as reported_at,
        _source,
        _line
    from raw
)

select
    spent_on as spent_on,
    substr(cast(spent_on as text), 1, 7) as spent_month,
    channel as channel,
    campaign_id as campaign_id,
    logged_amount as logged_amount,
    currency as currency,
    impression_count as impression_count,
    click_count as click_count,
    install_count as install_count,
    reported_at as reported_at,
    _source as _source,
    _line as _line
from typed
