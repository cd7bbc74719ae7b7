//! Compression, encodings, fingerprints, and files that are empty, cut or not what they seem.

use spec::Encoding;

use super::*;

const CSV: &str = "a,b\n£1,2\n3,4\n";
const NDJSON: &str = "{\"a\": \"£1\", \"b\": 2}\n{\"a\": 3, \"b\": 4}\n";
const JSON: &str = "[{\"a\": \"£1\", \"b\": 2},\n {\"a\": 3, \"b\": 4}]\n";

fn latin_1(text: &str) -> Vec<u8> {
    text.chars().map(|letter| u8::try_from(letter as u32).unwrap()).collect()
}

#[test]
fn every_format_compression_and_encoding() {
    let rules = |encoding| TableRules::new(&[], encoding).unwrap();
    for (name, text) in [
        ("t.csv", CSV.to_string()),
        ("t.tsv", CSV.replace(',', "\t")),
        ("t.txt", CSV.replace(',', "|")),
        ("t.ndjson", NDJSON.to_string()),
        ("t.jsonl", NDJSON.to_string()),
        ("t.json", JSON.to_string()),
    ] {
        for (extension, compress) in [("", <[u8]>::to_vec as fn(&[u8]) -> Vec<u8>), (".gz", gzip), (".zst", zstandard)] {
            for (encoding, file) in [
                (Encoding::Utf8, text.clone().into_bytes()),
                (Encoding::Utf8, format!("\u{feff}{text}").into_bytes()),
                (Encoding::Latin1, latin_1(&text)),
            ] {
                let path = format!("{name}{extension}");
                let Classified::Table { table, spec } = rules(encoding).classify(&path) else { panic!("{path}") };
                assert_eq!(table, "t");
                let found = read(&compress(&file), &spec).unwrap();
                assert_eq!(found.columns, ["a", "b"], "{path}");
                assert_eq!(found.text(), ["£1|2", "3|4"], "{path}");
                assert_eq!(found.rejects, []);
            }
        }
    }
}

fn compressed(compression: Compression) -> FileSpec {
    FileSpec { compression, ..csv() }
}

#[test]
fn several_members_or_frames_are_one_file() {
    let (first, second) = CSV.split_at(7);
    let twice = |compress: fn(&[u8]) -> Vec<u8>| [compress(first.as_bytes()), compress(second.as_bytes())].concat();
    for (file, compression) in [(twice(gzip), Compression::Gzip), (twice(zstandard), Compression::Zstd)] {
        assert_eq!(read(&file, &compressed(compression)).unwrap().rows.len(), 2);
    }
}

fn long_csv() -> String {
    let mut text = String::from("a,b\n");
    for row in 0..50_000 {
        text.push_str(&format!("{row},{}\n", row * 7919 % 65_537));
    }
    text
}

#[test]
fn a_cut_stream_is_told_from_a_damaged_one() {
    let text = long_csv();
    for (compression, whole) in [(Compression::Gzip, gzip(text.as_bytes())), (Compression::Zstd, zstandard(text.as_bytes()))] {
        let spec = compressed(compression);
        assert_eq!(read(&whole, &spec).unwrap().rows.len(), 50_000);
        for length in [1, 5, 12, 100, whole.len() / 2, whole.len() - 9, whole.len() - 1] {
            let error = read(&whole[..length], &spec).unwrap_err();
            assert!(matches!(error, FileError::Truncated { .. }), "{compression:?} {length}: {error}");
        }
        let mut damaged = whole.clone();
        let middle = damaged.len() / 2;
        damaged[middle..middle + 40].fill(0xFF);
        let error = read(&damaged, &spec).unwrap_err();
        assert!(matches!(error, FileError::Corrupt { .. }), "{compression:?}: {error}");
        let error = read(text.as_bytes(), &spec).unwrap_err();
        assert!(matches!(error, FileError::Corrupt { .. }), "{compression:?}: {error}");
        assert!(!error.to_string().contains('\n'));
        for text in ["a", "a,b\n1"] {
            let error = read(text.as_bytes(), &spec).unwrap_err();
            assert!(matches!(error, FileError::Corrupt { .. }), "{compression:?}: {error}");
        }
    }
}

