"""Lakes whose runs are killed, or get into each other's way."""

import time
from collections import Counter

from harness.binary import Failed
from harness.contents import fingerprint
from harness.moments import kill_at


class Disturbed:
    """A lake whose runs are killed. `watcher` makes what sees the moments of a run on it."""

    def __init__(self, adlake, feed, model, lake, source, dice, watcher):
        self.adlake, self.feed, self.model, self.dice = adlake, feed, model, dice
        self.lake, self.source, self.watcher = lake, source, watcher
        self.delivered, self.released = 0, None
        # What was killed and the last moment before; whether a check met tables that no release had joined yet.
        self.hits, self.unreleased_seen = [], False

    def lap(self, kills, kinds):
        """All days, with about so many kills, some aimed at moments of these kinds; the last run is left alone."""
        for day in range(len(self.feed)):
            if self.delivered == day:
                self.deliver()
            share = (kills - len(self.hits)) / (len(self.feed) - day)
            seen = []
            for _ in range(int(share) + (self.dice.random() < share % 1)):
                passed = self.disturb("run", "--source", self.source, seen=seen, kinds=kinds)
                if passed is None:
                    break
                seen += passed
                # Now and then more logs arrive before anybody starts it again. Not before the first day is released: a file
                # that is replaced before anybody took it is gone, in the undisturbed lake it is not.
                if self.released is not None and self.delivered < len(self.feed) and self.dice.random() < 0.1:
                    self.deliver()
            if kills and self.dice.random() < 0.5:
                self.disturb("optimize", seen=[], kinds=kinds)
            # Nor does the next day's delivery replace a file of the first day that no run lived long enough to take.
            if self.released is None:
                self.finish()
        self.finish()

    def finish(self):
        """A run that is left alone."""
        self.adlake.run("run", "--lake", self.lake, "--source", self.source)
        self.check_release()

    def deliver(self):
        """The next day's logs arrive."""
        self.feed.deliver(self.delivered, self.source)
        self.delivered += 1

    def disturb(self, *command, seen, kinds):
        """Starts a command and kills it. Gives the moments it had passed, or None where it came to its end."""
        day = self.delivered - 1
        if command[0] == "run":
            moments, seconds = self.model.moments[day], self.model.seconds[day]
        else:
            moments, seconds = self.model.optimize_moments, self.model.optimize_seconds
        left = [m for m in (Counter(moments) - Counter(seen)).elements() if m.kind in kinds]
        aimed = left and self.dice.random() < 0.6
        moment = self.dice.choice(left) if aimed else None
        after = self.dice.uniform(0, 0.004) if aimed else self.dice.uniform(0, 1.1 * seconds)
        watcher = self.watcher()
        process = self.adlake.start(command[0], "--lake", self.lake, *command[1:])
        passed = kill_at(process, watcher, moment, after)
        code, text = self.adlake.ended(process)
        if passed is not None:
            self.hits.append((command[0], passed[-1] if passed else None))
        elif code != 0:
            raise Failed(f"`adlake {command[0]}` after a kill ended with {code}:\n{text}")
        self.check_release()
        return passed

    def check_release(self):
        """The last release is a state that the undisturbed lake was in, and no earlier one than before."""
        # Before the first release a query sees the tables as they happen to be, if there are any.
        if self.released is None and not self.has_release():
            return
        state = fingerprint(self.adlake, self.lake, self.model.query)
        day = self.model.day_of(state)
        if day is None:
            self.model.expect(state, self.delivered - 1, "torn release")
        if self.released is not None and day < self.released:
            raise Failed(f"the last release went back from day {self.released} to day {day}")
        self.released = day
        if not self.unreleased_seen:
            latest = fingerprint(self.adlake, self.lake, self.model.query, "--latest")
            self.unreleased_seen = self.model.day_of(latest) is None

    def has_release(self):
        """Whether anything was ever released."""
        try:
            return bool(self.adlake.query(self.lake, "select release from ops.releases limit 1"))
        except Failed:
            return False


def two_writers(adlake, feed, model, lake, source, dice):
    """Each day two runs at once, the second a little later. Gives how many of them gave way with a message."""
    refused = 0
    for day in range(len(feed)):
        feed.deliver(day, source)
        first = adlake.start("run", "--lake", lake, "--source", source)
        time.sleep(dice.uniform(0, 0.3 * model.seconds[day]))
        second = adlake.start("run", "--lake", lake, "--source", source)
        gave_way = 0
        for process in (first, second):
            code, text = adlake.ended(process)
            if code != 0 and "another writer" not in text:
                raise Failed(f"one of two runs at once ended with {code}:\n{text}")
            gave_way += code != 0
        if gave_way:
            adlake.run("run", "--lake", lake, "--source", source)
        refused += gave_way
        model.expect(fingerprint(adlake, lake, model.query), day, "two runs at once")
    return refused
