//! One feature's values.

use arrow_buffer::ScalarBuffer;

use super::Categories;

/// One feature's values, one per row. Cheap to clone: the buffers are shared, with Arrow arrays too.
#[derive(Debug, Clone)]
pub enum Column {
    /// Numbers of 32 bits, NaN where missing.
    F32(ScalarBuffer<f32>),
    /// Numbers of 64 bits, NaN where missing.
    F64(ScalarBuffer<f64>),
    /// Categories, some of them perhaps missing.
    Categorical(Categories),
}

impl Column {
    /// A categorical column from one text per row.
    pub fn texts<'a>(texts: impl IntoIterator<Item = Option<&'a str>>) -> Self {
        Self::Categorical(Categories::from_texts(texts))
    }

    /// How many rows it has.
    pub fn len(&self) -> usize {
        match self {
            Self::F32(values) => values.len(),
            Self::F64(values) => values.len(),
            Self::Categorical(categories) => categories.codes().len(),
        }
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// `a number` or `a category`, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::F32(_) | Self::F64(_) => "a number",
            Self::Categorical(_) => "a category",
        }
    }

    /// The number in a row; `None` where it is missing, a category, or beyond the end.
    pub fn number(&self, row: usize) -> Option<f64> {
        let value = match self {
            Self::F32(values) => f64::from(*values.get(row)?),
            Self::F64(values) => *values.get(row)?,
            Self::Categorical(_) => return None,
        };
        (!value.is_nan()).then_some(value)
    }

    /// The first infinite value, with its row.
    pub(super) fn infinite(&self) -> Option<(usize, f64)> {
        match self {
            Self::F32(values) => values.iter().position(|value| value.is_infinite()).map(|row| (row, f64::from(values[row]))),
            Self::F64(values) => values.iter().position(|value| value.is_infinite()).map(|row| (row, values[row])),
            Self::Categorical(_) => None,
        }
    }

    /// The given rows, in that order; rows beyond the end are missing.
    pub fn take(&self, rows: &[u32]) -> Self {
        match self {
            Self::F32(values) => {
                Self::F32(rows.iter().map(|row| values.get(*row as usize).copied().unwrap_or(f32::NAN)).collect::<Vec<_>>().into())
            }
            Self::F64(values) => {
                Self::F64(rows.iter().map(|row| values.get(*row as usize).copied().unwrap_or(f64::NAN)).collect::<Vec<_>>().into())
            }
            Self::Categorical(categories) => Self::Categorical(categories.take(rows)),
        }
    }
}

impl From<Vec<f32>> for Column {
    fn from(values: Vec<f32>) -> Self {
        Self::F32(values.into())
    }
}

impl From<Vec<f64>> for Column {
    fn from(values: Vec<f64>) -> Self {
        Self::F64(values.into())
    }
}

impl From<Categories> for Column {
    fn from(categories: Categories) -> Self {
        Self::Categorical(categories)
    }
}
