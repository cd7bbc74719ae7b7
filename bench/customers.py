"""Customer value beside the Python package `lifetimes`: the same customers, fitted and valued, measured from outside.

    cargo x services --bench
    cargo build --release -p segments --example customers
    target/venv-bench/bin/python bench/customers.py --customers 100000 1000000 --threads 2

Customers are drawn from BG/NBD and Gamma-Gamma with known parameters, in continuous time, so that hardly two have one history: the
hardest case, as equal histories are computed once. Valued means the probability of being alive, expected purchases of 39 weeks, and the
value of twelve months. Seconds are those of each part, reading the file not counted; CPU seconds and memory are of the whole process,
reading included. lifetimes is left out above --slow customers. Results are printed, and written to target/bench/customers.json.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from harness import processes, report
from harness.models import ROOT

sys.path.insert(0, str(ROOT / "tests/segments"))
from value import generated  # noqa: E402

LAW = {"r": 0.6, "alpha": 6.0, "a": 0.9, "b": 3.0, "p": 5.0, "q": 4.0, "v": 20.0}
WEEKS, MONTH = 39.0, 4.345
PARTS = ["bg_nbd", "gamma_gamma", "alive", "expected_purchases", "value"]


def main() -> None:
    arguments = parse()
    if arguments.peer:
        return peer(arguments.peer)
    binary = arguments.target / "release/examples/customers"
    results = {"machine": report.machine(arguments.threads), "runs": []}
    for customers in arguments.customers:
        file = arguments.work / f"customers-{customers}.csv"
        if not file.is_file():
            arguments.work.mkdir(parents=True, exist_ok=True)
            generated(customers, *LAW.values(), seed=1).to_csv(file, index=False)
        commands = {"adlake": [str(binary), "time", str(file), str(WEEKS), str(MONTH)]}
        if customers <= arguments.slow:
            commands["lifetimes"] = [sys.executable, "-B", __file__, "--peer", str(file)]
        lines = []
        for name, command in commands.items():
            usage = processes.run(command, {}, arguments.threads, arguments.work / f"customers-{name}.log")
            found = json.loads(usage.output.strip().splitlines()[-1])
            seconds = [found["seconds"][part] for part in PARTS]
            results["runs"].append({"name": name, "cpu_seconds": usage.cpu_seconds, "peak_mib": usage.peak_mib} | found)
            lines.append([name, *(f"{second:.2f}" for second in (*seconds, sum(seconds[:2]), sum(seconds[2:]))), f"{usage.cpu_seconds:.1f}",
                          f"{usage.peak_mib:.0f}", f"{found['expected_purchases']:.6g}", f"{found['value']:.6g}"])
        print(f"\n{customers} customers")
        head = ["", "BG/NBD, s", "Gamma-Gamma, s", "alive, s", "purchases, s", "value, s", "fitted, s", "valued, s", "CPU s", "MiB"]
        print(report.table([*head, "purchases", "value"], lines))
    report.write_json(arguments.work / "customers.json", results)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--slow", type=int, default=1_000_000, help="lifetimes is left out above this many")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--target", type=Path, default=Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")))
    parser.add_argument("--work", type=Path, default=ROOT / "target/bench")
    parser.add_argument("--peer", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def peer(file: Path) -> None:
    from lifetimes import BetaGeoFitter, GammaGammaFitter

    table = pd.read_csv(file)
    x, recency, age, spent = (table[column] for column in table.columns[:4])
    repeated = x > 0
    purchases, spending = BetaGeoFitter(0), GammaGammaFitter(0)
    seconds = {}

    def timed(part, work):
        started = time.perf_counter()
        result = work()
        seconds[part] = time.perf_counter() - started
        return result

    timed("bg_nbd", lambda: purchases.fit(x, recency, age))
    timed("gamma_gamma", lambda: spending.fit(x[repeated], spent[repeated]))
    timed("alive", lambda: purchases.conditional_probability_alive(x, recency, age))
    expected = timed("expected_purchases", lambda: purchases.predict(WEEKS, x, recency, age))
    worth = timed("value", lambda: spending.customer_lifetime_value(purchases, x, recency, age, spent, time=12, discount_rate=0.01, freq="W"))
    sums = {"expected_purchases": float(np.sum(expected)), "value": float(np.sum(worth))}
    parameters = {"bg_nbd": purchases.params_.to_dict(), "gamma_gamma": spending.params_.to_dict()}
    print(json.dumps({"customers": len(table), "seconds": seconds} | sums | parameters))


if __name__ == "__main__":
    main()
