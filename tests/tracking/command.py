"""`adlake train click` while its server dies, and `adlake track sync` afterwards: what the lake keeps of a run arrives."""

import copy
import json
import os
import subprocess

import mlflow

from pusher import PATIENCE_SECONDS, Failed, say
from readback import differences


class Command:
    """The command line on a small lake of its own."""

    def __init__(self, binary, folder):
        self.binary, self.lake = binary, folder / "lake"
        self.inherited = {k: v for k, v in os.environ.items() if not k.startswith("MLFLOW_")}
        logs = folder / "logs"
        self.run("generate", "adtech", "--out", logs, "--requests", "20000", "--users", "2000", "--seed", "1", lake=False)
        self.run("run", "--source", logs)

    def run(self, *words, uri=None, lake=True):
        """Stdout and stderr of a command that must succeed; a server that is gone is given up at once."""
        command = [self.binary, *words, *(["--lake", self.lake] if lake else [])]
        tracked = {"MLFLOW_TRACKING_URI": uri, "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"} if uri else {}
        done = subprocess.run(command, env=self.inherited | tracked, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)
        if done.returncode != 0:
            raise Failed(f"`adlake {words[0]}` ended with {done.returncode}: {done.stderr.strip()}")
        return done.stdout, done.stderr

    def train(self, uri):
        """Trains and registers; gives the run as the lake keeps it, and what was said."""
        known = set(self.kept())
        _, said = self.run("train", "click", "--learner", "logistic", "--register", "click", uri=uri)
        (path,) = set(self.kept()) - known
        record = json.loads(path.read_text())
        # The model's own folder is checked by loading it.
        record["artifacts"] = [a | {"content": {"file": str(path.parent / a["path"])}} for a in record["artifacts"] if not a["path"].startswith("model/")]
        return record, said

    def kept(self):
        return self.lake.glob("ml/_files/*/run.json")


def killed_under_training(test):
    """The server is killed at a request of `train click`; after its start `track sync` brings the rest, and nothing twice."""
    folder = test.folder / "command"
    folder.mkdir()
    command = Command(test.adlake, folder)
    test.proxy.reset()
    whole, said = command.train(test.proxy.uri)
    if "tracked at" not in said:
        raise Failed(f"a training with a server does not say where it is tracked: {said}")
    test.compare(whole, "a training")
    total = test.proxy.requests
    lost, records = 0, [whole]
    for at in range(1, total + 1) if test.long else (1, total // 3, total - 2):
        test.proxy.reset(on_request=lambda number, at=at: test.server.kill() if number == at else None)
        record, said = command.train(test.proxy.uri)
        if "adlake track sync" not in said or "tracked at" in said:
            raise Failed(f"the server died at request {at} of a training, which says: {said}")
        test.proxy.reset()
        test.server.start()
        lost += bool(differences(record, test.held(record)))
        records.append(record)
        command.run("track", "sync", uri=test.proxy.uri)
        test.compare(record, f"a training whose server was killed at request {at} of {total}, after `track sync`")
    if lost < 2:
        raise Failed("control: the killed server had all of every run already, so a sync had nothing to bring")
    mlflow.set_tracking_uri(test.server.uri)
    versions = mlflow.MlflowClient(test.server.uri).search_model_versions("name = 'click'")
    if len(versions) != len(records):
        raise Failed(f"{len(records)} trainings, {len(versions)} versions")
    for version in versions:
        mlflow.pyfunc.load_model(f"models:/click/{version.version}")
    for record in records:
        test.compare(record, "a training after all syncs")
    spoilt = copy.deepcopy(records[-1])
    spoilt["metrics"].pop()
    if not differences(spoilt, test.held(records[-1])):
        raise Failed("control: a metric that differs goes unseen")
    say(f"command: the server died under {len(records) - 1} trainings, {lost} of them not whole; after `adlake track sync` all are")
