//! NDJSON and JSON documents.

use super::*;

fn ndjson() -> FileSpec {
    FileSpec::new(Format::NdJson)
}

fn document() -> FileSpec {
    FileSpec::new(Format::Json)
}

#[test]
fn values_are_kept_as_received() {
    let file = br#"{"id": 1, "name": "Zo\u00eb \"Z\"", "score": 1.50e3, "ok": true}
{"id": 12345678901234567890, "tags": ["a", "b" ], "where": {"city":"Bonn"}, "name": null}

{"ok": false, "id": "7", "name": ""}
"#;
    for size in [1, 30, 1000] {
        let found = read(file, &blocks_of(size, ndjson())).unwrap();
        assert_eq!(found.columns, ["id", "name", "score", "ok", "tags", "where"]);
        assert_eq!(
            found.text(),
            ["1|Zoë \"Z\"|1.50e3|true|∅|∅", "12345678901234567890|∅|∅|∅|[\"a\", \"b\" ]|{\"city\":\"Bonn\"}", "7||∅|false|∅|∅",]
        );
        assert_eq!(found.lines, [1, 2, 4]);
        assert_eq!(found.blank_lines, 1);
    }
}

#[test]
fn broken_lines_are_rejected() {
    let file = b"{\"a\": 1}\n{\"a\": 2\n[1]\nhello\n{\"a\": 3} x\n{\"a\": \"\xFF\"}\n{\"a\": \"\\ud800\"}\n{\"a\": 1, \"a\": 2}\n{\"A\": 9}\r\n{}\n{\"a\": 4}";
    let found = read(file, &ndjson()).unwrap();
    assert_eq!(found.columns, ["a", "A_2"]);
    assert_eq!(found.text(), ["1|∅", "∅|9", "∅|∅", "4|∅"]);
    assert_eq!(found.lines, [1, 9, 10, 11]);
    let starts = [
        (2, "not a JSON object: EOF while parsing an object"),
        (3, "not a JSON object: invalid type: sequence, expected an object in braces"),
        (4, "not a JSON object: expected value"),
        (5, "not a JSON object: trailing characters"),
        (6, "not UTF-8 at byte 8"),
        (7, "not a JSON object: unexpected end of hex escape"),
        (8, "not a JSON object: key \"a\" occurs twice"),
    ];
    assert_eq!(found.rejects.len(), starts.len());
    for (reject, (line, start)) in found.rejects.iter().zip(starts) {
        assert!(reject.line == line && reject.reason.starts_with(start), "{reject:?}");
    }
    assert_eq!(found.rejects[0].raw, "{\"a\": 2");
}

#[test]
fn a_key_that_appears_after_discovery_is_no_silent_loss() {
    let file = b"{\"a\": 1}\n{\"a\": 1, \"b\": 2}\n";
    let layout = discover(Box::new(&b"{\"a\": 1}\n"[..]), &ndjson()).unwrap().layout;
    let block = open(file, &ndjson()).unwrap().next_block().unwrap().unwrap();
    let decoded = RowDecoder::new(&layout).decode(&block).unwrap();
    assert_eq!(decoded.batch.num_rows(), 1);
    assert!(decoded.rejects[0].reason.contains("key \"b\" was not there"));
}

#[test]
fn documents_are_arrays_objects_or_both() {
    let rows = ["1|x", "2|y"];
    for (file, lines) in [
        ("[{\"a\": 1, \"b\": \"x\"}, {\"a\": 2, \"b\": \"y\"}]", [1, 1]),
        ("[\n  {\n    \"a\": 1,\n    \"b\": \"x\"\n  },\n  {\n    \"a\": 2,\n    \"b\": \"y\"\n  }\n]\n", [2, 6]),
        ("{\"a\": 1, \"b\": \"x\"}\n{\"a\": 2, \"b\": \"y\"}\n", [1, 2]),
        ("{\n\"a\": 1,\n\"b\": \"x\"}\n\n{\"a\": 2, \"b\": \"y\"}", [1, 5]),
        ("\u{feff}[{\"a\": 1, \"b\": \"x\"}]\n[{\"a\": 2, \"b\": \"y\"}]", [1, 2]),
    ] {
        for size in [1, 7, 1000] {
            let found = read(file.as_bytes(), &blocks_of(size, document())).unwrap();
            assert_eq!(found.text(), rows, "{file}");
            assert_eq!(found.lines, lines, "{file} in blocks of {size}");
            assert_eq!(found.rejects, []);
        }
    }
    assert_eq!(read(b"[]", &document()).unwrap_err().to_string(), FileError::Empty.to_string());
    let nested = read(b"{\"a\": {\"b\": [\"}\", \"\\\"]\"]}}", &document()).unwrap();
    assert_eq!(nested.text(), ["{\"b\": [\"}\", \"\\\"]\"]}"]);
}

#[test]
fn a_broken_element_leaves_the_others_alone() {
    let document_with = |broken: &str| format!("[\n  {{\"a\": 1}},\n{broken}\n  {{\n    \"a\": 2\n  }},\n  {{\"a\": 3}}\n]\n");
    for broken in [
        "  {\"a\" 9},",
        "  {\"a\": \"9},",
        "  {\"a\": 9,",
        "  {\"a\": [9},",
        "  {\n    \"a\": 9,\n    \"b\": {\n  ,",
        "  17,",
        "  [{\"a\": 9}],",
        "  \"x\",",
        "  }",
    ] {
        let file = document_with(broken);
        for size in [1, 13, 1000] {
            let found = read(file.as_bytes(), &blocks_of(size, document())).unwrap();
            assert_eq!(found.text(), ["1", "2", "3"], "{broken} in blocks of {size}");
            assert_eq!(found.rejects[0].line, 3, "{broken}");
            assert_eq!(found.lines[1], 3 + 1 + broken.matches('\n').count() as i64, "{broken}");
        }
    }
}

#[test]
fn a_document_without_end_is_cut_short() {
    for file in ["[{\"a\": 1},\n {\"a\"", "[{\"a\": 1},", "[{\"a\": 1}\n", "{\"a\": 1}\n{\"a", "{\"a\": \"x"] {
        let error = read(file.as_bytes(), &document()).unwrap_err();
        assert!(matches!(error, FileError::Truncated { .. }), "{file}: {error}");
    }
}

#[test]
fn an_element_beyond_the_limit_is_given_up() {
    let mut spec = blocks_of(50, document());
    spec.limits.record_bytes = 100;
    let file = format!("[\n{{\"a\": 1}},\n{{\"a\": [{}]}},\n{{\"a\": 2}}\n]", "1,".repeat(1000));
    let found = read(file.as_bytes(), &spec).unwrap();
    assert_eq!(found.text(), ["1", "2"]);
    assert_eq!(found.lines, [2, 4]);
    assert_eq!(found.rejects[0].line, 3);
}
