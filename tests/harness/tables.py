"""Runs of a lake, and its tables in DuckDB beside others."""

import subprocess
import time

from harness.binary import PATIENCE_SECONDS, Failed


def run(adlake, lake, source, flags):
    """A run, and what it told of each table."""
    start = time.monotonic()
    adlake.run("run", "--lake", lake, "--source", source, *flags)
    seconds = time.monotonic() - start
    told = adlake.query(lake, "select * from ops.runs where started_at = (select max(started_at) from ops.runs)", "--latest")
    counts = {}
    for row in told:
        counts.setdefault(row["action"], []).append(row["table_name"])
    notes = [f"{row['table_name']} {row['notes']}" for row in told if "rebuilt" in (row.get("notes") or "")]
    ways = [f"{action} {', '.join(tables)}" for action, tables in counts.items()]
    print(f"{lake.name}: {seconds:.1f} s; " + "; ".join(ways + notes), flush=True)
    return told


def export(adlake, lake, table, file):
    """A table as a Parquet file."""
    command = [str(adlake.binary), "sql", "--lake", str(lake), "--format", "parquet", f"select * from {table}"]
    with file.open("wb") as out:
        kept = {"env": adlake.environment, "cwd": adlake.folder, "timeout": PATIENCE_SECONDS}
        done = subprocess.run(command, stdout=out, stderr=subprocess.PIPE, **kept)
    if done.returncode != 0:
        raise Failed(f"{table} over {lake} cannot be read: {done.stderr.decode().strip()}")


def columns_of(db, table):
    return [row[0] for row in db.execute(f"describe {table}").fetchall()]


def differences(db, what, columns, one, other):
    """What one relation has in these columns and the other has not, in a sentence if there is any."""
    listed = ", ".join(f'"{column}"' for column in columns)
    found = []
    for left, right in [(one, other), (other, one)]:
        rows = db.execute(f"select {listed} from {left} except all select {listed} from {right}").fetchall()
        if rows:
            found.append(f"{len(rows)} rows of {left} only, such as {rows[:2]}")
    return [f"{what}: " + "; ".join(found)] if found else []
