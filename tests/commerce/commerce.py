"""The commerce tables over UCI Online Retail, against the same figures worked out by DuckDB from the raw file.

    target/venv/bin/python tests/commerce/commerce.py target/release/adlake [--months N] [--models DIR] [--keep DIR]

One lake takes the file as it is, in one run. Another takes it month by month, every other month written in the other common
form (UTF-8, ISO instants, other names, customers as 13085.0), one run each. Both must hold the same tables, each equal to
what DuckDB finds, and the known facts of the data. The folder that ADLAKE_TEST_DATA names holds the file,
online_retail.csv.zst. --months takes the first months alone, without the facts of the whole. --models runs a folder of models
instead of the shipped ones, --keep leaves the lakes there.
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness.binary import Adlake, Failed  # noqa: E402
from harness.tables import columns_of, differences, export, run  # noqa: E402

try:
    import duckdb
except ImportError as error:
    sys.exit(f"COMMERCE NOT TESTED: {error}; run `cargo x services` and use target/venv/bin/python")

HERE = Path(__file__).resolve().parent
DATA = "online_retail.csv.zst"

SETTINGS = """
[[source.table]]
pattern = "first/*.csv*"
table = "transactions"
encoding = "iso-8859-1"

[[source.table]]
pattern = "second/*.csv"
table = "transactions"
columns = ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"]
"""

TABLES = ["silver.transactions", "silver.stock_descriptions", "silver.matched_cancellations", "silver.invoice_lines", "silver.products",
          "silver.customers", "gold.sales_daily", "gold.product_sales_daily", "gold.bestsellers", "gold.trending_products",
          "gold.customer_sales_daily", "gold.customer_sales_monthly", "gold.cohort_retention", "gold.customer_rfm",
          "gold.customer_purchase_days", "gold.customer_value_model", "gold.customer_value", "gold.customer_cluster_model",
          "gold.customer_segments", "gold.segment_profiles", "gold.customer_churn_features"]

# What is known of the whole file, as text to compare: a query over the lake and its answer.
FACTS = {
    "rows": ("select count(*) as x from bronze.transactions", 541_909),
    "invoices": ("select count(distinct invoiceno) as x from bronze.transactions", 25_900),
    "quantity x price": (
        "select cast(sum(cast(quantity as int) * cast(unitprice as decimal(14, 4))) as varchar) as x from bronze.transactions",
        "9747747.9340"),
    "cancellation rows": ("select count(*) as x from bronze.transactions where invoiceno like 'C%'", 9_288),
    "rows without customer": ("select count(*) as x from bronze.transactions where coalesce(customerid, '') = ''", 135_080),
    "rows without exact duplicates": ("select count(*) as x from silver.invoice_lines", 541_909 - 5_268),
    "invoices in silver": ("select count(distinct invoice_no) as x from silver.invoice_lines", 25_900),
    "stock codes": ("select count(*) as x from silver.products", 4_070),
    "customers": ("select count(*) as x from silver.customers", 4_372),
    "countries": ("select count(distinct country) as x from silver.invoice_lines", 38),
    "adjustments": ("select count(*) as x from silver.invoice_lines where is_adjustment", 3),
}

# What holds of any part of it.
SUMS = {
    "stock codes with two descriptions": (
        """select count(*) as x from
           (select stock_code from silver.invoice_lines group by stock_code having count(distinct description) > 1)""", 0),
    "gross less returns is net, with the rest the total of all lines": (
        """select count(*) as x from (select sum(gross_amount) as g, sum(returns_amount) as r, sum(net_amount) as n, sum(total_amount) as t
           from gold.sales_daily) cross join (select sum(line_amount) as all_lines from silver.invoice_lines)
           cross join (select sum(net_amount) as products from gold.product_sales_daily)
           where g - r = n and t = all_lines and products = n""", 1),
}


MONTH = "strftime(strptime(InvoiceDate, '%m/%d/%Y %H:%M'), '%Y-%m')"


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("binary")
    arguments.add_argument("--months", type=int)
    arguments.add_argument("--models")
    arguments.add_argument("--keep")
    given = arguments.parse_args()
    data = Path(os.environ.get("ADLAKE_TEST_DATA") or "unset") / DATA
    if not data.is_file():
        print(f"COMMERCE NOT TESTED: {DATA} is not in the folder that ADLAKE_TEST_DATA names")
        return 0
    folder = Path(given.keep or tempfile.mkdtemp(prefix="adlake-commerce-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        problems, passed = check(Adlake(given.binary, folder), folder, data, given)
    except Failed as error:
        problems, passed = [str(error)], 0
    finally:
        if not given.keep:
            shutil.rmtree(folder, ignore_errors=True)
    for problem in problems:
        print(problem)
    print(f"{passed} passed, {len(problems)} failed")
    return 1 if problems or not passed else 0


def check(adlake, folder, data, given):
    models = ["--models", Path(given.models).resolve()] if given.models else []
    flags = ["--domain", "commerce", "--config", folder / "adlake.toml", *models]
    (folder / "adlake.toml").write_text(SETTINGS)
    db = duckdb.connect()
    read_raw(db, data, given.months)

    whole, months = folder / "whole", month_files(db)
    if given.months is None:
        (folder / "source-whole/first").mkdir(parents=True)
        shutil.copy(data, folder / "source-whole/first")
    else:
        write_month(folder / "source-whole", "all", [row for _, rows in months for row in rows], False)
    told = run(adlake, whole, folder / "source-whole", flags)
    problems = accounting(told, sum(len(rows) for _, rows in months), 5_268 if given.months is None else None)
    by_month = folder / "by-month"
    for number, (month, rows) in enumerate(months):
        write_month(folder / "source-months", month, rows, number % 2 == 1)
        run(adlake, by_month, folder / "source-months", flags)

    checks = 1
    for what, (sql, wanted) in (SUMS | (FACTS if given.months is None else {})).items():
        for lake in [whole, by_month]:
            found = adlake.query(lake, sql)[0]["x"]
            checks += 1
            if found != wanted:
                problems.append(f"{lake.name}, {what}: {found} instead of {wanted}")
    for table in TABLES:
        name = table.replace(".", "_")
        for lake in [whole, by_month]:
            export(adlake, lake, table, folder / f"{lake.name}-{name}.parquet")
            db.execute(f"create view \"{lake.name}-{name}\" as from read_parquet('{folder / f'{lake.name}-{name}.parquet'}')")
        checks += 1
        columns = [c for c in columns_of(db, f'"whole-{name}"') if not c.startswith("_")]
        problems += differences(db, f"{table}, month by month and at once", columns, f'"by-month-{name}"', f'"whole-{name}"')
    db.execute((HERE / "expected.sql").read_text())
    for (name,) in db.execute("select table_name from duckdb_tables() where schema_name = 'expected' order by 1").fetchall():
        table = f"expected.{name}"
        checks += 1
        problems += differences(db, f"{name}, DuckDB and adlake", columns_of(db, table), table, f'"whole-{name}"')
    return problems, checks - len(problems)


def read_raw(db, data, months):
    """All columns as text, with the place in the file, of all months or the first ones."""
    db.execute(
        f"""create table raw as select *, row_number() over () as place
            from read_csv('{data}', header = true, all_varchar = true, encoding = 'latin-1', compression = 'zstd')"""
    )
    if months is not None:
        db.execute(f"delete from raw where {MONTH} not in (select distinct {MONTH} from raw order by 1 limit {months})")


def month_files(db):
    rows = db.execute(f"select {MONTH}, * exclude (place) from raw order by place").fetchall()
    months = {}
    for month, *row in rows:
        months.setdefault(month, []).append(row)
    return sorted(months.items())


def write_month(source, month, rows, is_second_form):
    form = "second" if is_second_form else "first"
    (source / form).mkdir(parents=True, exist_ok=True)
    names = ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"]
    encoding, end = "iso-8859-1", "\r\n"
    if is_second_form:
        names = ["Invoice", "StockCode", "Description", "Quantity", "InvoiceDate", "Price", "Customer ID", "Country"]
        encoding, end = "utf-8", "\n"
        rows = [second_form(row) for row in rows]
    text = end.join(",".join(quoted(field) for field in row) for row in [names, *rows]) + end
    (source / form / f"{month}.csv").write_bytes(text.encode(encoding))


def second_form(row):
    invoice, code, description, quantity, instant, price, customer, country = row
    at = time.strftime("%Y-%m-%d %H:%M:%S", time.strptime(instant, "%m/%d/%Y %H:%M"))
    return [invoice, code, description, quantity, at, price, f"{customer}.0" if customer else "", country]


def quoted(field):
    field = field or ""
    return '"' + field.replace('"', '""') + '"' if any(letter in field for letter in ',"\r\n') else field


def accounting(told, rows, duplicates):
    """The run tells of every row of the file, and of its duplicates where their number is known."""
    row = next(row for row in told if row["table_name"] == "silver.transactions")
    kinds = ["rows_read", "rows_written", "deduplicated", "filtered", "quarantined"]
    read, *where = (int(row[kind]) for kind in kinds)
    return [] if read == rows == sum(where) and where[1] == (duplicates or where[1]) else [f"silver.transactions: {dict(zip(kinds, [read, *where]))}"]


if __name__ == "__main__":
    sys.exit(main())
