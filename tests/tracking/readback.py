"""What an MLflow server has of a run, read with MLflow's own client, and how that differs from the record."""

import json
import math
from pathlib import Path

import mlflow

RUN_ID_TAG = "adlake.run_id"
LARGEST = 1.7976931348623157e308


def client(uri):
    mlflow.set_tracking_uri(uri)
    return mlflow.MlflowClient(tracking_uri=uri)


def runs_of(server, record):
    """The active runs of a record; there should be one."""
    found = client(server.uri)
    experiments = [e for e in found.search_experiments() if e.name == record["experiment"]]
    assert len(experiments) <= 1
    return [r for e in experiments for r in found.search_runs([e.experiment_id], f"tags.`{RUN_ID_TAG}` = '{record['id']}'")]


def differences(server, record, folder):
    """One line for each thing that is not as the record says; none if all is."""
    runs = runs_of(server, record)
    if len(runs) != 1:
        return [f"{len(runs)} runs instead of one"]
    run, found, problems = runs[0], client(server.uri), []

    def compare(what, expected, there):
        if expected != there:
            problems.append(f"{what}: {brief(expected, there)}")

    info = run.info
    compare("name, status and instants", [record[k] for k in ("name", "status", "started_at", "ended_at")], [info.run_name, info.status, info.start_time, info.end_time])
    compare("params", record["params"], run.data.params)
    # What the server and the push add for themselves.
    added = {RUN_ID_TAG: record["id"], "mlflow.runName": record["name"]}
    compare("tags", record["tags"] | added, {k: v for k, v in run.data.tags.items() if not k.startswith("adlake.xxh3/")})
    compare("metrics", expected_metrics(record), sorted(m for key in run.data.metrics for m in history(found, info.run_id, key)))
    compare("inputs", sorted(map(input_of_record, record["inputs"])), sorted(map(input_of_server, run.inputs.dataset_inputs)))
    compare("artifacts", expected_artifacts(record), artifacts(info.run_id, folder))
    compare("models", expected_models(record, info), models(found, record, info))
    return problems


def brief(expected, found):
    """What is missing and what is too much, as far as it fits a line."""
    if isinstance(expected, dict):
        expected, found = expected.items(), found.items()
    missing, more = [e for e in expected if e not in found], [f for f in found if f not in expected]
    return f"{len(missing)} missing ({str(missing[:1])[:120]}), {len(more)} too much ({str(more[:1])[:120]}), {len(expected)} expected, {len(found)} found"


def expected_metrics(record):
    unique = {(m["key"], m["step"], m["timestamp"], stored(m["value"])) for m in record["metrics"]}
    return sorted(unique)


def stored(value):
    """A value as the SQL store keeps it; as text, so that NaN equals NaN."""
    value = float(value)
    if math.isinf(value):
        value = math.copysign(LARGEST, value)
    return repr(value + 0.0)


def history(found, run_id, key):
    return [(m.key, m.step, m.timestamp, stored(m.value)) for m in found.get_metric_history(run_id, key)]


def input_of_record(given):
    return (given["name"], given["digest"], given["source_type"], json.loads(given["source"])["path"], given["context"])


def input_of_server(found):
    context = [t.value for t in found.tags if t.key == "mlflow.data.context"]
    # MLflow must be able to say what kind of source that is.
    source = mlflow.data.get_source(found.dataset)
    return (found.dataset.name, found.dataset.digest, found.dataset.source_type, source.path, *context)


def expected_artifacts(record):
    return {a["path"]: content(a["content"]) for a in record["artifacts"]}


def content(given):
    (kind, value), = given.items()
    return {"text": lambda: value.encode(), "bytes": lambda: bytes(value), "file": lambda: Path(value).read_bytes()}[kind]()


def artifacts(run_id, folder):
    """All files of a run, downloaded; those of the model folder are the library's own and not in the record."""
    root = Path(mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="", dst_path=str(folder)))
    files = {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}
    return {path: held for path, held in files.items() if not path.startswith("model/")}


def expected_models(record, info):
    return [
        (m["name"], f"{info.artifact_uri}/{m['artifact_path']}", "READY", sorted(m["aliases"]), m["tags"] | {RUN_ID_TAG: record["id"]}, m["description"])
        for m in record["models"]
    ]


def models(found, record, info):
    versions = found.search_model_versions(f"run_id = '{info.run_id}'")
    # A search may leave the aliases out.
    versions = [found.get_model_version(v.name, v.version) for v in versions]
    return [(v.name, v.source, v.status, sorted(v.aliases), v.tags, v.description) for v in versions]
