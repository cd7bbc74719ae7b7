"""The same work by adlake, DuckDB, Polars and PySpark: raw CSV to bronze, silver and gold, measured in turn.

    cargo x bench pipeline --requests 1000000 5000000

A time counts only if the engine's tables equal those of all others, row for row and column for column; else the run
ends with what differs. Results go to target/bench/pipeline.json and into docs/benchmarks.md.
"""

import argparse
import statistics
import sys
from pathlib import Path

from harness import agreement, engines, models, processes, report
from harness.engines import Options


def main() -> None:
    arguments = parse()
    taking_part, absent = attendance(arguments.engines)
    options = Options(arguments.threads, arguments.compression, arguments.spark_memory)
    results = {
        "machine": report.machine(options.threads),
        "compression": options.compression,
        "versions": {engine: engines.version(engine) for engine in taking_part},
        "absent": absent,
        "runs": [],
    }
    is_idle = report.is_idle(results["machine"])
    sizes = arguments.requests if arguments.input is None else [None]
    for requests in sizes:
        source = arguments.input or generated(requests, arguments.work)
        requests = requests or count_rows(source / "requests.csv")
        results["runs"] += measured(requests, source, taking_part, options, arguments)
    if not arguments.keep:
        processes.empty(arguments.work / "tables")
    report.write_json(arguments.work / "pipeline.json", results)
    text = section(results)
    print(text)
    if arguments.docs and is_idle:
        report.write_section("pipeline", text)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, nargs="+", default=[1_000_000], metavar="N", help="sizes to generate")
    parser.add_argument("--input", type=Path, help="measure on the CSV files of this folder instead")
    parser.add_argument("--engines", default=",".join(engines.ALL), help="who takes part (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="times each engine runs, in turn (default: 3)")
    parser.add_argument("--threads", type=int, default=2, help="threads, and cores, each may use (default: 2)")
    parser.add_argument("--compression", choices=["zstd", "snappy"], default="zstd", help="of all written Parquet")
    parser.add_argument("--spark-memory", default="4g", help="heap of the Java process (default: 4g)")
    parser.add_argument("--keep", action="store_true", help="leave the tables")
    parser.add_argument("--work", type=Path, default=models.ROOT / "target/bench", help="where input and tables go")
    parser.add_argument(
        "--no-docs", dest="docs", action="store_false", help="leave docs/benchmarks.md alone, as a busy machine does"
    )
    arguments = parser.parse_args()
    arguments.engines = arguments.engines.split(",")
    if unknown := set(arguments.engines) - set(engines.ALL):
        parser.error(f"no engine {', '.join(sorted(unknown))}; there is: {', '.join(engines.ALL)}")
    return arguments


def attendance(wanted: list[str]) -> tuple[list[str], dict[str, str]]:
    """Who can take part, and why the others cannot: said aloud, and written beside the results."""
    absent = {engine: reason for engine in wanted if (reason := engines.missing(engine))}
    for engine, reason in absent.items():
        print(f"!! {engine} DOES NOT TAKE PART: {reason}", file=sys.stderr, flush=True)
    taking_part = [engine for engine in wanted if engine not in absent]
    if not taking_part:
        raise SystemExit("nobody is left to measure")
    return taking_part, absent


def generated(requests: int, work: Path) -> Path:
    """The logs of that many requests; made once."""
    folder = work / f"input-{requests}"
    if not (folder / "done").is_file():
        processes.empty(folder)
        engines.generate(folder, requests)
        (folder / "done").touch()
    return folder


def count_rows(file: Path) -> int:
    with file.open("rb") as lines:
        return sum(1 for _ in lines) - 1


def measured(
    requests: int, source: Path, taking_part: list[str], options: Options, arguments: argparse.Namespace
) -> list[dict]:
    """Every engine, `rounds` times in turn."""
    tables = models.columns(source)
    runs, reference = [], None
    for round_number in range(1, arguments.rounds + 1):
        for engine in taking_part:
            # Nothing is deleted before the end: for minutes after files were deleted, ext4 looks longer for room for new ones.
            output = arguments.work / "tables" / f"{requests}-{round_number}-{engine}"
            processes.empty(output)
            processes.warm(source)
            command, environment = engines.command(engine, source, output, options)
            try:
                usage = processes.run(command, environment, options.threads, arguments.work / f"{engine}.log")
            except processes.Failed as failure:
                raise SystemExit(f"{engine}: {failure}") from None
            print(
                f"{requests:>10} requests  round {round_number}  {engine:<8} {usage.wall_seconds:8.2f} s"
                f" {usage.cpu_seconds:8.2f} s CPU {usage.peak_mib:7.0f} MiB",
                flush=True,
            )
            try:
                made = agreement.measure_apart(output, tables)
            except agreement.Disagreement as lack:
                raise SystemExit(f"UNEQUAL WORK: {engine}: {lack}") from None
            if reference is None:
                reference = (engine, made)
            elif unequal := agreement.differences(reference[1], made):
                raise SystemExit(
                    f"UNEQUAL WORK: {reference[0]} and {engine} disagree, so no time counts:\n" + "\n".join(unequal)
                )
            runs.append(
                {
                    "requests": requests,
                    "engine": engine,
                    "round": round_number,
                    "wall_seconds": round(usage.wall_seconds, 3),
                    "cpu_seconds": round(usage.cpu_seconds, 3),
                    "peak_mib": round(usage.peak_mib),
                    "written_mib": round(processes.bytes_in(output) / 2**20),
                    "said": usage.output.strip().splitlines()[-1:],
                }
            )
    rows = sum(table.rows for table in reference[1].values())
    print(f"{requests} requests: {len(taking_part)} engine(s) agree on {len(tables)} tables, {rows} rows", flush=True)
    return runs


def section(results: dict) -> str:
    """The numbers for docs/benchmarks.md."""
    rows = []
    for requests in sorted({run["requests"] for run in results["runs"]}):
        of_size = [run for run in results["runs"] if run["requests"] == requests]
        found = {}
        for engine in results["versions"]:
            own = [run for run in of_size if run["engine"] == engine]
            found[engine] = {
                key: statistics.median(run[key] for run in own)
                for key in ("wall_seconds", "cpu_seconds", "peak_mib", "written_mib")
            }
            walls = [run["wall_seconds"] for run in own]
            found[engine]["spread"] = f"{min(walls):.1f}–{max(walls):.1f}"
        peers = [numbers["wall_seconds"] for engine, numbers in found.items() if engine in engines.PEERS]
        rows += [
            [
                f"{requests:,}".replace(",", " "),
                engine,
                f"{numbers['wall_seconds']:.1f}",
                numbers["spread"],
                f"{numbers['cpu_seconds']:.1f}",
                f"{numbers['peak_mib']:.0f}",
                f"{numbers['written_mib']:.0f}",
                f"{numbers['wall_seconds'] / min(peers):.2f}" if peers else "",
            ]
            for engine, numbers in sorted(found.items(), key=lambda item: item[1]["wall_seconds"])
        ]
    rounds = max(run["round"] for run in results["runs"])
    head = [
        "requests",
        "engine",
        "wall, s",
        "min–max",
        "CPU, s",
        "peak memory, MiB",
        "written, MiB",
        "wall / best peer",
    ]
    lines = [
        report.describe(results["machine"]),
        f"Median of {rounds} round(s); Parquet compressed with {results['compression']}; all tables of all rounds were"
        " found equal.",
        "Versions: " + ", ".join(results["versions"].values()) + ".",
        *(f"**Not measured: {engine}** ({reason})." for engine, reason in results["absent"].items()),
    ]
    return "\n".join(lines) + "\n\n" + report.table(head, rows)


if __name__ == "__main__":
    main()
