//! Lakes to test with, and what stands in them.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::PathBuf;
use std::sync::OnceLock;

use adlake::{Done, Work};
use bronze::Sources;
use lake::datafusion::arrow::array::RecordBatch;
use lake::datafusion::arrow::datatypes::SchemaRef;
use lake::datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use lake::{AsOf, Lake, LakeOptions, Progress, Running, Silent};
use spec::{Layer, Model, Pipeline, Settings, TableName};

/// Runs a test to its end. Plans of many joins recurse deeply in debug builds, so every thread gets a large stack.
pub fn block_on<T: Send>(test: impl Future<Output = T> + Send) -> T {
    const STACK: usize = 16 << 20;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).thread_stack_size(STACK).enable_all().build().unwrap();
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || runtime.block_on(test)).unwrap();
        match thread.join() {
            Ok(done) => done,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// A new lake in memory.
pub fn fresh() -> Lake {
    open(LakeOptions::default())
}

fn open(options: LakeOptions) -> Lake {
    Lake::open("memory://test", LakeOptions { threads: 2, ..options }).unwrap()
}

/// The shipped models.
pub fn shipped() -> &'static Pipeline {
    static SHIPPED: OnceLock<Pipeline> = OnceLock::new();
    SHIPPED.get_or_init(|| lake::pipeline(&adlake::shipped_models()).unwrap())
}

/// The models of silver and gold, in the order of work.
fn above_bronze() -> impl Iterator<Item = &'static Model> {
    shipped().in_order().iter().filter(|model| model.table.layer != Layer::Bronze)
}

/// Those of them that are made where the raw tables are the ad network's.
pub fn made_tables() -> impl Iterator<Item = &'static Model> {
    above_bronze().filter(|model| model.domain == "adtech")
}

/// Every table of the shipped models, made from raw tables without rows.
pub async fn without_rows() -> Lake {
    let lake = fresh();
    let mut running = Running::begin(&lake, lake::now());
    for model in shipped().in_order().iter().filter(|model| model.table.layer == Layer::Bronze) {
        running.expect(model).await.unwrap();
    }
    running.refresh(&above_bronze().collect::<Vec<_>>(), false, &Silent).await.unwrap();
    lake
}

/// The columns of every table in a lake.
pub async fn schemas(lake: &Lake) -> BTreeMap<TableName, SchemaRef> {
    let mut schemas = BTreeMap::new();
    for name in lake.tables().await.unwrap() {
        let table = lake.table(&name).await.unwrap().unwrap();
        schemas.insert(name, table.schema());
    }
    schemas
}

/// The version of every table in a lake, the engine's own included.
pub async fn versions(lake: &Lake) -> BTreeMap<TableName, u64> {
    let mut versions = BTreeMap::new();
    for name in lake.tables().await.unwrap() {
        versions.insert(name.clone(), lake.table(&name).await.unwrap().unwrap().version());
    }
    versions
}

/// What a table holds, as text.
#[derive(Debug, Default)]
pub struct Contents {
    /// Names of the columns, in order.
    pub columns: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

/// How null is written, unlike any value.
pub const NULL: &str = "∅";

impl Contents {
    /// The values of some columns, row by row.
    pub fn of(&self, columns: &[&str]) -> Vec<Vec<&str>> {
        let find = |column: &&str| self.columns.iter().position(|known| known == column).unwrap_or_else(|| panic!("no column {column}"));
        let positions: Vec<usize> = columns.iter().map(find).collect();
        self.rows.iter().map(|row| positions.iter().map(|position| row[*position].as_str()).collect()).collect()
    }
}

/// What every table of a lake holds.
pub async fn contents(lake: &Lake) -> BTreeMap<TableName, Contents> {
    let mut contents = BTreeMap::new();
    for name in lake.tables().await.unwrap() {
        let columns = lake.table(&name).await.unwrap().unwrap().schema().fields().iter().map(|field| field.name().clone()).collect();
        let batches = lake::collect(lake.read(&name, None).await.unwrap()).await.unwrap();
        contents.insert(name, Contents { columns, rows: texts(&batches) });
    }
    contents
}

/// The result of a query over the tables' latest versions.
pub async fn query(lake: &Lake, sql: &str) -> lake::Result<Vec<RecordBatch>> {
    lake::collect(lake.sql(sql, AsOf::Latest).await?).await
}

/// The rows of a query as text, columns separated by `|`.
pub async fn rows(lake: &Lake, sql: &str) -> Vec<String> {
    let batches = query(lake, sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    texts(&batches).into_iter().map(|row| row.join("|")).collect()
}

pub fn texts(batches: &[RecordBatch]) -> Vec<Vec<String>> {
    let options = FormatOptions::default().with_null(NULL);
    let mut rows = Vec::new();
    for batch in batches {
        let columns: Vec<_> = batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &options).unwrap()).collect();
        for row in 0..batch.num_rows() {
            rows.push(columns.iter().map(|column| column.value(row).to_string()).collect());
        }
    }
    rows
}

/// A new lake with a folder from which it takes raw files.
pub struct SourcedLake {
    pub lake: Lake,
    pub settings: Settings,
    folder: tempfile::TempDir,
}

impl SourcedLake {
    pub fn new() -> Self {
        Self::with(LakeOptions::default())
    }

    pub fn with(options: LakeOptions) -> Self {
        Self { lake: open(options), settings: Settings::default(), folder: tempfile::tempdir().unwrap() }
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts a file into the folder.
    pub fn put(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    /// Takes what is new and brings all tables of the shipped models up to date.
    pub async fn run(&self) -> Done {
        self.run_with(shipped(), &Silent).await.unwrap()
    }

    /// As [`SourcedLake::run`], with models and somebody who is told.
    pub async fn run_with(&self, pipeline: &Pipeline, progress: &dyn Progress) -> lake::Result<Done> {
        let sources = Sources::open(&self.settings, self.folder.path().to_str())?;
        adlake::run(&self.lake, pipeline, &Work { sources: Some(&sources), ..Work::all() }, progress).await
    }
}
