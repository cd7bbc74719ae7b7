"""BG/NBD and Gamma-Gamma beside `lifetimes`."""

import numpy as np
import pandas as pd
from lifetimes import BetaGeoFitter, GammaGammaFitter
from lifetimes.datasets import load_cdnow_summary_data_with_monetary_value

# Fader, Hardie and Lee (2005), table 2, to the four digits that the maximum has.
CDNOW = {"r": 0.2426, "alpha": 4.4135, "a": 0.7929, "b": 2.4258}
CDNOW_LOG_LIKELIHOOD = -9582.4
WEEKS, MONTH = 39.0, 4.345


def checks(ours, lines):
    """Pairs of a name and what is wrong, or None."""
    cdnow = load_cdnow_summary_data_with_monetary_value()
    cdnow = cdnow.rename(columns={"T": "age", "monetary_value": "order_value"})[["frequency", "recency", "age", "order_value"]]
    found = ours.ask("value", cdnow, WEEKS, MONTH)
    yield "CDNOW parameters", published(found, CDNOW)
    yield "control: another maximum is seen", None if published(found, CDNOW | {"a": 0.7930}) else "not seen"
    keys = ["frequency", "recency", "age"]
    grouped = cdnow.assign(order_value=0.0).groupby(keys, as_index=False).agg(order_value=("order_value", "first"), weight=("order_value", "size"))
    # Order values differ within a group: a value of 1 for all serves the other model.
    by_purchases = BetaGeoFitter(0).fit(cdnow.frequency, cdnow.recency, cdnow.age)
    yield "CDNOW groups with weights", same_fit(grouped, by_purchases, ours)
    yield from beside("CDNOW", cdnow, found)
    for name, parameters in {"spread": (0.6, 6.0, 0.9, 3.0), "a above 1": (1.5, 10.0, 1.6, 5.0), "frequent": (3.0, 2.0, 0.3, 8.0)}.items():
        made = generated(5_000, *parameters, 5.0, 4.0, 20.0, seed=1)
        yield from beside(name, made, ours.ask("value", made, WEEKS, MONTH))
    if lines is not None:
        shop = summary(lines)
        yield from beside("Online Retail", shop, ours.ask("value", shop, 90.0, 30.0), horizon=90.0, freq="D")


def published(found, parameters):
    model = {name: round(number, 4) for name, number in found["bg_nbd"]["model"].items()}
    likelihood = round(found["bg_nbd"]["log_likelihood"], 1)
    return None if (model, likelihood) == (parameters, CDNOW_LOG_LIKELIHOOD) else f"{model}, log-likelihood {likelihood}"


def same_fit(grouped, peer, ours):
    # Values that tell gamma-gamma something: it is fitted in passing.
    grouped = grouped.assign(order_value=np.random.default_rng(0).gamma(2.0, 10.0, len(grouped)))
    model = ours.ask("value", grouped[["frequency", "recency", "age", "order_value", "weight"]], WEEKS, MONTH)["bg_nbd"]["model"]
    return far(np.array(list(model.values())), peer.params_[list(model)].to_numpy(), 1e-3)


def beside(name, table, found, horizon=WEEKS, freq="W"):
    """Our likelihood is at least theirs; with our parameters put into theirs, all numbers are ours."""
    x, recency, age, spent = (table[column] for column in table.columns[:4])
    repeated = (x > 0) & (spent > 0)
    # lifetimes scales time to a longest age of 1, and searches there.
    scale = 1 / age.max()
    purchases, spending = BetaGeoFitter(0), GammaGammaFitter(0)
    rows = (x, recency * scale, age * scale)
    yield from fits(f"{name}, BG/NBD", purchases, found["bg_nbd"], rows, [1, scale, 1, 1], lambda: purchases.fit(x, recency, age, tol=1e-8))
    rows = (x[repeated], spent[repeated])
    yield from fits(f"{name}, Gamma-Gamma", spending, found["gamma_gamma"], rows, [1, 1, 1], lambda: spending.fit(*rows, tol=1e-8))

    purchases.params_, spending.params_ = (pd.Series(found[model]["model"]) for model in ("bg_nbd", "gamma_gamma"))
    purchases.predict = purchases.conditional_expected_number_of_purchases_up_to_time
    value_of = np.maximum(spent, 0).where(x > 0, 0)
    alive = purchases.conditional_probability_alive(x, recency, age)
    pairs = {
        "alive": (alive, 1e-9),
        "expected_purchases": (purchases.predict(horizon, x, recency, age), 1e-6),
        "expected_purchases_of_new": (purchases.expected_number_of_purchases_up_to_time(horizon), 1e-6),
        "order_value": (spending.conditional_expected_average_profit(x, value_of), 1e-9),
        "value": (spending.customer_lifetime_value(purchases, x, recency, age, value_of, time=12, discount_rate=0.01, freq=freq), 1e-6),
    }
    for what, (expected, tolerance) in pairs.items():
        yield f"{name}: {what}", far(np.atleast_1d(found[what]), np.atleast_1d(expected), tolerance)
    yield f"{name}: control", None if far(np.array(found["alive"]) * (1 + 1e-8), alive, 1e-9) else "a difference of 1e-8 is not seen"


