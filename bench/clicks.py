"""Click models of one lake: ours beside those of scikit-learn and LightGBM, on the same features, measured on the same test rows.

    cargo x services --bench
    cargo x bench clicks --requests 1000000

Our side is the command line as users have it: generate, run, train, score. The peers read `features.click_features` through the deltalake
package, split it at the same instant, and get the features that ours gets; categories as each of them takes them. What stands behind an AUC
is its distance to that of our boosted trees, row by row on the same rows, with the 95 % interval by DeLong, DeLong and Clarke-Pearson (1988).
Results are printed, and written to target/bench/clicks.json. Times are not compared here: see training.py.
"""

import argparse
import os
import subprocess
import tomllib
from pathlib import Path

import numpy as np
from harness import models, report

OURS = ["boosted", "forest"]
PEERS = ["lightgbm", "hist-boosting", "sklearn-forest"]
TEST_SHARE, VALIDATION_SHARE = 0.2, 0.1
# scikit-learn's boosting takes no more categories in a column than this.
MOST_LEVELS = 255


def main() -> None:
    arguments = parse()
    results = {"machine": report.machine(arguments.threads), "adlake": report.adlake_version(binary()), "runs": []}
    for requests in arguments.requests:
        lake = arguments.work / f"clicks-{requests}"
        best = made(lake, requests, arguments.work)
        rows = read(lake)
        print(f"\n{requests} requests, {len(rows.labels)} impressions, of which the last {len(rows.test)} held out; the law itself has ROC-AUC {best:.4f}")
        probabilities = {f"adlake {learner}": ours(lake, learner, rows, arguments.threads) for learner in OURS}
        probabilities |= {peer: PEER[peer](rows, arguments.threads) for peer in PEERS}
        lines = []
        for name, predicted in probabilities.items():
            run = measured(rows.labels[rows.test], predicted, probabilities["adlake boosted"])
            results["runs"].append({"requests": requests, "model": name, "best_auc": best} | run)
            lines.append([
                name.replace(" ", "-"), f"{run['auc']:.4f}", f"{(run['auc'] - 0.5) / (best - 0.5):.1%}", f"{run['difference']:+.4f}",
                f"{run['low']:+.4f} to {run['high']:+.4f}", f"{run['log_loss']:.5f}", f"{run['expected_over_observed']:.3f}",
            ])  # fmt: skip
        head = ["model", "ROC-AUC", "of best − 0.5", "to adlake boosted", "95 % interval", "log loss", "expected / observed"]
        print(report.table(head, lines))
    report.write_json(arguments.work / "clicks.json", results)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, nargs="+", default=[1_000_000], metavar="N", help="ad requests to generate")
    parser.add_argument("--threads", type=int, default=2, help="threads each may use (default: 2)")
    parser.add_argument("--work", type=Path, default=models.ROOT / "target/bench", help="where lakes and results go")
    return parser.parse_args()


def binary() -> str:
    return os.environ.get("ADLAKE_BIN") or str(models.ROOT / "target/release/adlake")


