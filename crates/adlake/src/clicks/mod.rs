//! Click models: from feature tables to a model that states probabilities, and from a model back to tables.
//!
//! - [`rows_of`] a population are read into a data set by [`examples`](crate::models::examples), in the order of their time;
//! - [`train`] audits, splits, learns, calibrates and measures, as [`TrainSettings`] say, and gives a [`Trained`] model;
//! - a [`ClickModel`] is a model and its [`Card`], all that it takes to make it again, as one file;
//! - [`run_of`] tells of it in MLflow's words;
//! - [`score()`] writes `gold.click_scores`, [`predict()`] answers for one request.

mod card;
mod facts;
mod learner;
mod predict;
mod rows;
mod run_of;
mod score;
mod settings;
mod stream;
mod train;
mod tune;

pub use card::{Card, ClickModel, Counts};
pub use predict::{Answer, Asked, predict};
pub use rows::rows_of;
pub use run_of::run_of;
pub use score::score;
pub use settings::{ClassWeights, Learner, Population, SplitBy, TrainSettings};
pub use train::{Outcome, SliceReport, Trained, train, train_by};

use crate::models::learned;
