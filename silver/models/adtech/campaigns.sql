/*
One row per campaign, with its price and its targeting taken out of the JSON of targeting_params.
A targeting list that the JSON leaves out or empty is null: that dimension is not restricted. Broken JSON
leaves every list null, so the campaign stays usable, restricts nothing and is counted by a warning. Of several
rows for one campaign the last in the source stays: rates and targeting are the current ones, for all days.

key      = ["campaign_id"]
last_by  = ["_source", "_line"]
kind     = "merge"

[columns]
campaign_id         = "Identifier of the campaign"
advertiser_id       = "Identifier of the advertiser who pays; Unknown when the source named none"
campaign_type       = "What is paid for: CPC a click, CPM a thousand impressions, CPI an install, or Unknown"
billing_rate_usd    = "Price in US dollars per click (CPC), per thousand impressions (CPM) or per install (CPI), rounded to four digits"
target_states       = "State codes targeted, upper-case; null = all"
target_age_ranges   = "Age brackets targeted, in years; null = all"
target_genders      = "Genders targeted, M or F; null = all"
target_device_types = "Device types targeted; null = all"
has_valid_targeting = "Whether targeting_params is empty or well-formed JSON"
_source             = "File the row came from"
_line               = "Line in that file, from 1"

[expect.has_campaign_id]
that    = "campaign_id is not null"
on_fail = "quarantine"

[expect.has_rate]
that    = "billing_rate_usd is not null and billing_rate_usd >= 0"
on_fail = "quarantine"

# No real price is near it; one slip of the keyboard would else be the revenue of everybody.
[expect.plausible_rate]
that    = "billing_rate_usd <= 100000"
on_fail = "quarantine"

[expect.has_valid_targeting]
that    = "has_valid_targeting"
on_fail = "warn"
*/
with raw as (
    select * from bronze.campaigns
)

select
    clean(campaign_id) as campaign_id,
    clean(advertiser_id, 'Unknown') as advertiser_id,
    case upper(clean(campaign_type)) when 'CPC' then 'CPC' when 'CPM' then 'CPM' when 'CPI' then 'CPI' else 'Unknown' end as campaign_type,
    cast(clean(billing_rate) as decimal(18, 4)) as billing_rate_usd,
    -- As text the short lists are folded to one spelling, and an empty one becomes null, before they are cut apart again.
    string_to_array(nullif(upper(array_to_string(json_strings(targeting_params, 'state'), '|')), ''), '|') as target_states,
    string_to_array(nullif(array_to_string(json_strings(targeting_params, 'age_range'), '|'), ''), '|') as target_age_ranges,
    string_to_array(nullif(upper(regexp_replace(regexp_replace(
        array_to_string(json_strings(targeting_params, 'gender'), '|'),
        '\b(male|man)\b', 'M', 'gi'),
        '\b(female|woman)\b', 'F', 'gi')), ''), '|') as target_genders,
    string_to_array(nullif(array_to_string(json_strings(targeting_params, 'device_type'), '|'), ''), '|') as target_device_types,
    clean(targeting_params) is null or is_json(targeting_params) as has_valid_targeting,
    _source as _source,
    _line as _line
from raw
