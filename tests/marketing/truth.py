"""The marketing tables worked out one user at a time in plain Python, from the logs' text: another way to each figure than the models'."""

import math
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, getcontext
from fnmatch import fnmatchcase
from fractions import Fraction

getcontext().prec = 60

LOOK_BACK = timedelta(days=30)
MOST_STEPS = 500
WHOLE = 1_000_000
MODELS = ["first_touch", "last_touch", "last_non_direct", "linear", "position_based", "time_decay", "markov", "shapley"]
# Whose weights are no fractions, or are computed in floating point there: a remainder may fall to a neighbour.
ROUNDED = ["time_decay", "markov"]
Z = 1.959963984540054


def rows_of(tables, name, columns):
    for number, rows in enumerate(tables[name]):
        for line, row in enumerate(rows, 2):
            yield dict(zip(columns, map(str, row))) | {"place": (number, line)}


def touches_of(rows, rules):
    """Distinct touches by user, each with its channel."""
    users = defaultdict(dict)
    for row in rows:
        try:
            at = datetime.fromisoformat(row["occurred_at"])
        except ValueError:
            continue
        if not row["user_id"] or row["kind"] not in ("impression", "click"):
            continue
        campaign, source, medium = row["campaign_id"] or "Unknown", row["source"].lower(), row["medium"].lower()
        cost = Decimal(row["cost"]) if row["cost"] else None
        natural = (row["user_id"], at, row["kind"], row["channel"], campaign, source, medium, cost)
        users[row["user_id"]][natural] = {
            "at": at, "kind": row["kind"], "campaign": campaign, "natural": natural,
            "channel": _channel(rules, row["channel"], source, medium, campaign, at),
        }
    return {user: list(touches.values()) for user, touches in users.items()}


def rules_of(rows):
    latest = {}
    for row in sorted(rows, key=lambda row: row["place"]):
        patterns = tuple(row[name].lower() or "*" for name in ("source", "medium", "campaign"))
        latest[(*patterns, row["valid_from"])] = (int(row["priority"]), row["channel"], row["valid_to"])
    return [(priority, key[:3], key[3], until, channel) for key, (priority, channel, until) in latest.items()]


def _channel(rules, logged, source, medium, campaign, at):
    on, fits = str(at.date()), []
    for priority, patterns, begins, ends, channel in rules:
        # fnmatch knows ? as a wildcard, the rules do not.
        matched = all(fnmatchcase(value.lower(), p.replace("?", "[?]")) for value, p in zip((source, medium, campaign), patterns))
        if matched and (not begins or on >= begins) and (not ends or on <= ends):
            fits.append((priority, channel))
    if fits:
        return min(fits)[1]
    return logged or (f"{source} / {medium}" if source or medium else "Unknown")


def mark(touches, id_of_touch):
    """Says of a user's touches which are repeats and whether the user is like a bot."""
    clicks = sorted(t["at"] for t in touches if t["kind"] == "click")
    bot = any(clicks[i] - clicks[i - 30] <= timedelta(hours=1) for i in range(30, len(clicks)))
    last = {}
    for touch in sorted(touches, key=lambda t: (t["at"], id_of_touch[t["natural"]])):
        alike = (touch["channel"], touch["campaign"], touch["kind"])
        touch["bot"], touch["repeat"] = bot, alike in last and touch["at"] - last[alike] <= timedelta(seconds=30)
        last[alike] = touch["at"]


class Rates:
    """Rates by currency and day, the last line of a day counting."""

    def __init__(self, rows):
        self.by_currency = defaultdict(dict)
        for row in sorted(rows, key=lambda row: row["place"]):
            self.by_currency[row["currency"].upper()][row["date"]] = Decimal(row["rate"])

    def convert(self, amount, currency, on):
        """The amount in the lake's currency, or None where there is no rate."""
        if not currency:
            return amount
        days = [day for day in self.by_currency.get(currency, {}) if day <= on]
        return _rounded(amount * self.by_currency[currency][max(days)], 4) if days else None


def _rounded(amount, digits):
    return amount.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def conversions_of(rows, rates):
    """Distinct conversions by user, and how many have no rate."""
    users, unpriced, seen = defaultdict(list), 0, set()
    for row in sorted(rows, key=lambda row: row["place"]):
        value = Decimal(row["value"]) if row["value"] else None
        natural = (row["user_id"], row["occurred_at"], row["kind"], value, row["currency"])
        name = row["conversion_id"] or natural
        if name in seen or (value is not None and value < 0):
            continue
        seen.add(name)
        at = datetime.fromisoformat(row["occurred_at"])
        worth = Decimal(0) if value is None else rates.convert(value, row["currency"], str(at.date()))
        if worth is None:
            unpriced += 1
        else:
            users[row["user_id"]].append({"name": name, "at": at, "kind": row["kind"], "value": worth})
    return users, unpriced


