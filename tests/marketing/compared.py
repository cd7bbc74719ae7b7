"""What Python worked out, held against the lake's tables."""

import math
from collections import Counter, defaultdict
from decimal import ROUND_HALF_UP, Decimal

from marketing import truth

CENT = Decimal("0.01")


class Compared:
    """Tables of a lake, and what was found wrong with them."""

    def __init__(self, read):
        self.read, self.problems, self.checks = read, [], 0
        self.unpriced_conversions = self.unpriced_spend = None

    def that(self, holds, problem):
        self.checks += 1
        if not holds:
            self.problems.append(problem)

    def same(self, what, found, wanted):
        wrong = [key for key in found.keys() | wanted.keys() if found.get(key) != wanted.get(key)]
        shown = "; ".join(f"{key}: {found.get(key)} instead of {wanted.get(key)}" for key in wrong[:2])
        self.that(not wrong and wanted, f"{what}: {len(wrong)} of {len(wanted)} differ, such as {shown}")

    def touch_ids(self):
        natural = lambda t: (
            t["user_id"], t["touched_at"], t["touch_kind"], t["logged_channel"] or "", t["campaign_id"], t["source"], t["medium"],
            t["cost_amount"])
        return {natural(t): t["touch_id"] for t in self.read("silver.touchpoints")}

    def conversion_ids(self):
        ids = {}
        for c in self.read("silver.conversions"):
            if c["conversion_id"].startswith("order-"):
                continue
            at = str(c["converted_at"])
            ids[(c["user_id"], at, c["conversion_kind"], c["logged_amount"], c["currency"] or "")] = c["conversion_id"]
        return lambda conversion: ids.get(conversion["name"]) if isinstance(conversion["name"], tuple) else conversion["name"]

    def touchpoints(self, touches, id_of_touch):
        wanted = {id_of_touch.get(t["natural"]): (t["channel"], t["repeat"], t["bot"]) for user in touches.values() for t in user}
        found = {t["touch_id"]: (t["channel"], t["is_repeat"], t["is_bot_like"]) for t in self.read("silver.touchpoints")}
        self.same("touchpoints", found, wanted)
        marks = Counter(mark for _, *marks in found.values() for mark, on in zip(("repeat", "bot"), marks) if on)
        self.that(marks["repeat"] > 10 and marks["bot"] > 10, f"the market has too few repeats or bots to test: {marks}")

    def conversions(self, conversions, id_of_conversion):
        wanted = {id_of_conversion(c): (c["at"], c["kind"], c["value"]) for user in conversions.values() for c in user}
        found = {c["conversion_id"]: (c["converted_at"], c["conversion_kind"], c["value_amount"]) for c in self.read("silver.conversions")}
        self.same("conversions", found, wanted)

    def journeys(self, wanted):
        found = {}
        for j in self.read("silver.journeys"):
            found[j["journey_id"]] = (j["is_converted"], j["channels"] or [], j["campaign_ids"] or [], j["left_out_count"])
        self.same("journeys", found, wanted)
        kinds = Counter((converted, min(len(channels), 2)) for converted, channels, _, _ in found.values())
        self.that(min(kinds[(True, 0)], kinds[(True, 2)], kinds[(False, 1)]) > 10, f"the market has too few kinds of journeys: {kinds}")
        self.that(any(len(channels) == truth.MOST_STEPS for _, channels, _, _ in found.values()), "the market has no path of 500 steps")

    def ledger(self, wanted):
        rows = {(r["conversion_id"], r["position"]): r for r in self.read("gold.attribution_credit")}
        exact = [m for m in truth.MODELS if m not in truth.ROUNDED]
        self.same(
            "ledger",
            {key: (r["touch_id"], *(r[m] for m in exact)) for key, r in rows.items()},
            {key: (touch, *(credits[m] for m in exact)) for key, (touch, credits) in wanted.items()})
        for model in truth.ROUNDED:
            far = [key for key, (_, credits) in wanted.items() if key in rows and abs(rows[key][model] - credits[model]) > 1]
            self.that(not far, f"ledger, {model}: {len(far)} differ by more than a millionth, such as {far[:2]}")
            off = [key for key, (_, credits) in wanted.items() if key in rows and rows[key][model] != credits[model]]
            self.that(len(off) <= len(wanted) / 1000, f"ledger, {model}: {len(off)} of {len(wanted)} differ")
        for model in truth.MODELS:
            sums = defaultdict(int)
            for (conversion, _), row in rows.items():
                sums[conversion] += row[model]
            self.that(set(sums.values()) == {truth.WHOLE}, f"ledger: sums of {model} per conversion are {Counter(sums.values())}")

    def credit(self, kpis, end, path, credits):
        """Adds a conversion's credits, by the ledger of Python, to the days' figures."""
        for model in truth.MODELS:
            shares = zip(path, credits[model]) if path else [({"channel": "Unattributed", "campaign": "Unattributed"}, truth.WHOLE)]
            for touch, share in shares:
                day = kpis[(end["at"].date(), touch["channel"], touch["campaign"], model)]
                value = end["value"] * share / truth.WHOLE
                day["conversion_count"] += Decimal(share) / truth.WHOLE
                day["install_conversions" if end["kind"] == "install" else f"{end['kind']}_count"] += Decimal(share) / truth.WHOLE
                day["value_amount"] += value
                day["squares"] += value.quantize(CENT, ROUND_HALF_UP) ** 2

    def paths(self, wanted):
        found = {p["path"]: (p["conversion_count"], p["value_amount"], p["null_count"]) for p in self.read("gold.channel_paths") if p["path_source"] == "journeys"}
        self.same("paths", found, {path: tuple(tally) for path, tally in wanted.items()})

    def kpis(self, kpis, spend, touches):
        for user in touches.values():
            for touch in user:
                if not touch["bot"] and not touch["repeat"]:
                    for model in truth.MODELS:
                        kpis[(touch["at"].date(), touch["channel"], touch["campaign"], model)][f"touch_{touch['kind']}_count"] += 1
        for (on, channel, campaign), figures in spend.items():
            for model in truth.MODELS:
                day = kpis[(on, channel, campaign, model)]
                for name, figure in zip(("spend_amount", "impression_count", "click_count", "install_count"), figures):
                    day[name] += figure
        # A day that time decay gives a millionth to or not is not told apart by rounding in the market's size.
        wanted = {key: day for key, day in kpis.items() if any(day.values()) or key[:3] in spend}
        self.figures("campaign_kpis_daily", wanted, lambda r: (r["measured_on"], r["channel"], r["campaign_id"], r["attribution_model"]))
        channels = defaultdict(lambda: defaultdict(Decimal))
        for (on, channel, _, model), day in wanted.items():
            for name, figure in day.items():
                channels[(on, channel, model)][name] += figure
        self.figures("channel_kpis_daily", channels, lambda r: (r["measured_on"], r["channel"], r["attribution_model"]))

    def figures(self, table, wanted, key_of):
        found = {key_of(row): row for row in self.read(f"gold.{table}")}
        self.that(found.keys() == wanted.keys(), f"{table}: {list(found.keys() ^ wanted.keys())[:3]} in one alone")
        wrong = []
        for key in found.keys() & wanted.keys():
            wrong += [(key, *problem) for problem in wrong_figures(found[key], wanted[key], any(model in key for model in truth.ROUNDED))]
        self.that(not wrong, f"{table}: {len(wrong)} figures differ, such as {wrong[:3]}")

    def totals(self, conversions):
        """Nothing is lost on the way from conversions to channels."""
        count = sum(len(user) for user in conversions.values())
        value = sum(c["value"] for user in conversions.values() for c in user)
        sums = defaultdict(lambda: [Decimal(0), Decimal(0)])
        for row in self.read("gold.channel_attribution"):
            sums[row["attribution_model"]][0] += row["conversion_count"]
            sums[row["attribution_model"]][1] += row["value_amount"]
        for model in truth.MODELS:
            self.that(sums[model] == [count, value], f"channel_attribution, {model}: {sums[model]} instead of {[count, value]}")


