"""The adtech pipeline in PySpark on one machine: seven CSV files to Parquet in three layers.

    python pipeline_pyspark.py INPUT OUTPUT [--threads N] [--memory 4g] [--compression zstd|snappy]

Writes OUTPUT/LAYER/TABLE.parquet/ and prints, as one line of JSON, the seconds spent in each layer; starting Spark
counts as `start`. The definitions are those of silver/models/adtech and gold/models/adtech; where Spark has a faster
way to say the same, it is used.
"""

import argparse
import json
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pyspark.sql import SparkSession

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


def filled(column: str, name: str | None = None) -> str:
    return f"nullif(trim({column}), '') as {name or column}"


def named(column: str) -> str:
    return f"case when trim({column}) not in ('', 'null', 'NULL') then trim({column}) end as {column}"


def named_or_unknown(column: str) -> str:
    return f"case when trim({column}) not in ('', 'null', 'NULL') then trim({column}) else 'Unknown' end as {column}"


def flag(column: str) -> str:
    return f"cast(nullif(trim({column}), '') as boolean) as {column}"


def targets(key: str) -> str:
    """The strings under `key`, joined by '|'; a single string is a list of one; null where there is none."""
    value = f"get_json_object(targeting_params, '$.{key}')"
    joined = f"array_join(from_json({value}, 'array<string>'), '|')"
    return f"nullif(case when {value} like '[%' then {joined} else {value} end, '')"


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

# Rows of one bronze table: (columns, source, which rows stay, key, order in which the first of a key stays).
CLEANED = {
    "requests": (
        f"""{filled("request_id")}, {filled("id_md5")},
            cast(nullif(trim(timestamp), '') as timestamp) as requested_at,
            cast(cast(nullif(trim(timestamp), '') as timestamp) as date) as requested_on,
            {named("user_id")}, {named_or_unknown("device_type")}, {named_or_unknown("network_type")}, {PERSON},
            {flag("has_request")}""",
        "requests",
        """request_id is not null and id_md5 is not null and coalesce(has_request, true)
            and requested_at >= timestamp '2000-01-01' and requested_at < timestamp '2100-01-01'""",
        "request_id",
        "requested_at, _source, _place",
    ),
    "impressions": (
        f"""{filled("impression_id")}, {filled("id_md5")}, {named("campaign_id")}, {CAMPAIGN_TYPE},
            cast(nullif(trim(ad_position), '') as int) as ad_position, {flag("has_impression")}""",
        "impressions",
        "impression_id is not null and id_md5 is not null and coalesce(has_impression, true)",
        "impression_id",
        "_source, _place",
    ),
    "user_apps": (
        f"""{named("user_id")}, {filled("app_id")}, {named_or_unknown("app_cat")},
            {named_or_unknown("primary_genre")}, {named_or_unknown("secondary_genre")}""",
        "user_app_genre",
        "user_id is not null and app_id is not null",
        "user_id, app_id",
        "_source, _place",
    ),
    "users": (f"{named('user_id')}, {PERSON}", "user_profile", "user_id is not null", "user_id", "_source, _place"),
    "clicks": (
        f"{filled('id_md5')}, {filled('click_id')}, {named('user_id')}, {flag('has_click')}",
        "clicks",
        "id_md5 is not null and click_id is not null and coalesce(has_click, true)",
        "id_md5",
        "_source, _place",
    ),
    "installs": (
        f"""{filled("id_md5")}, {filled("install_id")},
            cast(nullif(trim(install_at), '') as timestamp) as installed_at, {flag("has_install")}""",
        "installs",
        "id_md5 is not null and coalesce(has_install, true)",
        "id_md5",
        "installed_at asc nulls last, _source, _place",
    ),
    "campaigns": (
        f"""{filled("campaign_id")}, {named_or_unknown("advertiser_id")}, {CAMPAIGN_TYPE},
            cast(nullif(trim(billing_rate), '') as decimal(18, 4)) as billing_rate_usd,
            split(upper({targets("state")}), '[|]') as target_states,
            split({targets("age_range")}, '[|]') as target_age_ranges,
            split(upper(regexp_replace({targets("gender")}, '(?i)([mf])[a-z]*', '$1')), '[|]') as target_genders,
            split({targets("device_type")}, '[|]') as target_device_types,
            coalesce(trim(targeting_params), '') = '' or try_parse_json(targeting_params) is not null
                as has_valid_targeting""",
        "campaigns",
        "campaign_id is not null and billing_rate_usd >= 0",
        "campaign_id",
        "_source, _place",
    ),
}

