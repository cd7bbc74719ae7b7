//! Delimited text without quotes: rows, line numbers, what is broken.

use super::*;

struct Case {
    name: &'static str,
    file: &'static [u8],
    columns: &'static [&'static str],
    rows: &'static [&'static str],
    lines: &'static [i64],
    rejects: &'static [(u64, &'static str)],
    blank_lines: u64,
}

const PLAIN: Case = Case {
    name: "plain",
    file: b"a,b\n1,2\n3,4\n",
    columns: &["a", "b"],
    rows: &["1|2", "3|4"],
    lines: &[2, 3],
    rejects: &[],
    blank_lines: 0,
};

const CASES: &[Case] = &[
    PLAIN,
    Case { name: "no line end at the end", file: b"a,b\n1,2\n3,4", ..PLAIN },
    Case { name: "CRLF", file: b"a,b\r\n1,2\r\n3,4\r\n", ..PLAIN },
    Case { name: "CRLF, cut before LF", file: b"a,b\r\n1,2\r\n3,4\r", ..PLAIN },
    Case { name: "mixed line ends", file: b"a,b\n1,2\r\n3,4\n", ..PLAIN },
    Case { name: "byte order mark", file: b"\xEF\xBB\xBFa,b\n1,2\n3,4\n", ..PLAIN },
    Case { name: "tabs", file: b"a\tb\n1\t2\n3\t4\n", ..PLAIN },
    Case { name: "semicolons", file: b"a;b\n1;2\n3;4\n", ..PLAIN },
    Case { name: "bars", file: b"a|b\n1|2\n3|4\n", ..PLAIN },
    Case { name: "quoted header", file: b"\"a\",\"b\"\n1,2\n3,4\n", ..PLAIN },
    Case { name: "blank lines", file: b"\n\na,b\n\n1,2\n\r\n3,4\n\n", lines: &[5, 7], blank_lines: 3, ..PLAIN },
    Case { name: "empty fields", file: b"a,b\n,\n1,\n,2\n", rows: &["|", "1|", "|2"], lines: &[2, 3, 4], ..PLAIN },
    Case { name: "header alone", file: b"a,b\n", rows: &[], lines: &[], ..PLAIN },
    Case { name: "header alone, unended", file: b"a,b", rows: &[], lines: &[], ..PLAIN },
    Case {
        name: "wrong number of fields",
        file: b"a,b\n1,2\n1\n1,2,3\n3,4\n,,,\n5,6\n",
        rows: &["1|2", "3|4", "5|6"],
        lines: &[2, 5, 7],
        rejects: &[(3, "expected 2 fields, found 1"), (4, "expected 2 fields, found 3"), (6, "expected 2 fields, found 4")],
        ..PLAIN
    },
    Case {
        name: "counts that even out",
        file: b"a,b\n1\n1,2,3\n3,4\n",
        rows: &["3|4"],
        lines: &[4],
        rejects: &[(2, "expected 2 fields, found 1"), (3, "expected 2 fields, found 3")],
        ..PLAIN
    },
    Case {
        name: "not UTF-8",
        file: b"a,b\n1,2\nx\xFFy,2\n3,4\n5,\xC3\n",
        rejects: &[
            (
                3,
                "not UTF-8 at byte 2: if the file is Latin-1, say `encoding = \"iso-8859-1\"` and give it another name, to be read again (raw text has U+FFFD in place of the bad bytes)",
            ),
            (
                5,
                "not UTF-8 at byte 3: if the file is Latin-1, say `encoding = \"iso-8859-1\"` and give it another name, to be read again (raw text has U+FFFD in place of the bad bytes)",
            ),
        ],
        lines: &[2, 4],
        ..PLAIN
    },
    Case {
        name: "one column",
        file: b"a\nx\n\ny,z\n,\nw",
        columns: &["a"],
        rows: &["x", "w"],
        lines: &[2, 6],
        rejects: &[(4, "expected 1 field, found 2"), (5, "expected 1 field, found 2")],
        blank_lines: 1,
    },
    Case {
        name: "letters of several bytes, and a field longer than is copied at once",
        file: "a,b\nгруша,🍐\nan address that is longer than thirty-two bytes,x\n".as_bytes(),
        rows: &["груша|🍐", "an address that is longer than thirty-two bytes|x"],
        ..PLAIN
    },
];

