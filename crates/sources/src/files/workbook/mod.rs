//! Workbooks (`.xlsx`, `.xlsm`): sheets as rows of text, as a careful export to CSV would write them.
//!
//! - The first visible sheet that holds anything gives the columns; sheets with the same header are read as well, in the
//!   order of the workbook. A sheet that is left out is warned of, unless it is empty. [`FileSpec::sheet`] names one to be read
//!   alone, hidden or not.
//! - The first filled row is the header, told from a row as in CSV. Empty rows are skipped, missing cells are empty text, and a
//!   row with a value beyond the last column is a [`Reject`](super::Reject), its raw text a line of CSV.
//! - Whole numbers have no decimals, others as many digits as tell them from their neighbours. Cells that are formatted as
//!   instants are `YYYY-MM-DD HH:MM:SS` (milliseconds follow where there are any), times of day `HH:MM:SS`, durations the
//!   same with any number of hours; both date systems, from 1900 and from 1904, are known. Booleans are `true` and `false`.
//! - An error such as `#N/A` is that text: the other cells of the row are whole, and a column that must be a number sends the
//!   row to quarantine where it is cast. A formula stands for the value stored with it. Of merged cells the first has the value.
//! - `_line` is the number of the row in its sheet.
//!
//! The texts that cells share are held in memory, as the format wants it, up to a gibibyte of them; rows
//! are streamed.

mod limits;
mod rows;
mod sheets;
mod value;

use std::io::{Read, Seek};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::columns::Layout;
use super::decode::{Decoded, RowDecoder};
use super::error::FileError;
use super::file_spec::{FileSpec, Limits};
use limits::{Held, Workbook};
use rows::{Row, RowReader};
use sheets::Chosen;

/// Rows of one sheet.
#[derive(Debug, Clone)]
pub struct SheetRows {
    /// The sheet's name.
    pub sheet: Arc<str>,
    /// Rows that hold anything, counted as they were read: as many as `decoded` has, broken ones included.
    pub records: u64,
    /// The rows.
    pub decoded: Decoded,
}

/// The rows of a workbook, a piece of a sheet at a time. A thread of its own reads ahead, by a few pieces.
pub struct WorkbookRows {
    layout: Layout,
    messages: Receiver<Message>,
    at_end: bool,
}

enum Message {
    Opened(Layout),
    Rows(SheetRows),
    Failed(FileError),
    End,
}

/// Pieces that wait to be taken.
const AHEAD: usize = 2;

/// Rows of a piece, at most.
const PIECE_ROWS: usize = 8192;

impl WorkbookRows {
    /// Opens a workbook, and reads the header of its sheets.
    ///
    /// # Errors
    /// [`FileError::Empty`] for 0 bytes or a workbook without a filled sheet, [`FileError::Kind`] for one that is encrypted or of
    /// Excel 97, [`FileError::NoSheet`], [`FileError::Truncated`] and [`FileError::Corrupt`] for what is no whole workbook or
    /// unpacks to more than may be held, [`FileError::Header`] if the columns cannot be named, [`FileError::Io`].
    pub fn open<F: Read + Seek + Send + 'static>(file: F, spec: &FileSpec) -> Result<WorkbookRows, FileError> {
        let (sender, messages) = sync_channel(AHEAD);
        let spec = spec.clone();
        // The library borrows the workbook while it reads a sheet, and a malformed one must not take the process with it.
        std::thread::Builder::new().name("workbook".to_owned()).spawn(move || {
            let last = match read(file, &spec, &sender) {
                Ok(()) => Message::End,
                Err(error) => Message::Failed(error),
            };
            // Without a receiver nobody asks any more.
            let _ = sender.send(last);
        })?;
        match messages.recv() {
            Ok(Message::Opened(layout)) => Ok(WorkbookRows { layout, messages, at_end: false }),
            Ok(Message::Failed(error)) => Err(error),
            _ => Err(gave_up()),
        }
    }

    /// The columns. A reject's raw text is a record of this layout.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The next rows; `None` after the last sheet.
    ///
    /// # Errors
    /// As [`WorkbookRows::open`]: pieces handed out before were good as far as they went.
    pub fn next_rows(&mut self) -> Result<Option<SheetRows>, FileError> {
        if self.at_end {
            return Ok(None);
        }
        let message = self.messages.recv();
        self.at_end = !matches!(message, Ok(Message::Rows(_)));
        match message {
            Ok(Message::Rows(rows)) => Ok(Some(rows)),
            Ok(Message::End) => Ok(None),
            Ok(Message::Failed(error)) => Err(error),
            Ok(Message::Opened(_)) | Err(_) => Err(gave_up()),
        }
    }
}

/// The thread is gone without a last word.
fn gave_up() -> FileError {
    limits::corrupt("its parts contradict each other")
}

fn read<F: Read + Seek>(file: F, spec: &FileSpec, sender: &SyncSender<Message>) -> Result<(), FileError> {
    let mut workbook = Workbook::open(file, Held::MOST)?;
    let Chosen { layout, has_header, sheets } = sheets::choose(&mut workbook, spec)?;
    let decoder = RowDecoder::new(&layout);
    let limits = spec.limits.bounded();
    if sender.send(Message::Opened(layout)).is_err() {
        return Ok(());
    }
    for sheet in sheets {
        if !read_sheet(&mut workbook, &sheet.into(), has_header, &decoder, &limits, sender)? {
            break;
        }
    }
    Ok(())
}

/// Sends the rows of a sheet; false if nobody takes them any more.
fn read_sheet<F: Read + Seek>(
    workbook: &mut Workbook<F>,
    sheet: &Arc<str>,
    has_header: bool,
    decoder: &RowDecoder,
    limits: &Limits,
    sender: &SyncSender<Message>,
) -> Result<bool, FileError> {
    let mut reader = RowReader::open(workbook, sheet, limits.line_bytes)?;
    let mut row = Row::default();
    let mut line = 0;
    if has_header && reader.next_row(&mut row)? {
        line = row.number();
    }
    loop {
        let mut rows = decoder.rows();
        let (mut records, mut bytes) = (0, 0);
        let mut more = true;
        while bytes < limits.block_bytes && records < PIECE_ROWS as u64 {
            more = reader.next_row(&mut row)?;
            if !more {
                break;
            }
            rows.blank_lines += row.number() - line - 1;
            line = row.number();
            records += 1;
            bytes += row.push_to(&mut rows);
        }
        if records > 0 {
            let rows = SheetRows { sheet: Arc::clone(sheet), records, decoded: decoder.finish(rows)? };
            if sender.send(Message::Rows(rows)).is_err() {
                return Ok(false);
            }
        }
        if !more {
            return Ok(true);
        }
    }
}
