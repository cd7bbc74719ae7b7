//! A run of the whole pipeline, or of a part of it.

use std::collections::BTreeSet;

use bronze::{Skipped, Sources};
use lake::{Lake, LakeError, Progress, Result, RunReport, Running};
use spec::{Layer, Model, Pipeline, TableName};

/// What a run is to do.
#[derive(Clone, Default)]
pub struct Work<'a> {
    /// Raw files to take first; `None` works on what is in the lake.
    pub sources: Option<&'a Sources>,
    /// Layers to bring up to date; empty = all.
    pub layers: Vec<Layer>,
    /// Domains to bring up to date, with what tables of other domains in the lake are made of them; empty = all that have raw tables.
    pub domains: Vec<String>,
    /// Tables to bring up to date, `layer.name` or a name; empty = all.
    pub tables: Vec<String>,
    /// Compute tables from all of their input, whatever they hold.
    pub rebuild: bool,
}

/// What a run did.
pub struct Done {
    /// Table by table.
    pub report: RunReport,
    /// Source files that were left alone, with the reason.
    pub skipped: Vec<Skipped>,
    /// How many of them are no lake and should perhaps have been read.
    pub unread: usize,
    /// Whether the source has files for these tables and none of them could be read, now or before.
    pub is_unreadable: bool,
}

impl Work<'_> {
    /// Everything that is not up to date.
    pub fn all() -> Self {
        Self::default()
    }

    fn wants(&self, layer: Layer) -> bool {
        self.layers.is_empty() || self.layers.contains(&layer)
    }
}

/// Takes what is new in the source, brings the tables of the pipeline up to date and publishes a release.
///
/// # Errors
/// What is asked for does not exist, or a table fails; what was committed before it stays.
pub async fn run(lake: &Lake, pipeline: &Pipeline, work: &Work<'_>, progress: &dyn Progress) -> Result<Done> {
    let selected = pipeline.select(&work.layers, &work.domains, &work.tables).map_err(LakeError::invalid)?;
    let mut running = Running::begin(lake, lake::now());
    let mut skipped = Vec::new();
    let (mut unread, mut is_unreadable) = (0, false);
    if let Some(sources) = work.sources
        && work.wants(Layer::Bronze)
    {
        let only: Vec<String> = if work.tables.is_empty() && work.domains.is_empty() {
            Vec::new()
        } else {
            upstream(pipeline, &selected).into_iter().collect()
        };
        let done = bronze::ingest(&mut running, sources, pipeline, &only, progress).await?;
        (unread, is_unreadable) = (done.unread(), done.is_unreadable());
        skipped = done.skipped;
    }
    let present = present_domains(lake, pipeline).await?;
    let mut wanted: BTreeSet<&TableName> = selected.iter().map(|model| &model.table).collect();
    if !work.domains.is_empty() && work.tables.is_empty() {
        // What other domains made of these tables comes along: no release could name both otherwise.
        let made = lake.tables().await?;
        for model in pipeline.in_order().iter().filter(|model| model.table.layer != Layer::Bronze && work.wants(model.table.layer)) {
            if made.contains(&model.table) && model.input_tables().any(|input| wanted.contains(input)) {
                wanted.insert(&model.table);
            }
        }
    }
    let mut models: Vec<&Model> = Vec::new();
    for model in pipeline.in_order() {
        if model.table.layer == Layer::Bronze {
            if present.contains(model.domain.as_str()) {
                running.expect(model).await?;
            }
        } else if wanted.contains(&model.table) {
            let has_raw = present.contains(model.domain.as_str()) || !is_shipped_domain(pipeline, &model.domain);
            if has_raw {
                models.push(model);
            }
        }
    }
    if models.is_empty() && work.sources.is_none() && !lake.tables().await?.iter().any(|t| t.layer == Layer::Bronze) {
        return Err(LakeError::invalid(format!(
            "{}: the lake has no raw tables; give the raw files with --source DIR",
            lake.location().url
        )));
    }
    // All models, whatever was selected: a release has to know which tables do not agree.
    let all: Vec<&Model> = pipeline.in_order().iter().collect();
    running.know(&all);
    running.refresh(&models, work.rebuild, progress).await?;
    let report = running.publish(&all, progress).await?;
    Ok(Done { report, skipped, unread, is_unreadable })
}

/// Domains with at least one raw table in the lake.
async fn present_domains<'p>(lake: &Lake, pipeline: &'p Pipeline) -> Result<BTreeSet<&'p str>> {
    let tables = lake.tables().await?;
    let raw = pipeline.in_order().iter().filter(|m| m.table.layer == Layer::Bronze && tables.contains(&m.table));
    Ok(raw.map(|m| m.domain.as_str()).collect())
}

/// Whether raw contracts say when a domain has data. A user's domain without contracts always runs.
fn is_shipped_domain(pipeline: &Pipeline, domain: &str) -> bool {
    pipeline.in_order().iter().any(|m| m.table.layer == Layer::Bronze && m.domain == domain)
}

/// Names of the raw tables that the models cannot do without.
fn upstream(pipeline: &Pipeline, models: &[&Model]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for model in models {
        let above = pipeline.required_for(&model.table).into_iter().chain([model.table.clone()]);
        names.extend(above.filter(|t| t.layer == Layer::Bronze).map(|t| t.name));
    }
    names
}
