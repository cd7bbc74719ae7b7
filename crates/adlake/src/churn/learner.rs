//! Learners with settings that suit customers at many cuts.

use std::collections::BTreeSet;

use training::{
    Blend, BlendSettings, Boosted, BoostedSettings, Dataset, Forest, ForestSettings, Learned, Logistic, LogisticSettings, Result,
};

use super::settings::{Learner, TrainSettings};

/// Per row of each customer, the penalty of the logistic regression: as if that many customers of whom nothing is known had been seen.
const L2: f64 = 100.0;
/// Customers in a leaf at least.
const LEAF: f64 = 25.0;

/// Learns from rows. The same customers at more cuts are more rows but hardly more evidence, so penalties and leaves grow with the rows
/// per customer.
pub(super) fn fit(data: &Dataset, settings: &TrainSettings) -> Result<Learned> {
    let blend = settings_for(data, settings.seed);
    Ok(match settings.learner {
        Learner::Logistic => Learned::Logistic(Logistic::fit(data, &blend.logistic)?),
        Learner::Forest => Learned::Forest(Forest::fit(data, &blend.forest)?.forest),
        Learner::Boosted => Learned::Boosted(Boosted::fit(data, None, &blend.boosted)?.model),
        Learner::Blend => Learned::Blend(Blend::fit(data, &blend)?),
    })
}

/// The logistic regression that says what drives churn, whatever learner predicts it.
pub(super) fn explaining(data: &Dataset, learned: &Learned, seed: u64) -> Result<Logistic> {
    let members = if let Learned::Blend(blend) = learned { blend.members() } else { std::slice::from_ref(learned) };
    let known = members.iter().find_map(|member| if let Learned::Logistic(model) = member { Some(model.clone()) } else { None });
    known.map_or_else(|| Logistic::fit(data, &settings_for(data, seed).logistic), Ok)
}

fn settings_for(data: &Dataset, seed: u64) -> BlendSettings {
    let customers = data.groups().map_or(data.rows(), |groups| groups.iter().collect::<BTreeSet<_>>().len());
    let rows_per_customer = data.rows() as f64 / customers.max(1) as f64;
    let leaf = (LEAF * rows_per_customer).ceil() as usize;
    BlendSettings {
        logistic: LogisticSettings {
            l2: L2 * rows_per_customer,
            is_logarithmic: true,
            has_grouped_errors: true,
            ..LogisticSettings::default()
        },
        boosted: BoostedSettings {
            n_estimators: 400,
            learning_rate: 0.03,
            max_leaves: 3,
            min_samples_leaf: leaf,
            l2: 10.0,
            subsample: 0.5,
            seed,
            ..BoostedSettings::default()
        },
        forest: ForestSettings { n_estimators: 300, max_depth: None, min_samples_leaf: leaf, seed, ..ForestSettings::default() },
    }
}
