//! Where header and query must agree.

use std::ops::ControlFlow;

use sqlparser::ast::{Expr, Visit, Visitor};
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Token;

use crate::closest::did_you_mean;
use crate::error::Problem;
use crate::fingerprint::words;
use crate::header::{Expectation, ParsedHeader};
use crate::layer::Layer;
use crate::model::{Input, Parts};
use crate::query::{self, Facts};
use crate::table_name::TableName;

/// What the engine adds to every bronze table.
const INGEST_COLUMNS: [&str; 4] = ["_source", "_line", "_ingested_at", "_batch_id"];

/// Notes where the header names a column that the query does not give, and the reverse.
pub(super) fn check(layer: Layer, file: &str, parsed: &ParsedHeader, facts: &Facts, problems: &mut Vec<Problem>) {
    let mut note = |line: usize, message: String| {
        problems.push(Problem::new(file, Some(line), message));
    };
    if let Some(line) = facts.star_line
        && layer.is_documented()
    {
        note(line, format!("the last select of a {layer} model names its columns: replace * by their names"));
    }
    for input in parsed.header.iter().flat_map(|header| &header.optional) {
        if !facts.inputs.contains_key(&Input::Table(input.table.clone())) {
            note(input.line, format!("optional names {}, which the query does not read: read it or leave it out", input.table));
        }
    }
    let Some(outputs) = &facts.outputs else {
        check_expectations(parsed, None, &mut note);
        return;
    };
    let mut names: Vec<&str> = Vec::new();
    for output in outputs {
        match &output.name {
            Some(name) if names.contains(&name.as_str()) => {
                note(output.line, format!("two columns are called {name}: give one another name with `as`"));
            }
            Some(name) => names.push(name),
            None if layer.is_documented() => {
                note(output.line, "an expression of the last select has no name: add `as name`".to_string());
            }
            None => {}
        }
    }
    if layer == Layer::Bronze {
        names.extend(INGEST_COLUMNS);
    }
    // An expression without a name is called something that only the engine knows.
    let all_named = outputs.iter().all(|output| output.name.is_some());
    for (place, column, line) in &parsed.named_columns {
        if all_named && !names.contains(&column.as_str()) {
            let hint = did_you_mean(column, names.iter().copied());
            note(*line, format!("{place} names \"{column}\", which the last select does not give{hint}"));
        }
    }
    if let Some(header) = &parsed.header
        && layer.is_documented()
    {
        for output in outputs {
            if let Some(name) = &output.name
                && !header.columns.iter().any(|(column, _)| column == name)
            {
                note(output.line, format!("column {name} is not described: add {name} = \"…\" with its unit to [columns]"));
            }
        }
    }
    check_expectations(parsed, all_named.then_some(&names), &mut note);
}

/// A bronze table holds what arrived as it arrived, so its model takes everything and only says what is to be there.
pub(super) fn check_contract(table: &TableName, file: &str, parts: &Parts<'_>, problems: &mut Vec<Problem>) {
    let whole = format!("select * from source.{}", table.name);
    if problems.is_empty() && words(parts.sql) != words(&whole) {
        let message = format!("the query of a bronze model is `{whole}`: name the columns in [columns], and shape them in silver");
        problems.push(Problem::new(file, Some(parts.sql_line), message));
    }
}

/// Conditions parse as one expression over the output columns (where those are known).
fn check_expectations(parsed: &ParsedHeader, names: Option<&Vec<&str>>, note: &mut impl FnMut(usize, String)) {
    let expectations = parsed.header.iter().flat_map(|header| &header.expect);
    for expectation in expectations.filter(|expectation| !expectation.that.trim().is_empty()) {
        for message in condition_problems(expectation, names) {
            note(expectation.line, format!("expect.{}: {message}", expectation.name));
        }
    }
}

fn condition_problems(expectation: &Expectation, names: Option<&Vec<&str>>) -> Vec<String> {
    let parsed = Parser::new(&query::DIALECT).try_with_sql(&expectation.that).and_then(|mut parser| {
        let expr = parser.parse_expr()?;
        parser.expect_token(&Token::EOF)?;
        Ok(expr)
    });
    let expr = match parsed {
        Ok(expr) => expr,
        Err(error) => {
            return vec![query::syntax_problem("", 1, &error.to_string()).message];
        }
    };
    let mut columns = Columns::default();
    let _ = expr.visit(&mut columns);
    let mut messages = columns.problems;
    if let Some(names) = names
        && !columns.has_lambda
    {
        for column in columns.named.iter().filter(|column| !names.contains(&column.as_str())) {
            let hint = did_you_mean(column, names.iter().copied());
            messages.push(format!("the last select does not give \"{column}\"{hint}"));
        }
    }
    messages
}

/// The columns that a condition names.
#[derive(Default)]
struct Columns {
    named: Vec<String>,
    /// The parameters of a lambda look like columns.
    has_lambda: bool,
    problems: Vec<String>,
}

impl Visitor for Columns {
    type Break = ();

    fn pre_visit_query(&mut self, _query: &sqlparser::ast::Query) -> ControlFlow<()> {
        self.problems.push("a condition looks at one row: move the subquery into the model's query".to_string());
        ControlFlow::Break(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        match expr {
            Expr::Identifier(ident) => self.named.push(query::normal(ident)),
            Expr::Lambda(_) => self.has_lambda = true,
            _ => self.problems.extend(query::impure(expr)),
        }
        ControlFlow::Continue(())
    }
}
