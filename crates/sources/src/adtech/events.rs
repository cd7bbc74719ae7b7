//! A request and what became of it. Each is a function of the seed and the request's number.

use super::arrivals::{Arrivals, NEVER};
use super::calendar::{Calendar, DAY};
use super::campaigns::{CAMPAIGNS, CPI, Campaigns};
use super::dirt;
use super::law::{BEST_AUC, Circumstances, Effects, MEAN, UNIFORM};
use super::options::{AdtechOptions, Law};
use super::people::{GENRES, People, User};
use crate::synthetic::ClickLaw;
use crate::synthetic::draw::{Draws, Stream, Weighted, mix};

/// Share of requests made away from home.
const TRAVELLING: f64 = 0.03;
/// Most requests of which the law's constants are found.
const SAMPLE: u64 = 100_000;

/// How the campaign of an impression was logged.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum LoggedCampaign {
    Known(u16),
    Unknown(u16),
    Empty,
    Null,
}

pub(super) struct Impression {
    /// The campaign whose ad was shown, whatever was logged.
    pub(super) campaign: u16,
    pub(super) logged: LoggedCampaign,
    /// From 0.
    pub(super) position: u8,
    /// True probability of a click.
    pub(super) click_probability: f64,
    pub(super) click: Option<Click>,
}

pub(super) struct Click {
    /// Clicks on top of the first, each with an identifier of its own.
    pub(super) burst: usize,
    pub(super) is_copy_exact: bool,
    /// Whether an install follows, if one arrives at all.
    pub(super) is_install: bool,
}

/// A request as it happened, before any dirt.
pub(super) struct Event {
    /// The request's number.
    pub(super) number: u64,
    pub(super) day: u32,
    /// Microseconds since the start of day 0.
    pub(super) at: u64,
    /// The user, where they were at the time.
    pub(super) user: User,
    pub(super) device: u8,
    pub(super) network: u8,
    pub(super) impression: Option<Impression>,
}

/// Everything that is fixed before the first row is made.
pub(super) struct World {
    pub(super) seed: u64,
    pub(super) users: u64,
    pub(super) law: Law,
    pub(super) calendar: Calendar,
    pub(super) people: People,
    pub(super) campaigns: Campaigns,
    /// Only under the realistic law.
    pub(super) click_law: Option<ClickLaw>,
    effects: Effects,
    devices: Weighted,
    networks: Weighted,
    positions: Weighted,
}

pub(super) const NETWORKS: [(&str, f64); 4] = [("wifi", 0.52), ("5g", 0.22), ("4g", 0.21), ("3g", 0.05)];

impl World {
    pub(super) fn new(options: &AdtechOptions) -> Self {
        let &AdtechOptions { seed, law, users, requests, start_on, days, .. } = options;
        let position_weights = if law == Law::Uniform { [1.0; 5] } else { [0.34, 0.25, 0.18, 0.13, 0.10] };
        // The law's constants must not depend on the days written, and a handful of requests is too
        // small a sample.
        let sample = Calendar::new(seed, law, requests.max(SAMPLE / 5), start_on, days, days);
        let mut world = Self {
            seed,
            users: users.max(1),
            law,
            calendar: sample,
            people: People::new(seed),
            campaigns: Campaigns::new(seed, law),
            click_law: None,
            effects: Effects::new(seed),
            devices: Weighted::new([0.76, 0.12, 0.12]),
            networks: Weighted::new(NETWORKS.map(|(_, weight)| weight)),
            positions: Weighted::new(position_weights),
        };
        if law == Law::Realistic {
            world.click_law = Some(ClickLaw::fit(world.sample_scores(requests.max(SAMPLE / 5)), MEAN, BEST_AUC));
        }
        world.calendar = Calendar::new(seed, law, requests, start_on, days, options.range().end);
        world
    }

    /// Scores of impressions spread evenly over all requests.
    fn sample_scores(&self, requests: u64) -> Vec<f64> {
        let count = requests.min(SAMPLE);
        let numbers = (0..count).map(|at| (u128::from(at) * u128::from(requests) / u128::from(count)) as u64);
        let served = numbers.filter(|number| Arrivals::of(self.seed, *number).impression != NEVER);
        served
            .map(|number| {
                let event = self.request(number, self.calendar.day_of(number));
                let draws = &mut Draws::new(self.seed, Stream::Impression, number);
                self.effects.score(&self.circumstances(&event, draws))
            })
            .collect()
    }

