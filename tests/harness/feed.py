"""Synthetic logs that arrive day by day."""

import os
import shutil
from pathlib import Path

EVENTS = ("requests", "impressions", "clicks", "installs")


class Feed:
    """Days of logs in a folder of its own, to be delivered to the folders that lakes read from.

    The first day also brings the tables without a date, but only half of the campaigns. Half-way the other half comes,
    which changes rows of days long done, and the user profiles are delivered again under the same name with other content."""

    def __init__(self, adlake, folder, days, requests, seed):
        self.folder = Path(folder)
        adlake.run(
            *("generate", "adtech", "--out", self.folder, "--requests", requests, "--users", max(requests // 8, 1)),
            *("--days", days, "--seed", seed, "--by-day", "--malformed"),
        )
        dated = sorted(p for p in self.folder.glob("*.csv") if p.stem.split("-")[0] in EVENTS)
        self.dates = sorted({p.stem.split("-", 1)[1] for p in dated})
        self.files = [[p for p in dated if p.stem.endswith(date)] for date in self.dates]
        undated = sorted(set(self.folder.glob("*.csv")) - set(dated))
        half = days // 2
        early, late = self.halves(self.folder / "campaigns.csv", self.dates[half])
        self.files[0] += [early if p.name == "campaigns.csv" else p for p in undated]
        if half > 0:
            self.files[half] += [late, self.moved_users()]

    def halves(self, file, date):
        """A file in two, the second dated."""
        header, *rows = file.read_bytes().splitlines(keepends=True)
        folder = self.folder / "halves"
        folder.mkdir()
        early, late = folder / file.name, folder / f"{file.stem}-{date}.csv"
        early.write_bytes(header + b"".join(rows[::2]))
        late.write_bytes(header + b"".join(rows[1::2]))
        return early, late

    def moved_users(self):
        """The profiles after some users moved to another town."""
        moved = self.folder / "changed" / "user_profile.csv"
        moved.parent.mkdir()
        moved.write_bytes((self.folder / moved.name).read_bytes().replace(b"Chicago", b"Springfield"))
        return moved

    def __len__(self):
        return len(self.files)

    def deliver(self, day, source):
        """Puts a day's files into a source folder, each at once and whole."""
        Path(source).mkdir(exist_ok=True)
        for file in self.files[day]:
            arriving = Path(source) / f".{file.name}.arriving"
            shutil.copyfile(file, arriving)
            os.replace(arriving, Path(source) / file.name)
