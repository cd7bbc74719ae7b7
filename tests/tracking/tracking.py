"""Pushes runs to a real MLflow server, over a network that misbehaves, and reads everything back with MLflow's own client.

    target/venv-tracking/bin/python tests/tracking/tracking.py target/debug/examples/push [--adlake target/release/adlake] [--long]

What is asserted:
  - everything of a run arrives as it is, and MLflow loads its model and predicts what the ONNX file says;
  - pushing again sends nothing; a run that has grown is completed;
  - whenever the server or the push is killed, and whatever happens to a request, pushing again leaves one whole run: nothing lost,
    nothing doubled, neither runs nor metrics nor model versions;
  - with --adlake, the same of `adlake train click`: its lake keeps what a dying server lost, and `adlake track sync` brings it;
  - an error is one line that names the server and the remedy, without credentials.
And that these assertions can fail: a record that differs in one thing is told from what arrived, a request that fails once brings a push
without retries down, and a doubled run and a doubled version are seen.

What it cannot show: servers other than MLflow's own with SQLite, artifact stores other than a folder.
"""

import argparse
import copy
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

try:
    import mlflow
    import numpy
    import onnx
    import onnxruntime
    import pandas
except ImportError as error:
    sys.exit(f"TRACKING NOT TESTED: {error}; run `cargo x services --tracking` and use target/venv-tracking/bin/python")

import records  # noqa: E402
from answers import answers  # noqa: E402
from command import killed_under_training  # noqa: E402
from faults import faults, late, without_retries  # noqa: E402
from kills import killed_pushes, killed_servers  # noqa: E402
from proxy import Proxy  # noqa: E402
from pusher import Failed, Pusher, say  # noqa: E402
from readback import client, differences, held, runs_of  # noqa: E402
from server import Server  # noqa: E402


class Test:
    """What the parts of the test share."""

    def __init__(self, pusher, server, proxy, arguments, folder):
        self.pusher, self.server, self.proxy, self.folder = pusher, server, proxy, folder
        self.adlake, self.long = arguments.adlake, arguments.long
        self.count = 0

    def record(self, experiment="click", steps=400):
        self.count += 1
        return records.a_run(f"run-{self.count}", experiment, self.folder, steps)

    def held(self, record):
        return held(self.server, record, Path(tempfile.mkdtemp(dir=self.folder)))

    def compare(self, record, who):
        problems = differences(record, self.held(record))
        if problems:
            raise Failed(f"{who} differs from its record:\n  " + "\n  ".join(problems))


def whole(test):
    record = test.record("whole", steps=1200)
    pushed = test.pusher.push(test.server.uri, record)
    test.compare(record, "a run pushed once")
    again = test.pusher.push(test.server.uri, record)
    test.compare(record, "a run pushed twice")
    # Small artifacts are sent again, the large one is not.
    sent = (again["params"], again["metrics"], again["created"], again["run_id"])
    if sent != (0, 0, False, pushed["run_id"]) or again["bytes"] > 100_000:
        raise Failed(f"pushing again sent {again}")
    say(f"whole: {pushed['params']} params, {pushed['metrics']} metrics, {pushed['artifacts']} artifacts, then {again['metrics']} metrics")
    controls(test, record)


def controls(test, record):
    """A record that differs in one thing must be told from what arrived."""

    def spoil_artifact(spoilt):
        spoilt["artifacts"][0]["content"]["text"] += "."

    spoils = {
        "a metric less": lambda spoilt: spoilt["metrics"].pop(7),
        "another value": lambda spoilt: spoilt["metrics"][5].update(value=0.5),
        "a param": lambda spoilt: spoilt["params"].update({"param 200": "0"}),
        "a tag": lambda spoilt: spoilt["tags"].pop("tag 7"),
        "an input": lambda spoilt: spoilt["inputs"][1].update(context="test"),
        "an artifact": spoil_artifact,
        "an alias": lambda spoilt: spoilt["models"][0]["aliases"].append("other"),
        "a version": lambda spoilt: spoilt["models"].append(spoilt["models"][0]),
        "the end": lambda spoilt: spoilt.update(ended_at=spoilt["ended_at"] + 1),
    }
    found = test.held(record)
    for what, spoil in spoils.items():
        spoilt = copy.deepcopy(record)
        spoil(spoilt)
        if len(differences(spoilt, found)) != 1:
            raise Failed(f"control: {what} that differs goes unseen")
    run = runs_of(test.server, record)[0]
    double = client(test.server.uri).create_run(run.info.experiment_id, tags={"adlake.run_id": record["id"]})
    if "runs: 2 instead of 1" not in differences(record, test.held(record)):
        raise Failed("control: a doubled run goes unseen")
    pushed = test.pusher.push(test.server.uri, record)
    test.compare(record, "a run with a double that was pushed again")
    if (pushed["doubles"], pushed["run_id"]) != (1, run.info.run_id) or double.info.run_id == run.info.run_id:
        raise Failed(f"the double was not taken out: {pushed}")
    say(f"controls: {len(spoils)} things that differ and a doubled run are seen; the double is taken out")


