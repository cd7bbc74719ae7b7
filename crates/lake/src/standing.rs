//! How the tables of a lake stand to each other at one moment: every table opened once, with what it had consumed. What
//! agrees is told from this one picture alone, because other runs may move the tables while we look.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures::{StreamExt, TryStreamExt};
use spec::{Layer, Model, TableName};

use crate::quarantine;
use crate::release::Release;
use crate::table::Table;
use crate::{Lake, LakeError, Result};

/// Tables opened at a time.
const AT_ONCE: usize = 8;

struct Opened {
    table: Table,
    consumed: HashMap<String, i64>,
    /// The tables it is made from.
    inputs: Vec<TableName>,
}

/// All tables, each at the version it had when it was looked at.
pub(crate) struct Standing {
    tables: BTreeMap<TableName, Opened>,
}

impl Standing {
    /// Opens all tables. A table is made from what its model among `models` reads, or, where its model is not there, from
    /// what its log says that it read.
    pub async fn of(lake: &Lake, models: &[&Model]) -> Result<Self> {
        let opened = futures::stream::iter(lake.tables().await?).map(|name| async move {
            let Some(table) = lake.table(&name).await? else { return Ok(None) };
            let consumed = table.transactions().await?;
            let inputs = match models.iter().find(|m| m.table == name) {
                Some(model) => model.input_tables().cloned().collect(),
                // The engine's own tables note versions for other ends than having read them.
                None if name.layer == Layer::Ops => Vec::new(),
                None => consumed.keys().filter_map(|id| id.parse().ok()).collect(),
            };
            Ok::<_, LakeError>(Some((name, Opened { table, consumed, inputs })))
        });
        let opened: Vec<Option<(TableName, Opened)>> = opened.buffer_unordered(AT_ONCE).try_collect().await?;
        Ok(Self { tables: opened.into_iter().flatten().collect() })
    }

    /// For each table the versions of it that others consumed last: from these on they will ask what changed.
    pub fn consumed_versions(&self) -> BTreeMap<TableName, BTreeSet<u64>> {
        let mut consumed: BTreeMap<TableName, BTreeSet<u64>> = BTreeMap::new();
        for opened in self.tables.values() {
            for input in &opened.inputs {
                let version = opened.consumed.get(&input.to_string()).and_then(|v| u64::try_from(*v).ok());
                consumed.entry(input.clone()).or_default().extend(version);
            }
        }
        consumed
    }

    /// Tables that have not read the latest rows of what they are made from.
    pub async fn behind(&self) -> Result<BTreeSet<TableName>> {
        let mut behind = BTreeSet::new();
        for (name, opened) in &self.tables {
            for input in &opened.inputs {
                let Some(Opened { table, .. }) = self.tables.get(input) else { continue };
                if table.is_ahead_of(opened.consumed.get(&input.to_string()).copied()).await? {
                    behind.insert(name.clone());
                    break;
                }
            }
        }
        Ok(behind)
    }

    /// The versions of a release after `last`. All tables that are joined to one that is behind, however many tables lie
    /// between, keep the version they have there: any of them may have read newer rows of another.
    pub fn agreeing(&self, behind: &BTreeSet<TableName>, last: &Release) -> BTreeMap<TableName, u64> {
        let mut stale: BTreeSet<&TableName> = behind.iter().collect();
        loop {
            let known = stale.len();
            for (name, opened) in &self.tables {
                if stale.contains(name) || opened.inputs.iter().any(|t| stale.contains(t)) {
                    stale.extend(std::iter::once(name).chain(&opened.inputs));
                }
            }
            if stale.len() == known {
                break;
            }
        }
        let mut versions = last.versions.clone();
        for (name, opened) in &self.tables {
            if name.layer != Layer::Ops && !stale.contains(name) {
                versions.insert(name.clone(), opened.table.version());
            }
        }
        versions
    }

    /// Brings `ops.quarantine` up to what all tables promised: a run may have been killed right after a commit, and no
    /// later step comes to a table without new rows.
    pub async fn settle(&self, lake: &Lake) -> Result<()> {
        let settled = self.tables.get(&quarantine::table_name()).map(|q| &q.consumed);
        for (name, opened) in &self.tables {
            let Some(promised) = opened.consumed.get(quarantine::TRANSACTION) else { continue };
            if settled.and_then(|s| s.get(&name.to_string())).is_none_or(|s| s < promised) {
                quarantine::settle(lake, &opened.table, &opened.consumed).await?;
            }
        }
        Ok(())
    }
}
