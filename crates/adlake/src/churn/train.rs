//! From customers to a model: audit, walk forward, learn, calibrate.

use std::collections::{BTreeMap, BTreeSet};

use lake::{AsOf, Lake, LakeError, Result};
use training::audit::Audit;
use training::calibrate::Calibrator;
use training::metrics::{Confidence, Scores};
use training::{Model, Predict};

use super::card::{Card, ChurnModel, Counts};
use super::customers::{Customers, TABLE};
use super::drivers::Driver;
use super::evidence::audit;
use super::learner::{explaining, fit};
use super::offer::OfferReport;
use super::settings::TrainSettings;
use super::walk::{Fold, Prediction, WalkForward, date, folds};
use crate::models::{OnLeak, Step, definitions, described};

/// A trained model and what was seen on the way.
pub struct Trained {
    /// The model, with what walking forward showed on its card.
    pub model: ChurnModel,
    /// What the audit found.
    pub audit: Audit,
    /// What was predicted walking forward, by cut and customer.
    pub predictions: Vec<Prediction>,
    /// The customer of each place.
    pub ids: Vec<String>,
}

/// How training ended.
pub enum Outcome {
    /// A model.
    Trained(Box<Trained>),
    /// No model: the training set gives the label away, and settings forbid that.
    Refused(Audit),
}

/// Trains a model on a state of the lake. `say` is told each step as it begins.
///
/// # Errors
/// Another horizon than the feature table has; too short a log; one class alone; what happens while reading.
pub async fn train(
    lake: &Lake,
    settings: &TrainSettings,
    on_leak: OnLeak,
    as_of: AsOf,
    say: &(dyn Fn(Step<'_>) + Sync),
) -> Result<Outcome> {
    let release = match as_of {
        AsOf::Release(number) => Some(number),
        AsOf::LastRelease => lake.last_release().await?.map(|release| release.number),
        AsOf::Latest => None,
    };
    say(Step::Begins("reading customers"));
    let customers = Customers::read(lake, release.map_or(AsOf::Latest, AsOf::Release)).await?;
    let mut outcome = tokio::task::block_in_place(|| learn(customers, settings, on_leak, say))?;
    if let Outcome::Trained(trained) = &mut outcome {
        trained.model.card.release = release;
        trained.model.card.definitions =
            definitions(&lake.pipeline(&crate::shipped_models())?, &TABLE.parse().map_err(LakeError::invalid)?);
    }
    Ok(outcome)
}

/// The same from customers that were read; the card names no release and no definitions.
///
/// # Errors
/// As [`train`].
pub fn learn(customers: Customers, settings: &TrainSettings, on_leak: OnLeak, say: &(dyn Fn(Step<'_>) + Sync)) -> Result<Outcome> {
    if i64::from(customers.horizon_days) != i64::from(settings.horizon_days) {
        let (has, asked) = (customers.horizon_days, settings.horizon_days);
        return Err(LakeError::invalid(format!(
            "{TABLE} has a horizon of {has} days, not of {asked}: set parameters.{TABLE}.horizon_days and run, or ask for --horizon {has}"
        )));
    }
    let folds = folds(&customers, settings)?;
    say(Step::Begins("looking for leaks"));
    let Some(last) = folds.last() else { return Err(LakeError::invalid("there is no cut to walk over")) };
    let audit = super::learned(audit(&customers, last, settings.seed))?;
    if on_leak == OnLeak::Fail && audit.leaks().next().is_some() {
        return Ok(Outcome::Refused(audit));
    }
    say(Step::Begins(&format!("walking forward over {} cuts ({})", folds.len(), settings.learner)));
    let predictions = super::learned(predict_forward(&customers, &folds, settings, say))?;
    let confidence = Confidence::default();
    let walk = super::learned(WalkForward::of(&customers, &folds, &predictions, &confidence))?;
    let offer = super::learned(OfferReport::of(&settings.offer, &predictions, &confidence))?;
    let data = &customers.data;
    let rows = Counts {
        rows: data.rows(),
        customers: customers.ids.iter().collect::<BTreeSet<_>>().len(),
        cuts: customers.cuts.iter().collect::<BTreeSet<_>>().len(),
    };
    say(Step::Begins(&format!("learning from {} customers at {} cuts", rows.customers, rows.cuts)));
    let learned = super::learned(fit(data, settings))?;
    let drivers = Driver::all(&super::learned(explaining(data, &learned, settings.seed))?);
    let calibrator = if settings.calibrate { super::learned(calibrator(&predictions))? } else { Calibrator::Identity };
    let card = Card {
        code_version: env!("CARGO_PKG_VERSION").to_owned(),
        release: None,
        tables: customers.tables,
        definitions: BTreeMap::new(),
        settings: settings.clone(),
        features: data.frame().features().map(described).collect(),
        rows,
        walk,
        offer,
        drivers,
    };
    let model = ChurnModel { card, model: Model { learned, calibrator } };
    Ok(Outcome::Trained(Box::new(Trained { model, audit, predictions, ids: customers.ids })))
}

/// For each cut what a model says that learned from cuts whose horizon had passed.
fn predict_forward(
    customers: &Customers,
    folds: &[Fold],
    settings: &TrainSettings,
    say: &(dyn Fn(Step<'_>) + Sync),
) -> training::Result<Vec<Prediction>> {
    let mut predictions = Vec::new();
    let groups = customers.data.groups().unwrap_or_default();
    for (done, fold) in folds.iter().enumerate() {
        let learned = fit(&customers.data.take(&fold.train)?, settings)?;
        let test = customers.data.take(&fold.test)?;
        let probabilities = learned.predict(test.frame())?;
        predictions.extend(fold.test.iter().zip(probabilities).map(|(row, probability)| Prediction {
            cut_on: fold.cut_on,
            place: *row,
            group: groups.get(*row as usize).copied().unwrap_or(u64::from(*row)),
            probability,
            is_churned: customers.data.labels()[*row as usize],
        }));
        say(Step::Done { done: done + 1, of: folds.len(), note: &date(fold.cut_on) });
    }
    Ok(predictions)
}

/// Platt's, from what was predicted of a future that was not known: two numbers for all cuts.
fn calibrator(predictions: &[Prediction]) -> training::Result<Calibrator> {
    let (probabilities, labels): (Vec<_>, Vec<_>) = predictions.iter().map(|row| (row.probability, row.is_churned)).unzip();
    Calibrator::platt(&Scores::new(&probabilities, &labels, None)?)
}
