"""Measures, scores and segments beside pandas."""

import numpy as np
import shop


def checks(ours, lines):
    """Pairs of a name and what is wrong, or None."""
    logs = {f"made {seed}": (shop.made(3_000, seed), 350) for seed in range(3)}
    if lines is not None:
        logs["Online Retail"] = (lines, int(lines.day.max()))
        logs["Online Retail, mid-year"] = (lines, int(lines.day.max()) - 180)
    for name, (log, as_of) in logs.items():
        expected = table(log, as_of)
        found = ours.ask("rfm", log.sample(frac=1, random_state=1), as_of)
        for kind in ("batch", "live"):
            yield f"{name}: {kind} of {len(expected)} customers", different(found[kind], expected)
        yield f"{name}: control", None if different(found["live"], table(log, as_of - 1)) else "another day is not seen"


def table(log, as_of):
    log = log[log.day <= as_of]
    sales = log[log.kind == "sale"].groupby("customer_id")
    found = sales.agg(last_day=("day", "max"), frequency=("invoice_no", "nunique"))
    found["recency_days"] = as_of - found.pop("last_day")
    found["monetary"] = log.groupby("customer_id").amount.sum().reindex(found.index)
    for score, column, rising in (("r", "recency_days", False), ("f", "frequency", True), ("m", "monetary", True)):
        rank = found[column].rank(method="min", ascending=rising).astype(int)
        found[score] = 1 + 5 * (rank - 1) // len(found)
    value = (found.f + found.m + 1) // 2
    found["segment"] = [segment(*scores) for scores in zip(found.r, value, strict=True)]
    found = found.sort_index(key=lambda ids: ids.map(lambda text: text.encode())).reset_index()
    columns = ["customer_id", "recency_days", "frequency", "monetary", "r", "f", "m", "segment"]
    return [[text if isinstance(text, str) else int(text) for text in row] for row in found[columns].itertuples(index=False)]


# Recency 5 to 1 in rows, value 5 to 1 in columns: the table of gold.customer_rfm, written out.
NAMES = np.array([
    ["champions", "champions", "potential_loyalists", "potential_loyalists", "new"],
    ["champions", "champions", "loyal", "potential_loyalists", "promising"],
    ["loyal", "loyal", "need_attention", "about_to_sleep", "promising"],
    ["at_risk", "at_risk", "at_risk", "about_to_sleep", "hibernating"],
    ["cannot_lose", "cannot_lose", "at_risk", "hibernating", "lost"],
])


def segment(recency, value):
    return str(NAMES[5 - recency, 5 - value])


def different(found, expected):
    found = [[*row[:3], int(row[3]), *row[4:]] for row in found]
    if len(found) != len(expected):
        return f"{len(found)} customers, expected {len(expected)}"
    return next((f"{one}, expected {other}" for one, other in zip(found, expected, strict=True) if one != other), None)