    /// The request with this number and what became of it.
    pub(super) fn event(&self, number: u64, day: u32, arrivals: &Arrivals) -> Event {
        let mut event = self.request(number, day);
        if arrivals.impression != NEVER {
            event.impression = Some(self.impression(&event));
        }
        event
    }

    fn request(&self, number: u64, day: u32) -> Event {
        let draws = &mut Draws::new(self.seed, Stream::Request, number);
        let mut user = self.people.user(self.user_number(draws.fraction()));
        let in_day = number - self.calendar.first(day);
        let share = (in_day as f64 + draws.fraction()) / self.calendar.requests(day) as f64;
        let mut time = self.calendar.time_at(share);
        if draws.chance(dirt::OUT_OF_ORDER) {
            time = time.saturating_sub(draws.below(900_000_000) as u64);
        }
        if draws.chance(TRAVELLING) {
            (user.state, user.city) = self.people.place(draws);
        }
        let device = self.devices.pick(draws) as u8;
        let network = self.networks.pick(draws) as u8;
        Event { number, day, at: u64::from(day) * DAY + time, user, device, network, impression: None }
    }

    /// Under the realistic law a user's share of the requests falls with the square root of their
    /// rank.
    fn user_number(&self, share: f64) -> u32 {
        let share = if self.law == Law::Realistic { share * share } else { share };
        let rank = ((share * self.users as f64) as u64).min(self.users - 1);
        // A step through all users (the multiplier is a prime), so that busy users do not stand
        // together.
        (rank.wrapping_mul(2_654_435_761).wrapping_add(mix(self.seed) >> 32) % self.users) as u32
    }

    fn circumstances(&self, event: &Event, draws: &mut Draws) -> Circumstances {
        let campaign = self.campaigns.pick(&event.user, event.device, draws) as usize;
        let position = self.positions.pick(draws);
        let app = self.people.apps(event.user.number).0[0] as usize;
        Circumstances {
            genre: app % GENRES.len(),
            app,
            campaign,
            campaign_type: self.campaigns.all[campaign].kind,
            position,
            hour: (event.at % DAY / 3_600_000_000) as usize,
            is_weekend: self.calendar.is_weekend(event.day),
            device: event.device as usize,
            price: event.user.price as usize,
        }
    }

    fn impression(&self, event: &Event) -> Impression {
        let draws = &mut Draws::new(self.seed, Stream::Impression, event.number);
        let at = self.circumstances(event, draws);
        let share = draws.fraction();
        let logged = if share < dirt::UNKNOWN_CAMPAIGN {
            LoggedCampaign::Unknown((900 + draws.below(100)) as u16)
        } else if share < dirt::UNKNOWN_CAMPAIGN + dirt::MISSING_CAMPAIGN {
            if draws.chance(0.5) { LoggedCampaign::Empty } else { LoggedCampaign::Null }
        } else {
            LoggedCampaign::Known(at.campaign as u16)
        };
        let click_probability = match (self.click_law, logged) {
            (Some(law), _) => law.probability(self.effects.score(&at)),
            (None, LoggedCampaign::Known(_)) => UNIFORM,
            (None, _) => 0.0,
        };
        let draws = &mut Draws::new(self.seed, Stream::Click, event.number);
        let click = draws.chance(click_probability).then(|| {
            let (fewest, most) = dirt::BURST_CLICKS;
            let is_burst = draws.chance(dirt::CLICK_BURST);
            let burst = if is_burst { fewest + draws.below(most - fewest + 1) } else { 0 };
            let is_install = self.law == Law::Realistic && at.campaign_type == CPI;
            Click { burst, is_copy_exact: draws.chance(0.5), is_install }
        });
        Impression { campaign: at.campaign as u16, logged, position: at.position as u8, click_probability, click }
    }
}

const _: () = assert!(CAMPAIGNS < 900, "unknown campaigns are numbered from 900");
