//! What can be wrong: one line each, naming the thing and the remedy.

use std::fmt;

/// One thing that is wrong in a model or a settings file.
///
/// Displays as `file:line: message`, which editors turn into a link.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Problem {
    /// The file as the caller named it, or `environment`.
    pub file: String,
    /// The 1-based line in that file, where one line is to blame.
    pub line: Option<usize>,
    /// What is wrong and what to do about it, in one line.
    pub message: String,
}

impl Problem {
    /// A problem of a file, at a line of it where one is to blame. Line breaks of names that are quoted in the message
    /// are written `\\n`.
    pub fn new(file: &str, line: Option<usize>, message: impl AsRef<str>) -> Self {
        let message = message.as_ref().replace('\n', "\\n").replace('\r', "\\r");
        Self { file: file.to_owned(), line, message }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{}: {}", self.file, line, self.message),
            None => write!(f, "{}: {}", self.file, self.message),
        }
    }
}

impl std::error::Error for Problem {}

/// A text that is not the name of a layer or a table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Not one of the layers.
    #[error("unknown layer \"{given}\"{hint}: layers are bronze, silver, gold, features, ml, ops")]
    UnknownLayer {
        /// What was given.
        given: String,
        /// ` (did you mean …?)` or nothing.
        hint: String,
    },
    /// No layer before the name, or more than two parts.
    #[error("\"{given}\" is not a table name: write layer.name, such as silver.{example}")]
    NotTwoParts {
        /// What was given.
        given: String,
        /// A name to show how it should look.
        example: String,
    },
    /// Letters that a name may not have.
    #[error("\"{given}\" is not a valid name: use lower-case letters, digits and _, beginning with a letter")]
    BadLetters {
        /// What was given.
        given: String,
    },
}

/// A choice of tables that names something the pipeline does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectError {
    /// No model has this domain.
    #[error("unknown domain \"{given}\"{hint}: domains are {known}")]
    UnknownDomain {
        /// What was given.
        given: String,
        /// ` (did you mean …?)` or nothing.
        hint: String,
        /// The domains there are, separated by commas.
        known: String,
    },
    /// No model makes this table and none reads it.
    #[error("unknown table \"{given}\"{hint}: `adlake plan` lists all tables")]
    UnknownTable {
        /// What was given.
        given: String,
        /// ` (did you mean …?)` or nothing.
        hint: String,
    },
    /// A name without a layer that stands for several tables.
    #[error("\"{given}\" could be {candidates}: name the layer")]
    AmbiguousTable {
        /// What was given.
        given: String,
        /// The tables it could be, joined by "or".
        candidates: String,
    },
}
