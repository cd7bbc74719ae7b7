"""The adtech pipeline in Polars, lazy and streaming: seven CSV files to Parquet in three layers.

    POLARS_MAX_THREADS=2 python pipeline_polars.py INPUT OUTPUT [--compression zstd|snappy]

Writes OUTPUT/LAYER/TABLE.parquet and prints, as one line of JSON, the seconds spent in each layer. The definitions are
those of silver/models/adtech and gold/models/adtech; where Polars has a faster way to say the same, it is used.
"""

import argparse
import json
import re
import time
from datetime import datetime
from pathlib import Path

import polars as pl
from polars import Expr, LazyFrame, col, lit, when

RAW = ["user_profile", "user_app_genre", "campaigns", "requests", "impressions", "clicks", "installs"]
MISSING = ["", "null", "NULL"]
YES = ["1", "t", "true", "y", "yes", "on"]
NO = ["0", "f", "false", "n", "no", "off"]
UNKNOWN = lit("Unknown")
PLACE = ["_source", "_line"]
TARGETS = {
    "target_states": "state",
    "target_age_ranges": "age_range",
    "target_genders": "gender",
    "target_device_types": "device_type",
}


def trimmed(column: str) -> Expr:
    return col(column).str.strip_chars(" ")


def filled(column: str, name: str | None = None) -> Expr:
    return when(trimmed(column) != "").then(trimmed(column)).alias(name or column)


def named(column: str) -> Expr:
    return when(~trimmed(column).is_in(MISSING)).then(trimmed(column)).alias(column)


def named_or_unknown(column: str) -> Expr:
    return when(~trimmed(column).is_in(MISSING)).then(trimmed(column)).otherwise(UNKNOWN).alias(column)


def flag(column: str) -> Expr:
    text = trimmed(column).str.to_lowercase()
    return when(text.is_in(YES)).then(True).when(text.is_in(NO)).then(False).alias(column)


def instant(column: str, name: str) -> Expr:
    return filled(column, name).str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us")


def person() -> list[Expr]:
    gender = trimmed("gender").str.to_lowercase()
    state = trimmed("state").str.to_uppercase()
    return [
        named_or_unknown("age_range"),
        when(gender.is_in(["m", "male", "man"]))
        .then(lit("M"))
        .when(gender.is_in(["f", "female", "woman"]))
        .then(lit("F"))
        .otherwise(UNKNOWN)
        .alias("gender"),
        when(~state.is_in(["", "NULL", "UNKNOWN"])).then(state).otherwise(UNKNOWN).alias("state"),
        *(named_or_unknown(column) for column in ("city", "phone_price_range", "phone_model", "language")),
    ]


def campaign_type() -> Expr:
    text = trimmed("campaign_type").str.to_uppercase()
    return when(text.is_in(["CPC", "CPM", "CPI"])).then(text).otherwise(UNKNOWN).alias("campaign_type")


def targeting(text: str) -> dict:
    """The lists in one campaign's targeting_params; there are a few hundred campaigns, so plain Python will do."""
    found, valid = None, True
    try:
        found = json.loads(text) if text.strip(" ") else None
    except ValueError:
        valid = False
    lists = {"has_valid_targeting": valid}
    for column, key in TARGETS.items():
        values = found.get(key) if isinstance(found, dict) else None
        values = [values] if isinstance(values, str) else values or None
        if values and key == "state":
            values = [value.upper() for value in values]
        if values and key == "gender":
            values = [re.sub("([mf])[a-z]*", r"\1", value, flags=re.IGNORECASE).upper() for value in values]
        lists[column] = values
    return lists


def affinity_match() -> Expr:
    genre, pricing = col("primary_genre"), col("campaign_type")
    match = ((genre == "Videos") & (pricing == "CPM")) | ((genre == "Shopping") & (pricing == "CPC"))
    return match.alias("is_affinity_match")


def count(condition: Expr) -> Expr:
    return condition.cast(pl.Int64).sum()


