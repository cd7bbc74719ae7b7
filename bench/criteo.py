"""One pass over logs in the Criteo display advertising format: ours beside Vowpal Wabbit, the same rows in the same order.

    cargo x services --bench
    cargo build --release -p training --example stream
    cargo x bench criteo --rows 1000000

The logs are those of `adlake generate criteo`, by a stated law, so that the best possible ROC-AUC is known; --logs takes a folder with
criteo_events/*.tsv that stands already. The last tenth of the rows is held out. Seconds of learning include those of reading text; memory and CPU
seconds are those of the whole process. Both sides see the same categories: a number is the one of its quarter of an octave.
Results are printed, and written to target/bench/criteo.json.
"""

import argparse
import json
import os
import struct
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

import numpy as np
from harness import models, processes, report
from harness.quality import quality

LEARNERS = ["ftrl", "vw", "ffm", "vw-ffm"]
NUMBERS, FIELDS = 13, 39
# A letter for each field, which is what Vowpal Wabbit's interactions go by.
NAMESPACES = [chr(97 + field) for field in range(26)] + [chr(65 + field) for field in range(FIELDS - 26)]


def main() -> None:
    arguments = parse()
    if arguments.peer:
        return vowpal_wabbit(arguments.peer, arguments.folder, arguments.bits)
    results = {"machine": report.machine(arguments.threads), "runs": []}
    report.is_idle(results["machine"])
    for logs in [arguments.logs] if arguments.logs else [generated(rows, arguments.work) for rows in arguments.rows]:
        folder = arguments.work / f"criteo-{logs.name}"
        rows = split(logs, folder)
        labels = np.fromfile(folder / "test.y", np.uint8)
        print(f"\n{rows} rows, the last {len(labels)} held out")
        if (folder / "test.truth").is_file():
            print("the law itself has ROC-AUC {:.5f}, log loss {:.5f}".format(*quality(labels, np.fromfile(folder / "test.truth"))))
        lines = []
        for learner in arguments.learners:
            bits = arguments.pair_bits if learner.endswith("ffm") else arguments.bits
            usage = processes.run(command(learner, folder, bits, arguments), {}, arguments.threads, folder / f"{learner}.log")
            fit = json.loads(usage.output.strip().splitlines()[-1])
            auc, loss = quality(labels, np.fromfile(folder / f"{learner}.p"))
            run = {"rows": rows, "learner": learner, "bits": bits, "auc": auc, "log_loss": loss, "peak_mib": usage.peak_mib}
            results["runs"].append(run | {"cpu_seconds": usage.cpu_seconds} | fit)
            seconds = [fit["fit_wall_seconds"], fit["predict_wall_seconds"], usage.cpu_seconds]
            lines.append([learner, str(bits), *(f"{value:.2f}" for value in seconds), f"{usage.peak_mib:.0f}", f"{auc:.5f}", f"{loss:.5f}"])
        print(report.table(["learner", "bits", "learn, s", "predict, s", "CPU s", "MiB", "ROC-AUC", "log loss"], lines))
    report.write_json(arguments.work / "criteo.json", results)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000], metavar="N", help="rows, a tenth of them held out")
    parser.add_argument("--logs", type=Path, metavar="DIR", help="logs that stand already, instead of --rows")
    parser.add_argument("--threads", type=int, default=1, help="threads, and cores, each may use (default: 1)")
    parser.add_argument("--learners", nargs="+", choices=LEARNERS, default=LEARNERS, metavar="NAME", help=f"of {', '.join(LEARNERS)}")
    parser.add_argument("--bits", type=int, default=22, metavar="N", help="2^N slots (default: 22)")
    parser.add_argument("--pair-bits", type=int, default=20, metavar="N", help="2^N slots where pairs have factors (default: 20)")
    parser.add_argument("--stream", type=Path, default=models.ROOT / "target/release/examples/stream", help="our binary")
    parser.add_argument("--work", type=Path, default=models.ROOT / "target/bench", help="where data and results go")
    parser.add_argument("--peer", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def command(learner: str, folder: Path, bits: int, arguments: argparse.Namespace) -> list[str]:
    if learner.startswith("vw"):
        return [sys.executable, __file__, "--peer", learner, "--folder", str(folder), "--bits", str(bits)]
    return [str(arguments.stream), str(folder), learner, str(bits)]


def generated(rows: int, work: Path) -> Path:
    folder = work / f"logs-{rows}"
    binary = os.environ.get("ADLAKE_BIN") or models.ROOT / "target/release/adlake"
    subprocess.run([binary, "generate", "criteo", "--out", folder, "--rows", str(rows), "--seed", "1", "--overwrite"], check=True)
    return folder


def split(logs: Path, folder: Path) -> int:
    """The rows as our text and as Vowpal Wabbit's, the last tenth apart; the labels of that, and the truth where it is known."""
    folder.mkdir(parents=True, exist_ok=True)
    files = sorted((logs / "criteo_events").glob("*.tsv"))
    rows = sum(sum(1 for _ in file.open("rb")) for file in files)
    first = rows - rows // 10
    lines = (line for file in files for line in file.open(encoding="utf-8"))
    labels = bytearray()
    for part, count in (("train", first), ("test", rows - first)):
        with (folder / f"{part}.tsv").open("w") as ours, (folder / f"{part}.vw").open("w") as theirs:
            for _, line in zip(range(count), lines):
                ours.write(line)
                theirs.write(vowpal_line(line))
                if part == "test":
                    labels.append(line.startswith("1"))
    (folder / "test.y").write_bytes(labels)
    truth = logs / "truth/criteo_events.csv"
    if truth.is_file():
        with truth.open(encoding="utf-8") as lines:
            known = np.fromiter((float(line.rpartition(",")[2]) for line in lines if not line.startswith("file")), np.float64)
        known[first:].tofile(folder / "test.truth")
    return rows


def vowpal_line(line: str) -> str:
    label, *values = line.rstrip("\n").split("\t")
    values[:NUMBERS] = [bucket(value) for value in values[:NUMBERS]]
    return ("1" if label == "1" else "-1") + "".join(f" |{name} {value or '_'}" for name, value in zip(NAMESPACES, values)) + "\n"


@cache
def bucket(number: str) -> str:
    """Sign, exponent and two bits of the fraction, as ours."""
    return str(struct.unpack(">I", struct.pack(">f", float(number)))[0] >> 21) if number else ""


def vowpal_wabbit(name: str, folder: Path, bits: int) -> None:
    """One pass over text, as its users do."""
    from vowpalwabbit import Workspace

    model, out = folder / f"{name}.model", folder / f"{name}.txt"
    # Its table holds every factor as a weight of its own: 64 times as many take about the memory that ours do.
    table = f"-b {bits + 6} -l 0.05 --lrqfa {''.join(NAMESPACES)}4" if name == "vw-ffm" else f"-b {bits}"
    begin = time.perf_counter()
    Workspace(f"-d {folder / 'train.vw'} --loss_function logistic {table} -f {model} --quiet").finish()
    fit = time.perf_counter() - begin
    begin = time.perf_counter()
    Workspace(f"-d {folder / 'test.vw'} -t -i {model} --link logistic -p {out} --quiet").finish()
    predict = time.perf_counter() - begin
    np.loadtxt(out, usecols=0).tofile(folder / f"{name}.p")
    print(json.dumps({"fit_wall_seconds": fit, "predict_wall_seconds": predict}))


if __name__ == "__main__":
    main()
