/*
One row per install that the ad network's own logs know (silver.ad_funnel), as a conversion; silver.conversions holds them with all
others. An install whose instant the log left empty has the request's. What stands in silver.logged_conversions too (an install of the
same user at the same instant) is left to it, and so counts once. Requests without a user are nobody's conversion. In a lake without the ad
network's logs this table is empty.

key          = ["conversion_id"]
kind         = "merge"
partition_by = ["converted_month"]

[optional]
"silver.ad_funnel" = { request_id = "text", user_id = "text", requested_at = "timestamp", is_install = "boolean" }
"silver.requests"  = { request_id = "text", id_md5 = "text" }
"silver.installs"  = { id_md5 = "text", installed_at = "timestamp" }

[columns]
conversion_id   = "MD5 of the install's request, in hexadecimal"
user_id         = "Identifier of the user"
converted_at    = "Instant of the install, else of its request, UTC"
converted_on    = "UTC day of the conversion"
converted_month = "Month of the conversion, YYYY-MM"
conversion_kind = "install"
*/
with funnel as (
    select request_id, user_id, requested_at
    from silver.ad_funnel
    where is_install and user_id is not null
),

requests as (
    select request_id, id_md5 from silver.requests
),

installs as (
    select id_md5, installed_at from silver.installs
),

logged as (
    select user_id, converted_at, conversion_id
    from silver.logged_conversions
    where conversion_kind = 'install'
),

converted as (
    select
        f.request_id,
        f.user_id,
        coalesce(i.installed_at, f.requested_at) as converted_at
    from funnel as f
    inner join requests as r on f.request_id = r.request_id
    inner join installs as i on r.id_md5 = i.id_md5
)

select
    md5(concat('ad install|', c.request_id)) as conversion_id,
    c.user_id as user_id,
    c.converted_at as converted_at,
    cast(c.converted_at as date) as converted_on,
    substr(cast(cast(c.converted_at as date) as text), 1, 7) as converted_month,
    'install' as conversion_kind
from converted as c
left join logged as l on c.user_id = l.user_id and c.converted_at = l.converted_at
where l.conversion_id is null
