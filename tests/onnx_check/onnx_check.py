"""ONNX Runtime must give the probabilities that our own models give.

    target/venv/bin/python tests/onnx_check/onnx_check.py target/debug/examples/onnx

For every learner that can be written as ONNX, with every calibrator, over thousands of rows: at thresholds and one step beside
them, without values, with the largest numbers, with categories that nobody saw; all at once and one by one.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import numpy
    import onnx
    import onnxruntime
    from onnx import numpy_helper
except ImportError as error:
    sys.exit(f"ONNX NOT TESTED: {error}; run `cargo x services` and use target/venv/bin/python")

# Both sides compute the same steps in double precision; what differs are the last bits of exponentials, logarithms and sums.
TOLERANCE = 1e-12
KINDS = {"tensor(double)": numpy.float64, "tensor(string)": object}


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = Path(tempfile.mkdtemp(prefix="adlake-onnx-"))
    subprocess.run([Path(sys.argv[1]).resolve(), folder], check=True)
    columns = json.loads((folder / "rows.json").read_text())
    files = sorted(folder.glob("*.onnx"))
    passed, problems, worst = 0, [], {}
    for file in files:
        expected = numpy.array(json.loads(file.with_suffix(".json").read_text()))
        try:
            wrong, worst[file.stem] = check(file.read_bytes(), columns, expected)
        except Exception as error:  # noqa: BLE001 - whatever the runtime throws is a finding about our file
            wrong = [f"{type(error).__name__}: {error}"]
        problems += [f"{file.stem}: {w}" for w in wrong]
        passed += not wrong
    if not problems:
        wrong = [f"control: {name} is not noticed" for name in controls(folder, columns)]
        problems += wrong
        passed += not wrong
    shutil.rmtree(folder, ignore_errors=True)
    for problem in problems:
        print(problem)
    if worst:
        name = max(worst, key=worst.get)
        print(f"{len(next(iter(columns.values())))} rows, {len(files)} models; the largest difference is {worst[name]:.1e}, of {name}")
    print(f"{passed} passed, {len(problems)} failed")
    return 1 if problems or not passed else 0


def check(model, columns, expected):
    """What is wrong with a model, and its largest difference."""
    onnx.checker.check_model(onnx.load_from_string(model), full_check=True)
    session = onnxruntime.InferenceSession(model)
    outputs = [(output.name, output.type) for output in session.get_outputs()]
    if outputs != [("probability", "tensor(double)")]:
        return [f"the outputs are {outputs}"], 0.0
    feeds = {
        "all rows": feed(session, columns, ""),
        "None where missing": feed(session, columns, None),
        "NaN where missing": feed(session, columns, float("nan")),
    }
    wrong, worst = [], 0.0
    for name, rows in feeds.items():
        found = run(session, rows)
        if found.shape != expected.shape:
            return [f"{name}: {found.shape} probabilities for {expected.shape} rows"], 0.0
        difference = numpy.abs(found - expected)
        worst = max(worst, float(difference.max()))
        for row in numpy.flatnonzero(~(difference <= TOLERANCE))[:3]:
            values = {feature: values[row] for feature, values in rows.items()}
            wrong.append(f"{name}: {found[row]!r} in row {row}, adlake says {expected[row]!r}: {values}")
    rows = feeds["all rows"]
    for begin, size in [(0, 1), (1, 1), (0, 2), (100, 60), (len(expected) - 1, 1), (0, 0)]:
        part = run(session, {name: values[begin : begin + size] for name, values in rows.items()})
        if part.shape != (size,) or not (numpy.abs(part - expected[begin : begin + size]) <= TOLERANCE).all():
            wrong.append(f"{size} rows from {begin}, by themselves: {part[:3]}, adlake says {expected[begin : begin + size][:3]}")
    return wrong, worst


def run(session, rows):
    return session.run(["probability"], rows)[0]


def feed(session, columns, missing):
    """The columns that a model asks for. `missing` stands for missing categories, but not where it is like a level."""
    found = {}
    for given in session.get_inputs():
        values, kind = columns[given.name], KINDS[given.type]
        stand_in = "" if str(missing) in values else missing
        replaced = [stand_in if kind is object and value is None else value for value in values]
        # N, or N by 1 for the only one.
        found[given.name] = numpy.array(replaced, dtype=kind).reshape(-1, *given.shape[1:])
    return found


def controls(folder, columns):
    """Changed models, by what is changed, in which no difference is seen."""
    changes = {
        "a threshold one step lower": ("forest-identity", "TreeEnsemble", "nodes_splits", lambda x: numpy.nextafter(x, -numpy.inf)),
        "a leaf a billionth higher": ("forest-identity", "TreeEnsemble", "leaf_weights", lambda x: x + 1e-9),
        "a category less in a set": ("forest-identity", "TreeEnsemble", "membership_values", lambda x: 1e6),
        "a category's weight a billionth higher": ("logistic-identity", "LabelEncoder", "values_tensor", lambda x: x + 1e-9),
        "a threshold of the calibration": ("boosted-isotonic", "TreeEnsemble", "nodes_splits", lambda x: x * 1.01),
    }
    for name, (model, operator, attribute, change) in changes.items():
        changed = onnx.load(folder / f"{model}.onnx")
        expected = numpy.array(json.loads((folder / f"{model}.json").read_text()))
        node = [node for node in changed.graph.node if node.op_type == operator][-1]
        [tensor] = [a.t for a in node.attribute if a.name == attribute]
        values = numpy_helper.to_array(tensor).copy()
        # One alone, of the many: the first that a row meets.
        for place in range(min(len(values), 50)):
            one = values.copy()
            one[place] = change(values[place])
            tensor.CopyFrom(numpy_helper.from_array(one))
            if any("adlake says" in wrong for wrong in check(changed.SerializeToString(), columns, expected)[0]):
                break
        else:
            yield name


if __name__ == "__main__":
    sys.exit(main())
