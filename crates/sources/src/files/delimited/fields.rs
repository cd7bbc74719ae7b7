//! The fields of one record, quotes honoured: how a header is read.

use std::ops::Range;

use memchr::{memchr, memchr2};

use super::Dialect;

/// A field of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    /// Its bytes, without the quotes around it.
    pub at: Range<usize>,
    /// Whether doubled quotes in it stand for one.
    pub has_doubled_quotes: bool,
}

impl Field {
    /// Appends the value to `value`.
    pub fn write(&self, text: &[u8], quote: u8, value: &mut Vec<u8>) {
        let mut rest = &text[self.at.clone()];
        if self.has_doubled_quotes {
            while let Some(found) = memchr(quote, rest) {
                value.extend_from_slice(&rest[..=found]);
                rest = rest.get(found + 2..).unwrap_or_default();
            }
        }
        value.extend_from_slice(rest);
    }
}

/// Finds the fields of the record that begins at `start`, and where the next one begins. `None` if a
/// quote is not closed as it should be before the text ends.
pub(super) fn split(text: &[u8], start: usize, dialect: &Dialect, fields: &mut Vec<Field>) -> Option<usize> {
    fields.clear();
    let mut from = start;
    loop {
        let quoted = dialect.quote.filter(|quote| text.get(from) == Some(quote));
        let end = match quoted {
            Some(quote) => {
                let (field, end) = quoted_field(text, from + 1, quote)?;
                fields.push(field);
                end
            }
            None => {
                let end = memchr2(dialect.delimiter, b'\n', &text[from..]).map_or(text.len(), |found| from + found);
                let line_ends = end == text.len() || text[end] == b'\n';
                let cr = line_ends && end > from && text[end - 1] == b'\r';
                fields.push(Field { at: from..end - usize::from(cr), has_doubled_quotes: false });
                end
            }
        };
        match &text[end..] {
            [] => return Some(end),
            [b'\n', ..] => return Some(end + 1),
            [next, ..] if *next == dialect.delimiter => from = end + 1,
            [b'\r'] => return Some(end + 1),
            [b'\r', b'\n', ..] => return Some(end + 2),
            _ => return None,
        }
    }
}

/// The field whose opening quote is just before `from`, and the position after its closing quote.
fn quoted_field(text: &[u8], from: usize, quote: u8) -> Option<(Field, usize)> {
    let mut has_doubled_quotes = false;
    let mut at = from;
    loop {
        let close = at + memchr(quote, &text[at..])?;
        if text.get(close + 1) == Some(&quote) {
            has_doubled_quotes = true;
            at = close + 2;
        } else {
            let field = Field { at: from..close, has_doubled_quotes };
            return Some((field, close + 1));
        }
    }
}
