//! A learner by its name.

use training::hashed::{Ffm, FfmSettings, Fields, Ftrl, FtrlSettings, OnePass};
use training::{
    Boosted, BoostedSettings, ClassWeight, Dataset, EarlyStopping, Forest, ForestSettings, Learned, Logistic, LogisticSettings,
};

use super::settings::{ClassWeights, Learner, TrainSettings};

/// Slots of the one-pass learners, as powers of 2: a factorisation machine keeps vectors for each.
const FTRL_BITS: u32 = 20;
const FFM_BITS: u32 = 16;

/// How a model was learned, beside the model itself.
pub struct Fitted {
    /// What was learned.
    pub learned: Learned,
    /// The log loss on the held-out rows after each tree, where there is such.
    pub losses: Vec<f64>,
}

/// Learns from `data`; `held_out` says when to stop, where the learner can.
pub fn fit(data: &Dataset, held_out: &Dataset, settings: &TrainSettings) -> training::Result<Fitted> {
    let plain = |learned| Fitted { learned, losses: Vec::new() };
    Ok(match settings.learner {
        Learner::Forest => {
            let class_weight = match settings.class_weight {
                ClassWeights::None => ClassWeight::None,
                ClassWeights::Balanced => ClassWeight::Balanced,
            };
            let forest = ForestSettings {
                n_estimators: settings.trees,
                max_depth: Some(settings.max_depth),
                class_weight,
                seed: settings.seed,
                ..ForestSettings::default()
            };
            plain(Learned::Forest(Forest::fit(data, &forest)?.forest))
        }
        Learner::Boosted => {
            let boosted = BoostedSettings {
                n_estimators: settings.trees,
                early_stopping: Some(EarlyStopping { patience: 30 }),
                seed: settings.seed,
                ..BoostedSettings::default()
            };
            let fitted = Boosted::fit(data, Some(held_out), &boosted)?;
            Fitted { learned: Learned::Boosted(fitted.model), losses: fitted.validation_losses }
        }
        Learner::Logistic => plain(Learned::Logistic(Logistic::fit(data, &LogisticSettings::default())?)),
        Learner::Ftrl => {
            let mut model = Ftrl::new(fields(data, FTRL_BITS)?, FtrlSettings::default())?;
            model.learn_batch(data)?;
            plain(Learned::Ftrl(model))
        }
        Learner::Ffm => {
            let mut model = Ffm::new(fields(data, FFM_BITS)?, FfmSettings { seed: settings.seed, ..FfmSettings::default() })?;
            model.learn_batch(data)?;
            plain(Learned::Ffm(model))
        }
    })
}

fn fields(data: &Dataset, bits: u32) -> training::Result<Fields> {
    Fields::new(data.frame().names().to_vec(), bits)
}
