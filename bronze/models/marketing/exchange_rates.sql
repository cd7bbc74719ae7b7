/*
One line per day and currency: what one unit of the currency is worth in the lake's currency from that day on, as it arrived.

kind = "append"

# The columns that later layers ask for. A file without one of them lands all the same, with nulls; further columns
# land as well.
[columns]
date     = "Day from which the rate holds, until the currency's next"
currency = "Code of the currency, such as EUR; the lake's own needs one line with the rate 1 if the logs name it"
rate     = "Units of the lake's currency for one unit of this currency"
*/
select * from source.exchange_rates
