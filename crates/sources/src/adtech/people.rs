//! The users: who they are and which apps they use. Each is a function of the seed and the user's
//! number.

use super::places::STATES;
use crate::synthetic::draw::{Draws, Stream, Weighted};

pub(super) const AGES: [(&str, f64); 6] =
    [("18-24", 0.19), ("25-34", 0.25), ("35-44", 0.21), ("45-54", 0.16), ("55-64", 0.11), ("65+", 0.08)];
pub(super) const GENDERS: [&str; 2] = ["M", "F"];
/// In US dollars.
pub(super) const PRICES: [(&str, f64); 4] = [("0-199", 0.24), ("200-399", 0.34), ("400-799", 0.26), ("800+", 0.16)];
/// Phone models, per price range.
pub(super) const MODELS: [[&str; 3]; 4] = [
    ["Galaxy A05", "Moto E14", "Redmi 13C"],
    ["Galaxy A35", "Moto G84", "Pixel 7a"],
    ["Galaxy S23 FE", "Pixel 8a", "iPhone SE"],
    ["Galaxy S24", "Pixel 9 Pro", "iPhone 15"],
];
pub(super) const LANGUAGES: [(&str, f64); 6] = [("en", 0.79), ("es", 0.13), ("zh", 0.03), ("fr", 0.02), ("vi", 0.02), ("ko", 0.01)];
pub(super) const GENRES: [&str; 10] =
    ["Games", "Videos", "Shopping", "Social", "News", "Music", "Sports", "Finance", "Travel", "Education"];
pub(super) const VIDEOS: usize = 1;
pub(super) const SHOPPING: usize = 2;
/// The category of the app store, per primary genre.
pub(super) const CATEGORIES: [&str; 10] = [
    "Entertainment",
    "Entertainment",
    "Lifestyle",
    "Communication",
    "Information",
    "Entertainment",
    "Lifestyle",
    "Business",
    "Lifestyle",
    "Information",
];
/// Apps; app `i` has the genre `i % 10`, and lower numbers have more users.
pub(super) const APPS: usize = 300;
/// Most apps of one user.
pub(super) const MOST_APPS: usize = 3;

/// A user as they are, before any dirt.
#[derive(Clone, Copy)]
pub(super) struct User {
    pub(super) number: u32,
    pub(super) age: u8,
    pub(super) gender: u8,
    pub(super) state: u8,
    pub(super) city: u8,
    pub(super) price: u8,
    pub(super) model: u8,
    pub(super) language: u8,
}

/// The distributions that users are drawn from.
pub(super) struct People {
    seed: u64,
    ages: Weighted,
    states: Weighted,
    prices: Weighted,
    languages: Weighted,
    apps: Weighted,
}

impl People {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            seed,
            ages: Weighted::new(AGES.map(|(_, weight)| weight)),
            states: Weighted::new(STATES.iter().map(|state| state.inhabitants)),
            prices: Weighted::new(PRICES.map(|(_, weight)| weight)),
            languages: Weighted::new(LANGUAGES.map(|(_, weight)| weight)),
            apps: Weighted::new((0..APPS).map(|app| 1.0 / (app as f64 + 4.0).sqrt())),
        }
    }

    pub(super) fn user(&self, number: u32) -> User {
        let draws = &mut Draws::new(self.seed, Stream::User, u64::from(number));
        User {
            number,
            age: self.ages.pick(draws) as u8,
            gender: draws.below(2) as u8,
            state: self.states.pick(draws) as u8,
            city: draws.below(3) as u8,
            price: self.prices.pick(draws) as u8,
            model: draws.below(3) as u8,
            language: self.languages.pick(draws) as u8,
        }
    }

    /// Where a traveller is: state and city.
    pub(super) fn place(&self, draws: &mut Draws) -> (u8, u8) {
        (self.states.pick(draws) as u8, draws.below(3) as u8)
    }

    /// The user's apps, ascending. The first is the main app, whose genre and effect the click law
    /// uses.
    pub(super) fn apps(&self, number: u32) -> ([u16; MOST_APPS], usize) {
        let draws = &mut Draws::new(self.seed, Stream::UserApps, u64::from(number));
        let wanted = match draws.fraction() {
            share if share < 0.60 => 1,
            share if share < 0.85 => 2,
            _ => MOST_APPS,
        };
        let mut apps = [u16::MAX; MOST_APPS];
        let mut count = 0;
        for _ in 0..wanted {
            let app = self.apps.pick(draws) as u16;
            if !apps.contains(&app) {
                apps[count] = app;
                count += 1;
            }
        }
        apps.sort_unstable();
        (apps, count)
    }

    /// The number of the secondary genre of an app: another one than its primary genre.
    pub(super) fn secondary_genre(&self, app: u16) -> usize {
        let step = 1 + Draws::new(self.seed, Stream::App, u64::from(app)).below(GENRES.len() - 1);
        (app as usize + step) % GENRES.len()
    }
}
