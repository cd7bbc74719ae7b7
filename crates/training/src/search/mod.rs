//! Cross-validated search over a small grid of settings: which candidate has the lowest log loss on rows it did not learn from.
//!
//! The folds are worked through one after the other, all candidates on the same rows, so candidates are compared by the differences of
//! their losses row by row, which are far surer than the losses themselves. One that is clearly worse is not fitted again: after two
//! folds or more it is dropped if it was worse than the leader in each of them, and if its mean difference is more than chance makes of
//! equals ([`SearchSettings::false_drop`]). By time the first folds are the cheap ones.
//!
//! ```
//! use training::search::{Candidate, SearchSettings, search};
//! use training::{Column, Dataset, ForestSettings, Frame, LogisticSettings, Splitting};
//!
//! // Clicks at both ends of the day: no straight line will do.
//! let hours: Vec<f64> = (0..600).map(|row| f64::from(row * 7 % 24)).collect();
//! let labels: Vec<bool> = hours.iter().enumerate().map(|(row, hour)| (*hour < 6.0 || *hour >= 18.0) != (row % 5 == 0)).collect();
//! let data = Dataset::new(Frame::new([("hour_of_day", Column::from(hours))])?, labels)?;
//!
//! let forest = ForestSettings { n_estimators: 10, max_depth: Some(3), ..ForestSettings::default() };
//! let candidates = [Candidate::Logistic(LogisticSettings::default()), Candidate::Forest(forest)];
//! let settings = SearchSettings { splitting: Splitting::Random { seed: 1 }, ..SearchSettings::default() };
//! let found = search(&data, &candidates, &settings, |progress| assert!(progress.fold <= progress.folds))?;
//! assert_eq!(found.winner, 1);
//! let model = candidates[found.winner].fit(&data)?;
//! # Ok::<(), training::TrainingError>(())
//! ```

mod candidate;
mod paired;

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal};

pub use candidate::Candidate;

use crate::data::{Dataset, Frame};
use crate::error::{Result, TrainingError};
use crate::metrics::{Scores, loss};
use crate::predict::Predict;
use crate::split::{Split, Splitting};
use paired::{Mean, Paired};

/// How candidates are compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SearchSettings {
    /// How the folds are made; by time the window of training rows expands.
    pub splitting: Splitting,
    /// Folds, at least 2.
    pub folds: usize,
    /// The chance at most that a candidate as good as the best is dropped before it has seen all folds; candidates and folds share it.
    /// From 0 (none is ever dropped) to below 1.
    pub false_drop: f64,
}

impl Default for SearchSettings {
    fn default() -> Self {
        Self { splitting: Splitting::default(), folds: 5, false_drop: 0.01 }
    }
}

/// Where a search is, told after each fit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// The candidate that was fitted, from 1.
    pub candidate: usize,
    /// All candidates.
    pub candidates: usize,
    /// The fold it was measured on, from 1.
    pub fold: usize,
    /// All folds.
    pub folds: usize,
    /// The leader after the folds that are done, from 1, and its log loss; `None` in the first.
    pub best: Option<(usize, f64)>,
}

/// What a search found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Search {
    /// One per candidate, in their order.
    pub trials: Vec<Trial>,
    /// The candidate with the lowest log loss over all folds; of equals the first.
    pub winner: usize,
}

/// How a candidate did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Its log loss in each fold that it was fitted for; fewer than there are folds if it was dropped.
    pub folds: Vec<f64>,
    /// The mean log loss of the rows of these folds, in nats.
    pub log_loss: f64,
    /// Its standard error. Where rows have groups, these count as independent, not the rows.
    pub standard_error: f64,
    /// How much higher it is than that of the leader: of the winner, or of who led when it was dropped.
    pub behind: f64,
    /// The standard error of that difference, for the same rows.
    pub behind_error: f64,
}

impl Trial {
    fn is_complete(&self, folds: usize) -> bool {
        self.folds.len() == folds
    }
}

/// Compares candidates on folds of the data.
///
/// # Errors
/// No candidates; a setting out of range; folds that cannot be made; training rows of one class in a fold; a candidate that cannot be
/// fitted.
pub fn search(data: &Dataset, candidates: &[Candidate], settings: &SearchSettings, progress: impl FnMut(Progress)) -> Result<Search> {
    check(candidates.len(), settings.false_drop)?;
    let folds = settings.splitting.folds(data, settings.folds)?;
    let fit = |candidate: &Candidate, training: &Dataset, held_out: &Frame| candidate.fit(training)?.predict(held_out);
    search_with(data, candidates, &folds, settings.false_drop, fit, progress)
}

