//! Features with labels, and what else is known of each row.

use super::Frame;
use crate::error::{Result, TrainingError};

/// Features with one label per row (true = clicked), and optionally weights, event times and groups.
#[derive(Debug, Clone)]
pub struct Dataset {
    frame: Frame,
    labels: Vec<bool>,
    weights: Option<Vec<f64>>,
    times: Option<Vec<i64>>,
    groups: Option<Vec<u64>>,
}

impl Dataset {
    /// Puts features and labels together.
    ///
    /// # Errors
    /// No rows; lengths that differ.
    pub fn new(frame: Frame, labels: impl Into<Vec<bool>>) -> Result<Self> {
        let labels = labels.into();
        if frame.rows() == 0 {
            return Err(TrainingError::NoRows { what: "the data set" });
        }
        same_length("labels", frame.rows(), labels.len())?;
        Ok(Self { frame, labels, weights: None, times: None, groups: None })
    }

    /// How much each row counts: finite, not negative, not all zero. Without weights every row counts 1.
    ///
    /// # Errors
    /// Lengths that differ; a weight that is negative, NaN or infinite; no positive weight.
    pub fn with_weights(mut self, weights: impl Into<Vec<f64>>) -> Result<Self> {
        let weights = weights.into();
        same_length("weights", self.rows(), weights.len())?;
        check_weights(&weights)?;
        self.weights = Some(weights);
        Ok(self)
    }

    /// When each row happened, in any unit; splits by time order by it.
    ///
    /// # Errors
    /// Lengths that differ.
    pub fn with_times(mut self, times: impl Into<Vec<i64>>) -> Result<Self> {
        let times = times.into();
        same_length("times", self.rows(), times.len())?;
        self.times = Some(times);
        Ok(self)
    }

    /// To whom each row belongs (a user, as a number); splits by group keep a group together.
    ///
    /// # Errors
    /// Lengths that differ.
    pub fn with_groups(mut self, groups: impl Into<Vec<u64>>) -> Result<Self> {
        let groups = groups.into();
        same_length("groups", self.rows(), groups.len())?;
        self.groups = Some(groups);
        Ok(self)
    }

    /// How many rows it has, at least 1 unless it was [taken](Self::take) without any.
    pub fn rows(&self) -> usize {
        self.frame.rows()
    }

    /// The features.
    pub fn frame(&self) -> &Frame {
        &self.frame
    }

    /// One label per row.
    pub fn labels(&self) -> &[bool] {
        &self.labels
    }

    /// One weight per row, if given.
    pub fn weights(&self) -> Option<&[f64]> {
        self.weights.as_deref()
    }

    /// One time per row, if given.
    pub fn times(&self) -> Option<&[i64]> {
        self.times.as_deref()
    }

    /// One group per row, if given.
    pub fn groups(&self) -> Option<&[u64]> {
        self.groups.as_deref()
    }

    /// The weight of a row: 1 without weights.
    pub fn weight(&self, row: usize) -> f64 {
        self.weights.as_ref().map_or(1.0, |weights| weights.get(row).copied().unwrap_or(0.0))
    }

    /// The given rows, in that order, with everything known of them.
    ///
    /// # Errors
    /// No rows; a row beyond the end.
    pub fn take(&self, rows: &[u32]) -> Result<Self> {
        if rows.is_empty() {
            return Err(TrainingError::NoRows { what: "the selection" });
        }
        if let Some(place) = rows.iter().position(|row| *row as usize >= self.rows()) {
            let value = f64::from(rows[place]);
            return Err(TrainingError::Value { what: "row number", row: place, value, expected: "less than the number of rows" });
        }
        fn chosen<T: Copy>(values: &[T], rows: &[u32]) -> Vec<T> {
            rows.iter().map(|row| values[*row as usize]).collect()
        }
        Ok(Self {
            frame: self.frame.take(rows),
            labels: chosen(&self.labels, rows),
            weights: self.weights.as_ref().map(|weights| chosen(weights, rows)),
            times: self.times.as_ref().map(|times| chosen(times, rows)),
            groups: self.groups.as_ref().map(|groups| chosen(groups, rows)),
        })
    }

    /// The share of positive weight, from 0 to 1 (both excluded).
    ///
    /// # Errors
    /// One class has no weight: nothing can be learned.
    pub fn base_rate(&self) -> Result<f64> {
        let (mut positive, mut all) = (0.0, 0.0);
        let (mut any_positive, mut any_negative) = (false, false);
        for (row, label) in self.labels.iter().enumerate() {
            let weight = self.weight(row);
            all += weight;
            if *label {
                positive += weight;
            }
            any_positive |= *label && weight > 0.0;
            any_negative |= !*label && weight > 0.0;
        }
        if any_positive && any_negative {
            Ok(positive / all)
        } else {
            Err(TrainingError::OneClass { label: any_positive, rows: self.rows() })
        }
    }
}

