"""A lake on S3: whole runs, kills, two writers, and a network and a store that misbehave.

    target/venv/bin/python tests/s3/s3.py target/debug/adlake [--long] [--seed N]

Everything must end in the tables that a lake in a local folder has. A run that the faults bring down must say so in one
line and exit with an error; run again, it must complete.

The server is moto, in memory, on this machine, with conditional puts made atomic (see server.py). What it cannot show:
limits of a real service (bandwidth, request rates, sizes), its authentication and regions, and stores that honour
conditional put in ways of their own.
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parent)]

from harness.binary import Adlake, Failed  # noqa: E402
from harness.contents import contents, differences, fingerprint, row_count  # noqa: E402
from harness.disturbed import Disturbed, two_writers  # noqa: E402
from harness.feed import Feed  # noqa: E402
from harness.moments import moment_of  # noqa: E402
from harness.undisturbed import Undisturbed  # noqa: E402
from proxy import Proxy  # noqa: E402
from server import BUCKET, Server  # noqa: E402

try:
    import moto  # noqa: F401
    import boto3
except ImportError as error:
    sys.exit(f"S3 NOT TESTED: {error}; run `cargo x services` and use target/venv/bin/python")

# A run that faults bring down is run again at most so often.
RERUNS = 8


class StoreWatcher:
    """Sees what is stored below a lake's prefix, as it passes the proxy."""

    def __init__(self, proxy, name):
        self.proxy, self.root = proxy, f"/{BUCKET}/{name}/"
        with proxy.lock:
            self.position = len(proxy.stored)

    def new_moments(self):
        with self.proxy.lock:
            paths, self.position = self.proxy.stored[self.position :], len(self.proxy.stored)
        below = (p.removeprefix(self.root) for p in paths if p.startswith(self.root))
        return [moment for path in below if (moment := moment_of(path))]


def say(text):
    print(text, flush=True)


def compare(model, adlake, lake, who):
    found = contents(adlake, lake)
    problems = differences(model.bags, found)
    if problems:
        raise Failed(f"{who} differs from the local lake:\n  " + "\n  ".join(problems))
    return row_count(found)


def whole_runs(adlake, feed, model, lake, folder):
    for day in range(len(feed)):
        feed.deliver(day, folder / "source-whole")
        adlake.run("run", "--lake", lake, "--source", folder / "source-whole")
        model.expect(fingerprint(adlake, lake, model.query), day, "a run on S3")
    adlake.run("optimize", "--lake", lake)
    rows = compare(model, adlake, lake, "the lake on S3")
    say(f"whole runs: {len(feed)} days, {rows} rows as in the local lake")


def kills(adlake, feed, model, proxy, folder, dice, count):
    lake = f"s3://{BUCKET}/killed"
    disturbed = Disturbed(adlake, feed, model, lake, folder / "source-killed", dice, lambda: StoreWatcher(proxy, "killed"))
    disturbed.lap(count, ("data", "commit"))
    rows = compare(model, adlake, lake, "the lake of killed runs")
    say(f"kills: {len(disturbed.hits)}, {rows} rows, 0 lost, 0 twice; the last thing stored before them:")
    for (command, moment), number in sorted(Counter((c, str(m or "nothing yet")) for c, m in disturbed.hits).items()):
        say(f"  {number:>4}  {command}: {moment}")


def writers(adlake, feed, model, folder, dice):
    lake = f"s3://{BUCKET}/two"
    refused = two_writers(adlake, feed, model, lake, folder / "source-two", dice)
    rows = compare(model, adlake, lake, "the lake of two writers")
    say(f"two writers: {len(feed)} pairs of runs at once, {refused} runs gave way with a message, {rows} rows as with one")


