//! Journeys with a touch, by the set of their channels.

use std::collections::BTreeMap;

use super::Pair;
use crate::journey::{Journeys, Tally};

/// Distinct sets of channels with what came of the journeys that met them all.
pub(super) struct Sets {
    /// Channels with a touch, in order; sets name them by their place here.
    pub players: Vec<u32>,
    /// The sets in order, each with its places in order.
    pub members: Vec<Vec<u32>>,
    /// What came of each set's journeys.
    pub counts: Vec<Counts>,
}

/// What came of journeys.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub journeys: u64,
    pub conversions: u64,
    /// In billionths.
    pub value: u128,
}

impl Counts {
    pub fn add(&mut self, other: Self) {
        self.journeys += other.journeys;
        self.conversions += other.conversions;
        self.value += other.value;
    }

    /// Conversions and value per journey.
    pub fn rate(&self) -> Pair {
        let per = |sum: f64| if self.journeys > 0 { sum / self.journeys as f64 } else { 0.0 };
        Pair { conversions: per(self.conversions as f64), value: per(self.value as f64) }
    }
}

impl Sets {
    pub fn new(journeys: &Journeys, tally: Tally<'_>) -> Self {
        let paths = journeys.paths();
        let mut sets = BTreeMap::<Vec<u32>, Counts>::new();
        for path in (0..paths.len()).filter(|path| !paths.get(*path).is_empty()) {
            let mut members = paths.get(path).to_vec();
            members.sort_unstable();
            members.dedup();
            let (conversions, value) = (tally.conversions[path], tally.value[path]);
            sets.entry(members).or_default().add(Counts { journeys: conversions + tally.nulls[path], conversions, value });
        }
        let mut players: Vec<_> = sets.keys().flatten().copied().collect();
        players.sort_unstable();
        players.dedup();
        let place = |player: &u32| players.partition_point(|other| other < player) as u32;
        let members = sets.keys().map(|members| members.iter().map(place).collect()).collect();
        Self { members, counts: sets.into_values().collect(), players }
    }

    /// The highest conversions and value per journey of any set: no set is worth more, as it is a mean of those within it.
    pub fn highest(&self) -> Pair {
        self.counts.iter().map(Counts::rate).fold(Pair::default(), |highest, rate| Pair {
            conversions: highest.conversions.max(rate.conversions),
            value: highest.value.max(rate.value),
        })
    }
}
