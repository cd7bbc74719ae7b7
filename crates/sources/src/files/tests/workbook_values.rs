//! Values of cells as text, and workbooks against the same tables as CSV.

use chrono::{DateTime, TimeDelta};
use proptest::prelude::*;
use rust_xlsxwriter::{Format as CellFormat, Workbook};

use super::workbook::{Book, read_book, spec, texts};
use super::*;

/// Formats of cells: general, an instant, a duration, a time of day, a day of one's own wording.
const STYLES: &str = r#"<styleSheet><numFmts><numFmt numFmtId="170" formatCode="[h]:mm:ss"/><numFmt numFmtId="171" formatCode="h:mm"/>
    <numFmt numFmtId="172" formatCode="dddd, d mmmm yyyy"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="22"/><xf numFmtId="170"/>
    <xf numFmtId="171"/><xf numFmtId="172"/></cellXfs></styleSheet>"#;

fn values(cells: &[(&str, &str)], since_1904: bool) {
    let rows: String = cells.iter().map(|(cell, _)| format!("<row>{cell}</row>")).collect();
    let mut book = Book::new(&[("S", &(texts(&["a"]) + &rows))]).with_part("xl/styles.xml", STYLES).with_part(
        "xl/sharedStrings.xml",
        "<sst><si><t xml:space=\"preserve\"> two </t></si><si><r><t>ri</t></r><r><t>ch</t></r><rPh><t>no</t></rPh></si></sst>",
    );
    if since_1904 {
        book = book.since_1904();
    }
    let found = read_book(book.bytes(), &spec()).unwrap();
    let expected: Vec<String> = cells.iter().map(|(_, text)| format!("S|{text}")).collect();
    assert_eq!(found.text(), expected);
}

#[test]
fn values_become_text() {
    values(
        &[
            ("<c><v>17850</v></c>", "17850"),
            ("<c><v>17850.0</v></c>", "17850"),
            ("<c><v>2.5499999999999998</v></c>", "2.55"),
            ("<c><v>0.1</v></c>", "0.1"),
            ("<c><v>-11062.06</v></c>", "-11062.06"),
            ("<c><v>-0</v></c>", "0"),
            ("<c><v>1E-05</v></c>", "0.00001"),
            ("<c><v>1.5e-9</v></c>", "1.5e-9"),
            ("<c><v>123456789012345680</v></c>", "123456789012345680"),
            ("<c><v>1e21</v></c>", "1e21"),
            ("<c t=\"n\"><v>3</v></c>", "3"),
            ("<c t=\"b\"><v>1</v></c>", "true"),
            ("<c t=\"b\"><v>0</v></c>", "false"),
            ("<c t=\"e\"><v>#N/A</v></c>", "#N/A"),
            ("<c t=\"e\"><v>#DIV/0!</v></c>", "#DIV/0!"),
            ("<c t=\"s\"><v>0</v></c>", " two "),
            ("<c t=\"s\"><v>1</v></c>", "rich"),
            ("<c t=\"inlineStr\"><is><t>in &amp; line</t></is></c>", "in & line"),
            ("<c t=\"str\"><f>\"0\"&amp;7</f><v>07</v></c>", "07"),
            ("<c><f>1+1</f><v>2</v></c>", "2"),
            ("<c t=\"d\"><v>2010-12-01T08:26:00</v></c>", "2010-12-01 08:26:00"),
            ("<c s=\"1\"><v>40513.351388888892</v></c>", "2010-12-01 08:26:00"),
            ("<c s=\"1\"><v>40513</v></c>", "2010-12-01 00:00:00"),
            ("<c s=\"4\"><v>40513</v></c>", "2010-12-01 00:00:00"),
            ("<c s=\"1\"><v>40513.999999999</v></c>", "2010-12-02 00:00:00"),
            ("<c s=\"1\"><v>45943.541</v></c>", "2025-10-13 12:59:02.400"),
            ("<c s=\"1\"><v>2958465</v></c>", "9999-12-31 00:00:00"),
            ("<c s=\"1\"><v>2958466</v></c>", "2958466"),
            ("<c s=\"1\"><v>-1</v></c>", "-1"),
            ("<c s=\"3\"><v>0.75</v></c>", "18:00:00"),
            ("<c s=\"3\"><v>0</v></c>", "00:00:00"),
            ("<c s=\"2\"><v>1.5</v></c>", "36:00:00"),
            ("<c s=\"2\"><v>-0.0625</v></c>", "-01:30:00"),
        ],
        false,
    );
    values(
        &[
            ("<c s=\"1\"><v>39051.351388888892</v></c>", "2010-12-01 08:26:00"),
            ("<c s=\"1\"><v>2957003</v></c>", "9999-12-31 00:00:00"),
            ("<c s=\"1\"><v>2957004</v></c>", "2957004"),
            ("<c s=\"2\"><v>1.5</v></c>", "36:00:00"),
        ],
        true,
    );
}

/// Each second of a day is read as it was written, however far from the epoch.
#[test]
fn no_second_is_rounded_away() {
    for day in [1_i64, 59, 61, 40_513, 2_958_465] {
        let seconds = (0..86_400).step_by(61);
        let rows: String = seconds
            .clone()
            .map(|second| format!("<row><c s=\"1\"><v>{}</v></c></row>", day as f64 + f64::from(second) / 86_400.0))
            .collect();
        let file = Book::new(&[("S", &(texts(&["a"]) + &rows))]).with_part("xl/styles.xml", STYLES).bytes();
        let found = read_book(file, &spec()).unwrap();
        let expected: Vec<String> = seconds.map(|second| format!("S|{}", instant(day, second.into()))).collect();
        assert_eq!(found.text(), expected);
    }
}