REPEATED_CLICKS = """
    select key as id_md5, clicks - 1 as repeat_click_count
    from (
        select nullif(trim(id_md5), '') as key, count(distinct nullif(trim(click_id), '')) as clicks
        from bronze_clicks
        where coalesce(lower(trim(has_click)), '') not in ('0', 'f', 'false', 'n', 'no', 'off')
        group by 1
    )
    where key is not null and clicks > 1"""

USER_MAIN_APPS = """
    select user_id, min(app_id) as app_id, min_by(primary_genre, app_id) as primary_genre
    from silver_user_apps
    group by user_id"""

# Few requests have several impressions: only those are looked at again.
AD_FUNNEL = """
    with later as (
        select impression_id
        from (
            select impression_id, row_number() over (partition by id_md5 order by impression_id) as place
            from silver_impressions
            left semi join (select id_md5 from silver_impressions group by id_md5 having count(*) > 1) using (id_md5)
        )
        where place > 1
    ),
    campaigns as (
        select
            campaign_id,
            concat('|', array_join(target_states, '|'), '|') as target_states,
            concat('|', array_join(target_age_ranges, '|'), '|') as target_age_ranges,
            concat('|', array_join(target_genders, '|'), '|') as target_genders,
            concat('|', array_join(target_device_types, '|'), '|') as target_device_types
        from silver_campaigns
    ),
    outcomes as (
        select /*+ broadcast(m), broadcast(n) */
            i.id_md5, i.impression_id, i.campaign_id, i.campaign_type, i.ad_position,
            c.id_md5 is not null as is_click,
            n.id_md5 is not null as is_install,
            coalesce(m.repeat_click_count, 0) as repeat_click_count
        from silver_impressions as i
        left anti join later on i.impression_id = later.impression_id
        left join silver_clicks as c on i.id_md5 = c.id_md5
        left join silver_repeated_clicks as m on i.id_md5 = m.id_md5
        left join silver_installs as n on i.id_md5 = n.id_md5
    )
    select
        r.request_id, r.requested_at, r.requested_on, r.user_id, r.device_type, r.network_type, r.age_range, r.gender,
        r.state, r.city, r.phone_price_range, r.phone_model, r.language,
        o.impression_id, o.campaign_id, o.campaign_type, o.ad_position,
        o.impression_id is not null as is_impression,
        coalesce(o.is_click, false) as is_click,
        coalesce(o.is_install, false) as is_install,
        coalesce(o.repeat_click_count, 0) as repeat_click_count,
        case when o.impression_id is not null then k.campaign_id is not null end as is_known_campaign,
        case when k.campaign_id is not null then
            (k.target_states is null or contains(k.target_states, concat('|', r.state, '|')))
            and (k.target_age_ranges is null or contains(k.target_age_ranges, concat('|', r.age_range, '|')))
            and (k.target_genders is null or contains(k.target_genders, concat('|', r.gender, '|')))
            and (k.target_device_types is null or contains(k.target_device_types, concat('|', r.device_type, '|')))
        end as is_in_targeting
    from silver_requests as r
    left join outcomes as o on r.id_md5 = o.id_md5
    left join campaigns as k on o.campaign_id = k.campaign_id"""

AFFINITY_MATCH = """(primary_genre = 'Videos' and campaign_type = 'CPM')
    or (primary_genre = 'Shopping' and campaign_type = 'CPC') as is_affinity_match"""

MONEY = """cast(revenue as decimal(18, 7)) as revenue_usd,
    cast(estimated_revenue as decimal(18, 7)) as estimated_revenue_usd,
    click_count / impression_count as click_rate"""

YIELD = f"""{MONEY},
    install_count / nullif(click_count, 0) as install_rate,
    cast(revenue * 1000 / impression_count as decimal(18, 4)) as revenue_per_thousand_usd"""

