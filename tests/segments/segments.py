"""Customer value, RFM and clusters as other people's libraries have them.

    target/venv/bin/python tests/segments/segments.py target/debug/examples/customers

BG/NBD and Gamma-Gamma beside `lifetimes`, on the CDNOW customers (which that package brings) and on customers made by the models
themselves; scores and segments beside pandas; k-means, inertia and silhouettes beside scikit-learn. Where ADLAKE_TEST_DATA names the
folder with online_retail.csv.zst, also on the customers of UCI Online Retail.
"""

import json
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

try:
    import lifetimes  # noqa: F401
    import pandas  # noqa: F401
    import sklearn  # noqa: F401
except ImportError as error:
    sys.exit(f"SEGMENTS NOT TESTED: {error}; run `cargo x services` and use target/venv/bin/python")

import clusters  # noqa: E402
import rfm  # noqa: E402
import shop  # noqa: E402
import value  # noqa: E402


class Customers:
    """The example `customers`, asked as another process."""

    def __init__(self, binary, folder):
        self.binary, self.folder = Path(binary).resolve(), folder

    def ask(self, task, table, *arguments, header=True):
        """What it says of a table."""
        return self.ask_file(task, self.written(table, header), *arguments)

    def ask_file(self, task, file, *arguments):
        command = [self.binary, task, file, *map(str, arguments)]
        return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    def written(self, table, header=True):
        file = self.folder / f"{len(list(self.folder.iterdir()))}.csv"
        table.to_csv(file, index=False, header=header)
        return file


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory(prefix="adlake-segments-") as folder:
        ours = Customers(sys.argv[1], Path(folder))
        lines = shop.online_retail()
        results = [*value.checks(ours, lines), *rfm.checks(ours, lines), *clusters.checks(ours, lines)]
    if lines is None:
        print(f"ONLINE RETAIL NOT TESTED: ADLAKE_TEST_DATA names no folder with {shop.FILE}")
    problems = [f"{name}: {problem}" for name, problem in results if problem]
    for problem in problems:
        print(problem)
    print(f"{len(results) - len(problems)} passed, {len(problems)} failed")
    return 1 if problems or not results else 0


if __name__ == "__main__":
    sys.exit(main())
