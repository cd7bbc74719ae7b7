//! A workbook as an archive: what it is if it is none, and how much of it may be held in memory.

use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use calamine::{Reader, Xlsx, XlsxError};
use zip::ZipArchive;

use crate::files::error::FileError;

/// How much of a workbook may be held in memory.
#[derive(Clone, Copy)]
pub(super) struct Held {
    /// Bytes to which a part may unpack that is held as a whole: the texts that cells share, the formats.
    pub whole_part: u64,
    /// Compressed bytes that may lie between one cell of a sheet and the next.
    pub between_cells: u64,
}

impl Held {
    /// A gibibyte of each: a mebibyte unpacks to no more, and the longest text that Excel allows a cell takes a tenth of it.
    pub const MOST: Held = Held { whole_part: 1 << 30, between_cells: 1 << 20 };
}

/// How a zip archive begins, and how the container of older and of encrypted workbooks does.
const ZIP: &[u8] = b"PK\x03\x04";
const CONTAINER: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

/// A workbook and the meter of its file.
pub(super) struct Workbook<F: Read + Seek> {
    pub xlsx: Xlsx<BufReader<Metered<F>>>,
    pub meter: Arc<Meter>,
}

impl<F: Read + Seek> Workbook<F> {
    pub fn open(mut file: F, held: Held) -> Result<Workbook<F>, FileError> {
        let is_container = check_start(&mut file)?;
        let meter = Arc::new(Meter { between_cells: held.between_cells, left: AtomicU64::new(u64::MAX), failed: AtomicBool::new(false) });
        let mut file = BufReader::new(Metered { file, meter: Arc::clone(&meter) });
        if !is_container {
            let mut archive = ZipArchive::new(file).map_err(|error| {
                if meter.has_failed() {
                    return FileError::Io(io::Error::other(error.to_string()));
                }
                FileError::Truncated { detail: "the directory at the end of the archive is missing".to_owned() }
            })?;
            check_parts(&mut archive, &meter, held.whole_part)?;
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
fn check_parts<F: Read + Seek>(archive: &mut ZipArchive<F>, meter: &Meter, most: u64) -> Result<(), FileError> {
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).map_err(|error| meter.unpacked(&index.to_string(), error))?;
        let name = part.name().map_err(|error| meter.unpacked(&index.to_string(), error))?.to_lowercase();
        if !(name.ends_with(".xml") || name.ends_with(".rels")) || name.contains("/worksheets/sheet") || name.contains("/pivotcache/") {
            continue;
        }
        let mut start = Vec::new();
        (&mut part).take(64 << 10).read_to_end(&mut start).map_err(|error| meter.unpacked(&name, error))?;
        let rest = io::copy(&mut (&mut part).take(most + 1), &mut io::sink()).map_err(|error| meter.unpacked(&name, error))?;
        let size = start.len() as u64 + rest;
        if size > most {
            return Err(corrupt(format!("its part {name:?} unpacks to more than {most} bytes")));
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
    between_cells: u64,
    /// Bytes that may still be read.
    left: AtomicU64,
    failed: AtomicBool,
}

impl Meter {
    /// Another cell was read.
    pub fn renew(&self) {
        self.left.store(self.between_cells, Ordering::Relaxed);
    }

    /// Whether the disk or the network failed.
    fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    /// Whose fault it is that a part cannot be unpacked.
    fn unpacked(&self, name: &str, error: impl std::fmt::Display) -> FileError {
        if self.has_failed() {
            return FileError::Io(io::Error::other(error.to_string()));
        }
        corrupt(format!("its part {name:?} cannot be unpacked: {error}"))
    }

    /// Whose fault an error is: the disk's, or that of the workbook.
    pub fn explain(&self, error: XlsxError) -> FileError {
        if self.has_failed() {
            return FileError::Io(io::Error::other(error.to_string()));
        }
        if self.left.load(Ordering::Relaxed) == 0 {
            return corrupt(format!("no cell ends within {} compressed bytes", self.between_cells));
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use std::io::Cursor;

    use super::*;
    use crate::files::tests::workbook::{Book, archive};
    use crate::files::workbook::rows::{Row, RowReader};

    fn rows(file: Vec<u8>, held: Held) -> Result<usize, FileError> {
        let mut workbook = Workbook::open(Cursor::new(file), held)?;
        let mut reader = RowReader::open(&mut workbook, "S", 1 << 20)?;
        let mut row = Row::default();
        let mut rows = 0;
        while reader.next_row(&mut row)? {
            rows += 1;
        }
        Ok(rows)
    }

    #[test]
    fn what_unpacks_to_too_much_is_refused() {
        let texts = format!("<sst uniqueCount=\"1\"><si><t>{}</t></si></sst>", "a".repeat(100_000));
        let file = Book::new(&[("S", "<row><c t=\"s\"><v>0</v></c></row>")]).with_part("xl/sharedStrings.xml", &texts).bytes();
        assert!(file.len() < 10_000);
        assert_eq!(rows(file.clone(), Held::MOST).unwrap(), 1);
        let error = rows(file, Held { whole_part: 70_000, ..Held::MOST }).unwrap_err().to_string();
        assert!(error.contains("\"xl/sharedstrings.xml\" unpacks to more than 70000 bytes"), "{error}");
    }

    #[test]
    fn texts_that_cannot_be_there_get_no_room() {
        let texts = "<sst uniqueCount = '123456789012345'></sst>";
        let file = Book::new(&[("S", "")]).with_part("xl/sharedStrings.xml", texts).bytes();
        let error = rows(file, Held::MOST).unwrap_err().to_string();
        assert!(error.contains("cannot hold the 123456789012345 texts it tells of"), "{error}");
    }

    #[test]
    fn a_cell_without_end_is_refused() {
        let noise: String =
            (0..400_000_u64).map(|at| char::from(b'a' + (at.wrapping_mul(at).wrapping_mul(0x9E37_79B9) >> 13) as u8 % 26)).collect();
        let file = Book::new(&[("S", &format!("<row><c t=\"str\"><v>{noise}</v></c></row>"))]).bytes();
        assert_eq!(rows(file.clone(), Held::MOST).unwrap(), 1);
        let error = rows(file, Held { between_cells: 20_000, ..Held::MOST }).unwrap_err().to_string();
        assert!(error.contains("no cell ends within 20000 compressed bytes"), "{error}");
    }

    #[test]
    fn many_cells_pass_where_one_may_not() {
        let row = |number: u64| format!("<row><c><v>{}</v></c><c><v>{}</v></c></row>", number * number, number * 7919);
        let file = Book::new(&[("S", &(1..30_000).map(row).collect::<String>())]).bytes();
        assert!(file.len() > 60_000);
        // The buffers before the meter read ahead by some kilobytes.
        assert_eq!(rows(file, Held { between_cells: 20_000, ..Held::MOST }).unwrap(), 29_999);
    }

    struct Failing<R>(R, u64);

    impl<R: Read> Read for Failing<R> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let most = into.len().min(usize::try_from(self.1).unwrap());
            let read = self.0.read(&mut into[..most])?;
            self.1 -= read as u64;
            if read == 0 { Err(io::Error::other("the cable is out")) } else { Ok(read) }
        }
    }

    impl<R: Seek> Seek for Failing<R> {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            self.0.seek(to)
        }
    }

    #[test]
    fn a_failing_disk_is_not_a_broken_workbook() {
        let file = Book::new(&[("S", "<row><c><v>1</v></c></row>")]).bytes();
        for after in 0..file.len() as u64 * 2 {
            let failing = Failing(Cursor::new(file.clone()), after);
            let opened = Workbook::open(failing, Held::MOST).map(|_| ());
            assert!(matches!(opened, Ok(()) | Err(FileError::Io(_))), "{after}: {opened:?}");
        }
        assert!(matches!(rows(archive(&[]), Held::MOST), Err(FileError::Corrupt { .. })));
    }
}
