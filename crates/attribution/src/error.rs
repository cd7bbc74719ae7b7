//! One error type, by cause. Every message is one line that names the thing and what to do about it.

/// What went wrong while journeys were read or credit was given.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum AttributionError {
    /// There is nothing to share out.
    #[error("{what} is empty: widen the period or the filter")]
    Empty {
        /// What was empty.
        what: &'static str,
    },
    /// A number outside its range.
    #[error("{what} is {value} at {row}, expected {expected}")]
    Value {
        /// What kind of number.
        what: &'static str,
        /// The row, from 0.
        row: usize,
        /// The value.
        value: f64,
        /// What would do.
        expected: &'static str,
    },
    /// Two things that must have one entry each differ in length.
    #[error("{what} has {found} entries, expected {expected}: give one for each")]
    Lengths {
        /// The one that does not fit.
        what: &'static str,
        /// Entries of the others.
        expected: usize,
        /// Its own entries.
        found: usize,
    },
    /// A setting outside its range.
    #[error("{setting} is {value}, expected {expected}")]
    Setting {
        /// The setting's name.
        setting: &'static str,
        /// The value given.
        value: String,
        /// What would do.
        expected: &'static str,
    },
    /// More than the computation can hold.
    #[error("{what} is {found}, more than the {limit} that can be computed: {remedy}")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How much was found.
        found: u64,
        /// The most that fits.
        limit: u64,
        /// What to try.
        remedy: &'static str,
    },
    /// A linear system or fit without one answer.
    #[error("{what} has no single answer: {remedy}")]
    Singular {
        /// The system.
        what: &'static str,
        /// What to try.
        remedy: &'static str,
    },
}

/// What every fallible function here returns.
pub type Result<T, E = AttributionError> = std::result::Result<T, E>;