/// Checks that a vector has one entry per row.
pub(crate) fn same_length(what: &str, expected: usize, found: usize) -> Result<()> {
    if expected == found { Ok(()) } else { Err(TrainingError::Lengths { what: what.to_owned(), expected, found }) }
}

/// Checks that weights are finite, not negative and not all zero.
pub(crate) fn check_weights(weights: &[f64]) -> Result<()> {
    if let Some(row) = weights.iter().position(|weight| !(weight.is_finite() && *weight >= 0.0)) {
        return Err(TrainingError::Value { what: "weight", row, value: weights[row], expected: "a finite number, not negative" });
    }
    if weights.iter().all(|weight| *weight == 0.0) && !weights.is_empty() {
        return Err(TrainingError::Value { what: "weight", row: 0, value: 0.0, expected: "at least one weight above 0" });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::{Categories, Column, MISSING};
    use super::*;

    fn frame(values: Vec<f64>) -> Frame {
        Frame::new([("x", Column::from(values))]).unwrap()
    }

    #[test]
    fn what_does_not_fit_together_is_an_error_that_names_it() {
        let two = || Column::from(vec![1.0, 2.0]);
        let cases = [
            (Frame::new(Vec::<(String, Column)>::new()).map(drop), "there are no features: name at least one column"),
            (
                Frame::new([("a", two()), ("b", vec![1.0_f32].into())]).map(drop),
                "feature `b` has 1 rows, expected 2: every column needs one value per row",
            ),
            (Frame::new([("a", two()), ("a", two())]).map(drop), "feature `a` is there twice: rename or drop one"),
            (
                Frame::new([("a", Column::from(vec![1.0, f64::NEG_INFINITY]))]).map(drop),
                "feature `a` is -inf in row 1: replace infinite values by a number or by NaN for missing",
            ),
            (
                Dataset::new(frame(vec![1.0]), [true, false]).map(drop),
                "labels has 2 rows, expected 1: every column needs one value per row",
            ),
            (Dataset::new(frame(vec![]), []).map(drop), "the data set has no rows: widen the period or the filter"),
            (
                Dataset::new(frame(vec![1.0, 2.0]), [true, true]).unwrap().base_rate().map(drop),
                "all 2 rows with weight have the label true: a classifier and its metrics need both classes",
            ),
            (
                Dataset::new(frame(vec![1.0]), [true]).unwrap().with_weights([-1.0]).map(drop),
                "weight is -1 in row 0, expected a finite number, not negative",
            ),
            (Categories::new(vec![0, 2], vec!["a".to_owned()]).map(drop), "feature `categories`: row 1 has code 2, but there are 1 levels"),
            (
                Categories::new(vec![0], vec!["a".to_owned(), "a".to_owned()]).map(drop),
                "feature `categories`: the level 'a' is there twice",
            ),
        ];
        for (result, message) in cases {
            assert_eq!(result.unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn rows_are_taken_with_all_that_is_known_of_them() {
        let frame = Frame::new([("x", Column::from(vec![1.0, f64::NAN, 3.0])), ("c", Column::texts([Some("a"), None, Some("b")]))]);
        let all = Dataset::new(frame.unwrap(), [true, false, true]).unwrap();
        let all = all.with_weights([1.0, 2.0, 3.0]).unwrap().with_times([10, 20, 30]).unwrap().with_groups([7, 8, 9]).unwrap();
        let taken = all.take(&[2, 1, 2]).unwrap();
        assert_eq!(taken.labels(), [true, false, true]);
        assert_eq!(taken.weights().unwrap(), [3.0, 2.0, 3.0]);
        assert_eq!(taken.times().unwrap(), [30, 20, 30]);
        assert_eq!(taken.groups().unwrap(), [9, 8, 9]);
        let numbers: Vec<_> = (0..3).map(|row| taken.frame().columns()[0].number(row)).collect();
        assert_eq!(numbers, [Some(3.0), None, Some(3.0)]);
        let Column::Categorical(categories) = taken.frame().column("c").unwrap() else { unreachable!() };
        assert_eq!(categories.codes(), [1, MISSING, 1]);
        assert!(all.take(&[]).is_err() && all.take(&[3]).is_err());
    }

    #[test]
    fn the_base_rate_is_weighted() {
        let data = Dataset::new(frame(vec![1.0, 2.0, 3.0]), [true, false, false]).unwrap();
        assert!((data.base_rate().unwrap() - 1.0 / 3.0).abs() < 1e-15);
        let weighted = data.clone().with_weights([2.0, 1.0, 1.0]).unwrap();
        assert!((weighted.base_rate().unwrap() - 0.5).abs() < 1e-15);
        assert!(data.with_weights([0.0, 1.0, 1.0]).unwrap().base_rate().is_err(), "a class without weight is no class");
    }
}
