"""Kills `adlake` with SIGKILL at many moments, starts it again, and compares with a lake that nobody disturbed.

    python3 tests/crash/crash.py target/debug/adlake [--kills 20] [--seed N]

What is asserted:
  - after every kill the last release is readable and is exactly one of the undisturbed lake's states, never a mix of
    two and never an older one than before;
  - at the end every row of every table, and every row in quarantine, is that of the undisturbed lake: none lost, none
    twice;
  - two runs on one lake at once leave what one run leaves.
And that these assertions can fail: a table that lost one row, a file that was taken twice and the unreleased state of a
killed run must all be told from the right ones.

What it cannot show: a machine that loses power. A killed process leaves to the operating system all that it wrote.
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness.binary import Adlake, Failed  # noqa: E402
from harness.contents import contents, differences, row_count  # noqa: E402
from harness.disturbed import Disturbed, two_writers  # noqa: E402
from harness.feed import Feed  # noqa: E402
from harness.moments import FolderWatcher  # noqa: E402
from harness.undisturbed import Undisturbed  # noqa: E402

# A lap of more kills than this would find little left to do in each day.
KILLS_PER_LAP = 25

KINDS = ("staged", "data", "commit", "checkpoint")


def say(text):
    print(text, flush=True)


def compare(expected, found, who):
    problems = differences(expected, found)
    if problems:
        raise Failed(f"{who} differs from the undisturbed lake:\n  " + "\n  ".join(problems))


def laps(adlake, feed, model, folder, dice, kills):
    """Kills until there are enough of them. Gives where they hit, whether a check met unreleased tables, and where the last lap's
    lake is."""
    hits, unreleased, lap = [], False, 0
    while len(hits) < kills:
        lap += 1
        begun = time.monotonic()
        place = folder / f"lap-{lap}"
        place.mkdir()
        lake = place / "lake"
        disturbed = Disturbed(adlake, feed, model, lake, place / "source", dice, lambda: FolderWatcher(lake))
        disturbed.lap(min(kills - len(hits) + 2, KILLS_PER_LAP), KINDS)
        found = contents(adlake, lake)
        compare(model.bags, found, f"lap {lap}, kept in {place},")
        hits += disturbed.hits
        unreleased |= disturbed.unreleased_seen
        say(f"lap {lap}: {len(disturbed.hits)} kills, {row_count(found)} rows, 0 lost, 0 twice ({time.monotonic() - begun:.0f} s)")
        if len(hits) < kills:
            shutil.rmtree(place)
    return hits, unreleased, place


def controls(adlake, model, place, unreleased):
    """What must be seen is seen."""
    bag = Counter(model.bags["silver.clicks"])
    bag[next(iter(bag))] -= 1
    if not differences(model.bags, model.bags | {"silver.clicks": +bag}):
        raise Failed("control: a lost row goes unseen")
    once = next((place / "source").glob("requests-*.csv"))
    shutil.copyfile(once, once.with_name("requests-2099-01-01.csv"))
    adlake.run("run", "--lake", place / "lake", "--source", place / "source")
    problems = differences(model.bags, contents(adlake, place / "lake"))
    if not any(p.startswith("bronze.requests: 0 rows lost") for p in problems):
        raise Failed(f"control: a file taken twice goes unseen; the comparison says {problems}")
    if not unreleased:
        raise Failed("control: no kill left the latest tables apart, so no check could have seen a torn release")
    say("controls: a lost row, a file taken twice and unreleased tables are all seen")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("adlake", help="the binary, such as target/debug/adlake")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=None, help="of the moments; printed, so that a failure can be repeated")
    parser.add_argument("--days", type=int, default=4)
    parser.add_argument("--requests", type=int, default=3000)
    parser.add_argument("--folder", help="where lakes are made; kept [default: a temporary folder, removed when all is well]")
    arguments = parser.parse_args()
    seed = arguments.seed if arguments.seed is not None else random.SystemRandom().randrange(1_000_000)
    say(f"crash test: seed {seed}, {arguments.kills} kills, {arguments.days} days of logs, {arguments.requests} requests")
    begun = time.monotonic()
    dice = random.Random(seed)
    folder = Path(arguments.folder or tempfile.mkdtemp(prefix="adlake-crash-")).resolve()
    folder.mkdir(exist_ok=True)
    failed = 0
    try:
        adlake = Adlake(arguments.adlake, folder)
        feed = Feed(adlake, folder / "logs", arguments.days, arguments.requests, seed=1)
        model = Undisturbed(adlake, feed, folder)
        say(f"undisturbed: {row_count(model.bags)} rows, {sum(map(len, model.moments))} moments in {sum(model.seconds):.0f} s")
        hits, unreleased, place = laps(adlake, feed, model, folder, dice, arguments.kills)
        say(f"{len(hits)} kills; the last thing on disk before them:")
        for (command, moment), count in sorted(Counter((c, str(m or "nothing yet")) for c, m in hits).items()):
            say(f"  {count:>4}  {command}: {moment}")
        controls(adlake, model, place, unreleased)
        lake = folder / "lake-of-two"
        refused = two_writers(adlake, feed, model, lake, folder / "source-of-two", dice)
        compare(model.bags, contents(adlake, lake), "the lake of two writers")
        say(f"two writers: {len(feed)} pairs of runs at once, {refused} runs gave way with a message, same tables as one writer")
    except Failed as error:
        failed = 1
        say(f"FAILED (seed {seed}): {error}")
        say(f"the lakes are kept in {folder}")
    if not failed and not arguments.folder:
        shutil.rmtree(folder)
    say(f"crash test: {'failed' if failed else 'passed'} in {time.monotonic() - begun:.0f} s")
    return failed


if __name__ == "__main__":
    sys.exit(main())
