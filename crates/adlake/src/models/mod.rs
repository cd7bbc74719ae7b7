//! What models of any kind share: rows to learn from, a model with its card as one file, and what the lake keeps of training.
//!
//! - [`Rows`] are a query and what its columns are for, [`examples`] reads them into a data set, in the order of their time;
//! - a [`ModelFile`] is a model and its card, all that it takes to make it again, as one file; a [`ModelCard`] says of which kind;
//! - [`Records`] keeps runs, models and their files in the lake, and [`Step`]s tell whoever waits how far a training is.

mod examples;
mod feature_function;
mod file;
mod records;
mod rows;
mod run;
mod step;

pub use examples::examples;
pub(crate) use examples::{Gathered, labels};
pub(crate) use feature_function::{ArgumentNames, columns_of_call};
pub(crate) use file::described;
pub use file::{CardFeature, ModelCard, ModelFile, Usual};
pub use records::{KnownModel, Records};
pub use rows::Rows;
pub(crate) use run::{TrainingRun, of_estimate, of_report};
pub use step::Step;

/// What happens where the training set gives the label away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum OnLeak {
    /// Say so and go on
    Warn,
    /// Say so and stop
    Fail,
}

/// What went wrong in learning, as an error of the lake's commands.
pub(crate) fn learned<T>(result: training::Result<T>) -> lake::Result<T> {
    result.map_err(lake::LakeError::invalid)
}

/// Where a lake is, for messages.
pub(crate) fn place_of(lake: &lake::Lake) -> String {
    lake.location().local_path().map_or_else(|| lake.location().url.to_string(), |path| path.display().to_string())
}

/// Fingerprints of the models that make a table: a changed definition is another feature.
pub(crate) fn definitions(pipeline: &spec::Pipeline, top: &spec::TableName) -> std::collections::BTreeMap<String, String> {
    let tables = pipeline.upstream_of(top).into_iter().chain([top.clone()]);
    tables.filter_map(|table| pipeline.get(&table).map(|model| (table.to_string(), definition(model)))).collect()
}

fn definition(model: &spec::Model) -> String {
    format!("{:016x}", xxhash_rust::xxh3::xxh3_64(model.sql.as_bytes()))
}

/// Tables that a model of these definitions learned from, and that are made otherwise now: by another query, or with other parameters.
///
/// # Errors
/// The lake's settings do not fit the models.
pub fn redefined(
    lake: &lake::Lake,
    models: &[lake::ModelFile],
    known: &std::collections::BTreeMap<String, String>,
) -> lake::Result<Vec<String>> {
    let pipeline = lake.pipeline(models)?;
    let now = |table: &String| table.parse().ok().and_then(|table| pipeline.get(&table)).map(definition);
    Ok(known.iter().filter(|(table, learned)| now(table).as_ref() != Some(learned)).map(|(table, _)| table.clone()).collect())
}

/// How many threads learn and predict in this process: so many, or one per core for 0. Only the first call counts.
pub fn use_threads(threads: usize) {
    // An error says that the pool stands already.
    let _ = rayon::ThreadPoolBuilder::new().num_threads(threads).build_global();
}
