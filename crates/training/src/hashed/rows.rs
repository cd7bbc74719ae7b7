//! Batches as slots.

use std::ops::Range;

use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;
use rayon::prelude::*;

use super::fields::Fields;
use crate::data::{Column, Frame};
use crate::error::{Result, TrainingError};

/// Rows as slots, one per field: what the learners see of a batch.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HashedRows {
    width: usize,
    slots: Vec<u32>,
}

/// Rows that one thread hashes at a time.
const CHUNK: usize = 1024;

impl HashedRows {
    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.slots.len() / self.width.max(1)
    }

    /// The slots of each row, in the order of the fields.
    pub fn iter(&self) -> impl Iterator<Item = &[u32]> {
        self.slots.chunks_exact(self.width.max(1))
    }

    pub(super) fn par_iter(&self) -> impl IndexedParallelIterator<Item = &[u32]> {
        self.slots.par_chunks_exact(self.width.max(1))
    }
}

/// Columns found by name, whose rows can be hashed.
pub(super) struct Bound<'a> {
    fields: &'a Fields,
    columns: Vec<Source<'a>>,
}

/// Where a field's values come from.
enum Source<'a> {
    Numbers(Column),
    /// The slots of the levels, each hashed once.
    Levels(Column, Vec<u32>),
    /// Categories of which there are more levels than rows.
    Categories(Column),
    Texts(&'a dyn Array),
}

impl<'a> Bound<'a> {
    /// The columns of a frame.
    pub(super) fn of_frame(fields: &'a Fields, frame: &Frame) -> Result<Self> {
        let bind = |(field, name): (usize, &String)| Ok(Source::of_column(fields, field, frame.column(name)?.clone()));
        Ok(Self { fields, columns: fields.names().iter().enumerate().map(bind).collect::<Result<_>>()? })
    }

    /// The columns of a batch; texts are hashed where they stand.
    pub(super) fn of_batch(fields: &'a Fields, batch: &'a RecordBatch) -> Result<Self> {
        let bind = |(field, name): (usize, &String)| {
            let missing = || TrainingError::MissingFeature { feature: name.clone() };
            let array = batch.column_by_name(name).ok_or_else(missing)?.as_ref();
            Ok(match array.data_type() {
                DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Source::Texts(array),
                _ => Source::of_column(fields, field, Column::from_arrow(array)?),
            })
        };
        Ok(Self { fields, columns: fields.names().iter().enumerate().map(bind).collect::<Result<_>>()? })
    }

    /// Hashes some of the rows in place of what was in `into`.
    pub(super) fn hash(&self, rows: Range<usize>, into: &mut HashedRows) {
        into.width = self.columns.len();
        into.slots.clear();
        into.slots.resize(rows.len() * into.width, 0);
        let hash = |(number, slots): (usize, &mut [u32])| {
            let first = rows.start + number * CHUNK;
            for (field, column) in self.columns.iter().enumerate() {
                column.hash(self.fields, field, first, slots.iter_mut().skip(field).step_by(self.columns.len()));
            }
        };
        into.slots.par_chunks_mut(CHUNK * into.width).enumerate().for_each(hash);
    }
}

impl Source<'_> {
    fn of_column(fields: &Fields, field: usize, column: Column) -> Self {
        match &column {
            Column::Categorical(categories) if categories.codes().len() < categories.levels().len() => Self::Categories(column),
            Column::Categorical(categories) => {
                let levels = categories.levels().iter().map(|level| fields.text(field, level)).collect();
                Self::Levels(column, levels)
            }
            Column::F32(_) | Column::F64(_) => Self::Numbers(column),
        }
    }

    /// Hashes rows from `first` on, as many as there are slots.
    fn hash<'s>(&self, fields: &Fields, field: usize, first: usize, slots: impl Iterator<Item = &'s mut u32>) {
        let missing = fields.missing(field);
        let rows = (first..).zip(slots);
        match self {
            Self::Numbers(column) => {
                rows.for_each(|(row, slot)| *slot = column.number(row).map_or(missing, |number| fields.number(field, number)));
            }
            Self::Levels(column, levels) => {
                let Column::Categorical(categories) = column else { return };
                let level = |row: usize| levels.get(*categories.codes().get(row)? as usize).copied();
                rows.for_each(|(row, slot)| *slot = level(row).unwrap_or(missing));
            }
            Self::Categories(column) => {
                let Column::Categorical(categories) = column else { return };
                rows.for_each(|(row, slot)| *slot = categories.text(row).map_or(missing, |level| fields.text(field, level)));
            }
            Self::Texts(array) => {
                let hash = |text: &str| fields.text(field, text);
                macro_rules! hash_all {
                    ($texts:expr) => {{
                        let texts = $texts;
                        rows.for_each(|(row, slot)| *slot = if texts.is_null(row) { missing } else { hash(texts.value(row)) });
                    }};
                }
                match array.data_type() {
                    DataType::LargeUtf8 => hash_all!(array.as_string::<i64>()),
                    DataType::Utf8View => hash_all!(array.as_string_view()),
                    _ => hash_all!(array.as_string::<i32>()),
                }
            }
        }
    }
}
