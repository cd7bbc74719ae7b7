//! What can go wrong while logs are generated.

use std::io;
use std::path::{Path, PathBuf};

/// Why the generator stopped. Each message is one line that names the thing and the remedy.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// No user could have made the requests.
    #[error("0 users cannot make {requests} requests: ask for at least 1 user")]
    NoUsers {
        /// Requests asked for.
        requests: u64,
    },
    /// Nobody to advertise to.
    #[error("0 users see and buy nothing: ask for at least 1 user")]
    NoShoppers,
    /// A share that leaves nobody to advertise to.
    #[error("a holdout of {holdout} is no share from 0 to 0.9: 0.2 keeps a fifth of the users from each channel")]
    Holdout {
        /// The share asked for.
        holdout: f64,
    },
    /// More users than the generator numbers.
    #[error("{users} users are too many: ask for at most {}", u32::MAX)]
    TooManyUsers {
        /// Users asked for.
        users: u64,
    },
    /// More customers than the generator numbers.
    #[error("{customers} customers are too many: ask for at most {}", crate::commerce::CommerceOptions::MOST_CUSTOMERS)]
    TooManyCustomers {
        /// Customers asked for.
        customers: u32,
    },
    /// A period without a day.
    #[error("the days {first}..{end} hold no day: the first must be smaller than the end, and `days` at least 1")]
    NoDays {
        /// First day asked for, counted from the start date.
        first: u32,
        /// The day after the last one asked for.
        end: u32,
    },
    /// A longer period than the generator counts.
    #[error("{days} days are too many: ask for at most {}", crate::commerce::CommerceOptions::MOST_DAYS)]
    TooManyDays {
        /// Days asked for.
        days: u32,
    },
    /// The period runs past the last day that can be written.
    #[error("the days up to {end} run past the year 9999: start earlier or ask for fewer days")]
    TooLate {
        /// The day after the last one asked for.
        end: u32,
    },
    /// The output folder holds something already.
    #[error("{} already exists: name an empty folder, or allow overwriting (--overwrite)", path.display())]
    Occupied {
        /// What stands in the way.
        path: PathBuf,
    },
    /// The file system said no.
    #[error("cannot {action} {}: {source}; check that the folder can be written and the disk has room", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
}

/// What to make of an answer of the file system.
pub(crate) fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> GenerateError + use<> {
    let path = path.to_owned();
    move |source| GenerateError::Io { action, path, source }
}
