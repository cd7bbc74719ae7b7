"""What happens to requests on their way, and what a push makes of it."""

import time

from proxy import FAULTS, LATE, RETRY_AFTER_SECONDS
from pusher import Failed, say

# A push of which each request may fail is started at most so often.
RERUNS = 60


def faults(test):
    """Each request meets each fault once; a push with retries gets through, and leaves what an undisturbed one leaves."""
    for fault in FAULTS:
        record = test.record(f"faults {fault}")
        slow = fault.startswith(("hangs", "throttled"))
        test.proxy.reset(fault=fault, every=1 if test.long else 6 if slow else 3)
        begun = time.monotonic()
        pushed = test.pusher.push(test.proxy.uri, record, HTTP_REQUEST_TIMEOUT=2)
        seconds, met, asked, gaps = time.monotonic() - begun, test.proxy.faults[fault], test.proxy.requests, test.proxy.gaps
        test.compare(record, f"a run whose requests met the fault '{fault}'")
        if met < 5:
            raise Failed(f"only {met} requests met the fault '{fault}', so little was shown")
        if fault == "throttled" and (not gaps or min(gaps) < RETRY_AFTER_SECONDS):
            raise Failed(f"Retry-After was not honoured: asked again after {min(gaps, default=0):.2f} s")
        doubles = f", {pushed['doubles']} doubles taken out" if pushed["doubles"] else ""
        say(f"fault '{fault}': {met} of {asked} requests met it, one push, {seconds:.0f} s, whole{doubles}")
    record = test.record("faults without Retry-After")
    test.proxy.reset(fault="throttled", every=8, retry_after=False)
    test.pusher.push(test.proxy.uri, record)
    if not test.proxy.gaps or min(test.proxy.gaps) >= RETRY_AFTER_SECONDS:
        raise Failed("control: without Retry-After nobody should wait as long")
    say(f"control: without Retry-After the shortest wait is {min(test.proxy.gaps):.2f} s")


def late(test):
    """What is made of a request after the push gave up waiting for it is taken out by this push or the next."""
    for only in ("runs/create", "model-versions/create"):
        record = test.record(f"late {only.removesuffix('/create')}")
        test.proxy.reset(fault=LATE, only=only)
        first = test.pusher.push(test.proxy.uri, record, HTTP_REQUEST_TIMEOUT=2)
        time.sleep(1)
        second = test.pusher.push(test.proxy.uri, record)
        test.compare(record, f"a run of which {only} was carried out late")
        if (test.proxy.faults[LATE], first["doubles"] + second["doubles"]) != (1, 1) or first["run_id"] != second["run_id"]:
            raise Failed(f"{only} was carried out late, and no double was seen: {first}, {second}")
        which = "first" if first["doubles"] else "second"
        say(f"late: {only} carried out after the push gave up waiting; its double was taken out by the {which} push")


def without_retries(test):
    """Controls: with retries switched off each fault brings the push down, and pushing again gets a request further."""
    for fault in ("failed", "failed after", "cut in answer"):
        record = test.record(f"no retries {fault}")
        test.proxy.reset(fault=fault, every=2 if test.long else 5)
        down = 0
        while True:
            code, _, error = test.pusher.ended(test.pusher.start(test.proxy.uri, record, HTTP_REQUEST_MAX_RETRIES=0))
            if code == 0:
                break
            lines = error.strip().splitlines()
            if len(lines) != 1 or test.proxy.uri not in error:
                raise Failed(f"a push that was brought down should say so in one line: {error}")
            down += 1
            if down > RERUNS:
                raise Failed(f"never arrived: {error}")
        if not down:
            raise Failed(f"control: without retries the fault '{fault}' must bring a push down")
        test.compare(record, f"a run whose pushes '{fault}' brought down")
        say(f"control: without retries '{fault}' brought {down} pushes down, each with one line; the one after them left the run whole")
