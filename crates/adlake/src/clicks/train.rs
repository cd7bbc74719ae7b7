//! From examples to a model: audit, split, learn, calibrate, measure.

use std::collections::BTreeMap;

use features::Provenance;
use lake::{AsOf, Lake, LakeError, ModelFile, Result};
use spec::TableName;
use training::audit::Audit;
use training::calibrate::Calibrator;
use training::metrics::{Confidence, Report, ReportSettings, Scores, Slice, by_slice, log_loss};
use training::search::Search;
use training::{Column, Dataset, Frame, Learned, Model, Predict, Split, Splitting};

use super::card::{Card, ClickModel, Counts};
use super::facts::audited;
use super::learner::{Fitted, fit};
use super::rows::rows_of;
use super::settings::{Learner, Population, SplitBy, TrainSettings};
use super::stream;
use super::tune::tune;
use crate::models::{OnLeak, Rows, Step, definitions, described, examples};

/// The share of the training rows, the last of them, that learners do not see: it says when to stop and makes probabilities true.
pub(super) const CALIBRATION_SHARE: f64 = 0.1;
/// Isotonic calibration is tried with so many positive rows.
const ISOTONIC_POSITIVES: usize = 1000;
/// Slices are made of features with at most so many levels, and of so many test rows at least.
const SLICE_LEVELS: usize = 12;
const SLICE_ROWS: usize = 1000;

/// A trained model and what was seen on the way.
pub struct Trained {
    /// The model, with the metrics of the test rows on its card.
    pub model: ClickModel,
    /// What the audit found.
    pub audit: Audit,
    /// The metrics of test rows by the values of features that have few.
    pub slices: Vec<SliceReport>,
    /// The log loss on the calibration rows after each tree, where trees are added one by one.
    pub losses: Vec<f64>,
    /// The feature tables' Delta versions.
    pub tables: BTreeMap<String, u64>,
    /// How the settings did that were compared, where a search was asked for.
    pub search: Option<Search>,
    /// The share of each feature in what the trees gained, greatest first; empty for other learners.
    pub importance: Vec<(String, f64)>,
}

/// How training ended.
pub enum Outcome {
    /// A model.
    Trained(Box<Trained>),
    /// No model: the training set gives the label away, and settings forbid that.
    Refused(Audit),
}

/// The metrics of one feature's values.
pub struct SliceReport {
    /// The feature.
    pub feature: String,
    /// One report per value.
    pub slices: Vec<Slice>,
}

