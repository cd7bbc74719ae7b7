"""The tables that the models define, and their columns: every engine has to make all of them."""

import csv
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def columns(source: Path) -> dict[str, list[str]]:
    """`layer.table` -> columns: bronze as in the CSV files under `source`, silver and gold as in the models."""
    tables = {}
    for file in sorted(source.glob("*.csv")):
        # requests.csv or, with a file for each day, requests-2025-01-01.csv.
        name = re.sub(r"-\d{4}-\d\d-\d\d$", "", file.stem)
        with file.open(newline="", encoding="utf-8") as lines:
            tables[f"bronze.{name}"] = next(csv.reader(lines))
    for layer in ("silver", "gold"):
        for file in sorted((ROOT / layer / "models/adtech").glob("*.sql")):
            tables[f"{layer}.{file.stem}"] = list(header(file)["columns"])
    return tables


def header(file: Path) -> dict:
    """The TOML between the description and the SQL."""
    comment = file.read_text(encoding="utf-8").split("/*", 1)[1].split("*/", 1)[0]
    return tomllib.loads(comment.strip().split("\n\n", 1)[1])
