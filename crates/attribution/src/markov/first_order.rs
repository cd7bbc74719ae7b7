//! Order 1: states are channels, few enough for an inverse that answers all removals at once.

use rayon::prelude::*;

use super::matrix::Matrix;
use super::{Rates, Solution};
use crate::error::Result;
use crate::journey::{Journeys, Paths, Tally};

/// Paths that one thread counts at a time.
const BLOCK: usize = 16_384;

/// The chain whose states are channels.
#[derive(Debug)]
pub(crate) struct FirstOrder;

/// How many journeys take each step. State 0 is the start, state `c + 1` channel `c`.
struct Counts {
    states: usize,
    moves: Vec<u64>,
    conversions: Vec<u64>,
    value: Vec<u128>,
    nulls: Vec<u64>,
}

impl Counts {
    fn new(states: usize) -> Self {
        let zeros = || vec![0; states];
        Self { states, moves: vec![0; states * states], conversions: zeros(), value: vec![0; states], nulls: zeros() }
    }

    fn count(mut self, paths: &Paths, tally: Tally<'_>, range: std::ops::Range<usize>) -> Self {
        for path in range {
            let (conversions, nulls) = (tally.conversions[path], tally.nulls[path]);
            let mut state = 0;
            for step in paths.get(path) {
                let next = *step as usize + 1;
                if next != state {
                    self.moves[state * self.states + next] += conversions + nulls;
                    state = next;
                }
            }
            self.conversions[state] += conversions;
            self.value[state] += tally.value[path];
            self.nulls[state] += nulls;
        }
        self
    }

    fn add(mut self, other: &Self) -> Self {
        let add = |left: &mut [u64], right: &[u64]| left.iter_mut().zip(right).for_each(|(left, right)| *left += right);
        add(&mut self.moves, &other.moves);
        add(&mut self.conversions, &other.conversions);
        self.value.iter_mut().zip(&other.value).for_each(|(left, right)| *left += right);
        add(&mut self.nulls, &other.nulls);
        self
    }

    /// Journeys that leave a state.
    fn out(&self, state: usize) -> f64 {
        let moves: u64 = self.moves[state * self.states..(state + 1) * self.states].iter().sum();
        (moves + self.conversions[state] + self.nulls[state]) as f64
    }
}

impl FirstOrder {
    /// With `N` the inverse of 1 - Q (expected visits), a walk meets channel `c` with probability `N[start, c] / N[c, c]`, and brings
    /// from there on what any walk from `c` brings; that much is lost without `c`.
    pub(super) fn solve(&self, journeys: &Journeys, tally: Tally<'_>) -> Result<Solution> {
        let (paths, states) = (journeys.paths(), journeys.channels() + 1);
        let block = |block: usize| Counts::new(states).count(paths, tally, block * BLOCK..((block + 1) * BLOCK).min(paths.len()));
        let blocks = paths.len().div_ceil(BLOCK);
        let counts = (0..blocks).into_par_iter().map(block).reduce(|| Counts::new(states), |left, right| left.add(&right));

        // States that nobody visits stay out of the system.
        let seen: Vec<_> = (0..states).filter(|state| counts.out(*state) > 0.0).collect();
        let mut system = Matrix::identity(seen.len());
        let mut ends = Vec::with_capacity(seen.len());
        for (row, state) in seen.iter().enumerate() {
            let out = counts.out(*state);
            for (column, next) in seen.iter().enumerate() {
                system.cells[row * seen.len() + column] -= counts.moves[state * states + next] as f64 / out;
            }
            ends.push(Rates { conversions: counts.conversions[*state] as f64 / out, value: counts.value[*state] as f64 / out });
        }
        let visits = system.inverse()?;
        let brings = |row: usize| {
            let sum = |rate: fn(&Rates) -> f64| visits.row(row).iter().zip(&ends).map(|(visits, end)| visits * rate(end)).sum();
            Rates { conversions: sum(|end| end.conversions), value: sum(|end| end.value) }
        };
        let mut lost = vec![Rates::default(); journeys.channels()];
        let start = seen.first() == Some(&0);
        for (row, state) in seen.iter().enumerate().filter(|(_, state)| start && **state > 0) {
            let met = visits.row(0)[row] / visits.row(row)[row];
            let then = brings(row);
            lost[state - 1] = Rates { conversions: met * then.conversions, value: met * then.value };
        }
        let rates = if start { brings(0) } else { Rates::default() };
        Ok(Solution { states: seen.len().saturating_sub(1), rates, lost })
    }
}
