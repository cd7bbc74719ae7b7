"""The marketing tables over a small market with every kind of dirt, against the same figures worked out user by user in Python.

    target/venv/bin/python tests/marketing/marketing.py target/debug/adlake [--models DIR] [--keep DIR] [--users N] [--seed N]

One lake takes all deliveries in one run; another takes them one by one, in order; a third from the last to the first. All three must
hold the same tables, and these what Python finds: marks, journeys, the credit ledger to the unit, money to the last digit, rates and
intervals. `--users 1500` takes longer and has more of everything. Where ADLAKE_TEST_DATA names a folder with journeys_pathdata.csv, its known totals are looked for too.
"""

import argparse
import os
import shutil
import sys
import tempfile
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness.binary import Adlake, Failed  # noqa: E402
from harness.tables import columns_of, differences, export, run  # noqa: E402
from marketing import market, truth  # noqa: E402
from marketing.compared import Compared  # noqa: E402

try:
    import duckdb
except ImportError as error:
    sys.exit(f"MARKETING NOT TESTED: {error}; run `cargo x services` and use target/venv/bin/python")

ZONED = "TIMESTAMP WITH TIME ZONE"

SETTINGS = """
[[source.table]]
pattern = "journeys_pathdata.csv"
table = "journey_paths"
delimiter = ";"
"""

TABLES = ["silver.touchpoints", "silver.conversions", "silver.channel_spend", "silver.exchange_rates", "silver.channel_rules",
          "silver.touch_sources", "silver.channel_groups", "silver.unpriced_conversions", "silver.unpriced_spend",
          "silver.journey_touches", "silver.journeys", "silver.journey_paths", "gold.markov_removal_effects",
          "gold.attribution_credit", "gold.attribution_daily", "gold.channel_attribution", "gold.channel_paths",
          "gold.campaign_kpis_daily", "gold.channel_kpis_daily", "gold.top_performers"]

# Tables that small deliveries must change row by row.
FOLLOWED = {"silver.touchpoints", "silver.conversions", "silver.channel_spend", "silver.journey_touches", "silver.journeys",
            "gold.markov_removal_effects", "gold.attribution_credit", "gold.attribution_daily", "gold.channel_paths",
            "gold.campaign_kpis_daily", "gold.channel_kpis_daily"}

# What is known of the counted paths, as text to compare.
FACTS = {
    "conversions": ("sum(conversion_count)", "19785"),
    "value": ("round(sum(value_amount), 2)", "74802.97"),
    "paths without conversion": ("sum(null_count)", "68602"),
    "different paths": ("count(*)", str(10_000 - 4_592)),
}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("binary")
    arguments.add_argument("--models")
    arguments.add_argument("--keep")
    arguments.add_argument("--users", type=int, default=300)
    arguments.add_argument("--seed", type=int, default=5)
    given = arguments.parse_args()
    folder = Path(given.keep or tempfile.mkdtemp(prefix="adlake-marketing-")).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        problems, passed = check(Adlake(given.binary, folder), folder, given)
    except Failed as error:
        problems, passed = [str(error)], 0
    finally:
        if not given.keep:
            shutil.rmtree(folder, ignore_errors=True)
    for problem in problems:
        print(problem)
    print(f"{passed} passed, {len(problems)} failed")
    return 1 if problems or not passed else 0


def check(adlake, folder, given):
    flags = ["--domain", "marketing", "--config", folder / "adlake.toml"]
    flags += ["--models", Path(given.models).resolve()] if given.models else []
    (folder / "adlake.toml").write_text(SETTINGS)
    tables = market.logs(given.seed, given.users)
    everything = range(market.DELIVERIES)
    orders = {"whole": [everything], "in-order": [[n] for n in everything], "reversed": [[n] for n in reversed(everything)]}
    merged = set()
    for name, runs in orders.items():
        for number, deliveries in enumerate(runs):
            market.write(folder / f"source-{name}", tables, deliveries)
            if number == 0:
                add_counted_paths(folder / f"source-{name}")
            told = run(adlake, folder / name, folder / f"source-{name}", flags)
            if name == "in-order":
                merged |= {row["table_name"] for row in told if row["action"] in ("merged", "replaced")}

    db, problems, checks = duckdb.connect(), [], 0
    for table in TABLES:
        name = table.replace(".", "_")
        for lake in orders:
            file = folder / f"{lake}-{name}.parquet"
            export(adlake, folder / lake, table, file)
            db.execute(f"create view \"{lake}-{name}\" as from read_parquet('{file}')")
        columns = columns_of(db, f'"whole-{name}"')
        for lake in list(orders)[1:]:
            checks += 1
            problems += differences(db, f"{table}, {lake} and at once", columns, f'"{lake}-{name}"', f'"whole-{name}"')
    compared = Compared(lambda table: rows(db, f"whole-{table.replace('.', '_')}"))
    compared.that(FOLLOWED <= merged, f"computed as a whole only, so that nothing is said of merging: {sorted(FOLLOWED - merged)}")
    compare(compared, tables)
    set_aside(compared, adlake, folder / "whole")
    counted_paths(compared, db)
    return problems + compared.problems, checks + compared.checks - len(problems) - len(compared.problems)


