//! Models as ONNX files, for Python, MLflow and whatever else runs ONNX.
//!
//! [`Model::to_onnx`] writes the learner and its calibrator. ONNX Runtime then gives the probabilities of [`Predict`](crate::Predict), in
//! double precision throughout, from version 1.20 on (ONNX 1.16: operators 21, `ai.onnx.ml` 5).
//!
//! **Inputs.** One per feature, of the feature's name and of shape N; a model's only feature has shape N by 1. So MLflow finds a data frame's
//! columns by their names, and hands them over in these shapes.
//!
//! - A number is `double`; NaN is missing. Numbers of other types must be cast to it before.
//! - A category is `string`; the empty text is missing. Missing values of pandas arrive as one of [`MISSING_TEXTS`] and mean the same.
//!   A level that the model learned is that level all the same, whatever its text: where one is named `None`, fill missing values with
//!   the empty text. A text that the model did not learn is treated as [`Predict`](crate::Predict) treats one: trees that learned rare
//!   categories together take it for one of them, all others take it for missing.
//!
//! **Output.** `probability`, `double` of shape N, and nothing else.
//!
//! ```python
//! session = onnxruntime.InferenceSession("model.onnx")
//! [probability] = session.run(None, {"hour_of_day": numpy.array([19.0]), "device_type": numpy.array(["tv"], dtype=object)})
//! ```
//!
//! Hashed learners have no ONNX file, as no operator of ONNX hashes text as they do.

mod calibrated;
mod ensemble;
mod graph;
mod linear;
mod proto;
mod trees;

use crate::error::{Result, TrainingError};
use crate::stored::{Learned, Model};

/// The name of the output.
pub const OUTPUT: &str = "probability";

/// Texts that are a missing category: the empty one, and what ONNX Runtime makes of Python's `None`, of NaN and of pandas' `NA`.
pub const MISSING_TEXTS: [&str; 4] = ["", "None", "nan", "<NA>"];

impl Model {
    /// The model as the bytes of an ONNX file, the same for equal models; [`onnx`](crate::onnx) says what goes in and comes out.
    ///
    /// # Errors
    /// A hashed learner, which ONNX has no operators for; a feature whose name no input can have: none at all, that of the output, or that
    /// of another feature.
    pub fn to_onnx(&self) -> Result<Vec<u8>> {
        let (mut graph, probabilities) = match &self.learned {
            Learned::Forest(model) => trees::forest(model)?,
            Learned::Boosted(model) => trees::boosted(model)?,
            Learned::Logistic(model) => linear::logistic(model)?,
            Learned::Ftrl(_) | Learned::Ffm(_) => {
                let problem = "ONNX has no operator that hashes as hashed learners do, so train a forest, boosted trees or a logistic \
                               regression, or predict with adlake";
                return Err(TrainingError::Onnx { problem: problem.to_owned() });
            }
        };
        let probabilities = calibrated::calibrated(&mut graph, probabilities, &self.calibrator);
        Ok(graph.finish(&probabilities))
    }
}

#[cfg(test)]
mod tests;
