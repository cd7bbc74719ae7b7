/*
One row per day, channel and campaign: what it cost in the lake's currency, and what the platform counted. Spend below zero is a credit
of the platform (for invalid traffic, say): it stays, marked, so that sums agree with the invoice, and no cost per click or return is
computed from it. Spend in a currency without a rate of that day or before waits in silver.unpriced_spend until one arrives.

key          = ["spent_on", "channel", "campaign_id"]
kind         = "merge"
partition_by = ["spent_month"]

[columns]
spent_on         = "Day of the spend"
spent_month      = "Month of the spend, YYYY-MM"
channel          = "Channel, or Unknown"
campaign_id      = "Identifier of the campaign, or Unknown"
spend_amount     = "What was spent in the lake's currency, rounded to four digits; below zero for a credit"
is_credit        = "Whether the platform gave more back than it took"
impression_count = "Number of impressions that the platform counted; 0 where it says nothing"
click_count      = "Number of clicks that the platform counted; 0 where it says nothing"
install_count    = "Number of installs that the platform counted; 0 where it says nothing"
logged_amount    = "What was spent in the currency named"
currency         = "Code of the currency, upper-case; null where the report names none: the lake's own"
exchange_rate    = "Units of the lake's currency for one unit of the currency, as applied; null without a currency"
reported_at      = "Instant of the report that counts, UTC; null where it names none"

[expect.spend_not_negative]
that    = "not is_credit"
on_fail = "warn"
*/
with spend as (
    select * from silver.logged_channel_spend
),

rates as (
    select * from silver.exchange_rates
)

select
    s.spent_on as spent_on,
    s.spent_month as spent_month,
    s.channel as channel,
    s.campaign_id as campaign_id,
    cast(case when s.currency is null then s.logged_amount else round(s.logged_amount * r.exchange_rate, 4) end as decimal(18, 4))
        as spend_amount,
    s.logged_amount < 0 as is_credit,
    coalesce(s.impression_count, 0) as impression_count,
    coalesce(s.click_count, 0) as click_count,
    coalesce(s.install_count, 0) as install_count,
    s.logged_amount as logged_amount,
    s.currency as currency,
    r.exchange_rate as exchange_rate,
    s.reported_at as reported_at
from spend as s
left join rates as r
    on s.currency = r.currency
    and s.spent_on >= r.valid_from_on
    and s.spent_on < r.valid_until_on
where s.currency is null or r.exchange_rate is not null
