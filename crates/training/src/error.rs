//! One error type, by cause. Every message is one line that names the thing and what to do about it.

/// What went wrong while learning, predicting or measuring.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TrainingError {
    /// There is nothing to learn from or to measure.
    #[error("{what} has no rows: widen the period or the filter")]
    NoRows {
        /// What was empty.
        what: &'static str,
    },
    /// A frame without a single column.
    #[error("there are no features: name at least one column")]
    NoFeatures,
    /// Two things that must have one entry per row differ in length.
    #[error("{what} has {found} rows, expected {expected}: every column needs one value per row")]
    Lengths {
        /// The one that does not fit.
        what: String,
        /// Rows of the others.
        expected: usize,
        /// Its own rows.
        found: usize,
    },
    /// More rows than row numbers of 32 bits can name.
    #[error("{rows} rows are more than the {limit} one data set can hold: train on a sample or use a one-pass learner")]
    TooManyRows {
        /// Rows given.
        rows: usize,
        /// The most that fit.
        limit: usize,
    },
    /// All labels are the same, so there is nothing to tell apart.
    #[error("all {rows} rows with weight have the label {label}: a classifier and its metrics need both classes")]
    OneClass {
        /// The only label.
        label: bool,
        /// Rows given.
        rows: usize,
    },
    /// A feature without a single value.
    #[error("feature `{feature}` has no value in any row: leave it out, or mend the join that should fill it")]
    AllMissing {
        /// The feature's name.
        feature: String,
    },
    /// An infinite value, where numbers and NaN (missing) are allowed.
    #[error("feature `{feature}` is {value} in row {row}: replace infinite values by a number or by NaN for missing")]
    Infinite {
        /// The feature's name.
        feature: String,
        /// The row, from 0.
        row: usize,
        /// The value.
        value: f64,
    },
    /// Two columns of one name.
    #[error("feature `{feature}` is there twice: rename or drop one")]
    Duplicate {
        /// The name.
        feature: String,
    },
    /// A number outside its range: a weight, a probability, a group.
    #[error("{what} is {value} in row {row}, expected {expected}")]
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
    /// A category code that names no level, or a level that is there twice.
    #[error("feature `{feature}`: {problem}")]
    Categories {
        /// The feature's name, or `categories` where it has none yet.
        feature: String,
        /// What does not fit.
        problem: String,
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
    /// The model needs a feature that the rows do not have.
    #[error("the model needs feature `{feature}`, which is not among the columns given: add it, with missing values if need be")]
    MissingFeature {
        /// The feature's name.
        feature: String,
    },
    /// A feature is a number where the model learned categories, or the other way round.
    #[error("feature `{feature}` is {found}, the model learned it as {expected}: convert the column")]
    FeatureKind {
        /// The feature's name.
        feature: String,
        /// What the model knows.
        expected: &'static str,
        /// What was given.
        found: &'static str,
    },
    /// An Arrow type that is neither a number nor text.
    #[error("an Arrow column of type {found} is no feature: cast it to a number or to text")]
    ArrowType {
        /// The Arrow type.
        found: String,
    },
    /// A part of the data that the task needs was not given.
    #[error("{task} needs {needs}: give the data set one")]
    Needs {
        /// What was asked for.
        task: &'static str,
        /// What is not there.
        needs: &'static str,
    },
    /// A search over nothing.
    #[error("there is nothing to search: name at least one candidate")]
    NoCandidates,
    /// Training rows of a fold whose labels are all the same.
    #[error("fold {fold} of {folds}: all {rows} training rows with weight have the label {label}: take fewer folds, or more rows")]
    FoldOfOneClass {
        /// The fold, from 1.
        fold: usize,
        /// All folds.
        folds: usize,
        /// The only label.
        label: bool,
        /// Training rows of the fold.
        rows: usize,
    },
    /// A candidate of a search that cannot be fitted or measured.
    #[error("candidate {candidate} in fold {fold}: {source}")]
    Candidate {
        /// The candidate, from 1.
        candidate: usize,
        /// The fold, from 1.
        fold: usize,
        /// What went wrong.
        source: Box<TrainingError>,
    },
    /// The computation did not arrive at an answer.
    #[error("{what} did not converge: {remedy}")]
    NotConverged {
        /// The fit.
        what: &'static str,
        /// What to try.
        remedy: &'static str,
    },
    /// The model cannot be said in ONNX.
    #[error("no ONNX file can be made: {problem}")]
    Onnx {
        /// What cannot be said.
        problem: String,
    },
    /// Bytes that are no model of ours, or no longer.
    #[error("not a readable model: {problem}")]
    DamagedModel {
        /// What does not fit.
        problem: String,
    },
    /// A model written by a later version.
    #[error("the model has format version {found}, this program reads up to {supported}: use a newer adlake")]
    NewerModel {
        /// The model's version.
        found: u64,
        /// The latest version known here.
        supported: u64,
    },
}

/// What every fallible function here returns.
pub type Result<T, E = TrainingError> = std::result::Result<T, E>;
