//! Settings of a learner, looked for on folds of the training rows.

use training::search::{Candidate, Search, SearchSettings, search};
use training::{BoostedSettings, Dataset, ForestSettings, Splitting};

use super::learner::{boosted, forest};
use super::settings::{Learner, TrainSettings};
use crate::models::Step;

/// Each candidate is fitted so often at most. By time the first folds learn from few rows.
const FOLDS: usize = 3;

/// Compares a small grid of settings of the learner; gives the best, and how all did. The test rows have no part in it.
pub(super) fn tune(
    train: &Dataset,
    settings: &TrainSettings,
    splitting: Splitting,
    say: &(dyn Fn(Step<'_>) + Sync),
) -> training::Result<(Candidate, Search)> {
    let grid = grid(settings);
    let compared = SearchSettings { splitting, folds: FOLDS, ..SearchSettings::default() };
    let mut done = 0;
    let found = search(train, &grid, &compared, |progress| {
        done += 1;
        let best = progress.best.map(|(candidate, loss)| format!("best so far {}: log loss {loss:.5}", grid[candidate - 1]));
        say(Step::Done { done, of: progress.candidates * progress.folds, note: best.as_deref().unwrap_or_default() });
    })?;
    Ok((grid[found.winner].clone(), found))
}

/// The small grid's candidates of the learner, with what was asked for.
fn grid(settings: &TrainSettings) -> Vec<Candidate> {
    let asked = |candidate| match candidate {
        Candidate::Boosted(BoostedSettings { max_leaves, learning_rate, .. }) => {
            Candidate::Boosted(BoostedSettings { max_leaves, learning_rate, ..boosted(settings) })
        }
        Candidate::Forest(ForestSettings { max_depth, min_samples_leaf, .. }) => {
            Candidate::Forest(ForestSettings { max_depth, min_samples_leaf, ..forest(settings) })
        }
        other => other,
    };
    let is_wanted = |candidate: &Candidate| match candidate {
        Candidate::Forest(_) => settings.learner == Learner::Forest,
        Candidate::Boosted(_) => settings.learner == Learner::Boosted,
        Candidate::Logistic(_) => settings.learner == Learner::Logistic,
    };
    Candidate::small_grid().into_iter().filter(is_wanted).map(asked).collect()
}
