//! MLflow's limits on what one request may hold.

use serde::Serialize;

/// The most params or tags of one request.
pub(super) const MAX_PARAMS: usize = 100;
/// The most metrics of one request.
pub(super) const MAX_METRICS: usize = 1000;
/// The most bytes of one request: a million, less room for what stands around the list.
const MAX_BYTES: usize = 990_000;

/// Cuts a list into parts of at most so many entries that fit into one request each. An entry that fits nowhere is sent alone: it is for
/// the server to say no.
pub(super) fn split<T: Serialize>(entries: &[T], most: usize) -> Vec<&[T]> {
    let (mut parts, mut begin, mut bytes) = (Vec::new(), 0, 0);
    for (index, entry) in entries.iter().enumerate() {
        // What does not serialize fails where it is sent.
        let size = serde_json::to_vec(entry).map_or(0, |text| text.len()) + 1;
        if index > begin && (index - begin == most || bytes + size > MAX_BYTES) {
            parts.push(&entries[begin..index]);
            (begin, bytes) = (index, 0);
        }
        bytes += size;
    }
    if begin < entries.len() {
        parts.push(&entries[begin..]);
    }
    parts
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn sizes(entries: &[String], most: usize) -> Vec<usize> {
        let parts = split(entries, most);
        assert_eq!(parts.concat(), entries, "nothing lost, nothing moved");
        parts.iter().map(|part| part.len()).collect()
    }

    #[test]
    fn parts_hold_at_most_so_many_entries() {
        let entries = |count: usize| vec!["x".to_owned(); count];
        assert_eq!(sizes(&entries(0), 100), [0_usize; 0]);
        assert_eq!(sizes(&entries(100), 100), [100]);
        assert_eq!(sizes(&entries(201), 100), [100, 100, 1]);
    }

    #[test]
    fn parts_hold_at_most_so_many_bytes_as_sent() {
        // A control character takes six bytes in JSON.
        let entries = vec!["\u{1}".repeat(6000); 100];
        let sizes = sizes(&entries, 100);
        assert_eq!(sizes, [27, 27, 27, 19]);
        for part in split(&entries, 100) {
            assert!(serde_json::to_vec(part).unwrap().len() <= MAX_BYTES);
        }
    }

    #[test]
    fn what_fits_nowhere_goes_alone() {
        let entries = ["a".to_owned(), "b".repeat(2_000_000), "c".to_owned()];
        assert_eq!(sizes(&entries, 100), [1, 1, 1]);
    }
}
