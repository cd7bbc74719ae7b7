//! Asking a lake: SQL over one release, so that all tables agree, or over the latest or an earlier state.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::TableProvider;
use datafusion::common::tree_node::TreeNode;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::SendableRecordBatchStream;
use datafusion::prelude::SessionContext;
use futures::StreamExt;
use spec::{Layer, TableName, closest};

use crate::scan::FileScan;
use crate::session::Tables;
use crate::{Lake, LakeError, Result, release};

/// What state of the lake a query sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AsOf {
    /// The last release; tables that no release names yet at their latest.
    #[default]
    LastRelease,
    /// A release by its number.
    Release(u64),
    /// Every table at its own latest version, released or not.
    Latest,
}

/// Tables at the versions of a release.
struct Released {
    lake: Lake,
    versions: BTreeMap<TableName, u64>,
    names: Vec<TableName>,
    strict: bool,
    instead: BTreeMap<TableName, Arc<dyn TableProvider>>,
}

impl std::fmt::Debug for Released {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Released").field("versions", &self.versions).finish_non_exhaustive()
    }
}

#[async_trait]
impl Tables for Released {
    async fn table(&self, name: &TableName) -> Result<Option<Arc<dyn TableProvider>>> {
        if let Some(rows) = self.instead.get(name) {
            return Ok(Some(Arc::clone(rows)));
        }
        let table = match self.versions.get(name) {
            Some(version) => Some(self.lake.table_at(name, *version).await?),
            None if self.strict && name.layer != Layer::Ops => None,
            None => self.lake.table(name).await?,
        };
        Ok(table.map(|t| Arc::new(FileScan::of(&t)) as Arc<dyn TableProvider>))
    }

    fn names(&self, layer: Layer) -> Vec<String> {
        self.names.iter().filter(|n| n.layer == layer).map(|n| n.name.clone()).collect()
    }
}

impl Lake {
    /// A DataFusion session in which the lake's tables answer to `layer.name`, all as of one state.
    ///
    /// # Errors
    /// A release that does not exist, or a lake that cannot be read.
    pub async fn session(&self, as_of: AsOf) -> Result<SessionContext> {
        self.session_with(as_of, BTreeMap::new()).await
    }

    /// As [`Lake::session`], with other rows in the place of some tables.
    ///
    /// # Errors
    /// As there.
    pub async fn session_with(&self, as_of: AsOf, instead: BTreeMap<TableName, Arc<dyn TableProvider>>) -> Result<SessionContext> {
        let names = self.tables().await?;
        let versions = self.versions_as_of(as_of).await?;
        let strict = matches!(as_of, AsOf::Release(_));
        self.context(Arc::new(Released { lake: self.clone(), versions, names, strict, instead }))
    }

    /// The version of a table in a state of the lake.
    ///
    /// # Errors
    /// A release that does not exist, a table that it lacks, or a lake that cannot be read.
    pub async fn version_as_of(&self, table: &TableName, as_of: AsOf) -> Result<u64> {
        match self.versions_as_of(as_of).await?.get(table) {
            Some(version) => Ok(*version),
            None => Ok(self.existing(table).await?.version()),
        }
    }

    /// What a state says of the tables' versions.
    async fn versions_as_of(&self, as_of: AsOf) -> Result<BTreeMap<TableName, u64>> {
        let release = match as_of {
            AsOf::Latest => None,
            AsOf::LastRelease => release::latest(self).await?,
            AsOf::Release(number) => {
                let found = release::numbered(self, number).await?;
                Some(found.filter(|r| r.number == number).ok_or_else(|| {
                    LakeError::invalid(format!(
                        "there is no release {number}; see `adlake sql \"select distinct release from ops.releases\"`"
                    ))
                })?)
            }
        };
        Ok(release.map(|r| r.versions).unwrap_or_default())
    }

