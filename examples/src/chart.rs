//! Charts as SVG text: lines over time or hours, heat maps, bars, and promised against observed rates. Written by hand rather than with a plotting library, so that
//! the pages are the same bytes everywhere and nothing is linked for them.
//!
//! The habits: a title that says what is shown, the unit at the axis, scales that begin at 0, lines named where they end
//! instead of in a legend, colours that colour-blind readers tell apart, intervals where a rate comes from few cases.

mod bars;
mod heat_map;
mod lines;
mod reliability;
mod scale;

use std::fmt::Write as _;

pub use bars::{Bar, Bars};
pub use heat_map::{Cell, HeatMap};
pub use lines::{Lines, Point};
pub use reliability::{Bin, Reliability};

/// Pixels; pages show charts this wide.
const WIDTH: f64 = 800.0;
const INK: &str = "#1f2328";
const GREY: &str = "#57606a";
const RULE: &str = "#d8dee4";
/// Blue, vermillion, green, purple of Okabe and Ito, which colour-blind readers tell apart.
const COLORS: [&str; 4] = ["#0072b2", "#d55e00", "#009e73", "#aa4499"];

/// How a number is written at axes and in cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// As it is.
    Count,
    /// A fraction from 0 to 1 as per cent.
    Percent,
    /// US dollars.
    Dollars,
}

impl Unit {
    /// The number with as many decimals as a step between numbers needs.
    fn write(self, number: f64, step: f64) -> String {
        let decimals = |step: f64| usize::try_from((-step.log10().floor()) as i64).unwrap_or(0);
        match self {
            Self::Count => format!("{number:.*}", decimals(step)),
            Self::Percent => format!("{:.*}%", decimals(step * 100.0), number * 100.0),
            Self::Dollars => format!("${number:.*}", decimals(step)),
        }
    }
}

/// The text of an SVG file that grows.
struct Drawing {
    svg: String,
}

/// Where a text stands relative to its point.
#[derive(Clone, Copy)]
enum Anchor {
    Start,
    Middle,
    End,
}

impl Drawing {
    /// Begins with a white ground, so that the picture is readable on a dark page, the title, and the unit below it.
    fn new(height: f64, title: &str, subtitle: &str) -> Self {
        let svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
             viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
             font-family=\"system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', Helvetica, Arial, sans-serif\">\n\
             <title>{}</title>\n<rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#ffffff\"/>\n",
            escaped(title)
        );
        let mut drawing = Self { svg };
        let _ =
            writeln!(drawing.svg, "<text x=\"16\" y=\"30\" font-size=\"18\" font-weight=\"600\" fill=\"{INK}\">{}</text>", escaped(title));
        drawing.text(16.0, 52.0, 13.0, Anchor::Start, GREY, subtitle);
        drawing
    }

    fn text(&mut self, x: f64, y: f64, size: f64, anchor: Anchor, color: &str, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let (x, y) = (rounded(x), rounded(y));
        let _ = writeln!(self.svg, "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\"{anchor} fill=\"{color}\">{}</text>", escaped(text));
    }

    fn line(&mut self, from: (f64, f64), to: (f64, f64), color: &str, width: f64) {
        let (x1, y1, x2, y2) = (rounded(from.0), rounded(from.1), rounded(to.0), rounded(to.1));
        let _ = writeln!(self.svg, "<line x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\" stroke=\"{color}\" stroke-width=\"{width}\"/>");
    }

    fn rectangle(&mut self, x: f64, y: f64, width: f64, height: f64, fill: &str) {
        let (x, y, width, height) = (rounded(x), rounded(y), rounded(width), rounded(height));
        let _ = writeln!(self.svg, "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{fill}\"/>");
    }

    fn finish(mut self) -> String {
        self.svg.push_str("</svg>\n");
        self.svg
    }
}

/// To a tenth of a pixel: enough for the eye, and the same text whatever the last bit of a sum.
fn rounded(pixels: f64) -> f64 {
    // The sum turns a negative zero into a zero.
    (pixels * 10.0).round() / 10.0 + 0.0
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A point: a disc, a square, a triangle or a diamond, so that lines differ without their colours too.
fn marker(drawing: &mut Drawing, series: usize, (x, y): (f64, f64), color: &str) {
    let corners: &[(f64, f64)] = match series % 4 {
        0 => &[],
        1 => &[(-3.0, -3.0), (3.0, -3.0), (3.0, 3.0), (-3.0, 3.0)],
        2 => &[(0.0, -4.0), (4.0, 3.0), (-4.0, 3.0)],
        _ => &[(0.0, -4.5), (4.0, 0.0), (0.0, 4.5), (-4.0, 0.0)],
    };
    let shape = if corners.is_empty() {
        format!("<circle cx=\"{}\" cy=\"{}\" r=\"3.2\" fill=\"{color}\"/>", rounded(x), rounded(y))
    } else {
        let path = listed(corners.iter().map(|(right, down)| (x + right, y + down)));
        format!("<polygon points=\"{path}\" fill=\"{color}\"/>")
    };
    drawing.svg.push_str(&shape);
    drawing.svg.push('\n');
}

fn listed(points: impl IntoIterator<Item = (f64, f64)>) -> String {
    let points = points.into_iter().map(|(x, y)| format!("{},{}", rounded(x), rounded(y)));
    points.collect::<Vec<_>>().join(" ")
}
