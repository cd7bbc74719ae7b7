//! Learners for click and churn models: arrays in, models and numbers out.
//!
//! The nouns, in reading order:
//!
//! - a [`Frame`] is named features of equal length: numbers with NaN for missing, or categories;
//! - a [`Dataset`] is a frame with labels, and optionally weights, event times and groups;
//! - a learner ([`Forest`]) is fitted to a data set with plain settings, and then [`Predict`]s probabilities for frames.
//!
//! ```
//! use training::{Column, Dataset, Forest, ForestSettings, Frame, Predict};
//!
//! let hours = Column::from(vec![1.0, 2.0, f64::NAN, 20.0, 21.0, 22.0]);
//! let devices = Column::texts([Some("phone"), Some("phone"), None, Some("tablet"), Some("tablet"), Some("phone")]);
//! let frame = Frame::new([("hour_of_day", hours), ("device", devices)])?;
//! let data = Dataset::new(frame.clone(), [false, false, false, true, true, true])?;
//! let fitted = Forest::fit(&data, &ForestSettings::default())?;
//! let probabilities = fitted.forest.predict(&frame)?;
//! assert!(probabilities[0] < 0.5 && probabilities[4] > 0.5);
//! # Ok::<(), training::TrainingError>(())
//! ```
#![allow(dead_code)] // what boosting needs of the tree comes before it
mod bins;
pub mod calibrate;
mod data;
mod error;
pub mod explain;
mod forest;
mod logistic;
pub mod metrics;
mod predict;
mod random;
mod split;
mod tree;
pub use bins::{Binner, FeatureBins, Value};
pub use data::{Categories, Column, Dataset, Frame, MISSING};
pub use error::{Result, TrainingError};
pub use forest::{ClassWeight, FittedForest, Forest, ForestSettings, MaxFeatures};
pub use logistic::{Coefficient, CoefficientPart, Logistic, LogisticSettings};
pub use predict::Predict;
pub use split::{Split, Splitting};
pub use tree::{NodeSplit, Tree};
