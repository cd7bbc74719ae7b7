//! Metrics of rows that belong together: many rows of one customer are no independent evidence.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::confidence::poisson;
use super::ranking::placements;
use super::{Confidence, Estimate, Scores};
use crate::data::same_length;
use crate::error::{Result, TrainingError};
use crate::random::{Purpose, Stream};

/// Scores of the rows of one cut in time, and to whom each row belongs. A group may be in several cuts.
#[derive(Debug, Clone, Copy)]
pub struct Cut<'a> {
    /// The scores.
    pub scores: &'a Scores<'a>,
    /// One group per row.
    pub groups: &'a [u64],
}

/// The mean of the cuts' areas under the ROC curve, each cut counting the same. The interval is bootstrapped over groups: each sample
/// weighs all rows of a group, in all cuts, by one Poisson(1) number of draws.
///
/// # Errors
/// No cuts; groups of another length; a cut with one class alone; a confidence out of range.
pub fn mean_roc_auc(cuts: &[Cut<'_>], confidence: &Confidence) -> Result<Estimate> {
    confidence.check()?;
    if cuts.is_empty() {
        return Err(TrainingError::NoRows { what: "the list of cuts" });
    }
    for cut in cuts {
        same_length("groups", cut.scores.rows(), cut.groups.len())?;
        cut.scores.both_classes()?;
    }
    let value = cuts.iter().map(|cut| placements(cut.scores).0).sum::<f64>() / cuts.len() as f64;
    let mut numbers: BTreeMap<u64, usize> = cuts.iter().flat_map(|cut| cut.groups).map(|group| (*group, 0)).collect();
    numbers.values_mut().enumerate().for_each(|(place, number)| *number = place);
    let places: Vec<Vec<usize>> = cuts.iter().map(|cut| cut.groups.iter().map(|group| numbers[group]).collect()).collect();
    let replicate = |replicate: usize| -> Option<f64> {
        let mut stream = Stream::new(confidence.seed, Purpose::Interval, replicate as u64);
        let draws: Vec<f64> = (0..numbers.len()).map(|_| poisson(&mut stream)).collect();
        let mut sum = 0.0;
        for (cut, places) in cuts.iter().zip(&places) {
            let weights: Vec<f64> = places.iter().enumerate().map(|(row, place)| draws[*place] * cut.scores.weight(row)).collect();
            let drawn = Scores::new(cut.scores.probabilities(), cut.scores.labels(), Some(&weights)).ok()?;
            drawn.both_classes().ok()?;
            sum += placements(&drawn).0;
        }
        Some(sum / cuts.len() as f64)
    };
    let mut means: Vec<f64> = (0..confidence.replicates).into_par_iter().filter_map(replicate).collect();
    means.sort_unstable_by(f64::total_cmp);
    let (low, high) = confidence.quantiles(&means).unwrap_or((0.0, 1.0));
    Ok(Estimate { value, low: low.min(value), high: high.max(value) })
}

/// The sum of one amount per row, with the interval that the spread between groups gives it.
///
/// # Errors
/// Groups of another length; a confidence out of range.
pub fn grouped_total(amounts: &[f64], groups: &[u64], confidence: &Confidence) -> Result<Estimate> {
    confidence.check()?;
    same_length("groups", amounts.len(), groups.len())?;
    let mut sums: BTreeMap<u64, f64> = BTreeMap::new();
    amounts.iter().zip(groups).for_each(|(amount, group)| *sums.entry(*group).or_default() += amount);
    let (value, count) = (sums.values().sum::<f64>(), sums.len() as f64);
    let squares: f64 = sums.values().map(|sum| (sum - value / count).powi(2)).sum();
    // One group alone says nothing about the spread between groups.
    let error = if count > 1.0 { (squares * count / (count - 1.0)).sqrt() } else { f64::INFINITY };
    Ok(Estimate::around(value, confidence.z() * error, (f64::NEG_INFINITY, f64::INFINITY)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::metrics::roc_auc;

    fn drawn(rows: usize, seed: u64) -> (Vec<f64>, Vec<bool>) {
        let mut stream = Stream::new(seed, Purpose::Split, 0);
        let mut row = || {
            let probability = stream.unit();
            (probability, stream.unit() < 0.25 + 0.5 * probability)
        };
        (0..rows).map(|_| row()).unzip()
    }

    #[test]
    fn one_cut_of_single_rows_is_as_sure_as_rows_are_and_repeated_cuts_are_no_surer() {
        let (probabilities, labels) = drawn(800, 1);
        let scores = Scores::new(&probabilities, &labels, None).unwrap();
        let groups: Vec<u64> = (0..800).map(|row| row * 7).collect();
        let confidence = Confidence { replicates: 1000, ..Confidence::default() };
        let plain = roc_auc(&scores, &confidence).unwrap();
        let cut = Cut { scores: &scores, groups: &groups };
        let one = mean_roc_auc(&[cut], &confidence).unwrap();
        assert!((one.value - plain.value).abs() < 1e-12);
        let width = |estimate: &Estimate| estimate.high - estimate.low;
        assert!((width(&one) / width(&plain) - 1.0).abs() < 0.1, "{one:?} {plain:?}");
        let five = mean_roc_auc(&[cut; 5], &confidence).unwrap();
        assert_eq!(five, one);
        // Taken for other customers, the same rows would seem surer than they are.
        let others: Vec<Vec<u64>> = (0..4).map(|cut| groups.iter().map(|group| group + cut + 1).collect()).collect();
        let taken: Vec<_> = others.iter().map(|groups| Cut { scores: &scores, groups }).collect();
        assert!(width(&mean_roc_auc(&taken, &confidence).unwrap()) < 0.6 * width(&one));
    }

    #[test]
    fn totals_of_repeated_rows_are_as_unsure_as_their_groups() {
        let amounts = [3.0, -1.0, 2.0, 2.0, 5.0];
        let confidence = Confidence::default();
        let once = grouped_total(&amounts, &[1, 2, 3, 4, 5], &confidence).unwrap();
        let twice = grouped_total(&[amounts, amounts].concat(), &[1, 2, 3, 4, 5, 1, 2, 3, 4, 5], &confidence).unwrap();
        assert!((once.value - 11.0).abs() < 1e-12 && (twice.value - 22.0).abs() < 1e-12);
        assert!((2.0 * (once.high - once.value) - (twice.high - twice.value)).abs() < 1e-9);
        assert!(grouped_total(&amounts, &[1], &confidence).is_err());
        assert!(mean_roc_auc(&[], &confidence).is_err());
    }
}
