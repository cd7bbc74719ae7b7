//! A first look at the files of a table: their columns, and how these meet in the table's.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Cursor, Read};

use bytes::Bytes;
use lake::datafusion::arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use lake::{Location, raw_type, sql_type};
use sources::files::{BlockReader, FileError, Format, Layout, ParquetRows, WorkbookRows, discover};

use crate::discover::SourceFile;
use crate::feed::Trouble;
use crate::fit::takes;
use crate::open::{Place, open};

/// The columns that the files of a table have together.
pub(crate) struct Columns<'a> {
    /// The table as it stands.
    standing: Option<&'a Schema>,
    /// Columns that the table has whether the source has them or not.
    expected: &'a [(String, String)],
    fields: Vec<Field>,
    notes: BTreeSet<String>,
}

impl<'a> Columns<'a> {
    pub fn new(standing: Option<&'a Schema>, expected: &'a [(String, String)]) -> Self {
        Self { standing, expected, fields: Vec::new(), notes: BTreeSet::new() }
    }

    /// Adds the columns of a file: spelled as in the table, in its contract or in an earlier file, whatever their case, and
    /// of the table's type. New columns on whose types the files disagree are text, as received.
    ///
    /// # Errors
    /// Why the file cannot be taken; nothing is added then.
    pub fn add(&mut self, columns: &[Field]) -> Result<(), String> {
        let mut added: Vec<(Option<usize>, Field)> = Vec::new();
        for column in columns {
            let (name, stands) = self.known(column.name());
            let earlier = self.fields.iter().position(|f| f.name() == &name);
            let given = column.data_type();
            let stored = raw_type(given);
            let target = match (stands, earlier.and_then(|at| self.fields.get(at))) {
                (Some(stands), _) => stands,
                (None, Some(earlier)) if stored.as_ref() == Some(earlier.data_type()) => earlier.data_type().clone(),
                (None, Some(earlier)) => {
                    let text = DataType::Utf8View;
                    if !takes(given, &text) || !takes(earlier.data_type(), &text) {
                        return Err(format!(
                            "column {name} is {} here and {} in other new files; give it one type, or the file a table of its own with [[source.table]]",
                            sql_type(given),
                            sql_type(earlier.data_type())
                        ));
                    }
                    text
                }
                (None, None) => stored.ok_or_else(|| {
                    format!("column {name} of type {} cannot be kept in a Delta table; write it as a number or text", sql_type(given))
                })?,
            };
            if !takes(given, &target) {
                return Err(format!(
                    "column {name} of type {} cannot become {}, its type in the table; write it so, or give the file a table of its own with [[source.table]]",
                    sql_type(given),
                    sql_type(&target)
                ));
            }
            if matches!((given, &target), (DataType::Timestamp(TimeUnit::Nanosecond, _), DataType::Timestamp(_, _))) {
                self.notes.insert(format!("column {name} has instants in nanoseconds, kept to the microsecond"));
            }
            if name != *column.name() {
                self.notes.insert(format!("column {} is taken as {name}: names are the same whatever their case", column.name()));
            }
            added.push((earlier, Field::new(name, target, true)));
        }
        for (earlier, field) in added {
            match earlier.and_then(|at| self.fields.get_mut(at)) {
                Some(known) => *known = field,
                None => self.fields.push(field),
            }
        }
        Ok(())
    }

    /// How a column is spelled, and its type where the table has it.
    fn known(&self, name: &str) -> (String, Option<DataType>) {
        let lower = name.to_lowercase();
        if let Some(stands) = self.standing.and_then(|s| s.fields().iter().find(|f| f.name().to_lowercase() == lower)) {
            return (stands.name().clone(), Some(stands.data_type().clone()));
        }
        let mut spelled = self.expected.iter().map(|(n, _)| n).chain(self.fields.iter().map(Field::name));
        (spelled.find(|n| n.to_lowercase() == lower).cloned().unwrap_or_else(|| name.to_owned()), None)
    }

    /// The columns, and what is worth noting about them.
    pub fn finish(self) -> (Vec<Field>, Vec<String>) {
        (self.fields, self.notes.into_iter().collect())
    }
}

