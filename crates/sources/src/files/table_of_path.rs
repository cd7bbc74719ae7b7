//! The name of a table out of a path: the words in it that are no date, number or part of a sequence.

/// Words that mean a piece of something when a number follows.
const PIECE_WORDS: [&str; 9] = ["part", "chunk", "shard", "batch", "split", "file", "page", "of", "no"];

/// Cuts the file name in a path into stem, format and compression: `requests`, `csv`, `gz`. The last two are
/// lower-case and empty if there is none.
pub(super) fn extensions(path: &str) -> (&str, &'static str, &'static str) {
    const FORMATS: [&str; 9] = ["csv", "tsv", "txt", "ndjson", "jsonl", "json", "parquet", "xlsx", "xlsm"];
    const COMPRESSIONS: [&str; 12] = ["gz", "gzip", "zst", "zstd", "bz2", "xz", "zip", "lz4", "br", "7z", "snappy", "tar"];
    let name = path.rsplit('/').next().unwrap_or(path);
    let (stem, compression) = strip_one_of(name, &COMPRESSIONS);
    let (stem, format) = strip_one_of(stem, &FORMATS);
    if format == "parquet" {
        // Spark names the codec within the file: part-0000.snappy.parquet.
        return (strip_one_of(stem, &COMPRESSIONS).0, format, compression);
    }
    (stem, format, compression)
}

fn strip_one_of<'n>(name: &'n str, extensions: &[&'static str]) -> (&'n str, &'static str) {
    if let Some((stem, last)) = name.rsplit_once('.')
        && !stem.is_empty()
        && let Some(found) = extensions.iter().find(|known| known.eq_ignore_ascii_case(last))
    {
        return (stem, found);
    }
    (name, "")
}

/// Folders that say where files lie and not what they hold.
const PLACES: [&str; 28] = [
    "archive", "archived", "backup", "backups", "bronze", "csv", "data", "dump", "dumps", "export", "exports", "files", "in", "inbox",
    "incoming", "input", "json", "lake", "landing", "log", "logs", "new", "old", "parquet", "raw", "source", "sources", "upload",
];

/// The table of a file: the one of `known` whose name its stem or a folder above it bears, the nearest first; else its first
/// folder that is named after what it holds; else its stem.
pub(super) fn table_of_path(path: &str, stem: &str, known: &[&str]) -> Option<String> {
    // Partition folders such as `day=2025-01-01` name a column and not a table.
    let folders = || path.split('/').rev().skip(1).filter(|folder| !folder.contains('='));
    let own = table_of_name(stem);
    let nearest: Vec<String> = folders().filter_map(table_of_name).collect();
    if let Some(found) = own.iter().chain(&nearest).find(|name| known.contains(&name.as_str())) {
        return Some(found.clone());
    }
    let mut telling = nearest.iter().rev().filter(|name| !PLACES.contains(&name.as_str()));
    telling.next().cloned().or(own).or_else(|| nearest.into_iter().next())
}

/// `Requests-2025-01-01` -> `requests`; none if nothing but numbers is left.
fn table_of_name(name: &str) -> Option<String> {
    let lower = name.to_lowercase();
    let mut words: Vec<&str> = lower.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    strip_uuids(&mut words);
    // The files of a Spark job: part-00000-…-c000.
    if words.first() == Some(&"part") && words.get(1).is_none_or(|word| is_number(word)) {
        return None;
    }
    let mut stripped = false;
    while let Some(last) = words.last()
        && (is_number(last) || (stripped && PIECE_WORDS.contains(last)))
    {
        stripped = true;
        words.pop();
    }
    let first = words.iter().position(|word| !is_number(word))?;
    let table = words[first..].join("_");
    if table.starts_with(|first: char| first.is_ascii_digit()) {
        return Some(format!("t_{table}"));
    }
    Some(table)
}

/// Whether a word is a number or a time: `0001`, `20250101`, `20250101T1200Z`, `t120000z`, `2025w07`.
fn is_number(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let rest_is_time = word.bytes().all(|byte| byte.is_ascii_digit() || b"tzw".contains(&byte));
    rest_is_time && digits > 0 && (word.as_bytes()[0].is_ascii_digit() || digits >= 4)
}

fn strip_uuids(words: &mut Vec<&str>) {
    const LENGTHS: [usize; 5] = [8, 4, 4, 4, 12];
    let is_uuid = |window: &[&str]| {
        window.iter().zip(LENGTHS).all(|(word, length)| word.len() == length && word.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    while let Some(at) = words.windows(LENGTHS.len()).position(is_uuid) {
        words.drain(at..at + LENGTHS.len());
    }
}
