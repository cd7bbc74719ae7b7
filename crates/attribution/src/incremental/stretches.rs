//! The users' time cut into stretches in which nothing that the model looks at changes.

use rayon::prelude::*;
use xxhash_rust::xxh3::xxh3_128;

use super::population::{DAY, Population, User};
use super::settings::IncrementalSettings;

/// Which columns a stretch may have a 1 in. The first is 1 everywhere.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub(super) channels: usize,
    pub(super) windows: usize,
    /// Channels whose occasions are columns of their own, so that their contacts are compared with ghosts.
    pub(super) is_randomised: Vec<bool>,
}

impl Layout {
    /// The column of a stream, so many windows ago. Streams are contacts of each channel, then occasions of each channel, then signals.
    pub(super) fn column(&self, stream: usize, window: usize) -> usize {
        1 + stream * self.windows + window
    }

    pub(super) fn columns(&self) -> usize {
        1 + (2 * self.channels + 1) * self.windows
    }

    /// The columns in use; those of occasions of channels without holdout are not.
    pub(super) fn is_used(&self, column: usize) -> bool {
        let stream = column.saturating_sub(1) / self.windows;
        !(self.channels..2 * self.channels).contains(&stream) || self.is_randomised[stream - self.channels]
    }
}

/// One stretch: which columns are 1, for how long, and how many conversions ended it or fell into it, worth how much.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stretch {
    pub(super) days: f64,
    pub(super) conversions: u32,
    pub(super) value: f64,
    /// Where its columns end in [`Stretches::columns`].
    pub(super) end: usize,
}

/// The stretches of some users, one user after the other.
#[derive(Debug, Default)]
pub(super) struct Stretches {
    pub(super) stretches: Vec<Stretch>,
    /// Ascending within a stretch.
    pub(super) columns: Vec<u16>,
    /// Where each user's stretches end.
    pub(super) users: Vec<usize>,
}

/// How many users are worked on at a time. A constant, so that sums do not depend on threads.
pub(super) const USERS_PER_PART: usize = 512;

/// Cuts all users' time. Users come in the order of what they saw and did, so that no sum depends on the order they were given in.
pub(super) fn cut(population: &Population<'_>, layout: &Layout, settings: &IncrementalSettings) -> Vec<Stretches> {
    let mut users: Vec<(u128, &User)> = population.users.par_iter().map(|user| (fingerprint(user), user)).collect();
    users.par_sort_unstable_by_key(|(fingerprint, _)| *fingerprint);
    let part = |users: &[(u128, &User)]| {
        let mut stretches = Stretches::default();
        for (_, user) in users {
            stretches.add(user, layout, settings);
        }
        stretches
    };
    users.par_chunks(USERS_PER_PART).map(part).collect()
}

/// A hash of all that is known of a user, whatever the order of the entries. Users alike in all are one as good as the other.
fn fingerprint(user: &User) -> u128 {
    let mut exposures: Vec<u8> = Vec::with_capacity(17 * user.exposures.len());
    let mut sorted = user.exposures.clone();
    sorted.sort_unstable();
    for exposure in sorted {
        exposures.extend(exposure.at.to_le_bytes());
        exposures.extend((exposure.channel as u64).to_le_bytes());
        exposures.push(u8::from(exposure.is_ghost));
    }
    let instants = |instants: &[i64]| {
        let mut sorted = instants.to_vec();
        sorted.sort_unstable();
        xxh3_128(&sorted.iter().flat_map(|at| at.to_le_bytes()).collect::<Vec<_>>()).to_le_bytes()
    };
    let period = instants(&[user.from, user.until]);
    let values: Vec<u8> = user.converted().iter().flat_map(|(_, value)| value.to_le_bytes()).collect();
    let values = xxh3_128(&values).to_le_bytes();
    let parts = [xxh3_128(&exposures).to_le_bytes(), instants(&user.signals), instants(&user.conversions), values, period];
    xxh3_128(parts.as_flattened())
}

impl Stretches {
    /// Each stretch with its columns, of one user.
    pub(super) fn of_user(&self, user: usize) -> impl Iterator<Item = (&Stretch, &[u16])> {
        let first = if user == 0 { 0 } else { self.users[user - 1] };
        (first..self.users[user]).map(|at| self.get(at))
    }

    /// Each stretch with its columns.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Stretch, &[u16])> {
        (0..self.stretches.len()).map(|at| self.get(at))
    }

    fn get(&self, at: usize) -> (&Stretch, &[u16]) {
        let start = if at == 0 { 0 } else { self.stretches[at - 1].end };
        (&self.stretches[at], &self.columns[start..self.stretches[at].end])
    }

    fn add(&mut self, user: &User, layout: &Layout, settings: &IncrementalSettings) {
        let changes = changes(user, layout, settings);
        let mut conversions = user.converted().into_iter().peekable();
        let mut state: Vec<Option<usize>> = vec![None; 2 * layout.channels + 1];
        let mut at = user.from;
        for (until, stream, window) in changes.into_iter().chain([(user.until, 0, None)]) {
            if until > at {
                let mut converted = (0, 0.0);
                while let Some((_, value)) = conversions.next_if(|(conversion, _)| *conversion <= until) {
                    converted = (converted.0 + 1, converted.1 + value);
                }
                self.push(&state, layout, (until - at) as f64 / DAY, converted);
                at = until;
            }
            state[stream] = window;
        }
        self.users.push(self.stretches.len());
    }

    fn push(&mut self, state: &[Option<usize>], layout: &Layout, days: f64, (conversions, value): (u32, f64)) {
        self.columns.push(0);
        for (stream, window) in state.iter().enumerate() {
            if let Some(window) = window {
                let column = layout.column(stream, *window);
                if layout.is_used(column) {
                    self.columns.push(column as u16);
                }
            }
        }
        self.stretches.push(Stretch { days, conversions, value, end: self.columns.len() });
    }
}

/// When which stream (contacts of each channel, occasions of each channel, signals) comes into which window, in the order of time.
fn changes(user: &User, layout: &Layout, settings: &IncrementalSettings) -> Vec<(i64, usize, Option<usize>)> {
    let occasions = user.exposures.iter().map(|exposure| (layout.channels + exposure.channel, exposure.at));
    let contacts = user.exposures.iter().filter(|exposure| !exposure.is_ghost).map(|exposure| (exposure.channel, exposure.at));
    let signals = user.signals.iter().map(|at| (2 * layout.channels, *at));
    let mut events: Vec<(usize, i64)> = occasions.chain(contacts).chain(signals).filter(|(_, at)| *at < user.until).collect();
    events.sort_unstable();
    let mut changes = Vec::with_capacity(events.len() * 3);
    for (number, (stream, at)) in events.iter().enumerate() {
        let next = events.get(number + 1).filter(|(other, _)| other == stream).map_or(user.until, |(_, next)| *next);
        let mut begin = *at;
        for (window, end) in settings.windows.iter().enumerate() {
            if begin < next {
                changes.push((begin.max(user.from), *stream, Some(window)));
            }
            begin = at.saturating_add((end * DAY) as i64);
        }
        if begin < next {
            changes.push((begin.max(user.from), *stream, None));
        }
    }
    changes.sort_by_key(|(at, stream, _)| (*at, *stream));
    changes
}
