//! JSON objects, one per line or as elements of a document.

mod discover;
mod document;
mod object;
mod records;

pub use discover::{Discovered, discover};
pub(crate) use document::DocumentCutter;
pub(crate) use records::{KeyPositions, decode};
