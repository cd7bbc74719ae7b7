#![allow(clippy::unwrap_used, clippy::panic)]

mod live_equals_batch;
mod rules;
mod scores;

use super::{Line, LineKind};

fn line(line_id: &str, invoice_no: &str, customer_id: &str, day: i32, kind: LineKind, amount: i128) -> Line {
    let [line_id, invoice_no, customer_id] = [line_id, invoice_no, customer_id].map(str::to_owned);
    Line { line_id, invoice_no, customer_id, day, kind, amount }
}
