//! One table as one SQL file.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use sqlparser::tokenizer::{Token, Tokenizer};

use crate::error::Problem;
use crate::fingerprint::fingerprint;
use crate::header::{self, Header, OptionalInput};
use crate::layer::Layer;
use crate::parameters::Parameters;
use crate::query;
use crate::table_name::TableName;

mod checks;
mod placeholders;
#[cfg(test)]
pub(crate) mod tests;

/// Something a model reads.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Input {
    /// A table of the lake.
    Table(TableName),
    /// Raw data by the name of its source, `source.NAME`; only bronze models read it.
    Source(String),
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Input::Table(table) => table.fmt(f),
            Input::Source(name) => write!(f, "source.{name}"),
        }
    }
}

/// One table: what it is and the query that makes it. Made only by [`Model::parse`].
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// The table it makes.
    pub table: TableName,
    /// The subject it belongs to, such as `adtech`.
    pub domain: String,
    /// The file, as shown in errors.
    pub file: String,
    /// What the model says about its table.
    pub header: Header,
    /// The query, without the leading comment and the closing semicolon, with the values of its parameters.
    pub sql: String,
    /// What the query reads.
    pub inputs: BTreeSet<Input>,
    /// The line of the file on which `sql` begins, 1-based.
    pub sql_first_line: usize,
    /// The line on which each input is first mentioned.
    input_lines: BTreeMap<Input, usize>,
}

impl Model {
    /// Reads one model; the name of the table is the file's name without `.sql`. Its parameters have their own values.
    ///
    /// # Errors
    /// Every problem of the file at once.
    pub fn parse(layer: Layer, domain: &str, file: &str, text: &str) -> Result<Model, Vec<Problem>> {
        Model::parse_with(layer, domain, file, text, &Parameters::default())
    }

    /// Reads one model, with the values that `parameters` give to its table.
    ///
    /// # Errors
    /// Every problem of the file at once, and values that do not fit.
    pub fn parse_with(layer: Layer, domain: &str, file: &str, text: &str, parameters: &Parameters) -> Result<Model, Vec<Problem>> {
        let mut problems = Vec::new();
        let table =
            TableName::new(layer, stem(file)).map_err(|error| problem(&mut problems, file, None, format!("the file's name {error}"))).ok();
        let Some(parts) = split(file, text, &mut problems) else {
            return Err(problems);
        };
        let mut parsed = header::parse(file, parts.comment, parts.comment_line);
        let mut sql = parts.sql.to_string();
        if let Some(header) = &mut parsed.header {
            let unfit = table.iter().flat_map(|table| parameters.apply(table, &mut header.parameters));
            problems.extend(unfit.map(|message| Problem::new("settings", None, message)));
            sql = placeholders::fill(file, &parts, &header.parameters, &mut problems);
        }
        let facts = query::parse(layer, file, &sql, parts.sql_line);
        problems.extend(parsed.problems.iter().cloned());
        problems.extend(facts.problems.iter().cloned());
        checks::check(layer, file, &parsed, &facts, &mut problems);
        if let Some(table) = table.as_ref().filter(|_| layer == Layer::Bronze) {
            checks::check_contract(table, file, &parts, &mut problems);
        }
        problems.sort();
        problems.dedup();
        match (table, parsed.header) {
            (Some(table), Some(header)) if problems.is_empty() => Ok(Model {
                table,
                domain: domain.to_string(),
                file: file.to_string(),
                header,
                sql,
                inputs: facts.inputs.keys().cloned().collect(),
                sql_first_line: parts.sql_line,
                input_lines: facts.inputs,
            }),
            _ => Err(problems),
        }
    }

    /// The tables of the lake that it reads, in the direction of data flow.
    pub fn input_tables(&self) -> impl Iterator<Item = &TableName> {
        self.inputs.iter().filter_map(|input| match input {
            Input::Table(table) => Some(table),
            Input::Source(_) => None,
        })
    }

    /// The tables that have to be in the lake: all it reads but those of [`Header::optional`].
    pub fn required_tables(&self) -> impl Iterator<Item = &TableName> {
        self.input_tables().filter(|table| self.optional(table).is_none())
    }

    /// What the header says of an input that the lake may lack.
    pub fn optional(&self, table: &TableName) -> Option<&OptionalInput> {
        self.header.optional.iter().find(|input| input.table == *table)
    }

    /// The line of the file on which an input is first mentioned.
    pub(crate) fn line_of(&self, input: &TableName) -> Option<usize> {
        self.input_lines.get(&Input::Table(input.clone())).copied()
    }

    /// 32 hexadecimal digits that stay the same as long as the model gives the same result from the
    /// same inputs: descriptions, comments, white space and the letter case of unquoted words do
    /// not count. The same in every process, on every machine.
    pub fn fingerprint(&self) -> String {
        fingerprint(&self.header, &self.sql)
    }
}

fn problem(problems: &mut Vec<Problem>, file: &str, line: Option<usize>, message: String) {
    problems.push(Problem::new(file, line, message));
}

/// `silver/models/adtech/clicks.sql` → `clicks`
fn stem(file: &str) -> &str {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    name.strip_suffix(".sql").unwrap_or(name)
}

/// A model file, taken apart.
struct Parts<'t> {
    comment: &'t str,
    comment_line: usize,
    sql: &'t str,
    sql_line: usize,
}

fn split<'t>(file: &str, text: &'t str, problems: &mut Vec<Problem>) -> Option<Parts<'t>> {
    let line_at = |part: &str| 1 + newlines(&text[..text.len() - part.len()]);
    let body = text.strip_prefix('\u{feff}').unwrap_or(text).trim_start();
    let Some(comment_on) = body.strip_prefix("/*") else {
        let message = "the leading comment is missing: begin with /*, a sentence that says what one row is, \
                       a blank line, the header in TOML and */";
        problem(problems, file, Some(line_at(body)), message.to_string());
        return None;
    };
    let Some((comment, rest)) = comment_on.split_once("*/") else {
        problem(problems, file, Some(line_at(body)), "the leading comment is not closed: add */".to_string());
        return None;
    };
    let sql = rest.trim();
    let sql_line = line_at(rest.trim_start());
    Some(Parts { comment, comment_line: line_at(comment_on), sql: without_semicolon(sql), sql_line })
}

fn newlines(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count()
}

/// The text up to a semicolon that only semicolons, comments and white space follow.
fn without_semicolon(sql: &str) -> &str {
    let Ok(tokens) = Tokenizer::new(&query::DIALECT, sql).tokenize_with_location() else {
        return sql;
    };
    let last = tokens
        .iter()
        .rev()
        .take_while(|token| matches!(token.token, Token::SemiColon | Token::Whitespace(_)))
        .filter(|token| token.token == Token::SemiColon)
        .last();
    let Some(semicolon) = last else { return sql };
    match placeholders::offset_of(sql, semicolon.span.start) {
        Some(offset) => sql[..offset].trim_end(),
        None => sql,
    }
}