/// Compares candidates of any kind on given folds. `fit` learns from the rows it is given and gives the probabilities of others. It is
/// called for one candidate at a time.
///
/// # Errors
/// As [`search`], and those of `fit`, with the candidate and the fold; probabilities that are none.
pub fn search_with<C>(
    data: &Dataset,
    candidates: &[C],
    folds: &[Split],
    false_drop: f64,
    mut fit: impl FnMut(&C, &Dataset, &Frame) -> Result<Vec<f64>>,
    mut progress: impl FnMut(Progress),
) -> Result<Search> {
    check(candidates.len(), false_drop)?;
    if folds.is_empty() {
        return Err(TrainingError::Setting { setting: "folds", value: "0".to_owned(), expected: "at least 1" });
    }
    for (fold, split) in folds.iter().enumerate() {
        one_class(data, split, fold, folds.len())?;
    }
    let mut race = Race::new(candidates.len(), folds.len(), false_drop);
    for (fold, split) in folds.iter().enumerate() {
        let (training, held_out) = (data.take(&split.train)?, data.take(&split.test)?);
        let mut losses = vec![None; candidates.len()];
        for candidate in race.running.clone() {
            let fitted = fit(&candidates[candidate], &training, held_out.frame());
            let measured = fitted.and_then(|probabilities| row_losses(&probabilities, &held_out));
            let at = |source| TrainingError::Candidate { candidate: candidate + 1, fold: fold + 1, source: Box::new(source) };
            losses[candidate] = Some(measured.map_err(at)?);
            let best = race.leader().map(|(leader, mean)| (leader + 1, mean.value));
            progress(Progress { candidate: candidate + 1, candidates: candidates.len(), fold: fold + 1, folds: folds.len(), best });
        }
        race.add(&losses, &held_out);
    }
    race.finish()
}

fn check(candidates: usize, false_drop: f64) -> Result<()> {
    if candidates == 0 {
        return Err(TrainingError::NoCandidates);
    }
    if !(0.0..1.0).contains(&false_drop) {
        let expected = "from 0 to below 1";
        return Err(TrainingError::Setting { setting: "false_drop", value: false_drop.to_string(), expected });
    }
    Ok(())
}

/// Says so before anything is fitted.
fn one_class(data: &Dataset, split: &Split, fold: usize, folds: usize) -> Result<()> {
    let with_weight = || split.train.iter().filter(|row| data.weight(**row as usize) > 0.0);
    let positives = with_weight().filter(|row| data.labels().get(**row as usize) == Some(&true)).count();
    if positives > 0 && positives < with_weight().count() {
        return Ok(());
    }
    Err(TrainingError::FoldOfOneClass { fold: fold + 1, folds, label: positives > 0, rows: with_weight().count() })
}

/// Weight times loss of each row.
fn row_losses(probabilities: &[f64], held_out: &Dataset) -> Result<Vec<f64>> {
    let scores = Scores::new(probabilities, held_out.labels(), held_out.weights())?;
    Ok(scores.iter().map(|(probability, label, weight)| weight * loss(probability, label)).collect())
}

/// The candidates that are still there, and what is known of all.
struct Race {
    running: Vec<usize>,
    trials: Vec<Trial>,
    paired: Paired,
    folds: usize,
    /// How many standard errors behind is too far.
    errors: f64,
}

impl Race {
    fn new(candidates: usize, folds: usize, false_drop: f64) -> Self {
        // Any candidate may lead by luck and any other be dropped for it, after each fold but the first and the last.
        let pairs = candidates * candidates.saturating_sub(1) / 2;
        let chances = (pairs * folds.saturating_sub(2)).max(1) as f64;
        let errors = if false_drop > 0.0 { -Normal::standard().inverse_cdf((false_drop / chances).min(0.5)) } else { f64::INFINITY };
        let trial = Trial { folds: Vec::new(), log_loss: 0.0, standard_error: 0.0, behind: 0.0, behind_error: 0.0 };
        Self { running: (0..candidates).collect(), trials: vec![trial; candidates], paired: Paired::new(candidates), folds, errors }
    }

    fn done(&self) -> usize {
        self.running.first().map_or(0, |candidate| self.trials[*candidate].folds.len())
    }

    /// Who has the lowest loss so far; of equals the first.
    fn leader(&self) -> Option<(usize, Mean)> {
        if self.done() == 0 {
            return None;
        }
        let means = self.running.iter().map(|candidate| (*candidate, self.paired.mean(*candidate)));
        means.min_by(|a, b| a.1.value.total_cmp(&b.1.value))
    }

    /// Adds a fold, and drops who is too far behind.
    fn add(&mut self, losses: &[Option<Vec<f64>>], held_out: &Dataset) {
        let weights: Vec<_> = (0..held_out.rows()).map(|row| held_out.weight(row)).collect();
        let weight: f64 = weights.iter().sum();
        for candidate in &self.running {
            let sum: f64 = losses[*candidate].iter().flatten().sum();
            self.trials[*candidate].folds.push(sum / weight);
        }
        self.paired.add(losses, &weights, held_out.groups());
        let Some((leader, _)) = self.leader() else { return };
        for candidate in self.running.clone() {
            let (mean, behind) = (self.paired.mean(candidate), self.paired.difference(candidate, leader));
            let trial = &mut self.trials[candidate];
            (trial.log_loss, trial.standard_error) = (mean.value, mean.error);
            (trial.behind, trial.behind_error) = (behind.value, behind.error);
        }
        let done = self.done();
        if done >= 2 && done < self.folds {
            let best = self.trials[leader].folds.clone();
            let is_worse = |trial: &Trial| trial.folds.iter().zip(&best).all(|(own, best)| own > best);
            let (trials, errors) = (&self.trials, self.errors);
            self.running.retain(|candidate| {
                let trial = &trials[*candidate];
                !(is_worse(trial) && trial.behind > errors * trial.behind_error)
            });
        }
    }

    fn finish(self) -> Result<Search> {
        let complete = self.trials.iter().enumerate().filter(|(_, trial)| trial.is_complete(self.folds));
        let winner = complete.min_by(|a, b| a.1.log_loss.total_cmp(&b.1.log_loss)).map(|(winner, _)| winner);
        Ok(Search { winner: winner.ok_or(TrainingError::NoCandidates)?, trials: self.trials })
    }
}

#[cfg(test)]
mod tests;
