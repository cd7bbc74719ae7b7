//! What a model's SQL reads and what it gives, found by parsing it.

use std::collections::BTreeMap;

use sqlparser::ast::{Expr, Ident, SelectItem, SetExpr, Spanned, Statement};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;

use crate::error::Problem;
use crate::layer::Layer;
use crate::model::Input;

mod reads;
#[cfg(test)]
mod tests;

/// The dialect of DataFusion's default configuration.
pub(crate) const DIALECT: GenericDialect = GenericDialect {};

/// Functions whose value depends on when or how often a model runs.
const IMPURE: [&str; 13] = [
    "now",
    "current_timestamp",
    "current_date",
    "current_time",
    "localtime",
    "localtimestamp",
    "today",
    "getdate",
    "random",
    "rand",
    "uuid",
    "gen_random_uuid",
    "version",
];

/// A column of the last select.
pub(crate) struct Output {
    /// The name, or `None` for an expression without `as`.
    pub(crate) name: Option<String>,
    pub(crate) line: usize,
}

/// What parsing a query tells about it.
#[derive(Default)]
pub(crate) struct Facts {
    /// What it reads, with the line of the first mention.
    pub(crate) inputs: BTreeMap<Input, usize>,
    /// The columns it gives; `None` where a `*` hides them.
    pub(crate) outputs: Option<Vec<Output>>,
    /// The line of a `*` in the last select.
    pub(crate) star_line: Option<usize>,
    pub(crate) problems: Vec<Problem>,
}

/// Parses `sql`, which begins on `first_line` of `file`.
pub(crate) fn parse(layer: Layer, file: &str, sql: &str, first_line: usize) -> Facts {
    let mut facts = Facts::default();
    let statements = match Parser::parse_sql(&DIALECT, sql) {
        Ok(statements) => statements,
        Err(error) => {
            facts.problems.push(syntax_problem(file, first_line, &error.to_string()));
            return facts;
        }
    };
    let query = match statements.as_slice() {
        [Statement::Query(query)] => query,
        [] => {
            facts.problems.push(Problem::new(file, Some(first_line), "there is no query: write one select after the comment"));
            return facts;
        }
        [other] => {
            facts.problems.push(Problem::new(
                file,
                Some(first_line),
                format!(
                    "a model is one select, not {}: leave creating and filling the table to the engine",
                    first_words(&other.to_string())
                ),
            ));
            return facts;
        }
        [_, second, ..] => {
            facts.problems.push(Problem::new(
                file,
                Some(line_of(second.span().start.line, first_line)),
                format!("a model is one select, this file has {} statements: use `with` or further models", statements.len()),
            ));
            return facts;
        }
    };
    reads::collect(layer, file, first_line, query, &mut facts);
    (facts.outputs, facts.star_line) = outputs(&query.body, first_line);
    facts
}

/// The problem behind a parser's message, with its line in the file.
pub(crate) fn syntax_problem(file: &str, first_line: usize, message: &str) -> Problem {
    // "sql parser error: Expected: …, found: … at Line: 3, Column: 7"
    let message = message.trim_start_matches("sql parser error: ").replace('\n', " ");
    let (what, line) = match message.rsplit_once(" at Line: ") {
        Some((what, place)) => {
            let digits: String = place.chars().take_while(char::is_ascii_digit).collect();
            (what.to_string(), digits.parse().ok().map(|line| line_of(line, first_line)))
        }
        None => (message, Some(first_line)),
    };
    Problem::new(file, line, format!("not valid SQL: {what}"))
}

/// A line of the SQL text as a line of the file. The parser gives 0 where it does not know.
fn line_of(line: u64, first_line: usize) -> usize {
    first_line + usize::try_from(line).unwrap_or(1).saturating_sub(1)
}

fn first_words(statement: &str) -> String {
    statement.split_whitespace().take(2).collect::<Vec<_>>().join(" ").to_lowercase()
}

/// A name as DataFusion sees it: lower case unless quoted.
pub(crate) fn normal(ident: &Ident) -> String {
    match ident.quote_style {
        Some(_) => ident.value.clone(),
        None => ident.value.to_ascii_lowercase(),
    }
}

/// Why an expression cannot stand in a model, if it depends on when or how often the model runs.
pub(crate) fn impure(expr: &Expr) -> Option<String> {
    let Expr::Function(function) = expr else {
        return None;
    };
    let name = function.name.0.last()?.as_ident().map(normal)?;
    IMPURE
        .contains(&name.as_str())
        .then(|| format!("{name}() gives another result in every run: take it from the data, so that a rebuild equals"))
}

/// The columns of the last select, or `None` and the line of the `*` that hides them.
fn outputs(body: &SetExpr, first_line: usize) -> (Option<Vec<Output>>, Option<usize>) {
    match body {
        SetExpr::Select(select) => {
            let select_line = line_of(select.select_token.0.span.start.line, first_line);
            let line = |at: u64| {
                if at == 0 { select_line } else { line_of(at, first_line) }
            };
            let mut columns = Vec::new();
            for item in &select.projection {
                let at = line(item.span().start.line);
                match item {
                    SelectItem::UnnamedExpr(expr) => {
                        columns.push(Output { name: own_name(expr), line: at });
                    }
                    SelectItem::ExprWithAlias { alias, .. } => {
                        columns.push(Output { name: Some(normal(alias)), line: line(alias.span.start.line) });
                    }
                    SelectItem::ExprWithAliases { aliases, .. } => {
                        columns.extend(aliases.iter().map(|alias| Output { name: Some(normal(alias)), line: at }));
                    }
                    SelectItem::QualifiedWildcard(..) | SelectItem::Wildcard(_) => {
                        return (None, Some(at));
                    }
                }
            }
            (Some(columns), None)
        }
        SetExpr::Query(query) => outputs(&query.body, first_line),
        // A union has the names of its first part.
        SetExpr::SetOperation { left, .. } => outputs(left, first_line),
        _ => (None, None),
    }
}

fn own_name(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Identifier(ident) => Some(normal(ident)),
        Expr::CompoundIdentifier(parts) => parts.last().map(normal),
        _ => None,
    }
}
