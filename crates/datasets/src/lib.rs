//! Public data sets: fetched, checked against what is known of them, unpacked.
//!
//! A file stands under its name only once it is whole and is the published one, byte for byte. A download that broke off is
//! kept beside it, as `….part`, which no source reads, and goes on from there.
//!
//! ```no_run
//! # async fn example() -> Result<(), datasets::FetchError> {
//! let fetched = datasets::fetch(&datasets::online_retail(), "shop".as_ref(), &mut |progress| println!("{progress:?}")).await?;
//! println!("{}", fetched.path.display());
//! # Ok(())
//! # }
//! ```

mod check;
mod download;
mod error;
mod unpack;

use std::path::{Path, PathBuf};

pub use check::Known;
pub use error::FetchError;

/// A data set that is published as one file in a zip archive.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// Its name in commands.
    pub name: String,
    /// Where the archive is published.
    pub url: String,
    /// What is known of the archive.
    pub archive: Known,
    /// The name of the file in the archive.
    pub member: String,
    /// What is known of the file.
    pub file: Known,
    /// The folder below the target that the file goes to: its name is that of the table.
    pub folder: String,
}

/// UCI Online Retail: 541,909 invoice lines of a British online shop, 2010-12-01 to 2011-12-09, as a workbook (Daqing Chen,
/// CC BY 4.0, <https://doi.org/10.24432/C5BW33>).
///
/// UCI publishes no checksums. These are what many public projects that pin the data set found, independently and alike.
pub fn online_retail() -> Dataset {
    Dataset {
        name: "online-retail".to_owned(),
        url: "https://archive.ics.uci.edu/static/public/352/online+retail.zip".to_owned(),
        archive: Known::new(23_715_478, "f5385cbb54bbebf7196389109c6b0621faab0c304e3702548165e71c84aede8b"),
        member: "Online Retail.xlsx".to_owned(),
        file: Known::new(23_715_344, "43465a06f2ccf7c8b5bd2892bc7defb52f97487934fe93b16ae4c3936424676d"),
        folder: "transactions".to_owned(),
    }
}

/// How far a download is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of the archive that are here, those of an earlier try included.
    pub done: u64,
    /// Bytes of the archive.
    pub total: u64,
}

/// Where the file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// Its path.
    pub path: PathBuf,
    /// Whether it was there, whole, before.
    pub was_there: bool,
}

/// Downloads a data set into its folder below `to`, unless it is there.
///
/// # Errors
/// [`FetchError::Unreachable`], [`FetchError::Answer`] and [`FetchError::BrokenOff`] of the server, [`FetchError::Differs`] where
/// what came, or what stands at the file's place, is not the published file, [`FetchError::Io`].
pub async fn fetch(dataset: &Dataset, to: &Path, progress: &mut (dyn FnMut(Progress) + Send)) -> Result<Fetched, FetchError> {
    let place = Place::prepare(dataset, to)?;
    if place.is_filled(dataset)? {
        return Ok(Fetched { path: place.file, was_there: true });
    }
    download::download(dataset, &place.archive, progress).await?;
    if let Err(error) = dataset.archive.check(&place.archive) {
        // Going on from it would never end well.
        let _ = std::fs::remove_file(&place.archive);
        return Err(error);
    }
    unpack::unpack(dataset, &place.archive, &place.file)?;
    let _ = std::fs::remove_file(&place.archive);
    Ok(Fetched { path: place.file, was_there: false })
}

/// Takes a data set from a file that was downloaded by other means, the archive or the file in it, into its folder below `to`.
///
/// # Errors
/// [`FetchError::Differs`] where it is neither, or another file stands at its place, [`FetchError::Io`].
pub fn take(dataset: &Dataset, from: &Path, to: &Path) -> Result<Fetched, FetchError> {
    let place = Place::prepare(dataset, to)?;
    if place.is_filled(dataset)? {
        return Ok(Fetched { path: place.file, was_there: true });
    }
    if dataset.file.check(from).is_ok() {
        unpack::copy(dataset, from, &place.file)?;
    } else {
        dataset.archive.check(from)?;
        unpack::unpack(dataset, from, &place.file)?;
    }
    Ok(Fetched { path: place.file, was_there: false })
}

/// Where things go.
struct Place {
    file: PathBuf,
    /// The archive while it comes.
    archive: PathBuf,
}

impl Place {
    fn prepare(dataset: &Dataset, to: &Path) -> Result<Place, FetchError> {
        let folder = to.join(&dataset.folder);
        std::fs::create_dir_all(&folder).map_err(|error| FetchError::io(&folder, error))?;
        Ok(Place { file: folder.join(&dataset.member), archive: folder.join(format!("{}.zip.part", dataset.name)) })
    }

    /// Whether the published file stands at its place; an error if another one does.
    fn is_filled(&self, dataset: &Dataset) -> Result<bool, FetchError> {
        let is_there = self.file.try_exists().map_err(|error| FetchError::io(&self.file, error))?;
        if is_there {
            dataset.file.check(&self.file)?;
        }
        Ok(is_there)
    }
}

#[cfg(test)]
mod tests;