#[test]
fn what_is_compressed_without_saying_so_is_told() {
    for (bytes, remedy) in [
        (gzip(b"a,b\n1,2\n"), "end its name in .gz"),
        (zstandard(b"a,b\n1,2\n"), "end its name in .zst"),
        (b"PK\x03\x04rest".to_vec(), "unpack it"),
    ] {
        for spec in [csv(), FileSpec::new(Format::NdJson)] {
            let error = read(&bytes, &spec).unwrap_err().to_string();
            assert!(error.contains(remedy) && !error.contains("8859"), "{error}");
        }
    }
    // A frame to be skipped before the data.
    let skipped = [b"\x50\x2a\x4d\x18\x02\0\0\0ab".as_slice(), &zstandard(b"a,b\n1,2\n")].concat();
    assert_eq!(read(&skipped, &compressed(Compression::Zstd)).unwrap().text(), ["1|2"]);
    assert_eq!(read(b"PK,b\n1,2\n", &csv()).unwrap().text(), ["1|2"]);
}

#[test]
fn empty_is_a_case_of_its_own() {
    for spec in
        [csv(), compressed(Compression::Gzip), compressed(Compression::Zstd), FileSpec::new(Format::NdJson), FileSpec::new(Format::Json)]
    {
        assert!(matches!(read(b"", &spec), Err(FileError::Empty)), "{spec:?}");
    }
    for file in ["\u{feff}", "\n\r\n\n"] {
        assert!(matches!(read(file.as_bytes(), &csv()), Err(FileError::Empty)));
    }
    assert!(matches!(read(&gzip(b""), &compressed(Compression::Gzip)), Err(FileError::Empty)));
    assert!(matches!(read(&zstandard(b""), &compressed(Compression::Zstd)), Err(FileError::Empty)));
    assert!(matches!(read(b" \n \n", &FileSpec::new(Format::NdJson)), Err(FileError::Empty)));
}

#[test]
fn other_text_is_refused_with_its_remedy() {
    let utf_16: Vec<u8> = "\u{feff}a,b\n1,2\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let error = read(&utf_16, &csv()).unwrap_err().to_string();
    assert_eq!(error, "is UTF-16: convert it to UTF-8, for example with iconv");
    let error = read(b"a,b\r1,2\r3,4\r", &csv()).unwrap_err().to_string();
    assert!(error.starts_with("has line ends of CR alone") && error.contains("tr '\\r' '\\n'"), "{error}");
    let error = read(b"caf\xE9,b\n1,2\n", &csv()).unwrap_err().to_string();
    assert!(error.contains("encoding = \"iso-8859-1\""), "{error}");
}

#[test]
fn the_fingerprint_is_of_the_stored_bytes() {
    let of = |file: &[u8]| fingerprint(Box::new(Cursor::new(file.to_vec()))).unwrap();
    let file = gzip(CSV.as_bytes());
    assert_eq!(of(&file).bytes, file.len() as u64);
    assert_eq!(of(&file).xxh3, xxhash_rust::xxh3::xxh3_128(&file));
    assert_ne!(of(&file), of(CSV.as_bytes()));
    // Reading a part, or what the decoder does not need, makes no difference.
    let mut reader = open(&file, &compressed(Compression::Gzip)).unwrap();
    assert!(reader.next_block().unwrap().is_some());
    assert_eq!(reader.finish().unwrap(), of(&file));
}

struct Failing;

impl std::io::Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Err(std::io::Error::other("the cable is out"))
    }
}

#[test]
fn a_failing_disk_is_not_a_broken_file() {
    for compression in [Compression::None, Compression::Gzip, Compression::Zstd] {
        let good = Cursor::new(gzip(long_csv().as_bytes())[..20].to_vec());
        let error = BlockReader::open(Box::new(Failing), &compressed(compression)).err().unwrap();
        assert_eq!(error.to_string(), "cannot be read: the cable is out");
        if compression == Compression::Gzip {
            use std::io::Read;
            let error = BlockReader::open(Box::new(good.chain(Failing)), &compressed(compression)).err().unwrap();
            assert!(matches!(error, FileError::Io(_)), "{error}");
        }
    }
}