def made(lake: Path, requests: int, work: Path) -> float:
    """The lake, and the best ROC-AUC that its law allows."""
    logs = work / f"clicks-logs-{requests}"
    options = ["--requests", str(requests), "--users", str(requests // 10), "--seed", "42", "--overwrite"]
    told = subprocess.run([binary(), "generate", "adtech", "--out", logs, *options], check=True, capture_output=True, text=True).stdout
    subprocess.run([binary(), "run", "--lake", lake, "--source", logs], check=True, capture_output=True)
    line = next(line for line in told.splitlines() if "ROC-AUC" in line)
    return float(next(word for word in reversed(line.replace(",", " ").split()) if word.startswith("0.")))


class Rows:
    """All impressions of known campaigns, in the order of time."""

    def __init__(self, table) -> None:
        registry = tomllib.loads((models.ROOT / "crates/features/features.toml").read_text())["click_features"]["features"]
        self.ids = table["request_id"].to_numpy(zero_copy_only=False)
        self.labels = table["is_click"].to_numpy(zero_copy_only=False).astype(bool)
        times = table["requested_at"].to_numpy()
        cut = times[int((1 - TEST_SHARE) * len(times))]
        self.test, train = np.flatnonzero(times >= cut), np.flatnonzero(times < cut)
        begin = times[train][int((1 - VALIDATION_SHARE) * len(train))]
        self.train, self.validation, self.past = train[times[train] < begin], train[times[train] >= begin], train
        self.columns, self.levels = [], {}
        for number, (name, feature) in enumerate(registry.items()):
            if feature["kind"] == "number":
                self.columns.append(table[name].cast("double").to_numpy(zero_copy_only=False))
                continue
            texts = table[name].to_numpy(zero_copy_only=False).astype(str)
            known = np.unique(texts[train])
            at = np.minimum(np.searchsorted(known, texts), len(known) - 1)
            self.columns.append(np.where(known[at] == texts, at, np.nan))
            self.levels[number] = len(known)
        self.features = np.column_stack(self.columns).astype(np.float64)


def read(lake: Path) -> Rows:
    from deltalake import DeltaTable
    import pyarrow.compute as pc

    table = DeltaTable(lake / "features/click_features").to_pyarrow_table()
    table = table.filter(pc.field("advertiser_id") != "Unknown")
    return Rows(table.sort_by([("requested_at", "ascending"), ("request_id", "ascending")]))


def ours(lake: Path, learner: str, rows: Rows, threads: int) -> np.ndarray:
    """Of the test rows, by the command line."""
    from deltalake import DeltaTable

    name = f"bench_{learner}"
    for command in (["train", "click", "--learner", learner, "--register", name], ["score", "click", "--model", name]):
        subprocess.run([binary(), *command, "--lake", lake, "--threads", str(threads)], check=True, capture_output=True)
    scores = DeltaTable(lake / "gold/click_scores").to_pyarrow_table(columns=["request_id", "click_probability"])
    ids = scores["request_id"].to_numpy(zero_copy_only=False).astype(str)
    order = np.argsort(ids)
    places = np.searchsorted(ids, rows.ids[rows.test].astype(str), sorter=order)
    return scores["click_probability"].to_numpy()[order[places]]


def lightgbm(rows: Rows, threads: int) -> np.ndarray:
    import lightgbm

    model = lightgbm.LGBMClassifier(n_estimators=500, n_jobs=threads, verbose=-1)
    model.fit(
        rows.features[rows.train],
        rows.labels[rows.train],
        eval_set=[(rows.features[rows.validation], rows.labels[rows.validation])],
        categorical_feature=list(rows.levels),
        callbacks=[lightgbm.early_stopping(30, verbose=False)],
    )
    return model.predict_proba(rows.features[rows.test])[:, 1]


def hist_boosting(rows: Rows, threads: int) -> np.ndarray:
    from sklearn.ensemble import HistGradientBoostingClassifier

    few = [number for number, levels in rows.levels.items() if levels <= MOST_LEVELS]
    model = HistGradientBoostingClassifier(max_iter=500, early_stopping=True, n_iter_no_change=30, categorical_features=few, random_state=0)
    model.fit(rows.features[rows.past], rows.labels[rows.past])
    return model.predict_proba(rows.features[rows.test])[:, 1]


def sklearn_forest(rows: Rows, threads: int) -> np.ndarray:
    from sklearn.ensemble import RandomForestClassifier

    model = RandomForestClassifier(100, max_depth=10, n_jobs=threads, random_state=0)
    model.fit(rows.features[rows.past].astype(np.float32), rows.labels[rows.past])
    return model.predict_proba(rows.features[rows.test].astype(np.float32))[:, 1]


PEER = {"lightgbm": lightgbm, "hist-boosting": hist_boosting, "sklearn-forest": sklearn_forest}


def measured(labels: np.ndarray, predicted: np.ndarray, baseline: np.ndarray) -> dict:
    from sklearn.metrics import log_loss

    (up, down), (up_of_baseline, down_of_baseline) = shares(labels, predicted), shares(labels, baseline)
    difference = up.mean() - up_of_baseline.mean()
    variance = np.var(up - up_of_baseline) / len(up) + np.var(down - down_of_baseline) / len(down)
    margin = 1.96 * float(np.sqrt(variance))
    return {
        "auc": float(up.mean()),
        "difference": float(difference),
        "low": float(difference - margin),
        "high": float(difference + margin),
        "log_loss": float(log_loss(labels, np.clip(predicted, 1e-9, 1 - 1e-9))),
        "expected_over_observed": float(predicted.sum() / labels.sum()),
    }


def shares(labels: np.ndarray, predicted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each positive row the share of negative rows below it, and of each negative row that of positive rows above it."""
    from scipy.stats import rankdata

    ranks, positive = rankdata(predicted), labels.astype(bool)
    positives, negatives = positive.sum(), (~positive).sum()
    above = (ranks[positive] - rankdata(predicted[positive])) / negatives
    below = 1 - (ranks[~positive] - rankdata(predicted[~positive])) / positives
    return above, below


if __name__ == "__main__":
    main()
