//! A learner by its name.

use training::hashed::{Ffm, FfmSettings, Fields, Ftrl, FtrlSettings, OnePass};
use training::search::Candidate;
use training::{
    Boosted, BoostedSettings, ClassWeight, Dataset, EarlyStopping, Forest, ForestSettings, Learned, Logistic, LogisticSettings,
    TrainingError,
};

use super::settings::{ClassWeights, Learner, Population, TrainSettings};

/// Slots of the one-pass learners, as powers of 2: a factorisation machine keeps vectors for each, and columns of the Criteo format have
/// millions of values.
const FTRL_BITS: u32 = 20;
const FFM_BITS: u32 = 16;
const FTRL_BITS_OF_CRITEO: u32 = 24;
const FFM_BITS_OF_CRITEO: u32 = 18;

/// How a model was learned, beside the model itself.
pub struct Fitted {
    /// What was learned.
    pub learned: Learned,
    /// The log loss on the held-out rows after each tree, where there is such.
    pub losses: Vec<f64>,
}

/// Boosting stops when so many trees have not made the held-out rows likelier.
const PATIENCE: usize = 30;

/// Learns from `data`; `held_out` says when to stop, where the learner can.
pub fn fit(data: &Dataset, held_out: &Dataset, settings: &TrainSettings) -> training::Result<Fitted> {
    let plain = |learned| Fitted { learned, losses: Vec::new() };
    Ok(match settings.learner {
        Learner::Forest => plain(Learned::Forest(Forest::fit(data, &forest(settings))?.forest)),
        Learner::Boosted => {
            let fitted = Boosted::fit(data, Some(held_out), &boosted(settings))?;
            Fitted { learned: Learned::Boosted(fitted.model), losses: fitted.validation_losses }
        }
        Learner::Logistic => plain(Learned::Logistic(Logistic::fit(data, &logistic(settings))?)),
        Learner::Ftrl | Learner::Ffm => {
            let mut learned = one_pass(data.frame().names(), settings)?;
            as_one_pass(&mut learned)?.learn_batch(data)?;
            plain(learned)
        }
    })
}

/// A forest's settings, as a search found them or else as they were asked for.
pub fn forest(settings: &TrainSettings) -> ForestSettings {
    if let Some(Candidate::Forest(tuned)) = &settings.tuned {
        return tuned.clone();
    }
    ForestSettings {
        n_estimators: settings.trees,
        max_depth: Some(settings.max_depth),
        class_weight: match settings.class_weight {
            ClassWeights::None => ClassWeight::None,
            ClassWeights::Balanced => ClassWeight::Balanced,
        },
        seed: settings.seed,
        ..ForestSettings::default()
    }
}

/// Those of boosted trees, likewise.
pub fn boosted(settings: &TrainSettings) -> BoostedSettings {
    if let Some(Candidate::Boosted(tuned)) = &settings.tuned {
        return tuned.clone();
    }
    let early_stopping = Some(EarlyStopping { patience: PATIENCE });
    BoostedSettings { n_estimators: settings.trees, early_stopping, seed: settings.seed, ..BoostedSettings::default() }
}

fn logistic(settings: &TrainSettings) -> LogisticSettings {
    match &settings.tuned {
        Some(Candidate::Logistic(tuned)) => tuned.clone(),
        _ => LogisticSettings::default(),
    }
}

/// A one-pass learner that knows nothing yet.
pub fn one_pass(features: &[String], settings: &TrainSettings) -> training::Result<Learned> {
    let is_criteo = settings.population == Population::Criteo;
    let fields = |usual, of_criteo| {
        let bits = settings.bits.unwrap_or(if is_criteo { of_criteo } else { usual });
        Fields::new(features.to_vec(), bits)
    };
    Ok(if settings.learner == Learner::Ffm {
        let factors = FfmSettings { seed: settings.seed, ..FfmSettings::default() };
        Learned::Ffm(Ffm::new(fields(FFM_BITS, FFM_BITS_OF_CRITEO)?, factors)?)
    } else {
        Learned::Ftrl(Ftrl::new(fields(FTRL_BITS, FTRL_BITS_OF_CRITEO)?, FtrlSettings::default())?)
    })
}

/// A learner as one that takes rows as they come.
pub fn as_one_pass(learned: &mut Learned) -> training::Result<&mut dyn OnePass> {
    match learned {
        Learned::Ftrl(model) => Ok(model),
        Learned::Ffm(model) => Ok(model),
        Learned::Forest(_) | Learned::Boosted(_) | Learned::Logistic(_) | Learned::Blend(_) => {
            Err(TrainingError::Needs { task: "learning from a stream", needs: "a learner that takes one pass" })
        }
    }
}
