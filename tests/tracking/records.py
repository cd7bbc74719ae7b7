"""Runs to push, as the JSON of the records, with ONNX models whose answers are known."""

import json
import random

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

WEIGHTS = [0.5, -1.0, 2.0]
COLUMNS = ["age", "hour of day", "größe"]
STARTED_AT = 1_700_000_000_000


def a_run(identifier, experiment, folder, steps=1000):
    """A run that needs several requests of everything: more than 1000 metrics, more than 100 params and tags, a large file."""
    dice = random.Random(identifier)
    large = folder / f"{identifier}.bin"
    large.write_bytes(dice.randbytes(3_000_000))
    odd = ["NaN", "Infinity", "-Infinity", -0.0, 5e-324, 1.7976931348623157e308, 0.1 + 0.2]
    return {
        "id": identifier,
        "experiment": experiment,
        "name": f"forest {identifier}",
        "status": "FINISHED",
        "started_at": STARTED_AT,
        "ended_at": STARTED_AT + 60_000,
        # Together more than the megabyte that one request may have.
        "params": {f"param {i}": "ö" * 6000 if i < 100 else str(i) for i in range(230)} | {"empty": "", "a/b.c-d:e": "\"quoted\"\n"},
        "metrics": [
            {"key": f"loss/{k}", "value": dice.random(), "timestamp": STARTED_AT + step, "step": step}
            for k in range(3)
            for step in range(steps)
        ]
        + [{"key": "odd", "value": value, "timestamp": STARTED_AT, "step": step} for step, value in enumerate(odd)],
        "tags": {f"tag {i}": str(i) for i in range(110)} | {"mlflow.user": "tester", "long": "x" * 8000},
        "inputs": [
            dataset("features.click_features", 7, "training"),
            dataset("features.click_features_later", 8, "validation"),
        ],
        "artifacts": [
            {"path": "report/a b+ö.md", "content": {"text": f"# {identifier}\n"}},
            {"path": "empty", "content": {"bytes": []}},
            {"path": "large/weights.bin", "content": {"file": str(large)}},
        ],
        "models": [
            {
                "name": f"click-{experiment}",
                "artifact_path": "model",
                "aliases": ["champion"],
                "tags": {"stage": "test"},
                "description": "in a sentence",
            }
        ],
    }


def dataset(name, version, context):
    source = json.dumps({"path": f"s3://lake/{name.replace('.', '/')}", "delta_table_version": version})
    return {"name": name, "digest": f"version {version}", "source_type": "delta_table", "source": source, "context": context}


def matrix_model():
    """One input of rows × columns: what a learner of ours exports."""
    weights = numpy_helper.from_array(numpy.array(WEIGHTS, dtype=numpy.float32).reshape(-1, 1), "weights")
    nodes = [helper.make_node("MatMul", ["features", "weights"], ["logit"]), *sigmoid("logit")]
    inputs = [helper.make_tensor_value_info("features", TensorProto.FLOAT, [None, len(WEIGHTS)])]
    return model(nodes, inputs, [weights]), signature([(name, "double") for name in COLUMNS])


def column_model():
    """One input per column, one of them text: the score is the age's, doubled where the state is CA."""
    initializers = [numpy_helper.from_array(numpy.array(["CA"], dtype=object), "home")]
    nodes = [
        helper.make_node("Equal", ["state", "home"], ["is_home"]),
        helper.make_node("Cast", ["is_home"], ["home_factor"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["age", "home_factor"], ["more"]),
        helper.make_node("Add", ["age", "more"], ["logit"]),
        *sigmoid("logit"),
    ]
    inputs = [
        helper.make_tensor_value_info("age", TensorProto.FLOAT, [None]),
        helper.make_tensor_value_info("state", TensorProto.STRING, [None]),
    ]
    return model(nodes, inputs, initializers), signature([("age", "double"), ("state", "string")])


def sigmoid(value):
    return [helper.make_node("Sigmoid", [value], ["p"]), helper.make_node("Reshape", ["p", "rows"], ["probability"])]


def model(nodes, inputs, initializers):
    outputs = [helper.make_tensor_value_info("probability", TensorProto.FLOAT, [None])]
    rows = numpy_helper.from_array(numpy.array([-1], dtype=numpy.int64), "rows")
    graph = helper.make_graph(nodes, "click", inputs, outputs, [*initializers, rows])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)
    onnx.checker.check_model(made)
    return made.SerializeToString()


def signature(columns):
    spec = [{"name": name, "type": kind, "required": True} for name, kind in columns]
    return {"inputs": spec, "outputs": [{"name": "probability", "type": "float", "required": True}]}
