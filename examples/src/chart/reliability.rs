//! A chart of promised against observed rates.

use std::fmt::Write as _;

use super::scale::Scale;
use super::{Anchor, COLORS, Drawing, GREY, INK, RULE, Unit, WIDTH, marker, rounded};

const HEIGHT: f64 = 470.0;
const LEFT: f64 = 76.0;
const RIGHT: f64 = WIDTH - 200.0;
const TOP: f64 = 76.0;
const BOTTOM: f64 = HEIGHT - 58.0;

/// Rows of similar probability.
#[derive(Clone, Debug, PartialEq)]
pub struct Bin {
    /// What was promised: their mean probability.
    pub expected: f64,
    /// What came: their share of positives.
    pub observed: f64,
    /// From where to where that could as well be.
    pub interval: (f64, f64),
}

/// What a chart of reliability says around its points.
pub struct Reliability<'a> {
    /// What is shown.
    pub title: &'a str,
    /// What a point is, and what a thin line is.
    pub subtitle: &'a str,
    /// What lies along the horizontal axis.
    pub x_title: &'a str,
}

impl Reliability<'_> {
    /// The chart as SVG: models by name with their bins.
    pub fn draw(&self, models: &[(&str, Vec<Bin>)]) -> String {
        let bins = models.iter().flat_map(|(_, bins)| bins);
        let scale = Scale::from_zero_to(bins.map(|bin| bin.expected.max(bin.interval.1)).fold(0.0, f64::max));
        let x = |number: f64| LEFT + (RIGHT - LEFT) * number / scale.top;
        let y = |number: f64| BOTTOM - (BOTTOM - TOP) * number / scale.top;

        let mut drawing = Drawing::new(HEIGHT, self.title, self.subtitle);
        for tick in scale.ticks() {
            let color = if tick == 0.0 { INK } else { RULE };
            drawing.line((LEFT, y(tick)), (RIGHT, y(tick)), color, 1.0);
            drawing.line((x(tick), TOP), (x(tick), BOTTOM), color, 1.0);
            let label = Unit::Percent.write(tick, scale.step);
            drawing.text(LEFT - 10.0, y(tick) + 4.5, 13.0, Anchor::End, GREY, &label);
            drawing.text(x(tick), BOTTOM + 22.0, 13.0, Anchor::Middle, GREY, &label);
        }
        drawing.line((x(0.0), y(0.0)), (x(scale.top), y(scale.top)), GREY, 1.5);
        drawing.text(x(scale.top) + 8.0, y(scale.top) + 4.5, 13.0, Anchor::Start, GREY, "kept to the letter");
        for (number, (name, bins)) in models.iter().enumerate() {
            let color = COLORS[number % COLORS.len()];
            let path: Vec<String> = bins.iter().map(|bin| format!("{},{}", rounded(x(bin.expected)), rounded(y(bin.observed)))).collect();
            let _ = writeln!(
                drawing.svg,
                "<polyline points=\"{}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"1.5\" stroke-opacity=\"0.6\"/>",
                path.join(" ")
            );
            for bin in bins {
                drawing.line((x(bin.expected), y(bin.interval.0)), (x(bin.expected), y(bin.interval.1)), color, 1.5);
                marker(&mut drawing, number, (x(bin.expected), y(bin.observed)), color);
            }
            // A lone model needs no name: the title has it.
            if let Some(last) = bins.last().filter(|_| models.len() > 1) {
                drawing.text(x(last.expected) + 10.0, y(last.observed) + 4.5, 14.0, Anchor::Start, color, name);
            }
        }
        drawing.text((LEFT + RIGHT) / 2.0, HEIGHT - 14.0, 13.0, Anchor::Middle, GREY, self.x_title);
        drawing.finish()
    }
}
