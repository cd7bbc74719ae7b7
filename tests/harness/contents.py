"""What a lake holds, as something two lakes can be compared by."""

import json
from collections import Counter

LAYERS = ("bronze", "silver", "gold")

# These say when and by which run a row came, which no two lakes share.
OF_THE_RUN = ("_ingested_at", "_batch_id")

NUMBERS = ("Int", "UInt", "Float", "Decimal")


def tables(adlake, lake):
    """The names of all tables of the three layers, with their columns and types, in name order."""
    sql = f"""select table_schema, table_name, column_name, data_type from information_schema.columns
              where table_schema in {LAYERS} order by 1, 2, ordinal_position"""
    found = {}
    for row in adlake.query(lake, sql, "--latest"):
        columns = found.setdefault(f"{row['table_schema']}.{row['table_name']}", {})
        columns[row["column_name"]] = row["data_type"]
    return found


def contents(adlake, lake):
    """Every table as a bag of rows, and the quarantine as a bag of what was rejected and why."""
    bags = {}
    for table in tables(adlake, lake):
        rows = adlake.query(lake, f"select * from {table}", "--latest")
        bags[table] = Counter(line({k: v for k, v in row.items() if k not in OF_THE_RUN}) for row in rows)
    rejected = adlake.query(lake, "select table_name, source, line, rule, reason, raw from ops.quarantine", "--latest")
    bags["ops.quarantine"] = Counter(map(line, rejected))
    return bags


def line(row):
    """A row as text, whatever the order of its columns. A null is left out, so it differs from an empty string."""
    return json.dumps(row, sort_keys=True)


def differences(expected, found):
    """One line per table that differs, none if the lakes are equal."""
    problems = []
    for table in sorted(expected.keys() | found.keys()):
        if table not in found or table not in expected:
            problems.append(f"{table}: only in one of the lakes")
            continue
        lost, surplus = expected[table] - found[table], found[table] - expected[table]
        if lost or surplus:
            example = next(iter((lost or surplus)))
            problems.append(f"{table}: {lost.total()} rows lost, {surplus.total()} too many, such as {example[:300]}")
    return problems


def row_count(bags):
    """Rows in all tables."""
    return sum(bag.total() for bag in bags.values())


def fingerprint_query(columns_of):
    """A query with one row per table: its row count and the sums of its numbers. Much quicker than all rows, it tells
    two states of a lake apart."""
    parts = []
    for table, columns in columns_of.items():
        numbers = [name for name, kind in columns.items() if kind.startswith(NUMBERS)]
        sums = ", ".join(f"coalesce(cast(sum({name}) as varchar), 'null')" for name in numbers if not columns[name].startswith("Float"))
        sums = f"concat_ws(' ', {sums})" if sums else "''"
        parts.append(f"select '{table}' as name, count(*) as row_count, {sums} as sums from {table}")
    return " union all ".join(parts) + " order by name"


def fingerprint(adlake, lake, query, *flags):
    """The state of the last release (or another one), by table."""
    return {row["name"]: (row["row_count"], row["sums"]) for row in adlake.query(lake, query, *flags)}
