//! The rows in parts that are made side by side: some hundred users, or the requests of a stretch
//! of a day.

use std::ops::Range;

use super::arrivals::{Arrivals, MOST_DAYS_LATE};
use super::dirt;
use super::events::{Event, World};
use super::rows::{self, RequestId, TableRows};
use crate::synthetic::draw::{Draws, Stream};

/// Late rows and copies are strewn among the others in blocks of about so many requests.
const BLOCK: u64 = 64;
const BLOCKS_PER_PART: u64 = 32;
/// Users made in one go.
const USERS_PER_PART: u64 = 2048;

/// The users in ranges.
pub(super) fn users(users: u64) -> impl Iterator<Item = Range<u64>> {
    (0..users).step_by(USERS_PER_PART as usize).map(move |first| first..(first + USERS_PER_PART).min(users))
}

/// `user_profile` and `user_app_genre` of some users.
pub(super) fn make_users(world: &World, malformed: bool, numbers: Range<u64>) -> [TableRows; 2] {
    let mut tables = [TableRows::default(), TableRows::default()];
    let [profiles, apps] = &mut tables;
    let mut is_copied = false;
    for number in numbers {
        let user = world.people.user(number as u32);
        let profile = |out: &mut Vec<u8>| {
            rows::profile(out, &user, &mut Draws::new(world.seed, Stream::ProfileDirt, number));
            None
        };
        profiles.put(breaking(world, malformed, Stream::BrokenProfile, number), profile);
        if Draws::new(world.seed, Stream::ProfileCopy, number).chance(dirt::USER_COPY) {
            profiles.put_copy(profile);
            is_copied = true;
        }
        let (used, count) = world.people.apps(user.number);
        for (at, app) in used[..count].iter().enumerate() {
            let row = number * 4 + at as u64;
            apps.put(breaking(world, malformed, Stream::BrokenApps, row), |out| {
                rows::app(out, world, user.number, *app);
                None
            });
        }
    }
    if is_copied {
        profiles.flush_copies();
    }
    tables
}

/// Blocks of the rows that arrive on a day.
pub(super) struct Stretch {
    pub(super) day: u32,
    blocks: Range<u64>,
    of: u64,
}

/// The days in stretches, in order; each day has one at least.
pub(super) fn stretches(world: &World, days: Range<u32>) -> impl Iterator<Item = Stretch> + '_ {
    days.flat_map(|day| {
        let of = world.calendar.requests(day).div_ceil(BLOCK).max(1);
        let firsts = (0..of).step_by(BLOCKS_PER_PART as usize);
        firsts.map(move |first| Stretch { day, blocks: first..(first + BLOCKS_PER_PART).min(of), of })
    })
}

/// The rows of a stretch.
#[derive(Default)]
pub(super) struct Traffic {
    pub(super) day: u32,
    /// Requests made on the day, the late ones included and those before not.
    pub(super) requests: u64,
    /// Requests, impressions, clicks, installs.
    pub(super) tables: [TableRows; 4],
    /// Rows of `truth/click_probability.csv`.
    pub(super) truth: Vec<u8>,
    /// True click probability of each impression.
    pub(super) probabilities: Vec<f64>,
}

/// What arrives in a stretch: the requests, impressions, clicks and installs of the day, and late
/// ones of the days before.
pub(super) fn make_traffic(world: &World, malformed: bool, stretch: &Stretch) -> Traffic {
    let mut traffic = Traffic { day: stretch.day, ..Traffic::default() };
    for block in stretch.blocks.clone() {
        let made = world.calendar.part(stretch.day, block, stretch.of);
        traffic.requests += made.end - made.start;
        for days in 0..=MOST_DAYS_LATE {
            let Some(day) = stretch.day.checked_sub(u32::from(days)) else {
                break;
            };
            for number in world.calendar.part(day, block, stretch.of) {
                let arrivals = Arrivals::of(world.seed, number);
                if arrivals.any(days) {
                    let event = world.event(number, day, &arrivals);
                    traffic.log(world, malformed, &event, &arrivals, days);
                }
            }
        }
        traffic.tables.iter_mut().for_each(TableRows::flush_copies);
    }
    traffic
}

impl Traffic {
    /// Adds those rows of an event that arrive so many days after it.
    fn log(&mut self, world: &World, malformed: bool, event: &Event, arrivals: &Arrivals, days: u8) {
        let seed = world.seed;
        let breaking = |stream| breaking(world, malformed, stream, event.number);
        let id = RequestId::of(seed, event.number);
        let [requests, impressions, clicks, installs] = &mut self.tables;
        if arrivals.request == days {
            requests.put(breaking(Stream::BrokenRequest), |out| rows::request(out, world, event, &id, 0));
        }
        if arrivals.request_copy == days {
            // Half of the copies are stamped 1 to 301 seconds later.
            let later = if event.number & 1 == 0 { 0 } else { 1_000_000 + event.at % 300_000_000 };
            requests.put_copy(|out| rows::request(out, world, event, &id, later));
        }
        let Some(impression) = &event.impression else {
            return;
        };
        if arrivals.impression == days {
            let breaking = breaking(Stream::BrokenImpression);
            impressions.put(breaking, |out| rows::impression(out, world, event.number, impression, &id));
            self.probabilities.push(impression.click_probability);
            if world.click_law.is_some() {
                rows::click_probability(&mut self.truth, seed, event.number, impression.click_probability);
            }
        }
        if arrivals.impression_copy == days {
            impressions.put_copy(|out| rows::impression(out, world, event.number, impression, &id));
        }
        let Some(click) = &impression.click else {
            return;
        };
        if arrivals.click == days {
            clicks.put(breaking(Stream::BrokenClick), |out| rows::click(out, world, event, &id, 0));
            for extra in 0..click.burst {
                clicks.put_copy(|out| rows::click(out, world, event, &id, 2 + extra));
            }
        }
        if arrivals.click_copy == days {
            clicks.put_copy(|out| rows::click(out, world, event, &id, usize::from(!click.is_copy_exact)));
        }
        if !click.is_install {
            return;
        }
        if arrivals.install == days {
            let breaking = breaking(Stream::BrokenInstall);
            installs.put(breaking, |out| rows::install(out, world, event, &id, days));
        }
        if arrivals.install_copy == days {
            installs.put_copy(|out| rows::install(out, world, event, &id, arrivals.install));
        }
    }
}

/// The draws that break a row, for the few that are to be broken.
fn breaking(world: &World, malformed: bool, stream: Stream, number: u64) -> Option<Draws> {
    if !malformed {
        return None;
    }
    let mut draws = Draws::new(world.seed, stream, number);
    draws.chance(dirt::BROKEN).then_some(draws)
}