def rows(db, view):
    # Instants as UTC without saying so; lists of them are left out.
    columns = db.execute(f'describe "{view}"').fetchall()
    shown = [f'timezone(\'UTC\', "{c[0]}") as "{c[0]}"' if c[1] == ZONED else f'"{c[0]}"' for c in columns if c[1] != f"{ZONED}[]"]
    found = db.execute(f'select {", ".join(shown)} from "{view}"')
    names = [column[0] for column in found.description]
    return [dict(zip(names, row)) for row in found.fetchall()]


def compare(compared, tables):
    """Everything that Python works out of the logs, against the tables."""
    raw = {name: list(truth.rows_of(tables, name, columns)) for name, columns in market.COLUMNS.items()}
    rates = truth.Rates(raw["exchange_rates"])
    touches = truth.touches_of(raw["touchpoints"], truth.rules_of(raw["channel_rules"]))
    conversions, compared.unpriced_conversions = truth.conversions_of(raw["conversions"], rates)
    spend, compared.unpriced_spend = truth.spend_of(raw["channel_spend"], rates)

    # Identifiers made of a row's fields mean nothing: rows are found by the fields.
    id_of_touch = compared.touch_ids()
    id_of_conversion = compared.conversion_ids()
    for user_touches in touches.values():
        truth.mark(user_touches, id_of_touch)
    compared.touchpoints(touches, id_of_touch)
    compared.conversions(conversions, id_of_conversion)

    paths, kpis = defaultdict(lambda: [0, Decimal(0), 0]), defaultdict(lambda: defaultdict(Decimal))
    journeys, ledger = {}, {}
    users = sorted(touches.keys() | conversions.keys())
    of_users = [truth.journeys_of(touches.get(user, []), conversions.get(user, []), id_of_touch, id_of_conversion) for user in users]
    effects = truth.removal_effects(
        (f"{at:%Y-%m}", [t["channel"] for t in path[-truth.MOST_STEPS:]], converted)
        for ended, nulls in of_users
        for at, path, converted in [*((end["at"], path, True) for end, path, _ in ended), *((path[-1]["at"], path, False) for path in nulls)])
    for ended, nulls in of_users:
        for end, path, left_out in ended:
            name = id_of_conversion(end)
            journeys[name] = (True, [t["channel"] for t in path], [t["campaign"] for t in path], left_out)
            tally = paths[" > ".join(t["channel"] for t in path)]
            tally[0] += 1
            tally[1] += end["value"]
            credits = truth.credits_of(path, effects.get(f"{end['at']:%Y-%m}", {})) if path else {}
            for place, touch in enumerate(path):
                ledger[(name, place + 1)] = (id_of_touch[touch["natural"]], {m: credits[m][place] for m in truth.MODELS})
            compared.credit(kpis, end, path, credits)
        for path in nulls:
            kept = path[-truth.MOST_STEPS:]
            name = id_of_touch[path[0]["natural"]]
            journeys[name] = (False, [t["channel"] for t in kept], [t["campaign"] for t in kept], len(path) - len(kept))
            paths[" > ".join(t["channel"] for t in kept)][2] += 1
    compared.journeys(journeys)
    compared.ledger(ledger)
    compared.paths(paths)
    compared.kpis(kpis, spend, touches)
    compared.totals(conversions)


def set_aside(compared, adlake, lake):
    for table, count in [("conversions", compared.unpriced_conversions), ("spend", compared.unpriced_spend)]:
        (row,) = adlake.query(lake, f"select count(*) as n, count(reason) as reasons from silver.unpriced_{table}")
        compared.that(row["n"] == row["reasons"] == count > 0, f"silver.unpriced_{table} has {row} instead of {count}")
    sql = "select table_name as t, rule as r, count(*) as n from ops.quarantine group by table_name, rule"
    found = {(row["t"], row["r"]): row["n"] for row in adlake.query(lake, sql)}
    wanted = {
        ("silver.logged_touchpoints", "has_user_id"): 1,
        ("silver.logged_touchpoints", "known_kind"): 1,
        ("silver.logged_conversions", "value_not_negative"): 1,
    }
    for what, count in wanted.items():
        compared.that(found.get(what) == count and count > 0, f"quarantine of {what}: {found.get(what)} instead of {count}")
    casts = sum(n for (table, rule), n in found.items() if (table, rule) not in wanted)
    compared.that(casts == 1, f"quarantine: {found}")


def add_counted_paths(source):
    data = Path(os.environ.get("ADLAKE_TEST_DATA") or "unset") / "journeys_pathdata.csv"
    if data.is_file():
        shutil.copy(data, source)


def counted_paths(compared, db):
    for what, (figure, wanted) in FACTS.items():
        (found, count) = db.execute(f"select ({figure})::varchar, count(*) from \"whole-gold_channel_paths\" where path_source = 'counted'").fetchone()
        if count == 0:
            print("COUNTED PATHS NOT TESTED: journeys_pathdata.csv is not in the folder that ADLAKE_TEST_DATA names")
            return
        compared.that(found == wanted, f"counted paths, {what}: {found} instead of {wanted}")


if __name__ == "__main__":
    sys.exit(main())
