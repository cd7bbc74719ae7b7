//! Workbooks: their sheets and rows, and those that are none.

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::*;

/// A workbook written by hand.
pub(in crate::files) struct Book {
    /// Name, state and rows of each sheet.
    sheets: Vec<(String, &'static str, String)>,
    date_1904: bool,
    parts: Vec<(String, String)>,
}

impl Book {
    /// Visible sheets: name, and what `sheetData` holds.
    pub(in crate::files) fn new(sheets: &[(&str, &str)]) -> Book {
        let sheets = sheets.iter().map(|(name, rows)| (name.to_string(), "visible", rows.to_string())).collect();
        Book { sheets, date_1904: false, parts: Vec::new() }
    }

    pub(in crate::files) fn with_part(mut self, name: &str, text: &str) -> Book {
        self.parts.push((name.to_string(), text.to_string()));
        self
    }

    pub(super) fn since_1904(mut self) -> Book {
        self.date_1904 = true;
        self
    }

    fn with_hidden(mut self, name: &str, state: &'static str, rows: &str) -> Book {
        self.sheets.push((name.to_string(), state, rows.to_string()));
        self
    }

    pub(in crate::files) fn bytes(&self) -> Vec<u8> {
        const TYPE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
        let mut parts = vec![(
            "_rels/.rels".to_string(),
            format!(r#"<Relationships><Relationship Id="r" Type="{TYPE}/officeDocument" Target="xl/workbook.xml"/></Relationships>"#),
        )];
        let (mut listed, mut related) = (String::new(), String::new());
        for (at, (name, state, rows)) in self.sheets.iter().enumerate() {
            listed += &format!(r#"<sheet name="{name}" sheetId="{at}" state="{state}" r:id="r{at}"/>"#);
            related += &format!(r#"<Relationship Id="r{at}" Type="{TYPE}/worksheet" Target="worksheets/sheet{at}.xml"/>"#);
            let sheet = format!("<worksheet><sheetData>{rows}</sheetData><mergeCells/></worksheet>");
            parts.push((format!("xl/worksheets/sheet{at}.xml"), sheet));
        }
        let properties = format!("<workbookPr date1904=\"{}\"/>", u8::from(self.date_1904));
        parts.push(("xl/workbook.xml".to_string(), format!("<workbook>{properties}<sheets>{listed}</sheets></workbook>")));
        parts.push(("xl/_rels/workbook.xml.rels".to_string(), format!("<Relationships>{related}</Relationships>")));
        parts.extend(self.parts.iter().cloned());
        archive(&parts)
    }
}

pub(in crate::files) fn archive(parts: &[(String, String)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        writer.start_file(name.as_str(), SimpleFileOptions::default().compression_method(CompressionMethod::Deflated)).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A row of texts.
pub(super) fn texts(values: &[&str]) -> String {
    let cell = |value: &&str| format!("<c t=\"str\"><v>{value}</v></c>");
    format!("<row>{}</row>", values.iter().map(cell).collect::<String>())
}

pub(super) fn spec() -> FileSpec {
    FileSpec::new(Format::Workbook)
}

/// All that comes out of a workbook; the sheet of each row stands before it.
pub(super) fn read_book(file: Vec<u8>, spec: &FileSpec) -> Result<Contents, FileError> {
    let mut rows = WorkbookRows::open(Cursor::new(file), spec)?;
    let layout = rows.layout().clone();
    let mut all = Contents { columns: layout.columns, warnings: layout.warnings, ..Contents::default() };
    while let Some(piece) = rows.next_rows()? {
        let before = all.rows.len();
        append(&mut all, &piece.decoded.batch);
        assert_eq!(piece.records as usize, all.rows.len() - before + piece.decoded.rejects.len());
        for row in &mut all.rows[before..] {
            row.insert(0, Some(piece.sheet.to_string()));
        }
        all.blank_lines += piece.decoded.blank_lines;
        all.rejects.extend(piece.decoded.rejects);
        all.blocks += 1;
    }
    assert!(rows.next_rows().unwrap().is_none());
    Ok(all)
}

#[test]
fn rows_are_as_wide_as_the_header() {
    let rows = r#"
        <row r="2"><c r="A2" t="str"><v>a</v></c><c r="B2" t="str"><v>b</v></c><c r="C2" t="str"><v>c</v></c></row>
        <row r="3"><c r="A3"><v>1</v></c></row>
        <row r="4"><c r="B4" s="0"/></row>
        <row r="7"><c r="C7"><v>3</v></c><c r="D7" s="0"/><c r="E7" t="str"><v></v></c></row>
        <row r="8"><c r="A8" t="str"><v>x, "y"</v></c><c r="D8"><v>4</v></c></row>
        <row r="9"><c r="B9"><v>2</v></c></row>"#;
    let found = read_book(Book::new(&[("S", rows)]).bytes(), &spec()).unwrap();
    assert_eq!(found.columns, ["a", "b", "c"]);
    assert_eq!(found.text(), ["S|1||", "S|||3", "S||2|"]);
    assert_eq!(found.lines, [3, 7, 9]);
    assert_eq!(found.reasons(), [(8, "expected 3 fields, found 4")]);
    assert_eq!(found.rejects[0].raw, r#""x, ""y""",,,4"#);
    assert_eq!(found.blank_lines, 3);
    // The raw text can be mended as a line of CSV can.
    let layout = WorkbookRows::open(Cursor::new(Book::new(&[("S", rows)]).bytes()), &spec()).unwrap().layout().clone();
    let mended = RowDecoder::new(&layout).decode_record(8, r#""x, ""y""",,4"#).unwrap();
    let mut all = Contents::default();
    append(&mut all, &mended.batch);
    assert_eq!(all.text(), [r#"x, "y"||4"#]);
}

#[test]
fn cells_without_a_place_follow_each_other() {
    let rows = [texts(&["a", "b"]), "<row/>".to_string(), texts(&["1", "2"]), texts(&["", "3"])].concat();
    let found = read_book(Book::new(&[("S", &rows)]).bytes(), &spec()).unwrap();
    assert_eq!((found.text(), found.lines), (vec!["S|1|2".to_string(), "S||3".to_string()], vec![3, 4]));
}

#[test]
fn sheets_with_one_header_are_one_table() {
    let header = texts(&["a", "b"]);
    let (first, second) = (header.clone() + &texts(&["1", "2"]), "<row/>".to_string() + &header + &texts(&["3", "4"]));
    let book = Book::new(&[
        ("Empty", ""),
        ("2009", &first),
        ("Notes", &texts(&["see", "there"])),
        ("2010", &second),
        ("Wider", &texts(&["a", "b", "c"])),
        ("Bare", &header),
    ])
    .with_hidden("Old", "hidden", &first)
    .with_hidden("Older", "veryHidden", "");
    let found = read_book(book.bytes(), &spec()).unwrap();
    assert_eq!(found.text(), ["2009|1|2", "2010|3|4"]);
    assert_eq!(found.lines, [2, 3]);
    let end = "; `sheet` in [[source.table]] names the one to be read";
    assert_eq!(
        found.warnings,
        [
            format!("sheet \"Notes\" is left out: its first row is not the header of \"2009\"{end}"),
            format!("sheet \"Wider\" is left out: its first row is not the header of \"2009\"{end}"),
            format!("sheet \"Old\" is left out: it is hidden{end}"),
        ]
    );
    for (wanted, rows, columns) in
        [("2010", vec!["2010|3|4"], "a|b"), ("old", vec!["Old|1|2"], "a|b"), ("notes", vec![], "see|there"), ("Bare", vec![], "a|b")]
    {
        let found = read_book(book.bytes(), &FileSpec { sheet: Some(wanted.to_string()), ..spec() }).unwrap();
        assert_eq!(
            (found.text(), found.columns.join("|"), found.warnings),
            (rows.iter().map(|row| row.to_string()).collect(), columns.to_string(), vec![])
        );
    }
    let error = read_book(book.bytes(), &FileSpec { sheet: Some("2011".to_string()), ..spec() }).unwrap_err().to_string();
    assert!(error.starts_with("has no sheet \"2011\": its sheets are \"Empty\", \"2009\", "), "{error}");
    let error = read_book(book.bytes(), &FileSpec { sheet: Some("Empty".to_string()), ..spec() }).unwrap_err();
    assert!(matches!(error, FileError::Empty));
}

#[test]
fn columns_may_be_named_by_the_settings_or_not_at_all() {
    let rows = "<row><c><v>1</v></c><c t=\"str\"><v>x</v></c></row><row><c><v>2</v></c></row>";
    let file = Book::new(&[("S", rows), ("T", rows)]).bytes();
    let found = read_book(file.clone(), &spec()).unwrap();
    assert_eq!((found.columns.join("|"), found.text()), ("column_1|column_2".to_string(), vec!["S|1|x".to_string(), "S|2|".to_string()]));
    assert_eq!(found.lines, [1, 2]);
    assert!(found.warnings[0].starts_with("the first line holds a number"), "{:?}", found.warnings);
    assert!(found.warnings[1].starts_with("sheet \"T\" is left out"), "{:?}", found.warnings);
    let named = FileSpec { columns: Some(["id", "name", "note"].map(String::from).to_vec()), ..spec() };
    let found = read_book(file.clone(), &named).unwrap();
    assert_eq!((found.columns.join("|"), found.text()[0].as_str()), ("id|name|note".to_string(), "S|1|x|"));
    let short = FileSpec { columns: Some(vec!["id".to_string()]), ..spec() };
    assert!(matches!(read_book(file, &short), Err(FileError::Header { .. })));
    let odd = Book::new(&[("S", &texts(&["a", "", "A", "Customer ID", "_line"]))]).bytes();
    assert_eq!(read_book(odd, &spec()).unwrap().columns, ["a", "column_2", "A_2", "Customer_ID", "_line_2"]);
}

#[test]
fn pieces_are_bounded_by_rows_and_bytes() {
    let rows: String = (0..20_000).map(|number| format!("<row><c t=\"str\"><v>t{number}</v></c></row>")).collect();
    let file = Book::new(&[("S", &(texts(&["a"]) + &rows))]).bytes();
    let whole = read_book(file.clone(), &spec()).unwrap();
    let small = read_book(file, &blocks_of(1000, spec())).unwrap();
    assert_eq!((whole.rows.len(), whole.blocks), (20_000, 3));
    assert!(small.blocks > 100);
    assert_eq!((whole.rows, whole.lines), (small.rows, small.lines));
    // A row that refers to one long text again and again.
    let long = "<sst><si><t>".to_string() + &"x".repeat(30_000) + "</t></si></sst>";
    let row = format!("<row>{}</row>", "<c t=\"s\"><v>0</v></c>".repeat(100));
    let file = Book::new(&[("S", &(texts(&["a"; 100]) + &row + &texts(&["1"])))]).with_part("xl/sharedStrings.xml", &long).bytes();
    let mut spec = spec();
    spec.limits.record_bytes = 1000;
    spec.limits.line_bytes = 1_000_000;
    let found = read_book(file, &spec).unwrap();
    assert_eq!(
        (found.rows.len(), &found.lines[..], found.reasons()),
        (1, &[3_i64][..], vec![(2, "the row has 3000000 bytes, more than allowed (raw text cut to 65536 of 1020033 bytes)")])
    );
}

/// The container of old workbooks, with one stream of that name.
fn container(stream: &str) -> Vec<u8> {
    let mut file = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
    file.resize(512, 0);
    // Versions, byte order, sizes of sectors; one sector of allocation, the directory in sector 1, no small sectors.
    for (at, bytes) in
        [(24, [0x3e, 0, 3, 0]), (28, [0xfe, 0xff, 9, 0]), (32, [6, 0, 0, 0]), (44, [1, 0, 0, 0]), (48, [1, 0, 0, 0]), (56, [0, 16, 0, 0])]
    {
        file[at..at + 4].copy_from_slice(&bytes);
    }
    for at in [60, 68] {
        file[at..at + 4].copy_from_slice(&0xFFFF_FFFE_u32.to_le_bytes());
    }
    file[80..].fill(0xFF);
    for sector in [0xFFFF_FFFD_u32, 0xFFFF_FFFE] {
        file.extend(sector.to_le_bytes());
    }
    file.resize(1024, 0xFF);
    for (name, kind) in [("Root Entry", 5), (stream, 2), ("", 0), ("", 0)] {
        let mut entry: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let length = if name.is_empty() { 0 } else { entry.len() as u8 + 2 };
        entry.resize(128, 0);
        (entry[64], entry[66]) = (length, kind);
        entry[68..80].fill(0xFF);
        entry[116..120].copy_from_slice(&0xFFFF_FFFE_u32.to_le_bytes());
        file.extend(entry);
    }
    file
}

#[test]
fn what_is_no_workbook_is_told_in_a_line() {
    let told = |file: &[u8]| read_book(file.to_vec(), &spec()).unwrap_err();
    assert!(matches!(told(b""), FileError::Empty));
    assert!(matches!(told(&Book::new(&[("S", ""), ("T", "<row/>")]).bytes()), FileError::Empty));
    assert!(matches!(told(b"PK"), FileError::Truncated { .. }));
    for (file, expected) in [
        (b"InvoiceNo,StockCode\n1,2\n".to_vec(), "is not valid xlsx (it does not begin as a zip archive does): check"),
        (container("EncryptedPackage"), "is an encrypted workbook: save it without a password"),
        (container("Workbook"), "is a file of Excel 97 to 2003 or of another old program: save it as .xlsx, which a new name does not do"),
        (archive(&[("a.csv".to_string(), "a,b\n1,2\n".to_string())]), "is not valid xlsx (File not found '_rels/.rels')"),
        (Book::new(&[]).bytes(), "is not valid xlsx (it holds no sheet)"),
        (Book::new(&[("S", "<row><c t=\"s\"><v>7</v></c></row>")]).bytes(), "is not valid xlsx (Cell string index not found"),
        (
            Book::new(&[("S", "<row r=\"2\"><c r=\"A2\"><v>1</v></c></row><row r=\"1\"><c r=\"A1\"><v>1</v></c></row>")]).bytes(),
            "is not valid xlsx (a cell of row 1 stands where it cannot)",
        ),
        (
            Book::new(&[("S", "<row><c r=\"XFE1\"><v>1</v></c></row>")]).bytes(),
            "is not valid xlsx (a cell of row 1 stands where it cannot)",
        ),
    ] {
        let error = told(&file).to_string();
        assert!(error.starts_with(expected) && !error.contains('\n'), "{error}");
    }
    let error = BlockReader::open(Box::new(Cursor::new(Vec::new())), &spec());
    assert!(matches!(error.err().unwrap(), FileError::WrongReader { .. }));
}

#[test]
fn a_cut_workbook_may_be_whole_later() {
    let whole = Book::new(&[("S", &texts(&["a", "b"]))]).bytes();
    for length in [1, 3, 4, 30, whole.len() / 2, whole.len() - 30, whole.len() - 1] {
        let error = read_book(whole[..length].to_vec(), &spec()).unwrap_err();
        assert!(matches!(error, FileError::Truncated { .. }), "{length} of {}: {error}", whole.len());
    }
}

/// A value that was changed on the way is still a number; the checksum alone tells.
#[test]
fn a_damaged_sheet_is_told_by_its_checksum() {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let whole = Book::new(&[("S", &(texts(&["a"]) + "<row><c><v>1234321</v></c></row>"))]).bytes();
    let mut source = zip::ZipArchive::new(Cursor::new(whole)).unwrap();
    for index in 0..source.len() {
        let mut part = source.by_index(index).unwrap();
        writer
            .start_file(part.name().unwrap().into_owned(), SimpleFileOptions::default().compression_method(CompressionMethod::Stored))
            .unwrap();
        std::io::copy(&mut part, &mut writer).unwrap();
    }
    let mut file = writer.finish().unwrap().into_inner();
    assert_eq!(read_book(file.clone(), &spec()).unwrap().text(), ["S|1234321"]);
    let at = file.windows(7).position(|seven| seven == b"1234321").unwrap();
    file[at] = b'9';
    assert!(matches!(read_book(file.clone(), &spec()), Err(FileError::Corrupt { .. })));
    // Whatever byte is lost, it is an error and no panic, or makes no difference.
    for at in 0..file.len() {
        let mut damaged = file.clone();
        damaged[at] ^= 0x55;
        let _ = read_book(damaged, &spec()).map_err(|error| assert!(!error.to_string().contains('\n'), "{at}: {error}"));
    }
}

/// The library that reads cells panics here where overflows are checked.
#[cfg(debug_assertions)]
#[test]
fn a_panic_of_the_library_is_an_error_of_the_file() {
    let book = Book::new(&[("S", &texts(&["a"]))]).bytes();
    let mut source = zip::ZipArchive::new(Cursor::new(book)).unwrap();
    let mut parts = Vec::new();
    for index in 0..source.len() {
        let mut part = source.by_index(index).unwrap();
        let name = part.name().unwrap().into_owned();
        let text = std::io::read_to_string(&mut part).unwrap();
        parts.push((name, text.replace("<sheetData>", "<dimension ref=\"C5:A1\"></dimension><sheetData>")));
    }
    let error = read_book(archive(&parts), &spec()).unwrap_err().to_string();
    assert!(error.contains("its parts contradict each other"), "{error}");
}