def journeys_of(touches, conversions, id_of_touch, id_of_conversion):
    """Conversions with their paths, and paths without conversion, of one user."""
    counted = sorted((t for t in touches if not t["bot"] and not t["repeat"]), key=lambda t: (t["at"], id_of_touch[t["natural"]]))
    ends = sorted(conversions, key=lambda c: (c["at"], id_of_conversion(c)))
    journeys, left, free = [], list(counted), []
    for end in ends:
        path = [t for t in left if t["at"] <= end["at"]]
        left = left[len(path):]
        fresh = [t for t in path if t["at"] >= end["at"] - LOOK_BACK]
        journeys.append((end, fresh))
        free.append([t for t in path if t["at"] < end["at"] - LOOK_BACK])
    nulls = []
    for stretch in [*free, left]:
        for number, touch in enumerate(stretch):
            if number == 0 or touch["at"] - stretch[number - 1]["at"] > LOOK_BACK:
                nulls.append([])
            nulls[-1].append(touch)
    return [(end, path[-MOST_STEPS:], max(0, len(path) - MOST_STEPS)) for end, path in journeys], nulls


def removal_effects(journeys):
    """By month and channel what part of conversions is lost without the channel, in a chain of order 1 over (month, channels, converted)."""
    months = defaultdict(list)
    for month, path, converted in journeys:
        if path:
            months[month].append((path, converted))
    return {month: _effects(paths) for month, paths in months.items()}


def _effects(paths):
    moves = defaultdict(lambda: defaultdict(int))
    for path, converted in paths:
        for state, following in zip([None, *path], [*path, converted]):
            moves[state][following] += 1
    channels = sorted(state for state in moves if state is not None)
    whole = _converting(moves, channels)
    return {c: 1 - _converting(moves, [other for other in channels if other != c]) / whole if whole else Fraction(0) for c in channels}


def _converting(moves, channels):
    """The chance to convert from the start where all channels but these lead nowhere: x = P x + p, solved exactly."""
    states = [None, *channels]
    rows = []
    for state in states:
        count = sum(moves[state].values())
        rows.append([Fraction(int(state == other)) - Fraction(moves[state].get(other, 0) if other is not None else 0, count) for other in states])
        rows[-1].append(Fraction(moves[state].get(True, 0), count))
    for place in range(len(rows)):
        pivot = next(row for row in range(place, len(rows)) if rows[row][place])
        rows[place], rows[pivot] = rows[pivot], rows[place]
        rows[place] = [value / rows[place][place] for value in rows[place]]
        for other in range(len(rows)):
            if other != place and rows[other][place]:
                factor = rows[other][place]
                rows[other] = [value - factor * own for value, own in zip(rows[other], rows[place])]
    return rows[0][-1]


def credits_of(path, effects):
    """Micro-credits of each step, by model; effects are those of the conversion's month."""
    n = len(path)
    far = [i for i, t in enumerate(path) if t["channel"].lower() != "direct"]
    ends = [Fraction(2, 5)] + [Fraction(1, 5 * (n - 2))] * (n - 2) + [Fraction(2, 5)] if n > 2 else [Fraction(1, n)] * n
    weights = [Decimal(2) ** (Decimal((t["at"] - path[-1]["at"]) // timedelta(seconds=1)) / Decimal(604_800)) for t in path]
    total = sum(weights)
    touches = Counter(t["channel"] for t in path)
    known = sum(effects.get(channel, 0) for channel in touches)
    markov = [Fraction(effects.get(t["channel"], 0)) / touches[t["channel"]] / known for t in path] if known else [Fraction(1, n)] * n
    shares = {
        "first_touch": [Fraction(i == 0) for i in range(n)],
        "last_touch": [Fraction(i == n - 1) for i in range(n)],
        "last_non_direct": [Fraction(i == (far[-1] if far else n - 1)) for i in range(n)],
        "linear": [Fraction(1, n)] * n,
        "position_based": ends,
        "time_decay": [Fraction(w / total) for w in weights],
        "markov": markov,
        "shapley": [Fraction(1, len(touches) * touches[t["channel"]]) for t in path],
    }
    return {model: _whole(share) for model, share in shares.items()}


def _whole(shares):
    units = [math.floor(share * WHOLE) for share in shares]
    order = sorted(range(len(shares)), key=lambda i: (-round(shares[i] * WHOLE - units[i], 12), i))
    for i in order[: WHOLE - sum(units)]:
        units[i] += 1
    return units


def spend_of(rows, rates):
    """The latest report of each day, channel and campaign; and how many have no rate."""
    latest, unpriced = {}, 0
    for row in sorted(rows, key=lambda row: (row["reported_at"], row["place"])):
        latest[(row["date"], row["channel"], row["campaign"] or "Unknown")] = row
    spend = {}
    for (on, channel, campaign), row in latest.items():
        amount = rates.convert(Decimal(row["spend"]), row["currency"], on)
        if amount is None:
            unpriced += 1
        else:
            spend[(date.fromisoformat(on), channel, campaign)] = (amount, *(int(row[c] or 0) for c in ("impressions", "clicks", "installs")))
    return spend, unpriced


def wilson(hits, of):
    """The score interval of a share; none where hits are more than trials."""
    if not of or hits > of:
        return None, None
    share, scale = hits / of, 1 + Z * Z / of
    middle = (share + Z * Z / (2 * of)) / scale
    half = Z * math.sqrt(share * (1 - share) / of + Z * Z / (4 * of * of)) / scale
    return max(0.0, middle - half), min(1.0, middle + half)


def poisson(count):
    """The score interval of a count: the rates whose distance from it is Z of their own standard errors."""
    half = math.sqrt(Z * Z * (4 * count + Z * Z)) / 2
    return count + Z * Z / 2 - half, count + Z * Z / 2 + half
