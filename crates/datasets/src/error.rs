//! Why a data set was not fetched. Each message is one line.

use std::io;
use std::path::{Path, PathBuf};

/// Why a data set was not fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// There is no way to the server.
    #[error(
        "{url} cannot be reached ({detail}): where there is a network, download it by other means, then run `adlake fetch {name} --to DIR --from FILE`"
    )]
    Unreachable {
        /// The address.
        url: String,
        /// What went wrong.
        detail: String,
        /// The data set.
        name: String,
    },
    /// The server has other plans.
    #[error("{url} answers with status {status}: try again later, or download it by other means and name it with --from FILE")]
    Answer {
        /// The address.
        url: String,
        /// The status of HTTP.
        status: u16,
    },
    /// The download ended early.
    #[error("{url} broke off after {done} of {total} bytes ({detail}): run the same command again to go on from there")]
    BrokenOff {
        /// The address.
        url: String,
        /// Bytes that are here.
        done: u64,
        /// Bytes of the whole.
        total: u64,
        /// What went wrong.
        detail: String,
    },
    /// Not the published file.
    #[error("{} is not the published file: {problem}; move it away, or fetch it again", path.display())]
    Differs {
        /// The file.
        path: PathBuf,
        /// What is otherwise.
        problem: String,
    },
    /// The disk failed, or a file may not be read or written.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

impl FetchError {
    pub(crate) fn io(path: &Path, error: io::Error) -> FetchError {
        FetchError::Io { path: path.to_owned(), error }
    }
}