    /// The last release, if any was published.
    ///
    /// # Errors
    /// `ops.releases` cannot be read.
    pub async fn last_release(&self) -> Result<Option<crate::Release>> {
        release::latest(self).await
    }

    /// Runs a query and streams its rows. Statements that would change something are refused: tables are changed by runs.
    ///
    /// # Errors
    /// SQL that does not parse, a table or column that is not there, and what happens while reading.
    pub async fn sql(&self, query: &str, as_of: AsOf) -> Result<SendableRecordBatchStream> {
        let context = self.session(as_of).await?;
        let plan = match context.state().create_logical_plan(query).await {
            Ok(plan) => plan,
            Err(error) => return Err(self.explain(error).await),
        };
        // Wherever it stands: EXPLAIN ANALYZE runs what it explains.
        if plan.exists(|part| Ok(changes_something(part)))? {
            return Err(LakeError::invalid("only queries run here; tables are changed by models and `adlake run`"));
        }
        Ok(context.execute_logical_plan(plan).await?.execute_stream().await?)
    }

    /// Adds what the user may have meant to a planning error.
    async fn explain(&self, error: datafusion::error::DataFusionError) -> LakeError {
        let text = error.strip_backtrace();
        if text.contains("only supports a single SQL statement") {
            return LakeError::invalid("the query holds several statements; give one at a time");
        }
        let Some(missing) = text.split("table '").nth(1).and_then(|rest| rest.split('\'').next()) else { return error.into() };
        let name = missing.trim_start_matches("lake.").to_owned();
        let Ok(tables) = self.tables().await else { return error.into() };
        let names: Vec<String> = tables.iter().map(ToString::to_string).collect();
        let hint = match closest(&name, names.iter().map(String::as_str)) {
            Some(near) => format!("did you mean {near}?"),
            None if names.is_empty() => "this lake has no tables yet; `adlake run --source DIR` makes them".to_owned(),
            None => "`adlake show` lists the tables".to_owned(),
        };
        LakeError::invalid(format!("there is no table {name}; {hint}"))
    }

    /// One table's rows, at a version or at its latest, as a stream.
    ///
    /// # Errors
    /// No such table or version.
    pub async fn read(&self, name: &TableName, version: Option<u64>) -> Result<SendableRecordBatchStream> {
        let table = match version {
            Some(version) => self.table_at(name, version).await?,
            None => self.existing(name).await?,
        };
        let context = self.session(AsOf::Latest).await?;
        Ok(context.read_table(Arc::new(FileScan::of(&table)))?.execute_stream().await?)
    }

    /// The table, or an error that names near matches.
    ///
    /// # Errors
    /// No such table.
    pub async fn existing(&self, name: &TableName) -> Result<crate::Table> {
        if let Some(table) = self.table(name).await? {
            return Ok(table);
        }
        let all: Vec<String> = self.tables().await?.iter().map(ToString::to_string).collect();
        let hint = match closest(&name.to_string(), all.iter().map(String::as_str)) {
            Some(near) => format!("did you mean {near}?"),
            None if all.is_empty() => "this lake has no tables yet; `adlake run --source DIR` makes them".to_owned(),
            None => "`adlake show` lists the tables".to_owned(),
        };
        Err(LakeError::invalid(format!("there is no table {name} in {}; {hint}", self.location().url)))
    }
}

fn changes_something(plan: &LogicalPlan) -> bool {
    matches!(plan, LogicalPlan::Ddl(_) | LogicalPlan::Dml(_) | LogicalPlan::Copy(_) | LogicalPlan::Statement(_))
}

/// All rows of a stream that is known to be small.
///
/// # Errors
/// What happens while reading.
pub async fn collect(mut stream: SendableRecordBatchStream) -> Result<Vec<datafusion::arrow::record_batch::RecordBatch>> {
    let mut batches = Vec::new();
    while let Some(batch) = stream.next().await {
        batches.push(batch?);
    }
    Ok(batches)
}
