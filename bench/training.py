"""Our learners beside scikit-learn, LightGBM and Vowpal Wabbit: the same rows, one learner at a time, measured from outside.

    cargo x services --bench
    cargo build --release -p training --example fit
    target/venv-bench/bin/python bench/training.py --rows 200000 1000000 --threads 1

Two data sets are made, each by a stated law, so that the best possible ROC-AUC is known: 20 numbers (a twentieth missing), and 20 fields of
categories with heavy tails. Wall and CPU seconds are those of the fit alone, memory is the most of the whole process. scikit-learn's
forest is left out above --slow rows. Results are printed, and written to target/bench/training.json.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

import numpy as np
from harness import models, processes, report
from harness.quality import quality

NUMBERS = ["forest", "sklearn-forest", "forest-balanced", "sklearn-forest-balanced", "boosted", "lightgbm", "hist-boosting", "logistic"]
CODES = ["ftrl", "ffm", "vw", "vw-ffm"]
FEATURES = 20
OURS = {"forest", "forest-balanced", "boosted", "logistic", "ftrl", "ffm"}


def main() -> None:
    arguments = parse()
    if arguments.peer:
        return peer(arguments.peer, arguments.folder, arguments.threads, arguments.trees)
    results = {"machine": report.machine(arguments.threads), "runs": []}
    for rows in arguments.rows:
        for kind, learners, make in (("numbers", NUMBERS, numbers), ("codes", CODES, codes)):
            learners = [name for name in learners if not arguments.learners or name in arguments.learners]
            if not learners:
                continue
            folder = arguments.work / f"training-{kind}-{rows}"
            make(rows, folder)
            labels = np.fromfile(folder / "test.y", np.uint8)
            best = quality(labels, np.fromfile(folder / "test.truth"))
            print(f"\n{rows} rows of {kind}; the law itself has ROC-AUC {best[0]:.5f}, log loss {best[1]:.5f}")
            lines = []
            for learner in learners:
                if learner.startswith("sklearn-forest") and rows > arguments.slow:
                    continue
                usage = processes.run(command(learner, folder, arguments), ENVIRONMENT, arguments.threads, folder / f"{learner}.log")
                fit = json.loads(usage.output.strip().splitlines()[-1])
                auc, loss = quality(labels, np.fromfile(folder / f"{learner}.p"))
                results["runs"].append({"rows": rows, "kind": kind, "learner": learner, "auc": auc, "log_loss": loss, "peak_mib": usage.peak_mib} | fit)
                cells = [f"{fit[key]:.2f}" for key in ("fit_wall_seconds", "fit_cpu_seconds", "predict_wall_seconds")]
                one = f"{fit['one_row_microseconds']:.1f}" if "one_row_microseconds" in fit else "–"
                lines.append([learner, *cells, one, f"{usage.peak_mib:.0f}", f"{auc:.5f}", f"{loss:.5f}"])
            print(report.table(["learner", "fit, s", "fit, CPU s", "predict, s", "one row, µs", "MiB", "ROC-AUC", "log loss"], lines))
    report.write_json(arguments.work / "training.json", results)


# LightGBM's threads spin while they wait, unless told not to.
ENVIRONMENT = {"OMP_WAIT_POLICY": "passive"}


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[200_000], metavar="N", help="training rows; a quarter as many test")
    parser.add_argument("--threads", type=int, default=1, help="threads, and cores, each may use (default: 1)")
    parser.add_argument("--learners", nargs="+", metavar="NAME", help=f"of {', '.join(NUMBERS + CODES)} (default: all)")
    parser.add_argument("--slow", type=int, default=500_000, metavar="N", help="most rows for scikit-learn's forest")
    parser.add_argument("--trees", type=int, default=100, metavar="N", help="trees of a forest")
    parser.add_argument("--fit", type=Path, default=models.ROOT / "target/release/examples/fit", help="our binary")
    parser.add_argument("--work", type=Path, default=models.ROOT / "target/bench", help="where data and results go")
    parser.add_argument("--peer", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def command(learner: str, folder: Path, arguments: argparse.Namespace) -> list[str]:
    if learner in OURS:
        return [str(arguments.fit), str(folder), learner, str(arguments.threads), str(arguments.trees)]
    return [sys.executable, __file__, "--peer", learner, "--folder", str(folder), "--threads", str(arguments.threads), "--trees", str(arguments.trees)]


def numbers(rows: int, folder: Path) -> None:
    """Curves, steps, an interaction and a missing value that means something."""
    random = np.random.default_rng(0)
    for part, count in (("train", rows), ("test", rows // 4)):
        x = random.normal(size=(count, FEATURES)).astype(np.float32)
        x[:, 5:10] = np.floor(np.exp(x[:, 5:10]) * 3)
        x[:, 10:14] = random.integers(0, 30, size=(count, 4))
        x[random.random((count, FEATURES)) < 0.05] = np.nan
        z = np.nan_to_num(x)
        log_odds = -1.6 + 0.8 * z[:, 0] - 0.6 * z[:, 1] * (z[:, 2] > 0) + 0.5 * np.sin(2 * z[:, 3]) + 0.15 * np.minimum(z[:, 5], 8) * (z[:, 4] > 0)
        log_odds += 0.7 * np.isin(z[:, 10] % 7, [1, 3]) - 0.3 * np.isnan(x[:, 1])
        write(folder, part, x, log_odds, random)


def codes(rows: int, folder: Path) -> None:
    """Categories with Zipf's tails; every category has a weight, and those of the first fields one per pair too."""
    random = np.random.default_rng(1)
    weights = random.normal(scale=0.35, size=(FEATURES, 1 << 16))
    pairs = random.normal(scale=0.5, size=(3, 16, 16))
    for part, count in (("train", rows), ("test", rows // 4)):
        x = np.minimum(random.zipf(1.4, size=(count, FEATURES)), 1 << 16) - 1
        log_odds = -1.5 + sum(weights[field, x[:, field]] for field in range(FEATURES))
        for pair in range(3):
            log_odds += pairs[pair, x[:, 2 * pair] % 16, x[:, 2 * pair + 1] % 16]
        write(folder, part, x.astype(np.float32), log_odds, random)
        labels = np.fromfile(folder / f"{part}.y", np.uint8)
        with (folder / f"{part}.vw").open("w") as file:
            for label, row in zip(labels, x, strict=True):
                file.write(f"{1 if label else -1} " + " ".join(f"|{chr(97 + field)} {code}" for field, code in enumerate(row)) + "\n")
    (folder / "categories").touch()


def write(folder: Path, part: str, x: np.ndarray, log_odds: np.ndarray, random: np.random.Generator) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    truth = 1 / (1 + np.exp(-log_odds.astype(np.float64)))
    np.ascontiguousarray(x.T).tofile(folder / f"{part}.x")
    (random.random(len(truth)) < truth).astype(np.uint8).tofile(folder / f"{part}.y")
    truth.tofile(folder / f"{part}.truth")


def peer(name: str, folder: Path, threads: int, trees: int) -> None:
    """Fits one of the others and says what it took, as `fit` does."""
    if name.startswith("vw"):
        return vowpal_wabbit(name, folder)
    if name == "lightgbm":
        import lightgbm

        model = lightgbm.LGBMClassifier(n_estimators=100, num_leaves=31, learning_rate=0.1, n_jobs=threads, verbose=-1)
    elif name == "hist-boosting":
        from sklearn.ensemble import HistGradientBoostingClassifier

        os.environ["OMP_NUM_THREADS"] = str(threads)
        model = HistGradientBoostingClassifier(max_iter=100, learning_rate=0.1, max_leaf_nodes=31, early_stopping=False)
    else:
        from sklearn.ensemble import RandomForestClassifier

        weight = "balanced" if name.endswith("balanced") else None
        model = RandomForestClassifier(trees, max_depth=10, class_weight=weight, n_jobs=threads, random_state=0)
    (x, y), (test, _) = (load(folder, part) for part in ("train", "test"))
    wall, cpu = time.perf_counter(), time.process_time()
    model.fit(x, y)
    fit = {"fit_wall_seconds": time.perf_counter() - wall, "fit_cpu_seconds": time.process_time() - cpu}
    begin = time.perf_counter()
    model.predict_proba(test)[:, 1].astype(np.float64).tofile(folder / f"{name}.p")
    print(json.dumps(fit | {"predict_wall_seconds": time.perf_counter() - begin}))


def load(folder: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    y = np.fromfile(folder / f"{part}.y", np.uint8)
    return np.ascontiguousarray(np.fromfile(folder / f"{part}.x", np.float32).reshape(-1, len(y)).T), y


def vowpal_wabbit(name: str, folder: Path) -> None:
    """One pass from text, as its users do; its cache is made beforehand, so that parsing does not count against it."""
    from vowpalwabbit import Workspace

    model, cache = folder / f"{name}.model", folder / "train.vw.cache"
    pairs = " -l 0.05 --lrqfa " + "".join(chr(97 + field) for field in range(FEATURES)) + "4" if name == "vw-ffm" else ""
    if not cache.is_file():
        Workspace(f"-d {folder / 'train.vw'} --cache_file {cache} --noop --quiet").finish()
    wall, cpu = time.perf_counter(), time.process_time()
    Workspace(f"-d {folder / 'train.vw'} --cache_file {cache} --loss_function logistic -b 22{pairs} -f {model} --quiet").finish()
    fit = {"fit_wall_seconds": time.perf_counter() - wall, "fit_cpu_seconds": time.process_time() - cpu}
    begin = time.perf_counter()
    out = folder / f"{name}.txt"
    Workspace(f"-d {folder / 'test.vw'} -t -i {model} --link logistic -p {out} --quiet").finish()
    np.loadtxt(out, usecols=0).tofile(folder / f"{name}.p")
    print(json.dumps(fit | {"predict_wall_seconds": time.perf_counter() - begin}))


if __name__ == "__main__":
    main()
