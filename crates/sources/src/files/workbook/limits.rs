//! A workbook as an archive: what it is if it is none, and how much of it may be held in memory.

use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use calamine::{Reader, Xlsx, XlsxError};
use zip::ZipArchive;

use crate::files::error::FileError;

/// Bytes to which a part may unpack that is held as a whole: the texts that cells share, the formats.
pub const WHOLE_PART: u64 = 1 << 30;

/// Compressed bytes that may lie between one cell of a sheet and the next: they unpack to a gibibyte at most, and the longest
/// text that a cell may have takes a tenth of them.
const BETWEEN_CELLS: u64 = 1 << 20;

/// How a zip archive begins, and how the container of older and of encrypted workbooks does.
const ZIP: &[u8] = b"PK\x03\x04";
const CONTAINER: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

/// A workbook and the meter of its file.
pub(super) struct Workbook<F: Read + Seek> {
    pub xlsx: Xlsx<BufReader<Metered<F>>>,
    pub meter: Arc<Meter>,
}

impl<F: Read + Seek> Workbook<F> {
    pub fn open(mut file: F) -> Result<Workbook<F>, FileError> {
        let is_container = check_start(&mut file)?;
        let meter = Arc::new(Meter { left: AtomicU64::new(u64::MAX), failed: AtomicBool::new(false) });
        let mut file = BufReader::new(Metered { file, meter: Arc::clone(&meter) });
        if !is_container {
            let mut archive = ZipArchive::new(file).map_err(|error| match error {
                zip::result::ZipError::Io(error) if meter.has_failed() => FileError::Io(error),
                _ => FileError::Truncated { detail: "the directory at the end of the archive is missing".to_owned() },
            })?;
            check_parts(&mut archive, &meter)?;
            file = archive.into_inner();
        }
        match Xlsx::new(file) {
            Ok(xlsx) => Ok(Workbook { xlsx, meter }),
            Err(XlsxError::Password) => Err(FileError::Kind { found: "an encrypted workbook", remedy: "save it without a password" }),
            Err(_) if is_container => Err(FileError::Kind {
                found: "a file of Excel 97 to 2003 or of another old program",
                remedy: "save it as .xlsx, which a new name does not do",
            }),
            Err(error) => Err(meter.explain(error)),
        }
    }
}

/// Whether the file is the container of older workbooks; an error if it is neither that nor an archive.
fn check_start<F: Read + Seek>(file: &mut F) -> Result<bool, FileError> {
    let mut start = Vec::new();
    file.take(CONTAINER.len() as u64).read_to_end(&mut start)?;
    file.seek(SeekFrom::Start(0))?;
    if start.is_empty() {
        return Err(FileError::Empty);
    }
    if start == CONTAINER {
        return Ok(true);
    }
    if start.len() < ZIP.len() && ZIP.starts_with(&start) {
        return Err(FileError::Truncated { detail: format!("it has {} bytes", start.len()) });
    }
    if !start.starts_with(ZIP) {
        return Err(corrupt("it does not begin as a zip archive does"));
    }
    Ok(false)
}

/// Unpacks the parts that are held as a whole, to nowhere: they must be sound and small enough.
fn check_parts<F: Read + Seek>(archive: &mut ZipArchive<F>, meter: &Meter) -> Result<(), FileError> {
    for index in 0..archive.len() {
        let broken = |name: &str, error: &dyn std::fmt::Display| corrupt(format!("its part {name:?} cannot be unpacked: {error}"));
        let mut part = archive.by_index(index).map_err(|error| broken(&index.to_string(), &error))?;
        let name = part.name().to_lowercase();
        if !(name.ends_with(".xml") || name.ends_with(".rels")) || name.contains("/worksheets/sheet") || name.contains("/pivotcache/") {
            continue;
        }
        let unpacked = |error: io::Error| if meter.has_failed() { FileError::Io(error) } else { broken(&name, &error) };
        let mut start = Vec::new();
        (&mut part).take(64 << 10).read_to_end(&mut start).map_err(unpacked)?;
        let rest = io::copy(&mut (&mut part).take(WHOLE_PART + 1), &mut io::sink()).map_err(unpacked)?;
        let size = start.len() as u64 + rest;
        if size > WHOLE_PART {
            return Err(corrupt(format!("its part {name:?} unpacks to more than {WHOLE_PART} bytes")));
        }
        // Room is made for as many texts as it says.
        if let Some(count) = unique_count(&start).filter(|count| *count > size) {
            return Err(corrupt(format!("its part {name:?} cannot hold the {count} texts it tells of")));
        }
    }
    Ok(())
}

/// The number after the first `uniqueCount`.
fn unique_count(start: &[u8]) -> Option<u64> {
    const NAME: &[u8] = b"uniqueCount";
    let at = memchr::memmem::find(start, NAME)? + NAME.len();
    let digits = start[at..].iter().skip_while(|byte| !byte.is_ascii_digit()).take_while(|byte| byte.is_ascii_digit());
    Some(digits.fold(0_u64, |number, digit| number.saturating_mul(10).saturating_add(u64::from(digit - b'0'))))
}

/// What the reading of a file came to.
pub(super) struct Meter {
    /// Bytes that may still be read.
    left: AtomicU64,
    failed: AtomicBool,
}

impl Meter {
    /// Another cell was read.
    pub fn renew(&self) {
        self.left.store(BETWEEN_CELLS, Ordering::Relaxed);
    }

    /// Whether the disk or the network failed.
    fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    /// Whose fault an error is: the disk's, or that of the workbook.
    pub fn explain(&self, error: XlsxError) -> FileError {
        if self.has_failed() {
            return FileError::Io(io::Error::other(error.to_string()));
        }
        if self.left.load(Ordering::Relaxed) == 0 {
            return corrupt(format!("no cell ends within {BETWEEN_CELLS} compressed bytes"));
        }
        corrupt(error)
    }
}

/// A file whose bytes are counted as they pass.
pub(super) struct Metered<F> {
    file: F,
    meter: Arc<Meter>,
}

impl<F: Read> Read for Metered<F> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = self.meter.left.load(Ordering::Relaxed);
        if left == 0 {
            return Err(io::Error::other("too much of it for one cell"));
        }
        let most = into.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let read = self.file.read(&mut into[..most]).inspect_err(|error| {
            if error.kind() != io::ErrorKind::Interrupted {
                self.meter.failed.store(true, Ordering::Relaxed);
            }
        })?;
        self.meter.left.store(left - read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

impl<F: Seek> Seek for Metered<F> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

/// An error of a file that is no sound workbook.
pub(super) fn corrupt(detail: impl ToString) -> FileError {
    FileError::Corrupt { format: "xlsx", detail: detail.to_string().replace(['\r', '\n'], " ") }
}
