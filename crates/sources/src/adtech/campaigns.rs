//! The campaigns: who pays how much for what, and whom they want to reach.

use super::options::Law;
use super::people::{AGES, GENDERS, User};
use super::places::STATES;
use crate::synthetic::draw::{Draws, Stream, Weighted};

pub(super) const CAMPAIGNS: usize = 199;
pub(super) const ADVERTISERS: usize = 70;
pub(super) const TYPES: [&str; 3] = ["CPC", "CPM", "CPI"];
pub(super) const CPC: usize = 0;
pub(super) const CPM: usize = 1;
pub(super) const CPI: usize = 2;
pub(super) const DEVICES: [&str; 3] = ["mobile", "tablet", "desktop"];
pub(super) const MOBILE: usize = 0;

/// The type of the campaigns, repeating, so that the shares do not depend on the seed.
const TYPE_OF: [usize; 9] = [CPC, CPM, CPC, CPI, CPM, CPC, CPM, CPI, CPC];
/// Lowest and highest price in US dollars, per type: a click, a thousand impressions, an install.
const PRICE_RANGE: [(f64, f64); 3] = [(0.05, 2.0), (0.5, 12.0), (0.5, 6.0)];
/// Every so many campaigns, one reaches everybody.
const OPEN_EVERY: usize = 5;
/// Of the campaigns that reach everybody, those with this number modulo 50 have an empty field in
/// place of `{}`.
const EMPTY_FIELD: usize = 45;
/// The ad server ignores the targeting for this share of impressions.
const SERVED_BLINDLY: f64 = 0.04;

pub(super) struct Campaign {
    pub(super) advertiser: usize,
    pub(super) kind: usize,
    /// Ten-thousandths of a US dollar.
    pub(super) rate: u64,
    /// `targeting_params` as it stands in the CSV file.
    pub(super) targeting: String,
    wanted: Wanted,
}

/// Whom a campaign wants: a bit per value, no bit set for everybody.
#[derive(Default)]
struct Wanted {
    states: u64,
    ages: u64,
    genders: u64,
    devices: u64,
}

impl Wanted {
    fn has(bits: u64, value: u8) -> bool {
        bits == 0 || bits >> value & 1 == 1
    }

    fn reaches(&self, user: &User, device: u8) -> bool {
        Self::has(self.states, user.state)
            && Self::has(self.ages, user.age)
            && Self::has(self.genders, user.gender)
            && Self::has(self.devices, device)
    }

    /// JSON, quoted as a field of a CSV file (RFC 4180).
    fn to_field(&self) -> String {
        let list = |key: &str, bits: u64, names: &mut dyn Iterator<Item = &str>| {
            let names: Vec<String> =
                names.enumerate().filter(|(at, _)| bits >> at & 1 == 1).map(|(_, name)| format!("\"\"{name}\"\"")).collect();
            (!names.is_empty()).then(|| format!("\"\"{key}\"\":[{}]", names.join(",")))
        };
        let keys = [
            list("state", self.states, &mut STATES.iter().map(|state| state.code)),
            list("age_range", self.ages, &mut AGES.iter().map(|(name, _)| *name)),
            list("gender", self.genders, &mut GENDERS.into_iter()),
            list("device_type", self.devices, &mut DEVICES.into_iter()),
        ];
        let keys: Vec<String> = keys.into_iter().flatten().collect();
        if keys.is_empty() { "{}".to_owned() } else { format!("\"{{{}}}\"", keys.join(",")) }
    }
}

pub(super) struct Campaigns {
    pub(super) all: Vec<Campaign>,
    law: Law,
    popularity: Weighted,
    open: Vec<u16>,
}

impl Campaigns {
    pub(super) fn new(seed: u64, law: Law) -> Self {
        let states = Weighted::new(STATES.iter().map(|state| state.inhabitants));
        let all = (0..CAMPAIGNS).map(|number| campaign(seed, number, &states)).collect();
        Self {
            all,
            law,
            // Zipf's law with a flattened head.
            popularity: Weighted::new((0..CAMPAIGNS).map(|rank| 1.0 / (rank as f64 + 4.0).powf(0.9))),
            open: (0..CAMPAIGNS).step_by(OPEN_EVERY).map(|number| number as u16).collect(),
        }
    }

    /// The campaign whose ad is shown to this user on this device.
    pub(super) fn pick(&self, user: &User, device: u8, draws: &mut Draws) -> u16 {
        if self.law == Law::Uniform {
            return draws.below(CAMPAIGNS) as u16;
        }
        let first = self.popularity.pick(draws);
        if draws.chance(SERVED_BLINDLY) {
            return first as u16;
        }
        let mut campaign = first;
        for _ in 0..12 {
            if self.all[campaign].wanted.reaches(user, device) {
                return campaign as u16;
            }
            campaign = self.popularity.pick(draws);
        }
        self.open[draws.below(self.open.len())]
    }
}

fn campaign(seed: u64, number: usize, states: &Weighted) -> Campaign {
    let draws = &mut Draws::new(seed, Stream::Campaign, number as u64);
    let advertiser = if number < ADVERTISERS {
        number // each has one at least
    } else {
        (draws.fraction() * draws.fraction() * ADVERTISERS as f64) as usize
    };
    let kind = TYPE_OF[number % TYPE_OF.len()];
    let (lowest, highest) = PRICE_RANGE[kind];
    let share = draws.fraction();
    let rate = ((lowest + (highest - lowest) * share * share) * 10_000.0).round() as u64;
    let mut wanted = Wanted::default();
    if !number.is_multiple_of(OPEN_EVERY) {
        if draws.chance(0.35) {
            (0..3 + draws.below(10)).for_each(|_| wanted.states |= 1 << states.pick(draws));
        }
        if draws.chance(0.35) {
            let youngest = draws.below(AGES.len());
            (youngest..AGES.len()).take(1 + draws.below(3)).for_each(|age| wanted.ages |= 1 << age);
        }
        if draws.chance(0.15) {
            wanted.genders = 1 << draws.below(2);
        }
        if draws.chance(0.25) {
            wanted.devices = if draws.chance(0.7) { 1 } else { 0b11 };
        }
    }
    let targeting = if number % 50 == EMPTY_FIELD { String::new() } else { wanted.to_field() };
    Campaign { advertiser, kind, rate, targeting, wanted }
}
