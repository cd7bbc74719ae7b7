//! The comment that a model begins with: a description, then TOML.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::parameters::Parameter;
use crate::table_name::TableName;

mod reading;

pub(crate) use reading::{ParsedHeader, parse};

/// How a run changes a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// New rows are added; rows once written stay as they are.
    Append,
    /// Rows whose key is affected by changed inputs are computed again and take the old ones' place.
    Merge,
    /// Partitions affected by changed inputs are computed again as a whole.
    ReplacePartitions,
    /// The whole table is computed again.
    Full,
}

/// What happens to a row, or the run, when an expectation does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFail {
    /// The row stays and is counted.
    Warn,
    /// The row is left out and counted.
    Drop,
    /// The row goes to quarantine with the reason.
    Quarantine,
    /// The run does not commit.
    Fail,
}

/// Something that should hold for every row of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// The name, unique within the model; it labels counts and quarantined rows.
    pub name: String,
    /// A SQL boolean over the output columns.
    pub that: String,
    /// What happens where it does not hold.
    pub on_fail: OnFail,
    /// The line of the file on which it begins, 1-based.
    pub line: usize,
}

/// An input that a lake may lack: the model then reads an empty table in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionalInput {
    /// The table, `layer.name` as the header has it.
    pub table: TableName,
    /// The columns that the model reads, with their SQL types, in the order of the file.
    pub columns: Vec<(String, String)>,
    /// The line of the file that names it, 1-based.
    pub line: usize,
}

/// What a model says about its table.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// What a row of the table is, in plain words.
    pub description: String,
    /// How a run changes the table.
    pub kind: Kind,
    /// Columns that are together not null and unique; rows are deduplicated by them. May be empty,
    /// but not for [`Kind::Merge`].
    pub key: Vec<String>,
    /// Of rows with one key, the smallest by these columns stays, nulls last. May be empty.
    pub first_by: Vec<String>,
    /// Of rows with one key, the greatest by these columns stays; nulls lose to everything. Empty where `first_by` is not.
    pub last_by: Vec<String>,
    /// Delta partition columns. May be empty, but not for [`Kind::ReplacePartitions`].
    pub partition_by: Vec<String>,
    /// Column names with their description and unit, in the order of the file.
    pub columns: Vec<(String, String)>,
    /// What should hold for every row, in the order of the file.
    pub expect: Vec<Expectation>,
    /// The values that the SQL names as `$name`, in the order of the file.
    pub parameters: Vec<Parameter>,
    /// Inputs of other domains that a lake may lack, in the order of the file.
    pub optional: Vec<OptionalInput>,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 4] = [Kind::Append, Kind::Merge, Kind::ReplacePartitions, Kind::Full];

    /// The name as it stands in headers.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Append => "append",
            Kind::Merge => "merge",
            Kind::ReplacePartitions => "replace_partitions",
            Kind::Full => "full",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl OnFail {
    /// All of them.
    pub const ALL: [OnFail; 4] = [OnFail::Warn, OnFail::Drop, OnFail::Quarantine, OnFail::Fail];

    /// The name as it stands in headers.
    pub fn as_str(self) -> &'static str {
        match self {
            OnFail::Warn => "warn",
            OnFail::Drop => "drop",
            OnFail::Quarantine => "quarantine",
            OnFail::Fail => "fail",
        }
    }
}

impl fmt::Display for OnFail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
