//! The files that are written, and the folder they go to.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::synthetic::{GenerateError, TableFiles, failed};

/// Where the tables go, and the truth. The spend's corrections stand beside its first reports, as files of one table.
pub(super) const PATHS: [(&str, &str); 8] = [
    ("touchpoints", "touchpoints.csv"),
    ("holdout_touchpoints", "holdout_touchpoints.csv"),
    ("conversions", "conversions.csv"),
    ("channel_spend", "channel_spend/reported.csv"),
    ("channel_spend", "channel_spend/corrections.csv"),
    ("exchange_rates", "exchange_rates.csv"),
    ("truth", "truth/conversions.csv"),
    ("truth", "truth/truth.json"),
];

/// A file of a table.
pub(super) struct Open {
    file: File,
    path: PathBuf,
    pub(super) written: TableFiles,
}

impl Open {
    /// Begins a file with its header.
    pub(super) fn new(out: &Path, (table, name): (&'static str, &str), header: &str) -> Result<Self, GenerateError> {
        let path = out.join(name);
        let folder = path.parent().unwrap_or(&path);
        fs::create_dir_all(folder).map_err(failed("create the folder", folder))?;
        let file = File::create(&path).map_err(failed("create", &path))?;
        let mut open = Self { file, path, written: TableFiles { table, files: 1, rows: 0, bytes: 0 } };
        open.append(header, 0)?;
        Ok(open)
    }

    /// Appends rows.
    pub(super) fn append(&mut self, text: &str, rows: u64) -> Result<(), GenerateError> {
        self.file.write_all(text.as_bytes()).map_err(failed("write", &self.path))?;
        self.written.rows += rows;
        self.written.bytes += text.len() as u64;
        Ok(())
    }
}

/// Sees to it that no file of another run is left that would be read as if it belonged to this one.
pub(super) fn clear(out: &Path, overwrite: bool) -> Result<(), GenerateError> {
    fs::create_dir_all(out).map_err(failed("create the folder", out))?;
    for path in PATHS.iter().map(|(_, name)| out.join(name)).filter(|path| path.exists()) {
        if !overwrite {
            return Err(GenerateError::Occupied { path });
        }
        fs::remove_file(&path).map_err(failed("remove", &path))?;
    }
    Ok(())
}
