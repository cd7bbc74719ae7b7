//! Leaks of every kind, planted into honest data.

use training::audit::Kind;
use training::{Column, Dataset, Split, Splitting};

use super::world::{DAY, Past, World, logistic, named, normal};
use crate::synthetic::Dice;

/// A data set with a leak, and what must be said of it.
pub struct Leak {
    pub name: &'static str,
    pub kind: Kind,
    pub feature: Option<&'static str>,
    pub data: Dataset,
    pub split: Option<Split>,
    pub splitting: Option<Splitting>,
    pub label_times: Option<Vec<i64>>,
    pub known_at: Option<Vec<i64>>,
    pub is_derived: bool,
}

impl Leak {
    fn new(name: &'static str, kind: Kind, feature: impl Into<Option<&'static str>>, data: Dataset) -> Self {
        let feature = feature.into();
        Self { name, kind, feature, data, split: None, splitting: None, label_times: None, known_at: None, is_derived: false }
    }

    fn by(self, splitting: Splitting, split: Split) -> Self {
        Self { splitting: Some(splitting), split: Some(split), ..self }
    }
}

/// All of them; each has a world of its own.
pub fn leaks() -> Vec<Leak> {
    let mut all = impossible_rows();
    for more in [settled(), too_good(), own_label_sums(), own_label_rows(), late(), sides(), suspicious()] {
        all.extend(more);
    }
    all
}

fn world(seed: u64) -> (World, Dice) {
    (World::new(8000, 0.1, 1000 + seed), Dice::new(2000 + seed))
}

/// The rows of a world that were not shown, whose labels are then false.
fn unshown(world: &mut World, dice: &mut Dice, share: f64) -> Vec<bool> {
    let unshown: Vec<_> = (0..world.rows()).map(|_| dice.unit() < share).collect();
    world.labels.iter_mut().zip(&unshown).for_each(|(label, unshown)| *label &= !unshown);
    unshown
}

fn values(rows: usize, value: impl FnMut(usize) -> f64) -> Column {
    (0..rows).map(value).collect::<Vec<_>>().into()
}

fn texts(rows: usize, text: impl FnMut(usize) -> Option<&'static str>) -> Column {
    Column::texts((0..rows).map(text))
}

pub fn impossible_rows() -> Vec<Leak> {
    let mut found = Vec::new();
    let mut add = |name, seed, share, column: &dyn Fn(&mut Dice, bool) -> f64, slips: usize| {
        // What is not as clear takes more rows.
        let rows = if share > 0.5 { 30_000 } else { 8000 };
        let (mut world, mut dice) = (World::new(rows, 0.2, seed), Dice::new(seed));
        let unshown = unshown(&mut world, &mut dice, share);
        (0..world.rows()).filter(|row| unshown[*row]).take(slips).for_each(|row| world.labels[row] = true);
        world.add("shown_as", values(unshown.len(), |row| column(&mut dice, unshown[row])));
        found.push(Leak::new(name, Kind::ImpossibleRows, "shown_as", world.data()));
    };
    let if_shown = |dice: &mut Dice, unshown, other| if unshown { other } else { (1.0 + 4.0 * dice.unit()).floor() };
    add("missing where not shown", 1, 0.5, &|dice, unshown| if_shown(dice, unshown, f64::NAN), 0);
    add("missing where not shown, a quarter", 2, 0.25, &|dice, unshown| if_shown(dice, unshown, f64::NAN), 0);
    add("zero where not shown", 3, 0.5, &|dice, unshown| if_shown(dice, unshown, 0.0), 0);
    add("not shown, but for two stray clicks", 4, 0.7, &|dice, unshown| if_shown(dice, unshown, f64::NAN), 2);
    add("bids too low to be shown", 5, 0.7, &|dice, unshown| dice.unit() + f64::from(u8::from(!unshown)), 0);
    let (mut world, mut dice) = world(6);
    let unshown = unshown(&mut world, &mut dice, 0.6);
    let status = |row: usize| Some(if unshown[row] { ["blocked", "no_bid", "timeout"][(3.0 * dice.unit()) as usize] } else { "served" });
    world.add("status", texts(unshown.len(), status));
    found.push(Leak::new("states of requests that were not served", Kind::ImpossibleRows, "status", world.data()));
    found
}

