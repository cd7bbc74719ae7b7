/*
One line per rule that makes a channel from source, medium and campaign, as it arrived. Rules are case-blind, * stands for any
letters, an empty pattern fits everything. Of the rules that fit and are valid at a touch's instant the one with the smallest
priority counts.

kind = "append"

# The columns that later layers ask for. A file without one of them lands all the same, with nulls; further columns
# land as well.
[columns]
source     = "Pattern on a touch's source, such as google*"
medium     = "Pattern on its medium, such as cpc"
campaign   = "Pattern on its campaign_id, such as brand_*"
channel    = "Channel of the touches that fit, such as Paid search"
priority   = "Whole number; the smallest is asked first"
valid_from = "First day of the rule; empty = since ever"
valid_to   = "Last day of the rule; empty = for ever"
*/
select * from source.channel_rules
