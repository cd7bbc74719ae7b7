//! The files that are written, and the folder they go to.

use std::path::Path;

use super::parts::Lines;
use crate::synthetic::{GenerateError, Open, Step, TableFiles, clear};

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

impl<'a> Files<'a> {
    /// Makes the folder ready and begins the truth.
    pub(super) fn new(out: &'a Path, overwrite: bool) -> Result<Self, GenerateError> {
        let ours: Vec<_> = (0..DAYS).map(|day| out.join(name(day))).collect();
        clear(out, TABLE, TRUTH, |path| ours.iter().any(|file| file == path), overwrite)?;
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
