//! The first record: its delimiter, whether it is a header, the names of the columns.

use std::borrow::Cow;

use memchr::memchr;

use super::Dialect;
use super::fields::{Field, split};
use crate::files::columns::{Layout, Shape};
use crate::files::error::FileError;
use crate::files::file_spec::FileSpec;

pub(crate) struct FirstRecord {
    pub layout: Layout,
    /// Where the first row begins: after the header, or 0 where there is none.
    pub end: usize,
}

/// Reads the first record of a text that does not begin with a blank line. `None` if more text is needed.
pub(crate) fn first_record(text: &[u8], spec: &FileSpec, at_end: bool) -> Result<Option<FirstRecord>, FileError> {
    let limits = spec.limits.bounded();
    let first_line = match memchr(b'\n', text) {
        Some(newline) => &text[..newline],
        None if at_end => text,
        None if text.len() >= limits.line_bytes => {
            return Err(header(format!(
                "the first line has more than {} bytes, so this does not look like text in lines",
                limits.line_bytes
            )));
        }
        None => return Ok(None),
    };
    if memchr(b'\r', first_line.strip_suffix(b"\r").unwrap_or(first_line)).is_some() && first_line.len() == text.len() {
        return Err(FileError::LineEnds);
    }
    let mut warnings = Vec::new();
    let delimiter = spec.delimiter.unwrap_or_else(|| {
        let found = likely_delimiter(first_line, spec.quote);
        if found != b',' {
            let shown = char::from(found).escape_default();
            warnings.push(format!("fields are taken to be separated by \"{shown}\""));
        }
        found
    });
    let dialect = Dialect { delimiter, quote: spec.quote };
    let mut fields = Vec::new();
    let end = match split(text, 0, &dialect, &mut fields) {
        // The record may go on beyond what was read.
        Some(end) if end < text.len() || at_end => end,
        None if at_end || text.len() >= limits.record_bytes => {
            return Err(header("the quotes of the first record do not match: mend them".to_string()));
        }
        _ => return Ok(None),
    };
    let first = texts(text, &fields, &dialect)?;
    let (keys, has_header) = keys(first, spec, &mut warnings)?;
    let mut layout = Layout::new(keys, Shape::Delimited(dialect));
    layout.warnings.splice(0..0, warnings);
    Ok(Some(FirstRecord { layout, end: if has_header { end } else { 0 } }))
}

/// The name of each column by the fields of the first record, and whether that record is a header.
pub(crate) fn keys(first: Vec<String>, spec: &FileSpec, warnings: &mut Vec<String>) -> Result<(Vec<String>, bool), FileError> {
    let has_header = spec.has_header.unwrap_or_else(|| {
        let has_header = is_header(&first);
        if !has_header {
            warnings.push(
                "the first line holds a number, so it is taken for a row and not for names; say `has_header = true` if it holds names"
                    .to_string(),
            );
        }
        has_header
    });
    let keys = match &spec.columns {
        Some(names) if names.len() != first.len() => {
            return Err(header(format!("the settings name {} columns, but its first line has {} fields", names.len(), first.len())));
        }
        Some(names) => names.clone(),
        None if has_header => first,
        None => (1..=first.len()).map(|position| format!("column_{position}")).collect(),
    };
    Ok((keys, has_header))
}

fn header(detail: String) -> FileError {
    FileError::Header { detail }
}

fn texts(text: &[u8], fields: &[Field], dialect: &Dialect) -> Result<Vec<String>, FileError> {
    let mut texts = Vec::with_capacity(fields.len());
    for field in fields {
        let mut value = Vec::new();
        field.write(text, dialect.quote.unwrap_or_default(), &mut value);
        texts.push(
            String::from_utf8(value)
                .map_err(|_| header("its first line is not UTF-8: if it is Latin-1, say `encoding = \"iso-8859-1\"`".to_string()))?,
        );
    }
    Ok(texts)
}

/// The most frequent of the usual delimiters, outside quotes; the comma where there is none.
fn likely_delimiter(line: &[u8], quote: Option<u8>) -> u8 {
    const USUAL: [u8; 4] = [b',', b'\t', b';', b'|'];
    let mut counts = [0usize; USUAL.len()];
    let mut within_quotes = false;
    for byte in line {
        if Some(*byte) == quote {
            within_quotes = !within_quotes;
        } else if !within_quotes && let Some(which) = USUAL.iter().position(|usual| usual == byte) {
            counts[which] += 1;
        }
    }
    let mut likely = 0;
    for (which, count) in counts.iter().enumerate() {
        if *count > counts[likely] {
            likely = which;
        }
    }
    USUAL[likely]
}

/// Names are no numbers.
fn is_header(first: &[String]) -> bool {
    let is_number = |field: &str| {
        let digits: Cow<'_, str> = field.trim().into();
        digits.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first)) && digits.parse::<f64>().is_ok()
    };
    !first.iter().any(|field| is_number(field))
}
