//! Click models: from feature tables to a model that states probabilities, and from a model back to tables.
//!
//! - [`Rows`] are those of a population, [`examples`] reads them into a data set, in the order of their time;
//! - [`train`] audits, splits, learns, calibrates and measures, as [`TrainSettings`] say, and gives a [`Trained`] model;
//! - a [`ClickModel`] is a model and its [`Card`], all that it takes to make it again, as one file;
//! - [`run_of`] tells of it in MLflow's words, [`Records`] keeps runs, models and their files in the lake;
//! - [`score()`] writes `gold.click_scores`, [`predict()`] answers for one request.

mod card;
mod examples;
mod learner;
mod predict;
mod records;
mod rows;
mod run_of;
mod score;
mod settings;
mod step;
mod stream;
mod train;
mod tune;

pub use card::{Card, CardFeature, ClickModel, Counts, Usual};
pub use examples::examples;
pub use predict::{Answer, Asked, predict};
pub use records::{KnownModel, Records};
pub use rows::Rows;
pub use run_of::run_of;
pub use score::score;
pub use settings::{ClassWeights, Learner, OnLeak, Population, SplitBy, TrainSettings};
pub use step::Step;
pub use train::{Outcome, SliceReport, Trained, train};

/// What went wrong in learning, as an error of the lake's commands.
fn learned<T>(result: training::Result<T>) -> lake::Result<T> {
    result.map_err(lake::LakeError::invalid)
}

/// How many threads learn and predict in this process: so many, or one per core for 0. Only the first call counts.
pub fn use_threads(threads: usize) {
    // An error says that the pool stands already.
    let _ = rayon::ThreadPoolBuilder::new().num_threads(threads).build_global();
}
