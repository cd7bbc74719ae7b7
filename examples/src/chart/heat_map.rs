//! A heat map: a number for each pair of a row and a column, as a colour.

use std::fmt::Write as _;

use super::scale::Scale;
use super::{Anchor, Drawing, GREY, INK, Unit, WIDTH, rounded};

const TOP: f64 = 72.0;
const RIGHT: f64 = WIDTH - 24.0;
/// From light to dark, in one hue: read the same by colour-blind readers and in print. ColorBrewer's "Blues".
const SHADES: [Color; 6] = [(247, 251, 255), (222, 235, 247), (158, 202, 225), (66, 146, 198), (8, 81, 156), (8, 48, 107)];

/// One cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Its row; rows and columns stand in the order in which they first come.
    pub row: String,
    /// Its column.
    pub column: String,
    /// What its colour says.
    pub number: f64,
    /// What is written in it.
    pub label: String,
    /// A second, smaller line, such as how many cases the number rests on; may be empty.
    pub note: String,
}

/// What a heat map says around its cells.
pub struct HeatMap<'a> {
    /// What is shown.
    pub title: &'a str,
    /// What a cell says, with its unit.
    pub subtitle: &'a str,
    /// What lies along the horizontal axis.
    pub x_title: &'a str,
    /// How numbers are written at the scale of colours.
    pub unit: Unit,
    /// Pixels on the left for the names of rows.
    pub left: f64,
    /// Pixels from one row to the next.
    pub row_height: f64,
}

impl HeatMap<'_> {
    /// The chart as SVG.
    pub fn draw(&self, cells: &[Cell]) -> String {
        let mut rows: Vec<&str> = Vec::new();
        let mut columns: Vec<&str> = Vec::new();
        for cell in cells {
            if !rows.contains(&cell.row.as_str()) {
                rows.push(&cell.row);
            }
            if !columns.contains(&cell.column.as_str()) {
                columns.push(&cell.column);
            }
        }
        let width = (RIGHT - self.left) / columns.len().max(1) as f64;
        let bottom = TOP + self.row_height * rows.len() as f64;
        let scale = Scale::from_zero_to(cells.iter().map(|c| c.number).fold(0.0, f64::max));
        let mut drawing = Drawing::new(bottom + 106.0, self.title, self.subtitle);
        for (number, row) in rows.iter().enumerate() {
            let middle = TOP + self.row_height * (number as f64 + 0.5);
            drawing.text(self.left - 10.0, middle + 4.5, 13.0, Anchor::End, INK, row);
        }
        for (number, column) in columns.iter().enumerate() {
            let middle = self.left + width * (number as f64 + 0.5);
            drawing.text(middle, bottom + 18.0, 13.0, Anchor::Middle, INK, column);
        }
        for cell in cells {
            let row = rows.iter().position(|r| *r == cell.row).unwrap_or_default() as f64;
            let column = columns.iter().position(|c| *c == cell.column).unwrap_or_default() as f64;
            let (x, y) = (self.left + width * column, TOP + self.row_height * row);
            let color = shade(cell.number / scale.top);
            // A pixel of white between cells, so that equal neighbours stay two.
            drawing.rectangle(x + 0.5, y + 0.5, width - 1.0, self.row_height - 1.0, &hex(color));
            let ink = readable_on(color);
            let (middle, center) = (x + width / 2.0, y + self.row_height / 2.0);
            let size = if width < 40.0 { 12.0 } else { 14.0 };
            if cell.note.is_empty() {
                drawing.text(middle, center + 4.5, size, Anchor::Middle, ink, &cell.label);
            } else {
                drawing.text(middle, center - 1.0, size, Anchor::Middle, ink, &cell.label);
                drawing.text(middle, center + 13.0, 11.0, Anchor::Middle, ink, &cell.note);
            }
        }
        drawing.text((self.left + RIGHT) / 2.0, bottom + 40.0, 13.0, Anchor::Middle, GREY, self.x_title);
        self.legend(&mut drawing, bottom + 58.0, &scale);
        drawing.finish()
    }

    /// What the colours mean, from 0.
    fn legend(&self, drawing: &mut Drawing, y: f64, scale: &Scale) {
        const LENGTH: f64 = 300.0;
        let left = (self.left + RIGHT - LENGTH) / 2.0;
        let last = (SHADES.len() - 1) as f64;
        let stops = SHADES
            .iter()
            .enumerate()
            .map(|(number, color)| format!("<stop offset=\"{}\" stop-color=\"{}\"/>", rounded(number as f64 / last), hex(*color)));
        let stops: String = stops.collect();
        let _ = writeln!(drawing.svg, "<defs><linearGradient id=\"shades\">{stops}</linearGradient></defs>");
        drawing.rectangle(left, y, LENGTH, 12.0, "url(#shades)");
        for tick in scale.ticks() {
            let x = left + LENGTH * tick / scale.top;
            drawing.line((x, y + 12.0), (x, y + 16.0), GREY, 1.0);
            let label = self.unit.write(tick, scale.step);
            drawing.text(x, y + 30.0, 12.0, Anchor::Middle, GREY, &label);
        }
    }
}

type Color = (u8, u8, u8);

/// The colour of a number, as its share of the largest.
fn shade(share: f64) -> Color {
    let place = share.clamp(0.0, 1.0) * (SHADES.len() - 1) as f64;
    let below = (place.floor() as usize).min(SHADES.len() - 2);
    let part = place - below as f64;
    let (from, to) = (SHADES[below], SHADES[below + 1]);
    let mix = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * part).round() as u8;
    (mix(from.0, to.0), mix(from.1, to.1), mix(from.2, to.2))
}

fn hex((red, green, blue): Color) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// Dark or white, whichever has more contrast on the colour, by the relative luminance of WCAG 2.
fn readable_on((red, green, blue): Color) -> &'static str {
    let linear = |part: u8| (f64::from(part) / 255.0).powf(2.2);
    let luminance = 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
    // Contrast with white is 1.05 / (l + 0.05), with the dark ink (l + 0.05) / 0.065; they are equal here.
    if luminance < 0.211 { "#ffffff" } else { INK }
}
