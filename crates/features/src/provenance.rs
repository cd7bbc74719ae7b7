//! What is known of features beyond their values: from when, by the registry, and from what, by the lineage of their model.

use std::collections::{BTreeMap, BTreeSet};

use lake::lineage::{How, Lineage};
use lake::{Lake, Result};
use spec::{FeatureTable, KnownFrom, Pipeline, TableName};

/// From when and from what the features of a table are known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Provenance {
    /// From when each feature is known.
    pub known_from: BTreeMap<String, KnownFrom>,
    /// Features that read the label of the same row: its column, or one that it is a copy of, row by row. What is added up over rows is
    /// not meant, as a table of its own may stop before the row.
    pub from_label: Vec<String>,
}

impl Provenance {
    /// That of a registered table, made by the models of a pipeline.
    ///
    /// # Errors
    /// Models that do not fit the tables they read, and a Delta log that cannot be read.
    pub async fn of(lake: &Lake, pipeline: &Pipeline, table: &TableName, registered: &FeatureTable) -> Result<Self> {
        let known_from = registered.features.iter().map(|(name, feature)| (name.clone(), feature.known_from)).collect();
        let lineage = lake.lineage(pipeline).await?;
        let label = upstream(&lineage, (table.clone(), registered.label.clone()), |how| how == How::Identity);
        let reads_label = |name: &&String| !upstream(&lineage, (table.clone(), (*name).clone()), is_by_row).is_disjoint(&label);
        Ok(Self { known_from, from_label: registered.features.keys().filter(reads_label).cloned().collect() })
    }
}

type Place = (TableName, String);

fn is_by_row(how: How) -> bool {
    matches!(how, How::Identity | How::Transformation | How::Conditional)
}

/// A column and all that it comes from by such steps alone.
fn upstream(lineage: &Lineage, of: Place, goes: impl Fn(How) -> bool) -> BTreeSet<Place> {
    let mut found = BTreeSet::new();
    let mut left = vec![of];
    while let Some((table, column)) = left.pop() {
        let sources = lineage.table(&table).and_then(|made| made.column(&column)).map(|column| &column.sources);
        let steps = sources.into_iter().flatten().filter(|source| goes(source.how));
        left.extend(steps.map(|source| (source.table.clone(), source.column.clone())).filter(|place| !found.contains(place)));
        found.insert((table, column));
    }
    found
}
