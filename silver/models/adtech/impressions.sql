/*
One row per served impression, typed and deduplicated. An impression has no time of its own: it
shares the request's, found through id_md5. An impression of an unknown or missing campaign is kept here
and marked in silver.ad_funnel.

key      = ["impression_id"]
first_by = ["_source", "_line"]
kind     = "merge"

[columns]
impression_id  = "Identifier of the impression"
id_md5         = "MD5 of the request_id, in hexadecimal, that the impression answered"
campaign_id    = "Identifier of the campaign as logged; null when the log named none"
campaign_type  = "Pricing as logged with the impression: CPC, CPM, CPI or Unknown"
ad_position    = "Position of the ad on the screen, 1 = first"
has_impression = "The log's own flag that the ad was shown; null when the log left it empty"
_source        = "File the row came from"
_line          = "Line in that file, from 1"

[expect.has_impression_id]
that    = "impression_id is not null"
on_fail = "quarantine"

[expect.has_id_md5]
that    = "id_md5 is not null"
on_fail = "quarantine"

[expect.is_an_impression]
that    = "has_impression is not false"
on_fail = "quarantine"

[expect.has_campaign_id]
that    = "campaign_id is not null"
on_fail = "warn"
*/
with raw as (
    select * from bronze.impressions
)

select
    clean(impression_id) as impression_id,
    lower(clean(id_md5)) as id_md5,
    clean(campaign_id) as campaign_id,
    case upper(clean(campaign_type)) when 'CPC' then 'CPC' when 'CPM' then 'CPM' when 'CPI' then 'CPI' else 'Unknown' end as campaign_type,
    cast(clean(ad_position) as int) as ad_position,
    cast(clean(has_impression) as boolean) as has_impression,
    _source as _source,
    _line as _line
from raw
