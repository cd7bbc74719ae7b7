"""k-means, inertia and silhouettes beside scikit-learn."""

import numpy as np
import pandas as pd
import rfm
import shop
from sklearn.cluster import KMeans, kmeans_plusplus
from sklearn.metrics import silhouette_score
from sklearn.preprocessing import StandardScaler

TOLERANCE = 1e-6


def checks(ours, lines):
    """Pairs of a name and what is wrong, or None."""
    logs = {"made": (shop.made(3_000, 5), 400)}
    if lines is not None:
        logs["Online Retail"] = (lines, int(lines.day.max()))
    for name, (log, as_of) in logs.items():
        customers = pd.DataFrame([row[1:4] for row in rfm.table(log, as_of)], columns=["recency_days", "order_count", "net_amount"])
        customers["net_amount"] /= 10_000
        points = StandardScaler().fit_transform(np.sign(customers) * np.log1p(np.abs(customers)))
        for clusters in (2, 4, 7):
            centres = kmeans_plusplus(points, clusters, random_state=clusters)[0]
            yield f"{name}: {clusters} clusters from the same centres", same_steps(ours, points, centres)
        yield from whole(f"{name}: {len(customers)} customers", ours.ask("clusters", customers, 0), points)


def same_steps(ours, points, centres):
    theirs = KMeans(len(centres), init=centres, n_init=1, tol=0, max_iter=1000, algorithm="lloyd").fit(points)
    files = [ours.written(pd.DataFrame(table), header=False) for table in (points, centres)]
    found = ours.ask_file("partition", *files)
    if found["assigned"] != theirs.labels_.tolist():
        return f"{np.sum(np.array(found['assigned']) != theirs.labels_)} customers are assigned otherwise"
    pairs = {
        "inertia": (found["inertia"], theirs.inertia_),
        "silhouette": (found["silhouette"], silhouette_score(points, theirs.labels_)),
        "centres": (np.array(found["centres"]), theirs.cluster_centers_),
    }
    wrong = [f"{name} {one}, expected {other}" for name, (one, other) in pairs.items() if not np.allclose(one, other, rtol=TOLERANCE, atol=1e-9)]
    return "; ".join(wrong) or None


def whole(name, found, points):
    """Our clusters are a fixed point of theirs, and no worse than the best that they find."""
    model, labels = found["model"], np.array(found["assigned"])
    centres = np.array([cluster["centre"] for cluster in model["clusters"]])
    again = KMeans(len(centres), init=centres, n_init=1, tol=0, max_iter=1000, algorithm="lloyd").fit(points)
    yield f"{name}: assigned", None if (again.labels_ == labels).all() else f"{(again.labels_ != labels).sum()} otherwise"
    yield f"{name}: inertia", None if np.isclose(model["inertia"], again.inertia_, rtol=TOLERANCE) else f"{model['inertia']}, {again.inertia_}"
    chosen = next(c for c in found["choice"]["candidates"] if c["clusters"] == found["choice"]["chosen"])
    score = silhouette_score(points, labels)
    yield f"{name}: silhouette", None if np.isclose(chosen["silhouette"], score, rtol=TOLERANCE) else f"{chosen['silhouette']}, {score}"
    moved = labels.copy()
    moved[0] = (moved[0] + 1) % len(centres)
    seen = not np.isclose(chosen["silhouette"], silhouette_score(points, moved), rtol=TOLERANCE)
    yield f"{name}: control", None if seen else "a customer elsewhere is not seen"
    worse = []
    for candidate in found["choice"]["candidates"]:
        best = KMeans(candidate["clusters"], n_init=10, random_state=0, tol=0, max_iter=1000).fit(points).inertia_
        # Which of several near optima ten starts find is luck, on both sides.
        if candidate["inertia"] > best * 1.01:
            worse.append(f"{candidate['clusters']} clusters have inertia {candidate['inertia']:.3f}, scikit-learn finds {best:.3f}")
    yield f"{name}: no worse", "; ".join(worse) or None
    names = [cluster["name"] for cluster in model["clusters"]]
    yield f"{name}: names", None if len(set(names)) == len(names) else f"{names}"
    print(f"{name}: {found['choice']['why']}")
    for cluster in model["clusters"]:
        typical = ", ".join(f"{number:.1f}" for number in cluster["typical"])
        print(f"    {cluster['customer_count']} {cluster['name']} ({typical})")
