//! The rows of a block.
//!
//! A piece that fits the processor's cache at a time: find where the fields begin, check that every row
//! has its number of them, then copy column by column. Only a piece with a broken row is gone through
//! row by row, and only to find the runs of good rows in it.

use std::ops::Range;

use memchr::{memchr, memchr_iter, memrchr};

use super::Dialect;
use super::index::{Index, Quotes};
use super::text_column::Trim;
use crate::files::blocks::Block;
use crate::files::decode::Rows;
use crate::files::reject::{Reject, not_utf8, without_line_end};

/// Bytes of a piece.
const PIECE: usize = 32 << 10;

pub(crate) fn decode(block: &Block, dialect: &Dialect, rows: &mut Rows) {
    let text: &[u8] = &block.bytes;
    let mut decoder = Decoder {
        text,
        dialect,
        quote: dialect.quote.filter(|quote| memchr(*quote, text).is_some()),
        quote_letters: &block.quote_letters,
        is_utf8: simdutf8::basic::from_utf8(text).is_ok(),
        line: block.first_line,
        index: Index::default(),
        rows,
    };
    let mut from = 0;
    for broken in &block.broken {
        decoder.records(from..broken.at.start);
        decoder.reject(&text[broken.at.clone()], broken.reason.clone());
        from = broken.at.end;
    }
    decoder.records(from..text.len());
}

struct Decoder<'b, 'r> {
    text: &'b [u8],
    dialect: &'b Dialect,
    /// Set if the block has quotes.
    quote: Option<u8>,
    quote_letters: &'b [usize],
    is_utf8: bool,
    /// The physical line of what is decoded next.
    line: u64,
    index: Index,
    rows: &'r mut Rows,
}

/// A piece of the block with the places of its fields.
#[derive(Clone, Copy)]
struct Piece<'p> {
    text: &'p [u8],
    starts: &'p [u32],
    quote: Option<u8>,
    is_utf8: bool,
    has_cr: bool,
    /// Whether each record is one line.
    one_line: bool,
}