/// Trains a model on a state of a lake that the shipped models have made; see [`train_by`].
///
/// # Errors
/// As [`train_by`].
pub async fn train(
    lake: &Lake,
    settings: &TrainSettings,
    on_leak: OnLeak,
    as_of: AsOf,
    say: &(dyn Fn(Step<'_>) + Sync),
) -> Result<Outcome> {
    train_by(lake, &crate::shipped_models(), settings, on_leak, as_of, say).await
}

/// Trains a model on a state of the lake. `models` are those by which its tables are made: the audit reads their lineage. `say` is told
/// each step as it begins.
///
/// # Errors
/// Too few rows; settings out of range; what happens while reading.
pub async fn train_by(
    lake: &Lake,
    models: &[ModelFile],
    settings: &TrainSettings,
    on_leak: OnLeak,
    as_of: AsOf,
    say: &(dyn Fn(Step<'_>) + Sync),
) -> Result<Outcome> {
    if settings.search && matches!(settings.learner, Learner::Ftrl | Learner::Ffm) {
        return Err(LakeError::invalid(format!("{} has no settings to search; train forest, boosted or logistic", settings.learner)));
    }
    let release = match as_of {
        AsOf::Release(number) => Some(number),
        AsOf::LastRelease => lake.last_release().await?.map(|release| release.number),
        AsOf::Latest => None,
    };
    let as_of = release.map_or(AsOf::Latest, AsOf::Release);
    let pipeline = lake.pipeline(models)?;
    let mut rows = rows_of(lake, settings.population, as_of).await?;
    if rows.time.is_none() && settings.gap_seconds > 0 {
        return Err(LakeError::invalid("these rows have no times that a gap could be measured in; leave out --gap"));
    }
    let table: TableName = table_of(settings.population).parse().map_err(LakeError::invalid)?;
    if let Ok(registered) = features::registry()?.table(&table.name) {
        rows.provenance = Provenance::of(lake, &pipeline, &table, registered).await?;
    }
    let origin = Origin {
        settings: settings.clone(),
        release,
        tables: rows.tables.iter().map(|(table, version)| (table.to_string(), *version)).collect(),
        definitions: definitions(&pipeline, &table),
    };
    if settings.learns_from_a_stream() {
        return stream::learn(&rows, origin, on_leak, say).await;
    }
    say(Step::Begins("reading rows"));
    let data = examples(&rows).await?;
    tokio::task::block_in_place(|| learn(&rows, &data, origin, on_leak, say))
}

/// What a model is made from and with: what its card begins with.
pub(super) struct Origin {
    pub(super) settings: TrainSettings,
    pub(super) release: Option<u64>,
    pub(super) tables: BTreeMap<String, u64>,
    pub(super) definitions: BTreeMap<String, String>,
}

/// What was seen on the way to a model.
pub(super) struct Way {
    pub(super) audit: Audit,
    pub(super) losses: Vec<f64>,
    pub(super) search: Option<Search>,
}

impl Origin {
    pub(super) fn trained(self, model: Model, sample: &Frame, rows: Counts, way: Way, measured: Measured) -> Outcome {
        let importance = importance(&model.learned);
        let card = Card {
            code_version: env!("CARGO_PKG_VERSION").to_owned(),
            release: self.release,
            tables: self.tables.clone(),
            definitions: self.definitions,
            features: sample.features().map(described).collect(),
            rows,
            settings: self.settings,
            test: measured.report,
        };
        let model = ClickModel { card, model };
        let Way { audit, losses, search } = way;
        Outcome::Trained(Box::new(Trained { model, audit, slices: measured.slices, losses, tables: self.tables, search, importance }))
    }
}

fn learn(rows: &Rows, data: &Dataset, mut origin: Origin, on_leak: OnLeak, say: &(dyn Fn(Step<'_>) + Sync)) -> Result<Outcome> {
    let settings = &mut origin.settings;
    let splitting = match settings.split {
        SplitBy::Time => Splitting::Time { gap: i64::from(settings.gap_seconds) * 1_000_000 },
        SplitBy::User => Splitting::Group { seed: settings.seed },
        SplitBy::Random => Splitting::Random { seed: settings.seed },
    };
    let split = super::learned(splitting.split(data, settings.test_share))?;
    say(Step::Begins("looking for leaks"));
    let audit = super::learned(audited(data, Some((&split, splitting)), &rows.provenance, rows.time.is_some()))?;
    if on_leak == OnLeak::Fail && audit.leaks().next().is_some() {
        return Ok(Outcome::Refused(audit));
    }
    let mut searched = None;
    if std::mem::take(&mut settings.search) {
        say(Step::Begins(&format!("looking for settings ({})", settings.learner)));
        let train = super::learned(data.take(&split.train))?;
        let (tuned, search) = super::learned(tune(&train, settings, splitting, say))?;
        (settings.tuned, searched) = (Some(tuned), Some(search));
    }
    let (train, held_out) = super::learned(hold_out(data, &split, splitting))?;
    let test = super::learned(data.take(&split.test))?;
    say(Step::Begins(&format!("learning from {} rows ({})", train.rows(), settings.learner)));
    let Fitted { learned, losses } = super::learned(fit(&train, &held_out, settings))?;
    let calibrator = if settings.calibrate {
        say(Step::Begins("making probabilities true"));
        let probabilities = super::learned(learned.predict(held_out.frame()))?;
        super::learned(calibrator(&probabilities, held_out.labels()))?
    } else {
        Calibrator::Identity
    };
    let model = Model { learned, calibrator };
    say(Step::Begins(&format!("measuring on {} rows", test.rows())));
    let probabilities = super::learned(model.predict(test.frame()))?;
    let measured = super::learned(measure(&probabilities, &test))?;
    let rows = Counts { train: train.rows(), calibration: held_out.rows(), test: test.rows() };
    let way = Way { audit, losses, search: searched };
    Ok(origin.trained(model, data.frame(), rows, way, measured))
}

/// The training rows without the calibration rows, and those: the last ones, or where the split is not by time some of the others.
fn hold_out(data: &Dataset, split: &Split, splitting: Splitting) -> training::Result<(Dataset, Dataset)> {
    let all = data.take(&split.train)?;
    let inner = splitting.split(&all, CALIBRATION_SHARE)?;
    Ok((all.take(&inner.train)?, all.take(&inner.test)?))
}

/// Of the calibrators the one that does best on the second half of the held-out rows when fitted to the first, fitted to all of them.
pub(super) fn calibrator(probabilities: &[f64], labels: &[bool]) -> training::Result<Calibrator> {
    // Alternate rows, so that both halves are of the same days.
    let half = |parity: usize| -> (Vec<f64>, Vec<bool>) {
        let rows = (0..labels.len()).filter(|row| row % 2 == parity);
        rows.map(|row| (probabilities[row], labels[row])).unzip()
    };
    let ((first, first_labels), (second, second_labels)) = (half(0), half(1));
    let (first, second) = (Scores::new(&first, &first_labels, None)?, (second, second_labels));
    let all = Scores::new(probabilities, labels, None)?;
    let loss = |candidate: &Calibrator| -> training::Result<f64> {
        let calibrated = candidate.apply_all(&second.0);
        Ok(log_loss(&Scores::new(&calibrated, &second.1, None)?, &Confidence::default())?.value)
    };
    let platt = Calibrator::platt(&first)?;
    let is_enough = labels.iter().filter(|label| **label).count() >= ISOTONIC_POSITIVES;
    if is_enough && loss(&Calibrator::isotonic(&first)?)? < loss(&platt)? {
        return Calibrator::isotonic(&all);
    }
    Calibrator::platt(&all)
}

/// What test rows show.
pub(super) struct Measured {
    report: Report,
    slices: Vec<SliceReport>,
}

/// Measures probabilities of rows, all together and by the values of those features that have few.
pub(super) fn measure(probabilities: &[f64], test: &Dataset) -> training::Result<Measured> {
    let scores = Scores::new(probabilities, test.labels(), test.weights())?;
    let settings = ReportSettings::default();
    let mut slices = Vec::new();
    for (feature, column) in test.frame().features().filter(|(_, column)| is_sliced(column)) {
        let Column::Categorical(categories) = column else { continue };
        let mut of_feature = by_slice(&scores, categories, &settings)?;
        of_feature.retain(|slice| slice.report.rows >= SLICE_ROWS);
        slices.push(SliceReport { feature: feature.to_owned(), slices: of_feature });
    }
    Ok(Measured { report: Report::of(&scores, &settings)?, slices })
}

/// Whether a feature's values make slices.
pub(super) fn is_sliced(column: &Column) -> bool {
    matches!(column, Column::Categorical(categories) if categories.levels().len() <= SLICE_LEVELS)
}

fn importance(learned: &Learned) -> Vec<(String, f64)> {
    let mut shares = match learned {
        Learned::Forest(forest) => forest.gain_importance(),
        Learned::Boosted(boosted) => boosted.gain_importance(),
        Learned::Logistic(_) | Learned::Blend(_) | Learned::Ftrl(_) | Learned::Ffm(_) => Vec::new(),
    };
    shares.sort_by(|a, b| b.share.total_cmp(&a.share));
    shares.into_iter().map(|importance| (importance.feature, importance.share)).collect()
}

/// The table that a population's rows come from.
fn table_of(population: Population) -> &'static str {
    match population {
        Population::Impressions => "features.click_features",
        Population::Requests => "silver.ad_funnel",
        Population::Criteo => "features.criteo_features",
    }
}
