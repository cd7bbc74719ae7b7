//! Files that a generator writes.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::{GenerateError, failed};

/// A file being written; its folder is made if need be.
pub(crate) struct Open {
    file: File,
    path: PathBuf,
}

impl Open {
    pub(crate) fn new(path: PathBuf) -> Result<Self, GenerateError> {
        let folder = path.parent().unwrap_or(&path);
        fs::create_dir_all(folder).map_err(failed("create the folder", folder))?;
        Ok(Self { file: File::create(&path).map_err(failed("create", &path))?, path })
    }

    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<(), GenerateError> {
        self.file.write_all(bytes).map_err(failed("write", &self.path))
    }
}

/// Sees to it that no file of another run is left in the folder `table` of `out`, or as its truth, that would be read as if it belonged
/// to this one: `is_ours` tells which files a generator of this kind writes. Other files in `out` stay.
pub(crate) fn clear(out: &Path, table: &str, truth: &str, is_ours: impl Fn(&Path) -> bool, overwrite: bool) -> Result<(), GenerateError> {
    fs::create_dir_all(out).map_err(failed("create the folder", out))?;
    let folder = out.join(table);
    let entries = if folder.is_dir() { fs::read_dir(&folder).map(Some) } else { Ok(None) };
    let entries = entries.map_err(failed("read the folder", &folder))?;
    let there = entries.into_iter().flatten().map(|entry| Ok(entry.map_err(failed("read the folder", &folder))?.path()));
    let mut there = there.collect::<Result<Vec<_>, GenerateError>>()?;
    there.extend([out.join(truth)].into_iter().filter(|truth| truth.exists()));
    there.sort();
    if let Some(path) = there.first().filter(|_| !overwrite) {
        return Err(GenerateError::Occupied { path: path.clone() });
    }
    for path in there.iter().filter(|path| is_ours(path)) {
        fs::remove_file(path).map_err(failed("remove", path))?;
    }
    Ok(())
}
