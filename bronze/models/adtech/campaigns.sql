/*
One line per campaign, as it arrived.

kind = "append"

# The columns that later layers ask for. A file without one of them lands all the same, with nulls; further columns
# land as well.
[columns]
campaign_id      = "Identifier of the campaign"
advertiser_id    = "Identifier of the advertiser"
campaign_type    = "CPC, CPM or CPI"
billing_rate     = "US dollars per click, per thousand impressions or per install"
targeting_params = "Whom the campaign is for, as JSON"
*/
select * from source.campaigns
