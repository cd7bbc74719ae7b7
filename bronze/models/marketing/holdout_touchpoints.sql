/*
One line per touch that did not happen, as it arrived: chance had put the user into the channel's holdout, and what would have been
shown was only written down (a ghost ad). Lift tests of advertising systems export such logs.

kind = "append"

# The columns that later layers ask for. A file without one of them lands all the same, with nulls; further columns
# land as well.
[columns]
user_id     = "Identifier of the user, the same as in conversions"
occurred_at = "Instant of the touch that did not happen"
channel     = "Channel as the log names it; may be empty where rules make it from source, medium and campaign"
campaign_id = "Identifier of the campaign that would have been shown"
kind        = "impression or click; may be empty: an impression"
source      = "Where the user would have come from, such as google; may be empty"
medium      = "By what means, such as cpc or email; may be empty"
*/
select * from source.holdout_touchpoints
