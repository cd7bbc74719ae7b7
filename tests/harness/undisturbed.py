"""The lake that nobody disturbs, which all others must equal."""

import shutil

from harness.binary import Failed
from harness.contents import contents, fingerprint, fingerprint_query, tables
from harness.moments import FolderWatcher, watch


class Undisturbed:
    """Its state after each day, and what a run of that day looks like on disk."""

    def __init__(self, adlake, feed, folder):
        self.lake, source = folder / "undisturbed", folder / "undisturbed-source"
        self.seconds, self.moments, self.states = [], [], []
        for day in range(len(feed)):
            feed.deliver(day, source)
            seconds, moments = self.watched(adlake, "run", "--lake", self.lake, "--source", source)
            if day == 0:
                self.query = fingerprint_query(tables(adlake, self.lake))
            self.seconds.append(seconds)
            self.moments.append(moments)
            self.states.append(fingerprint(adlake, self.lake, self.query))
        self.bags = contents(adlake, self.lake)
        # On a copy: this lake stays as its runs left it.
        copy = folder / "optimized"
        shutil.copytree(self.lake, copy)
        self.optimize_seconds, self.optimize_moments = self.watched(adlake, "optimize", "--lake", copy)
        shutil.rmtree(copy)

    def watched(self, adlake, *command):
        """Runs a command; gives the seconds it took and the moments it passed."""
        watcher = FolderWatcher(command[command.index("--lake") + 1])
        process = adlake.start(*command)
        seen = watch(process, watcher)
        code, text = adlake.ended(process)
        if code != 0:
            raise Failed(f"undisturbed, `adlake {command[0]}` ended with {code}:\n{text}")
        return seen

    def day_of(self, state):
        """After which day the undisturbed lake was in this state, or None."""
        return self.states.index(state) if state in self.states else None

    def expect(self, state, day, who):
        """Fails unless this is the state after that day."""
        if self.day_of(state) != day:
            groups = {}
            for table, value in state.items():
                days = [d for d, s in enumerate(self.states) if s[table] == value]
                groups.setdefault(f"of days {days}" if days else "of no day", []).append(table)
            found = "; ".join(f"{' '.join(names)}: {days}" for days, names in groups.items())
            raise Failed(f"{who}: the release is not the state after day {day}: {found}")
