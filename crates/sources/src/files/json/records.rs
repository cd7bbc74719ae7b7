//! The rows of a block of JSON.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use memchr::{memchr, memchr_iter};

use super::object::{as_received, each_member};
use crate::files::blocks::Block;
use crate::files::decode::Rows;
use crate::files::reject::{Reject, not_utf8};

/// Which column each key goes to.
#[derive(Debug, Clone)]
pub(crate) struct KeyPositions {
    keys: Vec<String>,
    positions: HashMap<String, usize>,
}

impl KeyPositions {
    pub fn new(keys: &[String]) -> KeyPositions {
        KeyPositions { keys: keys.to_vec(), positions: keys.iter().enumerate().map(|(position, key)| (key.clone(), position)).collect() }
    }

    /// The position of a key, looked for at `likely` first: objects mostly repeat the order of their keys.
    pub fn find(&self, key: &str, likely: usize) -> Option<usize> {
        if self.keys.get(likely).is_some_and(|expected| expected == key) {
            return Some(likely);
        }
        self.positions.get(key).copied()
    }

    pub fn insert(&mut self, key: &str) {
        self.positions.insert(key.to_string(), self.keys.len());
        self.keys.push(key.to_string());
    }

    pub fn into_keys(self) -> Vec<String> {
        self.keys
    }
}

pub(crate) fn decode(block: &Block, keys: &KeyPositions, rows: &mut Rows) {
    let checked = CheckedText::new(&block.bytes);
    let mut values = Vec::new();
    each_record(block, |line, at, broken| {
        let text = &block.bytes[at.clone()];
        if let Some(reason) = broken {
            rows.rejects.push(Reject::new(line, text, reason));
            return;
        }
        if block.elements.is_none() && text.trim_ascii().is_empty() {
            rows.blank_lines += 1;
            return;
        }
        match checked.get(at).and_then(|text| row_values(text, keys, &mut values)) {
            Ok(()) => {
                for (column, value) in rows.columns.iter_mut().zip(&values) {
                    match value {
                        Some(value) => column.push(value.as_bytes()),
                        None => column.push_null(),
                    }
                }
                rows.lines.push(line as i64);
            }
            Err(reason) => rows.rejects.push(Reject::new(line, text, reason)),
        }
    });
}

/// Finds the value of each column in the object that `text` is.
fn row_values<'t>(text: &'t str, keys: &KeyPositions, values: &mut Vec<Option<Cow<'t, str>>>) -> Result<(), String> {
    values.clear();
    values.resize(keys.keys.len(), None);
    let mut seen = vec![false; keys.keys.len()];
    let mut likely = 0;
    each_member(text, |key, value| {
        let Some(position) = keys.find(key, likely) else {
            return Err(format!("key \"{key}\" was not there when the columns were found"));
        };
        if std::mem::replace(&mut seen[position], true) {
            return Err(format!("key \"{key}\" occurs twice"));
        }
        values[position] = as_received(value)?;
        likely = position + 1;
        Ok(())
    })
}

/// The text of a block, checked once; only where that fails is each record checked on its own.
pub(super) struct CheckedText<'b> {
    bytes: &'b [u8],
    whole: Option<&'b str>,
}

impl<'b> CheckedText<'b> {
    pub fn new(bytes: &'b [u8]) -> CheckedText<'b> {
        CheckedText { bytes, whole: simdutf8::basic::from_utf8(bytes).ok() }
    }

    pub fn get(&self, at: Range<usize>) -> Result<&'b str, String> {
        if let Some(text) = self.whole.and_then(|whole| whole.get(at.clone())) {
            return Ok(text);
        }
        simdutf8::compat::from_utf8(&self.bytes[at]).map_err(|error| not_utf8(error.valid_up_to()))
    }
}

/// Calls `record` with the line and place of each record of the block, and why it was given up if it was.
pub(super) fn each_record(block: &Block, mut record: impl FnMut(u64, Range<usize>, Option<&str>)) {
    let Some(elements) = &block.elements else {
        let mut line = block.first_line;
        let mut from = 0;
        while from < block.bytes.len() {
            let end = memchr(b'\n', &block.bytes[from..]).map_or(block.bytes.len(), |at| from + at + 1);
            let broken = block.broken.iter().find(|broken| broken.at.start == from);
            record(line, from..end, broken.map(|broken| broken.reason.as_str()));
            line += 1;
            from = end;
        }
        return;
    };
    let mut line = block.first_line;
    let mut from = 0;
    let mut broken = block.broken.iter().peekable();
    let mut visit = |at: Range<usize>, reason: Option<&str>| {
        line += memchr_iter(b'\n', &block.bytes[from..at.start]).count() as u64;
        from = at.start;
        record(line, at, reason);
    };
    for element in elements {
        while let Some(before) = broken.next_if(|broken| broken.at.start < element.start) {
            visit(before.at.clone(), Some(&before.reason));
        }
        visit(element.clone(), None);
    }
    for rest in broken {
        visit(rest.at.clone(), Some(&rest.reason));
    }
}
