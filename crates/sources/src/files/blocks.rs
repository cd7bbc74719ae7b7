//! Cutting a file into blocks of whole records.

use std::io::Read;
use std::ops::Range;

use bytes::Bytes;
use memchr::{memchr, memchr_iter};

use super::columns::{Layout, Shape};
use super::delimited::{self, Dialect};
use super::error::FileError;
use super::file_spec::{FileSpec, Format, Limits};
use super::input::{Fingerprint, Input};
use super::json::DocumentCutter;
use super::reject::RAW_LIMIT;

/// A piece of a file that begins and ends with a record.
#[derive(Debug, Clone)]
pub struct Block {
    /// The 1-based physical line on which it begins.
    pub first_line: u64,
    /// Physical lines in it.
    pub lines: u64,
    /// Its text.
    pub bytes: Bytes,
    /// Lines and elements that were given up while cutting, in order.
    pub(crate) broken: Vec<Broken>,
    /// Where quotes stand that are letters within a field, in order.
    pub(crate) quote_letters: Vec<usize>,
    /// Where the elements of a JSON document lie; `None` = each record is a line.
    pub(crate) elements: Option<Vec<Range<usize>>>,
}

/// A piece of a block that is no record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Broken {
    pub at: Range<usize>,
    pub reason: String,
}

/// What a cutter found in the text read so far.
#[derive(Debug, Default)]
pub(crate) struct Cut {
    /// Where the last whole record ends; 0 = more text is needed.
    pub end: usize,
    pub broken: Vec<Broken>,
    pub quote_letters: Vec<usize>,
    pub elements: Option<Vec<Range<usize>>>,
}

impl Block {
    pub(crate) fn new(first_line: u64, bytes: Bytes, cut: Cut) -> Block {
        let unended = !bytes.is_empty() && !bytes.ends_with(b"\n");
        Block {
            first_line,
            lines: memchr_iter(b'\n', &bytes).count() as u64 + u64::from(unended),
            bytes,
            broken: cut.broken,
            quote_letters: cut.quote_letters,
            elements: cut.elements,
        }
    }
}

enum Cutter {
    Lines,
    Delimited(Dialect),
    Document(DocumentCutter),
}

/// Reads a text file front to back, block by block.
pub struct BlockReader {
    input: Input,
    cutter: Cutter,
    limits: Limits,
    layout: Option<Layout>,
    /// Text read but not yet handed out; begins with a record.
    text: Vec<u8>,
    /// The physical line on which `text` begins.
    line: u64,
}

impl BlockReader {
    /// Opens a file by its bytes as stored, and reads its header if it has one.
    ///
    /// # Errors
    /// [`FileError::Empty`], [`FileError::Truncated`] and [`FileError::Corrupt`] for files without
    /// usable text, [`FileError::Header`] if the columns cannot be named, [`FileError::WrongReader`] for
    /// Parquet, [`FileError::Io`].
    pub fn open(file: Box<dyn Read + Send>, spec: &FileSpec) -> Result<BlockReader, FileError> {
        let cutter = match spec.format {
            Format::Delimited | Format::NdJson => Cutter::Lines,
            Format::Json => Cutter::Document(DocumentCutter::default()),
            Format::Parquet => {
                return Err(FileError::WrongReader { format: "Parquet", remedy: "read it with ParquetRows" });
            }
            Format::Workbook => {
                return Err(FileError::WrongReader { format: "workbook", remedy: "read it with WorkbookRows" });
            }
        };
        let mut reader =
            BlockReader { input: Input::open(file, spec)?, cutter, limits: spec.limits.bounded(), layout: None, text: Vec::new(), line: 1 };
        reader.skip_blank_lines()?;
        if spec.format == Format::Delimited {
            reader.read_header(spec)?;
        }
        Ok(reader)
    }

    /// The columns, where the file itself names or numbers them; `None` for JSON, whose columns
    /// [`discover`](super::discover) finds.
    pub fn layout(&self) -> Option<&Layout> {
        self.layout.as_ref()
    }

    /// The fingerprint of the file as stored. Reads what was not read yet, so call it last.
    ///
    /// # Errors
    /// [`FileError::Io`].
    pub fn finish(mut self) -> Result<Fingerprint, FileError> {
        self.input.finish()
    }

