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
    /// Models of its layer are known, but none that makes it.
    is_orphan: bool,
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
            let model = models.iter().find(|m| m.table == name);
            let inputs: Vec<TableName> = match model {
                Some(model) => model.input_tables().cloned().collect(),
                // The engine's own tables note versions for other ends than having read them.
                None if name.layer == Layer::Ops => Vec::new(),
                None => consumed.keys().filter_map(|id| id.parse().ok()).collect(),
            };
            let is_orphan = model.is_none() && !inputs.is_empty() && models.iter().any(|m| m.table.layer == name.layer);
            Ok::<_, LakeError>(Some((name, Opened { table, consumed, inputs, is_orphan })))
        });
        let opened: Vec<Option<(TableName, Opened)>> = opened.buffer_unordered(AT_ONCE).try_collect().await?;
        Ok(Self { tables: opened.into_iter().flatten().collect() })
    }

    /// For each table the versions of it that others consumed last: from these on they will ask what changed.
    pub fn consumed_versions(&self) -> BTreeMap<TableName, BTreeSet<u64>> {
        let mut consumed: BTreeMap<TableName, BTreeSet<u64>> = BTreeMap::new();
        for opened in self.tables.values() {
            for input in &opened.inputs {
                let version = self.tables.get(input).and_then(|i| i.table.version_read(&opened.consumed));
                consumed.entry(input.clone()).or_default().extend(version);
            }
        }
        consumed
    }

    /// Tables that have not read the latest rows of what they are made from, and that a run can bring up to date.
    pub async fn behind(&self) -> Result<BTreeSet<TableName>> {
        self.behind_among(false).await
    }

    /// Tables that have not read the latest rows of what they are made from, and that no known model makes: those of models
    /// that were renamed or deleted, and of other programs.
    pub async fn orphans_behind(&self) -> Result<BTreeSet<TableName>> {
        self.behind_among(true).await
    }

    async fn behind_among(&self, orphans: bool) -> Result<BTreeSet<TableName>> {
        let mut behind = BTreeSet::new();
        for (name, opened) in self.tables.iter().filter(|(_, o)| o.is_orphan == orphans) {
            for input in &opened.inputs {
                let Some(Opened { table, .. }) = self.tables.get(input) else { continue };
                if table.is_ahead_of(&opened.consumed).await? {
                    behind.insert(name.clone());
                    break;
                }
            }
        }
        Ok(behind)
    }

    /// The versions of a release after `last`. All tables that are joined to one that is behind, however many tables lie
    /// between, keep the version they have there: any of them may have read newer rows of another. Orphans hold nobody up:
    /// nothing here will ever bring them up to date.
    pub fn agreeing(&self, behind: &BTreeSet<TableName>, last: &Release) -> BTreeMap<TableName, u64> {
        let mut stale: BTreeSet<&TableName> = behind.iter().collect();
        loop {
            let known = stale.len();
            for (name, opened) in &self.tables {
                if opened.is_orphan {
                    continue;
                }
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
        for opened in self.tables.values() {
            let Some(promised) = opened.consumed.get(quarantine::TRANSACTION) else { continue };
            if settled.and_then(|s| opened.table.version_read(s)).is_none_or(|s| i64::try_from(s).is_ok_and(|s| s < *promised)) {
                quarantine::settle(lake, &opened.table, &opened.consumed).await?;
            }
        }
        Ok(())
    }
}
