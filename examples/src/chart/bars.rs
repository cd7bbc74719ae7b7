//! A chart of horizontal bars.

use super::scale::Scale;
use super::{Anchor, COLORS, Drawing, GREY, INK, RULE, Unit, WIDTH};

const TOP: f64 = 72.0;
const ROW: f64 = 30.0;

/// One bar.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// What it stands for.
    pub name: String,
    /// Its length, not negative.
    pub number: f64,
    /// From where to where it could as well be.
    pub interval: Option<(f64, f64)>,
}

/// What a chart of bars says around its bars.
pub struct Bars<'a> {
    /// What is shown.
    pub title: &'a str,
    /// What a length means, with its unit, and what a thin line is.
    pub subtitle: &'a str,
    /// What lies along the horizontal axis.
    pub x_title: &'a str,
    /// How numbers are written.
    pub unit: Unit,
    /// Pixels on the left for the names.
    pub left: f64,
}

impl Bars<'_> {
    /// The chart as SVG, the bars in the order given.
    pub fn draw(&self, bars: &[Bar]) -> String {
        let right = WIDTH - 40.0;
        let bottom = TOP + ROW * bars.len() as f64;
        let longest = bars.iter().map(|bar| bar.interval.map_or(bar.number, |(_, high)| high.max(bar.number)));
        let scale = Scale::from_zero_to(longest.fold(0.0, f64::max));
        let x = |number: f64| self.left + (right - self.left) * number.max(0.0) / scale.top;

        let mut drawing = Drawing::new(bottom + 62.0, self.title, self.subtitle);
        for tick in scale.ticks() {
            drawing.line((x(tick), TOP), (x(tick), bottom), if tick == 0.0 { INK } else { RULE }, 1.0);
            drawing.text(x(tick), bottom + 20.0, 13.0, Anchor::Middle, GREY, &self.unit.write(tick, scale.step));
        }
        for (number, bar) in bars.iter().enumerate() {
            let middle = TOP + ROW * (number as f64 + 0.5);
            drawing.text(self.left - 10.0, middle + 4.5, 13.0, Anchor::End, INK, &bar.name);
            drawing.rectangle(self.left, middle - 9.0, x(bar.number) - self.left, 18.0, COLORS[0]);
            if let Some((low, high)) = bar.interval {
                drawing.line((x(low), middle), (x(high), middle), INK, 1.5);
                for end in [low, high] {
                    drawing.line((x(end), middle - 4.0), (x(end), middle + 4.0), INK, 1.5);
                }
            }
        }
        drawing.text((self.left + right) / 2.0, bottom + 46.0, 13.0, Anchor::Middle, GREY, self.x_title);
        drawing.finish()
    }
}
