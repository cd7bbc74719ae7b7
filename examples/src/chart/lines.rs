//! A chart of lines.

use std::fmt::Write as _;

use super::scale::{Scale, wilson};
use super::{Anchor, COLORS, Drawing, GREY, INK, RULE, Unit, WIDTH, listed, marker};

const HEIGHT: f64 = 400.0;
const LEFT: f64 = 64.0;
const TOP: f64 = 76.0;
const BOTTOM: f64 = HEIGHT - 58.0;
/// One point of a line.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// The place on the horizontal axis; places stand in the order in which they first come.
    pub x: String,
    /// The line it belongs to.
    pub series: String,
    /// The height.
    pub y: f64,
    /// From where to where it could as well be.
    pub interval: Option<(f64, f64)>,
}

impl Point {
    /// A share with its 95 % interval.
    pub fn share(x: String, series: String, hits: f64, cases: f64) -> Self {
        let y = if cases > 0.0 { hits / cases } else { 0.0 };
        Self { x, series, y, interval: Some(wilson(hits, cases)) }
    }
}

/// What a chart of lines says around its lines.
pub struct Lines<'a> {
    /// What is shown.
    pub title: &'a str,
    /// What the height means, with its unit, and what a shaded band is.
    pub subtitle: &'a str,
    /// What lies along the horizontal axis.
    pub x_title: &'a str,
    /// How numbers are written.
    pub unit: Unit,
    /// Every how many places a label stands.
    pub label_every: usize,
}

impl Lines<'_> {
    /// The chart as SVG.
    pub fn draw(&self, points: &[Point]) -> String {
        let places = in_order(points.iter().map(|p| p.x.as_str()));
        let series = in_order(points.iter().map(|p| p.series.as_str()));
        let highest = points.iter().map(|p| p.interval.map_or(p.y, |(_, high)| high.max(p.y)));
        let scale = Scale::from_zero_to(highest.fold(0.0, f64::max));
        // A lone line needs no name, nor the room for one: the title has it.
        let is_named = series.len() > 1;
        let longest = series.iter().map(|name| name.chars().count()).max().unwrap_or(0) as f64;
        let right = WIDTH - if is_named { (8.0 * longest + 16.0).max(92.0) } else { 32.0 };
        let gap = (right - LEFT) / (places.len() - 1).max(1) as f64;
        let y = |number: f64| BOTTOM - (BOTTOM - TOP) * number / scale.top;

        let mut drawing = Drawing::new(HEIGHT, self.title, self.subtitle);
        self.axes(&mut drawing, &places, gap, &scale);
        let mut ends = Vec::new();
        for (number, name) in series.iter().enumerate() {
            let color = COLORS[number % COLORS.len()];
            let find = |place: &&str| points.iter().find(|p| p.series == *name && p.x == **place);
            let at = places.iter().enumerate().map(|(n, place)| (LEFT + gap * n as f64, find(place)));
            let line: Vec<(f64, &Point)> = at.filter_map(|(x, p)| p.map(|p| (x, p))).collect();
            band(&mut drawing, &line, color, &y);
            let line: Vec<(f64, f64)> = line.iter().map(|(x, p)| (*x, y(p.y))).collect();
            let path = listed(line.iter().copied());
            let _ = writeln!(
                drawing.svg,
                "<polyline points=\"{path}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"2\" stroke-linejoin=\"round\"/>"
            );
            line.iter().for_each(|at| marker(&mut drawing, number, *at, color));
            ends.extend(line.last().map(|(_, y)| (*y, *name, color)));
        }
        if is_named {
            for (height, name, color) in apart(ends) {
                drawing.text(right + 10.0, height + 4.5, 14.0, Anchor::Start, color, name);
            }
        }
        drawing.finish()
    }

    fn axes(&self, drawing: &mut Drawing, places: &[&str], gap: f64, scale: &Scale) {
        let right = LEFT + gap * places.len().saturating_sub(1) as f64;
        for tick in scale.ticks() {
            let y = BOTTOM - (BOTTOM - TOP) * tick / scale.top;
            drawing.line((LEFT, y), (right, y), if tick == 0.0 { INK } else { RULE }, 1.0);
            let label = self.unit.write(tick, scale.step);
            drawing.text(LEFT - 10.0, y + 4.5, 13.0, Anchor::End, GREY, &label);
        }
        for (number, place) in places.iter().enumerate() {
            let x = LEFT + gap * number as f64;
            let is_labelled = number % self.label_every.max(1) == 0;
            let length = if is_labelled { 7.0 } else { 3.0 };
            drawing.line((x, BOTTOM), (x, BOTTOM + length), INK, 1.0);
            if is_labelled {
                drawing.text(x, BOTTOM + 22.0, 13.0, Anchor::Middle, GREY, place);
            }
        }
        let middle = (LEFT + right) / 2.0;
        drawing.text(middle, HEIGHT - 14.0, 13.0, Anchor::Middle, GREY, self.x_title);
    }
}

/// The intervals of a line's points, as one shape.
fn band(drawing: &mut Drawing, line: &[(f64, &Point)], color: &str, y: &dyn Fn(f64) -> f64) {
    let upper = line.iter().filter_map(|(x, p)| p.interval.map(|(_, high)| (*x, y(high))));
    let lower = line.iter().rev().filter_map(|(x, p)| p.interval.map(|(low, _)| (*x, y(low))));
    let around: Vec<(f64, f64)> = upper.chain(lower).collect();
    if !around.is_empty() {
        let path = listed(around);
        let _ = writeln!(drawing.svg, "<polygon points=\"{path}\" fill=\"{color}\" fill-opacity=\"0.15\"/>");
    }
}

/// Each name once, in the order in which it first comes.
fn in_order<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = Vec::new();
    for name in names {
        if !seen.contains(&name) {
            seen.push(name);
        }
    }
    seen
}

/// Names at the ends of lines, moved down where two would overlap.
fn apart<'a>(mut ends: Vec<(f64, &'a str, &'a str)>) -> Vec<(f64, &'a str, &'a str)> {
    const LINE: f64 = 18.0;
    ends.sort_by(|a, b| a.0.total_cmp(&b.0));
    for next in 1..ends.len() {
        ends[next].0 = ends[next].0.max(ends[next - 1].0 + LINE);
    }
    // Those at the lower edge move up instead.
    let mut floor = BOTTOM;
    for end in ends.iter_mut().rev() {
        end.0 = end.0.min(floor);
        floor = end.0 - LINE;
    }
    ends
}
