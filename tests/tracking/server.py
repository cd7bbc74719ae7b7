"""MLflow's own tracking server on this machine: an SQLite store, artifacts through its proxy."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

# Longer than a start takes on a slow and busy machine.
PATIENCE_SECONDS = 600


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    """The server as a context. It keeps its port and its folder over kills and starts."""

    def __init__(self, folder, *flags, environment=None):
        self.folder, self.port, self.flags = folder, free_port(), flags
        folder.mkdir(parents=True, exist_ok=True)
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("MLFLOW_")}
        # No word to anybody outside, and no workers for jobs that nobody starts.
        quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
        self.environment = inherited | quiet | (environment or {})
        self.process = None

    @property
    def uri(self):
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()

    def start(self):
        command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(self.port), "--workers", "1"]
        command += ["--backend-store-uri", f"sqlite:///{self.folder}/mlflow.db", "--serve-artifacts"]
        command += ["--artifacts-destination", str(self.folder / "artifacts"), *self.flags]
        with (self.folder / "server.log").open("ab") as log:
            # In a session of its own, so that a kill takes its workers with it.
            self.process = subprocess.Popen(
                command, cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"the MLflow server did not start:\n{(self.folder / 'server.log').read_text()[-2000:]}")
            time.sleep(0.1)

    def answers(self):
        with contextlib.suppress(OSError):
            return urllib.request.urlopen(f"{self.uri}/health", timeout=5).status == 200
        return False

    def kill(self):
        """SIGKILL to the server and its workers; returns when nobody answers any more."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None
        while self.answers():
            time.sleep(0.05)
