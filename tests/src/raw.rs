//! Raw files for the property test: small synthetic logs full of duplicates, contradictions and broken rows, cut into
//! files at random.

use sources::adtech::{AdtechOptions, Law, generate};

/// Random numbers that a seed decides (SplitMix64).
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to `end`, exclusive.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).unwrap()
    }

    /// True in this share of throws.
    pub fn chance(&mut self, share: f64) -> bool {
        self.below(1_000_000) as f64 / 1e6 < share
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }

    fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

/// A raw file.
#[derive(Clone)]
pub struct RawFile {
    /// Its name in the source folder.
    pub name: String,
    /// The bronze table that it belongs to.
    pub table: &'static str,
    /// The records in it, good and broken.
    pub records: u64,
    /// What it holds.
    pub bytes: Vec<u8>,
}

const TABLES: [&str; 7] = ["campaigns", "clicks", "impressions", "installs", "requests", "user_app_genre", "user_profile"];

/// What one case of the property test reads, and in which runs.
pub struct Case {
    /// Distinct requests.
    pub requests: usize,
    /// Whether the engine is to merge even where computing anew would be cheaper.
    pub merges_always: bool,
    /// The files of each run; together they are all files, in a random order.
    pub runs: Vec<Vec<RawFile>>,
}

impl Case {
    /// The case that a seed stands for.
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let requests = 200 + dice.below(600);
        let folder = tempfile::tempdir().unwrap();
        let options = AdtechOptions {
            requests: requests as u64,
            users: (requests / 8) as u64,
            seed,
            law: if dice.chance(0.7) { Law::Realistic } else { Law::Uniform },
            malformed: true,
            days: 2 + dice.below(5) as u32,
            ..AdtechOptions::default()
        };
        generate(&options, folder.path(), &mut |_| {}).unwrap();
        // Later runs are small in most cases, so that tables are merged rather than computed anew.
        let bulk_first = dice.chance(0.75);
        let (mut first, mut rest) = (Vec::new(), Vec::new());
        for table in TABLES {
            let Ok(bytes) = std::fs::read(folder.path().join(format!("{table}.csv"))) else { continue };
            let mut lines: Vec<Vec<u8>> = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect();
            let header = lines.remove(0);
            make_dirty(&mut lines, &mut dice);
            let bulk_share = if bulk_first { 0.85 } else { 0.3 };
            let mut files = cut(table, &header, lines, bulk_share, &mut dice);
            if bulk_first {
                first.push(files.remove(0));
            }
            rest.extend(files);
        }
        dice.shuffle(&mut rest);
        let mut runs = vec![Vec::new(); 1 + dice.below(4)];
        for file in rest {
            let run = dice.below(runs.len());
            runs[run].push(file);
        }
        runs.insert(0, first);
        runs.retain(|files| !files.is_empty());
        Self { requests, merges_always: dice.chance(0.5), runs }
    }

    /// All files.
    pub fn files(&self) -> impl Iterator<Item = &RawFile> {
        self.runs.iter().flatten()
    }
}

/// Adds exact copies, rows that contradict others in one field, and rows with a field that says nothing or nonsense.
fn make_dirty(lines: &mut Vec<Vec<u8>>, dice: &mut Dice) {
    let clean = lines.clone();
    if clean.is_empty() {
        return;
    }
    for line in &clean {
        if dice.chance(0.06) {
            lines.push(line.clone());
        }
        if dice.chance(0.08) {
            let other = dice.pick(&clean);
            let fields = line.split(|b| *b == b',').count();
            if line.contains(&b'"') || other.contains(&b'"') || other.split(|b| *b == b',').count() != fields {
                continue;
            }
            let position = dice.below(fields);
            let value = match dice.below(8) {
                0 => *dice.pick(&[b"".as_slice(), b"null", b" ", b"x", b"0", b"-1"]),
                _ => other.split(|b| *b == b',').nth(position).unwrap(),
            };
            let changed: Vec<&[u8]> =
                line.split(|b| *b == b',').enumerate().map(|(at, field)| if at == position { value } else { field }).collect();
            lines.push(changed.join(&b','));
        }
    }
    if dice.chance(0.7) {
        dice.shuffle(lines);
    }
}

/// Lines dealt out to one to six files; the first gets `bulk_share` of them before the others get any.
fn cut(table: &'static str, header: &[u8], lines: Vec<Vec<u8>>, bulk_share: f64, dice: &mut Dice) -> Vec<RawFile> {
    let count = 1 + dice.below(6);
    let mut parts: Vec<Vec<Vec<u8>>> = vec![Vec::new(); count];
    for line in lines {
        let part = if dice.chance(bulk_share) { 0 } else { dice.below(count) };
        parts[part].push(line);
    }
    // Names decide which of two equal rows is first in the source, so they must not follow the order of arrival.
    let mut numbers: Vec<usize> = (0..count).collect();
    dice.shuffle(&mut numbers);
    let parts = parts.into_iter().zip(numbers);
    parts.map(|(lines, number)| file(table, number, header, lines, dice)).collect()
}

fn file(table: &'static str, number: usize, header: &[u8], lines: Vec<Vec<u8>>, dice: &mut Dice) -> RawFile {
    let mut bytes = header.to_vec();
    let records = lines.len() as u64;
    // A file may have a column more than the others.
    let further = dice.chance(0.05);
    if further {
        bytes.extend_from_slice(b",added_later");
    }
    for line in lines {
        bytes.push(b'\n');
        bytes.extend_from_slice(&line);
        if further {
            bytes.extend_from_slice(b",1");
        }
    }
    bytes.push(b'\n');
    RawFile { name: format!("{table}-{number}.csv"), table, records, bytes }
}
