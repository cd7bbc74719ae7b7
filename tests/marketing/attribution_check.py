"""Attribution beside ChannelAttribution and beside an independent solve, on journeys that are already added up.

    python tests/marketing/attribution_check.py target/release/examples/credits JOURNEYS.csv

needs numpy and pandas; ChannelAttribution (2.2.5 was used; it needs matplotlib too) where it is installed, else that part says that it was
not tested. JOURNEYS has the columns path;total_conversions;total_conversion_value;total_null.

Rules are computed again here, step by step. Chains of order 1 to 4 are solved again by numpy, dense, one channel removed after another.
ChannelAttribution's heuristics must agree; its Markov model simulates, so how far it is off is shown for growing simulations.
"""

import contextlib
import io
import json
import resource
import subprocess
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

try:
    import numpy
    import pandas
except ImportError as error:
    sys.exit(f"ATTRIBUTION NOT TESTED: {error}")

TOLERANCE = 1e-9
PROBLEMS = []


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    example, file = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    output = subprocess.run([example, file], check=True, capture_output=True, text=True).stdout
    ours_cpu = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    ours = json.loads(output)
    data = pandas.read_csv(file, sep=";")
    rows = [
        ([step.strip() for step in path.split(">")], int(conversions), float(value), int(null))
        for path, conversions, value, null in data.itertuples(index=False)
    ]
    rules(ours, rows)
    chains(ours, rows)
    shapley(ours, rows)
    peer(ours, data, ours_cpu)
    if PROBLEMS:
        sys.exit("\n".join(PROBLEMS))
    print("all agree")


def apart(left, right):
    """The largest difference, relative to the larger of 1 and the number."""
    left, right = numpy.asarray(left, float), numpy.asarray(right, float)
    return float(numpy.max(numpy.abs(left - right) / numpy.maximum(1, numpy.abs(right)), initial=0))


def agree(what, left, right, tolerance=TOLERANCE):
    worst = apart(left, right)
    print(f"{what:<52} differs by at most {worst:.1e}")
    if not worst <= tolerance:
        PROBLEMS.append(f"{what}: {worst} is more than {tolerance}")


def shares(name, path, names):
    """The rules of examples/credits.rs, each written out once more."""
    length, last = len(path), len(path) - 1
    if name == "first":
        return [float(step == 0) for step in range(length)]
    if name == "last":
        return [float(step == last) for step in range(length)]
    if name == "linear":
        return [1 / length] * length
    if name == "last_non_direct":
        others = [step for step in range(length) if path[step] != names[0]]
        return [float(step == (others[-1] if others else last)) for step in range(length)]
    if name == "position_based":
        if length <= 2:
            return [1 / length] * length
        return [0.4] + [0.2 / (length - 2)] * (length - 2) + [0.4]
    if name == "priority":
        for preferred in (names[3], names[1], names[2]):
            if preferred in path:
                found = max(step for step in range(length) if path[step] == preferred)
                return [float(step == found) for step in range(length)]
        return [float(step == last) for step in range(length)]
    if name == "time_decay":
        weights = [0.5 ** ((last - step) / 2) for step in range(length)]
    elif name == "by_channel":
        weights = [names.index(step) + 1 for step in path]
    else:
        weights = []
        for step in range(length):
            from_start = {0: 3, 1: 2}.get(step)
            from_end = {last: 4}.get(step)
            weights.append(1 if from_start is None and from_end is None else (from_start or 0) + (from_end or 0))
    return [weight / sum(weights) for weight in weights]


def rules(ours, rows):
    names = ours["channels"]
    for name in ("first", "last", "last_non_direct", "linear", "position_based", "time_decay", "priority", "by_position", "by_channel"):
        credit = defaultdict(lambda: [0.0, 0.0])
        for path, conversions, value, _ in rows:
            for step, share in zip(path, shares(name, path, names)):
                credit[step][0] += share * conversions
                credit[step][1] += share * value
        model = ours["models"][name]
        agree(f"{name}, conversions", model["conversions"], [credit[channel][0] for channel in names])
        agree(f"{name}, value", model["value"], [credit[channel][1] for channel in names])


def chain(rows, order):
    """Counts of a chain's moves, as ChannelAttribution defines its states."""
    moves, conversions, value, out = Counter(), Counter(), Counter(), Counter()
    for path, converted, worth, null in rows:
        runs = [tuple(path[step : step + order]) for step in range(max(1, len(path) - order + 1))]
        state = ()
        for run in runs:
            if run != state:
                moves[state, run] += converted + null
                out[state] += converted + null
                state = run
        conversions[state] += converted
        value[state] += worth
        out[state] += converted + null
    return moves, conversions, value, out


def solve(rows, order, names):
    moves, conversions, value, out = chain(rows, order)
    states = [state for state in out if out[state] > 0]
    place = {state: number for number, state in enumerate(states)}
    system = numpy.eye(len(states))
    for (state, following), count in moves.items():
        if count:
            system[place[state], place[following]] -= count / out[state]
    ends = numpy.array([[conversions[state] / out[state], value[state] / out[state]] for state in states])

    def rates(kept):
        kept = numpy.array(kept)
        return numpy.linalg.solve(system[numpy.ix_(kept, kept)], ends[kept])[numpy.flatnonzero(kept == place[()])[0]]

    full = rates([place[state] for state in states])
    effects = []
    for channel in names:
        kept = [place[state] for state in states if channel not in state]
        effects.append(1 - rates(kept) / full)
    effects = numpy.array(effects)
    totals = numpy.array([sum(row[1] for row in rows), sum(row[2] for row in rows)])
    return full, effects, effects / effects.sum(axis=0) * totals, len(states) - 1


