/*
One row per day, channel and campaign whose spend is in a currency that has no rate of its day or before. It is in no other table of
silver or gold, and moves to silver.channel_spend once bronze.exchange_rates has such a rate. Each run warns of those that are here.

key  = ["spent_on", "channel", "campaign_id"]
kind = "merge"

[columns]
spent_on      = "Day of the spend"
channel       = "Channel, or Unknown"
campaign_id   = "Identifier of the campaign, or Unknown"
logged_amount = "What was spent in the currency named"
currency      = "Code of the currency, upper-case"
reason        = "What is missing, and what to do about it"

[expect.currency_has_rate]
that    = "reason is null"
on_fail = "warn"
*/
with spend as (
    select * from silver.logged_channel_spend
    where currency is not null
),

rates as (
    select * from silver.exchange_rates
)

select
    s.spent_on as spent_on,
    s.channel as channel,
    s.campaign_id as campaign_id,
    s.logged_amount as logged_amount,
    s.currency as currency,
    concat('no rate of ', s.currency, ' for ', cast(s.spent_on as text), ' or before: add one to exchange_rates') as reason
from spend as s
left join rates as r
    on s.currency = r.currency
    and s.spent_on >= r.valid_from_on
    and s.spent_on < r.valid_until_on
where r.exchange_rate is null
