//! One error type, by cause. Every message is one line that names the thing and what to do about it.

/// What went wrong while fitting, valuing, scoring or clustering.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SegmentsError {
    /// Two things that must have one entry per customer differ in length.
    #[error("{what} has {found} entries, expected {expected}: every customer needs one")]
    Lengths {
        /// The one that does not fit.
        what: String,
        /// Entries of the others.
        expected: usize,
        /// Its own entries.
        found: usize,
    },
    /// A number outside its range.
    #[error("{what} is {value} in row {row}, expected {expected}")]
    Value {
        /// What kind of number.
        what: String,
        /// The row, from 0.
        row: usize,
        /// The value.
        value: f64,
        /// What would do.
        expected: &'static str,
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
    /// Too little to learn from.
    #[error("{found} {what}, at least {needed} are needed: widen the period or the filter")]
    TooFew {
        /// What there is too little of.
        what: &'static str,
        /// How much there is.
        found: usize,
        /// How much would do.
        needed: usize,
    },
    /// The search for the most likely parameters did not arrive.
    #[error("{model} did not converge after {iterations} steps: raise the penalty ({penalty}): 0.1 is a little, 20 is much")]
    NotConverged {
        /// The model.
        model: &'static str,
        /// Steps taken.
        iterations: usize,
        /// The penalty in use.
        penalty: f64,
    },
    /// The likelihood rises without end towards an extreme value of a parameter: the data do not tell it.
    #[error(
        "{model}: the data do not tell {parameter}, whose best value lies beyond {value:.3e}: raise the penalty ({penalty}): 0.1 is a little, 20 is much"
    )]
    Undetermined {
        /// The model.
        model: &'static str,
        /// The parameter.
        parameter: &'static str,
        /// Its last value.
        value: f64,
        /// The penalty in use.
        penalty: f64,
    },
    /// Looking so far ahead that purchases are beyond counting.
    #[error("a horizon of {horizon} is too far ahead for row {row}: at most some ten thousand times alpha plus the customer's age")]
    Horizon {
        /// The horizon, in the unit of the ages.
        horizon: f64,
        /// The row, from 0.
        row: usize,
    },
    /// Order values so spread out that their expectation is infinite.
    #[error(
        "the expected order value of row {row} is infinite (q is {q:.4}, p x frequency + q must exceed 1): cap extreme order values and fit again"
    )]
    InfiniteOrderValue {
        /// The row, from 0.
        row: usize,
        /// The model's q.
        q: f64,
    },
    /// A line of a rule table that cannot be read.
    #[error("segment rules, line {line}: {problem}")]
    Rule {
        /// The line, from 1.
        line: usize,
        /// What does not fit.
        problem: String,
    },
    /// A cell that no rule takes.
    #[error(
        "segment rules: no rule takes recency {recency}, frequency {frequency}, monetary {monetary}: end with a rule without conditions"
    )]
    Uncovered {
        /// The recency score, 1 to 5.
        recency: u8,
        /// The frequency score, 1 to 5.
        frequency: u8,
        /// The monetary score, 1 to 5.
        monetary: u8,
    },
    /// More money than there is.
    #[error("the amount of line `{line}` is {amount}, more than 2^90 units: mend the line")]
    Amount {
        /// The line's identifier.
        line: String,
        /// Its amount.
        amount: i128,
    },
}

/// What every fallible function here returns.
pub type Result<T, E = SegmentsError> = std::result::Result<T, E>;