CLICK_FACTS = f"""
    with campaigns as (
        select
            campaign_id, advertiser_id, campaign_type, billing_rate_usd,
            cast(case when campaign_type = 'CPM' then billing_rate_usd / 1000 else 0 end as decimal(18, 7))
                as per_impression,
            cast(case when campaign_type = 'CPC' then billing_rate_usd else 0 end as decimal(18, 7)) as per_click,
            cast(case when campaign_type = 'CPI' then billing_rate_usd else 0 end as decimal(18, 7)) as per_install,
            cast(case when campaign_type = 'CPI' then billing_rate_usd / 10 else 0 end as decimal(18, 7))
                as estimated_per_click
        from silver_campaigns
    ),
    joined as (
        select
            i.* except (is_impression, campaign_id, campaign_type),
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
        from silver_ad_funnel as i
        left join campaigns as k on i.campaign_id = k.campaign_id
        left join silver_user_main_apps as a on i.user_id = a.user_id
        where i.is_impression
    )
    select
        * except (for_impression, for_click, for_install, for_install_estimated),
        {AFFINITY_MATCH},
        cast(for_impression + for_click + for_install as decimal(18, 7)) as revenue_usd,
        cast(for_impression + for_click + for_install_estimated as decimal(18, 7)) as estimated_revenue_usd
    from joined"""

DAILY = {
    "traffic_hourly": """
        select
            *,
            impression_count / request_count as fill_rate,
            click_count / nullif(impression_count, 0) as click_rate
        from (
            select
                requested_on,
                hour(requested_at) as hour_of_day,
                count(*) as request_count,
                count_if(is_impression) as impression_count,
                count_if(is_click) as click_count,
                count_if(is_install) as install_count
            from silver_ad_funnel
            group by 1, 2
        )""",
    "campaign_performance_daily": f"""
        select * except (revenue, estimated_revenue), {YIELD}
        from (
            select
                requested_on, campaign_id, campaign_type, advertiser_id, is_known_campaign,
                count(*) as impression_count,
                count_if(is_known_campaign and not is_in_targeting) as off_target_impression_count,
                count_if(is_click) as click_count,
                sum(repeat_click_count) as repeat_click_count,
                count_if(is_install) as install_count,
                sum(revenue_usd) as revenue,
                sum(estimated_revenue_usd) as estimated_revenue
            from gold_click_facts
            group by 1, 2, 3, 4, 5
        )""",
    "revenue_by_state_daily": f"""
        select requested_on, state, impression_count, click_count, install_count, {MONEY}
        from (
            select
                requested_on,
                state,
                count(*) as impression_count,
                count_if(is_click) as click_count,
                count_if(is_install) as install_count,
                sum(revenue_usd) as revenue,
                sum(estimated_revenue_usd) as estimated_revenue
            from gold_click_facts
            group by 1, 2
        )""",
    "affinity_daily": """
        select
            requested_on, primary_genre, campaign_type,
            count(*) as impression_count,
            count_if(is_click) as click_count
        from gold_click_facts
        group by 1, 2, 3""",
    "click_fraud_daily": """
        select
            requested_on, coalesce(user_id, 'Unknown') as user_id, campaign_id, advertiser_id,
            count(*) as suspect_ad_count,
            sum(repeat_click_count) as repeat_click_count,
            max(repeat_click_count) + 1 as most_clicks_on_one_ad,
            count_if(repeat_click_count >= 9) as burst_count
        from gold_click_facts
        where repeat_click_count > 0
        group by 1, 2, 3, 4""",
}

SUMMED = {
    "advertiser_performance_daily": f"""
        select * except (revenue, estimated_revenue), {YIELD}
        from (
            select
                requested_on, advertiser_id,
                count(distinct campaign_id) as campaign_count,
                sum(impression_count) as impression_count,
                sum(click_count) as click_count,
                sum(repeat_click_count) as repeat_click_count,
                sum(install_count) as install_count,
                sum(revenue_usd) as revenue,
                sum(estimated_revenue_usd) as estimated_revenue
            from gold_campaign_performance_daily
            group by 1, 2
        )""",
    "affinity_lift": f"""
        select
            primary_genre, campaign_type, {AFFINITY_MATCH}, impression_count, click_count,
            click_count / impression_count as click_rate,
            base_click_rate,
            click_count / impression_count / nullif(base_click_rate, 0) as lift_ratio
        from (
            select
                primary_genre, campaign_type,
                sum(impression_count) as impression_count,
                sum(click_count) as click_count
            from gold_affinity_daily
            group by 1, 2
        )
        cross join (select sum(click_count) / sum(impression_count) as base_click_rate from gold_affinity_daily)""",
}