def models(test):
    """MLflow loads the registered model and predicts what the weights say."""
    record = test.record("matrix")
    test.pusher.push(test.server.uri, record)
    matrix = pandas.DataFrame({name: [1.5, -2.0, 0.0] for name in reversed(records.COLUMNS)}).assign(age=[0.0, 1.0, 2.0])
    logits = matrix[records.COLUMNS].to_numpy() @ numpy.array(records.WEIGHTS)
    check_prediction(test, record, matrix, logits)
    mixed = test.record("columns")
    folder = test.folder / "columns"
    folder.mkdir()
    Pusher(test.pusher.binary, folder, *records.column_model()).push(test.server.uri, mixed)
    # As objects: of pandas 3's own text columns MLflow hands ONNX something that it does not know.
    frame = pandas.DataFrame({"age": [0.25, 0.25, -1.0], "state": pandas.Series(["CA", "NY", "CA"], dtype=object)})
    check_prediction(test, mixed, frame, numpy.array([0.5, 0.25, -2.0]))
    say("models: loaded by version and by alias, as a matrix and by columns; predictions as the weights say")


def check_prediction(test, record, frame, logits):
    name = record["models"][0]["name"]
    mlflow.set_tracking_uri(test.server.uri)
    for address in (f"models:/{name}/1", f"models:/{name}@champion"):
        found = mlflow.pyfunc.load_model(address).predict(frame)
        expected = 1 / (1 + numpy.exp(-logits))
        if list(found.columns) != ["probability"] or not numpy.allclose(found["probability"], expected, atol=1e-6):
            raise Failed(f"{address} predicts {found}, expected {expected}")
        if numpy.allclose(found["probability"], expected[::-1], atol=1e-6):
            raise Failed("control: predictions in another order go unseen")


def grown(test):
    """A run that is pushed while it works, and at its end; and aliases that an older run must not take back."""
    record = test.record("grown")
    early = copy.deepcopy(record) | {"status": "RUNNING", "ended_at": None, "models": [], "artifacts": record["artifacts"][:1]}
    early["metrics"] = [m for m in record["metrics"] if m["step"] < 100]
    first = test.pusher.push(test.server.uri, early)
    second = test.pusher.push(test.server.uri, record)
    test.compare(record, "a run that grew")
    if second["created"] or first["metrics"] + second["metrics"] != len(record["metrics"]):
        raise Failed(f"a run that grew was sent as {first} and {second}")
    newer = test.record("grown")
    test.pusher.push(test.server.uri, newer)
    test.pusher.push(test.server.uri, record)
    version = client(test.server.uri).get_model_version_by_alias("click-grown", "champion")
    if version.version != "2":
        raise Failed("pushing an older run again took the alias from the newer one")
    changed = copy.deepcopy(record)
    changed["params"]["param 200"] = "changed"
    test.pusher.fail(test.server.uri, changed, test.server.uri, "param `param 200` = `200`", "take another id")
    client(test.server.uri).delete_run(first["run_id"])
    test.pusher.fail(test.server.uri, record, "was deleted at the server", "mlflow runs restore")
    say(f"grown: {first['metrics']} metrics, then {second['metrics']}; the alias stays with the newer run")
    say("grown: a changed param and a deleted run are told")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("push", help="the example's binary, such as target/debug/examples/push")
    parser.add_argument("--adlake", type=Path, metavar="FILE", help="the command line's binary, to be tried too")
    parser.add_argument("--long", action="store_true", help="a kill at every request, every fault at every request")
    parser.add_argument("--folder", help="where the server keeps its things; kept [default: a temporary folder, removed when all is well]")
    arguments = parser.parse_args()
    say(f"tracking test: {', '.join(f'{package.__name__} {package.__version__}' for package in (mlflow, onnx, onnxruntime, pandas))}")
    begun = time.monotonic()
    folder = Path(arguments.folder or tempfile.mkdtemp(prefix="adlake-tracking-")).resolve()
    folder.mkdir(exist_ok=True)
    failed = 0
    try:
        pusher = Pusher(arguments.push, folder, *records.matrix_model())
        with Server(folder / "server") as server, Proxy(server.port) as proxy:
            test = Test(pusher, server, proxy, arguments, folder)
            parts = (whole, models, grown, killed_pushes, faults, late, without_retries, answers, killed_servers)
            for part in (*parts, killed_under_training) if arguments.adlake else parts:
                started = time.monotonic()
                part(test)
                say(f"  ({part.__name__.replace('_', ' ')}: {time.monotonic() - started:.0f} s)")
    except Failed as error:
        failed = 1
        say(f"FAILED: {error}")
        say(f"the server's folder is kept: {folder}")
    if not failed and not arguments.folder:
        shutil.rmtree(folder)
    say(f"tracking test: {'failed' if failed else 'passed'} in {time.monotonic() - begun:.0f} s")
    return failed


if __name__ == "__main__":
    sys.exit(main())
