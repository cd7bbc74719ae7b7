//! Honest ad data: what is known of each row was known before its label.

use std::collections::{HashMap, VecDeque};

use training::{Column, Dataset, Frame};

use crate::synthetic::Dice;

/// Rows in the order of their times.
#[derive(Clone)]
pub struct World {
    pub labels: Vec<bool>,
    pub times: Vec<i64>,
    /// When the label came true, or the wait of a day ended.
    pub label_times: Vec<i64>,
    pub users: Vec<u64>,
    pub sites: Vec<usize>,
    pub columns: Vec<(String, Column)>,
}

pub const DAY: i64 = 86_400;

impl World {
    pub fn new(rows: usize, base_rate: f64, seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let (all_users, all_sites, all_campaigns) = (rows / 8, rows / 12, 25);
        let mut tastes = |count: usize, spread: f64| (0..count).map(|_| spread * normal(&mut dice)).collect::<Vec<_>>();
        let (user_tastes, site_tastes, campaign_tastes) = (tastes(all_users, 0.5), tastes(all_sites, 0.4), tastes(all_campaigns, 0.5));
        let user_ages: Vec<_> =
            (0..all_users).map(|_| if dice.unit() < 0.1 { f64::NAN } else { (18.0 + 50.0 * dice.unit()).floor() }).collect();

        let (mut times, mut users, mut sites, mut campaigns, mut chances) = (vec![], vec![], vec![], vec![], vec![]);
        let names = ["ad_position", "hour_of_day", "age", "price", "noise", "old_score", "bandwidth"];
        let mut numbers: [Vec<f64>; 7] = Default::default();
        let mut devices = Vec::new();
        let mut time = 1_700_000_000;
        for _ in 0..rows {
            time += (dice.unit() * 2.0 * 30.0 * DAY as f64 / rows as f64) as i64;
            // Few users, sites and campaigns have most of the rows.
            let user = (dice.unit().powf(1.5) * all_users as f64) as usize;
            let site = (dice.unit().powf(1.5) * all_sites as f64) as usize;
            let campaign = (dice.unit().powi(2) * all_campaigns as f64) as usize;
            let device = (4.0 * dice.unit()) as usize;
            let position = 1.0 + (5.0 * dice.unit()).floor();
            let hour = (time / 3600 % 24) as f64;
            let chance = user_tastes[user] + site_tastes[site] + campaign_tastes[campaign] + [0.5, 0.2, -1.2, 0.0][device]
                - 0.25 * position
                + 0.4 * (hour / 24.0 * std::f64::consts::TAU).sin()
                + 0.5 * normal(&mut dice);
            let (price, noise) = ((0.7 * normal(&mut dice)).exp(), dice.unit());
            // What an earlier model thought of the row.
            let old_score = chance + 0.5 * normal(&mut dice);
            // Missing more often on some devices, which are clicked less.
            let bandwidth = if dice.unit() < [0.02, 0.05, 0.5, 0.1][device] { f64::NAN } else { 10.0 * dice.unit() };
            let of_row = [position, hour, user_ages[user], price, noise, old_score, bandwidth];
            numbers.iter_mut().zip(of_row).for_each(|(column, number)| column.push(number));
            devices.push(Some(["phone", "tablet", "tv", "desktop"][device]));
            times.push(time);
            users.push(user as u64);
            sites.push(site);
            campaigns.push(campaign);
            chances.push(chance);
        }
        let offset = offset(&chances, base_rate);
        let labels: Vec<_> = chances.iter().map(|chance| dice.unit() < logistic(chance + offset)).collect();
        let wait = |label: bool, dice: &mut Dice| if label { 1 + (-dice.unit().ln() * 1800.0) as i64 } else { DAY };
        let label_times = times.iter().zip(&labels).map(|(time, label)| time + wait(*label, &mut dice).min(DAY)).collect();

        let columns = names.iter().zip(numbers).map(|(name, numbers)| ((*name).to_owned(), numbers.into())).collect();
        let mut world = Self { labels, times, label_times, users, sites, columns };
        let before = |keys: &[usize], value: &dyn Fn(&Past) -> f64| world.running(keys, false, value);
        let by_user: Vec<_> = world.users.iter().map(|user| *user as usize).collect();
        let before = vec![
            ("campaign_rate_before", before(&campaigns, &|past| past.smoothed(20.0, base_rate))),
            ("campaign_rate_lately", before(&campaigns, &|past| if past.rows < 20.0 { f64::NAN } else { past.lately() })),
            ("site_rate_before", before(&world.sites, &|past| past.smoothed(20.0, base_rate))),
            ("site_rate_raw", before(&world.sites, &|past| past.clicks / past.rows)),
            ("user_clicks_before", before(&by_user, &|past| past.clicks)),
            ("user_rows_before", before(&by_user, &|past| past.rows)),
            ("clicks_before", before(&vec![0; rows], &|past| past.clicks)),
        ];
        world.columns.extend(before.into_iter().map(|(name, values)| (name.to_owned(), values.into())));
        world.add("device_type", Column::texts(devices));
        world.add("campaign_id", named(&campaigns));
        world.add("site", named(&world.sites.clone()));
        world
    }

