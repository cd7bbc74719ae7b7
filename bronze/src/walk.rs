//! The files below a folder. Entries that cannot be read are told and cost the others nothing.

use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use lake::{LakeError, Result};

use crate::Skipped;
use crate::open::Place;

/// Why a folder with Delta tables is left alone.
pub(crate) const A_LAKE: &str = "holds Delta tables or the lake itself, no raw files";

/// A file of a source before anybody knows what is in it.
pub(crate) struct FoundFile {
    /// Relative to the source, with `/` between its parts.
    pub path: String,
    pub place: Place,
    pub size: u64,
    pub modified_nanos: i64,
    /// An object store's entity tag. Those of a disk contain the inode, which a copy of the folder changes.
    pub tag: Option<String>,
}

/// What a listing found.
#[derive(Default)]
pub(crate) struct Found {
    pub files: Vec<FoundFile>,
    pub skipped: Vec<Skipped>,
}

/// Nanoseconds since 1970 at which a file was last changed.
pub(crate) fn modified_nanos(meta: &Metadata) -> i64 {
    let since = meta.modified().ok().and_then(|t| t.duration_since(UNIX_EPOCH).ok());
    since.and_then(|d| i64::try_from(d.as_nanos()).ok()).unwrap_or_default()
}

/// All files below a folder, or the file itself. Links are followed, but not into a folder that is being walked.
/// `lake` is left alone, and so is every folder with a Delta log; what is `ignored` need not be readable.
///
/// # Errors
/// There is no such folder or file, or it cannot be read at all.
pub(crate) fn walk(root: &Path, lake: Option<&Path>, ignored: &dyn Fn(&str) -> bool) -> Result<Found> {
    let refused = |e: std::io::Error| match e.kind() {
        std::io::ErrorKind::NotFound => {
            LakeError::invalid(format!("{}: no such source; name a folder, a file or an s3:// prefix with --source", root.display()))
        }
        _ => LakeError::invalid(format!("{}: the source cannot be read: {e}; check its permissions", root.display())),
    };
    // A location ends in a slash, a file does not.
    let root = root.components().collect::<PathBuf>();
    let meta = fs::metadata(&root).map_err(refused)?;
    let mut walk = Walk { lake, ignored, found: Found::default() };
    if meta.is_file() {
        let name = root.file_name().unwrap_or_default().to_string_lossy().into_owned();
        walk.take(root, name, &meta);
        return Ok(walk.found);
    }
    let entries = fs::read_dir(&root).map_err(refused)?;
    let within = root.canonicalize().map_err(refused)?;
    let is_lake = lake.is_some_and(|lake| lake == within);
    walk.folder(entries, "", &mut vec![within]);
    if is_lake {
        // Once, and not for each of its tables.
        walk.found.skipped.retain(|skipped| !skipped.is_lake());
        walk.found.skipped.push(Skipped { path: "./".to_owned(), reason: A_LAKE.to_owned(), later: false });
    }
    Ok(walk.found)
}

struct Walk<'a> {
    lake: Option<&'a Path>,
    ignored: &'a dyn Fn(&str) -> bool,
    found: Found,
}

impl Walk<'_> {
    /// `within` are the folders being walked, links resolved.
    fn folder(&mut self, entries: fs::ReadDir, below: &str, within: &mut Vec<PathBuf>) {
        let mut names = Vec::new();
        for entry in entries {
            match entry {
                Ok(entry) => names.push((entry.path(), entry.file_name())),
                Err(error) => self.skip(below, format!("cannot be listed to its end: {error}"), true),
            }
        }
        names.sort();
        if names.iter().any(|(_, name)| name == "_delta_log") {
            self.skip(&format!("{below}/"), A_LAKE.to_owned(), false);
            return;
        }
        for (place, name) in names {
            let join = |name: &str| if below.is_empty() { name.to_owned() } else { format!("{below}/{name}") };
            let path = match name.to_str() {
                Some(name) if !name.contains(|c: char| c.is_control()) => join(name),
                _ => {
                    let path = join(&name.to_string_lossy());
                    self.skip(&path, "its name has control characters or is not UTF-8; rename it".to_owned(), false);
                    continue;
                }
            };
            match fs::metadata(&place) {
                Ok(meta) if meta.is_dir() => self.subfolder(&place, &path, within),
                Ok(meta) if meta.is_file() => self.take(place, path, &meta),
                Ok(_) => self.skip(&path, "is no file: a pipe, socket or device".to_owned(), false),
                Err(error) if fs::symlink_metadata(&place).is_ok_and(|m| m.is_symlink()) => {
                    self.skip(&path, format!("is a link that leads nowhere: {error}"), false);
                }
                Err(error) => self.skip(&path, format!("cannot be read: {error}"), true),
            }
        }
    }

    fn subfolder(&mut self, place: &Path, path: &str, within: &mut Vec<PathBuf>) {
        let real = match place.canonicalize() {
            Ok(real) => real,
            Err(error) => return self.skip(path, format!("cannot be read: {error}"), true),
        };
        if self.lake.is_some_and(|lake| lake == real) {
            return self.skip(&format!("{path}/"), A_LAKE.to_owned(), false);
        }
        if within.contains(&real) {
            return self.skip(path, "is a link back to a folder above it".to_owned(), false);
        }
        match fs::read_dir(place) {
            Ok(entries) => {
                within.push(real);
                self.folder(entries, path, within);
                within.pop();
            }
            Err(error) => self.skip(path, format!("the folder cannot be read: {error}"), true),
        }
    }

    fn take(&mut self, place: PathBuf, path: String, meta: &Metadata) {
        self.found.files.push(FoundFile {
            path,
            place: Place::Disk(place),
            size: meta.len(),
            modified_nanos: modified_nanos(meta),
            tag: None,
        });
    }

    /// Tells what is left alone, unless nobody wanted it.
    fn skip(&mut self, path: &str, reason: String, later: bool) {
        // A folder is ignored where any file in it would be.
        if (self.ignored)(path) || (self.ignored)(&format!("{}/x", path.trim_end_matches('/'))) {
            return;
        }
        let mut shown = String::new();
        for letter in path.chars() {
            if letter.is_control() { shown.extend(letter.escape_default()) } else { shown.push(letter) }
        }
        self.found.skipped.push(Skipped { path: shown, reason, later });
    }
}
