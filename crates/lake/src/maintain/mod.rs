//! Upkeep of tables: small files merged, files that nobody needs deleted, an earlier version taken back, and what
//! happened to a table so far. None of it changes what a later run computes.

mod history;
mod optimize;
mod restore;
mod vacuum;

#[cfg(test)]
mod tests;

pub use history::HistoryEntry;
pub use optimize::{OptimizeOptions, Optimized};
pub use vacuum::{Vacuumed, VacuumedTable};

use std::collections::{BTreeSet, HashSet};

use futures::{StreamExt, TryStreamExt};
use object_store::ObjectStoreExt as _;
use object_store::path::Path;

use crate::table::Table;
use crate::{LakeError, Result};

/// The object of a table's data file.
fn object(table: &Table, file: &str) -> Result<Path> {
    Path::parse(format!("{}/{file}", table.prefix())).map_err(|e| LakeError::invalid(format!("{}: {file}: {e}", table.name)))
}

/// Those of the table's files that are not in the store any more.
async fn gone(table: &Table, files: &HashSet<String>) -> Result<BTreeSet<String>> {
    let objects: Vec<(String, Path)> = files.iter().map(|f| Ok((f.clone(), object(table, f)?))).collect::<Result<_>>()?;
    let store = &table.location.store;
    let looked = futures::stream::iter(objects).map(|(file, object)| async move {
        match store.head(&object).await {
            Ok(_) => Ok(None),
            Err(object_store::Error::NotFound { .. }) => Ok(Some(file)),
            Err(error) => Err(LakeError::from(error)),
        }
    });
    let found: Vec<Option<String>> = looked.buffer_unordered(16).try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}
