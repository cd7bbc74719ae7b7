//! A column of categories: one code per row, one text per code.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow_buffer::ScalarBuffer;

use crate::error::{Result, TrainingError};

/// The code of a missing category.
pub const MISSING: u32 = u32::MAX;

/// Categories as codes into a list of distinct levels; [`MISSING`] where there is none. Cheap to clone.
#[derive(Debug, Clone, PartialEq)]
pub struct Categories {
    codes: ScalarBuffer<u32>,
    levels: Arc<[String]>,
}

impl Categories {
    /// From codes and what they mean.
    ///
    /// # Errors
    /// A code that names no level and is not [`MISSING`]; a level that is there twice.
    pub fn new(codes: impl Into<ScalarBuffer<u32>>, levels: impl Into<Arc<[String]>>) -> Result<Self> {
        let (codes, levels) = (codes.into(), levels.into());
        let error = |problem| TrainingError::Categories { feature: "categories".to_owned(), problem };
        if levels.len() >= MISSING as usize {
            return Err(error(format!("{} levels do not fit into codes of 32 bits", levels.len())));
        }
        let mut seen = HashSet::with_capacity(levels.len());
        if let Some(twice) = levels.iter().find(|level| !seen.insert(level.as_str())) {
            return Err(error(format!("the level '{twice}' is there twice")));
        }
        let bad = codes.iter().position(|code| *code != MISSING && *code as usize >= levels.len());
        if let Some(row) = bad {
            return Err(error(format!("row {row} has code {}, but there are {} levels", codes[row], levels.len())));
        }
        Ok(Self { codes, levels })
    }

    /// From one text per row, `None` where it is missing. Levels are numbered as they appear.
    pub fn from_texts<'a>(texts: impl IntoIterator<Item = Option<&'a str>>) -> Self {
        let mut numbers = HashMap::new();
        let mut levels = Vec::new();
        let mut codes = Vec::new();
        for text in texts {
            codes.push(text.map_or(MISSING, |text| {
                *numbers.entry(text).or_insert_with(|| {
                    levels.push(text.to_owned());
                    (levels.len() - 1) as u32
                })
            }));
        }
        Self { codes: codes.into(), levels: levels.into() }
    }

    /// One code per row.
    pub fn codes(&self) -> &[u32] {
        &self.codes
    }

    /// What the codes mean, all distinct. Not every level need be in a row.
    pub fn levels(&self) -> &[String] {
        &self.levels
    }

    /// The level of a row; `None` where it is missing or there is no such row.
    pub fn text(&self, row: usize) -> Option<&str> {
        self.levels.get(*self.codes.get(row)? as usize).map(String::as_str)
    }

    /// The given rows, in that order; rows beyond the end are missing.
    pub(super) fn take(&self, rows: &[u32]) -> Self {
        let codes: Vec<_> = rows.iter().map(|row| self.codes.get(*row as usize).copied().unwrap_or(MISSING)).collect();
        Self { codes: codes.into(), levels: Arc::clone(&self.levels) }
    }
}
