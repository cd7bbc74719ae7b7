//! Lineage as text: what a column is made of as an indented tree, what steers it marked with `~`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use spec::TableName;

use super::{How, Kind, Lineage, ROWS, Source, Sources};
use crate::Result;

/// Which way to look from a column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// What it comes from.
    #[default]
    Upstream,
    /// What is made from it.
    Downstream,
}

/// The ways in which a column is used.
type Ways = BTreeSet<How>;

/// Columns one step away.
type Steps = BTreeMap<(TableName, String), Ways>;

impl Lineage {
    /// The lineage of a column, or of a table column by column, for people to read. Lines end in `\n`.
    ///
    /// Values are followed all the way; influences, marked `~`, one step. What was shown above is not repeated.
    ///
    /// # Errors
    /// No such table or column.
    pub fn tree(&self, table: &TableName, column: Option<&str>, direction: Direction) -> Result<String> {
        let made = self.existing(table, column)?;
        let mut text = String::new();
        match (column, direction) {
            (Some(column), Direction::Upstream) => {
                let _ = writeln!(text, "{table}.{column}");
                let mut seen = BTreeSet::from([(table.clone(), column.to_owned())]);
                self.branch(table, column, direction, 1, &mut seen, &mut text);
                let tables: BTreeSet<TableName> = seen.into_iter().map(|(table, _)| table).collect();
                self.row_lines(self.order.iter().rev().filter(|t| tables.contains(t)), &mut text);
            }
            (Some(column), Direction::Downstream) => {
                let _ = writeln!(text, "{table}.{column}");
                let mut seen = BTreeSet::from([(table.clone(), column.to_owned())]);
                self.branch(table, column, direction, 1, &mut seen, &mut text);
            }
            (None, _) => {
                let _ = writeln!(text, "{table}");
                if direction == Direction::Upstream {
                    let width = made.columns.iter().map(|c| c.name.chars().count()).max().unwrap_or_default();
                    for column in &made.columns {
                        let _ = writeln!(text, "  {:<width$}  {}", column.name, in_one_line(&column.sources));
                    }
                    self.row_lines(std::iter::once(table), &mut text);
                }
                let heading = if direction == Direction::Upstream { "made from" } else { "read by" };
                let _ = writeln!(text, "{heading}");
                self.tables_below(table, direction, 1, &mut BTreeSet::new(), &mut text);
            }
        }
        Ok(text)
    }

    fn branch(
        &self,
        table: &TableName,
        column: &str,
        direction: Direction,
        depth: usize,
        seen: &mut BTreeSet<(TableName, String)>,
        text: &mut String,
    ) {
        let indent = "  ".repeat(depth);
        let (values, influences) = self.next(table, column, direction);
        for ((table, column), ways) in values {
            let first = seen.insert((table.clone(), column.clone()));
            let more = !first && !self.next(&table, &column, direction).0.is_empty();
            let _ = writeln!(text, "{indent}{}  {}{}", named(&table, &column), words(&ways), if more { ", see above" } else { "" });
            if first {
                self.branch(&table, &column, direction, depth + 1, seen, text);
            }
        }
        // What steers rows is told once, below the tree.
        let told_below = column == ROWS && direction == Direction::Upstream;
        for ((table, column), ways) in influences.into_iter().filter(|_| !told_below) {
            let _ = writeln!(text, "{indent}~ {}  {}", named(&table, &column), words(&ways));
        }
    }

    /// The columns one step away: those that share values, and those that steer or are steered only.
    fn next(&self, table: &TableName, column: &str, direction: Direction) -> (Steps, Steps) {
        let mut all = Steps::new();
        let mut add = |table: &TableName, column: &str, how: How| {
            all.entry((table.clone(), column.to_owned())).or_default().insert(how);
        };
        match direction {
            Direction::Upstream => {
                let Some(made) = self.tables.get(table) else { return Default::default() };
                let sources = match made.column(column) {
                    Some(column) => &column.sources,
                    None if column == ROWS => &made.rows,
                    None => return Default::default(),
                };
                sources.iter().for_each(|s| add(&s.table, &s.column, s.how));
            }
            Direction::Downstream => {
                let is_it = |s: &&Source| s.table == *table && s.column == column;
                for (user, made) in &self.tables {
                    for by in &made.columns {
                        by.sources.iter().filter(is_it).for_each(|s| add(user, &by.name, s.how));
                    }
                    made.rows.iter().filter(is_it).for_each(|s| add(user, ROWS, s.how));
                }
            }
        }
        all.into_iter().partition(|(_, ways)| ways.iter().any(|how| how.kind() == Kind::Value))
    }

    /// What decides on the rows of each table.
    fn row_lines<'a>(&self, tables: impl Iterator<Item = &'a TableName>, text: &mut String) {
        for table in tables {
            let Some(made) = self.tables.get(table).filter(|made| !made.rows.is_empty()) else { continue };
            let _ = writeln!(text, "rows of {table}");
            let mut by_way: BTreeMap<How, Vec<String>> = BTreeMap::new();
            for source in &made.rows {
                by_way.entry(source.how).or_default().push(named(&source.table, &source.column));
            }
            for (how, columns) in by_way {
                let mark = if how.kind() == Kind::Influence { "~ " } else { "" };
                let _ = writeln!(text, "  {mark}{how}: {}", columns.join(", "));
            }
        }
    }

    fn tables_below(&self, table: &TableName, direction: Direction, depth: usize, seen: &mut BTreeSet<TableName>, text: &mut String) {
        let next: BTreeSet<&TableName> = match direction {
            Direction::Upstream => self.tables.get(table).map(|made| made.inputs()).unwrap_or_default(),
            Direction::Downstream => self.tables.iter().filter(|(_, made)| made.inputs().contains(table)).map(|(name, _)| name).collect(),
        };
        for table in next {
            let first = seen.insert(table.clone());
            let _ = writeln!(text, "{}{table}{}", "  ".repeat(depth), if first { "" } else { "  see above" });
            if first {
                self.tables_below(table, direction, depth + 1, seen, text);
            }
        }
    }
}

fn named(table: &TableName, column: &str) -> String {
    if column == ROWS { format!("rows of {table}") } else { format!("{table}.{column}") }
}

fn words(ways: &Ways) -> String {
    ways.iter().map(|how| how.as_str()).collect::<Vec<_>>().join(", ")
}

/// `silver.campaigns.billing_rate_usd (computed)  ~ silver.ad_funnel.is_click (condition)`
fn in_one_line(sources: &Sources) -> String {
    let told = |kind: Kind| {
        let of_kind = sources.iter().filter(|s| s.kind() == kind);
        of_kind.map(|s| format!("{} ({})", named(&s.table, &s.column), s.how)).collect::<Vec<_>>().join(", ")
    };
    match (told(Kind::Value), told(Kind::Influence)) {
        (values, influences) if values.is_empty() && influences.is_empty() => "constant or raw".to_owned(),
        (values, influences) if influences.is_empty() => values,
        (values, influences) => format!("{values}  ~ {influences}").trim_start().to_owned(),
    }
}
