//! The pictures of the chapter.

use anyhow::Result;
use attribution::response::Response;
use lake::datafusion::arrow::record_batch::RecordBatch;
use sources::marketing::Generated;

use crate::chart::{Cell, HeatMap, Lines, Point, Unit};
use crate::rows::{numbers, texts};

const MODELS: [(&str, &str); 6] = [
    ("first_touch", "first touch"),
    ("last_touch", "last touch"),
    ("linear", "linear"),
    ("time_decay", "time decay"),
    ("markov", "Markov"),
    ("shapley", "Shapley"),
];

/// Columns attribution_model, channel, conversions.
pub fn credit(credited: &[RecordBatch], generated: &Generated) -> Result<String> {
    let (models, channels) = (texts(credited, "attribution_model")?, texts(credited, "channel")?);
    let conversions = numbers(credited, "conversions")?;
    let mut names = channels.clone();
    names.dedup();
    let mut cells = Vec::new();
    for row in names {
        let mut add = |column: &str, number: f64| {
            let label = format!("{number:.0}");
            cells.push(Cell { row: row.clone(), column: column.to_owned(), number, label, note: String::new() });
        };
        for (model, shown) in MODELS {
            let at = models.iter().zip(&channels).position(|(m, channel)| m == model && *channel == row);
            add(shown, at.map_or(0.0, |at| conversions[at]));
        }
        let truth = generated.channels.iter().find(|truth| truth.channel == row);
        add("caused", truth.map_or(0.0, |truth| truth.incremental_conversions));
    }
    let chart = HeatMap {
        title: "Conversions credited, and conversions caused",
        subtitle: "Conversions in 60 days by channel; models hand out all that have a touch, the last column is the truth",
        x_title: "Attribution model, and the truth",
        unit: Unit::Count,
        left: 130.0,
        row_height: 34.0,
    };
    Ok(chart.draw(&cells))
}

/// The channels with the most spend.
pub fn response(response: &Response) -> String {
    let mut order: Vec<usize> = (0..response.names.len()).collect();
    order.sort_by(|a, b| response.present[*b].total_cmp(&response.present[*a]));
    let mut points = Vec::new();
    for channel in order.into_iter().take(2) {
        for step in 0..=12_u32 {
            let share = f64::from(step) / 4.0;
            let spend = share * response.present[channel];
            let mut drawn: Vec<f64> = response.draws.iter().map(|curves| curves[channel].outcome(spend)).collect();
            drawn.sort_by(f64::total_cmp);
            let quantile = |share: f64| drawn[((drawn.len() - 1) as f64 * share).round() as usize];
            points.push(Point {
                x: format!("{:.0}%", share * 100.0),
                series: response.names[channel].clone(),
                y: quantile(0.5),
                interval: Some((quantile(0.1), quantile(0.9))),
            });
        }
    }
    let chart = Lines {
        title: "What more or less spend would bring",
        subtitle: "Conversions a day, median of the possible curves; shaded: 80% of them; the two channels with the most spend",
        x_title: "Daily spend on the channel, of the present spend",
        unit: Unit::Count,
        label_every: 4,
    };
    chart.draw(&points)
}
