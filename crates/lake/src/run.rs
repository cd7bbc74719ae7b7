//! A run: the tables of a pipeline brought up to date, each after those it reads, then published together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use spec::{Model, TableName};

use crate::report::{Action, RunReport, TableReport};
use crate::standing::Standing;
use crate::step::{self, Run};
use crate::{Lake, LakeError, Result, ops, release};

/// How many tables are worked on at a time. Each uses all cores while it computes.
const TABLES_AT_ONCE: usize = 2;

/// Told what a run is at.
pub trait Progress: Send + Sync {
    /// Work on a table begins, while that on another may still go on.
    fn started(&self, table: &TableName);
    /// Work on a table is done.
    fn finished(&self, report: &TableReport);
}

/// Tells nobody.
pub struct Silent;

impl Progress for Silent {
    fn started(&self, _table: &TableName) {}
    fn finished(&self, _report: &TableReport) {}
}

/// A run that has begun: reports gather in it until [`Running::publish`].
pub struct Running {
    lake: Lake,
    run: Run,
    begun: Instant,
    reports: Vec<TableReport>,
}

impl Running {
    /// Begins a run. `at` is the run's time; no other clock enters the data.
    pub fn begin(lake: &Lake, at: chrono::DateTime<chrono::Utc>) -> Self {
        let run = Run { id: uuid::Uuid::new_v4().to_string(), at_micros: at.timestamp_micros(), defined: Arc::default() };
        Self { lake: lake.clone(), run, begun: Instant::now(), reports: Vec::new() }
    }

    pub(crate) fn run(&self) -> &Run {
        &self.run
    }

    /// Tells the run of models that it is not to refresh. What they state of their tables spares others work.
    pub fn know(&mut self, models: &[&Model]) {
        let defined = models.iter().map(|m| (m.table.clone(), (step::definition(m), m.header.key.clone())));
        Arc::make_mut(&mut self.run.defined).extend(defined);
    }

    /// The lake worked on.
    pub fn lake(&self) -> &Lake {
        &self.lake
    }

    pub(crate) fn record(&mut self, report: TableReport) {
        self.reports.push(report);
    }

    /// Brings the models' tables up to date, each after those it reads. Two that do not read each other are worked on at a
    /// time, so that one computes while the other reads or commits; under a memory limit one alone.
    ///
    /// # Errors
    /// The first table that fails; what was committed before it stays, and the next run goes on from there.
    pub async fn refresh(&mut self, models: &[&Model], rebuild: bool, progress: &dyn Progress) -> Result<()> {
        self.know(models);
        let at_once = if self.lake.options().memory_limit_bytes.is_some() { 1 } else { TABLES_AT_ONCE };
        let (lake, run) = (&self.lake, &self.run);
        let mut waiting: Vec<&Model> = models.to_vec();
        let mut unfinished: BTreeSet<&TableName> = models.iter().map(|m| &m.table).collect();
        let mut working = FuturesUnordered::new();
        let mut done: BTreeMap<&TableName, TableReport> = BTreeMap::new();
        let mut failure = None;
        loop {
            while failure.is_none() && working.len() < at_once && !waiting.is_empty() {
                let is_ready = |m: &&Model| !m.input_tables().any(|input| unfinished.contains(input));
                let next = match waiting.iter().position(is_ready) {
                    Some(next) => next,
                    None if working.is_empty() => 0,
                    None => break,
                };
                let model = waiting.remove(next);
                progress.started(&model.table);
                working.push(async move { (&model.table, step::refresh(lake, run, model, rebuild).await) });
            }
            match working.next().await {
                None => break,
                Some((table, Ok(report))) => {
                    progress.finished(&report);
                    unfinished.remove(table);
                    done.insert(table, report);
                }
                Some((table, Err(error))) => failure = failure.or(Some((table, error))),
            }
        }
        drop(working);
        self.reports.extend(models.iter().filter_map(|m| done.remove(&m.table)));
        match failure {
            None => Ok(()),
            Some((table, error)) => {
                self.leave_trace(table, &error).await;
                Err(error)
            }
        }
    }

    /// Records what the run did before an error ended it. What was committed until then would else never show in `ops.runs`.
    pub async fn leave_trace(&mut self, table: &TableName, error: &LakeError) {
        let mut failed = TableReport::new(table, Action::Failed, 0);
        failed.notes.push(error.to_string());
        self.reports.push(failed);
        let report = self.report(None);
        // The error itself is what counts; where the lake cannot be written at all, this fails with it.
        let _ = ops::record(&self.lake, &self.run, &report).await;
    }

    fn report(&mut self, published: Option<u64>) -> RunReport {
        RunReport {
            run_id: self.run.id.clone(),
            started_at: chrono::DateTime::from_timestamp_micros(self.run.at_micros).unwrap_or_default().to_rfc3339(),
            tables: std::mem::take(&mut self.reports),
            release: published,
            behind: Vec::new(),
            orphans: Vec::new(),
            seconds: self.begun.elapsed().as_secs_f64(),
        }
    }

    /// Publishes a release if anything is new: the versions of all tables that agree with each other. `models` are all that
    /// are known, whether this run worked on them or not; of other tables their logs say what they are made from. Another
    /// run may have moved a table meanwhile: then its readers are refreshed again.
    ///
    /// # Errors
    /// Other runs keep moving the tables; they will publish.
    pub async fn publish(mut self, models: &[&Model], progress: &dyn Progress) -> Result<RunReport> {
        let mut published = None;
        let (mut behind, mut orphans) = (BTreeSet::new(), BTreeSet::new());
        for attempt in 0..step::ATTEMPTS {
            // In this order: a release that another run publishes from here on makes ours fail, so none goes back in time.
            let last = release::Last::of(&self.lake).await?;
            let standing = Standing::of(&self.lake, models).await?;
            standing.settle(&self.lake).await?;
            behind = standing.behind().await?;
            orphans = standing.orphans_behind().await?;
            let worked: Vec<&Model> =
                models.iter().filter(|m| behind.contains(&m.table) && self.reports.iter().any(|r| r.table == m.table)).copied().collect();
            let contested = match worked.first() {
                None => {
                    let versions = standing.agreeing(&behind, &last.release);
                    match release::publish(&self.lake, &self.run, last, versions).await {
                        Err(error) if error.is_conflict() => release::table_name(),
                        done => {
                            published = done?;
                            break;
                        }
                    }
                }
                Some(first) => first.table.clone(),
            };
            if attempt + 1 == step::ATTEMPTS {
                return Err(LakeError::Conflict { table: contested, attempts: step::ATTEMPTS });
            }
            for model in worked {
                let report = step::refresh(&self.lake, &self.run, model, false).await?;
                if report.action != Action::UpToDate {
                    progress.finished(&report);
                    self.reports.push(report);
                }
            }
        }
        let mut report = self.report(published);
        report.behind = behind.into_iter().collect();
        report.orphans = orphans.into_iter().collect();
        ops::record(&self.lake, &self.run, &report).await?;
        Ok(report)
    }
}

/// The time at which a run that begins now began: the one place where the clock is read.
pub fn now() -> chrono::DateTime<chrono::Utc> {
    chrono::Utc::now()
}
