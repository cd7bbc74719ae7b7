"""What a run costs when little is new: a full build, runs with nothing new, then further days' logs, one by one.

    cargo x bench increment --requests 1000000 5000000 20000000

Further days come in two kinds: days of the lake's own pace, a ninetieth of it each, and days that are equally small at
every size, which show whether the cost follows what is new or what is there. A run with nothing new has to leave every
file of the lake as it was. At the smallest size the tables that grew day by day are compared with those of a lake built
at once from all files. Results go to target/bench/increment.json and into docs/benchmarks.md.
"""

import argparse
import statistics
from pathlib import Path

from harness import agreement, engines, models, processes, report

DAYS = 90


def main() -> None:
    arguments = parse()
    results = {
        "machine": report.machine(arguments.threads),
        "version": engines.version(engines.ADLAKE),
        "sizes": [],
    }
    is_idle = report.is_idle(results["machine"])
    for requests in sorted(arguments.requests):
        size = measured(requests, arguments)
        if arguments.check and not results["sizes"]:
            compare_with_full_build(requests, arguments)
            size["equals_full_build"] = True
        results["sizes"].append(size)
        if not arguments.keep:
            processes.empty(folder_of(requests, arguments))
    report.write_json(arguments.work / "increment.json", results)
    text = section(results)
    print(text)
    if arguments.docs and is_idle:
        report.write_section("increment", text)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, nargs="+", default=[1_000_000, 5_000_000, 20_000_000], metavar="N")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each kind after the full build (default: 3)")
    parser.add_argument("--threads", type=int, default=2, help="threads, and cores, to use (default: 2)")
    parser.add_argument("--keep", action="store_true", help="leave logs and lakes")
    parser.add_argument("--no-check", dest="check", action="store_false", help="compare with no full build")
    parser.add_argument("--work", type=Path, default=models.ROOT / "target/bench", help="where logs and lakes go")
    parser.add_argument(
        "--no-docs", dest="docs", action="store_false", help="leave docs/benchmarks.md alone, as a busy machine does"
    )
    return parser.parse_args()


def folder_of(requests: int, arguments: argparse.Namespace) -> Path:
    return arguments.work / f"increment-{requests}"


def run(requests: int, arguments: argparse.Namespace, lake: str = "lake") -> processes.Usage:
    """Brings the lake up to date with the logs as they are."""
    folder = folder_of(requests, arguments)
    options = engines.Options(arguments.threads, "zstd", "")
    processes.warm(folder / "logs")
    command, environment = engines.command(engines.ADLAKE, folder / "logs", folder / lake, options)
    try:
        return processes.run(command, environment, options.threads, folder / "adlake.log")
    except processes.Failed as failure:
        raise SystemExit(str(failure)) from None


def measured(requests: int, arguments: argparse.Namespace) -> dict:
    """One lake through its life: seconds, CPU seconds and MiB of each run."""
    folder = folder_of(requests, arguments)
    processes.empty(folder)
    logs, lake = folder / "logs", folder / "lake"
    engines.generate(logs, requests, "--by-day")
    first_rows = rows_in(logs)
    full = run(requests, arguments)
    tell(requests, "full build", full)
    size = {"requests": requests, "full": figures(full), "nothing_new": [], "own_day": [], "small_day": []}
    for _ in range(arguments.rounds):
        before = files_of(lake)
        nothing = run(requests, arguments)
        if touched := sorted(path for path, _ in files_of(lake) ^ before):
            raise SystemExit(f"a run with nothing new touched {len(touched)} file(s), such as {touched[0]}")
        tell(requests, "nothing new", nothing)
        size["nothing_new"].append(figures(nothing))
    day = DAYS
    # Another seed for the small days, so that their requests are new ones.
    for kind, pace, seed in (("own_day", requests, 1), ("small_day", min(arguments.requests), 2)):
        for _ in range(arguments.rounds):
            before = rows_in(logs)
            engines.generate(logs, pace, "--by-day", "--day-range", f"{day}..{day + 1}", seed=seed)
            new_rows = rows_in(logs) - before
            usage = run(requests, arguments)
            tell(requests, f"day {day + 1}, {new_rows} rows", usage)
            size[kind].append(figures(usage) | {"grown": new_rows / first_rows, "rows": new_rows})
            day += 1
    return size


def compare_with_full_build(requests: int, arguments: argparse.Namespace) -> None:
    folder = folder_of(requests, arguments)
    run(requests, arguments, lake="lake-at-once")
    tables = models.columns(folder / "logs")
    grown, at_once = (agreement.measure_apart(folder / lake, tables) for lake in ("lake", "lake-at-once"))
    if unequal := agreement.differences(at_once, grown):
        raise SystemExit("built at once and day by day, the lake differs:\n" + "\n".join(unequal))
    print(f"{requests:>10} requests  day by day equals built at once: {len(tables)} tables", flush=True)


def files_of(lake: Path) -> set[tuple[str, int]]:
    """Every file, with the instant it was last changed in nanoseconds."""
    return {(str(file.relative_to(lake)), file.stat().st_mtime_ns) for file in lake.rglob("*") if file.is_file()}


def rows_in(logs: Path) -> int:
    """Raw rows of all tables."""
    count = 0
    for file in logs.glob("*.csv"):
        with file.open("rb") as lines:
            count += sum(1 for _ in lines) - 1
    return count


def figures(usage: processes.Usage) -> dict:
    return {
        "wall_seconds": round(usage.wall_seconds, 3),
        "cpu_seconds": round(usage.cpu_seconds, 3),
        "peak_mib": round(usage.peak_mib),
    }


def tell(requests: int, what: str, usage: processes.Usage) -> None:
    print(
        f"{requests:>10} requests  {what:<20} {usage.wall_seconds:8.2f} s"
        f" {usage.cpu_seconds:8.2f} s CPU {usage.peak_mib:7.0f} MiB",
        flush=True,
    )


def section(results: dict) -> str:
    """The numbers for docs/benchmarks.md."""

    def median(runs: list[dict], key: str) -> float:
        return statistics.median(run[key] for run in runs)

    rows = []
    for size in results["sizes"]:
        full, nothing, own, small = (size[key] for key in ("full", "nothing_new", "own_day", "small_day"))
        wall = median(own, "wall_seconds")
        rows.append(
            [
                f"{size['requests']:,}".replace(",", " "),
                f"{full['wall_seconds']:.1f}",
                f"{full['peak_mib']}",
                f"{median(nothing, 'wall_seconds'):.2f}",
                f"{median(own, 'grown'):.1%}",
                f"{wall:.2f}",
                f"{median(own, 'peak_mib'):.0f}",
                f"{wall / full['wall_seconds']:.1%}",
                f"{median(small, 'wall_seconds'):.2f}",
            ]
        )
    small_rows = median([day for size in results["sizes"] for day in size["small_day"]], "rows")
    head = [
        "requests",
        "full build, s",
        "peak, MiB",
        "nothing new, s",
        "a day is",
        "a day, s",
        "peak, MiB",
        "a day / full build",
        f"a small day of {small_rows:.0f} rows, s",
    ]
    lines = [
        report.describe(results["machine"]),
        f"One full build, then medians of {len(results['sizes'][0]['own_day'])} runs each; {results['version']}."
        " No run with nothing new touched a file.",
    ]
    if any(size.get("equals_full_build") for size in results["sizes"]):
        lines.append("At the smallest size the tables equal those of a lake built at once from the same files.")
    return "\n".join(lines) + "\n\n" + report.table(head, rows)


if __name__ == "__main__":
    main()
