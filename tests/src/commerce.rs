//! A shop's log from file to answers: what is odd in it, and what settings decide.

use std::fmt::Write as _;

use lake::{Action, Silent};
use spec::{Parameters, Settings};

use crate::lakes::{SourcedLake, block_on, rows};

const HEADER: &str = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\r\n";

/// A lake with a log of these lines.
async fn shop(lines: &str) -> SourcedLake {
    let place = SourcedLake::new();
    place.put("transactions.csv", format!("{HEADER}{lines}"));
    let done = place.run().await;
    assert!(done.skipped.is_empty(), "{:?}", done.skipped);
    place
}

fn parameters(text: &str) -> Parameters {
    Settings::parse("adlake.toml", text, []).unwrap().parameters
}

#[test]
fn settings_decide_windows_and_only_their_table_is_made_anew() {
    block_on(async {
        let mut lines = String::new();
        for day in 1..=28 {
            writeln!(lines, "{},20001,MUG,2,2/{day}/2011 9:00,1.50,12345,France\r", 1000 + day).unwrap();
        }
        let place = shop(&lines).await;
        let windows = "select window_days, item_count from gold.bestsellers order by window_days";
        assert_eq!(rows(&place.lake, windows).await, ["7|14", "30|56", "90|56", "365|56"]);
        let pipeline = lake::pipeline_with(&adlake::shipped_models(), &parameters("[parameters.gold.bestsellers]\nwindow_days = [3]\n"));
        let done = place.run_with(&pipeline.unwrap(), &Silent).await.unwrap();
        let changed: Vec<String> =
            done.report.tables.iter().filter(|table| table.action != Action::UpToDate).map(|table| table.table.to_string()).collect();
        assert_eq!(changed, ["gold.bestsellers"]);
        assert_eq!(rows(&place.lake, windows).await, ["3|6"]);
    });
}

#[test]
fn odd_logs_have_sensible_answers() {
    block_on(async {
        // A price below zero, a day without sales (the 3rd), a customer in two countries, at the same price a sale taken back.
        let place = shop(concat!(
            "1001,20001,MUG,2,2/1/2011 9:00,1.50,12345,France\r\n",
            "1002,20001,MUG,1,2/2/2011 9:00,-1.50,12345,France\r\n",
            "1003,20001,MUG,3,2/4/2011 9:00,1.50,12345,Spain\r\n",
            "C1004,20001,MUG,-3,2/4/2011 10:00,1.50,12345,Spain\r\n",
        ))
        .await;
        let sales = "select sold_on, gross_amount, net_amount from gold.sales_daily order by sold_on, country";
        let sold = rows(&place.lake, sales).await;
        assert!(sold.iter().all(|row| !row.starts_with("2011-02-03")), "{sold:?}");
        let total = "select sum(line_amount) from silver.invoice_lines";
        assert_eq!(rows(&place.lake, total).await, ["3.0000"]);
        let kept = "select reason from ops.quarantine";
        assert_eq!(rows(&place.lake, kept).await, ["expectation price_not_negative does not hold"]);
        let customer = "select country, country_count from silver.customers";
        assert_eq!(rows(&place.lake, customer).await, ["Spain|2"]);
        // A single customer is in every fifth at once: the worst by rank, and has a segment all the same.
        let segments = "select customer_id, rfm_cell, segment from gold.customer_rfm";
        assert_eq!(rows(&place.lake, segments).await, ["12345|111|lost"]);
    });
}

#[test]
fn an_invoice_of_ten_thousand_lines_is_one_order() {
    block_on(async {
        let mut lines = String::new();
        for line in 0..10_000 {
            writeln!(lines, "1001,{},THING {line},1,2/1/2011 9:00,0.01,12345,France\r", 20_000 + line).unwrap();
        }
        let place = shop(&lines).await;
        let sold = "select order_count, item_count, net_amount from gold.sales_daily";
        assert_eq!(rows(&place.lake, sold).await, ["1|10000|100.0000"]);
    });
}

#[test]
fn dates_in_both_orders_in_one_file_are_told() {
    block_on(async {
        let place =
            shop("1001,20001,MUG,2,13/2/2011 9:00,1.50,12345,France\r\n1002,20001,MUG,2,2/14/2011 9:00,1.50,12345,France\r\n").await;
        let read = "select invoiced_on from silver.invoice_lines";
        assert_eq!(rows(&place.lake, read).await, ["2011-02-14"]);
        let file = "select day_first_count, is_date_order_certain from silver.transaction_files";
        assert_eq!(rows(&place.lake, file).await, ["1|false"]);
        let kept = "select count(*) from ops.quarantine";
        assert_eq!(rows(&place.lake, kept).await, ["1"]);
    });
}

#[test]
fn dates_with_the_day_first_are_a_setting() {
    block_on(async {
        let set = "[parameters.silver.transactions]\ndate_order = \"day_first\"\n";
        let place = SourcedLake::new();
        place.put(
            "transactions.csv",
            format!("{HEADER}1001,20001,MUG,2,13/2/2011 9:00,1.50,12345,France\r\n1002,20001,MUG,2,3/4/2011 9:00:05,1.50,12345,France\r\n"),
        );
        let pipeline = lake::pipeline_with(&adlake::shipped_models(), &parameters(set)).unwrap();
        place.run_with(&pipeline, &Silent).await.unwrap();
        let read = "select invoiced_at from silver.invoice_lines order by 1";
        assert_eq!(rows(&place.lake, read).await, ["2011-02-13T09:00:00Z", "2011-04-03T09:00:05Z"]);
        let file = "select day_first_count, is_date_order_certain from silver.transaction_files";
        assert_eq!(rows(&place.lake, file).await, ["1|true"]);
        let wrong = parameters("[parameters.silver.transactions]\ndate_order = \"year_first\"\n");
        let error = lake::pipeline_with(&adlake::shipped_models(), &wrong).map(|_| ()).unwrap_err().to_string();
        let told = "parameters.silver.transactions.date_order: expected 'month_first' or 'day_first', found 'year_first'";
        assert!(error.contains(told), "{error}");
    });
}
