//! Deduplication by key in two passes. Few keys repeat, so the first pass finds candidates with a bitmap over key
//! hashes (constant memory, no false negatives); in the second all other rows pass straight through and only the
//! candidates are compared exactly.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering as Memory};

use datafusion::arrow::array::{ArrayRef, BooleanArray, RecordBatch};
use datafusion::arrow::compute::{SortOptions, interleave_record_batch};
use datafusion::arrow::row::{OwnedRow, RowConverter, SortField};
use datafusion::common::hash_utils::{RandomState, create_hashes};

use crate::Result;

/// A set of positions, filled and asked from many threads.
struct Bits(Vec<AtomicU64>);

impl Bits {
    fn new(count: u64) -> Self {
        Self((0..count.div_ceil(64)).map(|_| AtomicU64::new(0)).collect())
    }

    fn get(&self, position: u64) -> bool {
        self.0[(position / 64) as usize].load(Memory::Relaxed) & (1 << (position % 64)) != 0
    }

    /// Sets the position and says whether it was set before.
    fn set(&self, position: u64) -> bool {
        self.0[(position / 64) as usize].fetch_or(1 << (position % 64), Memory::Relaxed) & (1 << (position % 64)) != 0
    }
}

/// Finds keys that may repeat.
pub(crate) struct Repeats {
    mask: u64,
    seen: Bits,
    repeated: Bits,
    state: RandomState,
}

impl Repeats {
    /// For about `rows` keys. 16 bits a key or more, so that about one in 24 is compared for nothing; between 8 KiB and
    /// 128 MiB. Sparser maps cost more in memory that is touched at random than they save in comparisons.
    pub fn for_rows(rows: u64) -> Self {
        let bits = rows.saturating_mul(16).clamp(1 << 16, 1 << 30).next_power_of_two();
        Self { mask: bits - 1, seen: Bits::new(bits), repeated: Bits::new(bits), state: RandomState::with_seed(0x6164_6c61_6b65) }
    }

    fn positions(&self, key: &[ArrayRef]) -> Result<Vec<u64>> {
        let mut hashes = vec![0; key.first().map_or(0, |k| k.len())];
        create_hashes(key, &self.state, &mut hashes)?;
        for hash in &mut hashes {
            *hash &= self.mask;
        }
        Ok(hashes)
    }

    /// First pass: takes note of these keys.
    pub fn note(&self, key: &[ArrayRef]) -> Result<()> {
        for position in self.positions(key)? {
            if self.seen.set(position) {
                self.repeated.set(position);
            }
        }
        Ok(())
    }

    /// Counts these keys as repeated.
    pub fn mark(&self, key: &[ArrayRef]) -> Result<()> {
        for position in self.positions(key)? {
            self.repeated.set(position);
        }
        Ok(())
    }

    /// Marks keys of the existing table that may be among those noted, so that they count as repeated; says which.
    pub fn meet(&self, key: &[ArrayRef]) -> Result<BooleanArray> {
        let met = self.positions(key)?.into_iter().map(|position| {
            let met = self.seen.get(position);
            if met {
                self.repeated.set(position);
            }
            met
        });
        Ok(met.map(Some).collect())
    }

    /// Second pass: whether each key may repeat.
    pub fn may_repeat(&self, key: &[ArrayRef]) -> Result<BooleanArray> {
        Ok(self.positions(key)?.into_iter().map(|position| Some(self.repeated.get(position))).collect())
    }
}

/// Where a candidate row stands: (batch, row).
pub(crate) type Place = (usize, usize);

/// Which row of a key stays: the first by the columns at these positions, or the last. In both cases nulls lose.
#[derive(Clone, Debug, Default)]
pub(crate) struct Preference {
    pub columns: Vec<usize>,
    pub last: bool,
}

/// Candidate rows by exact key.
pub(crate) struct Groups {
    keys: RowConverter,
    /// Row places per key, in the order that rows of one key are preferred.
    pub by_key: HashMap<OwnedRow, Vec<Place>>,
}

impl Groups {
    /// Groups the rows of `batches` by the columns at `key`; within a key the preferred row comes first, and remaining ties are broken by all columns, so that the order of arrival never shows.
    pub fn of(batches: &[RecordBatch], key: &[usize], preference: &Preference) -> Result<Self> {
        let Some(first) = batches.first() else {
            return Ok(Self { keys: RowConverter::new(vec![])?, by_key: HashMap::new() });
        };
        let schema = first.schema();
        let field = |p: &usize| SortField::new(schema.field(*p).data_type().clone());
        let keys = RowConverter::new(key.iter().map(field).collect())?;
        let everything: Vec<usize> = preference.columns.iter().copied().chain(0..schema.fields().len()).collect();
        let ordered = |(at, p): (usize, &usize)| {
            let descending = preference.last && at < preference.columns.len();
            SortField::new_with_options(schema.field(*p).data_type().clone(), SortOptions { descending, nulls_first: false })
        };
        let order = RowConverter::new(everything.iter().enumerate().map(ordered).collect())?;
        let mut by_key: HashMap<OwnedRow, Vec<Place>> = HashMap::new();
        let mut ranks = Vec::with_capacity(batches.len());
        for (b, batch) in batches.iter().enumerate() {
            let columns: Vec<ArrayRef> = key.iter().map(|p| batch.column(*p).clone()).collect();
            let rows = keys.convert_columns(&columns)?;
            for r in 0..batch.num_rows() {
                by_key.entry(rows.row(r).owned()).or_default().push((b, r));
            }
            let columns: Vec<ArrayRef> = everything.iter().map(|p| batch.column(*p).clone()).collect();
            ranks.push(order.convert_columns(&columns)?);
        }
        for places in by_key.values_mut() {
            places.sort_by(|a, b| -> Ordering { ranks[a.0].row(a.1).cmp(&ranks[b.0].row(b.1)) });
        }
        Ok(Self { keys, by_key })
    }

    /// The exact form of keys, to look them up in `by_key`.
    pub fn exact(&self, key: &[ArrayRef]) -> Result<Vec<OwnedRow>> {
        let rows = self.keys.convert_columns(key)?;
        Ok(rows.iter().map(|r| r.owned()).collect())
    }
}

/// The rows at `places` as batches of bounded size.
pub(crate) fn gather(batches: &[RecordBatch], places: &[Place]) -> Result<Vec<RecordBatch>> {
    let sources: Vec<&RecordBatch> = batches.iter().collect();
    places.chunks(8192).map(|chunk| Ok(interleave_record_batch(&sources, chunk)?)).collect()
}