def chains(ours, rows):
    converted = sum(row[1] for row in rows)
    observed = converted / (converted + sum(row[3] for row in rows))
    print(f"observed conversion rate {observed!r}")
    for order in (1, 2, 3, 4):
        model = ours["models"][f"markov_{order}"]
        full, effects, credit, states = solve(rows, order, ours["channels"])
        print(f"markov {order}: {states} states, conversion rate {model['conversion_rate']!r}")
        if states != model["states"]:
            PROBLEMS.append(f"markov {order}: {model['states']} states, expected {states}")
        agree(f"markov {order}, conversion rate to the observed", [model["conversion_rate"]], [observed], 1e-13)
        agree(f"markov {order}, rates", [model["conversion_rate"], model["value_rate"]], full)
        agree(f"markov {order}, removal effects", model["removal_effects"], effects[:, 0])
        agree(f"markov {order}, removal effects of value", model["removal_effects_of_value"], effects[:, 1])
        agree(f"markov {order}, conversions", model["conversions"], credit[:, 0])
        agree(f"markov {order}, value", model["value"], credit[:, 1])
        if order > 1 and apart(ours["models"]["markov_1"]["conversions"], credit[:, 0]) <= TOLERANCE:
            PROBLEMS.append(f"the comparison cannot tell order 1 from order {order}")


def shapley(ours, rows):
    """By all orders' weights, straight from the definition: for each set of channels and each channel outside it."""
    names = ours["channels"]
    counts = defaultdict(lambda: numpy.zeros(2))
    for path, converted, _, null in rows:
        counts[sum(1 << names.index(step) for step in set(path))] += (converted, converted + null)
    sets = numpy.array(list(counts))
    sums = numpy.array(list(counts.values()))
    players = len(names)
    worth = numpy.zeros((1 << players, 2))
    for group in range(1 << players):
        inside = sums[(sets & ~group) == 0].sum(axis=0)
        worth[group] = inside[0], (inside[0] / inside[1] if inside[1] else 0)
    chance = [1 / players]
    for size in range(players - 1):
        chance.append(chance[-1] * (size + 1) / (players - size - 1))
    values = numpy.zeros((players, 2))
    for player in range(players):
        for group in range(1 << players):
            if not group >> player & 1:
                values[player] += chance[group.bit_count()] * (worth[group | 1 << player] - worth[group])
    agree("shapley of conversions", ours["models"]["shapley_conversions"]["values"], values[:, 0])
    agree("shapley of the rate", ours["models"]["shapley_rate"]["values"], values[:, 1], 1e-12)


def peer(ours, data, ours_cpu):
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            import ChannelAttribution
    except ImportError as error:
        print(f"CHANNELATTRIBUTION NOT TESTED: {error}")
        return
    columns = {"var_path": "path", "var_conv": "total_conversions", "var_value": "total_conversion_value"}

    def quiet(function, **settings):
        begin = time.process_time(), time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()):
            result = function(data, **columns, **settings)
        return result.set_index("channel_name").loc[ours["channels"]], time.process_time() - begin[0], time.perf_counter() - begin[1]

    heuristics, cpu, _ = quiet(ChannelAttribution.heuristic_models)
    for name in ("first", "last", "linear"):
        model = ours["models"][name]
        agree(f"{name} beside ChannelAttribution, conversions", model["conversions"], heuristics[f"{name}_touch_conversions"])
        agree(f"{name} beside ChannelAttribution, value", model["value"], heuristics[f"{name}_touch_value"])

    print("\nChannelAttribution's simulated Markov model beside the exact one: the largest difference of a channel with 1 % of credit or more")
    print(f"{'order':>5} {'simulations':>12} {'conversions':>12} {'value':>8} {'CPU s':>8}")
    markov_cpu = {}
    for order in (1, 2, 3, 4):
        for simulations in (10**5, 10**6, 10**7):
            result, seconds, _ = quiet(ChannelAttribution.markov_model, var_null="total_null", order=order, nsim_start=simulations, seed=0)
            markov_cpu.setdefault(order, seconds)
            off = []
            for column, exact in (("total_conversions", "conversions"), ("total_conversion_value", "value")):
                exact = numpy.array(ours["models"][f"markov_{order}"][exact])
                large = exact >= 0.01 * exact.sum()
                off.append(numpy.max(numpy.abs(result[column].to_numpy() / exact - 1)[large]))
            default = " (default)" if simulations == 10**5 else ""
            print(f"{order:>5} {simulations:>12} {off[0]:>11.2%} {off[1]:>8.2%} {seconds:>8.2f}{default}")
    print("\nuser CPU seconds, one run, one process each")
    print(f"ChannelAttribution, 3 heuristics + Markov 1 to 4, file read before: {cpu + sum(markov_cpu.values()):.3f}")
    print(f"ours, 9 rules + Markov 1 to 4 + 2 Shapley, from start to exit:      {ours_cpu:.3f}")
    seconds = {name: entry["fastest"] for name, entry in ours["seconds"].items()}
    print(f"heuristics: ChannelAttribution {cpu:.4f} (3), ours {sum(seconds[name] for name in ('first', 'last', 'linear')):.4f} (the same 3)")
    for order, cpu in markov_cpu.items():
        print(f"Markov {order}: ChannelAttribution {cpu:.4f}, ours {seconds[f'markov_{order}']:.4f} (wall; reading took {seconds['read']:.4f})")


if __name__ == "__main__":
    main()
