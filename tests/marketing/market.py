"""A small market's logs, with everything in them that logs have: duplicates, bursts, bots, late rows, corrections, rates that come late."""

import csv
import random
from datetime import date, datetime, timedelta

DELIVERIES = 4
FIRST = datetime(2026, 1, 1)
DAYS = 800
# Days of which small late deliveries have rows: within one month, so that they are merged into the rest.
LATE_DAYS = range(212, 226)
SOURCES = [("google", "cpc"), ("google", "organic"), ("newsletter", "email"), ("", ""), ("partner_x", "affiliate"), ("Bing", "CPC")]
CHANNELS = ["search", "social", "video", "Direct", ""]
CURRENCIES = ["USD", "EUR", "GBP", "XAU", ""]

COLUMNS = {
    "touchpoints": ["user_id", "occurred_at", "channel", "campaign_id", "kind", "cost", "source", "medium"],
    "conversions": ["conversion_id", "user_id", "occurred_at", "kind", "value", "currency"],
    "channel_spend": ["date", "channel", "campaign", "spend", "currency", "impressions", "clicks", "installs", "reported_at"],
    "exchange_rates": ["date", "currency", "rate"],
    "channel_rules": ["source", "medium", "campaign", "channel", "priority", "valid_from", "valid_to"],
}


def logs(seed, users):
    """Per table a list of deliveries, each a list of rows of text."""
    dice = random.Random(seed)
    tables = {name: [[] for _ in range(DELIVERIES)] for name in COLUMNS}
    for user in range(users):
        events = _bot(dice, user) if user % 97 == 5 else _user(dice, user)
        for table, at, row in events:
            tables[table][_delivery(dice, at)].append(row)
            if dice.random() < 0.03:
                tables[table][_delivery(dice, at)].append(list(row))
    _spend(dice, tables["channel_spend"])
    _rates(dice, tables["exchange_rates"])
    _rules(tables["channel_rules"])
    # Broken rows: no user, no instant, an unknown kind, a negative value.
    tables["touchpoints"][1] += [
        ["", "2026-02-01 00:00:00", "search", "c1", "click", "", "", ""],
        ["u1", "not a time", "search", "c1", "click", "", "", ""],
        ["u1", "2026-02-01 00:00:00", "search", "c1", "swipe", "", "", ""],
    ]
    tables["conversions"][1] += [["", "u1", "2026-02-01 00:00:00", "purchase", "-5", "USD"]]
    for deliveries in tables.values():
        for rows in deliveries:
            dice.shuffle(rows)
    return tables


