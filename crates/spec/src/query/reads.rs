//! The tables that a query reads, and what else it must not do.

use std::ops::ControlFlow;

use sqlparser::ast::{Expr, ObjectName, ObjectNamePart, Query, SetExpr, Spanned, TableFactor, Visit, Visitor};

use super::{Facts, impure, line_of, normal};
use crate::closest::did_you_mean;
use crate::error::Problem;
use crate::layer::Layer;
use crate::model::Input;
use crate::table_name::{TableName, check_name};

/// Adds to `facts` what the query reads and what is wrong with it.
pub(super) fn collect(layer: Layer, file: &str, first_line: usize, query: &Query, facts: &mut Facts) {
    let mut reads = Reads { layer, file, first_line, scopes: Vec::new(), facts };
    let _ = query.visit(&mut reads);
}

/// Walks a query and collects the tables it reads, which are its relations less the common table
/// expressions in scope.
struct Reads<'a> {
    layer: Layer,
    file: &'a str,
    first_line: usize,
    scopes: Vec<Scope>,
    facts: &'a mut Facts,
}

/// A query being walked: the common table expressions that can be seen, and those still to come.
struct Scope {
    visible: Vec<String>,
    /// Identified by the address of its query, as the walk does not announce common table expressions.
    to_come: Vec<(*const Query, String)>,
    recursive: bool,
}

impl Reads<'_> {
    fn problem(&mut self, line: usize, message: String) {
        self.facts.problems.push(Problem::new(self.file, Some(line), message));
    }

    fn relation(&mut self, name: &ObjectName) {
        let line = line_of(name.span().start.line, self.first_line);
        let parts: Option<Vec<String>> = name.0.iter().map(|part: &ObjectNamePart| part.as_ident().map(normal)).collect();
        let parts = parts.unwrap_or_default();
        let input = match parts.as_slice() {
            [name] if self.is_visible(name) => return,
            [name] => {
                let message = self.no_layer(name);
                return self.problem(line, message);
            }
            [schema, name] if schema == "source" => self.source(name),
            [schema, name] => self.table(schema, name),
            _ => Err(format!("\"{name}\" is not a table name: write layer.name")),
        };
        match input {
            Ok(input) => {
                self.facts.inputs.entry(input).or_insert(line);
            }
            Err(message) => self.problem(line, message),
        }
    }

    fn is_visible(&self, name: &str) -> bool {
        self.scopes.iter().any(|scope| scope.visible.iter().any(|visible| visible == name))
    }

    fn no_layer(&self, name: &str) -> String {
        let visible = self.scopes.iter().flat_map(|scope| scope.visible.iter().map(String::as_str));
        let hint = did_you_mean(name, visible);
        let later = self.scopes.iter().any(|scope| scope.to_come.iter().any(|(_, later)| later == name));
        let below = self.layer.readable().last().copied().unwrap_or(self.layer);
        if later {
            format!("\"{name}\" is used before its `with` defines it: move it up")
        } else if self.layer == Layer::Bronze {
            format!("table \"{name}\" has no layer{hint}: write source.{name}, or define it in `with`")
        } else {
            format!("table \"{name}\" has no layer{hint}: write {below}.{name}, or define it in `with`")
        }
    }

    fn source(&self, name: &str) -> Result<Input, String> {
        check_name(name).map_err(|error| error.to_string())?;
        if self.layer != Layer::Bronze {
            return Err(format!("only bronze models read sources: read bronze.{name} instead of source.{name}"));
        }
        Ok(Input::Source(name.to_string()))
    }

    fn table(&self, schema: &str, name: &str) -> Result<Input, String> {
        let layer = schema.parse::<Layer>().map_err(|error| error.to_string())?;
        let table = TableName::new(layer, name).map_err(|error| error.to_string())?;
        Ok(Input::Table(table))
    }
}

impl Visitor for Reads<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        // In `with recursive` a common table expression sees itself.
        if let Some(parent) = self.scopes.last_mut()
            && parent.recursive
            && let Some((_, name)) = parent.to_come.iter().find(|(at, _)| std::ptr::eq(*at, query))
        {
            parent.visible.push(name.clone());
        }
        let ctes = query.with.iter().flat_map(|with| &with.cte_tables);
        self.scopes.push(Scope {
            visible: Vec::new(),
            to_come: ctes.map(|cte| (&raw const *cte.query, normal(&cte.alias.name))).collect(),
            recursive: query.with.as_ref().is_some_and(|with| with.recursive),
        });
        for statement in hidden_statements(&query.body) {
            let message = format!("a model only reads: `{statement}` has no place in its query, use select");
            self.problem(self.first_line, message);
        }
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        self.scopes.pop();
        if let Some(parent) = self.scopes.last_mut()
            && let Some(at) = parent.to_come.iter().position(|(at, _)| std::ptr::eq(*at, query))
        {
            let (_, name) = parent.to_come.remove(at);
            parent.visible.push(name);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        // With arguments it is a function, such as generate_series(1, 10).
        if let TableFactor::Table { name, args: None, version, sample, .. } = factor {
            let line = line_of(name.span().start.line, self.first_line);
            if version.is_some() {
                self.problem(line, format!("{name} is read as of a version: models read what the run sees"));
            }
            if sample.is_some() {
                self.problem(line, format!("{name} is sampled, which no run could repeat: filter by a hash"));
            }
            self.relation(name);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if let Some(message) = impure(expr) {
            let line = line_of(expr.span().start.line, self.first_line);
            self.problem(line, message);
        }
        ControlFlow::Continue(())
    }
}

/// `table t`, insert, update, delete and merge parse as query bodies too.
fn hidden_statements(body: &SetExpr) -> Vec<&'static str> {
    match body {
        SetExpr::Select(select) if select.into.is_some() => vec!["select into"],
        SetExpr::Select(_) | SetExpr::Query(_) | SetExpr::Values(_) => Vec::new(),
        SetExpr::SetOperation { left, right, .. } => {
            let mut found = hidden_statements(left);
            found.extend(hidden_statements(right));
            found
        }
        SetExpr::Insert(_) => vec!["insert"],
        SetExpr::Update(_) => vec!["update"],
        SetExpr::Delete(_) => vec!["delete"],
        SetExpr::Merge(_) => vec!["merge"],
        SetExpr::Table(_) => vec!["table"],
    }
}