def faults(adlake, feed, model, proxy, folder, rate):
    lake, source = f"s3://{BUCKET}/faulty-{rate}", folder / f"source-faulty-{rate}"
    proxy.faults.clear()
    requests = proxy.requests
    brought_down = []
    for day in range(len(feed)):
        feed.deliver(day, source)
        for _ in range(RERUNS):
            proxy.fault_rate = rate
            code, text = adlake.ended(adlake.start("run", "--lake", lake, "--source", source))
            proxy.fault_rate = 0.0
            if code == 0:
                break
            errors = [line for line in text.splitlines() if line.startswith("error: ")]
            if code not in (1, 2) or len(errors) != 1 or "panicked" in text:
                raise Failed(f"a run that faults brought down ended with {code} and does not say why in one line:\n{text}")
            brought_down += errors
        else:
            raise Failed(f"faults in {rate:.0%} of the requests brought {RERUNS} runs down:\n  " + "\n  ".join(brought_down))
        model.expect(fingerprint(adlake, lake, model.query), day, f"faults in {rate:.0%} of the requests")
    rows = compare(model, adlake, lake, f"the lake with faults in {rate:.0%} of the requests")
    runs = adlake.query(lake, "select run_id, table_name from ops.runs", "--latest")
    twice = [key for key, number in Counter(map(str, runs)).items() if number > 1]
    if twice:
        raise Failed(f"ops.runs tells of the same thing twice: {twice[:3]}")
    say(f"faults: {proxy.faults.total()} in {proxy.requests - requests} requests, {rows} rows as in the local lake; {len(brought_down)} runs brought down and run again")
    for fault, number in sorted(proxy.faults.items()):
        say(f"  {number:>4}  {fault}")
    for error in brought_down:
        say(f"  {error[:300]}")


def large(adlake, proxy, folder):
    """Files so large that they go up in parts, with faults in the midst."""
    adlake.run("generate", "adtech", "--out", folder / "large", "--requests", 400_000, "--users", 20_000, "--days", 1)
    proxy.faults.clear()
    lake = f"s3://{BUCKET}/large"
    for _ in range(RERUNS):
        proxy.fault_rate = 0.05
        code, text = adlake.ended(adlake.start("run", "--lake", lake, "--source", folder / "large", "--layer", "bronze"))
        proxy.fault_rate = 0.0
        if code == 0:
            break
    else:
        raise Failed(f"the large files never arrived:\n{text}")
    adlake.run("run", "--lake", folder / "large-lake", "--source", folder / "large", "--layer", "bronze")
    sql = "select count(*) as n, count(distinct request_id) as d, sum(_line) as s from bronze.requests"
    here, there = adlake.query(folder / "large-lake", sql), adlake.query(lake, sql)
    if here != there:
        raise Failed(f"the large table is {there} on S3 and {here} locally")
    if proxy.parts == 0:
        raise Failed("no file went up in parts, so nothing was shown")
    say(f"large files: {here[0]['n']} rows in {proxy.parts} parts, {proxy.faults.total()} faults")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("adlake", help="the binary, such as target/debug/adlake")
    parser.add_argument("--long", action="store_true", help="more days and kills, more faults, and large files")
    parser.add_argument("--seed", type=int, default=None, help="printed, so that a failure can be repeated")
    parser.add_argument("--folder", help="where local lakes are made; kept [default: a temporary folder, removed when all is well]")
    arguments = parser.parse_args()
    seed = arguments.seed if arguments.seed is not None else random.SystemRandom().randrange(1_000_000)
    say(f"S3 test: moto {moto.__version__}, seed {seed}")
    begun, dice = time.monotonic(), random.Random(seed)
    folder = Path(arguments.folder or tempfile.mkdtemp(prefix="adlake-s3-")).resolve()
    folder.mkdir(exist_ok=True)
    failed = 0
    with Server() as server, Proxy(server.port, seed) as proxy:
        try:
            # Made-up keys: the server takes any.
            keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}
            client = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{server.port}", aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")
            client.create_bucket(Bucket=BUCKET)
            local = Adlake(arguments.adlake, folder)
            adlake = local.with_settings(keys | {"ADLAKE__S3__ENDPOINT": proxy.endpoint, "ADLAKE__S3__ALLOW_HTTP": "true"})
            feed = Feed(local, folder / "logs", days=4 if arguments.long else 2, requests=3000 if arguments.long else 1500, seed=2)
            model = Undisturbed(local, feed, folder)
            say(f"local lake: {row_count(model.bags)} rows in {sum(model.seconds):.0f} s")
            whole_runs(adlake, feed, model, f"s3://{BUCKET}/whole", folder)
            kills(adlake, feed, model, proxy, folder, dice, 30 if arguments.long else 4)
            writers(adlake, feed, model, folder, dice)
            for rate in (0.02, 0.1, 0.2) if arguments.long else (0.05,):
                faults(adlake, feed, model, proxy, folder, rate)
            if arguments.long:
                large(adlake, proxy, folder)
        except Failed as error:
            failed = 1
            say(f"FAILED (seed {seed}): {error}")
            say(f"the local lakes are kept in {folder}")
    if not failed and not arguments.folder:
        shutil.rmtree(folder)
    say(f"S3 test: {'failed' if failed else 'passed'} in {time.monotonic() - begun:.0f} s")
    return failed


if __name__ == "__main__":
    sys.exit(main())
