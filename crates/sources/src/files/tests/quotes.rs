//! Quoted fields, and quotes gone wrong.

use super::*;

type Case<'a> = (&'a str, &'a [&'a str], &'a [i64], &'a [(u64, &'a str)]);

const AFTER: &str = "text follows a closing quote";
const NEXT: &str = "unclosed quote: the next quote of the file does not close it";
const END: &str = "unclosed quote: no closing quote until the end of the file";

const CASES: &[Case<'static>] = &[
    ("\"1\",2\n", &["1|2"], &[2], &[]),
    ("\"1\",\"2\"\r\n3,4", &["1|2", "3|4"], &[2, 3], &[]),
    ("\"\",2\n", &["|2"], &[2], &[]),
    ("\"a,b\",\"say \"\"hi\"\"\"\n", &["a,b|say \"hi\""], &[2], &[]),
    ("\"\"\"\",\"\"\"\"\"\"\n", &["\"|\"\""], &[2], &[]),
    ("\"l1\nl2\r\nl3\",2\n3,4\n", &["l1\nl2\r\nl3|2", "3|4"], &[2, 5], &[]),
    ("1,\"a\nb\"\n\n3,\"c\"\n", &["1|a\nb", "3|c"], &[2, 5], &[]),
    // A quote within a field is a letter.
    ("5\" pipe,2\n3,4\"\n", &["5\" pipe|2", "3|4\""], &[2, 3], &[]),
    (" \"1\",2\n", &[" \"1\"|2"], &[2], &[]),
    ("5\" pipe,\"x,y\"\n", &["5\" pipe|x,y"], &[2], &[]),
    // Wrong number of fields.
    ("\"1\",2,3\n\"1\"\n3,\"4\"\n", &["3|4"], &[4], &[(2, "expected 2 fields, found 3"), (3, "expected 2 fields, found 1")]),
    // Broken quotes.
    ("1,\"2\n3,4\n5,6\n", &["3|4", "5|6"], &[3, 4], &[(2, END)]),
    ("1,\"2\n3,\"4\"\n5,6\n", &["3|4", "5|6"], &[3, 4], &[(2, NEXT)]),
    ("1,\"2\"x\n3,4\n", &["3|4"], &[3], &[(2, AFTER)]),
    ("1,\"2\" \n3,4\n", &["3|4"], &[3], &[(2, AFTER)]),
    ("1,\"a\nb\",\"c\n3,4\n", &["3|4"], &[4], &[(2, END), (3, END)]),
    ("\"\n3,4\n\"x\n5,6\nz\"z\n", &["3|4", "5|6"], &[3, 5], &[(2, NEXT), (4, NEXT), (6, "expected 2 fields, found 1")]),
    ("1,2\n3,\"", &["1|2"], &[2], &[(3, END)]),
    ("1,2\n3,\"\"", &["1|2", "3|"], &[2, 3], &[]),
    ("1,2\n3,\"\"\"", &["1|2"], &[2], &[(3, END)]),
    ("1,\"2\"\r", &["1|2"], &[2], &[]),
    ("1,\"2\"\rx\n3,4\n", &["3|4"], &[3], &[(2, AFTER)]),
];

#[test]
fn cases_read_alike_in_blocks_of_any_size() {
    for (body, rows, lines, rejects) in CASES {
        let file = format!("a,b\n{body}");
        for size in [1, 2, 3, 5, 8, 13, 1000] {
            let found = read(file.as_bytes(), &blocks_of(size, csv())).unwrap();
            assert_eq!(found.text(), *rows, "{body:?} in blocks of {size}");
            assert_eq!(found.lines, *lines, "{body:?} in blocks of {size}");
            assert_eq!(found.reasons(), *rejects, "{body:?} in blocks of {size}");
        }
    }
}

#[test]
fn an_unclosed_quote_takes_one_line_with_it() {
    let mut file = String::from("a,b\n");
    for row in 0..10_000 {
        let quote = if row == 5_000 { "\"" } else { "" };
        file.push_str(&format!("{quote}{row},x\n"));
    }
    let mut spec = csv();
    for (bytes, lines, reason) in [
        (1 << 20, 1000, "unclosed quote: no closing quote within 1000 lines and 1048576 bytes"),
        (2000, 1000, "unclosed quote: no closing quote within 1000 lines and 2000 bytes"),
        (1 << 20, 20_000, END),
    ] {
        spec.limits.record_bytes = bytes;
        spec.limits.record_lines = lines;
        for size in [100, 10_000, 1 << 20] {
            let found = read(file.as_bytes(), &blocks_of(size, spec.clone())).unwrap();
            assert_eq!(found.rows.len(), 9_999);
            assert_eq!(found.reasons(), [(5_002, reason)]);
            assert_eq!(found.rejects[0].raw, "\"5000,x");
            assert_eq!(found.lines[5_000], 5_003);
        }
    }
    // The control: a reader without this protection takes the second half of the file for one field.
    let mut plain = csv::ReaderBuilder::new().flexible(true).from_reader(file.as_bytes());
    assert_eq!(plain.records().count(), 5_001);
}

#[test]
fn a_record_as_long_as_the_limits_is_kept() {
    let mut spec = csv();
    spec.limits.record_lines = 3;
    let file = b"a,b\n1,\"x\ny\nz\"\n3,4\n";
    assert_eq!(read(file, &spec).unwrap().text(), ["1|x\ny\nz", "3|4"]);
    spec.limits.record_lines = 2;
    let found = read(file, &spec).unwrap();
    assert_eq!(found.text(), ["3|4"]);
    assert_eq!(found.rejects.len(), 3);
    // What was given up on line 2 is read again from line 3, where it fits; its 5" is a letter still.
    let pipe = format!("{}5\" pipe", "long ".repeat(20));
    let file = format!("a,b,c\n1,\"x\ny\",{pipe},\"c\nd\"\n3,4,5\n");
    for size in [1, 10, 1000] {
        let found = read(file.as_bytes(), &blocks_of(size, spec.clone())).unwrap();
        assert_eq!(found.text(), [format!("y\"|{pipe}|c\nd"), "3|4|5".to_string()]);
        assert_eq!(found.lines, [3, 5]);
        assert_eq!(found.rejects.len(), 1);
    }
}

#[test]
fn broken_quotes_do_not_slow_the_rest() {
    // Every other line has an unclosed quote, and so would the one it is looked for in.
    let mut file = String::from("a,b\n");
    for row in 0..200_000 {
        file.push_str(if row % 2 == 0 { "1,\"2\n" } else { "3,4\n" });
    }
    let started = std::time::Instant::now();
    let found = read(file.as_bytes(), &csv()).unwrap();
    assert_eq!(found.rows.len() + found.rejects.len() + found.continuation_lines as usize, 200_000);
    assert!(started.elapsed().as_secs() < 20, "took {:?}", started.elapsed());
}

#[test]
fn quoting_can_be_switched_off() {
    let mut spec = csv();
    spec.quote = None;
    let found = read(b"a,b\n\"1,2\n\"3\",4\n", &spec).unwrap();
    assert_eq!(found.text(), ["\"1|2", "\"3\"|4"]);
}

#[test]
fn a_header_with_broken_quotes_is_refused() {
    for file in ["a,\"b\n1,2\n", "\"a\"x,b\n", "\"a"] {
        let error = read(file.as_bytes(), &csv()).unwrap_err();
        assert!(matches!(error, FileError::Header { .. }), "{error}");
    }
    let found = read(b"\"a\nb\",c\n1,2\n", &csv()).unwrap();
    assert_eq!(found.columns, ["a_b", "c"]);
    assert_eq!(found.lines, [3]);
}

#[test]
fn a_mended_row_is_decoded_alone() {
    let reader = open(b"a,b\n1,2,3\n", &csv()).unwrap();
    let decoder = RowDecoder::new(reader.layout().unwrap());
    for record in ["1,\"2,3\"", "1,\"2,3\"\n", "1,\"2,3\"\r\n"] {
        let decoded = decoder.decode_record(2, record).unwrap();
        let mut all = Contents::default();
        append(&mut all, &decoded.batch);
        assert_eq!((all.text(), all.lines), (vec!["1|2,3".to_string()], vec![2]));
    }
    let decoded = decoder.decode_record(2, "1,\"2").unwrap();
    assert_eq!(decoded.rejects[0].reason, END);
}