#[test]
fn cases_read_alike_in_blocks_of_any_size() {
    for case in CASES {
        for size in [1, 2, 3, 5, 8, 13, 21, 34, 1000] {
            let found = read(case.file, &blocks_of(size, csv())).unwrap();
            let at = format!("{} in blocks of {size}", case.name);
            assert_eq!(found.columns, case.columns, "{at}");
            assert_eq!(found.text(), case.rows, "{at}");
            assert_eq!(found.lines, case.lines, "{at}");
            assert_eq!(found.reasons(), case.rejects, "{at}");
            assert_eq!(found.blank_lines, case.blank_lines, "{at}");
        }
    }
}

#[test]
fn rejects_keep_the_row_as_received() {
    let found = read(b"a,b\r\n1,2,3\r\n", &csv()).unwrap();
    assert_eq!(found.rejects[0].raw, "1,2,3");
    let found = read(b"a,b\n1,\xA3\n", &csv()).unwrap();
    assert_eq!(found.rejects[0].raw, "1,\u{FFFD}");
    // A long one is cut between letters.
    let long = format!("a,b\n1,2,x{}\n", "ж".repeat(RAW_LIMIT));
    let found = read(long.as_bytes(), &csv()).unwrap();
    assert_eq!(found.rejects[0].raw.len(), RAW_LIMIT - 1);
    let reason = format!("expected 2 fields, found 3 (raw text cut to 65536 of {} bytes)", 5 + 2 * RAW_LIMIT);
    assert_eq!(found.rejects[0].reason, reason);
}

#[test]
fn latin_1_is_read_when_told() {
    let file = b"a,b\n\xA35.00,caf\xE9\n\xFF,\x80\n";
    let mut spec = csv();
    assert_eq!(read(file, &spec).unwrap().rejects.len(), 2);
    spec.encoding = spec::Encoding::Latin1;
    for size in [1, 4, 100] {
        let found = read(file, &blocks_of(size, spec.clone())).unwrap();
        assert_eq!(found.text(), ["£5.00|café", "ÿ|\u{80}"]);
        assert_eq!(found.rejects, []);
    }
}

#[test]
fn headers_are_told_from_rows() {
    let columns = |file: &[u8], spec: &FileSpec| read(file, spec).map(|found| (found.columns.join(","), found.rows.len()));
    let two = |names: &str, rows| Ok::<_, String>((names.to_string(), rows));
    let told = |found: Result<_, FileError>| found.map_err(|error| error.to_string());
    let mut spec = csv();
    assert_eq!(told(columns(b"x,y\n1,2\n", &spec)), two("x,y", 1));
    assert_eq!(told(columns(b"0,y\n1,2\n", &spec)), two("column_1,column_2", 2));
    spec.has_header = Some(true);
    assert_eq!(told(columns(b"0,2025\n1,2\n", &spec)), two("0,2025", 1));
    spec.has_header = Some(false);
    assert_eq!(told(columns(b"x,y\n1,2\n", &spec)), two("column_1,column_2", 2));
    spec.columns = Some(vec!["p".into(), "q".into()]);
    assert_eq!(told(columns(b"x,y\n1,2\n", &spec)), two("p,q", 2));
    spec.has_header = Some(true);
    assert_eq!(told(columns(b"x,y\n1,2\n", &spec)), two("p,q", 1));
    assert_eq!(
        told(columns(b"x,y,z\n1,2\n", &spec)),
        Err("has no usable header: the settings name 2 columns, but its first line has 3 fields".to_string())
    );
}

#[test]
fn renamed_columns_and_guesses_are_warned_of() {
    let found = read(b"_line;a;a;\n1;2;3;4\n", &csv()).unwrap();
    assert_eq!(found.columns, ["_line_2", "a", "a_2", "column_4"]);
    assert_eq!(
        found.warnings,
        [
            "fields are taken to be separated by \";\"",
            "column 1 \"_line\" is named \"_line_2\": the name is reserved",
            "column 3 \"a\" is named \"a_2\": an earlier column has its name",
            "column 4 \"\" is named \"column_4\": its name is empty",
        ]
    );
}

#[test]
fn a_line_without_end_is_given_up() {
    let mut spec = blocks_of(1 << 10, csv());
    spec.limits.record_bytes = 1 << 10;
    spec.limits.line_bytes = 4 << 10;
    let file = format!("a,b\n1,2\n{}\n3,4\n", "x".repeat(100_000));
    let found = read(file.as_bytes(), &spec).unwrap();
    assert_eq!(found.text(), ["1|2", "3|4"]);
    assert_eq!(found.lines, [2, 4]);
    assert_eq!(found.rejects.len(), 1);
    assert!(found.rejects[0].reason.starts_with("the line has 100001 bytes, more than the 4096 allowed"));
    assert_eq!(found.rejects[0].line, 3);
}
