"""Kills: of the push, and of its server."""

import signal
import time

from pusher import Failed, say
from readback import runs_of


def killed_pushes(test):
    """The push is killed at each of its requests, and pushed again."""
    record = test.record("counted")
    test.proxy.reset()
    test.pusher.push(test.proxy.uri, record)
    total, kills = test.proxy.requests, 0
    for at in range(1, total + 1, 1 if test.long else 4):
        record = test.record("killed pushes")
        running = []

        def kill(number, at=at, running=running):
            while number >= at and not running:
                time.sleep(0.001)
            if number == at:
                running[0].send_signal(signal.SIGKILL)

        test.proxy.reset(on_request=kill)
        running.append(test.pusher.start(test.proxy.uri, record))
        code, _, _ = test.pusher.ended(running[0])
        kills += code == -signal.SIGKILL
        test.proxy.reset()
        test.pusher.push(test.proxy.uri, record)
        test.compare(record, f"a run whose push was killed at request {at}")
    if kills < 5:
        raise Failed(f"only {kills} pushes were killed, so little was shown")
    say(f"killed pushes: {kills} at as many of {total} requests, each run whole and once after the next push")


def killed_servers(test):
    """The server is killed in the middle, and started again: once for a push that gives up, once for one that keeps trying."""
    record = test.record("counted", steps=1500)
    test.proxy.reset()
    test.pusher.push(test.proxy.uri, record)
    total = test.proxy.requests
    moments = [total * i // 9 for i in range(1, 9)] if test.long else [total * 3 // 7, total - 4]
    for at in moments:
        record = test.record("killed servers", steps=1500)
        test.proxy.reset(on_request=lambda number, at=at: test.server.kill() if number == at else None)
        line = test.pusher.fail(test.proxy.uri, record, test.proxy.uri, "push again", HTTP_REQUEST_MAX_RETRIES=0)
        test.proxy.reset()
        test.server.start()
        arrived = runs_of(test.server, record)
        pushed = test.pusher.push(test.proxy.uri, record)
        test.compare(record, f"a run whose server was killed at request {at}")
        if arrived and pushed["created"]:
            raise Failed("a run that the killed server had was made anew")
        say(f"killed server: at request {at} of {total}: {line.removeprefix('error: ')}")
        say(f"  after its start and another push: whole, {pushed['metrics']} of {len(record['metrics'])} metrics were left to send")
    record = test.record("killed servers")
    test.proxy.reset(on_request=lambda number: test.server.kill() if number == total // 2 else None)
    # Patient enough for a start on a slow and busy machine.
    running = test.pusher.start(test.proxy.uri, record, HTTP_REQUEST_MAX_RETRIES=20)
    deadline = time.monotonic() + 600
    while test.server.process and time.monotonic() < deadline:
        time.sleep(0.05)
    test.proxy.reset()
    test.server.start()
    code, _, error = test.pusher.ended(running)
    if code != 0:
        raise Failed(f"a push did not survive a restart of its server: {error}")
    test.compare(record, "a run whose server was killed and started under its push")
    say("killed server: a push that was under way went on when the server was back, and the run is whole")
