/*
One line per touch of a user with a channel, as it arrived. Impressions and clicks of any advertising system, exported
sessions of a web analytics tool, and the like.

kind = "append"

# The columns that later layers ask for. A file without one of them lands all the same, with nulls; further columns
# land as well.
[columns]
user_id     = "Identifier of the user, the same as in conversions"
occurred_at = "Instant of the touch"
channel     = "Channel as the log names it; may be empty where rules make it from source, medium and campaign"
campaign_id = "Identifier of the campaign, as in channel_spend.campaign"
kind        = "impression or click"
cost        = "What this touch cost, in the lake's currency; may be empty"
source      = "Where the user came from, such as google; may be empty"
medium      = "By what means, such as cpc or email; may be empty"
*/
select * from source.touchpoints
