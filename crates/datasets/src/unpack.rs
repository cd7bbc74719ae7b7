//! The file out of its archive, to its place in one step.

use std::fs::File;
use std::io;
use std::path::Path;

use zip::ZipArchive;

use crate::Dataset;
use crate::error::FetchError;

/// Unpacks the file of a data set.
pub(crate) fn unpack(dataset: &Dataset, archive: &Path, file: &Path) -> Result<(), FetchError> {
    let differs = |problem: String| FetchError::Differs { path: archive.to_owned(), problem };
    let opened = File::open(archive).map_err(|error| FetchError::io(archive, error))?;
    let mut opened = ZipArchive::new(opened).map_err(|error| differs(format!("it is no zip archive ({error})")))?;
    let mut member =
        opened.by_name(&dataset.member).map_err(|error| differs(format!("{:?} cannot be taken out of it ({error})", dataset.member)))?;
    place(dataset, &mut member, file)
}

/// Copies the file of a data set.
pub(crate) fn copy(dataset: &Dataset, from: &Path, file: &Path) -> Result<(), FetchError> {
    place(dataset, &mut File::open(from).map_err(|error| FetchError::io(from, error))?, file)
}

/// Writes the file beside its place, checks it, and gives it its name.
fn place(dataset: &Dataset, from: &mut dyn io::Read, file: &Path) -> Result<(), FetchError> {
    let mut part = file.as_os_str().to_owned();
    part.push(".part");
    let part = Path::new(&part);
    let written = File::create(part).and_then(|mut written| {
        io::copy(from, &mut written)?;
        written.sync_all()
    });
    let placed = written.map_err(|error| FetchError::io(part, error)).and_then(|()| dataset.file.check(part));
    let placed = placed.and_then(|()| std::fs::rename(part, file).map_err(|error| FetchError::io(file, error)));
    placed.inspect_err(|_| drop(std::fs::remove_file(part)))
}