def write(folder, tables, deliveries):
    """Adds these deliveries to the source."""
    for name, rows in tables.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in deliveries:
            with (folder / name / f"{number}.csv").open("w", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(COLUMNS[name])
                writer.writerows(rows[number])


def _delivery(dice, at):
    """Nearly everything comes first; then a little of all days, then a few rows of the late days alone."""
    late = (at - FIRST).days in LATE_DAYS
    return dice.choice([0, 2, 3]) if late and dice.random() < 0.3 else 1 if dice.random() < 0.01 else 0


def _touch(dice, user, at):
    source, medium = dice.choice(SOURCES)
    cost = dice.choice(["", "0.25", "0.3"])
    campaign = dice.choice(["brand_1", "c1", "c2", "c3", ""])
    return [f"u{user}", str(at), dice.choice(CHANNELS), campaign, dice.choice(["impression", "click"]), cost, source, medium]


def _user(dice, user):
    # One user goes a very long way.
    count = 1200 if user == 11 else dice.choice([0, 1, 1, 2, 3, 5, 8])
    at = FIRST + timedelta(seconds=dice.randrange(DAYS * 80_000))
    for _ in range(count):
        touch = _touch(dice, user, at)
        yield "touchpoints", at, touch
        if dice.random() < 0.15:
            again = at + timedelta(seconds=dice.choice([1, 30, 31]))
            yield "touchpoints", again, [touch[0], str(again), *touch[2:]]
        if dice.random() < (0.0005 if user == 11 else 0.2):
            # At the touch's own instant, soon, or after the look-back.
            yield _conversion(dice, user, at + timedelta(seconds=dice.choice([0, 60, 86_400, 29 * 86_400, 30 * 86_400, 31 * 86_400])))
        at += timedelta(seconds=dice.choice([40, 3600]) if user == 11 else dice.choice([40, 5000, 86_400 * 3, 86_400 * 12, 86_400 * 35]))
    if dice.random() < 0.1:
        # A conversion without or before any touch, and perhaps another at the same instant.
        early = FIRST + timedelta(seconds=dice.randrange(86_400))
        yield _conversion(dice, user, early)
        if dice.random() < 0.5:
            yield _conversion(dice, user, early)


def _conversion(dice, user, at):
    kind = dice.choice(["install", "purchase", "purchase", "sign_up"])
    value = f"{dice.randrange(1, 30_000) / 100:.2f}" if kind == "purchase" else dice.choice(["", "0", "1.005"])
    number = f"order-{user}-{dice.randrange(10**9)}" if dice.random() < 0.5 else ""
    return "conversions", at, [number, f"u{user}", str(at), kind, value, dice.choice(CURRENCIES)]


def _bot(dice, user):
    at = FIRST + timedelta(seconds=dice.randrange(DAYS * 80_000))
    # 31 clicks within the hour are one too many, 30 are none.
    for click in range(31 if user % 2 else 30):
        yield "touchpoints", at, [f"u{user}", str(at), "search", f"c{click}", "click", "", "google", "cpc"]
        at += timedelta(seconds=120)
    yield _conversion(dice, user, at)


def _spend(dice, deliveries):
    for day in range(DAYS):
        on = date(2026, 1, 1) + timedelta(days=day)
        for channel in ["search", "social", "Paid search"]:
            for campaign in ["c1", "c2", ""]:
                if dice.random() < 0.3 or day in (40, 41, 42):
                    continue
                currency = dice.choice(CURRENCIES)
                for report in range(1 + (dice.random() < 0.2) + (dice.random() < 0.1)):
                    spend = dice.choice(["-12.5", "0", f"{dice.randrange(1, 90_000) / 100:.2f}"]) if report else f"{dice.randrange(90_000) / 100:.2f}"
                    clicks = dice.choice([0, dice.randrange(300)])
                    impressions = dice.choice([0, clicks + dice.randrange(9000)])
                    row = [str(on), channel, campaign, spend, currency, impressions, clicks, dice.choice(["", 0, 3, 9])]
                    reported = datetime(on.year, on.month, on.day) + timedelta(days=1 + report)
                    # Corrections may be delivered before what they correct.
                    deliveries[_delivery(dice, reported)].append([*row, str(reported)])


def _rates(dice, deliveries):
    deliveries[0].append(["2025-12-01", "USD", "1"])
    for week in range(-1, DAYS // 7):
        on = str(date(2026, 1, 1) + timedelta(days=7 * week))
        deliveries[0].append([on, "EUR", f"{1.05 + dice.random() / 10:.4f}"])
        # The pound's rates come late, and the first weeks never have one.
        if week > 3:
            deliveries[1].append([on, "gbp", f"{1.25 + dice.random() / 10:.4f}"])
    # One rate is corrected.
    deliveries[1].append([str(date(2026, 1, 1) + timedelta(days=14)), "EUR", "1.5"])


def _rules(deliveries):
    deliveries[0] += [
        ["google", "cpc", "brand_*", "Brand", "1", "", ""],
        ["google", "cpc", "", "Search ads", "2", "", "2026-02-14"],
        ["*", "EMAIL", "", "Email", "5", "2026-01-20", ""],
        ["partner_*", "", "", "Partners", "5", "", ""],
    ]
    deliveries[1] += [
        ["google", "cpc", "", "Paid search", "2", "2026-02-15", ""],
        # _ is a letter, not a wildcard: partnerXx is none of them.
        ["bing", "cpc", "c?", "Never", "1", "", ""],
        ["*", "email", "", "Email", "5", "2026-01-20", "2026-03-10"],
    ]
