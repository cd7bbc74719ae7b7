"""The adtech pipeline as DuckDB SQL: seven CSV files to Parquet in three layers.

    python pipeline_duckdb.py INPUT OUTPUT [--threads N] [--compression zstd|snappy]

Writes OUTPUT/LAYER/TABLE.parquet and prints, as one line of JSON, the seconds spent in each layer. The definitions are
those of silver/models/adtech and gold/models/adtech; where DuckDB has a faster way to say the same, it is used.
"""

import argparse
import json
import time
from pathlib import Path

import duckdb

RAW = {
    "user_profile": "user_id age_range gender state city phone_price_range phone_model language",
    "user_app_genre": "user_id app_id app_cat primary_genre secondary_genre",
    "campaigns": "campaign_id advertiser_id campaign_type billing_rate targeting_params",
    "requests": "user_id age_range gender state city phone_price_range phone_model language request_id id_md5 timestamp"
    " device_type network_type has_request",
    "impressions": "impression_id id_md5 campaign_id ad_position campaign_type has_impression",
    "clicks": "id_md5 click_id has_click user_id",
    "installs": "id_md5 install_id has_install install_at",
}


def named(column: str) -> str:
    return f"case when trim({column}) not in ('', 'null', 'NULL') then trim({column}) end as {column}"


def named_or_unknown(column: str) -> str:
    return f"case when trim({column}) not in ('', 'null', 'NULL') then trim({column}) else 'Unknown' end as {column}"


CAMPAIGN_TYPE = """case when upper(trim(campaign_type)) in ('CPC', 'CPM', 'CPI')
    then upper(trim(campaign_type)) else 'Unknown' end as campaign_type"""

PERSON = f"""{named_or_unknown("age_range")},
    case lower(trim(gender))
        when 'm' then 'M' when 'male' then 'M' when 'man' then 'M'
        when 'f' then 'F' when 'female' then 'F' when 'woman' then 'F'
        else 'Unknown'
    end as gender,
    case when upper(trim(state)) not in ('', 'NULL', 'UNKNOWN') then upper(trim(state)) else 'Unknown' end as state,
    {named_or_unknown("city")},
    {named_or_unknown("phone_price_range")},
    {named_or_unknown("phone_model")},
    {named_or_unknown("language")}"""


def targets(key: str) -> str:
    """The strings under `key`, joined by '|'; a single string is a list of one; null where there is none."""
    return f"""nullif(case json_type(targeting, '$.{key}')
        when 'ARRAY' then array_to_string(json_extract_string(targeting, '$.{key}[*]'), '|')
        when 'NULL' then null
        else json_extract_string(targeting, '$.{key}') end, '')"""


# Rows of one bronze table: (columns, source, which rows stay, key, order in which the first of a key stays).
CLEANED = {
    "users": (
        f"{named('user_id')}, {PERSON}, _source, _line",
        "bronze.user_profile",
        "user_id is not null",
        "user_id",
        "_source, _line",
    ),
    "user_apps": (
        f"""{named("user_id")}, nullif(trim(app_id), '') as app_id, {named_or_unknown("app_cat")},
            {named_or_unknown("primary_genre")}, {named_or_unknown("secondary_genre")}, _source, _line""",
        "bronze.user_app_genre",
        "user_id is not null and app_id is not null",
        "user_id, app_id",
        "_source, _line",
    ),
    "campaigns": (
        f"""nullif(trim(campaign_id), '') as campaign_id,
            {named_or_unknown("advertiser_id")},
            {CAMPAIGN_TYPE},
            cast(nullif(trim(billing_rate), '') as decimal(18, 4)) as billing_rate_usd,
            string_split(upper({targets("state")}), '|') as target_states,
            string_split({targets("age_range")}, '|') as target_age_ranges,
            string_split(upper(regexp_replace({targets("gender")}, '([mf])[a-z]*', '\\1', 'gi')), '|')
                as target_genders,
            string_split({targets("device_type")}, '|') as target_device_types,
            coalesce(trim(targeting_params), '') = '' or targeting is not null as has_valid_targeting,
            _source,
            _line""",
        """(select *, case when json_valid(targeting_params) then targeting_params end as targeting
            from bronze.campaigns)""",
        "campaign_id is not null and billing_rate_usd >= 0",
        "campaign_id",
        "_source, _line",
    ),
    "requests": (
        f"""nullif(trim(request_id), '') as request_id,
            nullif(trim(id_md5), '') as id_md5,
            cast(nullif(trim("timestamp"), '') as timestamp) as requested_at,
            cast(requested_at as date) as requested_on,
            {named("user_id")},
            {named_or_unknown("device_type")},
            {named_or_unknown("network_type")},
            {PERSON},
            cast(nullif(trim(has_request), '') as boolean) as has_request,
            _source,
            _line""",
        "bronze.requests",
        """request_id is not null and id_md5 is not null and has_request is not false
            and requested_at >= timestamp '2000-01-01' and requested_at < timestamp '2100-01-01'""",
        "request_id",
        "requested_at, _source, _line",
    ),
    "impressions": (
        f"""nullif(trim(impression_id), '') as impression_id,
            nullif(trim(id_md5), '') as id_md5,
            {named("campaign_id")},
            {CAMPAIGN_TYPE},
            cast(nullif(trim(ad_position), '') as int) as ad_position,
            cast(nullif(trim(has_impression), '') as boolean) as has_impression,
            _source,
            _line""",
        "bronze.impressions",
        "impression_id is not null and id_md5 is not null and has_impression is not false",
        "impression_id",
        "_source, _line",
    ),
    "clicks": (
        f"""nullif(trim(id_md5), '') as id_md5,
            nullif(trim(click_id), '') as click_id,
            {named("user_id")},
            cast(nullif(trim(has_click), '') as boolean) as has_click,
            _source,
            _line""",
        "bronze.clicks",
        "id_md5 is not null and click_id is not null and has_click is not false",
        "id_md5",
        "_source, _line",
    ),
    "installs": (
        """nullif(trim(id_md5), '') as id_md5,
            nullif(trim(install_id), '') as install_id,
            cast(nullif(trim(install_at), '') as timestamp) as installed_at,
            cast(nullif(trim(has_install), '') as boolean) as has_install,
            _source,
            _line""",
        "bronze.installs",
        "id_md5 is not null and has_install is not false",
        "id_md5",
        "installed_at, _source, _line",
    ),
}

