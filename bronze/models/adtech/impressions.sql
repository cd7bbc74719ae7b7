/*
One line per impression, as it arrived.

kind = "append"

# The columns that later layers ask for. A file without one of them lands all the same, with nulls; further columns
# land as well.
[columns]
impression_id  = "Identifier of the impression"
id_md5         = "MD5 of the request's request_id"
campaign_id    = "Identifier of the campaign shown"
ad_position    = "Position of the ad on the screen, 1 = first"
campaign_type  = "CPC, CPM or CPI"
has_impression = "1"
*/
select * from source.impressions