    /// The next block; `None` at the end of the file.
    ///
    /// # Errors
    /// [`FileError::Truncated`], [`FileError::Corrupt`], [`FileError::Io`]: blocks handed out before
    /// were good as far as they went.
    pub fn next_block(&mut self) -> Result<Option<Block>, FileError> {
        let mut wanted = self.limits.block_bytes;
        loop {
            self.read_to(wanted)?;
            if self.text.is_empty() {
                if let Cutter::Document(document) = &self.cutter {
                    document.check_end()?;
                }
                return Ok(None);
            }
            let at_end = self.input.at_end();
            let cut = match &mut self.cutter {
                Cutter::Lines => delimited::cut_lines(&self.text, at_end),
                Cutter::Delimited(dialect) => delimited::cut(&self.text, dialect, &self.limits, at_end),
                Cutter::Document(document) => document.cut(&self.text, &self.limits, at_end),
            };
            if cut.end > 0 {
                return Ok(Some(self.hand_out(cut)));
            }
            if self.text.len() >= self.limits.line_bytes && memchr(b'\n', &self.text).is_none() {
                return Ok(Some(self.give_up_line()?));
            }
            wanted = self.text.len() + self.text.len().max(self.limits.block_bytes);
        }
    }

    fn read_to(&mut self, wanted: usize) -> Result<(), FileError> {
        if self.text.len() < wanted && !self.input.at_end() {
            let missing = wanted - self.text.len();
            self.input.read_more(&mut self.text, missing)?;
        }
        Ok(())
    }

    fn hand_out(&mut self, cut: Cut) -> Block {
        let mut rest = Vec::new();
        if cut.end < self.text.len() {
            rest.reserve(self.limits.block_bytes);
            rest.extend_from_slice(&self.text[cut.end..]);
        }
        let mut bytes = std::mem::replace(&mut self.text, rest);
        bytes.truncate(cut.end);
        let ends_with_newline = bytes.ends_with(b"\n");
        let first_line = self.line;
        let block = Block::new(first_line, bytes.into(), cut);
        self.line += block.lines - u64::from(!ends_with_newline);
        block
    }

    /// A block of the start of a line that is too long; the rest of the line is skipped.
    fn give_up_line(&mut self) -> Result<Block, FileError> {
        let kept = self.text[..self.text.len().min(RAW_LIMIT)].to_vec();
        let mut length = 0;
        loop {
            if let Some(end) = memchr(b'\n', &self.text) {
                length += end + 1;
                self.text.drain(..=end);
                break;
            }
            length += self.text.len();
            self.text.clear();
            self.read_to(self.limits.block_bytes)?;
            if self.text.is_empty() {
                break;
            }
        }
        let first_line = self.line;
        self.line += 1;
        let reason =
            format!("the line has {length} bytes, more than the {} allowed (raw text cut to {} bytes)", self.limits.line_bytes, kept.len());
        let cut = Cut {
            end: kept.len(),
            broken: vec![Broken { at: 0..kept.len(), reason }],
            elements: matches!(self.cutter, Cutter::Document(_)).then(Vec::new),
            ..Cut::default()
        };
        Ok(Block::new(first_line, kept.into(), cut))
    }

    fn skip_blank_lines(&mut self) -> Result<(), FileError> {
        loop {
            self.read_to(self.limits.block_bytes)?;
            let blank = self.text.iter().position(|byte| !matches!(byte, b'\n' | b'\r')).unwrap_or(self.text.len());
            self.line += memchr_iter(b'\n', &self.text[..blank]).count() as u64;
            self.text.drain(..blank);
            if !self.text.is_empty() {
                return Ok(());
            }
            if self.input.at_end() {
                return Err(FileError::Empty);
            }
        }
    }

    fn read_header(&mut self, spec: &FileSpec) -> Result<(), FileError> {
        loop {
            let at_end = self.input.at_end();
            match delimited::first_record(&self.text, spec, at_end)? {
                Some(first) => {
                    self.line += memchr_iter(b'\n', &self.text[..first.end]).count() as u64;
                    self.text.drain(..first.end);
                    if let Shape::Delimited(dialect) = first.layout.shape {
                        self.cutter = Cutter::Delimited(dialect);
                    }
                    self.layout = Some(first.layout);
                    return Ok(());
                }
                None => {
                    let more = self.text.len() + self.text.len().max(self.limits.block_bytes);
                    self.read_to(more)?;
                }
            }
        }
    }
}