class Build:
    def __init__(self, arguments: argparse.Namespace) -> None:
        self.input = Path(arguments.input).resolve()
        self.output = Path(arguments.output).resolve()
        settings = {
            "spark.driver.memory": arguments.memory,
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.host": "127.0.0.1",
            "spark.sql.session.timeZone": "UTC",
            # One machine, a few gigabytes: the 200 partitions of the default would be mostly overhead.
            "spark.sql.shuffle.partitions": 2 * arguments.threads,
            "spark.sql.autoBroadcastJoinThreshold": "64m",
            "spark.sql.join.preferSortMergeJoin": "false",
            "spark.sql.ansi.enabled": "true",
            "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
            "spark.sql.parquet.compression.codec": arguments.compression,
            "spark.hadoop.parquet.compression.codec.zstd.level": 1,
            # Only the data files: no checksum and marker files beside them.
            "spark.hadoop.mapreduce.fileoutputcommitter.algorithm.version": 2,
            "spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
            "spark.sql.warehouse.dir": tempfile.gettempdir(),
        }
        builder = SparkSession.builder.master(f"local[{arguments.threads}]")
        for key, value in settings.items():
            builder = builder.config(key, str(value))
        self.spark = builder.getOrCreate()
        self.spark.sparkContext.setLogLevel("ERROR")

    def write(self, layer: str, tables: dict) -> None:
        """Writes tables that do not read each other side by side, so that small ones fill the gaps of large ones."""

        def one(name: str) -> None:
            select = tables[name]
            frame = self.spark.sql(select) if isinstance(select, str) else select
            path = str(self.output / layer / f"{name}.parquet")
            frame.write.mode("overwrite").parquet(path)
            self.spark.read.schema(frame.schema).parquet(path).createOrReplaceTempView(f"{layer}_{name}")

        with ThreadPoolExecutor(len(tables)) as pool:
            list(pool.map(one, tables))

    def bronze(self) -> None:
        tables = {}
        for name, columns in RAW.items():
            schema = ", ".join(f"`{column}` string" for column in columns.split())
            lines = self.spark.read.csv(
                str(self.input / f"{name}.csv"), schema=schema, header=True, quote='"', escape='"', enforceSchema=True
            )
            # Spark cannot say a row's line; its place is where its part of the file starts, and its number in there.
            tables[name] = lines.selectExpr(
                "*",
                "_metadata.file_name as _source",
                "struct(_metadata.file_block_start as start, monotonically_increasing_id() as number) as _place",
            )
        self.write("bronze", tables)

    def silver(self) -> None:
        tables = {"repeated_clicks": REPEATED_CLICKS}
        for name, (columns, source, kept, key, first_by) in CLEANED.items():
            clean = f"(select {columns}, _source, _place from bronze_{source})"
            # Few keys repeat. They are found by the hash of the key alone, and only their rows are sorted; all others
            # pass without a shuffle, which Spark needs to be told.
            tables[name] = f"""
                with later as (
                    select _source, _place
                    from (
                        select /*+ broadcast(s) */
                            _source, _place, row_number() over (partition by {key} order by {first_by}) as rank
                        from {clean} as c
                        left semi join (select xxhash64({key}) as h from {clean} group by 1 having count(*) > 1) as s
                        on xxhash64({key}) = s.h
                        where {kept}
                    )
                    where rank > 1
                )
                select /*+ broadcast(l) */ c.*
                from {clean} as c
                left anti join later as l on c._source = l._source and c._place = l._place
                where {kept}"""
        self.write("silver", tables)
        self.write("silver", {"user_main_apps": USER_MAIN_APPS, "ad_funnel": AD_FUNNEL})

    def gold(self) -> None:
        self.write("gold", {"click_facts": CLICK_FACTS})
        self.write("gold", DAILY)
        self.write("gold", SUMMED)

    def stop(self) -> None:
        """Also waits for the Java process, so that whoever started this one sees all of its work."""
        gateway = self.spark.sparkContext._gateway
        self.spark.stop()
        gateway.shutdown()
        gateway.proc.stdin.close()
        gateway.proc.wait()


def main() -> None:
    started = time.perf_counter()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("input")
    parser.add_argument("output")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--memory", default="4g")
    parser.add_argument("--compression", choices=["zstd", "snappy"], default="zstd")
    arguments = parser.parse_args()
    build = Build(arguments)
    seconds = {"start": round(time.perf_counter() - started, 3)}
    for layer, step in (("bronze", build.bronze), ("silver", build.silver), ("gold", build.gold)):
        started = time.perf_counter()
        step()
        seconds[layer] = round(time.perf_counter() - started, 3)
    build.stop()
    print(json.dumps(seconds))


if __name__ == "__main__":
    main()
