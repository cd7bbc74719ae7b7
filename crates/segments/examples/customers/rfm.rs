use segments::rfm::{Change, Event, Line, LineKind, LiveRfm, Placed, Scoring, SegmentRules, measure, place};
use serde_json::{Value, json};

use crate::Failure;

fn line(record: &csv::StringRecord) -> Result<Line, Failure> {
    let kind = match &record[4] {
        "sale" => LineKind::Sale,
        "return" => LineKind::Return,
        other => return Err(format!("`{other}` is no kind of line").into()),
    };
    let [line_id, invoice_no, customer_id] = [&record[0], &record[1], &record[2]].map(str::to_owned);
    Ok(Line { line_id, invoice_no, customer_id, day: record[3].parse()?, kind, amount: record[5].parse()? })
}

pub fn rfm(file: &str, as_of: i32) -> Result<Value, Failure> {
    let lines: Vec<Line> = csv::Reader::from_path(file)?.records().map(|record| line(&record?)).collect::<Result<_, _>>()?;
    let rules = SegmentRules::parse(SegmentRules::CUSTOMARY)?;
    // It looks from an earlier day first.
    let mut live = LiveRfm::new(as_of - 100);
    let half = lines.len() / 2;
    for line in lines.iter().chain(&lines[half..]) {
        live.apply(Event { version: 0, change: Change::Line(line.clone()) })?;
    }
    live.look_from(as_of);
    let batch = place(measure(&lines, as_of)?, &Scoring::Quantiles, &rules);
    Ok(json!({"batch": rows(&batch), "live": rows(&live.everyone(&Scoring::Quantiles, &rules))}))
}

fn rows(customers: &[Placed]) -> Vec<Value> {
    let row = |Placed { rfm, scores, segment }: &Placed| {
        json!([
            rfm.customer_id,
            rfm.recency_days,
            rfm.frequency,
            rfm.monetary.to_string(),
            scores.recency,
            scores.frequency,
            scores.monetary,
            segment
        ])
    };
    customers.iter().map(row).collect()
}