fn settled() -> Vec<Leak> {
    let mut found = Vec::new();
    let mut add = |name, seed, column: &dyn Fn(&mut Dice, bool) -> f64| {
        let (mut world, mut dice) = world(seed);
        world.add("later", values(world.rows(), |row| column(&mut dice, world.labels[row])));
        found.push(Leak::new(name, Kind::SettledByValue, "later", world.data()));
    };
    let part = |dice: &mut Dice, label, share| label && dice.unit() < share;
    add("a value of the conversion, for some clicks", 11, &|dice, label| if part(dice, label, 0.4) { 5.0 * dice.unit() } else { f64::NAN });
    add("a marker for some clicks", 12, &|dice, label| if part(dice, label, 0.3) { -1.0 } else { dice.unit() });
    add("missing for some clicks", 13, &|dice, label| if part(dice, label, 0.5) { f64::NAN } else { dice.unit() });
    add("a refund for some clicks", 14, &|dice, label| f64::from(u8::from(part(dice, label, 0.3))));
    add("large for some clicks", 15, &|dice, label| dice.unit() + f64::from(u8::from(part(dice, label, 0.4))));
    let (mut clicked, mut dice) = world(16);
    let page = |row: usize| (clicked.labels[row] && dice.unit() < 0.6).then(|| ["home", "cart", "offer"][(3.0 * dice.unit()) as usize]);
    clicked.add("landing_page", texts(clicked.rows(), page));
    found.push(Leak::new("a landing page for some clicks", Kind::SettledByValue, "landing_page", clicked.data()));
    // A small part of the rows is never positive.
    let (mut robots, mut dice) = (World::new(30_000, 0.3, 17), Dice::new(17));
    let is_robot: Vec<_> = (0..robots.rows()).map(|_| dice.unit() < 0.03).collect();
    robots.labels.iter_mut().zip(&is_robot).for_each(|(label, robot)| *label &= !robot);
    robots.add("filter", texts(is_robot.len(), |row| is_robot[row].then_some("robot")));
    found.push(Leak::new("clicks that a later filter took out", Kind::SettledByValue, "filter", robots.data()));
    found
}

fn too_good() -> Vec<Leak> {
    let mut found = Vec::new();
    let mut add = |name, seed, feature: &'static str, column: &dyn Fn(&mut Dice, f64) -> f64| {
        let (mut world, mut dice) = world(seed);
        world.add(feature, values(world.rows(), |row| column(&mut dice, f64::from(u8::from(world.labels[row])))));
        found.push(Leak::new(name, Kind::TooGood, feature, world.data()));
    };
    add("the label with some errors", 21, "clicked", &|dice, label| if dice.unit() < 0.02 { 1.0 - label } else { label });
    add("time on the page", 22, "dwell_time", &|dice, label| (3.0 * label + normal(dice)).exp());
    add("time on other pages", 23, "other_time", &|dice, label| 5.0 - 2.6 * label + normal(dice));
    add("far from the middle", 24, "deviation", &|dice, label| {
        (if dice.unit() < 0.5 { -1.0 } else { 1.0 }) * (5.0 * label + 1.0 + normal(dice).abs())
    });
    add("better than all others", 25, "page_depth", &|dice, label| 2.3 * label + normal(dice));
    add("rounded, better than all others", 26, "clicks_today", &|dice, label| (2.0 * (2.6 * label + normal(dice))).round());
    let (mut pages, mut dice) = world(27);
    let page = |row: usize| {
        let is_after = pages.labels[row] != (dice.unit() < 0.02);
        Some(if is_after {
            ["thanks", "order"][(2.0 * dice.unit()) as usize]
        } else {
            ["news", "search", "mail"][(3.0 * dice.unit()) as usize]
        })
    };
    pages.add("next_page", texts(pages.rows(), page));
    found.push(Leak::new("the next page", Kind::TooGood, "next_page", pages.data()));
    // Two of one family do not hide each other.
    let (mut family, mut dice) = world(28);
    for name in ["click_price", "click_page"] {
        family.add(name, values(family.rows(), |row| 2.4 * f64::from(u8::from(family.labels[row])) + normal(&mut dice)));
    }
    found.push(Leak::new("one of two alike", Kind::TooGood, "click_price", family.data()));
    found
}

