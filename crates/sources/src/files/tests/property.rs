//! Any table written as CSV by another library reads back as it was, in blocks of any size.

use proptest::prelude::*;

use super::*;

/// Strings of the letters that matter.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-z0-9]{0,6}",
        2 => "[a\",\n\r ;é🍐]{0,8}",
        1 => "[a-z]{10,40}",
    ]
}

fn table() -> impl Strategy<Value = Vec<Vec<String>>> {
    (1usize..5).prop_flat_map(|width| prop::collection::vec(prop::collection::vec(value(), width), 0..30))
}

fn written(table: &[Vec<String>], width: usize, style: csv::QuoteStyle, crlf: bool) -> Vec<u8> {
    let terminator = if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
    let mut writer = csv::WriterBuilder::new().quote_style(style).terminator(terminator).from_writer(Vec::new());
    writer.write_record((0..width).map(|column| format!("c{column}"))).unwrap();
    for row in table {
        writer.write_record(row).unwrap();
    }
    writer.into_inner().unwrap()
}

fn as_text(row: &[Option<String>]) -> Vec<String> {
    row.iter().map(|value| value.clone().unwrap()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read(table in table(), size in 16usize..200, always: bool, crlf: bool) {
        let width = table.first().map_or(1, Vec::len);
        let style = if always { csv::QuoteStyle::Always } else { csv::QuoteStyle::Necessary };
        let file = written(&table, width, style, crlf);
        let found = read(&file, &blocks_of(size, csv())).unwrap();
        let rows: Vec<Vec<String>> = found.rows.iter().map(|row| as_text(row)).collect();
        prop_assert_eq!(rows, table.clone());
        prop_assert_eq!(found.rejects.len(), 0);
        // The lines, counted by the other library.
        let mut expected = Vec::new();
        let mut line = 2;
        for row in &table {
            expected.push(line);
            line += 1 + row.iter().map(|value| value.matches('\n').count() as i64).sum::<i64>();
        }
        prop_assert_eq!(found.lines, expected);
    }

    /// Lines without quotes take the fast way; told that each may be quoted, they are split one by one.
    #[test]
    fn the_fast_way_is_the_slow_way(lines in prop::collection::vec("[ab,\u{e9}\r]{0,9}", 0..60), size in 16usize..300) {
        let file = format!("x,y,z\n{}", lines.join("\n"));
        let fast = read(file.as_bytes(), &blocks_of(size, csv())).unwrap();
        let slow = one_by_one(&file);
        prop_assert_eq!(fast.text(), slow.text());
        prop_assert_eq!(fast.reasons(), slow.reasons());
        prop_assert_eq!(fast.lines, slow.lines);

    }

    /// Whatever the bytes, every line is accounted for (`read` checks it) and blocks make no difference.
    #[test]
    fn any_bytes_are_accounted_for(bytes in prop::collection::vec(prop::sample::select(b"ab,\"\n\r\xFF\xC3\xA9".to_vec()), 0..120), size in 1usize..60) {
        let mut file = b"x,y\n".to_vec();
        file.extend(bytes);
        let mut whole = read(&file, &csv()).unwrap();
        let mut pieces = read(&file, &blocks_of(size, csv())).unwrap();
        whole.blocks = 0;
        pieces.blocks = 0;
        prop_assert_eq!(&whole, &pieces);
        // What is neither row nor reject is blank or goes on from above.
        let text: Vec<u8> = file[4..].to_vec();
        let lines = text.split(|byte| *byte == b'\n').count() - usize::from(text.is_empty() || text.ends_with(b"\n"));
        prop_assert_eq!(whole.rows.len() + whole.rejects.len() + (whole.blank_lines + whole.continuation_lines) as usize, lines);
    }

    /// No bytes make the JSON readers panic, lose an element or depend on the blocks.
    #[test]
    fn any_json_is_accounted_for(parts in prop::collection::vec(prop::sample::select(vec!["{", "}", "[", "]", "\"a\"", ":", ",", "1", "\n", "  ", "{\"a\": 1}", "{\"b\": \"x\"},\n", "\"", "\\"]), 0..40), size in 1usize..60) {
        let file = parts.concat();
        for format in [Format::NdJson, Format::Json] {
            let whole = read(file.as_bytes(), &FileSpec::new(format));
            let pieces = read(file.as_bytes(), &blocks_of(size, FileSpec::new(format)));
            match (whole, pieces) {
                (Ok(whole), Ok(pieces)) => {
                    prop_assert_eq!(whole.rows, pieces.rows);
                    prop_assert_eq!(whole.lines, pieces.lines);
                    prop_assert_eq!(whole.rejects.is_empty(), pieces.rejects.is_empty());
                }
                (Err(whole), Err(pieces)) => prop_assert_eq!(whole.to_string(), pieces.to_string()),
                (whole, pieces) => prop_assert!(false, "{:?} but {:?}", whole, pieces),
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    /// The same for files of many pieces, each of which begins where the one before ended.
    #[test]
    fn long_files_are_read(table in table().prop_filter("needs a row", |table| !table.is_empty()), times in 500usize..3000, always: bool) {
        let width = table[0].len();
        let style = if always { csv::QuoteStyle::Always } else { csv::QuoteStyle::Necessary };
        let long: Vec<Vec<String>> = table.iter().cycle().take(table.len() * times).cloned().collect();
        let file = written(&long, width, style, false);
        let found = read(&file, &blocks_of(300_000, csv())).unwrap();
        prop_assert_eq!(found.rejects.len(), 0);
        prop_assert_eq!(found.rows.len(), long.len());
        for (row, expected) in found.rows.iter().zip(&long) {
            prop_assert_eq!(&as_text(row), expected);
        }
    }
}

/// Decodes each line of an unquoted file as a record of its own, its first field in quotes.
fn one_by_one(file: &str) -> Contents {
    let reader = open(file.as_bytes(), &csv()).unwrap();
    let decoder = RowDecoder::new(reader.layout().unwrap());
    let mut all = Contents::default();
    for (number, line) in file.split('\n').enumerate().skip(1) {
        let (line, end) = match line.strip_suffix('\r') {
            Some(line) => (line, "\r\n"),
            None => (line, "\n"),
        };
        if line.is_empty() {
            continue;
        }
        let (first, rest) = match line.find(',') {
            Some(comma) => line.split_at(comma),
            None => (line, ""),
        };
        let record = format!("\"{first}\"{rest}{end}");
        let decoded = decoder.decode_record(number as u64 + 1, &record).unwrap();
        append(&mut all, &decoded.batch);
        all.rejects.extend(decoded.rejects);
    }
    all
}
