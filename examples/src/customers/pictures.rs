//! The pictures of the chapter.

use anyhow::Result;
use lake::datafusion::arrow::record_batch::RecordBatch;
use training::metrics::{CalibrationBin, LiftDecile};

use crate::chart::{Bar, Bars, Bin, Cell, HeatMap, Lines, Point, Reliability, Unit};
use crate::rows::{numbers, texts};

/// Columns week, gross, net.
pub fn revenue(weeks: &[RecordBatch]) -> Result<String> {
    let mut points = Vec::new();
    for series in ["gross", "net"] {
        let heights = texts(weeks, "week")?.into_iter().zip(numbers(weeks, series)?);
        points.extend(heights.map(|(x, y)| Point { x, series: series.to_owned(), y: y / 1000.0, interval: None }));
    }
    let chart = Lines {
        title: "Revenue by week",
        subtitle: "Thousands, in the log's currency; net: less what came back in the week",
        x_title: "Monday of the week, December 2010 to November 2011",
        unit: Unit::Count,
        label_every: 6,
    };
    Ok(chart.draw(&points))
}

/// Columns recency_score, monetary_score, customers, net_amount.
pub fn segment_map(cells: &[RecordBatch]) -> Result<String> {
    let (recency, monetary) = (numbers(cells, "recency_score")?, numbers(cells, "monetary_score")?);
    let amounts = numbers(cells, "net_amount")?.into_iter().zip(numbers(cells, "customers")?);
    let name = |score: f64, low: &str, high: &str| match score as u32 {
        1 => format!("1 {low}"),
        5 => format!("5 {high}"),
        score => score.to_string(),
    };
    let cells = recency.into_iter().zip(monetary).zip(amounts).map(|((recency, monetary), (amount, customers))| Cell {
        row: name(monetary, "(low)", "(high)"),
        column: name(recency, "(long ago)", "(lately)"),
        number: amount / 1000.0,
        label: format!("{:.0} k", amount / 1000.0),
        note: format!("{customers} customers"),
    });
    let chart = HeatMap {
        title: "Where the money is",
        subtitle: "Net revenue in thousands, and customers; rows: monetary score, in fifths of all customers",
        x_title: "Recency score",
        unit: Unit::Count,
        left: 90.0,
        row_height: 44.0,
    };
    Ok(chart.draw(&cells.collect::<Vec<_>>()))
}

/// Tenths of customers, lowest first, each with what model and law expect.
pub fn expected_purchases(tenths: &[&[(f64, f64)]]) -> String {
    let mean = |tenth: &[(f64, f64)], of: fn(&(f64, f64)) -> f64| tenth.iter().map(of).sum::<f64>() / tenth.len().max(1) as f64;
    let mut points = Vec::new();
    for (number, tenth) in (1..).zip(tenths) {
        let (model, law) = (mean(tenth, |pair| pair.0), mean(tenth, |pair| pair.1));
        let squares = tenth.iter().map(|pair| (pair.1 - law).powi(2)).sum::<f64>() / tenth.len().saturating_sub(1).max(1) as f64;
        let error = 1.96 * (squares / tenth.len().max(1) as f64).sqrt();
        let point = |series: &str, y, interval| Point { x: format!("{number}"), series: series.to_owned(), y, interval };
        points.push(point("model", model, None));
        points.push(point("law", law, Some(((law - error).max(0.0), law + error))));
    }
    let chart = Lines {
        title: "Purchases to expect in the next 90 days",
        subtitle: "Means of tenths of the customers; shaded: 95% interval of the law's mean over such customers",
        x_title: "Tenth of the customers by what the model expects, lowest first",
        unit: Unit::Count,
        label_every: 1,
    };
    chart.draw(&points)
}

/// Bins of what was predicted walking forward.
pub fn calibration(bins: &[CalibrationBin]) -> String {
    let bin = |bin: &CalibrationBin| Bin {
        expected: bin.expected,
        observed: bin.observed.value,
        interval: (bin.observed.low, bin.observed.high),
    };
    let chart = Reliability {
        title: "Churn promised and churn observed",
        subtitle: "A point is a tenth of customers and cuts walked forward; upright: 95% interval",
        x_title: "Mean probability that the models gave",
    };
    chart.draw(&[("blend", bins.iter().map(bin).collect())])
}

/// Tenths of what was predicted walking forward.
pub fn lift(deciles: &[LiftDecile]) -> String {
    let name = |decile: u8| match decile {
        1 => "highest tenth".to_owned(),
        10 => "lowest tenth".to_owned(),
        decile => decile.to_string(),
    };
    let bar = |decile: &LiftDecile| Bar {
        name: name(decile.decile),
        number: decile.lift.value,
        interval: Some((decile.lift.low, decile.lift.high)),
    };
    let chart = Bars {
        title: "Lift by tenths of the customers",
        subtitle: "Share of churners by that of all customers: 1 = no better than chance; thin: 95% interval",
        x_title: "Lift",
        unit: Unit::Count,
        left: 120.0,
    };
    chart.draw(&deciles.iter().map(bar).collect::<Vec<_>>())
}
