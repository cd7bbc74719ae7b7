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


def held(server, record, folder):
    """All that the server has of a run, by what it is; how many runs there are where that is not one."""
    runs = runs_of(server, record)
    if len(runs) != 1:
        return {"runs": len(runs)}
    run, found = runs[0], client(server.uri)
    info = run.info
    return {
        "runs": 1,
        "name, status and instants": [info.run_name, info.status, info.start_time, info.end_time],
        "params": run.data.params,
        "tags": {k: v for k, v in run.data.tags.items() if not k.startswith("adlake.xxh3/")},
        "metrics": sorted(m for key in run.data.metrics for m in history(found, info.run_id, key)),
        "inputs": sorted(map(input_of_server, run.inputs.dataset_inputs)),
        "artifacts": artifacts(info.run_id, folder),
        "models": models(found, info),
    }


def expected(record):
    """All that the server should have of a run."""
    # What the server and the push add for themselves.
    added = {RUN_ID_TAG: record["id"], "mlflow.runName": record["name"]}
    return {
        "runs": 1,
        "name, status and instants": [record[k] for k in ("name", "status", "started_at", "ended_at")],
        "params": record["params"],
        "tags": record["tags"] | added,
        "metrics": expected_metrics(record),
        "inputs": sorted(map(input_of_record, record["inputs"])),
        "artifacts": {a["path"]: content(a["content"]) for a in record["artifacts"]},
        "models": expected_models(record),
    }


def differences(record, found):
    """One line for each thing that is not as the record says; none if all is."""
    return [f"{what}: {brief(there, found.get(what))}" for what, there in expected(record).items() if there != found.get(what)]


def brief(expected, found):
    """What is missing and what is too much, as far as it fits a line."""
    if found is None or isinstance(expected, int):
        return f"{found} instead of {str(expected)[:120]}"
    if isinstance(expected, dict):
        expected, found = expected.items(), found.items()
    missing, more = [e for e in expected if e not in found], [f for f in found if f not in expected]
    counts = f"{len(expected)} expected, {len(found)} found"
    return f"{len(missing)} missing ({str(missing[:1])[:120]}), {len(more)} too much ({str(more[:1])[:120]}), {counts}"


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


def content(given):
    (kind, value), = given.items()
    return {"text": lambda: value.encode(), "bytes": lambda: bytes(value), "file": lambda: Path(value).read_bytes()}[kind]()


def artifacts(run_id, folder):
    """All files of a run, downloaded; those of the model folder are the library's own and not in the record."""
    root = Path(mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="", dst_path=str(folder)))
    files = {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}
    return {path: held for path, held in files.items() if not path.startswith("model/")}


def expected_models(record):
    added = {RUN_ID_TAG: record["id"]}
    return [(m["name"], m["artifact_path"], "READY", sorted(m["aliases"]), m["tags"] | added, m["description"]) for m in record["models"]]


def models(found, info):
    versions = found.search_model_versions(f"run_id = '{info.run_id}'")
    # A search may leave the aliases out.
    versions = [found.get_model_version(v.name, v.version) for v in versions]
    return [(v.name, v.source.removeprefix(f"{info.artifact_uri}/"), v.status, sorted(v.aliases), v.tags, v.description) for v in versions]
