//! A column of strings under construction.

use std::ops::Range;

use arrow::array::{NullBufferBuilder, StringArray};
use arrow::buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use arrow::error::ArrowError;
use memchr::memchr;

/// Offsets and bytes side by side: the values are checked for UTF-8 once, when the column is finished.
pub(crate) struct TextColumn {
    offsets: Vec<i32>,
    bytes: Vec<u8>,
    nulls: NullBufferBuilder,
}

/// Bytes that are copied at once, and may be written beyond a value.
const SPAN: usize = 16;

impl TextColumn {
    pub fn new() -> TextColumn {
        TextColumn { offsets: vec![0], bytes: Vec::new(), nulls: NullBufferBuilder::new(0) }
    }

    pub fn reserve(&mut self, rows: usize, bytes: usize) {
        self.offsets.reserve(rows);
        self.bytes.reserve(bytes);
    }

    pub fn push(&mut self, value: &[u8]) {
        self.bytes.extend_from_slice(value);
        self.offsets.push(self.bytes.len() as i32);
        self.nulls.append_non_null();
    }

    pub fn push_null(&mut self) {
        self.offsets.push(self.bytes.len() as i32);
        self.nulls.append_null();
    }

    /// Appends every `step`-th field, from the first on: field `i` is `starts[i] .. starts[i + 1] - 1` of
    /// `text`, trimmed.
    pub(super) fn push_fields(&mut self, text: &[u8], starts: &[u32], step: usize, trim: Trim) {
        match trim {
            Trim { cr: false, quote: None } => {
                self.push_trimmed(text, starts, step, 0, |field| (field, false));
            }
            Trim { cr: true, quote: None } => {
                self.push_trimmed(text, starts, step, 0, |field| (without_cr(text, field), false));
            }
            Trim { cr, quote: Some(quote) } => self.push_trimmed(text, starts, step, quote, |mut field| {
                if cr {
                    field = without_cr(text, field);
                }
                if field.len() < 2 || text[field.start] != quote {
                    return (field, false);
                }
                let inner = field.start + 1..field.end - 1;
                let doubled = memchr(quote, &text[inner.clone()]).is_some();
                (inner, doubled)
            }),
        }
    }

    /// `trim` gives the place of the value within a field, and whether its quotes are doubled.
    #[inline(always)]
    fn push_trimmed(&mut self, text: &[u8], starts: &[u32], step: usize, quote: u8, trim: impl Fn(Range<usize>) -> (Range<usize>, bool)) {
        let fields = starts.windows(2).step_by(step);
        let count = fields.len();
        let most: usize = fields.clone().map(|pair| (pair[1] - pair[0]) as usize - 1).sum();
        let mut filled = self.bytes.len();
        self.bytes.resize(filled + most + 2 * SPAN, 0);
        let into = self.bytes.as_mut_slice();
        self.offsets.extend(fields.map(|pair| {
            let (value, doubled) = trim(pair[0] as usize..pair[1] as usize - 1);
            filled +=
                if doubled { copy_single_quotes(&text[value], &mut into[filled..], quote) } else { copy(text, value, &mut into[filled..]) };
            filled as i32
        }));
        self.nulls.append_n_non_nulls(count);
        self.bytes.truncate(filled);
    }

    pub fn finish(mut self) -> Result<StringArray, ArrowError> {
        StringArray::try_new(OffsetBuffer::new(ScalarBuffer::from(self.offsets)), Buffer::from_vec(self.bytes), self.nulls.finish())
    }
}

/// What does not belong to the value of a field.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trim {
    /// A CR at its end.
    pub cr: bool,
    /// Quotes around it, and one of each two within.
    pub quote: Option<u8>,
}

fn without_cr(text: &[u8], field: Range<usize>) -> Range<usize> {
    let cr = !field.is_empty() && text[field.end - 1] == b'\r';
    field.start..field.end - usize::from(cr)
}

/// Copies a value to the start of `into`, which has room for more. Copies of a fixed size need no call and
/// no guess of the length; what they write too much, the next one writes over.
#[inline(always)]
fn copy(text: &[u8], value: Range<usize>, into: &mut [u8]) -> usize {
    let length = value.len();
    match text.get(value.start..value.start + 2 * SPAN) {
        Some(source) if length <= 2 * SPAN => {
            into[..SPAN].copy_from_slice(&source[..SPAN]);
            if length > SPAN {
                into[SPAN..2 * SPAN].copy_from_slice(&source[SPAN..]);
            }
        }
        _ => into[..length].copy_from_slice(&text[value]),
    }
    length
}

/// Copies a value in which each quote stands twice.
fn copy_single_quotes(value: &[u8], into: &mut [u8], quote: u8) -> usize {
    let mut rest = value;
    let mut filled = 0;
    while let Some(found) = memchr(quote, rest) {
        into[filled..=filled + found].copy_from_slice(&rest[..=found]);
        filled += found + 1;
        rest = rest.get(found + 2..).unwrap_or_default();
    }
    into[filled..filled + rest.len()].copy_from_slice(rest);
    filled + rest.len()
}
