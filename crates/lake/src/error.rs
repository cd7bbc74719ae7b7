//! One error type, by cause. Every message is one line that names the thing and what to do about it.

use std::fmt;

use datafusion::error::DataFusionError;
use deltalake::DeltaTableError;
use spec::{Problem, TableName};

/// What went wrong in the lake.
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    /// The user named something that is not there or does not fit; the text says what and the remedy.
    #[error("{0}")]
    Invalid(String),
    /// Models or settings with mistakes, all of them at once.
    #[error("{}", Lines(.0))]
    Problems(Vec<Problem>),
    /// An expectation with `on_fail = "fail"` did not hold; nothing was committed.
    #[error(
        "{table}: expectation '{rule}' failed for {rows} row(s); nothing was committed. See `adlake quarantine {table}`, then mend the rows or the rule"
    )]
    Expectation {
        /// The table that was not written.
        table: TableName,
        /// The expectation's name.
        rule: String,
        /// How many rows broke it.
        rows: u64,
    },
    /// Rows read and rows accounted for differ; nothing was committed.
    #[error(
        "{table}: {detail}; nothing was committed. This is a defect in adlake or a damaged file: run again with --rebuild, and report it if it stays"
    )]
    Accounting {
        /// The table that was not written.
        table: TableName,
        /// The sum that is off.
        detail: String,
    },
    /// Another writer kept winning the race for the same table.
    #[error(
        "{table}: another writer changed the table during each of {attempts} attempts; nothing was lost, run again when it has finished"
    )]
    Conflict {
        /// The contested table.
        table: TableName,
        /// How often the step was tried.
        attempts: usize,
    },
    /// Work on one table failed.
    #[error("{table}: {source}")]
    Table {
        /// The table worked on.
        table: TableName,
        /// The cause.
        #[source]
        source: Box<LakeError>,
    },
    /// The query engine refused or failed.
    #[error("{}", one_line(.0))]
    Query(#[from] DataFusionError),
    /// The Delta log could not be read or written.
    #[error("{}", one_line(.0))]
    Delta(#[from] DeltaTableError),
    /// The object store failed.
    #[error("{}", store_message(.0))]
    Store(#[from] object_store::Error),
    /// A Parquet file could not be read or written.
    #[error("{}", one_line(.0))]
    Parquet(#[from] parquet::errors::ParquetError),
    /// Arrow data of an unexpected shape.
    #[error("{}", one_line(.0))]
    Arrow(#[from] datafusion::arrow::error::ArrowError),
    /// JSON in the Delta log that does not parse.
    #[error("{}", one_line(.0))]
    Json(#[from] serde_json::Error),
    /// A background task was cancelled or panicked.
    #[error("a worker stopped early: {0}")]
    Worker(#[from] tokio::task::JoinError),
}

/// The crate's result.
pub type Result<T, E = LakeError> = std::result::Result<T, E>;

impl LakeError {
    /// An [`LakeError::Invalid`] from anything printable.
    pub fn invalid(message: impl fmt::Display) -> Self {
        Self::Invalid(message.to_string())
    }

    /// The same error, saying which table it belongs to.
    pub fn in_table(self, table: &TableName) -> Self {
        match self {
            Self::Query(_) | Self::Delta(_) | Self::Store(_) | Self::Parquet(_) | Self::Arrow(_) | Self::Json(_) | Self::Invalid(_) => {
                Self::Table { table: table.clone(), source: Box::new(self) }
            }
            named => named,
        }
    }

    /// Whether a check of the data failed (exit code 1), as against usage or surroundings (2).
    pub fn is_check(&self) -> bool {
        matches!(self, Self::Expectation { .. } | Self::Accounting { .. })
    }

    /// Whether a store on the network took a request and no answer came, or none in time: it may have been carried out.
    pub(crate) fn is_lost_answer(&self) -> bool {
        match self {
            Self::Delta(DeltaTableError::ObjectStore { source: object_store::Error::Generic { store, .. } }) => *store != "LocalFileSystem",
            Self::Table { source, .. } => source.is_lost_answer(),
            _ => false,
        }
    }

    /// Whether somebody else committed first, so that the step can be planned anew.
    pub(crate) fn is_conflict(&self) -> bool {
        use deltalake::kernel::transaction::TransactionError as T;
        match self {
            Self::Delta(DeltaTableError::VersionAlreadyExists(_)) => true,
            Self::Delta(DeltaTableError::Transaction { source }) => {
                matches!(source, T::MaxCommitAttempts(_) | T::CommitConflict(_) | T::VersionAlreadyExists(_))
            }
            Self::Table { source, .. } => source.is_conflict(),
            _ => false,
        }
    }
}

struct Lines<'a>(&'a [Problem]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.0.iter().enumerate() {
            if i > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

/// The first line of a message, without the back-trace that DataFusion appends.
fn one_line(error: &dyn fmt::Display) -> String {
    let text = error.to_string();
    let text = text.split("\n\nbacktrace:").next().unwrap_or_default();
    text.split('\n').map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

fn store_message(error: &object_store::Error) -> String {
    let text = one_line(error);
    let lower = text.to_lowercase();
    if lower.contains("no space left") {
        format!("{text}: the disk is full; free some space and run again, what was committed is safe")
    } else if lower.contains("permission denied") || lower.contains("read-only file system") {
        format!("{text}: the lake's folder is not writable; check its permissions or name another with --lake")
    } else {
        text
    }
}
