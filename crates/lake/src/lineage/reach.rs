//! How far a column's sources and uses reach over all tables.

use std::collections::{BTreeMap, BTreeSet};

use spec::{TableName, closest};

use super::{How, Kind, Lineage, ROWS, Source, Sources, TableLineage};
use crate::{LakeError, Result};

/// Columns by table, with all the ways in which they are reached.
type Reached = BTreeMap<TableName, BTreeMap<String, BTreeSet<How>>>;

impl Lineage {
    /// Everything that a column, or any column of a table, comes from, back to the raw tables.
    ///
    /// # Errors
    /// No such table or column.
    pub fn upstream(&self, table: &TableName, column: Option<&str>) -> Result<Sources> {
        let mut reached = self.start(table, column)?;
        for name in self.order.iter().rev() {
            let (Some(wanted), Some(made)) = (reached.get(name).cloned(), self.tables.get(name)) else { continue };
            for (column, ways) in wanted {
                for source in made.sources_of(&column) {
                    let found = reached.entry(source.table.clone()).or_default().entry(source.column.clone()).or_default();
                    found.extend(ways.iter().map(|way| source.how.then(*way)));
                }
            }
        }
        Ok(listed(reached, table))
    }

    /// Every column of other tables that a column, or any column of a table, makes up or steers. What steers the rows of a
    /// table steers each of its columns.
    ///
    /// # Errors
    /// No such table or column.
    pub fn downstream(&self, table: &TableName, column: Option<&str>) -> Result<Sources> {
        let mut reached = self.start(table, column)?;
        for name in &self.order {
            let Some(made) = self.tables.get(name).filter(|_| name != table) else { continue };
            let mut found: BTreeMap<String, BTreeSet<How>> = BTreeMap::new();
            for column in made.columns.iter().map(|c| c.name.as_str()).chain([ROWS]) {
                for source in made.sources_of(column) {
                    let Some(ways) = reached.get(&source.table).and_then(|columns| columns.get(&source.column)) else { continue };
                    found.entry(column.to_owned()).or_default().extend(ways.iter().map(|way| way.then(source.how)));
                }
            }
            reached.insert(name.clone(), found);
        }
        Ok(listed(reached, table))
    }

    /// The table, if it is there and has the column.
    pub(super) fn existing(&self, table: &TableName, column: Option<&str>) -> Result<&TableLineage> {
        let Some(made) = self.tables.get(table) else {
            let names: Vec<String> = self.order.iter().map(ToString::to_string).collect();
            let hint = closest(&table.to_string(), names.iter().map(String::as_str)).map(|near| format!("; did you mean {near}?"));
            return Err(LakeError::invalid(format!("no model makes {table} and it is not in the lake{}", hint.unwrap_or_default())));
        };
        match column {
            Some(name) if name != ROWS && made.column(name).is_none() => {
                let names = made.columns.iter().map(|c| c.name.as_str());
                let hint = match closest(name, names.clone()) {
                    Some(near) => format!("did you mean {near}?"),
                    None => format!("it has {}", names.collect::<Vec<_>>().join(", ")),
                };
                Err(LakeError::invalid(format!("{table} has no column {name}; {hint}")))
            }
            _ => Ok(made),
        }
    }

    fn start(&self, table: &TableName, column: Option<&str>) -> Result<Reached> {
        let made = self.existing(table, column)?;
        let columns: Vec<&str> = match column {
            Some(name) => vec![name],
            None => made.columns.iter().map(|c| c.name.as_str()).chain([ROWS]).collect(),
        };
        let itself = columns.into_iter().map(|c| (c.to_owned(), BTreeSet::from([How::Identity]))).collect();
        Ok(Reached::from([(table.clone(), itself)]))
    }
}

impl TableLineage {
    /// Direct sources of a column: its own, and what steers the table's rows.
    fn sources_of(&self, column: &str) -> impl Iterator<Item = &Source> + use<'_> {
        let of_rows = column == ROWS;
        let own = self.column(column).into_iter().flat_map(|c| &c.sources);
        own.chain(self.rows.iter().filter(move |s| of_rows || s.kind() == Kind::Influence))
    }
}

fn listed(reached: Reached, asked: &TableName) -> Sources {
    let mut all = Sources::new();
    for (table, columns) in reached.into_iter().filter(|(table, _)| table != asked) {
        for (column, ways) in columns {
            all.extend(ways.into_iter().map(|how| Source { table: table.clone(), column: column.clone(), how }));
        }
    }
    all
}
