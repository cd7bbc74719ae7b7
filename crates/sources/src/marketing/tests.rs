#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::files::PATHS;
use super::*;

fn small(users: u64) -> MarketingOptions {
    MarketingOptions { users, days: 40, seed: 7, ..MarketingOptions::default() }
}

fn made(options: &MarketingOptions) -> (TempDir, Generated) {
    let folder = tempfile::tempdir().unwrap();
    let generated = generate(options, folder.path(), &mut |_| {}).unwrap();
    (folder, generated)
}

fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    PATHS.iter().map(|(_, name)| ((*name).to_owned(), fs::read(folder.join(name)).unwrap())).collect()
}

fn rows(folder: &Path, name: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(folder.join(name)).unwrap();
    text.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

#[test]
fn same_bytes_on_any_number_of_threads() {
    let on_threads = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        contents(pool.install(|| made(&small(3000))).0.path())
    };
    let one = on_threads(1);
    assert!(one == on_threads(3));
    // Control: a seed changes every file.
    let other = contents(made(&MarketingOptions { seed: 8, ..small(3000) }).0.path());
    assert!(one.iter().zip(&other).all(|(a, b)| a != b));
}

#[test]
fn every_conversion_is_shared_out_and_switching_off_takes_no_more_than_there_is() {
    let world = World::new(&small(4000)).unwrap();
    let (mut anyway, mut caused, mut joint) = (0, 0, 0);
    for history in (0..4000).map(|user| world.user(user)) {
        assert!(history.touches.is_sorted_by_key(|touch| touch.at) && history.conversions.is_sorted_by_key(|conversion| conversion.at));
        for conversion in &history.conversions {
            let sum: f64 = conversion.caused_by.iter().sum();
            assert!((sum - if conversion.is_baseline { 0.0 } else { 1.0 }).abs() < 1e-9, "{conversion:?}");
            let seen = |channel| history.touches.iter().any(|t| t.channel == channel && !t.is_ghost && t.at < conversion.at);
            for channel in 0..CHANNELS {
                assert!(conversion.caused_by[channel] >= 0.0 && (conversion.caused_by[channel] == 0.0 || seen(channel)));
                // What is lost without one channel was caused by it, at least in part.
                assert!(!conversion.lost_without[channel] || conversion.caused_by[channel] > 0.0);
            }
            anyway += u64::from(conversion.is_baseline);
            caused += u64::from(!conversion.is_baseline);
            joint += u64::from(conversion.caused_by.iter().filter(|share| **share > 0.0).count() > 1);
        }
    }
    assert!(anyway > caused && caused > 100 && joint > 20, "{anyway} {caused} {joint}");
}

#[test]
fn a_holdout_sees_nothing_and_the_rest_is_as_it_was() {
    let with = World::new(&small(500)).unwrap();
    let without = World::new(&MarketingOptions { holdout: 0.0, ..small(500) }).unwrap();
    let mut held_out = 0;
    for user in 0..500 {
        let (with, without) = (with.user(user), without.user(user));
        let channels =
            |is_ghost: bool| with.touches.iter().filter(move |t| t.is_ghost == is_ghost).map(|t| t.channel).collect::<BTreeSet<_>>();
        assert!(channels(true).is_disjoint(&channels(false)), "a user is in a channel's holdout or not");
        held_out += channels(true).len();
        let occasions = |history: &UserHistory| {
            let impressions = history.touches.iter().filter(|touch| touch.kind == TouchKind::Impression);
            impressions.map(|touch| (touch.at, touch.channel)).collect::<Vec<_>>()
        };
        assert_eq!(occasions(&with), occasions(&without));
        assert!(without.touches.iter().all(|touch| !touch.is_ghost));
    }
    assert!(held_out > 100);
}

#[test]
fn files_agree_with_each_other() {
    let (folder, generated) = made(&small(2000));
    let touches = rows(folder.path(), "touchpoints.csv");
    let micros = |text: &str| (text.parse::<f64>().unwrap() * 1e6).round() as i64;
    let mut costs: BTreeMap<(String, String), i64> = BTreeMap::new();
    for row in touches.iter().filter(|row| row[2] != "direct") {
        *costs.entry((row[1][..10].to_owned(), row[3].clone())).or_default() += micros(&row[5]);
    }
    let mut spend: BTreeMap<(String, String), i64> = BTreeMap::new();
    let key = |row: &Vec<String>| (row[0].clone(), row[2].clone());
    for row in rows(folder.path(), "channel_spend/reported.csv") {
        assert!(spend.insert(key(&row), micros(&row[3])).is_none(), "one first report per key");
    }
    let first = spend.clone();
    let corrections = rows(folder.path(), "channel_spend/corrections.csv");
    for row in &corrections {
        let corrected = spend.insert(key(row), micros(&row[3])).unwrap();
        assert!(corrected < micros(&row[3]) && row[7] > row[0]);
    }
    assert!(!corrections.is_empty());
    spend.retain(|key, spend| costs.contains_key(key) || *spend > 0);
    assert_eq!(spend, costs, "spend put right is the sum of costs");
    assert!(first.iter().any(|(key, spend)| costs.get(key).is_some_and(|cost| cost != spend)), "control: without corrections it is not");
    let truth = rows(folder.path(), "truth/conversions.csv");
    let ids = |rows: &[Vec<String>]| rows.iter().map(|row| row[0].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&truth), ids(&rows(folder.path(), "conversions.csv")));
    assert_eq!(truth.len() as u64, generated.conversions);
    let baseline = truth.iter().filter(|row| row[1] == "true").count() as u64;
    assert_eq!(baseline, generated.baseline_conversions);
    let caused: f64 = generated.channels.iter().map(|channel| channel.incremental_conversions).sum();
    assert!((caused + baseline as f64 - generated.conversions as f64).abs() < 1e-6);
    assert!(fs::read_to_string(folder.path().join("exchange_rates.csv")).unwrap().contains("2025-02-09,EUR,"));
}

#[test]
fn what_cannot_be_done_is_said_in_one_line() {
    let fails = |options: &MarketingOptions, out: &Path| {
        let message = generate(options, out, &mut |_| {}).unwrap_err().to_string();
        assert!(!message.contains('\n'));
        message
    };
    let (folder, _) = made(&small(20));
    assert!(fails(&small(20), folder.path()).contains("touchpoints.csv already exists"));
    generate(&MarketingOptions { overwrite: true, ..small(10) }, folder.path(), &mut |_| {}).unwrap();
    assert!(fails(&small(0), folder.path()).contains("ask for at least 1 user"));
    assert!(fails(&MarketingOptions { days: 0, ..small(1) }, folder.path()).contains("no day"));
    assert!(fails(&MarketingOptions { holdout: 1.0, ..small(1) }, folder.path()).contains("a holdout of 1"));
    assert!(fails(&MarketingOptions { days: u32::MAX, ..small(1) }, folder.path()).contains("past the year 9999"));
}

#[test]
fn a_market_is_a_function_of_its_number_and_saturates() {
    let market = Market::new(3, 200);
    assert_eq!(market, Market::new(3, 200));
    assert!(market != Market::new(4, 200) && market.outcomes.len() == 200);
    let usual: Vec<f64> = market.spend.iter().map(|spend| spend.iter().sum::<f64>() / 200.0).collect();
    let at = |multiple: f64| market.expected(&usual.iter().map(|spend| spend * multiple).collect::<Vec<_>>(), 28);
    assert!(at(2.0) > at(1.0) && at(8.0) - at(4.0) < 4.0 * (at(2.0) - at(1.0)));
    assert_eq!(Market::new(1, 0).outcomes.len(), 0);
}
