//! Journeys: channels as numbers with their names apart, and paths of touches with what came of them.

mod aggregate;
mod channels;

pub use channels::Channels;

use crate::error::{AttributionError, Result};

/// Billionths in a unit of value: values are kept as whole billionths, so that sums are exact and no order of rows shows in them.
pub const NANOS: f64 = 1e9;

/// Channels (or campaigns) that one set of journeys can have: four of them fit into one word as a Markov state.
pub const MOST_CHANNELS: usize = 65_534;

/// The largest value of one row, in units: beyond it not even whole units are exact.
const LARGEST_VALUE: f64 = 9e15;

/// Many paths end to end. Path `i` is `steps[offsets[i]..offsets[i + 1]]`, first touch first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// Where each path begins, and where the last one ends: one entry more than there are paths, the first 0.
    pub offsets: Vec<usize>,
    /// Channel numbers.
    pub steps: Vec<u32>,
}

impl Default for Paths {
    fn default() -> Self {
        Self { offsets: vec![0], steps: Vec::new() }
    }
}

impl Paths {
    /// Adds a path, perhaps without touches.
    pub fn push(&mut self, steps: impl IntoIterator<Item = u32>) {
        self.steps.extend(steps);
        self.offsets.push(self.steps.len());
    }

    /// How many paths there are.
    pub fn len(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    /// Whether there is no path.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The touches of path `index`; nothing beyond the last path.
    pub fn get(&self, index: usize) -> &[u32] {
        let ends = self.offsets.get(index).zip(self.offsets.get(index + 1));
        ends.and_then(|(begin, end)| self.steps.get(*begin..*end)).unwrap_or_default()
    }

    fn check(&self, channels: usize) -> Result<()> {
        let rises = self.offsets.is_sorted();
        if !rises || self.offsets.first() != Some(&0) || self.offsets.last() != Some(&self.steps.len()) {
            let found = self.offsets.last().copied().unwrap_or(0);
            return Err(AttributionError::Lengths { what: "the paths' offsets", expected: self.steps.len(), found });
        }
        match self.steps.iter().position(|step| *step as usize >= channels) {
            None => Ok(()),
            Some(row) => {
                let value = f64::from(self.steps[row]);
                Err(AttributionError::Value { what: "a channel number", row, value, expected: "a number below that of channels" })
            }
        }
    }
}

/// What came of each path, as three columns of one entry per path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally<'a> {
    /// Journeys along the path that converted.
    pub conversions: &'a [u64],
    /// Their value together, in billionths.
    pub value: &'a [u128],
    /// Journeys along the path that did not convert.
    pub nulls: &'a [u64],
}

/// Sums over all journeys.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Totals {
    /// Journeys that converted.
    pub conversions: f64,
    /// Their value, in units.
    pub value: f64,
    /// Journeys that did not.
    pub nulls: f64,
    /// Conversions of journeys without a touch, which no channel can be given.
    pub untouched_conversions: f64,
    /// The value of these.
    pub untouched_value: f64,
}

/// Distinct paths in order, each with its conversions, their value, and the journeys along it that did not convert.
///
/// Made only by adding up rows, so the same journeys in any order, cut into any parts, are the same `Journeys`. Every path was taken by a
/// journey. A path may have no touch: a conversion that nothing went before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Journeys {
    channels: usize,
    paths: Paths,
    conversions: Vec<u64>,
    value: Vec<u128>,
    nulls: Vec<u64>,
}

impl Journeys {
    /// Adds up rows by path. `value` (units, in total per row) and `nulls` may be empty slices, which means 0 in all rows.
    ///
    /// # Errors
    /// Columns of other lengths; a channel number that is not below `channels`; more than [`MOST_CHANNELS`]; a value that is negative,
    /// not finite or above 9e15, or that stands beside 0 conversions; counts beyond 2^63, value beyond 7e13.
    pub fn new(channels: usize, paths: &Paths, conversions: &[u64], value: &[f64], nulls: &[u64]) -> Result<Self> {
        if channels > MOST_CHANNELS {
            let (found, limit) = (channels as u64, MOST_CHANNELS as u64);
            return Err(AttributionError::TooMany { what: "the number of channels", found, limit, remedy: "group rare ones" });
        }
        paths.check(channels)?;
        let expected = paths.len();
        let given = |what, found: usize, may_be_absent: bool| match found {
            0 if may_be_absent => Ok(()),
            _ if found == expected => Ok(()),
            _ => Err(AttributionError::Lengths { what, expected, found }),
        };
        given("conversions", conversions.len(), false)?;
        given("value", value.len(), true)?;
        given("nulls", nulls.len(), true)?;
        let nanos = |(row, value): (usize, &f64)| match *value {
            value if !(0.0..=LARGEST_VALUE).contains(&value) => {
                Err(AttributionError::Value { what: "the value of a path", row, value, expected: "a number from 0 to 9e15" })
            }
            value if value > 0.0 && conversions[row] == 0 => {
                Err(AttributionError::Value { what: "the value of a path without conversions", row, value, expected: "0" })
            }
            value => Ok((value * NANOS).round() as u128),
        };
        let value: Vec<_> = value.iter().enumerate().map(nanos).collect::<Result<_>>()?;
        aggregate::rows(channels, &[aggregate::Rows { paths, conversions, value: &value, nulls }])
    }

    /// The journeys of several parts together, as if their rows had been added up at once. All parts number the channels alike.
    ///
    /// # Errors
    /// Parts with different numbers of channels; counts beyond 2^63, value beyond 7e13.
    pub fn merge(parts: &[&Self]) -> Result<Self> {
        let channels = parts.first().map_or(0, |part| part.channels);
        if let Some(part) = parts.iter().find(|part| part.channels != channels) {
            return Err(AttributionError::Lengths { what: "the channels of a part", expected: channels, found: part.channels });
        }
        let rows: Vec<_> = parts
            .iter()
            .map(|part| aggregate::Rows { paths: &part.paths, conversions: &part.conversions, value: &part.value, nulls: &part.nulls })
            .collect();
        aggregate::rows(channels, &rows)
    }

    /// How many channels there are, touched or not.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// The distinct paths, in order.
    pub fn paths(&self) -> &Paths {
        &self.paths
    }

    /// What came of each path.
    pub fn tally(&self) -> Tally<'_> {
        Tally { conversions: &self.conversions, value: &self.value, nulls: &self.nulls }
    }

    /// Sums over all journeys.
    pub fn totals(&self) -> Totals {
        totals(&self.paths, self.tally())
    }
}

/// Sums over all paths of a tally.
pub(crate) fn totals(paths: &Paths, tally: Tally<'_>) -> Totals {
    let sum = |counts: &[u64]| counts.iter().map(|count| u128::from(*count)).sum::<u128>() as f64;
    // Paths are in order, so the one without touches, if any, is the first.
    let untouched = paths.get(0).is_empty().then(|| tally.conversions.first().zip(tally.value.first())).flatten();
    Totals {
        conversions: sum(tally.conversions),
        value: tally.value.iter().sum::<u128>() as f64 / NANOS,
        nulls: sum(tally.nulls),
        untouched_conversions: untouched.map_or(0.0, |(conversions, _)| *conversions as f64),
        untouched_value: untouched.map_or(0.0, |(_, value)| *value as f64 / NANOS),
    }
}

#[cfg(test)]
mod tests;
