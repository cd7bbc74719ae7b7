//! `[[source.table]]`: which files make which bronze table.

use toml::de::DeValue;

use super::Encoding;
use super::value::Given;
use crate::closest::did_you_mean;
use crate::keys::{Entry, Reader, expected};
use crate::table_name::check_name;

/// Which files make one bronze table, and how to read them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceTable {
    /// A pattern on the path relative to the source, such as `logs/imp*.csv`.
    pub pattern: String,
    /// The name within bronze.
    pub table: String,
    /// How the text is encoded; `None` = as `source.encoding` says.
    pub encoding: Option<Encoding>,
    /// The ASCII letter between fields; `None` = found out from the file.
    pub delimiter: Option<u8>,
    /// Whether the first line holds names; `None` = found out from the file.
    pub has_header: Option<bool>,
    /// Column names in the order of the fields; `None` = from the file.
    pub columns: Option<Vec<String>>,
    /// The sheet of a workbook; `None` = the first one that holds anything, and those with the same header.
    pub sheet: Option<String>,
}

const KEYS: [&str; 7] = ["pattern", "table", "encoding", "delimiter", "has_header", "columns", "sheet"];

pub(super) fn read<'t>(reader: &mut Reader<'t>, entry: &Entry<'_, 't>) -> Vec<SourceTable> {
    let Some(blocks) = entry.value.as_array() else {
        let why = expected("blocks, each under [[source.table]]", entry.value);
        reader.problem(Some(entry.line), format!("source.table: {why}"));
        return Vec::new();
    };
    let mut tables = Vec::new();
    for block in blocks.iter() {
        let line = reader.line_at(block.span());
        tables.extend(read_block(reader, block.get_ref(), line));
    }
    tables
}

fn read_block<'t>(reader: &mut Reader<'t>, block: &DeValue<'t>, line: usize) -> Option<SourceTable> {
    let Some(table) = block.as_table() else {
        let why = expected("a block under [[source.table]]", block);
        reader.problem(Some(line), format!("source.table: {why}"));
        return None;
    };
    let mut found = SourceTable {
        pattern: String::new(),
        table: String::new(),
        encoding: None,
        delimiter: None,
        has_header: None,
        columns: None,
        sheet: None,
    };
    for entry in reader.entries(table) {
        if let Err(why) = assign(&mut found, &entry) {
            let message = if KEYS.contains(&entry.key) { format!("source.table.{}: {why}", entry.key) } else { why };
            reader.problem(Some(entry.line), message);
        }
    }
    for required in ["pattern", "table"] {
        if !table.keys().any(|key| key.get_ref() == required) {
            reader.problem(Some(line), format!("source.table has no {required}: every block needs a pattern and a table"));
        }
    }
    Some(found)
}

fn assign(found: &mut SourceTable, entry: &Entry<'_, '_>) -> Result<(), String> {
    let value = Given::Toml(entry.value);
    match entry.key {
        "pattern" => found.pattern = value.filled_text()?,
        "table" => {
            let name = value.filled_text()?;
            check_name(&name).map_err(|error| error.to_string())?;
            found.table = name;
        }
        "encoding" => found.encoding = Some(value.filled_text()?.parse()?),
        "delimiter" => found.delimiter = Some(delimiter(&value.text()?)?),
        "has_header" => found.has_header = Some(value.flag()?),
        "columns" => found.columns = Some(columns(value.list()?)?),
        "sheet" => found.sheet = Some(value.filled_text()?),
        unknown => {
            return Err(format!(
                "unknown key \"{unknown}\" in source.table{}: a block has {}",
                did_you_mean(unknown, KEYS.into_iter()),
                KEYS.join(", ")
            ));
        }
    }
    Ok(())
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        [b'"' | b'\n' | b'\r'] => Err("a quote or line break cannot separate fields".to_string()),
        [byte] if byte.is_ascii() => Ok(*byte),
        _ => Err(format!("expected one ASCII letter such as \",\" or \"\\t\", found {text:?}")),
    }
}

fn columns(names: Vec<String>) -> Result<Vec<String>, String> {
    if names.is_empty() {
        return Err("is empty: name the columns or leave it out".to_string());
    }
    for (position, name) in names.iter().enumerate() {
        if name.trim().is_empty() {
            return Err(format!("column {} has an empty name", position + 1));
        }
        if names[..position].contains(name) {
            return Err(format!("names \"{name}\" twice: every column needs its own name"));
        }
    }
    Ok(names)
}