/// Encodings that hold the sum of their rows' labels.
fn own_label_sums() -> Vec<Leak> {
    let mut found = Vec::new();
    let mut add = |name, seed, has_site: bool, value: &dyn Fn(f64, f64, f64) -> f64| {
        let (mut world, _) = world(seed);
        world.add("site_rate", world.encoded(&world.sites, |_| true, value));
        let world = if has_site { world } else { world.without("site") };
        found.push(Leak::new(name, Kind::OwnLabel, "site_rate", world.data()));
    };
    add("the rate of the site's rows", 31, true, &|positives, rows, _| positives / rows);
    add("the same, smoothed", 32, true, &|positives, rows, _| (positives + 2.0) / (rows + 20.0));
    add("the same, as log odds", 33, true, &|positives, rows, _| ((positives + 0.5) / (rows - positives + 4.5)).ln());
    add("the same, as a lift of log odds", 34, true, &|positives, rows, _| ((positives + 0.5) / (rows - positives + 4.5)).ln() + 2.2);
    add("the site's clicks", 35, true, &|positives, _, _| positives);
    add("the rate of the site's rows, without the site", 36, false, &|positives, rows, _| positives / rows);
    add("the rate of the site's other rows", 37, true, &|positives, rows, label| (positives - label) / (rows - 1.0));
    add("the same, smoothed", 38, true, &|positives, rows, label| (positives - label + 1.0) / (rows + 9.0));

    let (mut user, _) = world(39);
    let users: Vec<_> = user.users.iter().map(|user| *user as usize).collect();
    user.add("user_clicks", user.encoded(&users, |_| true, |positives, _, _| positives));
    found.push(Leak::new("the user's clicks, later ones too", Kind::OwnLabel, "user_clicks", user.data()));

    // Each row by the other four fifths: not its own label, but later ones.
    let (mut folds, mut dice) = world(40);
    let fold: Vec<_> = (0..folds.rows()).map(|_| (5.0 * dice.unit()) as usize).collect();
    let mut rates = vec![0.0; folds.rows()];
    for wanted in 0..5 {
        let others = folds.encoded(&folds.sites, |row| fold[row] != wanted, |positives, rows, _| (positives + 0.5) / (rows + 5.0));
        (0..folds.rows()).filter(|row| fold[*row] == wanted).for_each(|row| rates[row] = others[row]);
    }
    folds.add("site_rate", rates);
    found.push(Leak::new("the rate in the other folds", Kind::OwnLabel, "site_rate", folds.data()));

    // Learned on the training side and looked up for the test side.
    for (name, seed, noise) in [("the rate of the site's training rows", 41, 0.0), ("the same, without the site and with noise", 42, 0.01)]
    {
        let (mut half, mut dice) = world(seed);
        let split = Splitting::default().split(&half.data(), 0.3).unwrap();
        let keys: Vec<_> = (0..half.rows()).map(|row| half.sites[row] * 30 + row % 30).collect();
        let keys = if noise > 0.0 { &keys } else { &half.sites };
        let rates = half.encoded(keys, |row| row < split.train.len(), |positives, rows, _| (positives + 0.1) / (rows + 1.0));
        half.add("site_rate", rates.iter().map(|rate| rate + noise * normal(&mut dice)).collect::<Vec<_>>());
        let half = if noise > 0.0 { half.without("site") } else { half };
        found.push(Leak::new(name, Kind::OwnLabel, "site_rate", half.data()).by(Splitting::default(), split));
    }
    found
}

