"""The example `push` of the crate `tracking`, as another process."""

import json
import os
import subprocess
from pathlib import Path

PATIENCE_SECONDS = 600


def say(text):
    print(text, flush=True)


class Failed(Exception):
    """Something ended otherwise than it should have."""


class Pusher:
    """Starts the binary with no settings but the given ones."""

    def __init__(self, binary, folder, onnx, signature):
        self.binary, self.folder = Path(binary).resolve(), folder
        if not self.binary.is_file():
            raise Failed(f"{self.binary}: no such binary; build it with `cargo build -p tracking --examples`")
        (folder / "model.onnx").write_bytes(onnx)
        (folder / "signature.json").write_text(json.dumps(signature))
        self.inherited = {k: v for k, v in os.environ.items() if not k.startswith("MLFLOW_")}

    def start(self, uri, record, **settings):
        """A running push; `settings` are MLflow's variables without their prefix."""
        path = self.folder / f"{record['id']}.json"
        path.write_text(json.dumps(record))
        variables = {f"MLFLOW_{name}": str(value) for name, value in settings.items()} | {"MLFLOW_TRACKING_URI": uri}
        command = [self.binary, path, self.folder / "model.onnx", self.folder / "signature.json"]
        return subprocess.Popen(command, env=self.inherited | variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def ended(self, process):
        """Exit code, stdout and stderr."""
        try:
            out, error = process.communicate(timeout=PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            raise Failed(f"a push hangs: not done after {PATIENCE_SECONDS} s") from None
        return process.returncode, out, error

    def push(self, uri, record, **settings):
        """A push that must succeed; gives what it says it did."""
        code, out, error = self.ended(self.start(uri, record, **settings))
        if code != 0:
            raise Failed(f"pushing {record['id']} ended with {code}: {error.strip()}")
        return json.loads(out)

    def fail(self, uri, record, *parts, **settings):
        """A push that must fail with one line that has these parts and none of the secrets; gives the line."""
        code, _, error = self.ended(self.start(uri, record, **settings))
        if code == 0:
            raise Failed(f"pushing {record['id']} succeeded, expected an error with {parts}")
        lines = error.strip().splitlines()
        missing = [part for part in parts if part not in error]
        if len(lines) != 1 or missing or "s3cret" in error:
            raise Failed(f"pushing {record['id']} should fail with one line that has {missing or parts} and no secret: {error}")
        return lines[0]
