//! Where records end, with quotes honoured and an unclosed quote contained.
//!
//! A quote opens a field only at the field's start. Its partner must be followed by a delimiter, a line
//! end or the end of the file, and come within the limits; if not, the record's first line is broken
//! and the next line starts afresh. So an unclosed quote is mostly found at the next quote of the file,
//! and whatever the damage, only lines that hold a quote of their own can be part of it.

use memchr::{memchr, memchr_iter, memrchr};

use super::Dialect;
use crate::files::blocks::{Broken, Cut};
use crate::files::file_spec::Limits;

/// Cuts after the last line.
pub(crate) fn cut_lines(text: &[u8], at_end: bool) -> Cut {
    let end = if at_end { text.len() } else { memrchr(b'\n', text).map_or(0, |newline| newline + 1) };
    Cut { end, ..Cut::default() }
}

/// Cuts after the last whole record of a text that begins with a record.
pub(crate) fn cut(text: &[u8], dialect: &Dialect, limits: &Limits, at_end: bool) -> Cut {
    let Some(quote) = dialect.quote else {
        return cut_lines(text, at_end);
    };
    let mut cut = Cut::default();
    // Where the record at hand begins, and up to where it is known not to be within quotes.
    let mut record = 0;
    let mut outside = 0;
    while let Some(open) = memchr(quote, &text[outside..]).map(|found| outside + found) {
        if let Some(newline) = memrchr(b'\n', &text[outside..open]) {
            record = outside + newline + 1;
        }
        if open > record && text[open - 1] != dialect.delimiter {
            // A quote within a field without quotes is a letter like any other.
            cut.quote_letters.push(open);
            outside = open + 1;
            continue;
        }
        match closing(text, record, open, quote, dialect.delimiter, limits, at_end) {
            Closing::At(end) => outside = end,
            Closing::Broken(reason) => {
                let end = match memchr(b'\n', &text[record..]) {
                    Some(newline) => record + newline + 1,
                    None if at_end => text.len(),
                    None => return ending_at(cut, record),
                };
                let at = record..end;
                cut = ending_at(cut, end);
                cut.broken.push(Broken { at, reason });
                record = end;
                outside = end;
            }
            Closing::NotYet => return ending_at(cut, record),
        }
    }
    let end = if at_end { text.len() } else { memrchr(b'\n', &text[outside..]).map_or(record, |newline| outside + newline + 1) };
    ending_at(cut, end)
}

fn ending_at(mut cut: Cut, end: usize) -> Cut {
    cut.end = end;
    let kept = cut.quote_letters.partition_point(|at| *at < end);
    cut.quote_letters.truncate(kept);
    cut
}

enum Closing {
    /// The quote closes; this is the position after it.
    At(usize),
    /// It never does.
    Broken(String),
    /// More text is needed to tell.
    NotYet,
}

fn closing(text: &[u8], record: usize, open: usize, quote: u8, delimiter: u8, limits: &Limits, at_end: bool) -> Closing {
    let limit = record.saturating_add(limits.record_bytes);
    let seen = text.len().min(limit).max(open + 1);
    // Lines need counting only where there are enough bytes for so many.
    let too_many_lines =
        |to: usize| to - record > limits.record_lines && memchr_iter(b'\n', &text[record..to]).count() >= limits.record_lines;
    let unclosed = || {
        Closing::Broken(format!("unclosed quote: no closing quote within {} lines and {} bytes", limits.record_lines, limits.record_bytes))
    };
    let mut from = open + 1;
    loop {
        let Some(close) = memchr(quote, &text[from.min(seen)..seen]).map(|found| from + found) else {
            return if text.len() >= limit || too_many_lines(seen) {
                unclosed()
            } else if at_end {
                Closing::Broken("unclosed quote: no closing quote until the end of the file".into())
            } else {
                Closing::NotYet
            };
        };
        let closes = match &text[close + 1..] {
            [next, ..] if *next == quote => {
                from = close + 2;
                continue;
            }
            [next, ..] if *next == delimiter || *next == b'\n' => true,
            [b'\r', b'\n', ..] => true,
            [] | [b'\r'] if at_end => true,
            [] | [b'\r'] => return Closing::NotYet,
            _ => false,
        };
        return if too_many_lines(close) {
            unclosed()
        } else if closes {
            Closing::At(close + 1)
        } else if memchr(b'\n', &text[open..close]).is_some() {
            Closing::Broken("unclosed quote: the next quote of the file does not close it".into())
        } else {
            Closing::Broken("text follows a closing quote".into())
        };
    }
}
