//! Workbooks in the source: a shop's log as sheets, the same as text, and neighbours that are no workbooks.

use rust_xlsxwriter::{Format, Workbook, Worksheet};
use spec::SourceTable;

use crate::lakes::{SourcedLake, block_on, rows};

const NAMES: [&str; 8] = ["Invoice", "StockCode", "Description", "Quantity", "InvoiceDate", "Price", "Customer ID", "Country"];

/// A line: invoice, stock code, quantity, days since the epoch of Excel, price, customer.
type Line = (&'static str, &'static str, f64, f64, f64, f64);

const FIRST: [Line; 2] =
    [("489434", "85048", 12.0, 40_148.322_916_666_664, 6.95, 13_085.0), ("C489449", "22087", -12.0, 40_148.435, 2.95, 16_321.0)];
const SECOND: [Line; 2] =
    [("536365", "85123A", 6.0, 40_513.351_388_888_89, 2.55, 17_850.0), ("536366", "22633", 6.0, 40_513.5, 1.85, 17_850.0)];

fn write(sheet: &mut Worksheet, lines: &[Line]) {
    let instants = Format::new().set_num_format("yyyy\\-mm\\-dd\\ hh:mm:ss");
    for (column, name) in (0_u16..).zip(NAMES) {
        sheet.write(0, column, name).unwrap();
    }
    for (row, (invoice, code, quantity, at, price, customer)) in (1_u32..).zip(lines) {
        sheet.write(row, 0, *invoice).unwrap();
        sheet.write(row, 1, *code).unwrap();
        sheet.write(row, 2, "A THING").unwrap();
        sheet.write(row, 3, *quantity).unwrap();
        sheet.write_with_format(row, 4, *at, &instants).unwrap();
        sheet.write(row, 5, *price).unwrap();
        sheet.write(row, 6, *customer).unwrap();
        sheet.write(row, 7, "United Kingdom").unwrap();
    }
}

/// The shop's log in the form with two sheets, whose second has a row with a value beyond its columns.
fn workbook() -> Vec<u8> {
    let mut book = Workbook::new();
    write(book.add_worksheet().set_name("Year 2009-2010").unwrap(), &FIRST);
    let second = book.add_worksheet().set_name("Year 2010-2011").unwrap();
    write(second, &SECOND);
    second.write(4, 0, "536367").unwrap();
    second.write(4, 9, "beyond").unwrap();
    book.save_to_buffer().unwrap()
}

fn shop() -> SourcedLake {
    let mut place = SourcedLake::new();
    let columns = ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"];
    place.settings.source.tables = vec![SourceTable {
        pattern: "{online_retail_II*,not*}".to_owned(),
        table: "transactions".to_owned(),
        encoding: None,
        delimiter: None,
        has_header: None,
        columns: Some(columns.map(str::to_owned).to_vec()),
        sheet: None,
    }];
    place
}

const LINES: &str =
    "select invoice_no, invoiced_at, quantity, unit_price, customer_id, _source, _line from silver.transactions order by invoice_no";

#[test]
fn all_sheets_of_a_log_become_invoice_lines() {
    block_on(async {
        let place = shop();
        place.put("online_retail_II.xlsx", workbook());
        place.run().await;
        assert_eq!(
            rows(&place.lake, LINES).await,
            [
                "489434|2009-12-01T07:45:00Z|12|6.9500|13085|online_retail_II.xlsx!Year 2009-2010|2",
                "536365|2010-12-01T08:26:00Z|6|2.5500|17850|online_retail_II.xlsx!Year 2010-2011|2",
                "536366|2010-12-01T12:00:00Z|6|1.8500|17850|online_retail_II.xlsx!Year 2010-2011|3",
                "C489449|2009-12-01T10:26:24Z|-12|2.9500|16321|online_retail_II.xlsx!Year 2009-2010|3",
            ]
        );
        let aside = rows(&place.lake, "select table_name, source, line, reason, raw from ops.quarantine").await;
        let raw = "536367,,,,,,,,,beyond";
        assert_eq!(aside, [format!("bronze.transactions|online_retail_II.xlsx!Year 2010-2011|5|expected 8 fields, found 10|{raw}")]);
        assert!(!place.run().await.report.changed());
    });
}

#[test]
fn what_is_no_workbook_costs_the_others_nothing() {
    block_on(async {
        let place = shop();
        place.put("online_retail_II.xlsx", workbook());
        place.put("not_a_workbook.xlsx", "Invoice,StockCode\n1,2\n");
        let whole = workbook();
        place.put("not_whole.xlsx", &whole[..whole.len() / 2]);
        place.put("not_closed/~$online_retail_II.xlsx", "somebody");
        let done = place.run().await;
        assert_eq!(rows(&place.lake, "select count(*) from bronze.transactions").await, ["4"]);
        let told: Vec<(&str, bool)> = done.skipped.iter().map(|skipped| (skipped.path.as_str(), skipped.later)).collect();
        assert!(told.contains(&("not_a_workbook.xlsx", false)) && told.contains(&("not_whole.xlsx", true)), "{told:?}");
        // The second half arrives.
        place.put("not_whole.xlsx", whole);
        place.run().await;
        assert_eq!(rows(&place.lake, "select count(*) from bronze.transactions").await, ["8"]);
    });
}
