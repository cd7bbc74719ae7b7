//! How much worse a model gets when a feature is shuffled.

use serde::{Deserialize, Serialize};

use crate::data::Dataset;
use crate::error::{Result, TrainingError};
use crate::metrics::{Confidence, Estimate, Scores, log_loss, roc_auc};
use crate::predict::Predict;
use crate::random::{Purpose, Stream};

/// What shuffling one feature costs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PermutationImportance {
    /// The feature's name.
    pub feature: String,
    /// How much ROC-AUC falls: the mean over the shuffles, with an interval for the chance of shuffling.
    pub auc_drop: Estimate,
    /// How much the log loss rises, in nats.
    pub log_loss_rise: Estimate,
}

/// Shuffles each feature `repeats` times (at least 2) and measures the model on the rows (Breiman 2001, section 10). On held-out rows it says
/// what the model's skill rests on; of features that stand in for each other it says too little.
///
/// # Errors
/// Fewer than two repeats; labels of one class; a feature of the model that is not there.
pub fn permutation_importance(
    model: &dyn Predict,
    data: &Dataset,
    repeats: usize,
    confidence: &Confidence,
) -> Result<Vec<PermutationImportance>> {
    if repeats < 2 {
        return Err(TrainingError::Setting { setting: "repeats", value: repeats.to_string(), expected: "at least 2" });
    }
    let measure = |probabilities: &[f64]| {
        let scores = Scores::new(probabilities, data.labels(), data.weights())?;
        Ok((roc_auc(&scores, confidence)?.value, log_loss(&scores, confidence)?.value))
    };
    let (auc, loss) = measure(&model.predict(data.frame())?)?;
    let mut found = Vec::new();
    for (number, (name, column)) in data.frame().features().enumerate() {
        let (mut drops, mut rises) = (Vec::new(), Vec::new());
        for repeat in 0..repeats {
            let mut order: Vec<_> = (0..data.rows() as u32).collect();
            Stream::new(confidence.seed, Purpose::Permutation, (number * repeats + repeat) as u64).shuffle(&mut order);
            let shuffled = data.frame().with_column(name, column.take(&order))?;
            let (shuffled_auc, shuffled_loss) = measure(&model.predict(&shuffled)?)?;
            drops.push(auc - shuffled_auc);
            rises.push(shuffled_loss - loss);
        }
        let feature = name.to_owned();
        found.push(PermutationImportance { feature, auc_drop: mean(&drops, confidence), log_loss_rise: mean(&rises, confidence) });
    }
    Ok(found)
}

fn mean(values: &[f64], confidence: &Confidence) -> Estimate {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
    Estimate::around(mean, confidence.z() * (variance / count).sqrt(), (f64::NEG_INFINITY, f64::INFINITY))
}
