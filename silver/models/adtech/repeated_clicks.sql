/*
One row per request whose ad was clicked more than once: suspected fraud, counted. The same click delivered
twice (one click_id) counts once. Few requests are here; silver.clicks holds the first click of each.

key  = ["id_md5"]
kind = "merge"

[columns]
id_md5             = "MD5 of the request_id, in hexadecimal, whose ad was clicked more than once"
repeat_click_count = "Number of different clicks (click_id) beyond the first, 1 or more"
*/
with clicks as (
    select
        lower(clean(id_md5)) as id_md5,
        clean(click_id) as click_id
    from bronze.clicks
    -- What silver.clicks quarantines as no click at all does not count here either.
    where clean(has_click) is null or try_cast(clean(has_click) as boolean)
)

select
    id_md5 as id_md5,
    count(distinct click_id) - 1 as repeat_click_count
from clicks
where id_md5 is not null
group by id_md5
having count(distinct click_id) > 1
