"""Whether two engines made the same tables: the same rows and, column by column, the same content.

Each table is boiled down to numbers that do not depend on the order of rows or on how values are encoded: its count of
rows, per column a count of values and a sum (of values, or of hashes for text), and a sum of hashes over whole rows.
"""

import math
import multiprocessing
from dataclasses import dataclass
from pathlib import Path

# Where a row came from: the engines differ in what they can say about that.
PLACE = {"_source", "_line"}
# Quotients rounded to four digits. Engines divide decimals differently, so a row may be off by one in the last.
ROUNDED = {"revenue_per_thousand_usd"}


@dataclass(frozen=True)
class Column:
    kind: str
    values: int
    total: float | int | None


@dataclass(frozen=True)
class Table:
    rows: int
    content: int
    columns: dict[str, Column]


class Disagreement(Exception):
    """Engines did unequal work: their times cannot be compared."""


def measure(folder: Path, tables: dict[str, list[str]]) -> dict[str, Table]:
    """The numbers of every table under `folder`, which holds LAYER/TABLE.parquet or Delta tables LAYER/TABLE."""
    return {name: fingerprint(folder, name, columns) for name, columns in tables.items()}


def measure_apart(folder: Path, tables: dict[str, list[str]]) -> dict[str, Table]:
    """The same in a process of its own: a child's memory figure starts at its parent's, so the parent stays small."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(measure, (folder, tables))


def fingerprint(folder: Path, name: str, columns: list[str]) -> Table:
    # Imported here, not in every process that compares.
    import duckdb

    database = duckdb.connect()
    layer, table = name.split(".")
    source = folder / layer / table
    parquet = source.with_name(f"{table}.parquet")
    if (source / "_delta_log").is_dir():
        # Imported here, so that peers can be compared without it.
        from deltalake import DeltaTable

        database.register("source", DeltaTable(source).to_pyarrow_dataset())
    elif parquet.exists():
        files = parquet / "*.parquet" if parquet.is_dir() else parquet
        database.execute(f"create view source as from read_parquet('{files}')").fetchall()
    else:
        raise Disagreement(f"{name}: not written; expected {parquet.name} or a Delta table under {layer}/")
    found = {row[0]: row[1] for row in database.execute("describe source").fetchall()}
    columns = [column for column in columns if column not in PLACE]
    missing = [column for column in columns if column not in found]
    if missing:
        raise Disagreement(f"{name}: lacks the columns {', '.join(missing)}")
    kinds = {column: kind_of(found[column]) for column in columns}
    plain = {column: plain_value(f'"{column}"', kinds[column], layer == "bronze") for column in columns}
    exact = [plain[column] for column in columns if kinds[column] != "double" and column not in ROUNDED]
    sums = ", ".join(f"count({plain[column]}), {total(plain[column], kinds[column])}" for column in columns)
    numbers = database.execute(f"select count(*), sum(cast(hash({', '.join(exact)}) as hugeint)), {sums} from source")
    rows, content, *rest = numbers.fetchall()[0]
    pairs = zip(columns, rest[::2], rest[1::2], strict=True)
    return Table(rows, content, {column: Column(kinds[column], values, sum_) for column, values, sum_ in pairs})


def kind_of(sql_type: str) -> str:
    if sql_type.endswith("[]"):
        return "list"
    if sql_type.startswith("DECIMAL"):
        return "decimal"
    if sql_type.startswith("TIMESTAMP"):
        return "timestamp"
    if sql_type.endswith("INT") or sql_type == "INTEGER":
        return "integer"
    return {"VARCHAR": "text", "BOOLEAN": "boolean", "DATE": "date", "DOUBLE": "double"}.get(sql_type, sql_type)


def plain_value(column: str, kind: str, is_bronze: bool) -> str:
    """The value in one type per kind, so that equal values have equal hashes."""
    match kind:
        case "text" if is_bronze:
            # An empty CSV field is '' or null in bronze, as the engine's reader prefers.
            return f"coalesce({column}, '')"
        case "integer":
            return f"cast({column} as bigint)"
        case "decimal":
            return f"cast({column} as decimal(38, 7))"
        case "date":
            return f"datediff('day', date '1970-01-01', {column})"
        case "timestamp":
            return f"epoch_us({column})"
        case "list":
            return f"array_to_string({column}, '|')"
        case _:
            return column


def total(value: str, kind: str) -> str:
    match kind:
        case "text" | "list":
            return f"sum(cast(hash({value}) as hugeint))"
        case "boolean":
            return f"count_if({value})"
        case "double":
            return f"sum({value})"
        case _:
            return f"sum(cast({value} as {'decimal(38, 7)' if kind == 'decimal' else 'hugeint'}))"


def differences(one: dict[str, Table], other: dict[str, Table]) -> list[str]:
    """What is unequal, a line each: `gold.click_facts.revenue_usd: sum 12.3, 12.4`."""
    found = []
    for name, left in one.items():
        right = other[name]
        if left.rows != right.rows:
            found.append(f"{name}: rows {left.rows}, {right.rows}")
        columns = [
            f"{name}.{column}: {what}"
            for column, value in left.columns.items()
            if (what := column_difference(column, value, right.columns[column], left.rows))
        ]
        found += columns
        if left.rows == right.rows and not columns and left.content != right.content:
            found.append(f"{name}: equal column by column, but the rows put the values together differently")
    return found


def column_difference(column: str, one: Column, other: Column, rows: int) -> str | None:
    if one.kind != other.kind:
        return f"type {one.kind}, {other.kind}"
    if one.values != other.values:
        return f"values {one.values}, {other.values}"
    if one.total is None or other.total is None:
        return None if one.total == other.total else f"sum {one.total}, {other.total}"
    if column in ROUNDED:
        is_equal = abs(one.total - other.total) <= rows * 0.0001
    elif one.kind == "double":
        is_equal = math.isclose(one.total, other.total, rel_tol=1e-9)
    else:
        is_equal = one.total == other.total
    return None if is_equal else f"sum {one.total}, {other.total}"
