//! How often each value of a feature comes with which label, counted in one pass.

use super::chance::Area;
use super::finding::Held;
use super::rows::{CLASSES, Rows, Side};
use crate::bins::FeatureBins;
use crate::data::{Categories, Column};
use crate::error::Result;

/// Bins of a number: what comes more often than one row in a hundred has one of its own.
const BINS: usize = 254;

/// Rows of one value by label, half and side.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cell([u32; CLASSES]);

impl Cell {
    fn count(&self, wanted: impl Fn(usize) -> bool) -> (u64, u64) {
        let of = |label| (0..CLASSES).filter(|class| class & 1 == label && wanted(*class)).map(|class| u64::from(self.0[class])).sum();
        (of(1), of(0))
    }

    /// Its (positive, negative) rows.
    pub(super) fn all(&self) -> (u64, u64) {
        self.count(|_| true)
    }

    /// Those of the later or the earlier half.
    fn half(&self, is_late: bool) -> (u64, u64) {
        self.count(|class| (class & 2 == 2) == is_late)
    }

    /// Those of a side of the split.
    pub(super) fn side(&self, side: Side) -> (u64, u64) {
        self.count(|class| class >> 2 == side as usize)
    }
}

/// A feature's values and how often they come.
pub(super) struct Tally<'a> {
    /// Missing first, then the bins of a number in ascending order, or the levels.
    pub(super) cells: Vec<Cell>,
    /// The smallest and the largest number in each bin, [`Cell`] by cell; empty for categories.
    pub(super) spans: Vec<(f64, f64)>,
    levels: &'a [String],
}

impl<'a> Tally<'a> {
    /// `numbers` are those of the column, unless it holds categories.
    pub(super) fn of(rows: &Rows<'_>, (name, column): (&str, &'a Column), numbers: Option<&[f64]>) -> Result<Self> {
        match (column, numbers) {
            (Column::Categorical(categories), _) => Ok(of_categories(rows, categories)),
            (_, Some(numbers)) if numbers.iter().any(|number| !number.is_nan()) => of_numbers(rows, (name, column), numbers),
            _ => {
                let mut cell = Cell::default();
                rows.classes.iter().for_each(|class| cell.0[usize::from(*class)] += 1);
                Ok(Self { cells: vec![cell], spans: vec![(f64::NAN, f64::NAN)], levels: &[] })
            }
        }
    }

    pub(super) fn is_number(&self) -> bool {
        !self.spans.is_empty()
    }

    /// Whether a bin holds one number only, or the cell is missing or a category.
    pub(super) fn is_single(&self, cell: usize) -> bool {
        cell == 0 || self.spans.get(cell).is_none_or(|(low, high)| low == high)
    }

    /// What rows of the cells `first` to `last` hold.
    pub(super) fn held(&self, first: usize, last: usize) -> Held {
        match (first, self.spans.get(first), self.spans.get(last)) {
            (0, ..) => Held::Missing,
            (_, Some((low, _)), Some((_, high))) if low == high => Held::Number(*low),
            (_, Some((low, _)), Some((_, high))) => Held::Between(*low, *high),
            _ => Held::Category(self.levels.get(first - 1).cloned().unwrap_or_default()),
        }
    }

    /// The area of a number's order; `None` for categories.
    pub(super) fn area_of_order(&self, counts: impl Fn(&Cell) -> (u64, u64)) -> Option<Area> {
        if self.is_number() { Area::of(self.cells.iter().skip(1).map(counts)) } else { None }
    }

    /// The area on the later half when values, missing among them, are ordered by their rates in the earlier one: what is there to
    /// learn of them, without what can be learned by heart.
    pub(super) fn area_of_rates(&self, base_rate: f64) -> Option<Area> {
        // One row of the base rate is added to each value, so that a single row does not make a rate of 0 or 1.
        let rate = |cell: &Cell| {
            let (positive, negative) = cell.half(false);
            (positive as f64 + base_rate) / ((positive + negative) as f64 + 1.0)
        };
        let mut rated: Vec<_> = self.cells.iter().map(|cell| (rate(cell), cell.half(true))).collect();
        rated.retain(|(_, (positive, negative))| positive + negative > 0);
        rated.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let ties = rated.chunk_by(|a, b| a.0 == b.0);
        Area::of(ties.map(|tie| tie.iter().fold((0, 0), |sum, (_, count)| (sum.0 + count.0, sum.1 + count.1))))
    }
}

fn of_categories<'a>(rows: &Rows<'_>, categories: &'a Categories) -> Tally<'a> {
    let levels = categories.levels();
    let mut cells = vec![Cell::default(); levels.len() + 1];
    for (code, class) in categories.codes().iter().zip(&rows.classes) {
        let cell = if (*code as usize) < levels.len() { *code as usize + 1 } else { 0 };
        cells[cell].0[usize::from(*class)] += 1;
    }
    Tally { cells, spans: Vec::new(), levels }
}

fn of_numbers<'a>(rows: &Rows<'_>, (name, column): (&str, &'a Column), numbers: &[f64]) -> Result<Tally<'a>> {
    let bins = FeatureBins::fit(name, column, BINS, 0, 0)?;
    let edges = bins.edges().unwrap_or_default();
    let mut cells = vec![Cell::default(); edges.len() + 2];
    let mut spans = vec![(f64::INFINITY, f64::NEG_INFINITY); cells.len()];
    for (number, class) in numbers.iter().zip(&rows.classes) {
        let cell = if number.is_nan() { 0 } else { 1 + edges.partition_point(|edge| edge < number) };
        cells[cell].0[usize::from(*class)] += 1;
        let (low, high) = &mut spans[cell];
        *low = low.min(*number);
        *high = high.max(*number);
    }
    Ok(Tally { cells, spans, levels: &[] })
}
