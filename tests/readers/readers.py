"""Python deltalake, Polars and DuckDB read every table of a lake and must see what `adlake sql` sees.

    target/venv/bin/python tests/readers/readers.py target/debug/adlake

Per table and reader: the row count, and per column its nulls, its distinct values, its smallest and largest value, and the
sum where it is a number. Instants must arrive as instants of UTC. No table may ask its readers for a feature.
"""

import shutil
import sys
import tempfile
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness.binary import Adlake, Failed  # noqa: E402
from harness.feed import Feed  # noqa: E402

try:
    import deltalake
    import duckdb
    import duckdb_extension_delta
    import polars
    import pyarrow
    import pyarrow.compute
except ImportError as error:
    sys.exit(f"READERS NOT TESTED: {error}; run `cargo x services` and use target/venv/bin/python")


EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = Path(tempfile.mkdtemp(prefix="adlake-readers-"))
    passed, problems = 0, []
    try:
        adlake = Adlake(sys.argv[1], folder)
        lake = make_lake(adlake, folder)
        columns_of = all_columns(adlake, lake)
        names = {"deltalake": through_deltalake, "polars": through_polars, "duckdb": through_duckdb()}
        for table, columns in columns_of.items():
            path = lake / table.replace(".", "/")
            expected = through_adlake(adlake, lake, table, columns)
            found = {name: (lambda read=read: mismatches(expected, read(path, columns))) for name, read in names.items()}
            checks = found | {"protocol": lambda: protocol_problems(path, columns)}
            for name, check in checks.items():
                wrong = attempt(check)
                problems += [f"{table}, {name}: {w}" for w in wrong]
                passed += not wrong
        wrong = controls(adlake, lake, names)
        problems += wrong
        passed += not wrong
    except Failed as error:
        problems.append(str(error))
    shutil.rmtree(folder, ignore_errors=True)
    for problem in problems:
        print(problem)
    print(f"{passed} passed, {len(problems)} failed")
    return 1 if problems or not passed else 0


def attempt(check):
    try:
        return check()
    except Exception as error:  # noqa: BLE001 - whatever a reader throws is a finding about our table
        return [f"{type(error).__name__}: {error}"]


def make_lake(adlake, folder):
    """A lake whose tables have been built, appended to, merged, replaced in part and compacted."""
    lake, source = folder / "lake", folder / "source"
    feed = Feed(adlake, folder / "logs", days=3, requests=3000, seed=5)
    for day in range(len(feed)):
        feed.deliver(day, source)
        adlake.run("run", "--lake", lake, "--source", source)
    adlake.run("optimize", "--lake", lake)
    return lake


def all_columns(adlake, lake):
    """Every table of every layer, with its columns and their types in adlake."""
    sql = """select table_schema, table_name, column_name, data_type from information_schema.columns
             where table_schema <> 'information_schema' order by 1, 2, ordinal_position"""
    found = {}
    for row in adlake.query(lake, sql, "--latest"):
        found.setdefault(f"{row['table_schema']}.{row['table_name']}", {})[row["column_name"]] = row["data_type"]
    folders = {f"{p.parent.parent.name}.{p.parent.name}" for p in lake.glob("*/*/_delta_log")}
    if folders != set(found):
        raise Failed(f"not all tables are in the information schema: {folders ^ set(found)}")
    return found


def facts_of(kind):
    """What is compared of a column of this type."""
    if kind.startswith("List"):
        return ["nulls", "elements"]
    facts = ["nulls", "distinct"]
    if kind.startswith(("Int", "Float", "Decimal")):
        facts.append("sum")
    if kind != "Boolean":
        facts += ["min", "max"]
    return facts


def sql_of(columns, dialect):
    """The facts as one select list, which both SQL engines take."""
    length = {"adlake": "cardinality", "duckdb": "len"}[dialect]
    parts = ["count(*) as row_count"]
    for column, kind in columns.items():
        forms = {
            "nulls": f"count(*) - count({column})",
            "elements": f"sum({length}({column}))",
            "distinct": f"count(distinct {column})",
            "sum": f"sum({column})",
            "min": f"min({column})",
            "max": f"max({column})",
        }
        if dialect == "duckdb" and kind.startswith("Timestamp"):
            # As Python objects they would ask for a package of time zones.
            forms |= {fact: f"epoch_us({forms[fact]})" for fact in ("min", "max")}
        parts += [f"{forms[fact]} as {column}__{fact}" for fact in facts_of(kind)]
    return ", ".join(parts)


def through_adlake(adlake, lake, table, columns):
    row = adlake.query(lake, f"select {sql_of(columns, 'adlake')} from {table}", "--latest")[0]
    facts = {"row_count": row["row_count"]}
    for column, kind in columns.items():
        for fact in facts_of(kind):
            value = row.get(f"{column}__{fact}")
            if fact in ("min", "max") and value is not None:
                value = as_type(value, kind)
            facts[f"{column}__{fact}"] = value
    return facts


