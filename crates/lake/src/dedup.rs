//! Deduplication by key in two passes. Few keys repeat, so the first pass finds candidates by marks that their
//! hashes leave (constant memory, no false negatives); in the second all other rows pass straight through and only the
//! candidates are compared exactly.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering as Memory};

use datafusion::arrow::array::{ArrayRef, BooleanArray, RecordBatch};
use datafusion::arrow::compute::{SortOptions, interleave_record_batch};
use datafusion::arrow::row::{OwnedRow, RowConverter, SortField};
use datafusion::common::hash_utils::{RandomState, create_hashes};

use crate::Result;
use crate::passed::compact;

#[cfg(test)]
mod tests;

/// Keys by four bits of one word each, filled and asked from many threads: a key that was put in is always found, one that
/// was not is found by mistake now and then (a Bloom filter in blocks of one word).
struct Marks(Vec<AtomicU64>);

impl Marks {
    fn new(words: usize) -> Self {
        Self((0..words).map(|_| AtomicU64::new(0)).collect())
    }

    /// The word of a key and its bits in there. The number of words is a power of two.
    fn place(&self, hash: u64) -> (&AtomicU64, u64) {
        let bits = [40, 46, 52, 58].map(|shift| 1 << ((hash >> shift) & 63));
        (&self.0[hash as usize & (self.0.len() - 1)], bits[0] | bits[1] | bits[2] | bits[3])
    }

    fn has(&self, hash: u64) -> bool {
        let (word, bits) = self.place(hash);
        word.load(Memory::Relaxed) & bits == bits
    }

    /// Puts the key in and says whether it was found there before.
    fn put(&self, hash: u64) -> bool {
        let (word, bits) = self.place(hash);
        word.fetch_or(bits, Memory::Relaxed) & bits == bits
    }
}

/// Finds keys that may repeat.
pub(crate) struct Repeats {
    seen: Marks,
    repeated: Marks,
    state: RandomState,
}

impl Repeats {
    /// For about `rows` keys. 16 bits a key or more, so that about one in 300 is compared for nothing. Both marks together
    /// take a gibibyte at most, or an eighth of what queries may hold: more than 268 million rows fill them more densely.
    pub fn for_rows(rows: u64, memory_limit_bytes: Option<usize>) -> Self {
        let most = memory_limit_bytes.map_or(1 << 26, |bytes| 1 << (bytes / 128).max(1 << 10).ilog2().min(26));
        let words = (rows / 4).clamp(1 << 10, most).next_power_of_two() as usize;
        Self { seen: Marks::new(words), repeated: Marks::new(words), state: RandomState::with_seed(0x6164_6c61_6b65) }
    }

    fn hashes(&self, key: &[ArrayRef]) -> Result<Vec<u64>> {
        let mut hashes = vec![0; key.first().map_or(0, |k| k.len())];
        create_hashes(key, &self.state, &mut hashes)?;
        Ok(hashes)
    }

    /// First pass: takes note of these keys.
    pub fn note(&self, key: &[ArrayRef]) -> Result<()> {
        for hash in self.hashes(key)? {
            if self.seen.put(hash) {
                self.repeated.put(hash);
            }
        }
        Ok(())
    }

    /// Counts these keys as repeated.
    pub fn mark(&self, key: &[ArrayRef]) -> Result<()> {
        for hash in self.hashes(key)? {
            self.repeated.put(hash);
        }
        Ok(())
    }

    /// Marks keys of the existing table that may be among those noted, so that they count as repeated; says which.
    pub fn meet(&self, key: &[ArrayRef]) -> Result<BooleanArray> {
        let met = self.hashes(key)?.into_iter().map(|hash| {
            let met = self.seen.has(hash);
            if met {
                self.repeated.put(hash);
            }
            met
        });
        Ok(met.map(Some).collect())
    }

    /// Second pass: whether each key may repeat.
    pub fn may_repeat(&self, key: &[ArrayRef]) -> Result<BooleanArray> {
        Ok(self.hashes(key)?.into_iter().map(|hash| Some(self.repeated.has(hash))).collect())
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

    /// The preferred row of each key, in the order of their places.
    pub fn winners(&self) -> Vec<Place> {
        let mut winners: Vec<Place> = self.by_key.values().filter_map(|places| places.first().copied()).collect();
        winners.sort_unstable();
        winners
    }

    /// Whether there are no rows at all.
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    /// The exact form of keys, to look them up in `by_key`, which is not empty.
    pub fn exact(&self, key: &[ArrayRef]) -> Result<Vec<OwnedRow>> {
        let rows = self.keys.convert_columns(key)?;
        Ok(rows.iter().map(|r| r.owned()).collect())
    }
}

/// Candidate rows of one stream as they come in. Now and then only the preferred row of each key is kept, so that no more than about
/// twice as many rows as there are keys are held, or [`FEW_RIVALS`], and a batch.
pub(crate) struct Rivals {
    key: Vec<usize>,
    preference: Preference,
    /// Not written yet: of each key at least the preferred row.
    pub rows: Vec<RecordBatch>,
    held: usize,
    /// How many rows are sifted the next time.
    most: usize,
    /// Rows that another of their key outdid.
    pub let_go: u64,
}

/// As many candidates are held in any case.
const FEW_RIVALS: usize = 1 << 15;

impl Rivals {
    pub fn new(key: &[usize], preference: &Preference) -> Self {
        Self { key: key.to_vec(), preference: preference.clone(), rows: Vec::new(), held: 0, most: FEW_RIVALS, let_go: 0 }
    }

    pub fn push(&mut self, batch: RecordBatch) -> Result<()> {
        self.held += batch.num_rows();
        self.rows.push(batch);
        if self.held < self.most {
            return Ok(());
        }
        let winners = Groups::of(&self.rows, &self.key, &self.preference)?.winners();
        self.most = FEW_RIVALS.max(2 * winners.len());
        if winners.len() == self.held {
            return Ok(());
        }
        self.let_go += (self.held - winners.len()) as u64;
        self.held = winners.len();
        let kept = gather(&self.rows, &winners)?;
        self.rows = kept.iter().map(compact).collect::<Result<_, _>>()?;
        Ok(())
    }
}

/// The rows at `places` as batches of bounded size.
pub(crate) fn gather(batches: &[RecordBatch], places: &[Place]) -> Result<Vec<RecordBatch>> {
    let sources: Vec<&RecordBatch> = batches.iter().collect();
    places.chunks(8192).map(|chunk| Ok(interleave_record_batch(&sources, chunk)?)).collect()
}
