//! Which sheets of a workbook are read, and their columns.

use std::io::{Read, Seek};

use calamine::{Reader, Sheet, SheetType, SheetVisible};

use super::limits::{Workbook, corrupt};
use super::rows::{Row, RowReader};
use crate::files::columns::{Layout, Shape};
use crate::files::delimited::{Dialect, keys};
use crate::files::error::FileError;
use crate::files::file_spec::FileSpec;

/// What is read of a workbook.
pub(super) struct Chosen {
    pub layout: Layout,
    /// Whether the first filled row of each sheet names the columns.
    pub has_header: bool,
    pub sheets: Vec<String>,
}

pub(super) fn choose<F: Read + Seek>(workbook: &mut Workbook<F>, spec: &FileSpec) -> Result<Chosen, FileError> {
    let all: Vec<Sheet> = workbook.xlsx.sheets_metadata().iter().filter(|sheet| sheet.typ == SheetType::WorkSheet).cloned().collect();
    if all.is_empty() {
        return Err(corrupt("it holds no sheet"));
    }
    let mut warnings = Vec::new();
    let mut hidden = Vec::new();
    let candidates = match &spec.sheet {
        Some(wanted) => vec![named(&all, wanted)?],
        None => {
            let (visible, others): (Vec<Sheet>, Vec<Sheet>) = all.into_iter().partition(|sheet| sheet.visible == SheetVisible::Visible);
            hidden = others;
            visible.into_iter().map(|sheet| sheet.name).collect()
        }
    };
    let mut filled = Vec::new();
    for sheet in candidates {
        if let Some(first) = first_row(workbook, &sheet, spec)? {
            filled.push((sheet, first));
        }
    }
    let mut filled = filled.into_iter();
    let Some((sheet, first)) = filled.next() else { return Err(FileError::Empty) };
    let mut padded = first.clone();
    // Empty cells at the end of a row are not there.
    let wanted = spec.columns.as_ref().map_or(0, Vec::len);
    padded.resize(padded.len().max(wanted), String::new());
    let (keys, has_header) = keys(padded, spec, &mut warnings)?;
    let mut sheets = vec![sheet];
    for (other, its_first) in filled {
        if has_header && its_first == first {
            sheets.push(other);
        } else {
            warnings.push(left_out(&other, &format!("its first row is not the header of {:?}", sheets[0])));
        }
    }
    for sheet in hidden {
        if first_row(workbook, &sheet.name, spec)?.is_some() {
            warnings.push(left_out(&sheet.name, "it is hidden"));
        }
    }
    // A row as text is a line of CSV.
    let mut layout = Layout::new(keys, Shape::Delimited(Dialect { delimiter: b',', quote: Some(b'"') }));
    layout.warnings.splice(0..0, warnings);
    Ok(Chosen { layout, has_header, sheets })
}

fn left_out(sheet: &str, why: &str) -> String {
    format!("sheet {sheet:?} is left out: {why}; `sheet` in [[source.table]] names the one to be read")
}

/// The sheet of a name, whatever its case, as Excel has it.
fn named(all: &[Sheet], wanted: &str) -> Result<String, FileError> {
    let lower = wanted.to_lowercase();
    let found = all.iter().find(|sheet| sheet.name == wanted).or_else(|| all.iter().find(|sheet| sheet.name.to_lowercase() == lower));
    found.map(|sheet| sheet.name.clone()).ok_or_else(|| {
        let names: Vec<String> = all.iter().map(|sheet| format!("{:?}", sheet.name)).collect();
        FileError::NoSheet { sheet: wanted.to_owned(), found: names.join(", ") }
    })
}

/// The first row that holds anything.
fn first_row<F: Read + Seek>(workbook: &mut Workbook<F>, sheet: &str, spec: &FileSpec) -> Result<Option<Vec<String>>, FileError> {
    let mut row = Row::default();
    let mut reader = RowReader::open(workbook, sheet, spec.limits.bounded().line_bytes)?;
    Ok(reader.next_row(&mut row)?.then(|| row.texts().map(str::to_owned).collect()))
}
