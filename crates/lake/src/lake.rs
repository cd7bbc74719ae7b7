//! A lake: where it is, how it works, and its tables by name.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::logical_expr::ScalarUDF;
use datafusion::prelude::SessionContext;
use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectStore as _, ObjectStoreExt as _, PutMode};
use parquet::basic::ZstdLevel;
use spec::{Compression, Layer, Parameters, Pipeline, Settings, TableName};

use crate::models::{self, ModelFile};
use crate::session::{self, Tables};
use crate::store::{Location, S3Options};
use crate::table::{Table, engine_type};
use crate::write::WriteOptions;
use crate::{LakeError, Result, ops, sql_type};

/// How a lake is worked on.
#[derive(Clone, Debug, Default)]
pub struct LakeOptions {
    /// Parallel streams; 0 = one per core.
    pub threads: usize,
    /// What sorts, joins and aggregates may hold in memory, in bytes; they spill to disk beyond it.
    pub memory_limit_bytes: Option<usize>,
    /// Where they spill to; the system's temporary folder by default.
    pub spill_dir: Option<PathBuf>,
    /// How data files are written.
    pub write: WriteOptions,
    /// The S3 store, for `s3://` lakes.
    pub s3: S3Options,
    /// Where changes touch more than this share of a table's rows, all of it is computed anew, which is cheaper than
    /// merging; a fifth by default.
    pub rebuild_share: Option<f64>,
    /// Values that take the place of the models' own.
    pub parameters: Parameters,
}

impl LakeOptions {
    /// Parallel streams: `threads`, or the number of cores.
    pub fn parallel_streams(&self) -> usize {
        match self.threads {
            0 => std::thread::available_parallelism().map_or(2, usize::from),
            n => n,
        }
    }

    /// `rebuild_share`, or its default.
    pub(crate) fn rebuild_share(&self) -> f64 {
        self.rebuild_share.unwrap_or(0.2)
    }
}

impl From<&Settings> for LakeOptions {
    fn from(settings: &Settings) -> Self {
        let compression = match settings.write.compression {
            Compression::Uncompressed => parquet::basic::Compression::UNCOMPRESSED,
            Compression::Snappy => parquet::basic::Compression::SNAPPY,
            Compression::Zstd(level) => parquet::basic::Compression::ZSTD(ZstdLevel::try_new(i32::from(level)).unwrap_or_default()),
        };
        let limit = (settings.memory_limit_mb > 0).then_some(settings.memory_limit_mb << 20);
        // What is limited is shared between queries and the files being written.
        let buffer_bytes = limit.map_or(256 << 20, |bytes| (bytes / 4).max(32 << 20));
        let target_file_bytes = usize::try_from(settings.write.target_file_mb << 20).unwrap_or(128 << 20);
        Self {
            threads: settings.threads,
            memory_limit_bytes: limit.map(|bytes| bytes / 2),
            spill_dir: None,
            rebuild_share: None,
            parameters: settings.parameters.clone(),
            write: WriteOptions { compression, target_file_bytes, buffer_bytes },
            s3: S3Options {
                endpoint: settings.s3.endpoint.clone(),
                region: settings.s3.region.clone(),
                allow_http: settings.s3.allow_http,
            },
        }
    }
}

/// A lake. Cheap to clone.
#[derive(Clone)]
pub struct Lake {
    inner: Arc<Inner>,
}

#[derive(Clone)]
struct Inner {
    location: Location,
    options: LakeOptions,
    runtime: Arc<RuntimeEnv>,
    functions: Vec<ScalarUDF>,
}

impl Lake {
    /// Opens a folder or URL as a lake; it need not exist yet.
    ///
    /// # Errors
    /// A location that cannot be one, with what to name instead.
    pub fn open(place: &str, options: LakeOptions) -> Result<Self> {
        let location = Location::open(place, &options.s3)?;
        if location.prefix.as_ref().contains('%') {
            // The libraries would decode it once too often, and write into another folder.
            return Err(LakeError::invalid(format!("{place}: the path of a lake cannot have a percent sign; name another with --lake")));
        }
        let runtime = session::runtime(&location, &options)?;
        Ok(Self { inner: Arc::new(Inner { location, options, runtime, functions: Vec::new() }) })
    }

    /// The same lake, whose queries and models know these functions too.
    #[must_use]
    pub fn with_functions(&self, functions: Vec<ScalarUDF>) -> Self {
        Self { inner: Arc::new(Inner { functions, ..self.inner.as_ref().clone() }) }
    }

    /// The pipeline that these files make, with the values that this lake's options give to their parameters.
    ///
    /// # Errors
    /// Every problem of every file at once, and values for tables that no file makes.
    pub fn pipeline(&self, files: &[ModelFile]) -> Result<Pipeline> {
        models::pipeline_with(files, &self.options().parameters)
    }

