"""Field-aware factorisation machines: ours beside Vowpal Wabbit's pairs, LIBFFM and modern_fm, one pass over the same rows in the same split.

    cargo x services --bench
    cargo build --release -p training --example stream
    cargo x bench ffm --rows 200000

The logs are those of `adlake generate criteo`. Every learner gets as many settings to choose from: each is learned from the first eight
ninths of the training rows and judged by its log loss on the last ninth; the best is learned from all training rows and measured on the last
tenth of the logs. One thread, one pass, four factors where there are factors. Seconds are those of learning alone, from an empty model to a
learned one, with rows read and encoded beforehand: ours as hashed rows, Vowpal Wabbit's as its cache, LIBFFM's as its binary file, modern_fm's
as a sparse matrix. LIBFFM and modern_fm get a column for each category of the training rows, and no entry for others; ours and Vowpal
Wabbit hash. LIBFFM has no weights of single categories, and orders the rows of a pass by chance. `cpu s` is what the machine spent on it, which
counts where others work beside. Results are printed, and written to target/bench/ffm.json.
"""

import argparse
import contextlib
import io
import json
import sys
import time
from pathlib import Path

import criteo
import numpy as np
from harness import models, processes, report
from harness.quality import quality

# Three rates each, with and without a pull towards 0; where there is more to choose, what did best by hand goes first.
GRID = {
    "adlake ftrl": [f"alpha={alpha} l2={l2}" for alpha in (0.04, 0.08, 0.16) for l2 in (0, 1)],
    "adlake ffm": [f"learning_rate={rate} l2={l2}" for rate in (0.25, 0.5, 1.0) for l2 in (0, 2e-5)],
    "vw": [f"-b 22 -l {rate} --l2 {l2}" for rate in (0.25, 0.5, 1.0) for l2 in (0, 1e-8)],
    "vw pairs": [f"-b 26 -q :: -l {rate} --l2 {l2}" for rate in (0.05, 0.1, 0.2) for l2 in (0, 1e-8)],
    "vw pairs ftrl": [f"-b 26 -q :: --ftrl --ftrl_alpha {alpha} --ftrl_beta {beta}" for alpha in (0.0025, 0.005, 0.01) for beta in (0, 0.1)],
    "vw lrqfa": [f"-b 26 --lrqfa {''.join(criteo.NAMESPACES)}4 -l {rate} --l2 {l2}" for rate in (0.01, 0.05, 0.2) for l2 in (0, 1e-6)],
    "libffm": [f"eta={eta} lambda={l2}" for eta in (0.2, 0.4, 0.8) for l2 in (0, 2e-5)],
    "modern_fm": [f"learning_rate={rate} l2_factors={l2}" for rate in (0.01, 0.02, 0.05) for l2 in (0, 2e-5)],
}


