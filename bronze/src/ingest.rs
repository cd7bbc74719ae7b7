//! Taking what is new in a source.

use std::collections::HashMap;

use lake::{LakeError, Progress, Result, Running, TableReport};
use sources::files::fingerprint;
use spec::{Layer, Pipeline, TableName};

use crate::discover::{FileIds, SourceFile, Sources, positive};
use crate::feed::{FileFeed, source_name};
use crate::open::open;
use crate::walk::A_LAKE;

/// A file that was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Its path, relative to the source.
    pub path: String,
    /// Why.
    pub reason: String,
    /// Whether it is looked at again in the next run with better hope.
    pub later: bool,
}

impl Skipped {
    /// Whether it is a lake, which nobody expects to be read.
    pub fn is_lake(&self) -> bool {
        self.reason == A_LAKE
    }
}

/// What an ingestion did.
#[derive(Clone, Debug, Default)]
pub struct Ingested {
    /// Tables with new rows.
    pub tables: Vec<TableReport>,
    /// Files left alone, with the reason.
    pub skipped: Vec<Skipped>,
    /// How many files of the source were taken, now or before.
    pub readable: usize,
    /// How many files that were asked for could not be taken.
    pub refused: usize,
}

impl Ingested {
    /// How many files or folders were left alone, without lakes.
    pub fn unread(&self) -> usize {
        self.skipped.iter().filter(|skipped| !skipped.is_lake()).count()
    }

    /// Whether there were files to take, and none of them could be.
    pub fn is_unreadable(&self) -> bool {
        self.readable == 0 && self.refused > 0
    }
}

/// How often files that other runs take as well are tried within one run.
const ATTEMPTS: usize = 100;

/// Appends the files of a source that were not taken before to their bronze tables. `pipeline` says which columns
/// its models expect, `only` limits the work to some tables.
///
/// # Errors
/// The source cannot be listed, or a table cannot be written. A file that cannot be read is no error: it is reported,
/// costs the others nothing, and is looked at again in the next run.
pub async fn ingest(
    running: &mut Running,
    sources: &Sources,
    pipeline: &Pipeline,
    only: &[String],
    progress: &dyn Progress,
) -> Result<Ingested> {
    let contracts = pipeline.in_order().iter().filter(|m| m.table.layer == Layer::Bronze);
    let known: Vec<&str> = contracts.map(|m| m.table.name.as_str()).collect();
    let (tables, skipped) = sources.list(lake::now().timestamp(), running.lake().location(), &known).await?;
    let mut done = Ingested { skipped, ..Ingested::default() };
    // Files of no table are asked for where all are.
    let unasked = if only.is_empty() { 0 } else { done.unread() };
    for (table, files) in tables {
        if !only.is_empty() && !only.contains(&table) {
            continue;
        }
        let name = match TableName::new(Layer::Bronze, &table) {
            Ok(name) => name,
            Err(error) => {
                let reason = format!("{error}; name a table for it with [[source.table]]");
                done.skipped.extend(files.into_iter().map(|f| Skipped { path: f.path, reason: reason.clone(), later: false }));
                continue;
            }
        };
        let (listed, before) = (files.len(), done.skipped.len());
        let expected = pipeline.get(&name).map(|m| m.header.columns.clone()).unwrap_or_default();
        if let Some(report) = take_table(running, sources, &name, files, expected, &mut done.skipped, progress).await? {
            done.tables.push(report);
        }
        done.readable += listed.saturating_sub(done.skipped.len() - before);
    }
    done.refused = done.unread() - unasked;
    Ok(done)
}

async fn take_table(
    running: &mut Running,
    sources: &Sources,
    name: &TableName,
    mut files: Vec<SourceFile>,
    expected: Vec<(String, String)>,
    skipped: &mut Vec<Skipped>,
    progress: &dyn Progress,
) -> Result<Option<TableReport>> {
    let mut attempts = 0;
    while attempts < ATTEMPTS {
        let (consumed, standing) = match running.lake().table(name).await? {
            Some(table) => (table.transactions().await?, Some(table.schema())),
            None => Default::default(),
        };
        let Unseen { fresh, notes, touched } = unseen(sources, &files, &consumed, skipped);
        if fresh.is_empty() {
            return Ok(None);
        }
        let threads = running.lake().options().parallel_streams();
        let (mut feed, troubles) = FileFeed::new(&sources.location, name.clone(), &fresh, expected.clone(), standing.as_deref(), threads)?;
        feed.feed.notes.extend(notes);
        if let Ok(mut taken) = feed.feed.taken.lock() {
            taken.transactions.extend(touched);
        }
        for trouble in &troubles {
            files.retain(|f| f.path != trouble.path);
            skipped.push(Skipped { path: trouble.path.clone(), reason: trouble.reason.clone(), later: trouble.later });
        }
        if feed.is_empty() {
            return Ok(None);
        }
        progress.started(name);
        match running.ingest(&feed.feed).await {
            // Another run was faster with some of the files: look again at what is left.
            Ok(None) => attempts += 1,
            Ok(Some(report)) => {
                progress.finished(&report);
                return Ok(Some(report));
            }
            Err(error) => match feed.trouble() {
                // One file fewer, so this ends.
                Some(trouble) => {
                    files.retain(|f| f.path != trouble.path);
                    skipped.push(Skipped { path: trouble.path, reason: trouble.reason, later: trouble.later });
                }
                None => {
                    running.leave_trace(name, &error).await;
                    return Err(error);
                }
            },
        }
    }
    Err(LakeError::invalid(format!("{name}: its files keep changing; run again when they rest")))
}

/// What a table has not consumed of its files.
#[derive(Default)]
struct Unseen {
    /// With their version numbers.
    fresh: Vec<SourceFile>,
    /// What is worth noting about them.
    notes: Vec<String>,
    /// How files look now that were touched and hold what they held: spares the next run a look into them.
    touched: Vec<(String, i64)>,
}

fn unseen(sources: &Sources, files: &[SourceFile], consumed: &HashMap<String, i64>, skipped: &mut Vec<Skipped>) -> Unseen {
    let mut unseen = Unseen::default();
    for file in files {
        let ids = FileIds::of(&file.path);
        let Some((version, stamp, content)) = ids.known(consumed) else {
            unseen.fresh.push(file.clone());
            continue;
        };
        if stamp == Some(&file.stamp) {
            continue;
        }
        // Touched. Only other content makes it a new version.
        let print = open(&sources.location, &file.place).map_err(|e| e.to_string()).and_then(|f| fingerprint(f).map_err(|e| e.to_string()));
        match print {
            Ok(print) if content == Some(&positive(print.xxh3 as u64)) => unseen.touched.push((ids.stamp, file.stamp)),
            Ok(_) => {
                unseen.notes.push(format!(
                    "{}: changed after it was taken; its rows are added as {}",
                    file.path,
                    source_name(&file.path, version + 1)
                ));
                unseen.fresh.push(SourceFile { version: version + 1, ..file.clone() });
            }
            Err(reason) => skipped.push(Skipped { path: file.path.clone(), reason: format!("cannot be read: {reason}"), later: true }),
        }
    }
    unseen
}