/// Running sums that end with the row's own label, and sums of a day.
fn own_label_rows() -> Vec<Leak> {
    let mut found = Vec::new();
    let mut add = |name, seed, value: &dyn Fn(&Past) -> f64| {
        let (mut world, _) = world(seed);
        let users: Vec<_> = world.users.iter().map(|user| *user as usize).collect();
        world.add("user_rate", world.running(&users, true, value));
        found.push(Leak::new(name, Kind::OwnLabel, "user_rate", world.data()));
    };
    add("the user's clicks up to and with this row", 51, &|past| past.clicks);
    add("the user's rate up to and with this row", 52, &|past| past.clicks / past.rows);
    add("the same, smoothed", 53, &|past| past.smoothed(20.0, 0.1));

    let (mut noisy, mut dice) = world(54);
    let rates = noisy.encoded(&noisy.sites, |_| true, |positives, rows, label| (positives - label) / (rows - 1.0));
    noisy.add("site_rate", rates.iter().map(|rate| rate + 0.01 * normal(&mut dice)).collect::<Vec<_>>());
    found.push(Leak::new("the rate of the site's other rows, with noise", Kind::OwnLabel, "site_rate", noisy.data()));

    let (mut daily, _) = world(55);
    let keys: Vec<_> =
        (0..daily.rows()).map(|row| daily.sites[row] % 60 * 1000 + ((daily.times[row] - daily.times[0]) / DAY) as usize).collect();
    daily.add("rate_today", daily.encoded(&keys, |_| true, |positives, rows, _| positives / rows));
    found.push(Leak::new("the rate of the whole day", Kind::OwnLabel, "rate_today", daily.data()));
    found
}

fn late() -> Vec<Leak> {
    let mut found = Vec::new();
    let (known, mut dice) = world(61);
    let known_at: Vec<_> = known.times.iter().map(|time| if dice.unit() < 0.05 { time + 3 } else { time - 60 }).collect();
    let mut leak = Leak::new("a price that is known too late for some rows", Kind::KnownTooLate, "price", known.data());
    leak.known_at = Some(known_at);
    found.push(leak);
    let mut leak = Leak::new("a price known at the event", Kind::KnownTooLate, "price", known.data());
    leak.known_at = Some(known.times.clone());
    found.push(leak);
    let mut leak = Leak::new("a price known after the label", Kind::KnownTooLate, "price", known.bare());
    leak.known_at = Some(known.label_times.iter().map(|time| time + 1).collect());
    leak.label_times = Some(known.label_times.clone());
    found.push(leak);
    let mut leak = Leak::new("a price that comes of the label", Kind::DerivedFromLabel, "price", known.data());
    leak.is_derived = true;
    found.push(leak);
    let mut add = |name, seed, value: &dyn Fn(i64, i64, &mut Dice) -> f64| {
        let (mut world, mut dice) = world(seed);
        // Also where nothing was clicked, so that neither absence nor order tell.
        let of = |row: usize| {
            let wait = if world.labels[row] { world.label_times[row] - world.times[row] } else { 1 + (-dice.unit().ln() * 1800.0) as i64 };
            value(world.times[row], wait, &mut dice)
        };
        world.add("seen", values(world.rows(), of));
        let mut leak = Leak::new(name, Kind::FollowsLabelTime, "seen", world.data());
        leak.label_times = Some(world.label_times.clone());
        found.push(leak);
    };
    add("the time of the click", 62, &|time, wait, _| (time + wait) as f64);
    add("the hours of the click", 63, &|time, wait, _| (time + wait) as f64 / 3600.0 - 470_000.0);
    add("the wait for the click", 64, &|_, wait, _| wait as f64);
    add("how soon the click came", 65, &|_, wait, _| 1.0 / (wait as f64 + 10.0));
    found
}

