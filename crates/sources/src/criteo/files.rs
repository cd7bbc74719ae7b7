//! The files that are written, and the folder they go to.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::parts::Lines;
use crate::synthetic::{GenerateError, Step, TableFiles, failed};

/// What adlake.toml has to say of files in this format, for they do not name their columns.
pub const SETTINGS: &str = r#"[[source.table]]
pattern    = "criteo_events/*"
table      = "criteo_events"
delimiter  = "\t"
has_header = false
columns    = [
    "label",
    "i1", "i2", "i3", "i4", "i5", "i6", "i7", "i8", "i9", "i10", "i11", "i12", "i13",
    "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9", "c10", "c11", "c12", "c13",
    "c14", "c15", "c16", "c17", "c18", "c19", "c20", "c21", "c22", "c23", "c24", "c25", "c26",
]
"#;

/// Days that the log covers.
pub(super) const DAYS: u64 = 7;
const TABLE: &str = "criteo_events";
const TRUTH: &str = "truth/criteo_events.csv";
const TRUTH_HEADER: &[u8] = b"file,line,click_probability\n";

/// The file of a day, from the output folder, with `/`.
pub(super) fn name(day: u64) -> String {
    format!("{TABLE}/day_{day}.tsv")
}

/// Where the rows go.
pub(super) struct Files<'a> {
    out: &'a Path,
    day: Option<(u64, Open)>,
    truth: Open,
    pub(super) log: TableFiles,
    pub(super) truth_bytes: u64,
}

struct Open {
    file: File,
    path: PathBuf,
}

impl Open {
    fn new(path: PathBuf) -> Result<Self, GenerateError> {
        let folder = path.parent().unwrap_or(&path);
        fs::create_dir_all(folder).map_err(failed("create the folder", folder))?;
        Ok(Self { file: File::create(&path).map_err(failed("create", &path))?, path })
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), GenerateError> {
        self.file.write_all(bytes).map_err(failed("write", &self.path))
    }
}

impl<'a> Files<'a> {
    /// Makes the folder ready and begins the truth.
    pub(super) fn new(out: &'a Path, overwrite: bool) -> Result<Self, GenerateError> {
        clear(out, overwrite)?;
        let mut truth = Open::new(out.join(TRUTH))?;
        truth.append(TRUTH_HEADER)?;
        let log = TableFiles { table: TABLE, files: 0, rows: 0, bytes: 0 };
        Ok(Self { out, day: None, truth, log, truth_bytes: TRUTH_HEADER.len() as u64 })
    }

    /// Appends lines, which come in order.
    pub(super) fn write(&mut self, lines: &Lines) -> Result<Step, GenerateError> {
        let mut open = match self.day.take() {
            Some((day, open)) if day == lines.day => open,
            _ => {
                self.log.files += 1;
                Open::new(self.out.join(name(lines.day)))?
            }
        };
        open.append(&lines.bytes)?;
        self.truth.append(&lines.truth)?;
        self.day = Some((lines.day, open));
        self.log.rows += lines.count;
        self.log.bytes += lines.bytes.len() as u64;
        self.truth_bytes += lines.truth.len() as u64;
        Ok(Step { made: lines.count, bytes: (lines.bytes.len() + lines.truth.len()) as u64 })
    }
}

/// Sees to it that no file of another run is left that would be read as if it belonged to this one. Other files in `out` stay.
fn clear(out: &Path, overwrite: bool) -> Result<(), GenerateError> {
    fs::create_dir_all(out).map_err(failed("create the folder", out))?;
    let folder = out.join(TABLE);
    let entries = if folder.is_dir() { fs::read_dir(&folder).map(Some) } else { Ok(None) };
    let entries = entries.map_err(failed("read the folder", &folder))?;
    let there = entries.into_iter().flatten().map(|entry| Ok(entry.map_err(failed("read the folder", &folder))?.path()));
    let mut there = there.collect::<Result<Vec<_>, GenerateError>>()?;
    there.extend([out.join(TRUTH)].into_iter().filter(|truth| truth.exists()));
    there.sort();
    if let Some(path) = there.first().filter(|_| !overwrite) {
        return Err(GenerateError::Occupied { path: path.clone() });
    }
    let ours: Vec<_> = (0..DAYS).map(|day| out.join(name(day))).collect();
    for path in there.iter().filter(|path| ours.contains(path)) {
        fs::remove_file(path).map_err(failed("remove", path))?;
    }
    Ok(())
}