    /// Where the lake is.
    pub fn location(&self) -> &Location {
        &self.inner.location
    }

    /// How it is worked on.
    pub fn options(&self) -> &LakeOptions {
        &self.inner.options
    }

    /// The table at its latest version, or `None`.
    ///
    /// # Errors
    /// A Delta log that cannot be read.
    pub async fn table(&self, name: &TableName) -> Result<Option<Table>> {
        Table::open(self.location(), name, None).await.map_err(|e| e.in_table(name))
    }

    /// The table at a version.
    ///
    /// # Errors
    /// No such table or version.
    pub async fn table_at(&self, name: &TableName, version: u64) -> Result<Table> {
        let missing = || LakeError::invalid(format!("{name}: there is no version {version}; see `adlake history {name}`"));
        Table::open(self.location(), name, Some(version)).await.map_err(|e| e.in_table(name))?.ok_or_else(missing)
    }

    /// The names of all tables that exist.
    ///
    /// # Errors
    /// The store cannot be listed.
    pub async fn tables(&self) -> Result<Vec<TableName>> {
        let mut names = Vec::new();
        for layer in Layer::ALL {
            let prefix = self.location().prefix.clone().join(layer.as_str());
            let listing = self.location().store.list_with_delimiter(Some(&prefix)).await?;
            for folder in listing.common_prefixes {
                let Some(name) = folder.filename() else { continue };
                let Ok(name) = TableName::new(layer, name) else { continue };
                let log = folder.clone().join("_delta_log");
                if self.location().store.list(Some(&log)).try_next().await?.is_some() {
                    names.push(name);
                }
            }
        }
        names.sort();
        Ok(names)
    }

    /// Adds rows made elsewhere to a table in one commit, making the table where there is none. Columns that the batch
    /// leaves out are null. The next run takes the rows for new ones of that table.
    ///
    /// # Errors
    /// A column that the table does not have or has with another type, and those of writing; nothing is committed then.
    pub async fn append(&self, name: &TableName, batch: &RecordBatch) -> Result<Table> {
        if let Some(table) = self.table(name).await? {
            let known = table.schema();
            for field in batch.schema().fields() {
                let fits = known.field_with_name(field.name()).is_ok_and(|f| f.data_type() == &engine_type(field.data_type()));
                if !fits {
                    return Err(LakeError::invalid(format!(
                        "{name}: has no column {} of type {}; `adlake show {name}` lists them",
                        field.name(),
                        sql_type(field.data_type())
                    )));
                }
            }
        }
        ops::append_batch(self, name, "", batch, |_| HashMap::new()).await.map_err(|e| e.in_table(name))
    }

    pub(crate) async fn create_table(
        &self,
        name: &TableName,
        schema: &SchemaRef,
        partition_by: &[String],
        description: &str,
        comments: &[(String, String)],
    ) -> Result<Table> {
        Table::create(self.location(), name, schema, partition_by, description, comments).await.map_err(|e| e.in_table(name))
    }

    pub(crate) fn context(&self, tables: Arc<dyn Tables>) -> Result<SessionContext> {
        let context = session::context(&self.inner.runtime, self.options(), tables)?;
        for function in &self.inner.functions {
            context.register_udf(function.clone());
        }
        Ok(context)
    }

    /// Keeps a file beside the tables, in the place of one of that name.
    ///
    /// # Errors
    /// The store does not take it.
    pub async fn write_file(&self, layer: Layer, name: &str, bytes: Vec<u8>) -> Result<()> {
        self.location().store.put(&self.file(layer, name), bytes.into()).await?;
        Ok(())
    }

    /// Keeps a file beside the tables, unless one of that name is there: of several who try, one does. Says whether it was kept.
    ///
    /// # Errors
    /// The store does not take it.
    pub async fn create_file(&self, layer: Layer, name: &str, bytes: Vec<u8>) -> Result<bool> {
        match self.location().store.put_opts(&self.file(layer, name), bytes.into(), PutMode::Create.into()).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::AlreadyExists { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// A file that was kept beside the tables; `None` where there is none of that name.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn read_file(&self, layer: Layer, name: &str) -> Result<Option<Vec<u8>>> {
        match self.location().store.get(&self.file(layer, name)).await {
            Ok(found) => Ok(Some(found.bytes().await?.to_vec())),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// In a folder whose name no table can have.
    fn file(&self, layer: Layer, name: &str) -> Path {
        name.split('/').fold(self.location().prefix.clone().join(layer.as_str()).join("_files"), Path::join)
    }
}