def main() -> None:
    arguments = parse()
    if arguments.peer:
        return peer(arguments.peer, arguments.folder, arguments.settings)
    results = {"machine": report.machine(1), "runs": []}
    report.is_idle(results["machine"])
    for rows in arguments.rows:
        folder = arguments.work / f"ffm-{rows}"
        criteo.split(criteo.generated(rows, arguments.work), folder)
        prepared(folder)
        print(f"\n{rows} rows, the last tenth held out; the law itself has ROC-AUC {{:.5f}}, log loss {{:.5f}}".format(*truth(folder)))
        lines = []
        for learner in arguments.learners:
            tried = {settings: measured(learner, settings, folder / "search", arguments)["log_loss"] for settings in GRID[learner]}
            best = min(tried, key=tried.get)
            run = measured(learner, best, folder, arguments)
            results["runs"].append({"rows": rows, "learner": learner, "settings": best, "search": tried} | run)
            seconds = [f"{run[key]:.2f}" for key in ("fit_wall_seconds", "fit_cpu_seconds")]
            numbers = [f"{run['peak_mib']:.0f}", f"{run['auc']:.5f}", f"{run['log_loss']:.5f}"]
            lines.append([learner.replace(" ", "-"), *seconds, *numbers, best.replace(" ", "_")])
            print(*lines[-1], flush=True)
        print(report.table(["learner", "learn, s", "cpu s", "MiB", "ROC-AUC", "log loss", "settings"], lines))
    report.write_json(arguments.work / "ffm.json", results)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[200_000], metavar="N", help="rows, a tenth of them held out")
    parser.add_argument("--learners", nargs="+", choices=GRID, default=list(GRID), metavar="NAME", help=f"of {', '.join(GRID)}")
    parser.add_argument("--bits", type=int, default=20, metavar="N", help="2^N slots of our ffm (default: 20), four times as many of ftrl")
    parser.add_argument("--stream", type=Path, default=models.ROOT / "target/release/examples/stream", help="our binary")
    parser.add_argument("--work", type=Path, default=models.ROOT / "target/bench", help="where data and results go")
    parser.add_argument("--peer", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--settings", help=argparse.SUPPRESS)
    return parser.parse_args()


def prepared(folder: Path) -> None:
    """The rows to search on, in a folder of their own, and both as each peer reads them."""
    search = folder / "search"
    search.mkdir(exist_ok=True)
    for form in ("tsv", "vw"):
        lines = (folder / f"train.{form}").read_text().splitlines(keepends=True)
        first = len(lines) - len(lines) // 9
        (search / f"train.{form}").write_text("".join(lines[:first]))
        (search / f"test.{form}").write_text("".join(lines[first:]))
    with (search / "test.tsv").open() as lines:
        (search / "test.y").write_bytes(bytes(line.startswith("1") for line in lines))
    for part in (folder, search):
        encoded(part)


def encoded(folder: Path) -> None:
    """Categories as numbers, each of the training rows its own; -1 for those that only test rows have."""
    known: dict[tuple[int, str], int] = {}
    for part in ("train", "test"):
        rows, labels = [], bytearray()
        for line in (folder / f"{part}.tsv").open(encoding="utf-8"):
            label, *values = line.rstrip("\n").split("\t")
            values[: criteo.NUMBERS] = map(criteo.bucket, values[: criteo.NUMBERS])
            keys = enumerate(values)
            rows.append([known.setdefault(key, len(known)) if part == "train" else known.get(key, -1) for key in keys])
            labels.append(label == "1")
        np.save(folder / f"{part}.npy", np.array(rows, np.int32))
        (folder / f"{part}.labels").write_bytes(labels)
    np.save(folder / "fields.npy", np.array([field for field, _ in known], np.int32))
    for stale in [*folder.glob("*.cache"), *folder.glob("libffm/*")]:
        stale.unlink()


def truth(folder: Path) -> tuple[float, float]:
    return quality(np.fromfile(folder / "test.y", np.uint8), np.fromfile(folder / "test.truth"))


def measured(learner: str, settings: str, folder: Path, arguments: argparse.Namespace) -> dict:
    usage = processes.run(command(learner, settings, folder, arguments), {"OMP_NUM_THREADS": "1"}, 1, folder / "learner.log")
    fit = json.loads(usage.output.strip().splitlines()[-1])
    predicted = folder / f"{learner.removeprefix('adlake ')}.p"
    auc, loss = quality(np.fromfile(folder / "test.y", np.uint8), np.fromfile(predicted))
    return fit | {"auc": auc, "log_loss": loss, "peak_mib": usage.peak_mib}


def command(learner: str, settings: str, folder: Path, arguments: argparse.Namespace) -> list[str]:
    if learner.startswith("adlake"):
        name = learner.split()[1]
        bits = arguments.bits + (0 if name == "ffm" else 2)
        return [str(arguments.stream), str(folder), name, str(bits), "hashed", *settings.split()]
    return [sys.executable, __file__, "--peer", learner, "--folder", str(folder), f"--settings={settings}"]


def peer(name: str, folder: Path, settings: str) -> None:
    learn = {"libffm": libffm, "modern_fm": modern_fm}.get(name, vowpal_wabbit)
    with contextlib.redirect_stdout(io.StringIO()):
        fit, predicted = learn(folder, settings)
    predicted.astype(np.float64).tofile(folder / f"{name}.p")
    print("\n" + json.dumps(fit))


def timed(learn) -> tuple[dict, object]:
    wall, cpu = time.perf_counter(), time.process_time()
    learned = learn()
    return {"fit_wall_seconds": time.perf_counter() - wall, "fit_cpu_seconds": time.process_time() - cpu}, learned


def vowpal_wabbit(folder: Path, settings: str) -> tuple[dict, np.ndarray]:
    from vowpalwabbit import Workspace

    cache, model, out = folder / "train.cache", folder / "vw.model", folder / "vw.txt"
    if not cache.is_file():
        Workspace(f"-d {folder / 'train.vw'} --cache_file {cache} --noop --quiet").finish()
    line = f"-d {folder / 'train.vw'} --cache_file {cache} --loss_function logistic {settings} -f {model} --quiet"
    fit, _ = timed(lambda: Workspace(line).finish())
    Workspace(f"-d {folder / 'test.vw'} -t -i {model} --link logistic -p {out} --quiet").finish()
    model.unlink()
    return fit, np.loadtxt(out, usecols=0)


def matrix(folder: Path, part: str):
    from scipy.sparse import csr_matrix

    rows, columns = np.load(folder / f"{part}.npy"), len(np.load(folder / "fields.npy"))
    known = rows >= 0
    begins = np.concatenate([[0], known.sum(1).cumsum()]).astype(np.int32)
    return csr_matrix((np.ones(begins[-1], np.float32), rows[known], begins), shape=(len(rows), columns))


def numbers_of(settings: str) -> dict[str, float]:
    return {name: float(value) for name, value in (setting.split("=") for setting in settings.split())}


def libffm(folder: Path, settings: str) -> tuple[dict, np.ndarray]:
    import pylibffm

    labels, fields = np.fromfile(folder / "train.labels", np.uint8), np.load(folder / "fields.npy")
    rows, _ = pylibffm.make_bin(folder / "libffm", matrix(folder, "train"), labels, fields)
    options = {"nr_iters": 1, "k": 4, "normalization": True} | numbers_of(settings)
    fit, model = timed(lambda: pylibffm.train_with_bin(rows, options))
    return fit, model.predict(matrix(folder, "test"), fields)


def modern_fm(folder: Path, settings: str) -> tuple[dict, np.ndarray]:
    from modern_fm import FFMClassifier

    model = FFMClassifier(n_factors=4, optimizer="adagrad", max_iter=1, batch_size=1, n_jobs=1, random_state=0, **numbers_of(settings))
    labels, rows = np.fromfile(folder / "train.labels", np.uint8), matrix(folder, "train")
    fit, _ = timed(lambda: model.fit(rows, labels, field_ids=np.load(folder / "fields.npy")))
    return fit, model.predict_proba(matrix(folder, "test"))[:, 1]


if __name__ == "__main__":
    main()
