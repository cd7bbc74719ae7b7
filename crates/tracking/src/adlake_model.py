"""Loads a model that adlake wrote for `mlflow.pyfunc`: an ONNX file with one input per feature, numbers or texts."""

import numpy
import onnxruntime
import pandas


NUMBERS = {"tensor(float)": numpy.float32, "tensor(int64)": numpy.int64, "tensor(int32)": numpy.int32, "tensor(bool)": numpy.bool_}


def _load_pyfunc(path):
    return Model(path)


class Model:
    def __init__(self, path):
        self.session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])

    def predict(self, frame, params=None):
        """One probability per row. A column that is not there is missing in every row, as None, NaN and NA are."""
        feed = {feature.name: column(frame, feature) for feature in self.session.get_inputs()}
        names = [output.name for output in self.session.get_outputs()]
        answers = self.session.run(names, feed)
        return pandas.DataFrame({name: answer.ravel() for name, answer in zip(names, answers)}, index=frame.index)


def column(frame, feature):
    given = frame[feature.name] if feature.name in frame else pandas.Series([None] * len(frame), index=frame.index, dtype=object)
    if feature.type == "tensor(string)":
        values = numpy.array(["" if missing else str(value) for value, missing in zip(given, given.isna())], dtype=object)
    else:
        number = NUMBERS.get(feature.type, numpy.float64)
        values = pandas.to_numeric(given).to_numpy(dtype=numpy.float64, na_value=numpy.nan).astype(number)
    # A model of one feature takes rows of one column.
    return values.reshape(-1, 1) if len(feature.shape) == 2 else values