def fits(name, model, ours, rows, scales, fit):
    """Their own search, and their likelihood at our parameters."""
    parameters = pd.Series(ours["model"])[["r", "alpha", "a", "b"] if "r" in ours["model"] else ["p", "q", "v"]]
    weights = np.ones(len(rows[0]))
    loss = type(model)._negative_log_likelihood(np.log(parameters.to_numpy() * scales), *map(np.asarray, rows), weights, 0)
    try:
        fit()
    except Exception as error:  # noqa: BLE001 - their search may fail; our parameters stay to be checked
        print(f"{name}: lifetimes does not fit: {str(error).strip().splitlines()[0]}")
        return
    theirs = model._negative_log_likelihood_
    yield f"{name}: likelihood", None if loss <= theirs + 1e-10 else f"{loss!r}, lifetimes reaches {theirs!r}"
    # Their search ends where the likelihood is flat to some 1e-9: parameters are known to its root.
    yield f"{name}: parameters", far(parameters.to_numpy(), model.params_[parameters.index].to_numpy(), 1e-3)
    errors = model.standard_errors_[parameters.index].to_numpy()
    yield f"{name}: standard errors", far(np.array(ours["standard_errors"]), errors, 0.01)


def far(found, expected, tolerance):
    """What differs most, if it is more than the tolerance, as a share of the larger or of 1e-3."""
    known = np.isfinite(expected)
    if not known.any() or not np.isfinite(found).all():
        return f"{(~known).sum()} of {len(expected)} are no numbers, ours {(~np.isfinite(found)).sum()}"
    off = np.abs(found - expected)[known] / np.maximum(np.abs(expected[known]), 1e-3)
    row = int(off.argmax())
    return None if off[row] <= tolerance else f"{found[known][row]!r}, expected {expected[known][row]!r}, off by {off[row]:.1e} in row {row}"


def generated(count, r, alpha, a, b, p, q, v, seed):
    """Customers drawn from the models, 10 to 100 weeks old."""
    dice = np.random.default_rng(seed)
    age = dice.uniform(10, 100, count).round(2)
    rate, leaving = dice.gamma(r, 1 / alpha, count), dice.beta(a, b, count)
    frequency, recency, now, there = np.zeros(count, int), np.zeros(count), np.zeros(count), np.ones(count, bool)
    while there.any():
        now[there] += dice.exponential(1, there.sum()) / rate[there]
        there &= now <= age
        frequency[there] += 1
        recency[there] = now[there]
        there &= dice.random(count) >= leaving
    scale = dice.gamma(q, 1 / v, count)
    value = dice.gamma(np.maximum(p * frequency, 1)) / scale / np.maximum(frequency, 1)
    return pd.DataFrame({"frequency": frequency, "recency": recency, "age": age, "order_value": np.where(frequency > 0, value, 0.0)})


def summary(lines):
    """Days with a purchase as of the log's last day: repeats, the last one's age, the mean amount of a repeat day."""
    sold = lines[lines.kind == "sale"].groupby(["customer_id", "day"], as_index=False).amount.sum()
    sold["value"] = sold.amount / 10_000
    first = sold.groupby("customer_id").day.transform("min")
    days = sold.groupby("customer_id").day.agg(["min", "max", "size"])
    repeats = sold[sold.day > first].groupby("customer_id").value.mean()
    return pd.DataFrame({
        "frequency": days["size"] - 1,
        "recency": (days["max"] - days["min"]).astype(float),
        "age": (lines.day.max() - days["min"]).astype(float),
        "order_value": repeats.reindex(days.index).fillna(0.0),
    }).reset_index(drop=True)
