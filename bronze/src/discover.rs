//! What lies in a source: files by table, and those left alone with the reason.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures::TryStreamExt;
use globset::{Glob, GlobSet, GlobSetBuilder};
use lake::{LakeError, LakeOptions, Location, Result};
use object_store::{ObjectMeta, ObjectStoreExt};
use sources::files::{Classified, FileSpec, TableRules};
use spec::Settings;
use xxhash_rust::xxh3::xxh3_64;

use crate::Skipped;
use crate::open::Place;
use crate::walk::{A_LAKE, Found, FoundFile, walk};

/// A folder or object-store prefix of raw files, or one file, and which of them make which table.
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
    /// Where it lies.
    pub(crate) place: Place,
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
        if place.trim().is_empty() {
            return Err(LakeError::invalid("the source is empty; name a folder, a file or an s3:// prefix with --source"));
        }
        let location = Location::open(place, &LakeOptions::from(settings).s3)?;
        let rules = TableRules::new(&settings.source.tables, settings.source.encoding).map_err(LakeError::invalid)?;
        let mut ignore = GlobSetBuilder::new();
        for pattern in &settings.source.ignore {
            ignore.add(Glob::new(pattern).map_err(|e| LakeError::invalid(format!("source.ignore: {e}")))?);
        }
        let ignore = ignore.build().map_err(|e| LakeError::invalid(format!("source.ignore: {e}")))?;
        Ok(Self { location, rules, ignore, settle_seconds: settings.source.settle_seconds })
    }

    /// Lists the source: files by table in the order of their paths, and what is left alone. `lake` is never a source of
    /// itself, and a file that bears the name of one of the tables `known` belongs to it.
    ///
    /// # Errors
    /// The folder is not there, or the store cannot be listed.
    pub async fn list(
        &self,
        now_seconds: i64,
        lake: &Location,
        known: &[&str],
    ) -> Result<(BTreeMap<String, Vec<SourceFile>>, Vec<Skipped>)> {
        let mut found = match self.location.local_path() {
            Some(folder) => walk(&folder, lake.local_path().as_deref(), &|path| self.ignore.is_match(path))?,
            None => self.objects(lake).await?,
        };
        let mut tables: BTreeMap<String, Vec<SourceFile>> = BTreeMap::new();
        for file in found.files {
            if self.ignore.is_match(&file.path) {
                continue;
            }
            let left_alone = |reason: String, later| Skipped { path: file.path.clone(), reason, later };
            let (table, spec) = match self.rules.classify_known(&file.path, known) {
                Classified::Ignored { reason } => {
                    found.skipped.push(left_alone(reason, false));
                    continue;
                }
                Classified::Table { table, spec } => (table, spec),
            };
            let quiet = now_seconds - file.modified_nanos.div_euclid(1_000_000_000);
            // A clock may be ahead of ours: without a time to settle that must not keep a file out.
            if self.settle_seconds > 0 && quiet < i64::try_from(self.settle_seconds).unwrap_or(i64::MAX) {
                let quiet = quiet.max(0);
                let reason = format!("changed {quiet} s ago, may still be being written; read after {} s of rest", self.settle_seconds);
                found.skipped.push(left_alone(reason, true));
                continue;
            }
            let stamp = stamp(file.size, file.modified_nanos, file.tag.as_deref());
            let file = SourceFile { path: file.path, place: file.place, spec, size: file.size, stamp, version: 1 };
            tables.entry(table).or_default().push(file);
        }
        for files in tables.values_mut() {
            files.sort_by(|a, b| a.path.cmp(&b.path));
        }
        found.skipped.sort_by(|a, b| a.path.cmp(&b.path));
        Ok((tables, found.skipped))
    }

    /// The objects below the prefix, without those of lakes.
    async fn objects(&self, lake: &Location) -> Result<Found> {
        let mut found = Found::default();
        let mut listing = self.location.store.list(Some(&self.location.prefix));
        let same_store = lake.url.scheme() == self.location.url.scheme() && lake.url.host_str() == self.location.url.host_str();
        // Folders whose objects are tables, and the lake's own root.
        let mut tables: BTreeSet<String> = BTreeSet::new();
        let mut objects = Vec::new();
        while let Some(meta) = listing.try_next().await? {
            let Some(parts) = meta.location.prefix_match(&self.location.prefix) else { continue };
            let path = parts.map(|p| p.as_ref().to_owned()).collect::<Vec<_>>().join("/");
            if same_store && lake.prefix.parts_count() > self.location.prefix.parts_count() && meta.location.prefix_matches(&lake.prefix) {
                let root =
                    lake.prefix.prefix_match(&self.location.prefix).map(|parts| parts.map(|p| p.as_ref().to_owned()).collect::<Vec<_>>());
                tables.insert(root.unwrap_or_default().join("/"));
            } else if let Some((table, _)) = format!("/{path}").split_once("/_delta_log/") {
                tables.insert(table.trim_start_matches('/').to_owned());
            }
            objects.push((path, meta));
        }
        for (path, meta) in objects {
            let is_in_table = path.match_indices('/').any(|(end, _)| path.get(..end).is_some_and(|folder| tables.contains(folder)));
            if path.is_empty() || is_in_table || tables.contains("") {
                continue;
            }
            found.files.push(found_object(path, meta));
        }
        if found.files.is_empty()
            && tables.is_empty()
            && let Ok(meta) = self.location.store.head(&self.location.prefix).await
        {
            // The source is one object.
            let path = meta.location.filename().unwrap_or_default().to_owned();
            found.files.push(found_object(path, meta));
        }
        let left_alone = |path: String| Skipped { path: format!("{path}/"), reason: A_LAKE.to_owned(), later: false };
        found.skipped.extend(tables.into_iter().map(left_alone));
        Ok(found)
    }
}

fn found_object(path: String, meta: ObjectMeta) -> FoundFile {
    FoundFile {
        path,
        place: Place::Store(meta.location),
        size: meta.size,
        modified_nanos: meta.last_modified.timestamp_nanos_opt().unwrap_or_default(),
        tag: meta.e_tag,
    }
}

/// Changes when the file does.
pub(crate) fn stamp(size: u64, modified_nanos: i64, tag: Option<&str>) -> i64 {
    let text = match tag {
        Some(tag) => format!("{size} {tag}"),
        None => format!("{size} {modified_nanos}"),
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

#[cfg(test)]
mod tests;