fn sides() -> Vec<Leak> {
    let mut found = Vec::new();
    let (by_chance, _) = world(71);
    let (random, group, time) = (Splitting::Random { seed: 1 }, Splitting::Group { seed: 1 }, Splitting::Time { gap: 0 });
    let data = by_chance.data();
    let split = random.split(&data, 0.3).unwrap();
    found.push(Leak::new("users on both sides of a random split", Kind::SharedGroups, None, data.clone()).by(random, split.clone()));
    let mut few = group.split(&data, 0.3).unwrap();
    let moved = few.train.len() - 5;
    few.test.extend(few.train.drain(moved..));
    found.push(Leak::new("few users on both sides of a split by user", Kind::SharedGroups, None, data.clone()).by(group, few));
    found.push(Leak::new("a random split said to be by time", Kind::TimeOrder, None, data.clone()).by(time, split));
    let good = time.split(&data, 0.3).unwrap();
    let mut late = good.clone();
    late.train.extend(late.test.split_off(late.test.len() - 20));
    found.push(Leak::new("the newest rows among the training rows", Kind::TimeOrder, None, data.clone()).by(time, late));
    let mut twice = good.clone();
    twice.test.extend(twice.train.iter().copied().skip(500).take(40));
    found.push(Leak::new("rows on both sides", Kind::SharedRows, None, data.clone()).by(group, twice));
    let gap = Splitting::Time { gap: DAY };
    found.push(Leak::new("no gap where one is said to be", Kind::InGap, None, data.clone()).by(gap, good.clone()));
    let mut open = Leak::new("labels that come true only later", Kind::InGap, None, data).by(time, good);
    open.label_times = Some(by_chance.label_times.iter().map(|time| time + DAY).collect());
    found.push(open);
    for (name, seed, has_times) in [("copies on both sides", 72, true), ("copies on both sides, without times", 73, false)] {
        let (world, mut dice) = world(seed);
        let rows: Vec<_> = (0..world.rows() as u32).flat_map(|row| vec![row; 1 + usize::from(dice.unit() < 0.1)]).collect();
        let world = world.take(&rows);
        let data = if has_times { world.timed() } else { world.bare() };
        let split = random.split(&data, 0.3).unwrap();
        found.push(Leak::new(name, Kind::SharedCopies, None, data).by(random, split));
    }
    found
}

/// What need not be a leak, and must be told all the same.
fn suspicious() -> Vec<Leak> {
    let mut found = Vec::new();
    let (mut id, mut dice) = world(81);
    let all: Vec<_> = (0..id.rows()).collect();
    id.add("request_number", values(all.len(), |row| (row * 7 % 8009) as f64 + 1e6));
    id.add("request_id", named(&all));
    for name in ["request_number", "request_id"] {
        found.push(Leak::new("a number of its own in each row", Kind::Identifier, name, id.data()));
    }
    let (mut release, _) = world(82);
    let split = Splitting::default().split(&release.data(), 0.3).unwrap();
    let release_of = |row: usize| Some(if row < split.train.len() { ["1.0", "1.1"][(2.0 * dice.unit()) as usize] } else { "2.0" });
    release.add("release", texts(release.rows(), release_of));
    let other = Leak::new("a release that training never saw", Kind::ConstantOnOneSide, "release", release.data());
    found.push(other.by(Splitting::default(), split));
    let (copies, mut dice) = world(83);
    let rows: Vec<_> = (0..copies.rows() as u32).flat_map(|row| vec![row; 1 + (1.3 * dice.unit()) as usize]).collect();
    found.push(Leak::new("a quarter of the rows twice", Kind::RepeatedRows, None, copies.take(&rows).data()));
    let (mut good, mut dice) = world(84);
    let score = |row: usize| logistic(1.9 * f64::from(u8::from(good.labels[row])) + normal(&mut dice));
    good.add("score", values(good.rows(), score));
    found.push(Leak::new("very good, but not beyond belief", Kind::TooGood, "score", good.data()));
    found
}
