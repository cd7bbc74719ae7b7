"""Running a command and measuring it, whatever processes it starts. Linux only: it reads /proc."""

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
SAMPLE_SECONDS = 0.05
SAMPLES_PER_SCAN = 10


@dataclass(frozen=True)
class Usage:
    """What a command took, the processes it started included."""

    wall_seconds: float
    # User and system time.
    cpu_seconds: float
    # The most resident memory at one time, sampled twenty times a second.
    peak_mib: float
    output: str


class Failed(Exception):
    """The command did not end well."""


def run(command: list[str], environment: dict[str, str], threads: int, log: Path) -> Usage:
    """Runs a command on the first `threads` cores, its output going to `log`."""
    cores = sorted(os.sched_getaffinity(0))[:threads]
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as errors, log.with_suffix(".out").open("w+") as output:
        # What earlier runs left to be written to disk is their burden, not this one's.
        os.sync()
        started = time.perf_counter()
        process = subprocess.Popen(
            command,
            env=os.environ | environment,
            stdout=output,
            stderr=errors,
            preexec_fn=lambda: os.sched_setaffinity(0, cores),
        )
        sampler = Sampler(process.pid)
        sampler.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        sampler.stop()
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read()
    if process.returncode != 0:
        lines = (text + log.read_text(errors="replace")).strip().splitlines()
        raise Failed(f"`{command[0]}` ended with {process.returncode}; its last lines:\n" + "\n".join(lines[-15:]))
    return Usage(
        wall_seconds=wall,
        # The kernel's figure is exact, but leaves out a child that nobody waited for.
        cpu_seconds=max(usage.ru_utime + usage.ru_stime, sampler.cpu_seconds),
        # The kernel's figure is exact, but of one process alone.
        peak_mib=max(usage.ru_maxrss / 1024, sampler.peak_bytes / 2**20),
        output=text,
    )


class Sampler(threading.Thread):
    """Watches a process and its descendants."""

    def __init__(self, root: int) -> None:
        super().__init__(daemon=True)
        self.root = root
        self.ended = threading.Event()
        self.peak_bytes = 0
        self.cpu_of: dict[int, float] = {}

    @property
    def cpu_seconds(self) -> float:
        return sum(self.cpu_of.values())

    def stop(self) -> None:
        self.ended.set()
        self.join()

    def run(self) -> None:
        tree, sample = [self.root], 0
        while not self.ended.wait(SAMPLE_SECONDS):
            # Looking for new processes costs more than looking at those known.
            if sample % SAMPLES_PER_SCAN == 0:
                tree = list(descendants(self.root))
                self.cpu_of |= {pid: cpu for pid in tree if (cpu := cpu_seconds_of(pid)) is not None}
            self.peak_bytes = max(self.peak_bytes, sum(resident_bytes(pid) for pid in tree))
            sample += 1


def descendants(root: int) -> Iterator[int]:
    """The process and all that it started, directly or not."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal() and (fields := stat_of(int(folder.name))):
            children.setdefault(int(fields[1]), []).append(int(folder.name))
    todo = [root]
    while todo:
        pid = todo.pop()
        yield pid
        todo += children.get(pid, [])


def stat_of(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the name; empty for a process that has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def cpu_seconds_of(pid: int) -> float | None:
    fields = stat_of(pid)
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND if fields else None


def resident_bytes(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES
    except OSError:
        return 0


def empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def bytes_in(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def warm(folder: Path) -> None:
    """Reads files once, so that nobody has to fetch them from disk."""
    for file in folder.glob("*.csv"):
        with file.open("rb") as data:
            while data.read(1 << 22):
                pass
