//! Models as ONNX files, for Python, MLflow and whatever else runs ONNX.
//!
//! [`Model::to_onnx`] writes the learner and its calibrator, in double precision throughout. ONNX Runtime 1.23 or newer then gives the
//! probabilities of [`Predict`](crate::Predict), but for the last bits. (Older ones have no such trees, or run out of memory where a tree
//! splits by many categories.)
//!
//! **Inputs.** One per feature, of the feature's name and of shape N; a model's only feature has shape N by 1. So MLflow finds a data
//! frame's columns by their names, and hands them over in these shapes.
//!
//! - A number is `double`; NaN is missing. Numbers of other types must be cast to it before. An infinite one, which a
//!   [`Frame`](crate::Frame) refuses, is beyond all others to trees, and missing to a logistic regression.
//! - A category is `string` (of numpy and pandas: of type `object`); the empty text is missing. `None`, NaN and pandas' `NA` arrive as
//!   one of [`MISSING_TEXTS`] and mean the same. But a text that the model learned as a level is that level: where one is `None`, fill
//!   missing values with the empty text before. A text that it did not learn is what it is to [`Predict`](crate::Predict): one of the
//!   rare categories, to trees that learned such together, else missing.
//!
//! **Output.** `probability`, `double` of shape N, and nothing else.
//!
//! ```python
//! session = onnxruntime.InferenceSession("model.onnx")
//! [probability] = session.run(None, {"hour_of_day": numpy.array([19.0]), "device_type": numpy.array(["tv"], dtype=object)})
//! ```
//!
//! Hashed learners have no ONNX file, as no operator of ONNX hashes text as they do. Trees over a feature of more than 30 categories take
//! ONNX Runtime several times as long as us: it looks each up in a hash set.

mod calibrated;
mod ensemble;
mod graph;
mod linear;
mod proto;
mod trees;

use crate::bins::{Binner, FeatureBins};
use crate::error::{Result, TrainingError};
use crate::stored::{Learned, Model};
use graph::Graph;

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
        let mut graph = Graph::new(feature_names(&self.learned)?)?;
        let probabilities = probabilities(&mut graph, &self.learned)?;
        let probabilities = calibrated::calibrated(&mut graph, probabilities, &self.calibrator);
        Ok(graph.finish(&probabilities))
    }
}

/// The inputs, in the learner's order.
fn feature_names(learned: &Learned) -> Result<Vec<&str>> {
    Ok(match learned {
        Learned::Forest(model) => names_of(model.binner()),
        Learned::Boosted(model) => names_of(model.binner()),
        Learned::Logistic(model) => model.feature_names().collect(),
        // All members learned from the same features.
        Learned::Blend(model) => match model.members().first() {
            Some(member) => feature_names(member)?,
            None => Vec::new(),
        },
        Learned::Ftrl(_) | Learned::Ffm(_) => {
            let problem = "ONNX has no operator that hashes as hashed learners do, so train a forest, boosted trees or a logistic \
                           regression, or predict with adlake";
            return Err(TrainingError::Onnx { problem: problem.to_owned() });
        }
    })
}

fn names_of(binner: &Binner) -> Vec<&str> {
    binner.features().iter().map(FeatureBins::name).collect()
}

/// A learner's probabilities, N by 1.
fn probabilities(graph: &mut Graph, learned: &Learned) -> Result<String> {
    match learned {
        Learned::Forest(model) => trees::forest(graph, model),
        Learned::Boosted(model) => trees::boosted(graph, model),
        Learned::Logistic(model) => Ok(linear::logistic(graph, model)),
        Learned::Blend(model) => {
            let of_members: Vec<_> = model.members().iter().map(|member| probabilities(graph, member)).collect::<Result<_>>()?;
            Ok(calibrated::blended(graph, &of_members))
        }
        Learned::Ftrl(_) | Learned::Ffm(_) => feature_names(learned).map(|_| String::new()),
    }
}

#[cfg(test)]
mod tests;