def wrong_figures(row, day, is_rounded):
    """Name, figure and expected figure of what is wrong in a row of rates."""
    sums = ["spend_amount", "impression_count", "click_count", "install_count", "touch_impression_count", "touch_click_count"]
    counts = {"conversion_count": "conversion_count", "purchase_count": "purchase_count", "sign_up_count": "sign_up_count",
              "attributed_install_count": "install_conversions", "value_amount": "value_amount"}
    for name in sums:
        if row[name] != day[name]:
            yield name, row[name], day[name]
    for name, other in counts.items():
        if abs(row[name] - day[other]) > (Decimal("0.01") if is_rounded else 0):
            yield name, row[name], day[other]
    # Rates are held against the row's own sums, which are the figures above.
    spend, value = float(row["spend_amount"]), float(row["value_amount"])
    shown, clicks, installs, conversions = (
        float(row[c]) for c in ("impression_count", "click_count", "install_count", "conversion_count"))
    for name, hits, of in [("click_rate", clicks, shown), ("conversion_rate", conversions, clicks), ("install_rate", installs, shown)]:
        low, high = truth.wilson(hits, of)
        yield from off(row, {name: hits / of if of else None, f"{name}_low": low, f"{name}_high": high})
    for name, count, scale in [("click", clicks, 1), ("mille", shown, 1000), ("install", installs, 1), ("conversion", conversions, 1)]:
        few, many = truth.poisson(count)
        cost = lambda by: scale * spend / by if count and spend >= 0 else None
        names = [f"cost_per_{name}_amount", f"cost_per_{name}_low_amount", f"cost_per_{name}_high_amount"]
        yield from off(row, dict(zip(names, (cost(count or 1), cost(many), cost(few or 1)))))
    ratio = value / spend if spend > 0 else None
    spread = math.exp(truth.Z * math.sqrt(float(row["squared_value_amount"])) / value) if value > 0 else None
    ends = (ratio / spread, ratio * spread) if ratio is not None and spread else (None, None)
    yield from off(row, dict(zip(["return_on_spend_ratio", "return_on_spend_low_ratio", "return_on_spend_high_ratio"], (ratio, *ends))))
    if not is_rounded and row["squared_value_amount"] != day["squares"]:
        yield "squared_value_amount", row["squared_value_amount"], day["squares"]


def off(row, wanted):
    for name, figure in wanted.items():
        found = None if row[name] is None else float(row[name])
        if (found is None) != (figure is None) or found is not None and not math.isclose(found, figure, rel_tol=1e-7, abs_tol=1e-8):
            yield name, found, figure