REPEATED_CLICKS = """
    select nullif(trim(id_md5), '') as key, count(distinct nullif(trim(click_id), '')) - 1 as repeat_click_count
    from bronze.clicks
    where coalesce(lower(trim(has_click)), '') not in ('0', 'f', 'false', 'n', 'no', 'off')
    group by key
    having key is not null and repeat_click_count > 0"""

JOINED = {
    "repeated_clicks": f"select key as id_md5, repeat_click_count from ({REPEATED_CLICKS})",
    "user_main_apps": "select user_id, min(app_id) as app_id, arg_min(primary_genre, app_id) as primary_genre"
    " from silver.user_apps group by user_id",
    # Few requests have several impressions: only those are looked at again.
    "ad_funnel": """
        with several as materialized (
            select hash(id_md5) as h from silver.impressions group by h having count(*) > 1
        ),
        later as materialized (
            select impression_id from silver.impressions where hash(id_md5) in (from several)
            qualify row_number() over (partition by id_md5 order by impression_id) > 1
        ),
        outcomes as not materialized (
            select
                i.id_md5, i.impression_id, i.campaign_id, i.campaign_type, i.ad_position,
                c.id_md5 is not null as is_click,
                n.id_md5 is not null as is_install,
                coalesce(m.repeat_click_count, 0) as repeat_click_count
            from silver.impressions as i
            left join silver.clicks as c on i.id_md5 = c.id_md5
            left join silver.repeated_clicks as m on i.id_md5 = m.id_md5
            left join silver.installs as n on i.id_md5 = n.id_md5
            where i.impression_id not in (from later)
        ),
        campaigns as materialized (
            select
                campaign_id,
                '|' || array_to_string(target_states, '|') || '|' as target_states,
                '|' || array_to_string(target_age_ranges, '|') || '|' as target_age_ranges,
                '|' || array_to_string(target_genders, '|') || '|' as target_genders,
                '|' || array_to_string(target_device_types, '|') || '|' as target_device_types
            from silver.campaigns
        )
        select
            r.* exclude (id_md5, has_request, _source, _line),
            o.impression_id, o.campaign_id, o.campaign_type, o.ad_position,
            o.impression_id is not null as is_impression,
            coalesce(o.is_click, false) as is_click,
            coalesce(o.is_install, false) as is_install,
            coalesce(o.repeat_click_count, 0) as repeat_click_count,
            case when o.impression_id is not null then k.campaign_id is not null end as is_known_campaign,
            case when k.campaign_id is not null then
                (k.target_states is null or contains(k.target_states, '|' || r.state || '|'))
                and (k.target_age_ranges is null or contains(k.target_age_ranges, '|' || r.age_range || '|'))
                and (k.target_genders is null or contains(k.target_genders, '|' || r.gender || '|'))
                and (k.target_device_types is null or contains(k.target_device_types, '|' || r.device_type || '|'))
            end as is_in_targeting
        from silver.requests as r
        left join outcomes as o on r.id_md5 = o.id_md5
        left join campaigns as k on o.campaign_id = k.campaign_id""",
}

