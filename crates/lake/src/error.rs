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
        "{table}: expectation '{rule}' failed for {rows} row(s); nothing was committed. Mend the rows in the source or the rule in the model, then run again"
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
    #[error("{}", query_message(.0))]
    Query(#[from] DataFusionError),
    /// The Delta log could not be read or written.
    #[error("{}", one_line(.0))]
    Delta(#[from] DeltaTableError),
    /// The object store failed.
    #[error("{}", one_line(.0))]
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
            // It says so itself.
            Self::Invalid(text) if text.starts_with(&format!("{table}: ")) => Self::Invalid(text),
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

/// What the engine says, or one of ours that went through it.
fn query_message(error: &DataFusionError) -> String {
    match error {
        DataFusionError::External(inner) => match inner.downcast_ref::<LakeError>() {
            Some(ours) => ours.to_string(),
            None => one_line(inner),
        },
        DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) if is_ours(inner) => query_message(inner),
        other => one_line(other),
    }
}

fn is_ours(error: &DataFusionError) -> bool {
    match error {
        DataFusionError::External(inner) => inner.is::<LakeError>(),
        DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => is_ours(inner),
        _ => false,
    }
}

/// A message in one line, without the back-trace that libraries append, and in plain words where the surroundings are at
/// fault.
fn one_line(error: &dyn fmt::Display) -> String {
    let text = error.to_string();
    let mut lines = Vec::new();
    for line in text.split('\n').map(str::trim) {
        let lower = line.to_lowercase();
        // "backtrace:", "stack backtrace:", or its first frame.
        if lower.starts_with("backtrace:") || lower.starts_with("stack backtrace:") || line.starts_with("0: ") {
            break;
        }
        if !line.is_empty() {
            lines.push(line);
        }
    }
    let text = lines.join(" ");
    plain_words(&text).unwrap_or(text)
}

/// What people call it.
fn plain_words(text: &str) -> Option<String> {
    let lower = text.to_lowercase();
    let at = first_path(text).map_or_else(String::new, |path| format!("{path}: "));
    if lower.contains("no space left") || lower.contains("storagefull") || lower.contains("quota exceeded") {
        Some(format!("{at}the disk is full; free some space and run again, what was committed is safe"))
    } else if lower.contains("permission denied") || lower.contains("read-only file system") {
        Some(format!("{at}may not be read or written; check the permissions of the lake's folder, or name another with --lake"))
    } else if lower.contains("resources exhausted") {
        Some("the work does not fit into memory_limit_mb; raise it, or set it to 0 for no limit".to_owned())
    } else if lower.contains("not found") && text.contains(".parquet") {
        Some(format!(
            "{at}a data file was not found: `adlake vacuum` deletes what only older versions need; ask a later version or release, or make the table anew with `adlake run --rebuild TABLE`"
        ))
    } else if lower.contains("kernel error") && lower.contains("json error") {
        Some(format!(
            "the table's Delta log is damaged ({text}); put its folder _delta_log back from a copy, or move the table's folder away and run again"
        ))
    } else {
        None
    }
}

/// The first absolute path that a message names.
fn first_path(text: &str) -> Option<&str> {
    let quoted = |c: char| matches!(c, '"' | '\'' | '(' | ')' | ':' | ',' | ';');
    text.split(|c: char| c.is_whitespace() || quoted(c)).find(|word| word.len() > 1 && word.starts_with('/') && !word.starts_with("//"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_libraries_are_one_line_in_plain_words() {
        for (text, expected) in [
            ("bad JSON at line 1\n   0: std::backtrace::create\n      at /x/y.rs:3", "bad JSON at line 1"),
            ("cannot plan\n\nbacktrace:    0: std::x", "cannot plan"),
            ("a\n  b", "a b"),
            (
                "Object at location /l/silver/x.parquet not found: No such file or directory",
                "/l/silver/x.parquet: a data file was not found: `adlake vacuum` deletes what only older versions need; ask a later version or release, or make the table anew with `adlake run --rebuild TABLE`",
            ),
            (
                "Generic LocalFileSystem error: Unable to copy data to file /l/silver/x.parquet: No space left on device (os error 28)",
                "/l/silver/x.parquet: the disk is full; free some space and run again, what was committed is safe",
            ),
            (
                "Unable to open \"/l/_delta_log/0.json\": Permission denied (os error 13)",
                "/l/_delta_log/0.json: may not be read or written; check the permissions of the lake's folder, or name another with --lake",
            ),
        ] {
            assert_eq!(one_line(&text), expected);
        }
        assert!(one_line(&"Resources exhausted: Failed to allocate 1 MB").contains("memory_limit_mb"));
    }

    #[test]
    fn a_table_is_named_once() -> std::result::Result<(), Box<dyn std::error::Error>> {
        let table: TableName = "silver.clicks".parse()?;
        for text in ["silver.clicks: reads nothing", "reads nothing"] {
            let error = LakeError::invalid(text).in_table(&table).in_table(&table);
            assert_eq!(error.to_string(), "silver.clicks: reads nothing");
        }
        Ok(())
    }
}
