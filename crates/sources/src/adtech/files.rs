//! The files that are written, and the folder they go to.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::rows::{self, BrokenRow, TableRows, header};
use crate::synthetic::{GenerateError, TableFiles, failed};

pub(super) const GROWING: [(&str, &str); 4] =
    [("requests", header::REQUESTS), ("impressions", header::IMPRESSIONS), ("clicks", header::CLICKS), ("installs", header::INSTALLS)];
pub(super) const USER_PROFILE: (&str, &str) = ("user_profile", header::USER_PROFILE);
pub(super) const USER_APP_GENRE: (&str, &str) = ("user_app_genre", header::USER_APP_GENRE);
pub(super) const CAMPAIGNS: (&str, &str) = ("campaigns", header::CAMPAIGNS);
pub(super) const CLICK_PROBABILITY: (&str, &str) = ("truth/click_probability", header::CLICK_PROBABILITY);
pub(super) const MALFORMED: (&str, &str) = ("truth/malformed", header::MALFORMED);

/// The files of one table, one after the other.
pub(super) struct Table {
    header: &'static str,
    open: Option<OpenFile>,
    pub(super) written: TableFiles,
}

struct OpenFile {
    file: File,
    path: PathBuf,
    /// Path from the output folder, with `/`.
    name: String,
    lines: u64,
}

impl Table {
    pub(super) fn new((table, header): (&'static str, &'static str)) -> Self {
        Self { header, open: None, written: TableFiles { table, files: 0, rows: 0, bytes: 0 } }
    }

    /// Starts a file; what follows goes there.
    pub(super) fn start(&mut self, out: &Path, date: Option<&str>) -> Result<(), GenerateError> {
        let name = file_name(self.written.table, date);
        let path = out.join(&name);
        let folder = path.parent().unwrap_or(out);
        fs::create_dir_all(folder).map_err(failed("create the folder", folder))?;
        let file = File::create(&path).map_err(failed("create", &path))?;
        self.open = Some(OpenFile { file, path, name, lines: 1 });
        self.written.files += 1;
        self.append(format!("{}\n", self.header).as_bytes())
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), GenerateError> {
        if let Some(OpenFile { file, path, .. }) = &mut self.open {
            file.write_all(bytes).map_err(failed("write", path))?;
            self.written.bytes += bytes.len() as u64;
        }
        Ok(())
    }

    /// Appends rows given as text.
    pub(super) fn append_rows(&mut self, bytes: &[u8], rows: u64) -> Result<(), GenerateError> {
        self.append(bytes)?;
        self.written.rows += rows;
        if let Some(open) = &mut self.open {
            open.lines += rows;
        }
        Ok(())
    }

    /// Appends rows, and tells `manifest` of the broken ones.
    pub(super) fn append_table(&mut self, rows: &TableRows, manifest: &mut Option<Table>) -> Result<(), GenerateError> {
        if let (Some(manifest), Some(open)) = (manifest, &self.open) {
            let entry = |broken: &BrokenRow| rows::malformed(&open.name, open.lines + broken.rows_before + 1, broken);
            let entries: Vec<u8> = rows.broken.iter().flat_map(entry).collect();
            manifest.append_rows(&entries, rows.broken.len() as u64)?;
        }
        self.append_rows(&rows.bytes, rows.rows)
    }
}

/// `requests.csv`, or `requests-2025-01-01.csv`.
fn file_name(table: &str, date: Option<&str>) -> String {
    match date {
        Some(date) => format!("{table}-{date}.csv"),
        None => format!("{table}.csv"),
    }
}

/// Makes the folder ready. `first` is the date that the first files carry, if any; `is_further`
/// says that the files join earlier ones.
pub(super) fn prepare(out: &Path, first: Option<&str>, is_further: bool, overwrite: bool) -> Result<(), GenerateError> {
    let truth = out.join("truth");
    fs::create_dir_all(out).map_err(failed("create the folder", out))?;
    let tables =
        || GROWING.into_iter().chain([USER_PROFILE, USER_APP_GENRE, CAMPAIGNS, CLICK_PROBABILITY, MALFORMED]).map(|(table, _)| table);
    if is_further {
        let taken = tables().map(|table| out.join(file_name(table, first))).find(|path| path.exists());
        return match taken {
            Some(path) if !overwrite => Err(GenerateError::Occupied { path }),
            _ => Ok(()),
        };
    }
    for (folder, prefix) in [(out, ""), (truth.as_path(), "truth/")] {
        if folder == truth && !truth.is_dir() {
            continue;
        }
        for entry in fs::read_dir(folder).map_err(failed("read the folder", folder))? {
            let path = entry.map_err(failed("read the folder", folder))?.path();
            if path == truth {
                continue;
            }
            if !overwrite {
                return Err(GenerateError::Occupied { path });
            }
            // Files of an earlier run that this one does not write would be read as if they
            // belonged to it.
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let name = format!("{prefix}{name}");
            if tables().any(|table| is_file_of(table, &name)) {
                fs::remove_file(&path).map_err(failed("remove", &path))?;
            }
        }
    }
    Ok(())
}

/// Whether a file is one that [`file_name`] gives this table.
fn is_file_of(table: &str, name: &str) -> bool {
    let rest = name.strip_prefix(table).and_then(|rest| rest.strip_suffix(".csv"));
    rest.is_some_and(|rest| rest.is_empty() || rest.len() == 11 && rest.starts_with('-') && rest[1..].parse::<chrono::NaiveDate>().is_ok())
}