def as_type(text, kind):
    """A value as adlake prints it in JSON, as Python knows it."""
    if kind.startswith("Timestamp"):
        return datetime.fromisoformat(text.replace("Z", "+00:00"))
    if kind.startswith("Date"):
        return date.fromisoformat(text)
    return text


def through_deltalake(path, columns):
    table = deltalake.DeltaTable(str(path)).to_pyarrow_table()
    compute = pyarrow.compute
    facts = {"row_count": table.num_rows}
    for column, kind in columns.items():
        values = table.column(column)
        if kind.startswith("Timestamp") and values.type != pyarrow.timestamp("us", "UTC"):
            raise Failed(f"{column} arrives as {values.type}")
        forms = {
            "nulls": lambda v=values: v.null_count,
            "elements": lambda v=values: compute.sum(compute.list_value_length(v)).as_py(),
            "distinct": lambda v=values: compute.count_distinct(v, mode="only_valid").as_py(),
            "sum": lambda v=values: compute.sum(v).as_py(),
            "min": lambda v=values: compute.min(v).as_py(),
            "max": lambda v=values: compute.max(v).as_py(),
        }
        facts |= {f"{column}__{fact}": forms[fact]() for fact in facts_of(kind)}
    return facts


def through_polars(path, columns):
    frame = polars.read_delta(str(path))
    facts = {"row_count": frame.height}
    for column, kind in columns.items():
        values = frame[column]
        if kind.startswith("Timestamp") and values.dtype != polars.Datetime("us", "UTC"):
            raise Failed(f"{column} arrives as {values.dtype}")
        forms = {
            "nulls": lambda v=values: v.null_count(),
            "elements": lambda v=values: v.list.len().sum(),
            "distinct": lambda v=values: v.drop_nulls().n_unique(),
            "sum": lambda v=values: v.sum() if v.null_count() < len(v) else None,
            "min": lambda v=values: v.min(),
            "max": lambda v=values: v.max(),
        }
        facts |= {f"{column}__{fact}": forms[fact]() for fact in facts_of(kind)}
    return facts


def through_duckdb():
    """DuckDB with the delta extension from its Python package: nothing is fetched."""
    connection = duckdb.connect()
    extension = next(Path(next(iter(duckdb_extension_delta.__path__))).rglob("delta.duckdb_extension"))
    connection.execute(f"load '{extension}'")

    def read(path, columns):
        kinds = {row[0]: row[1] for row in connection.execute(f"describe select * from delta_scan('{path}')").fetchall()}
        for column, kind in columns.items():
            if kind.startswith("Timestamp") and kinds[column] != "TIMESTAMP WITH TIME ZONE":
                raise Failed(f"{column} arrives as {kinds[column]}")
        result = connection.execute(f"select {sql_of(columns, 'duckdb')} from delta_scan('{path}')")
        facts = dict(zip([d[0] for d in result.description], result.fetchone(), strict=True))
        for column, kind in columns.items():
            for fact in ("min", "max") if kind.startswith("Timestamp") else ():
                micros = facts[f"{column}__{fact}"]
                facts[f"{column}__{fact}"] = None if micros is None else EPOCH + timedelta(microseconds=micros)
        return facts

    return read


def mismatches(expected, found):
    return [f"{fact} is {found.get(fact)!r}, adlake says {value!r}" for fact, value in expected.items() if not equal(value, found.get(fact))]


def equal(expected, found):
    if expected is None or found is None:
        return expected is None and found is None
    if isinstance(expected, datetime):
        return found.tzinfo is not None and found.astimezone(timezone.utc) == expected
    if isinstance(expected, date):
        return found == expected
    if isinstance(found, str):
        return found == str(expected)
    expected, found = Decimal(str(expected)), Decimal(str(found))
    # Floats may be added up in any order.
    return abs(expected - found) <= abs(expected) * Decimal("1e-9")


def protocol_problems(path, columns):
    table = deltalake.DeltaTable(str(path))
    protocol = table.protocol()
    problems = []
    if protocol.min_reader_version != 1 or protocol.reader_features:
        problems.append(f"needs reader version {protocol.min_reader_version} and features {protocol.reader_features}")
    types = {field.name: field.type for field in table.schema().fields}
    if list(types) != list(columns):
        problems.append(f"has the columns {list(types)}, adlake says {list(columns)}")
    for column, kind in columns.items():
        if kind.startswith("Timestamp") and getattr(types[column], "type", None) != "timestamp":
            problems.append(f"{column} is stored as {types[column]}, not as an instant")
    return problems


def controls(adlake, lake, names):
    """A table that is one version behind must not agree."""
    table, columns = "gold.traffic_hourly", {"impression_count": "Int64"}
    expected = through_adlake(adlake, lake, table, columns)
    stale = lake.parent / "stale"
    shutil.copytree(lake / "gold" / "traffic_hourly", stale)
    log = sorted((stale / "_delta_log").glob("*.json"))
    for commit in log[2:]:
        commit.unlink()
    return [f"control: {name} does not see that a table is behind" for name, read in names.items() if not mismatches(expected, read(stale, columns))]


if __name__ == "__main__":
    sys.exit(main())
