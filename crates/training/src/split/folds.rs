//! Several splits of the same rows, for cross-validation.

use super::{Split, Splitting, by_row, by_time, checked_gap, groups, not_empty, shuffled, times, unit_of_group};
use crate::data::Dataset;
use crate::error::{Result, TrainingError};

impl Splitting {
    /// `count` splits, at least 2. By group and at random every row is in the test side of exactly one. By time the rows are cut
    /// into `count + 1` stretches of about equal size; each but the first is tested once, by what came before it.
    ///
    /// # Errors
    /// A count or gap out of range; no times or groups where they are needed; a side without rows.
    pub fn folds(&self, data: &Dataset, count: usize) -> Result<Vec<Split>> {
        if count < 2 || count > data.rows() {
            let expected = "at least 2 and at most the number of rows";
            return Err(TrainingError::Setting { setting: "folds", value: count.to_string(), expected });
        }
        let folds: Vec<_> = match self {
            Self::Time { gap } => {
                let (times, gap) = (times(data)?, checked_gap(*gap)?);
                let mut sorted = times.to_vec();
                sorted.sort_unstable();
                let cut = |stretch: usize| sorted.get(sorted.len() * stretch / (count + 1)).copied();
                let fold = |stretch| Some(by_time(times, gap, cut(stretch)?, (stretch < count).then(|| cut(stretch + 1)).flatten()));
                (1..=count).filter_map(fold).collect()
            }
            Self::Group { seed } => {
                let groups = groups(data)?;
                let fold_of: Vec<_> = groups.iter().map(|group| (unit_of_group(*seed, *group) * count as f64) as usize).collect();
                (0..count).map(|fold| by_row(data.rows(), |row| fold_of[row] == fold)).collect()
            }
            Self::Random { seed } => {
                let mut fold_of = vec![0; data.rows()];
                shuffled(data.rows(), *seed).iter().enumerate().for_each(|(place, row)| fold_of[*row as usize] = place % count);
                (0..count).map(|fold| by_row(data.rows(), |row| fold_of[row] == fold)).collect()
            }
        };
        folds.into_iter().map(not_empty).collect()
    }
}
