//! The live table of RFM says at every moment what a run would write.

use std::fmt::Write as _;
use std::sync::Arc;

use fastrand::Rng;
use gold::LiveCustomerRfm;
use lake::datafusion::arrow::array::RecordBatch;
use lake::{AsOf, Lake, LakeError, LakeOptions};
use spec::Settings;

use crate::lakes::{SourcedLake, block_on, fresh, query, rows, texts};

const HEADER: &str = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\r\n";
const WRITTEN: &str = "select * from gold.customer_rfm order by customer_id";

/// Lines of invoices of any days, so that later deliveries hold earlier days too: sales, cancellations, postage, gifts, guests, lines
/// told twice and invoices told in parts.
fn delivery(dice: &mut Rng, number: usize) -> String {
    let mut lines = HEADER.to_owned();
    for _ in 0..60 {
        let invoice = dice.u32(1000..1100);
        // The invoice's number tells its customer and day.
        let (customer, day) = (invoice % 17, 1 + (invoice * 7 + number as u32) % 28);
        let (sign, prefix) = if dice.u8(..6) == 0 { ("-", "C") } else { ("", "") };
        let stock_code = ["20001", "20002", "POST", "20003"][dice.usize(..4)];
        let price = ["1.50", "0.00", "12.25"][dice.usize(..3)];
        let customer = if customer == 0 { String::new() } else { (12_000 + customer).to_string() };
        let line = format!("{prefix}{invoice},{stock_code},THING,{sign}{},2/{day}/2011 9:00,{price},{customer},France\r", dice.u8(1..9));
        for _ in 0..1 + usize::from(dice.u8(..8) == 0) {
            writeln!(lines, "{line}").unwrap();
        }
    }
    lines
}

async fn lines_of(lake: &Lake, file: &str) -> Vec<RecordBatch> {
    query(lake, &format!("select * from silver.invoice_lines where _source like '%{file}' order by line_id")).await.unwrap()
}

async fn now(live: &Arc<LiveCustomerRfm>, lake: &Lake) -> Vec<String> {
    let session = live.session(lake, AsOf::Latest).await.unwrap();
    let batches = session.sql(WRITTEN).await.unwrap().collect().await.unwrap();
    texts(&batches).into_iter().map(|row| row.join("|")).collect()
}

#[test]
fn it_equals_the_table_after_every_delivery() {
    block_on(async {
        for (seed, settings) in
            ["", "[parameters.gold.customer_rfm]\nscoring = \"thresholds\"\namount_cuts = [5, 20, 40, 80]\n"].iter().enumerate()
        {
            let mut dice = Rng::with_seed(seed as u64);
            let parameters = Settings::parse("adlake.toml", settings, []).unwrap().parameters;
            let place = SourcedLake::with(LakeOptions { parameters: parameters.clone(), ..LakeOptions::default() });
            let pipeline = lake::pipeline_with(&adlake::shipped_models(), &parameters).unwrap();
            place.put("transactions-0.csv", delivery(&mut dice, 0));
            place.run_with(&pipeline, &lake::Silent).await.unwrap();
            let live = LiveCustomerRfm::of(&place.lake, AsOf::Latest).await.unwrap();
            assert_eq!(now(&live, &place.lake).await, rows(&place.lake, WRITTEN).await);
            for number in 1..4 {
                let before = now(&live, &place.lake).await;
                place.put(&format!("transactions-{number}.csv"), delivery(&mut dice, number));
                place.run_with(&pipeline, &lake::Silent).await.unwrap();
                let new = lines_of(&place.lake, &format!("transactions-{number}.csv")).await;
                // Line by line, in any order, some of them twice.
                let mut events: Vec<RecordBatch> =
                    new.iter().flat_map(|batch| (0..batch.num_rows()).map(|row| batch.slice(row, 1))).collect();
                events.extend_from_within(..events.len() / 4);
                dice.shuffle(&mut events);
                for event in &events {
                    live.take(event, 0).unwrap();
                }
                let written = rows(&place.lake, WRITTEN).await;
                assert_eq!(now(&live, &place.lake).await, written);
                assert_ne!(before, written, "the delivery said nothing new: the comparison cannot fail");
            }
        }
    });
}

#[test]
fn without_lines_or_their_columns_there_is_an_error() {
    block_on(async {
        let error = LiveCustomerRfm::of(&fresh(), AsOf::Latest).await.map(|_| ()).unwrap_err();
        assert!(error.to_string().contains("silver.invoice_lines"), "{error}");
        let place = SourcedLake::new();
        place.put("transactions.csv", delivery(&mut Rng::with_seed(3), 0));
        place.run().await;
        let live = LiveCustomerRfm::of(&place.lake, AsOf::Latest).await.unwrap();
        let other = &query(&place.lake, "select customer_id from gold.customer_rfm").await.unwrap()[0];
        let error: LakeError = live.take(other, 0).unwrap_err();
        assert_eq!(error.to_string(), "the lines have no column line_id as in silver.invoice_lines");
    });
}
