//! The DataFusion session of a lake: its settings, functions, and the tables by name.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use datafusion::catalog::{CatalogProvider, MemoryCatalogProvider, SchemaProvider, TableProvider};
use datafusion::error::{DataFusionError, Result as QueryResult};
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::prelude::{SessionConfig, SessionContext};
use spec::{Layer, TableName};

use crate::passed::CompactInputs;
use crate::scan::FileScan;
use crate::store::Location;
use crate::table::Table;
use crate::{LakeOptions, Result, functions};

/// How large the smaller side of a join may be to be held once, rather than by parts.
const SHARED_JOIN_ROWS: usize = 16 << 20;
const SHARED_JOIN_BYTES: usize = 4 << 30;

/// Under a memory limit: what a parallel stream should have at least, where there are more than the two without which joins
/// would not spill, and the rows of a batch.
const STREAM_BYTES: usize = 512 << 20;
const LIMITED_BATCH_ROWS: usize = 2048;

/// Makes the memory pool, the spill files and the store shared by all sessions of a lake.
pub(crate) fn runtime(location: &Location, options: &LakeOptions) -> Result<Arc<RuntimeEnv>> {
    let mut builder = RuntimeEnvBuilder::new();
    if let Some(bytes) = options.memory_limit_bytes {
        builder = builder.with_memory_pool(Arc::new(FairSpillPool::new(bytes)));
    }
    if let Some(folder) = &options.spill_dir {
        let disk = DiskManagerBuilder::default().with_mode(DiskManagerMode::Directories(vec![folder.clone()]));
        builder = builder.with_disk_manager_builder(disk);
    }
    let runtime = builder.build_arc()?;
    runtime.register_object_store(&location.url, Arc::clone(&location.store));
    Ok(runtime)
}

/// A session in which `tables` answer to `layer.name`.
pub(crate) fn context(runtime: &Arc<RuntimeEnv>, options: &LakeOptions, tables: Arc<dyn Tables>) -> Result<SessionContext> {
    let mut config = SessionConfig::new()
        .with_default_catalog_and_schema("lake", "silver")
        .with_information_schema(true)
        .with_target_partitions(options.parallel_streams())
        .set_str("datafusion.execution.time_zone", "+00:00")
        .set_str("datafusion.execution.parquet.schema_force_view_types", "true")
        .set_str("datafusion.catalog.create_default_catalog_and_schema", "false");
    if let Some(bytes) = options.memory_limit_bytes {
        // The pool is shared by everything that sorts in one plan: fewer and smaller pieces leave each enough to work with.
        config = config
            .with_target_partitions(options.parallel_streams().min(bytes / STREAM_BYTES).max(2))
            .with_batch_size(LIMITED_BATCH_ROWS)
            .set_usize("datafusion.execution.sort_spill_reservation_bytes", (bytes / 256).clamp(1 << 20, 10 << 20));
        // Hash joins hold one side in memory; sort-merge joins spill.
        config = config.set_bool("datafusion.optimizer.prefer_hash_join", false);
    } else {
        // One table that all threads look up costs less than moving both sides about.
        config = config
            .set_usize("datafusion.optimizer.hash_join_single_partition_threshold_rows", SHARED_JOIN_ROWS)
            .set_usize("datafusion.optimizer.hash_join_single_partition_threshold", SHARED_JOIN_BYTES);
    }
    let compact = CompactInputs { counts_memory: options.memory_limit_bytes.is_some() };
    let state = SessionStateBuilder::new().with_config(config).with_runtime_env(Arc::clone(runtime)).with_default_features();
    let state = state.with_physical_optimizer_rule(Arc::new(compact));
    let context = SessionContext::new_with_state(state.build());
    functions::register(&context);
    let catalog = MemoryCatalogProvider::new();
    for layer in [Layer::Bronze, Layer::Silver, Layer::Gold, Layer::Features, Layer::Ml, Layer::Ops] {
        let schema = LayerSchema { layer, tables: Arc::clone(&tables) };
        catalog.register_schema(&layer.to_string(), Arc::new(schema))?;
    }
    context.register_catalog("lake", Arc::new(catalog));
    Ok(context)
}

/// Finds tables by name, each at the version that the asker is to see.
#[async_trait]
pub(crate) trait Tables: Send + Sync + std::fmt::Debug {
    async fn table(&self, name: &TableName) -> Result<Option<Arc<dyn TableProvider>>>;
    fn names(&self, layer: Layer) -> Vec<String>;
}

/// A fixed set of tables: what one step of a run reads.
#[derive(Debug, Default)]
pub(crate) struct Pinned {
    scans: Mutex<HashMap<TableName, Arc<dyn TableProvider>>>,
}

impl Pinned {
    pub fn put(&self, table: &Table) {
        self.put_provider(table.name.clone(), Arc::new(FileScan::of(table)));
    }

    pub fn put_provider(&self, name: TableName, provider: Arc<dyn TableProvider>) {
        if let Ok(mut scans) = self.scans.lock() {
            scans.insert(name, provider);
        }
    }
}

#[async_trait]
impl Tables for Pinned {
    async fn table(&self, name: &TableName) -> Result<Option<Arc<dyn TableProvider>>> {
        Ok(self.scans.lock().ok().and_then(|scans| scans.get(name).cloned()))
    }

    fn names(&self, layer: Layer) -> Vec<String> {
        let Ok(scans) = self.scans.lock() else { return Vec::new() };
        let mut names: Vec<String> = scans.keys().filter(|n| n.layer == layer).map(|n| n.name.clone()).collect();
        names.sort();
        names
    }
}

#[derive(Debug)]
struct LayerSchema {
    layer: Layer,
    tables: Arc<dyn Tables>,
}

#[async_trait]
impl SchemaProvider for LayerSchema {
    fn table_names(&self) -> Vec<String> {
        self.tables.names(self.layer)
    }

    async fn table(&self, name: &str) -> QueryResult<Option<Arc<dyn TableProvider>>> {
        let name = TableName { layer: self.layer, name: name.to_owned() };
        self.tables.table(&name).await.map_err(|e| DataFusionError::External(Box::new(e)))
    }

    fn table_exist(&self, name: &str) -> bool {
        self.tables.names(self.layer).iter().any(|n| n == name)
    }
}