SUMS = """cast(sum(impression_count) as bigint) as impression_count,
    cast(sum(click_count) as bigint) as click_count,
    cast(sum(repeat_click_count) as bigint) as repeat_click_count,
    cast(sum(install_count) as bigint) as install_count,
    sum(revenue_usd) as revenue,
    sum(estimated_revenue_usd) as estimated_revenue"""

MONEY = """cast(revenue as decimal(18, 7)) as revenue_usd,
    cast(estimated_revenue as decimal(18, 7)) as estimated_revenue_usd,
    click_count / impression_count as click_rate"""

YIELD = f"""{MONEY},
    install_count / nullif(click_count, 0) as install_rate,
    cast(revenue * 1000 / impression_count as decimal(18, 4)) as revenue_per_thousand_usd"""

AFFINITY_MATCH = """(primary_genre = 'Videos' and campaign_type = 'CPM')
    or (primary_genre = 'Shopping' and campaign_type = 'CPC') as is_affinity_match"""

GOLD = {
    "click_facts": f"""
        with campaigns as materialized (
            select
                campaign_id,
                advertiser_id,
                campaign_type,
                billing_rate_usd,
                cast(case when campaign_type = 'CPM' then billing_rate_usd * 0.001 else 0 end as decimal(18, 7))
                    as per_impression,
                cast(case when campaign_type = 'CPC' then billing_rate_usd else 0 end as decimal(18, 7)) as per_click,
                cast(case when campaign_type = 'CPI' then billing_rate_usd else 0 end as decimal(18, 7)) as per_install,
                cast(case when campaign_type = 'CPI' then billing_rate_usd * 0.1 else 0 end as decimal(18, 7))
                    as estimated_per_click
            from silver.campaigns
        ),
        joined as not materialized (
            select
                i.* exclude (is_impression, campaign_id, campaign_type),
                coalesce(a.app_id, 'Unknown') as app_id,
                coalesce(a.primary_genre, 'Unknown') as primary_genre,
                coalesce(i.campaign_id, 'Unknown') as campaign_id,
                coalesce(k.advertiser_id, 'Unknown') as advertiser_id,
                coalesce(k.campaign_type, i.campaign_type) as campaign_type,
                k.billing_rate_usd,
                coalesce(k.per_impression, 0) as for_impression,
                case when i.is_click then coalesce(k.per_click, 0) else 0 end as for_click,
                case when i.is_install then coalesce(k.per_install, 0) else 0 end as for_install,
                case when i.is_click then coalesce(k.estimated_per_click, 0) else 0 end as for_install_estimated
            from silver.ad_funnel as i
            left join campaigns as k on i.campaign_id = k.campaign_id
            left join silver.user_main_apps as a on i.user_id = a.user_id
            where i.is_impression
        )
        select
            * exclude (for_impression, for_click, for_install, for_install_estimated),
            {AFFINITY_MATCH},
            cast(for_impression + for_click + for_install as decimal(18, 7)) as revenue_usd,
            cast(for_impression + for_click + for_install_estimated as decimal(18, 7)) as estimated_revenue_usd
        from joined""",
    "revenue_by_state_daily": f"""
        select requested_on, state, impression_count, click_count, install_count, {MONEY}
        from (
            select
                requested_on,
                state,
                count(*) as impression_count,
                count(*) filter (is_click) as click_count,
                count(*) filter (is_install) as install_count,
                sum(revenue_usd) as revenue,
                sum(estimated_revenue_usd) as estimated_revenue
            from gold.click_facts
            group by all
        )""",
    "campaign_performance_daily": f"""
        select * exclude (revenue, estimated_revenue), {YIELD}
        from (
            select
                requested_on,
                campaign_id,
                campaign_type,
                advertiser_id,
                is_known_campaign,
                count(*) as impression_count,
                count(*) filter (is_known_campaign and not is_in_targeting) as off_target_impression_count,
                count(*) filter (is_click) as click_count,
                cast(sum(repeat_click_count) as bigint) as repeat_click_count,
                count(*) filter (is_install) as install_count,
                sum(revenue_usd) as revenue,
                sum(estimated_revenue_usd) as estimated_revenue
            from gold.click_facts
            group by all
        )""",
    "advertiser_performance_daily": f"""
        select * exclude (revenue, estimated_revenue), {YIELD}
        from (
            select
                requested_on,
                advertiser_id,
                count(distinct campaign_id) as campaign_count,
                {SUMS}
            from gold.campaign_performance_daily
            group by all
        )""",
    "affinity_daily": """
        select
            requested_on,
            primary_genre,
            campaign_type,
            count(*) as impression_count,
            count(*) filter (is_click) as click_count
        from gold.click_facts
        group by all""",
    "affinity_lift": f"""
        select
            primary_genre,
            campaign_type,
            {AFFINITY_MATCH},
            impression_count,
            click_count,
            click_count / impression_count as click_rate,
            base_click_rate,
            click_count / impression_count / nullif(base_click_rate, 0) as lift_ratio
        from (
            select
                primary_genre,
                campaign_type,
                cast(sum(impression_count) as bigint) as impression_count,
                cast(sum(click_count) as bigint) as click_count
            from gold.affinity_daily
            group by all
        ),
        (
            select cast(sum(click_count) as double) / sum(impression_count) as base_click_rate
            from gold.affinity_daily
        )""",
    "traffic_hourly": """
        select
            *,
            impression_count / request_count as fill_rate,
            click_count / nullif(impression_count, 0) as click_rate
        from (
            select
                requested_on,
                cast(hour(requested_at) as int) as hour_of_day,
                count(*) as request_count,
                count(*) filter (is_impression) as impression_count,
                count(*) filter (is_click) as click_count,
                count(*) filter (is_install) as install_count
            from silver.ad_funnel
            group by all
        )""",
    "click_fraud_daily": """
        select
            requested_on,
            coalesce(user_id, 'Unknown') as user_id,
            campaign_id,
            advertiser_id,
            count(*) as suspect_ad_count,
            cast(sum(repeat_click_count) as bigint) as repeat_click_count,
            max(repeat_click_count) + 1 as most_clicks_on_one_ad,
            count(*) filter (repeat_click_count >= 9) as burst_count
        from gold.click_facts
        where repeat_click_count > 0
        group by all""",
}


