"""Writing results down: a JSON file with every run, and a section of docs/benchmarks.md."""

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from .models import ROOT

PAGE = ROOT / "docs/benchmarks.md"


def machine(threads: int) -> dict:
    """What the numbers depend on; nothing that tells whose machine it is."""
    processor = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith(("model name", "Model"))
        ),
        platform.machine(),
    )
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "processor": processor,
        "cores": len(os.sched_getaffinity(0)),
        "threads": threads,
        "memory_gib": round(memory / 2**30, 1),
        "kernel": platform.release().split("-")[0],
        "load_before": round(os.getloadavg()[0], 2),
        "measured_on": datetime.now(UTC).date().isoformat(),
    }


def is_idle(machine: dict) -> bool:
    """Whether times measured now mean anything; says so if not."""
    idle = machine["load_before"] <= 0.5
    if not idle:
        print(
            f"!! THE MACHINE IS BUSY (load {machine['load_before']}): times will be too long, and docs/{PAGE.name} is"
            " left as it is",
            flush=True,
        )
    return idle


def describe(machine: dict) -> str:
    return (
        f"Measured on {machine['measured_on']}: {machine['processor']}, {machine['threads']} of {machine['cores']}"
        f" cores used, {machine['memory_gib']} GiB of memory, Linux {machine['kernel']};"
        f" load before the start {machine['load_before']}."
    )


def adlake_version(binary: str) -> str:
    """`adlake 0.1.0 (1a2b3c4)`."""
    version = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=ROOT)
    return f"{version} ({commit.stdout.strip()})" if commit.returncode == 0 else version


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table; columns that hold words stand left, columns of numbers right."""
    rule = ["---" if cell.isalpha() else "---:" for cell in rows[0]]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [head, rule, *rows])


def write_json(file: Path, results: dict) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(results, indent=1) + "\n")
    print(f"every run: {file}")


def write_section(name: str, text: str) -> None:
    """Replaces what stands between `<!-- NAME:begin -->` and `<!-- NAME:end -->`."""
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    page = PAGE.read_text(encoding="utf-8")
    before, found_begin, rest = page.partition(begin)
    _, found_end, after = rest.partition(end)
    if not found_begin or not found_end:
        raise SystemExit(f"docs/{PAGE.name} has no {begin} … {end}: put the two lines where the numbers belong")
    PAGE.write_text(f"{before}{begin}\n{text.strip()}\n{end}{after}", encoding="utf-8")
    print(f"docs/{PAGE.name}: section {name} rewritten")