/// Refuses a file of text or a workbook whose first line names nothing that the table is expected to have: its first row would be lost
/// as names.
pub(crate) fn check_header(file: &SourceFile, columns: &[Field], expected: &[(String, String)]) -> Result<(), String> {
    let is_known = |column: &Field| expected.iter().any(|(name, _)| name.eq_ignore_ascii_case(column.name()));
    let has_line_of_names = matches!(file.spec.format, Format::Delimited | Format::Workbook);
    if !has_line_of_names || file.spec.columns.is_some() || expected.is_empty() || columns.iter().any(is_known) {
        return Ok(());
    }
    Err("no column of the table's contract is in its first line; if the file has no header line, give `columns` in [[source.table]]"
        .to_owned())
}

/// How a file is cut (text), its columns, and what is worth noting.
type Look = (Option<Layout>, Vec<Field>, Vec<String>);

/// A file's columns, without reading more of it than its format asks for.
pub(crate) fn look(location: &Location, file: &SourceFile) -> std::result::Result<Look, Trouble> {
    let trouble = |e: &dyn std::fmt::Display, later: bool| Trouble { path: file.path.clone(), reason: e.to_string(), later };
    let bytes = || open(location, &file.place).map_err(|e| trouble(&format!("cannot be read: {e}"), true));
    let text = |name: &String| Field::new(name, DataType::Utf8, true);
    match file.spec.format {
        Format::Parquet => {
            let rows = parquet(location, file)?;
            let columns = rows.schema().fields().iter().filter(|f| f.name() != "_line").map(|f| f.as_ref().clone()).collect();
            Ok((None, columns, rows.warnings().to_vec()))
        }
        Format::Json | Format::NdJson => {
            let found = discover(bytes()?, &file.spec).map_err(|e| trouble(&e, is_unfinished(&e)))?;
            let layout = found.layout;
            let columns = layout.columns.iter().map(text).collect();
            let warnings = layout.warnings.clone();
            Ok((Some(layout), columns, warnings))
        }
        Format::Workbook => {
            let rows = workbook(location, file)?;
            let layout = rows.layout();
            Ok((None, layout.columns.iter().map(text).collect(), layout.warnings.clone()))
        }
        Format::Delimited => {
            let reader = BlockReader::open(bytes()?, &file.spec).map_err(|e| trouble(&e, is_unfinished(&e)))?;
            let Some(layout) = reader.layout().cloned() else { return Err(trouble(&"its columns cannot be told", false)) };
            let columns = layout.columns.iter().map(text).collect();
            let warnings = layout.warnings.clone();
            Ok((Some(layout), columns, warnings))
        }
    }
}

pub(crate) fn is_unfinished(error: &FileError) -> bool {
    matches!(error, FileError::Empty | FileError::Truncated { .. } | FileError::Io(_))
}

/// Opens a Parquet file.
pub(crate) fn parquet(location: &Location, file: &SourceFile) -> std::result::Result<ParquetRows, Trouble> {
    let opened = match random_access(location, file)? {
        RandomAccess::Disk(on_disk) => ParquetRows::open(on_disk, 8192),
        RandomAccess::Memory(bytes) => ParquetRows::open(bytes, 8192),
    };
    opened.map_err(|e| Trouble { path: file.path.clone(), reason: e.to_string(), later: is_unfinished(&e) })
}

/// Opens a workbook.
pub(crate) fn workbook(location: &Location, file: &SourceFile) -> std::result::Result<WorkbookRows, Trouble> {
    let opened = match random_access(location, file)? {
        RandomAccess::Disk(on_disk) => WorkbookRows::open(on_disk, &file.spec),
        RandomAccess::Memory(bytes) => WorkbookRows::open(Cursor::new(bytes), &file.spec),
    };
    opened.map_err(|e| Trouble { path: file.path.clone(), reason: e.to_string(), later: is_unfinished(&e) })
}

/// A file that is not read front to back.
enum RandomAccess {
    Disk(File),
    /// Fetched as a whole.
    Memory(Bytes),
}

fn random_access(location: &Location, file: &SourceFile) -> std::result::Result<RandomAccess, Trouble> {
    let opened = match &file.place {
        Place::Disk(path) => File::open(path).map(RandomAccess::Disk),
        Place::Store(_) => open(location, &file.place).and_then(|mut reader| {
            let mut bytes = Vec::new();
            reader.read_to_end(&mut bytes)?;
            Ok(RandomAccess::Memory(bytes.into()))
        }),
    };
    opened.map_err(|e| Trouble { path: file.path.clone(), reason: format!("cannot be read: {e}"), later: true })
}
