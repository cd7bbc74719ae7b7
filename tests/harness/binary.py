"""The binary under test, as another process."""

import json
import os
import subprocess
from pathlib import Path

# Longer than any single command here takes, on a slow and busy machine: then it hangs.
PATIENCE_SECONDS = 600


class Failed(Exception):
    """A command ended otherwise than it should have."""


class Adlake:
    """Starts the binary in an empty folder and with no settings but the given ones."""

    def __init__(self, binary, folder, settings=None):
        self.binary = Path(binary).resolve()
        if not self.binary.is_file():
            raise Failed(f"{self.binary}: no such binary; build it with `cargo build -p adlake`")
        self.folder = Path(folder)
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("ADLAKE", "AWS_"))}
        self.environment = inherited | (settings or {})

    def with_settings(self, settings):
        """The same binary with other settings."""
        return Adlake(self.binary, self.folder, settings)

    def start(self, *arguments):
        """A running process; its output is kept for `ended`."""
        command = [str(self.binary), *map(str, arguments)]
        # Into a file: a full pipe that nobody reads would stop the process.
        with (self.folder / f"output-{os.urandom(6).hex()}").open("w+b") as output:
            process = subprocess.Popen(
                command, cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
            )
        process.output_file = Path(output.name)
        return process

    def ended(self, process):
        """The exit code and all that the process printed. One killed by signal N has the exit code -N."""
        try:
            code = process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise Failed(f"{process.args} hangs: not done after {PATIENCE_SECONDS} s") from None
        text = process.output_file.read_text(errors="replace")
        process.output_file.unlink()
        return code, text

    def run(self, *arguments):
        """Runs a command that must succeed; gives what it printed."""
        code, text = self.ended(self.start(*arguments))
        if code != 0:
            raise Failed(f"`adlake {' '.join(map(str, arguments))}` ended with {code}:\n{text}")
        return text

    def query(self, lake, sql, *flags):
        """The rows of a query as dictionaries; decimals and floats as the text in which they were printed."""
        command = [str(self.binary), "sql", "--lake", str(lake), "--format", "json", *flags, sql]
        done = subprocess.run(command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
        if done.returncode != 0:
            raise Failed(f"`{sql}` over {lake} ended with {done.returncode}: {done.stderr.strip()}")
        return [json.loads(line, parse_float=str) for line in done.stdout.splitlines()]

    def has(self, command):
        """Whether the binary knows a command."""
        return f"\n  {command} " in self.run("--help")
