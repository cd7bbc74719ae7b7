//! Rows of a sheet, cell by cell.

use std::io::{BufReader, Read, Seek};
use std::ops::Range;
use std::sync::Arc;

use calamine::{Cell, DataRef, XlsxCellReader, XlsxError};

use super::limits::{Meter, Metered, Workbook, corrupt};
use super::value;
use crate::files::decode::Rows;
use crate::files::error::FileError;
use crate::files::reject::Reject;

/// Columns a sheet may have.
const COLUMNS: usize = 16_384;

/// A row of a sheet as texts.
#[derive(Default)]
pub(super) struct Row {
    /// Its number in the sheet, from 1; 0 = there is none yet.
    number: u64,
    text: String,
    /// Where the text of each cell lies, up to the last that is filled.
    cells: Vec<Range<usize>>,
    /// Bytes of its cells, where these are more than may be kept.
    too_long: Option<usize>,
}

impl Row {
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The texts of its cells.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.cells.iter().map(|place| &self.text[place.clone()])
    }

    fn clear(&mut self) {
        *self = Row { text: std::mem::take(&mut self.text), cells: std::mem::take(&mut self.cells), ..Row::default() };
        self.text.clear();
        self.cells.clear();
    }

    fn set(&mut self, column: usize, value: &DataRef<'_>, most: usize) {
        if let Some(bytes) = &mut self.too_long {
            *bytes += value::size(value);
            return;
        }
        let start = self.text.len();
        value::write(value, &mut self.text);
        if self.text.len() == start {
            return;
        }
        if self.cells.len() <= column {
            self.cells.resize(column + 1, start..start);
        }
        self.cells[column] = start..self.text.len();
        if self.text.len() > most {
            self.too_long = Some(self.text.len());
        }
    }

    /// Appends it to the good rows or the broken ones. Returns how many bytes it has.
    pub fn push_to(&self, rows: &mut Rows) -> usize {
        let (expected, found) = (rows.columns.len(), self.cells.len());
        if let Some(bytes) = self.too_long {
            let reason = format!("the row has {bytes} bytes, more than allowed");
            rows.rejects.push(Reject::new(self.number, self.csv().as_bytes(), reason));
        } else if found > expected {
            let s = if expected == 1 { "" } else { "s" };
            let reason = format!("expected {expected} field{s}, found {found}");
            rows.rejects.push(Reject::new(self.number, self.csv().as_bytes(), reason));
        } else {
            for (position, column) in rows.columns.iter_mut().enumerate() {
                let place = self.cells.get(position).cloned().unwrap_or_default();
                column.push(self.text[place].as_bytes());
            }
            rows.lines.push(self.number as i64);
        }
        self.text.len()
    }

    /// The row as a line of CSV.
    fn csv(&self) -> String {
        let mut line = String::with_capacity(self.text.len() + self.cells.len());
        for (position, text) in self.texts().enumerate() {
            if position > 0 {
                line.push(',');
            }
            if text.contains([',', '"', '\r', '\n']) {
                line.push('"');
                line.push_str(&text.replace('"', "\"\""));
                line.push('"');
            } else {
                line.push_str(text);
            }
        }
        line
    }
}

/// Reads a sheet front to back, row by row.
pub(super) struct RowReader<'w, F: Read + Seek> {
    cells: XlsxCellReader<'w, BufReader<Metered<F>>>,
    meter: Arc<Meter>,
    /// The first cell of the next row.
    ahead: Option<Cell<DataRef<'w>>>,
    at_end: bool,
    /// The row read last.
    last: u64,
    /// Bytes of a row that are kept.
    most: usize,
}

impl<'w, F: Read + Seek> RowReader<'w, F> {
    pub fn open(workbook: &'w mut Workbook<F>, sheet: &str, most: usize) -> Result<Self, FileError> {
        let meter = Arc::clone(&workbook.meter);
        meter.renew();
        let cells = workbook.xlsx.worksheet_cells_reader(sheet).map_err(|error| meter.explain(error))?;
        Ok(RowReader { cells, meter, ahead: None, at_end: false, last: 0, most })
    }

    /// Reads the next row that holds anything; false at the end of the sheet.
    pub fn next_row(&mut self, row: &mut Row) -> Result<bool, FileError> {
        row.clear();
        while let Some(cell) = self.next_cell()? {
            let (at_row, column) = cell.get_position();
            let number = u64::from(at_row) + 1;
            if row.number != number && !row.cells.is_empty() {
                self.ahead = Some(cell);
                break;
            }
            if number <= self.last || column as usize >= COLUMNS {
                return Err(corrupt(format!("a cell of row {number} stands where it cannot")));
            }
            row.number = number;
            row.set(column as usize, cell.get_value(), self.most);
        }
        self.last = row.number.max(self.last);
        Ok(!row.cells.is_empty())
    }

    fn next_cell(&mut self) -> Result<Option<Cell<DataRef<'w>>>, FileError> {
        if let Some(cell) = self.ahead.take() {
            return Ok(Some(cell));
        }
        while !self.at_end {
            self.meter.renew();
            match self.cells.next_cell().map_err(|error| self.meter.explain(error))? {
                Some(cell) if *cell.get_value() == DataRef::Empty => {}
                Some(cell) => return Ok(Some(cell)),
                None => {
                    self.at_end = true;
                    self.check_rest()?;
                }
            }
        }
        Ok(None)
    }

    /// Reads what follows the cells: the checksum of the sheet is compared at its end alone.
    fn check_rest(&mut self) -> Result<(), FileError> {
        loop {
            self.meter.renew();
            match self.cells.next_cell() {
                Ok(_) => {}
                Err(error @ XlsxError::Xml(_)) => return Err(self.meter.explain(error)),
                Err(_) => return Ok(()),
            }
        }
    }
}