    pub fn rows(&self) -> usize {
        self.labels.len()
    }

    pub fn add(&mut self, name: &str, column: impl Into<Column>) {
        self.columns.push((name.to_owned(), column.into()));
    }

    pub fn without(mut self, name: &str) -> Self {
        self.columns.retain(|(known, _)| known != name);
        self
    }

    /// The given rows, in that order.
    pub fn take(&self, rows: &[u32]) -> Self {
        fn chosen<T: Copy>(values: &[T], rows: &[u32]) -> Vec<T> {
            rows.iter().map(|row| values[*row as usize]).collect()
        }
        Self {
            labels: chosen(&self.labels, rows),
            times: chosen(&self.times, rows),
            label_times: chosen(&self.label_times, rows),
            users: chosen(&self.users, rows),
            sites: chosen(&self.sites, rows),
            columns: self.columns.iter().map(|(name, column)| (name.clone(), column.take(rows))).collect(),
        }
    }

    pub fn bare(&self) -> Dataset {
        Dataset::new(Frame::new(self.columns.clone()).unwrap(), self.labels.clone()).unwrap()
    }

    pub fn timed(&self) -> Dataset {
        self.bare().with_times(self.times.clone()).unwrap()
    }

    pub fn data(&self) -> Dataset {
        self.timed().with_groups(self.users.clone()).unwrap()
    }

    /// What the labels of a key's strictly earlier rows say, or those up to and with the row.
    pub fn running(&self, keys: &[usize], with_own: bool, value: &dyn Fn(&Past) -> f64) -> Vec<f64> {
        let mut past: HashMap<usize, Past> = HashMap::new();
        let mut said = |(key, label): (&usize, &bool)| {
            let past = past.entry(*key).or_default();
            let before = value(past);
            past.add(*label);
            if with_own { value(past) } else { before }
        };
        keys.iter().zip(&self.labels).map(&mut said).collect()
    }

    /// Per row what the positives and rows of its key (of those that `counts`) and its own label make.
    pub fn encoded(&self, keys: &[usize], counts: impl Fn(usize) -> bool, value: impl Fn(f64, f64, f64) -> f64) -> Vec<f64> {
        let mut sums: HashMap<usize, (f64, f64)> = HashMap::new();
        for (row, key) in keys.iter().enumerate().filter(|(row, _)| counts(*row)) {
            let (positives, rows) = sums.entry(*key).or_default();
            *positives += f64::from(u8::from(self.labels[row]));
            *rows += 1.0;
        }
        let of = |(row, key): (usize, &usize)| {
            let (positives, rows) = sums.get(key).copied().unwrap_or_default();
            value(positives, rows, f64::from(u8::from(self.labels[row])))
        };
        keys.iter().enumerate().map(of).collect()
    }
}

pub fn named(codes: &[usize]) -> Column {
    let names: Vec<_> = codes.iter().map(|code| format!("n{code}")).collect();
    Column::texts(names.iter().map(|name| Some(name.as_str())))
}

/// Labels so far.
#[derive(Default)]
pub struct Past {
    pub clicks: f64,
    pub rows: f64,
    last: VecDeque<bool>,
}

impl Past {
    fn add(&mut self, label: bool) {
        self.clicks += f64::from(u8::from(label));
        self.rows += 1.0;
        self.last.push_back(label);
        if self.last.len() > 20 {
            self.last.pop_front();
        }
    }

    pub fn smoothed(&self, strength: f64, rate: f64) -> f64 {
        (self.clicks + strength * rate) / (self.rows + strength)
    }

    /// The rate of the last twenty.
    fn lately(&self) -> f64 {
        self.last.iter().filter(|label| **label).count() as f64 / 20.0
    }
}

pub fn logistic(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}

pub fn normal(dice: &mut Dice) -> f64 {
    (-2.0 * (1.0 - dice.unit()).ln()).sqrt() * (std::f64::consts::TAU * dice.unit()).cos()
}

/// What must be added to all log odds for a mean probability.
fn offset(chances: &[f64], rate: f64) -> f64 {
    let (mut low, mut high) = (-20.0, 20.0);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        let mean = chances.iter().map(|chance| logistic(chance + middle)).sum::<f64>() / chances.len() as f64;
        if mean < rate { low = middle } else { high = middle }
    }
    low
}
