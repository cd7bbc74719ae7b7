//! The columns of a file whose records name their own.

use std::io::Read;

use super::object::each_member;
use super::records::{CheckedText, KeyPositions, each_record};
use crate::files::blocks::BlockReader;
use crate::files::columns::{Layout, Shape};
use crate::files::error::FileError;
use crate::files::file_spec::FileSpec;
use crate::files::input::Fingerprint;

/// What a first reading of a file tells.
#[derive(Debug, Clone)]
pub struct Discovered {
    /// The columns, in order of their first appearance.
    pub layout: Layout,
    /// The file that was read. Another fingerprint at the second reading means that it was changed meanwhile.
    pub fingerprint: Fingerprint,
}

/// Finds the columns of a text file: JSON is read to its end, for any record may bring a new key; of
/// delimited text the first record tells. The keys of a broken record do not count.
///
/// # Errors
/// As [`BlockReader::open`] and [`BlockReader::next_block`].
pub fn discover(file: Box<dyn Read + Send>, spec: &FileSpec) -> Result<Discovered, FileError> {
    let mut reader = BlockReader::open(file, spec)?;
    let layout = match reader.layout() {
        Some(layout) => layout.clone(),
        None => Layout::new(keys(&mut reader)?, Shape::Object),
    };
    Ok(Discovered { layout, fingerprint: reader.finish()? })
}

fn keys(reader: &mut BlockReader) -> Result<Vec<String>, FileError> {
    let mut keys = KeyPositions::new(&[]);
    let mut new_keys = Vec::new();
    let mut has_records = false;
    while let Some(block) = reader.next_block()? {
        let checked = CheckedText::new(&block.bytes);
        each_record(&block, |_, at, broken| {
            let is_blank = block.bytes[at.clone()].trim_ascii().is_empty();
            has_records |= !is_blank;
            if is_blank || broken.is_some() {
                return;
            }
            let Ok(text) = checked.get(at) else {
                return;
            };
            new_keys.clear();
            let mut likely = 0;
            let whole = each_member(text, |key, _| {
                match keys.find(key, likely) {
                    Some(position) => likely = position + 1,
                    None => new_keys.push(key.to_string()),
                }
                Ok(())
            });
            if whole.is_ok() {
                for key in &new_keys {
                    if keys.find(key, 0).is_none() {
                        keys.insert(key);
                    }
                }
            }
        });
    }
    if has_records { Ok(keys.into_keys()) } else { Err(FileError::Empty) }
}
