/*
One line per report of what a campaign cost and brought on a day, as it arrived. A later report of the same day, channel and
campaign corrects the earlier one.

kind = "append"

# The columns that later layers ask for. A file without one of them lands all the same, with nulls; further columns
# land as well.
[columns]
date        = "Day of the spend"
channel     = "Channel, named as in the touchpoints or as the channel rules name it"
campaign    = "Identifier of the campaign; may be empty for spend of the channel as a whole"
spend       = "What was spent, in the currency named; below zero for a credit"
currency    = "Code of the currency, as in exchange_rates; empty = the lake's own"
impressions = "Number of impressions that the platform counted"
clicks      = "Number of clicks that the platform counted"
installs    = "Number of installs that the platform counted"
reported_at = "Instant of the report; may be empty: then the order of files and lines counts"
*/
select * from source.channel_spend