impl<'b> Decoder<'b, '_> {
    /// Decodes whole records whose quotes match.
    fn records(&mut self, range: Range<usize>) {
        let mut from = range.start;
        while from < range.end {
            let end = self.piece_end(from, range.end);
            self.piece(from..end);
            from = end;
        }
    }

    /// Where a piece that begins at `from` ends: after a line end outside quotes.
    fn piece_end(&self, from: usize, to: usize) -> usize {
        if to - from <= PIECE {
            return to;
        }
        let next_line = |at: usize| memchr(b'\n', &self.text[at..to]).map_or(to, |found| at + found + 1);
        let mut end = memrchr(b'\n', &self.text[from..from + PIECE]).map_or_else(|| next_line(from + PIECE), |found| from + found + 1);
        let Some(quote) = self.quote else {
            return end;
        };
        let mut within = self.count_quotes(quote, from..end) % 2 == 1;
        while within && end < to {
            let next = next_line(end);
            within ^= self.count_quotes(quote, end..next) % 2 == 1;
            end = next;
        }
        end
    }

    fn count_quotes(&self, quote: u8, range: Range<usize>) -> usize {
        let letters = self.letters_in(&range).len();
        memchr_iter(quote, &self.text[range]).count() - letters
    }

    fn letters_in(&self, range: &Range<usize>) -> &'b [usize] {
        let first = self.quote_letters.partition_point(|at| *at < range.start);
        let end = self.quote_letters.partition_point(|at| *at < range.end);
        &self.quote_letters[first..end]
    }

    fn piece(&mut self, range: Range<usize>) {
        let text = &self.text[range.clone()];
        let quote = self.quote.filter(|quote| memchr(*quote, text).is_some());
        let mut index = std::mem::take(&mut self.index);
        match quote {
            None => index.fill(text, self.dialect.delimiter, None),
            Some(quote) => {
                let letters = self.letters_in(&range).iter().map(|at| at - range.start);
                let letters: Vec<usize> = letters.collect();
                let quotes = Quotes { quote, letters: &letters };
                index.fill(text, self.dialect.delimiter, Some(quotes));
            }
        }
        let lines = memchr_iter(b'\n', text).count() + usize::from(!text.ends_with(b"\n"));
        let starts = index.starts();
        let piece = Piece {
            text,
            starts,
            quote,
            is_utf8: self.is_utf8 || simdutf8::basic::from_utf8(text).is_ok(),
            has_cr: memchr(b'\r', text).is_some(),
            one_line: quote.is_none() || lines == piece_records(text, starts),
        };
        if piece.is_utf8 && piece.is_even(self.rows.columns.len(), lines) {
            self.even_rows(&piece, starts);
        } else {
            self.uneven_rows(&piece);
        }
        self.index = index;
    }

    /// Appends rows that all have the right number of fields, the first of which begins at `starts[0]`.
    fn even_rows(&mut self, piece: &Piece<'_>, starts: &[u32]) {
        let width = self.rows.columns.len();
        let count = (starts.len() - 1) / width;
        if count == 0 {
            return;
        }
        if self.rows.lines.is_empty() {
            self.reserve_for_block(count, starts);
        }
        for (position, column) in self.rows.columns.iter_mut().enumerate() {
            let trim = Trim { cr: piece.has_cr && position + 1 == width, quote: piece.quote };
            column.push_fields(piece.text, &starts[position..], width, trim);
        }
        if piece.one_line {
            let next = self.line + count as u64;
            self.rows.lines.extend(self.line as i64..next as i64);
            self.line = next;
        } else {
            for row in 0..count {
                self.rows.lines.push(self.line as i64);
                let (first, after) = (starts[row * width], starts[(row + 1) * width]);
                self.pass(piece.record(first, after));
            }
        }
    }

    /// Tells good rows from blank and broken ones.
    fn uneven_rows(&mut self, piece: &Piece<'_>) {
        let width = self.rows.columns.len();
        let starts = piece.starts;
        // Fields from `good` to `row` are of good rows not yet appended.
        let mut good = 0;
        let mut row = 0;
        for next in 1..starts.len() {
            if !piece.is_line_end(next) {
                continue;
            }
            let record = piece.record(starts[row], starts[next]);
            let is_blank = without_line_end(record).is_empty();
            let reason = if is_blank { None } else { piece.fault(record, width, next - row) };
            if is_blank || reason.is_some() {
                self.even_rows(piece, &starts[good..=row]);
                good = next;
            }
            if is_blank {
                self.rows.blank_lines += 1;
                self.line += 1;
            } else if let Some(reason) = reason {
                self.reject(record, reason);
            }
            row = next;
        }
        self.even_rows(piece, &starts[good..]);
    }

    fn reject(&mut self, record: &[u8], reason: String) {
        self.rows.rejects.push(Reject::new(self.line, record, reason));
        self.pass(record);
    }

    fn pass(&mut self, record: &[u8]) {
        let lines = memchr_iter(b'\n', record).count() as u64 + u64::from(!record.ends_with(b"\n"));
        self.rows.continuation_lines += lines - 1;
        self.line += lines;
    }

    /// Makes room for the whole block, judging by its first rows.
    fn reserve_for_block(&mut self, count: usize, starts: &[u32]) {
        let seen = (starts[starts.len() - 1] - starts[0]).max(1) as usize;
        let share = |part: usize| part * self.text.len() / seen * 17 / 16;
        self.rows.lines.reserve(share(count));
        let width = self.rows.columns.len();
        for (position, column) in self.rows.columns.iter_mut().enumerate() {
            let fields = starts[position..].windows(2).step_by(width);
            let bytes: usize = fields.map(|field| (field[1] - field[0]) as usize - 1).sum();
            column.reserve(share(count), share(bytes));
        }
    }
}

impl Piece<'_> {
    /// Whether field `next` begins a record, so that the one before ends a line.
    fn is_line_end(&self, next: usize) -> bool {
        is_line_end(self.text, self.starts[next])
    }

    /// Whether all records have `width` fields and none is blank.
    fn is_even(&self, width: usize, lines: usize) -> bool {
        let fields = self.starts.len() - 1;
        // With one column a blank line would pass for a row.
        if width < 2 || !fields.is_multiple_of(width) {
            return false;
        }
        if self.quote.is_some() {
            return (1..=fields).all(|next| self.is_line_end(next) == next.is_multiple_of(width));
        }
        // As many line ends as rows, and one after each row, so none elsewhere.
        fields == lines * width && (width..=fields).step_by(width).all(|next| self.is_line_end(next))
    }

    /// The record between two starts.
    fn record(&self, first: u32, after: u32) -> &[u8] {
        &self.text[first as usize..(after as usize).min(self.text.len())]
    }

    /// What is wrong with a record, if anything.
    fn fault(&self, record: &[u8], expected: usize, found: usize) -> Option<String> {
        if !self.is_utf8
            && let Err(error) = simdutf8::compat::from_utf8(record)
        {
            return Some(not_utf8(error.valid_up_to()));
        }
        let s = if expected == 1 { "" } else { "s" };
        (found != expected).then(|| format!("expected {expected} field{s}, found {found}"))
    }
}

fn is_line_end(text: &[u8], start: u32) -> bool {
    // Past the end of a text without a line end there is one all the same.
    text.get(start as usize - 1).is_none_or(|end| *end == b'\n')
}

fn piece_records(text: &[u8], starts: &[u32]) -> usize {
    starts[1..].iter().filter(|start| is_line_end(text, **start)).count()
}
