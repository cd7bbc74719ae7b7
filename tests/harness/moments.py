"""Moments of a run as they show on disk, and killing a process at one of them."""

import os
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, order=True)
class Moment:
    """A file of some kind appeared in a table's folder."""

    table: str
    kind: str  # "staged": a file that gets its name when it is whole; "data", "commit" or "checkpoint"

    def __str__(self):
        return f"{self.kind} of {self.table}"


def moment_of(relative):
    """The moment that a new file below the lake's folder stands for; None for files that mean nothing here."""
    parts = relative.split("/")
    if len(parts) < 3:
        return None
    table, name = ".".join(parts[:2]), parts[-1]
    if "#" in name or name.startswith("_commit_"):
        return Moment(table, "staged")
    if name.endswith(".checkpoint.parquet"):
        return Moment(table, "checkpoint")
    if parts[2] == "_delta_log":
        return Moment(table, "commit") if name.endswith(".json") else None
    return Moment(table, "data") if name.endswith(".parquet") else None


class FolderWatcher:
    """Finds new files below a lake's folder. Only folders that changed are listed, so that it keeps up with a run."""

    def __init__(self, lake):
        self.lake = Path(lake)
        self.changed_at = {}
        self.known = set()
        self.folders = [str(self.lake)]
        self.new_moments()

    def new_moments(self):
        """What appeared since the last call, in no order beyond that of the folders."""
        found = []
        position = 0
        while position < len(self.folders):
            folder = self.folders[position]
            position += 1
            try:
                changed_at = os.stat(folder).st_mtime_ns
                if self.changed_at.get(folder) == changed_at:
                    continue
                # A change within the clock's grain after listing would go unseen: such a folder is listed again.
                if time.time_ns() - changed_at > 20_000_000:
                    self.changed_at[folder] = changed_at
                with os.scandir(folder) as entries:
                    for entry in entries:
                        if entry.path in self.known:
                            continue
                        self.known.add(entry.path)
                        if entry.is_dir(follow_symlinks=False):
                            self.folders.append(entry.path)
                        elif moment := moment_of(os.path.relpath(entry.path, self.lake)):
                            found.append(moment)
            except FileNotFoundError:
                continue
        return found


def watch(process, watcher):
    """Waits for the process; gives the seconds it took and the moments it passed."""
    begun, passed = time.monotonic(), []
    while process.poll() is None:
        passed += watcher.new_moments()
        time.sleep(0.0005)
    return time.monotonic() - begun, passed + watcher.new_moments()


def kill_at(process, watcher, moment=None, after_seconds=0.0):
    """Kills the process so long after it was started, or after the moment where one is given. Gives the moments it had
    passed, or None where it ended before."""
    passed = []
    deadline = None if moment else time.monotonic() + after_seconds
    while process.poll() is None:
        new = watcher.new_moments()
        passed += new
        if deadline is None and moment in new:
            deadline = time.monotonic() + after_seconds
        if deadline is not None and time.monotonic() >= deadline:
            process.kill()
            process.wait()
            # Ended by itself between the look and the shot: no kill.
            return passed + watcher.new_moments() if process.returncode < 0 else None
        time.sleep(0.0005)
    return None