def ratio(part: str, whole: str) -> Expr:
    """part / whole, null where the whole is 0."""
    return when(col(whole) != 0).then(col(part) / col(whole))


def returns() -> list[Expr]:
    return [
        col("revenue_usd", "estimated_revenue_usd").cast(pl.Decimal(18, 7)),
        ratio("click_count", "impression_count").alias("click_rate"),
        ratio("install_count", "click_count").alias("install_rate"),
        (col("revenue_usd").cast(pl.Float64) * 1000 / col("impression_count"))
        .round(4, mode="half_away_from_zero")
        .cast(pl.Decimal(18, 4))
        .alias("revenue_per_thousand_usd"),
    ]


class Build:
    def __init__(self, arguments: argparse.Namespace) -> None:
        self.input = Path(arguments.input)
        self.output = Path(arguments.output)
        self.options = {
            "zstd": {"compression": "zstd", "compression_level": 1},
            "snappy": {"compression": "snappy"},
        }[arguments.compression]

    def file(self, table: str) -> Path:
        return self.output / f"{table.replace('.', '/')}.parquet"

    def table(self, table: str) -> LazyFrame:
        return pl.scan_parquet(self.file(table))

    def write(self, tables: dict[str, LazyFrame]) -> None:
        """Writes tables that do not read each other as one query, so that small ones fill the gaps of large ones."""
        sinks = [
            frame.sink_parquet(self.file(table), mkdir=True, lazy=True, **self.options)
            for table, frame in tables.items()
        ]
        pl.collect_all(sinks, engine="streaming")

    def bronze(self) -> None:
        self.write(
            {
                # No column is typed or guessed, and an empty field stays an empty string.
                f"bronze.{name}": pl.scan_csv(
                    self.input / f"{name}.csv",
                    infer_schema=False,
                    empty_string_is_null=False,
                    row_index_name="_line",
                    row_index_offset=2,
                ).select(pl.exclude("_line"), lit(f"{name}.csv").alias("_source"), col("_line").cast(pl.Int64))
                for name in RAW
            }
        )

    def first(self, source: str, columns: list[Expr], kept: Expr, key: list[str], by: list[str]) -> LazyFrame:
        """The rows of a bronze table, cleaned; of rows with one key the first. Few keys repeat: they are found by the
        hash of the key alone, and only their rows are compared."""
        clean = self.table(f"bronze.{source}").select(*columns, *PLACE)
        hashed = clean.select("_line", pl.struct(key).hash().alias("h") if key[1:] else col(key[0]).hash().alias("h"))
        several = hashed.group_by("h").len().filter(col("len") > 1)
        candidates = hashed.join(several, on="h", how="semi").select("_line")
        is_same_key = pl.all_horizontal(col(column) == col(column).shift(1) for column in key)
        later = (
            clean.filter(kept)
            .select(*dict.fromkeys([*key, *by, "_line"]))
            .join(candidates, on="_line", how="semi")
            .sort(*dict.fromkeys([*key, *by]), nulls_last=True)
            .filter(is_same_key)
            .select("_line")
        )
        return clean.filter(kept).join(later, on="_line", how="anti")

    def users(self) -> LazyFrame:
        return self.first(
            "user_profile", [named("user_id"), *person()], col("user_id").is_not_null(), ["user_id"], PLACE
        )

    def user_apps(self) -> LazyFrame:
        key = ["user_id", "app_id"]
        columns = [named("user_id"), filled("app_id")]
        columns += [named_or_unknown(column) for column in ("app_cat", "primary_genre", "secondary_genre")]
        return self.first("user_app_genre", columns, pl.all_horizontal(col(key).is_not_null()), key, PLACE)

    def campaigns(self) -> LazyFrame:
        raw = self.table("bronze.campaigns").collect()
        lists = pl.DataFrame(
            [targeting(text or "") for text in raw["targeting_params"]],
            schema={**{column: pl.List(pl.String) for column in TARGETS}, "has_valid_targeting": pl.Boolean},
        )
        clean = (
            raw.hstack(lists)
            .lazy()
            .select(
                filled("campaign_id"),
                named_or_unknown("advertiser_id"),
                campaign_type(),
                filled("billing_rate", "billing_rate_usd").str.to_decimal(scale=4).cast(pl.Decimal(18, 4)),
                *TARGETS,
                "has_valid_targeting",
                *PLACE,
            )
        )
        kept = col("campaign_id").is_not_null() & (col("billing_rate_usd") >= 0)
        return clean.filter(kept).sort(PLACE).unique("campaign_id", keep="first", maintain_order=True)

    def requests(self) -> LazyFrame:
        at = col("requested_at")
        columns = [
            filled("request_id"),
            filled("id_md5"),
            instant("timestamp", "requested_at"),
            instant("timestamp", "requested_on").dt.date(),
            named("user_id"),
            named_or_unknown("device_type"),
            named_or_unknown("network_type"),
            *person(),
            flag("has_request"),
        ]
        kept = (
            col("request_id").is_not_null()
            & col("id_md5").is_not_null()
            & (at >= datetime(2000, 1, 1))
            & (at < datetime(2100, 1, 1))
            & col("has_request").ne_missing(False)
        )
        return self.first("requests", columns, kept, ["request_id"], ["requested_at", *PLACE])

    def impressions(self) -> LazyFrame:
        columns = [
            filled("impression_id"),
            filled("id_md5"),
            named("campaign_id"),
            campaign_type(),
            filled("ad_position").str.to_integer(dtype=pl.Int32),
            flag("has_impression"),
        ]
        kept = (
            col("impression_id").is_not_null() & col("id_md5").is_not_null() & col("has_impression").ne_missing(False)
        )
        return self.first("impressions", columns, kept, ["impression_id"], PLACE)

    def clicks(self) -> LazyFrame:
        columns = [filled("id_md5"), filled("click_id"), named("user_id"), flag("has_click")]
        kept = col("id_md5").is_not_null() & col("click_id").is_not_null() & col("has_click").ne_missing(False)
        return self.first("clicks", columns, kept, ["id_md5"], PLACE)

    def installs(self) -> LazyFrame:
        columns = [
            filled("id_md5"),
            filled("install_id"),
            instant("install_at", "installed_at"),
            flag("has_install"),
        ]
        kept = col("id_md5").is_not_null() & col("has_install").ne_missing(False)
        return self.first("installs", columns, kept, ["id_md5"], ["installed_at", *PLACE])

    def repeated_clicks(self) -> LazyFrame:
        is_click = ~trimmed("has_click").str.to_lowercase().is_in(NO)
        clicks = self.table("bronze.clicks").filter(is_click).select(filled("id_md5"), filled("click_id"))
        return (
            clicks.drop_nulls()
            .group_by("id_md5")
            .agg((col("click_id").n_unique().cast(pl.Int64) - 1).alias("repeat_click_count"))
            .filter(col("repeat_click_count") > 0)
        )

    def user_main_apps(self) -> LazyFrame:
        apps = self.table("silver.user_apps").select("user_id", "app_id", "primary_genre")
        return apps.sort("app_id").unique("user_id", keep="first", maintain_order=True)

    def ad_funnel(self) -> LazyFrame:
        impressions = self.table("silver.impressions")
        # Few requests have several impressions: only those are looked at again.
        hashed = impressions.select("impression_id", col("id_md5").hash().alias("h"))
        several = hashed.group_by("h").len().filter(col("len") > 1)
        candidates = hashed.join(several, on="h", how="semi").select("impression_id")
        later = (
            impressions.select("id_md5", "impression_id")
            .join(candidates, on="impression_id", how="semi")
            .sort("id_md5", "impression_id")
            .filter(col("id_md5") == col("id_md5").shift(1))
            .select("impression_id")
        )
        targets = {column: f"|{column}" for column in TARGETS}
        campaigns = self.table("silver.campaigns").select(
            "campaign_id",
            lit(True).alias("is_known"),
            *((lit("|") + col(column).list.join("|") + lit("|")).alias(text) for column, text in targets.items()),
        )
        outcomes = (
            impressions.join(later, on="impression_id", how="anti")
            .select("id_md5", "impression_id", "campaign_id", "campaign_type", "ad_position")
            .join(self.table("silver.clicks").select("id_md5", is_click=lit(True)), on="id_md5", how="left")
            .join(self.table("silver.repeated_clicks"), on="id_md5", how="left")
            .join(self.table("silver.installs").select("id_md5", is_install=lit(True)), on="id_md5", how="left")
            .join(campaigns, on="campaign_id", how="left")
        )

        def in_target(text: str, column: str) -> Expr:
            value = lit("|") + col(column) + lit("|")
            return col(text).is_null() | col(text).str.contains(value, literal=True)

        matches = [in_target(text, TARGETS[column]) for column, text in targets.items()]
        is_impression = col("impression_id").is_not_null()
        return (
            self.table("silver.requests")
            .drop("has_request", *PLACE)
            .join(outcomes, on="id_md5", how="left")
            .select(
                pl.exclude("id_md5", "is_click", "is_install", "repeat_click_count", "is_known", *targets.values()),
                is_impression.alias("is_impression"),
                col("is_click").fill_null(False),
                col("is_install").fill_null(False),
                col("repeat_click_count").fill_null(0),
                when(is_impression).then(col("is_known").is_not_null()).alias("is_known_campaign"),
                when(col("is_known")).then(pl.all_horizontal(matches)).alias("is_in_targeting"),
            )
        )

    def silver(self) -> None:
        one_source = ("users", "user_apps", "campaigns", "requests", "impressions", "clicks", "installs")
        self.write({f"silver.{name}": getattr(self, name)() for name in (*one_source, "repeated_clicks")})
        self.write({f"silver.{name}": getattr(self, name)() for name in ("user_main_apps", "ad_funnel")})

    def click_facts(self) -> LazyFrame:
        rate, pricing = col("billing_rate_usd"), col("campaign_type")
        campaigns = self.table("silver.campaigns").select(
            "campaign_id",
            "advertiser_id",
            "billing_rate_usd",
            pricing.alias("paid_by"),
            *(
                when(pricing == kind).then(earned).otherwise(lit(0)).cast(pl.Decimal(18, 7)).alias(name)
                for name, kind, earned in (
                    ("per_impression", "CPM", rate.cast(pl.Decimal(18, 7)) / 1000),
                    ("per_click", "CPC", rate),
                    ("per_install", "CPI", rate),
                    ("estimated_per_click", "CPI", rate.cast(pl.Decimal(18, 7)) / 10),
                )
            ),
        )

        nothing = lit(0).cast(pl.Decimal(18, 7))

        def earned(condition: Expr, column: str) -> Expr:
            return when(condition).then(col(column).fill_null(nothing)).otherwise(nothing)

        return (
            self.table("silver.ad_funnel")
            .filter("is_impression")
            .drop("is_impression")
            .join(campaigns, on="campaign_id", how="left")
            .join(self.table("silver.user_main_apps"), on="user_id", how="left")
            .with_columns(
                col("app_id").fill_null(UNKNOWN),
                col("primary_genre").fill_null(UNKNOWN),
                col("campaign_id").fill_null(UNKNOWN),
                col("advertiser_id").fill_null(UNKNOWN),
                pl.coalesce("paid_by", "campaign_type").alias("campaign_type"),
                (
                    col("per_impression").fill_null(nothing)
                    + earned(col("is_click"), "per_click")
                    + earned(col("is_install"), "per_install")
                )
                .cast(pl.Decimal(18, 7))
                .alias("revenue_usd"),
                (
                    col("per_impression").fill_null(nothing)
                    + earned(col("is_click"), "per_click")
                    + earned(col("is_click"), "estimated_per_click")
                )
                .cast(pl.Decimal(18, 7))
                .alias("estimated_revenue_usd"),
            )
            .drop("paid_by", "per_impression", "per_click", "per_install", "estimated_per_click")
            .with_columns(affinity_match())
        )

    def gold(self) -> None:
        self.write({"gold.click_facts": self.click_facts()})
        facts = self.table("gold.click_facts")
        impression_count = pl.len().cast(pl.Int64).alias("impression_count")
        click_count = count(col("is_click")).alias("click_count")
        install_count = count(col("is_install")).alias("install_count")
        revenue = [col("revenue_usd").sum(), col("estimated_revenue_usd").sum()]
        repeated = col("repeat_click_count").sum()
        is_off_target = col("is_known_campaign") & ~col("is_in_targeting")
        fraud_key = ["requested_on", "user_id", "campaign_id", "advertiser_id"]
        campaign_key = ["requested_on", "campaign_id", "campaign_type", "advertiser_id", "is_known_campaign"]
        traffic = (
            self.table("silver.ad_funnel")
            .group_by("requested_on", col("requested_at").dt.hour().cast(pl.Int32).alias("hour_of_day"))
            .agg(
                pl.len().cast(pl.Int64).alias("request_count"),
                count(col("is_impression")).alias("impression_count"),
                click_count,
                install_count,
            )
        )
        self.write(
            {
                "gold.revenue_by_state_daily": facts.group_by("requested_on", "state")
                .agg(impression_count, click_count, install_count, *revenue)
                .with_columns(returns()[:2]),
                "gold.campaign_performance_daily": facts.group_by(campaign_key)
                .agg(
                    impression_count,
                    count(is_off_target).alias("off_target_impression_count"),
                    click_count,
                    repeated,
                    install_count,
                    *revenue,
                )
                .with_columns(returns()),
                "gold.affinity_daily": facts.group_by("requested_on", "primary_genre", "campaign_type").agg(
                    impression_count, click_count
                ),
                "gold.traffic_hourly": traffic.with_columns(
                    ratio("impression_count", "request_count").alias("fill_rate"),
                    ratio("click_count", "impression_count").alias("click_rate"),
                ),
                "gold.click_fraud_daily": facts.filter(col("repeat_click_count") > 0)
                .with_columns(col("user_id").fill_null(UNKNOWN))
                .group_by(fraud_key)
                .agg(
                    pl.len().cast(pl.Int64).alias("suspect_ad_count"),
                    (col("repeat_click_count").max() + 1).alias("most_clicks_on_one_ad"),
                    count(col("repeat_click_count") >= 9).alias("burst_count"),
                    repeated,
                ),
            }
        )
        days = self.table("gold.affinity_daily")
        base = days.select(base_click_rate=col("click_count").sum() / col("impression_count").sum())
        click_rate = ratio("click_count", "impression_count")
        self.write(
            {
                "gold.advertiser_performance_daily": self.table("gold.campaign_performance_daily")
                .group_by("requested_on", "advertiser_id")
                .agg(
                    col("campaign_id").n_unique().cast(pl.Int64).alias("campaign_count"),
                    col("impression_count", "click_count", "repeat_click_count", "install_count").sum(),
                    *revenue,
                )
                .with_columns(returns()),
                "gold.affinity_lift": days.group_by("primary_genre", "campaign_type")
                .agg(col("impression_count", "click_count").sum())
                .join(base, how="cross")
                .with_columns(
                    affinity_match(),
                    click_rate.alias("click_rate"),
                    when(col("base_click_rate") != 0).then(click_rate / col("base_click_rate")).alias("lift_ratio"),
                ),
            }
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("input")
    parser.add_argument("output")
    parser.add_argument("--compression", choices=["zstd", "snappy"], default="zstd")
    arguments = parser.parse_args()
    build = Build(arguments)
    seconds = {}
    for layer, step in (("bronze", build.bronze), ("silver", build.silver), ("gold", build.gold)):
        started = time.perf_counter()
        step()
        seconds[layer] = round(time.perf_counter() - started, 3)
    print(json.dumps(seconds))


if __name__ == "__main__":
    main()
