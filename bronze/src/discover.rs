//! What lies in a source: files by table, and those left alone with the reason.

use std::collections::{BTreeMap, HashMap};

use futures::TryStreamExt;
use globset::{Glob, GlobSet, GlobSetBuilder};
use lake::{LakeError, LakeOptions, Location, Result};
use object_store::path::Path;
use sources::files::{Classified, FileSpec, TableRules};
use spec::Settings;
use xxhash_rust::xxh3::xxh3_64;

use crate::Skipped;

/// A folder or object-store prefix of raw files, and which of them make which table.
pub struct Sources {
    /// Where they are.
    pub location: Location,
    /// Which table a path belongs to, and how it is read.
    pub rules: TableRules,
    /// Paths that are never read.
    pub ignore: GlobSet,
    /// A file is taken once it has not changed for this many seconds.
    pub settle_seconds: u64,
}

/// A file of a source.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Path relative to the source, which names the file ever after.
    pub path: String,
    /// Path in the store.
    pub(crate) place: Path,
    /// How it is read.
    pub spec: FileSpec,
    /// Bytes.
    pub size: u64,
    /// Changes when the file does: a hash of its size and time of change (or entity tag).
    pub(crate) stamp: i64,
    /// 1, or more for a file that changed after it had been taken.
    pub(crate) version: i64,
}

impl Sources {
    /// The source that the settings name, or `flag` in its place.
    ///
    /// # Errors
    /// Neither names a source, a location that cannot be opened, or a pattern that is not valid.
    pub fn open(settings: &Settings, flag: Option<&str>) -> Result<Self> {
        let place = flag.or(settings.source.url.as_deref());
        let place = place
            .ok_or_else(|| LakeError::invalid("no source is named; give the raw files with --source DIR, or source.url in adlake.toml"))?;
        let location = Location::open(place, &LakeOptions::from(settings).s3)?;
        let rules = TableRules::new(&settings.source.tables, settings.source.encoding).map_err(LakeError::invalid)?;
        let mut ignore = GlobSetBuilder::new();
        for pattern in &settings.source.ignore {
            ignore.add(Glob::new(pattern).map_err(|e| LakeError::invalid(format!("source.ignore: {e}")))?);
        }
        let ignore = ignore.build().map_err(|e| LakeError::invalid(format!("source.ignore: {e}")))?;
        Ok(Self { location, rules, ignore, settle_seconds: settings.source.settle_seconds })
    }

    /// Lists the source: files by table in the order of their paths, and what is left alone.
    ///
    /// # Errors
    /// The folder is not there, or the store cannot be listed.
    pub async fn list(&self, now_seconds: i64) -> Result<(BTreeMap<String, Vec<SourceFile>>, Vec<Skipped>)> {
        if let Some(folder) = self.location.local_path()
            && !folder.exists()
        {
            return Err(LakeError::invalid(format!(
                "{}: no such source; name a folder, a file or an s3:// prefix with --source",
                folder.display()
            )));
        }
        let mut tables: BTreeMap<String, Vec<SourceFile>> = BTreeMap::new();
        let mut skipped = Vec::new();
        let mut listing = self.location.store.list(Some(&self.location.prefix));
        while let Some(meta) = listing.try_next().await? {
            let below: String = meta
                .location
                .prefix_match(&self.location.prefix)
                .map(Iterator::collect::<Vec<_>>)
                .unwrap_or_default()
                .iter()
                .map(|p| p.as_ref())
                .collect::<Vec<_>>()
                .join("/");
            if below.is_empty() {
                continue;
            }
            if self.ignore.is_match(&below) {
                continue;
            }
            match self.rules.classify(&below) {
                Classified::Ignored { reason } => skipped.push(Skipped { path: below, reason, later: false }),
                Classified::Table { table, spec } => {
                    let quiet = now_seconds - meta.last_modified.timestamp();
                    if quiet < i64::try_from(self.settle_seconds).unwrap_or(i64::MAX) {
                        let reason =
                            format!("changed {quiet} s ago, may still be being written; read after {} s of rest", self.settle_seconds);
                        skipped.push(Skipped { path: below, reason, later: true });
                        continue;
                    }
                    let stamp = stamp(
                        meta.size,
                        meta.last_modified.timestamp_nanos_opt().unwrap_or_default(),
                        meta.e_tag.as_deref(),
                        self.location.local_path().is_some(),
                    );
                    tables.entry(table).or_default().push(SourceFile {
                        path: below,
                        place: meta.location,
                        spec,
                        size: meta.size,
                        stamp,
                        version: 1,
                    });
                }
            }
        }
        for files in tables.values_mut() {
            files.sort_by(|a, b| a.path.cmp(&b.path));
        }
        skipped.sort_by(|a, b| a.path.cmp(&b.path));
        Ok((tables, skipped))
    }
}

/// Changes when the file does.
pub(crate) fn stamp(size: u64, modified_nanos: i64, tag: Option<&str>, local: bool) -> i64 {
    let text = match tag {
        // A local store's tags contain the inode, which a copy of the folder changes.
        Some(tag) if !local => format!("{size} {tag}"),
        _ => format!("{size} {modified_nanos}"),
    };
    positive(xxh3_64(text.as_bytes()))
}

/// A hash in the range of a transaction version.
pub(crate) fn positive(hash: u64) -> i64 {
    i64::try_from(hash >> 1).unwrap_or_default()
}

/// The transaction ids under which a table records a file: how many versions of it were taken, how the last one looked
/// from outside, and what it held.
pub(crate) struct FileIds {
    pub version: String,
    pub stamp: String,
    pub content: String,
}

impl FileIds {
    pub fn of(path: &str) -> Self {
        Self { version: format!("file:{path}"), stamp: format!("file-stamp:{path}"), content: format!("file-content:{path}") }
    }

    /// What the table knows of the file.
    pub fn known<'a>(&self, consumed: &'a HashMap<String, i64>) -> Option<(i64, Option<&'a i64>, Option<&'a i64>)> {
        consumed.get(&self.version).map(|version| (*version, consumed.get(&self.stamp), consumed.get(&self.content)))
    }
}