class Build:
    """One database in memory whose tables are views over the Parquet files written so far."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.output = Path(arguments.output)
        self.options = {
            "zstd": "format parquet, compression zstd, compression_level 1",
            "snappy": "format parquet, compression snappy",
        }[arguments.compression]
        self.database = duckdb.connect()
        self.run(f"set threads = {arguments.threads}")
        for layer in ("bronze", "silver", "gold", "clean"):
            self.run(f"create schema {layer}")
        for layer in ("bronze", "silver", "gold"):
            (self.output / layer).mkdir(parents=True, exist_ok=True)

    def run(self, sql: str) -> None:
        # A result that is not fetched would leave the statement unfinished.
        self.database.execute(sql).fetchall()

    def write(self, table: str, select: str, as_view: str = "* from read_parquet('{file}')") -> None:
        layer, name = table.split(".")
        file = self.output / layer / f"{name}.parquet"
        self.run(f"copy ({select}) to '{file}' ({self.options})")
        self.run(f"create view {table} as select {as_view.format(file=file)}")

    def bronze(self, source: Path) -> None:
        for name, columns in RAW.items():
            types = ", ".join(f"'{column}': 'varchar'" for column in columns.split())
            # No column is typed or guessed, and an empty field stays an empty string. The line needs no column: rows
            # keep their order, so it is the row's place in the Parquet file.
            self.write(
                f"bronze.{name}",
                f"""select *, '{name}.csv' as _source from read_csv('{source / name}.csv', auto_detect = false,
                    header = true, delim = ',', quote = '"', escape = '"', nullstr = '\\N', columns = {{{types}}})""",
                "* exclude (file_row_number), file_row_number + 2 as _line"
                " from read_parquet('{file}', file_row_number = true)",
            )

    def silver(self) -> None:
        for name, (columns, source, kept, key, first_by) in CLEANED.items():
            self.run(f"create view clean.{name} as select {columns} from {source}")
            # Few keys repeat. They are found by the hash of the key alone, and only their rows are compared. A plain
            # `where` would sink below the cleaning and cut up the dictionaries that make it cheap, so what is left out
            # is decided above the join: a third less time.
            self.write(
                f"silver.{name}",
                f"""with several as materialized (
                    select hash({key}) as h from clean.{name} group by h having count(*) > 1
                ),
                later as materialized (
                    select _line from clean.{name} where hash({key}) in (from several)
                    qualify row_number() over (partition by {key} order by ({kept}) is not true, {first_by}) > 1
                )
                select c.* from clean.{name} as c left join later as l on c._line = l._line
                where case when l._line is null then {kept} else false end""",
            )
        for name, select in JOINED.items():
            self.write(f"silver.{name}", select)

    def gold(self) -> None:
        for name, select in GOLD.items():
            self.write(f"gold.{name}", select)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("input")
    parser.add_argument("output")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--compression", choices=["zstd", "snappy"], default="zstd")
    arguments = parser.parse_args()
    build = Build(arguments)
    seconds = {}
    for layer, step in (
        ("bronze", lambda: build.bronze(Path(arguments.input))),
        ("silver", build.silver),
        ("gold", build.gold),
    ):
        started = time.perf_counter()
        step()
        seconds[layer] = round(time.perf_counter() - started, 3)
    print(json.dumps(seconds))


if __name__ == "__main__":
    main()
