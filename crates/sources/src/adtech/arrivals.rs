//! Which rows a request leads to, and when each arrives.

use super::dirt;
use crate::synthetic::draw::{Draws, Stream, mix};

/// Most days that a row arrives after the day of its request.
pub(super) const MOST_DAYS_LATE: u8 = 3;
/// No such row.
pub(super) const NEVER: u8 = u8::MAX;
/// Share of requests that get an impression.
const SERVED: f64 = 0.5;
/// Share of clicks on an install campaign that lead to an install.
const INSTALLED: f64 = 0.12;

/// How many days after its request each row arrives; `NEVER` if there is no such row.
///
/// Nothing here depends on what the request is about, so the rows that reach a day late are found
/// without making the earlier days again. Whether a click or an install takes place at all is for
/// the event to say.
pub(super) struct Arrivals {
    pub(super) request: u8,
    pub(super) request_copy: u8,
    pub(super) impression: u8,
    pub(super) impression_copy: u8,
    pub(super) click: u8,
    pub(super) click_copy: u8,
    pub(super) install: u8,
    pub(super) install_copy: u8,
}

impl Arrivals {
    pub(super) fn of(seed: u64, request: u64) -> Self {
        let mut draws = Draws::new(seed, Stream::Arrival, request);
        // Sixteen bits are enough for each question, and eight questions come from two draws.
        let (first, second) = (draws.bits(), draws.bits());
        let part = |bits: u64, at: u32| f64::from((bits >> (16 * at)) as u16) / 65_536.0;
        let late = |bits: u64, at: u32| {
            let share = part(bits, at);
            if share < dirt::LATE { 1 + (share / dirt::LATE * 3.0) as u8 } else { 0 }
        };
        let copy = |share: f64, rate: f64, original: u8| {
            let later = (share / rate / dirt::COPY_LATER * 3.0) as u8;
            match share < rate {
                true if share < rate * dirt::COPY_LATER => (original + 1 + later).min(MOST_DAYS_LATE),
                true => original,
                false => NEVER,
            }
        };
        let is_served = part(first, 3) < SERVED;
        let (request, impression, click) = (late(first, 0), late(first, 1), late(first, 2));
        let install = match part(mix(first ^ second), 0) / INSTALLED {
            share if share < 0.75 => 0,
            share if share < 0.90 => 1,
            share if share < 0.97 => 2,
            share if share < 1.0 => 3,
            _ => NEVER,
        };
        let served = |days: u8| if is_served { days } else { NEVER };
        Self {
            request,
            request_copy: copy(part(second, 0), dirt::REQUEST_COPY, request),
            impression: served(impression),
            impression_copy: served(copy(part(second, 1), dirt::IMPRESSION_COPY, impression)),
            click: served(click),
            click_copy: served(copy(part(second, 2), dirt::CLICK_COPY, click)),
            install: served(install),
            install_copy: if install == NEVER { NEVER } else { served(copy(part(second, 3), dirt::INSTALL_COPY, install)) },
        }
    }

    /// Whether any row may arrive this many days after its request.
    pub(super) fn any(&self, days: u8) -> bool {
        self.request == days
            || self.request_copy == days
            || self.impression == days
            || self.impression_copy == days
            || self.click == days
            || self.click_copy == days
            || self.install == days
            || self.install_copy == days
    }
}
