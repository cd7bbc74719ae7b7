//! Reading TOML so that every problem has a line, and all problems are found in one go.
//!
//! serde stops at the first problem and knows no near matches, so headers and settings are read
//! from the parsed tables instead.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::Problem;

/// A TOML text on its way into a header or settings, and what was wrong with it so far.
pub(crate) struct Reader<'t> {
    file: &'t str,
    text: &'t str,
    /// The line of the file on which `text` begins.
    first_line: usize,
    pub(crate) problems: Vec<Problem>,
}

/// One `key = value` or `[key]`.
pub(crate) struct Entry<'d, 't> {
    pub(crate) key: &'d str,
    pub(crate) line: usize,
    pub(crate) value: &'d DeValue<'t>,
}

impl<'t> Reader<'t> {
    pub(crate) fn new(file: &'t str, text: &'t str, first_line: usize) -> Reader<'t> {
        Reader { file, text, first_line, problems: Vec::new() }
    }

    /// The parsed text, or `None` after noting why it is not TOML. Only the first reason: the others
    /// mostly follow from it.
    pub(crate) fn table(&mut self) -> Option<DeTable<'t>> {
        match DeTable::parse(self.text) {
            Ok(table) => Some(table.into_inner()),
            Err(error) => {
                let line = error.span().map(|span| self.line_at(span));
                let message = error.message().trim().replace('\n', ", ");
                self.problem(line, format!("not valid TOML: {message}"));
                None
            }
        }
    }

    /// The entries of a table in the order of the file.
    pub(crate) fn entries<'d>(&self, table: &'d DeTable<'t>) -> Vec<Entry<'d, 't>> {
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        entries
            .into_iter()
            .map(|(key, value)| Entry { key: key.get_ref(), line: self.line_at(key.span()), value: value.get_ref() })
            .collect()
    }

    pub(crate) fn problem(&mut self, line: Option<usize>, message: String) {
        self.problems.push(Problem::new(self.file, line, message));
    }

    /// The value, or `None` after noting what is wrong with it.
    pub(crate) fn read<T>(&mut self, entry: &Entry<'_, 't>, convert: impl FnOnce(&DeValue<'t>) -> Result<T, String>) -> Option<T> {
        convert(entry.value).map_err(|why| self.problem(Some(entry.line), format!("{}: {why}", entry.key))).ok()
    }

    pub(crate) fn line_at(&self, span: Range<usize>) -> usize {
        let end = span.start.min(self.text.len());
        let newlines = self.text.as_bytes()[..end].iter().filter(|byte| **byte == b'\n').count();
        self.first_line + newlines
    }
}

/// A string.
pub(crate) fn text(value: &DeValue<'_>) -> Result<String, String> {
    value.as_str().map(str::to_string).ok_or_else(|| expected("a text in quotes", value))
}

/// A list of strings.
pub(crate) fn texts(value: &DeValue<'_>) -> Result<Vec<String>, String> {
    const WANTED: &str = "a list of texts, such as [\"a\", \"b\"]";
    let list = value.as_array().ok_or_else(|| expected(WANTED, value))?;
    list.iter()
        .map(|item: &Spanned<DeValue<'_>>| item.get_ref().as_str().map(str::to_string).ok_or_else(|| expected(WANTED, item.get_ref())))
        .collect()
}

/// `expected …, found …`
pub(crate) fn expected(wanted: &str, found: &DeValue<'_>) -> String {
    format!("expected {wanted}, found {}", found.type_str())
}