/// The instant of a serial number, by another library. Excel takes 1900 for a leap year.
fn instant(day: i64, second: i64) -> String {
    const EPOCH: i64 = -25_569;
    let days = EPOCH + day + i64::from(day < 60);
    let at = DateTime::UNIX_EPOCH + TimeDelta::days(days) + TimeDelta::seconds(second);
    at.format("%Y-%m-%d %H:%M:%S").to_string()
}

#[derive(Debug, Clone)]
enum Value {
    Empty,
    Text(String),
    Whole(i64),
    /// Whole part and thousandths.
    Decimal(i32, u16),
    Flag(bool),
    Instant(i64, u32),
}

impl Value {
    /// As CSV has it, worked out without floating-point numbers.
    fn text(&self) -> String {
        match self {
            Value::Empty => String::new(),
            Value::Text(text) => text.clone(),
            Value::Whole(number) => number.to_string(),
            Value::Decimal(..) => {
                let decimal = self.decimal();
                decimal.trim_end_matches('0').trim_end_matches('.').to_string()
            }
            Value::Flag(flag) => flag.to_string(),
            Value::Instant(day, second) => instant(*day, (*second).into()),
        }
    }

    fn decimal(&self) -> String {
        match self {
            Value::Decimal(whole, thousandths) => format!("{whole}.{thousandths:03}"),
            _ => String::new(),
        }
    }
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Empty),
        "[a-zA-Z0-9_ ,;\"'<>&\n\té£🍐]{0,12}".prop_map(Value::Text),
        (-(1_i64 << 53)..1 << 53).prop_map(Value::Whole),
        (1_i32..1_000_000, 0_u16..1000).prop_map(|(whole, thousandths)| Value::Decimal(whole, thousandths)),
        any::<bool>().prop_map(Value::Flag),
        (1_i64..2_958_466, 0_u32..86_400)
            .prop_filter("a day that never was", |(day, _)| *day != 60)
            .prop_map(|(day, second)| Value::Instant(day, second)),
    ]
}

fn table() -> impl Strategy<Value = Vec<Vec<Value>>> {
    let filled = |row: &Vec<Value>| row.iter().any(|value| !value.text().is_empty());
    (1_usize..6)
        .prop_flat_map(move |width| prop::collection::vec(prop::collection::vec(value(), width).prop_filter("blank", filled), 0..20))
}

/// The table as a workbook of several sheets, written by another library.
fn workbook(table: &[Vec<Value>], width: usize, rows_of_a_sheet: usize) -> Vec<u8> {
    let mut book = Workbook::new();
    let instants = CellFormat::new().set_num_format("yyyy\\-mm\\-dd hh:mm");
    let mut parts: Vec<&[Vec<Value>]> = table.chunks(rows_of_a_sheet).collect();
    if parts.is_empty() {
        parts.push(&[]);
    }
    for part in parts {
        let sheet = book.add_worksheet();
        for column in 0..width {
            sheet.write(0, column as u16, format!("c{column}")).unwrap();
        }
        for (row, values) in part.iter().enumerate() {
            for (column, value) in values.iter().enumerate() {
                let (row, column) = (row as u32 + 1, column as u16);
                match value {
                    Value::Empty => continue,
                    Value::Text(text) => sheet.write(row, column, text),
                    Value::Whole(number) => sheet.write(row, column, *number as f64),
                    Value::Decimal(..) => sheet.write(row, column, value.decimal().parse::<f64>().unwrap()),
                    Value::Flag(flag) => sheet.write(row, column, *flag),
                    Value::Instant(day, second) => {
                        sheet.write_with_format(row, column, *day as f64 + f64::from(*second) / 86_400.0, &instants)
                    }
                }
                .unwrap();
            }
        }
    }
    book.save_to_buffer().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    /// One table as CSV and as a workbook: the same columns, the same rows.
    #[test]
    fn a_workbook_is_its_csv(table in table(), rows_of_a_sheet in 1_usize..25) {
        let width = table.first().map_or(2, Vec::len);
        let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
        writer.write_record((0..width).map(|column| format!("c{column}"))).unwrap();
        for row in &table {
            writer.write_record(row.iter().map(Value::text)).unwrap();
        }
        let as_csv = read(&writer.into_inner().unwrap(), &csv()).unwrap();
        let mut as_workbook = read_book(workbook(&table, width, rows_of_a_sheet), &spec()).unwrap();
        for row in &mut as_workbook.rows {
            row.remove(0);
        }
        prop_assert_eq!(as_csv.columns, as_workbook.columns);
        prop_assert_eq!(as_csv.rows, as_workbook.rows);
        prop_assert_eq!(as_workbook.rejects, []);
        prop_assert_eq!(as_workbook.warnings, Vec::<String>::new());
        let lines: Vec<i64> = (0..table.len()).map(|row| (row % rows_of_a_sheet) as i64 + 2).collect();
        prop_assert_eq!(as_workbook.lines, lines);
    }
}
