//! Learners for click and churn models, and what tells whether to believe them: arrays in, models and numbers out.
//!
//! Nothing here reads a table, a file, a clock or the environment. The same data, settings and seed give the same bytes for any number
//! of threads; rayon's current pool is used. Bad input is an error that names the thing, never a panic.
//!
//! The nouns, in reading order:
//!
//! - a [`Frame`] is named features of equal length: numbers with NaN for missing, or categories;
//! - a [`Dataset`] is a frame with labels, and optionally weights, event times and groups;
//! - a [`Splitting`] says who learns and who is held out: by time, by group, at random;
//! - an [`audit::Audit`] says, before anything is learned, which features and rows give the label away;
//! - a learner ([`Forest`], [`Boosted`], [`Logistic`], [`Blend`], [`hashed::Ftrl`], [`hashed::Ffm`]) is fitted with plain settings, and then
//!   [`Predict`]s probabilities for frames, or for one row of [`Value`]s;
//! - a [`search`](mod@search) compares learners and settings on folds, and gives up early on those that are clearly worse;
//! - a [`calibrate::Calibrator`] makes them true, [`metrics`] measure them with intervals, [`explain`] says what they rest on;
//! - a [`Model`] is what was learned and its calibrator, as one file, and as one for other programs ([`onnx`]).
//!
//! ```
//! use training::calibrate::Calibrator;
//! use training::metrics::{Confidence, Scores, roc_auc};
//! use training::{ClassWeight, Column, Dataset, Forest, ForestSettings, Frame, Learned, Model, Predict, Splitting};
//!
//! // Clicks in the evening, mostly.
//! let hours: Vec<f64> = (0..400).map(|row| f64::from(row * 7 % 24)).collect();
//! let labels: Vec<bool> = hours.iter().enumerate().map(|(row, hour)| (*hour >= 18.0) != (row % 5 == 0)).collect();
//! let data = Dataset::new(Frame::new([("hour_of_day", Column::from(hours))])?, labels)?.with_times((0..400).collect::<Vec<_>>())?;
//!
//! let split = Splitting::default().split(&data, 0.25)?;
//! let (past, future) = (data.take(&split.train)?, data.take(&split.test)?);
//! let settings = ForestSettings { class_weight: ClassWeight::Balanced, ..ForestSettings::default() };
//! let forest = Forest::fit(&past, &settings)?.forest;
//! let calibrator = Calibrator::prior(forest.drawn_rate(), forest.base_rate())?;
//! let model = Model { learned: Learned::Forest(forest), calibrator };
//!
//! let probabilities = model.predict(future.frame())?;
//! let auc = roc_auc(&Scores::new(&probabilities, future.labels(), None)?, &Confidence::default())?;
//! assert!(auc.low > 0.5);
//! assert_eq!(Model::from_bytes(&model.to_bytes()?)?, model);
//! # Ok::<(), training::TrainingError>(())
//! ```
//!
//! Not here: features, tables (see `lake`).

pub mod audit;
mod bins;
mod blend;
mod boosted;
pub mod calibrate;
mod data;
mod error;
pub mod explain;
mod forest;
pub mod hashed;
mod logistic;
pub mod metrics;
pub mod onnx;
mod predict;
mod random;
pub mod search;
mod split;
mod stored;
mod tree;

pub use bins::{Binner, FeatureBins, Value};
pub use blend::{Blend, BlendSettings};
pub use boosted::{Boosted, BoostedSettings, EarlyStopping, FittedBoosted};
pub use data::{Categories, Column, Dataset, Frame, MISSING};
pub use error::{Result, TrainingError};
pub use forest::{ClassWeight, FittedForest, Forest, ForestSettings, MaxFeatures};
pub use logistic::{Coefficient, CoefficientPart, Logistic, LogisticSettings};
pub use predict::Predict;
pub use split::{Split, Splitting};
pub use stored::{Learned, Model};
pub use tree::{NodeSplit, Tree};
