"""From journeys in Delta to every channel's credit in Delta: how long the attribution tables of gold take.

    cargo x bench journeys --journeys 1000000 --channels 50

Writes touches and conversions of so many users, one journey each, of which about one in five converts; makes silver of them; then
computes the tables of credit from all of their input, again and again: the Markov chain's effects (order 1), the ledger with every model,
daily sums and channel totals. The ledger's conversions and its micro-credits are counted, so that no table can be fast by being empty.
Results go to target/bench/journeys.json.
"""

import argparse
import json
import random
import statistics
import subprocess
from datetime import datetime, timedelta
from pathlib import Path

from harness import engines, models, processes, report

TABLES = ["gold.markov_removal_effects", "gold.attribution_credit", "gold.attribution_daily", "gold.channel_attribution"]
FIRST = datetime(2026, 1, 1)
DAYS = 180
CONVERTED = 0.2
# The mean length of a journey, geometric.
TOUCHES = 3.5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--journeys", type=int, default=1_000_000, metavar="N")
    parser.add_argument("--channels", type=int, default=50, metavar="N")
    parser.add_argument("--rounds", type=int, default=5, help="how often the tables are computed (default: 5)")
    parser.add_argument("--threads", type=int, default=2, help="threads, and cores, to use (default: 2)")
    parser.add_argument("--models", type=Path, help="a folder of models in the place of the shipped ones")
    parser.add_argument("--work", type=Path, default=models.ROOT / "target/bench", help="where logs and lakes go")
    given = parser.parse_args()
    folder = given.work / f"journeys-{given.journeys}-{given.channels}"
    lake = folder / "lake"
    # A lake that stands is used again: its silver takes longer than what is measured.
    if not lake.exists():
        processes.empty(folder)
        logged(folder / "source", given.journeys, given.channels)
        made = run(given, folder, lake, ["--source", str(folder / "source"), "--domain", "marketing"])
        print(f"logs to gold: {made.wall_seconds:.1f} s, {made.cpu_seconds:.1f} s of CPU")
    rounds = [run(given, folder, lake, ["--rebuild", *TABLES]) for _ in range(given.rounds)]
    facts = counted(given, lake)
    results = {
        "machine": report.machine(given.threads),
        "version": engines.version(engines.ADLAKE),
        **facts,
        "seconds": [usage.wall_seconds for usage in rounds],
        "cpu_seconds": [usage.cpu_seconds for usage in rounds],
        "peak_mib": max(usage.peak_mib for usage in rounds),
    }
    report.write_json(given.work / "journeys.json", results)
    print(rounds[-1].output)
    print(json.dumps(facts))
    median, cpu = (statistics.median(results[name]) for name in ("seconds", "cpu_seconds"))
    print(f"median of {given.rounds}: {median:.2f} s, {cpu:.2f} s of CPU, {results['peak_mib']:.0f} MiB")


def run(given: argparse.Namespace, folder: Path, lake: Path, arguments: list[str]) -> processes.Usage:
    command = [engines.adlake_binary(), "run", "--lake", str(lake), "--threads", str(given.threads), *arguments]
    command += ["--models", str(given.models)] if given.models else []
    return processes.run(command, {}, given.threads, folder / "run.log")


def counted(given: argparse.Namespace, lake: Path) -> dict:
    """What was computed; that the ledger is whole is checked by the model itself."""
    sql = """
        select
            (select count(*) from silver.journeys) as journeys,
            (select count(*) from silver.journey_touches) as touches,
            (select count(distinct channel) from silver.journey_touches) as channels,
            (select count(distinct conversion_id) from gold.attribution_credit) as conversions,
            (select count(*) from gold.attribution_credit) as ledger_rows,
            (select sum(markov) from gold.attribution_credit) as markov_credits
    """
    command = [engines.adlake_binary(), "sql", "--lake", str(lake), "--format", "json", sql]
    facts = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[0])
    if facts["markov_credits"] != 1_000_000 * facts["conversions"] or facts["channels"] != given.channels:
        raise SystemExit(f"the ledger does not add up: {facts}")
    return facts


def logged(source: Path, journeys: int, channels: int) -> None:
    source.mkdir(parents=True)
    dice = random.Random(1)
    with (source / "touchpoints.csv").open("w") as touches, (source / "conversions.csv").open("w") as conversions:
        touches.write("user_id,occurred_at,channel,campaign_id,kind,cost\n")
        conversions.write("conversion_id,user_id,occurred_at,kind,value,currency\n")
        for user in range(journeys):
            at = FIRST + timedelta(seconds=dice.randrange(DAYS * 86_400))
            while True:
                # Early channels are more frequent than late ones.
                channel = min(int(channels * dice.random() ** 2), channels - 1)
                touches.write(f"u{user},{at:%Y-%m-%d %H:%M:%S},channel_{channel:02},c{channel % 7},click,0.1\n")
                at += timedelta(seconds=60 + dice.randrange(5 * 86_400))
                if dice.random() < 1 / TOUCHES:
                    break
            if dice.random() < CONVERTED:
                conversions.write(f"o{user},u{user},{at:%Y-%m-%d %H:%M:%S},purchase,{dice.randrange(100, 20_000) / 100:.2f},\n")


if __name__ == "__main__":
    main()
