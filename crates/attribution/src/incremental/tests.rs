#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use sources::marketing::{CHANNELS, DIRECT, MarketingOptions, TouchKind, UserHistory, World};

use super::*;

const DAY: i64 = 86_400_000_000;

fn histories(users: u64, seed: u64) -> Vec<UserHistory> {
    let world = World::new(&MarketingOptions { users, days: 60, seed, ..MarketingOptions::default() }).unwrap();
    (0..users).map(|user| world.user(user)).collect()
}

fn users(histories: &[UserHistory]) -> Vec<User> {
    let of_user = |history: &UserHistory| User {
        from: 0,
        until: 60 * DAY,
        exposures: history
            .touches
            .iter()
            .filter(|touch| touch.channel < CHANNELS && touch.kind == TouchKind::Impression)
            .map(|touch| Exposure { at: touch.at, channel: touch.channel, is_ghost: touch.is_ghost })
            .collect(),
        signals: history.touches.iter().filter(|touch| touch.channel == DIRECT).map(|touch| touch.at).collect(),
        conversions: history.conversions.iter().map(|conversion| conversion.at).collect(),
        values: history.conversions.iter().map(|conversion| conversion.value_cents as f64 / 100.0).collect(),
    };
    histories.iter().map(of_user).collect()
}

fn fit(users: &[User]) -> Incremental {
    Incremental::fit(&Population { channels: CHANNELS, users }, &IncrementalSettings::default()).unwrap()
}

#[test]
fn shares_are_near_the_causal_truth_where_last_click_is_not() {
    let (mut error, mut last_click_error, mut held) = (0.0, 0.0, 0);
    for seed in 300..303 {
        let histories = histories(25_000, seed);
        let model = fit(&users(&histories));
        let total = model.conversions as f64;
        let (mut truth, mut last_click) = ([0.0; CHANNELS], [0.0; CHANNELS]);
        for history in &histories {
            for conversion in &history.conversions {
                truth.iter_mut().zip(conversion.caused_by).for_each(|(sum, share)| *sum += share / total);
                let is_last = |t: &&sources::marketing::Touch| t.kind == TouchKind::Click && t.channel < DIRECT && t.at < conversion.at;
                history.touches.iter().rev().find(is_last).iter().for_each(|click| last_click[click.channel] += 1.0 / total);
            }
        }
        for channel in 0..CHANNELS {
            let share = model.channels[channel].share;
            error += (share.value - truth[channel]).abs() / 21.0;
            last_click_error += (last_click[channel] - truth[channel]).abs() / 21.0;
            held += u32::from(share.low <= truth[channel] && truth[channel] <= share.high);
            assert!(matches!(model.channels[channel].evidence, Evidence::Holdout { users } if users > 500));
        }
        let sum: f64 = model.channels.iter().map(|channel| channel.share.value).sum();
        assert!((sum + model.baseline.value - 1.0).abs() < 1e-12 && model.baseline.value > 0.5);
    }
    assert!(error <= 0.02, "{error}");
    // The control: last click is held to the same bar and fails it.
    assert!(last_click_error > 0.02 && last_click_error >= 3.0 * error, "{last_click_error}");
    assert!(held >= 17, "{held} of 21 intervals hold the truth");
}

#[test]
fn credits_of_conversions_sum_to_the_channels() {
    let users = users(&histories(4000, 1));
    let model = fit(&users);
    let (mut sums, mut values, mut all_value) = ([0.0; CHANNELS], [0.0; CHANNELS], 0.0);
    for user in &users {
        for (at, value) in user.converted() {
            let credit = model.credit(user, at);
            assert!(credit.channels.iter().chain(&credit.exposures).all(|share| (0.0..=1.0).contains(share)));
            let all: f64 = credit.channels.iter().sum();
            assert!((all + credit.baseline - 1.0).abs() < 1e-12 && credit.baseline >= 0.0);
            assert!((credit.exposures.iter().sum::<f64>() - all).abs() < 1e-9);
            let ghosts = user.exposures.iter().zip(&credit.exposures).filter(|(exposure, _)| exposure.is_ghost || exposure.at >= at);
            assert!(ghosts.map(|(_, share)| *share).sum::<f64>() == 0.0, "what was not seen before earns nothing");
            sums.iter_mut().zip(&credit.channels).for_each(|(sum, share)| *sum += share);
            values.iter_mut().zip(&credit.channels).for_each(|(sum, share)| *sum += share * value);
            all_value += value;
        }
    }
    for (sum, channel) in sums.iter().zip(&model.channels) {
        assert!((sum - channel.conversions.value).abs() < 1e-6, "{sum} {:?}", channel.conversions);
    }
    for (sum, channel) in values.iter().zip(&model.channels) {
        assert!((sum - channel.value.value).abs() < 1e-6 * all_value, "{sum} {:?}", channel.value);
        assert!(channel.value.low <= channel.value.value && channel.value.value <= channel.value.high);
    }
    let caused: f64 = model.channels.iter().map(|channel| channel.value.value).sum();
    assert!(
        (model.value - all_value).abs() < 1e-6 * all_value && (caused + model.baseline_value.value - all_value).abs() < 1e-6 * all_value
    );
}

#[test]
fn order_of_users_and_threads_do_not_show() {
    let mut some = users(&histories(1500, 2));
    let on_threads = |users: &[User], threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| fit(users))
    };
    let model = on_threads(&some, 1);
    assert_eq!(model, on_threads(&some, 3));
    some.reverse();
    some.iter_mut().for_each(|user| user.exposures.reverse());
    let other = on_threads(&some, 2);
    assert_eq!(model, other);
    // Control: another user is another model.
    some[0].conversions.push(DAY);
    some[0].values.push(1.0);
    assert_ne!(model, fit(&some));
}

#[test]
fn intervals_know_that_a_users_conversions_are_not_independent() {
    let once = users(&histories(6000, 3));
    // Everyone buys four times in place of once: four times the conversions, and no more knowledge.
    let mut often = once.clone();
    for user in &mut often {
        user.conversions = user.conversions.iter().flat_map(|at| [*at; 4]).collect();
        user.values = user.values.iter().flat_map(|value| [*value; 4]).collect();
    }
    let width = |model: &Incremental| model.channels.iter().map(|channel| channel.share.high - channel.share.low).sum::<f64>();
    let ratio = width(&fit(&often)) / width(&fit(&once));
    // An interval that counts conversions as independent would be half as wide.
    assert!((0.85..1.15).contains(&ratio), "{ratio}");
}

#[test]
fn intervals_reach_up_where_channels_meet_the_same_users() {
    // Half of the users have contacts, which triple what they buy; the others none.
    let population = |is_met: fn(usize, usize) -> bool| -> Vec<User> {
        let exposures = |user: usize| {
            let met = (0..2).filter(move |channel| is_met(user, *channel));
            met.map(|channel| Exposure { at: DAY, channel, is_ghost: false }).collect::<Vec<_>>()
        };
        let of_user = |user: usize| {
            let exposures = exposures(user);
            let buys = user % 10 < if exposures.is_empty() { 2 } else { 6 };
            let conversions = if buys { vec![2 * DAY + user as i64] } else { Vec::new() };
            User { from: 0, until: 10 * DAY, values: vec![1.0; conversions.len()], exposures, conversions, ..User::default() }
        };
        (0..6000).map(of_user).collect()
    };
    let reaches = |users: &[User]| {
        let model = Incremental::fit(&Population { channels: 2, users }, &IncrementalSettings::default()).unwrap();
        let share = model.channels[0].share;
        (share.value - share.low, share.high - share.value)
    };
    let (down, up) = reaches(&population(|user, channel| user / 10 % 4 == 2 + channel));
    assert!((up / down - 1.0).abs() < 0.05, "apart: {down} {up}");
    let (down, up) = reaches(&population(|user, channel| user / 10 % 4 == 1 + channel || user / 10 % 4 == 3));
    assert!(up > 1.1 * down, "together: {down} {up}");
}

#[test]
fn without_a_holdout_it_says_so() {
    let mut seen = users(&histories(4000, 4));
    seen.iter_mut().for_each(|user| user.exposures.retain(|exposure| !exposure.is_ghost));
    seen.iter_mut().for_each(|user| user.exposures.retain(|exposure| exposure.channel != 6));
    let model = fit(&seen);
    assert!(model.channels[..6].iter().all(|channel| channel.evidence == Evidence::Comparison));
    assert_eq!((model.channels[6].evidence, model.channels[6].share.value), (Evidence::None, 0.0));
}

#[test]
fn odd_populations_have_an_answer_or_a_reason() {
    let refused = |users: &[User], settings: &IncrementalSettings| {
        let message = Incremental::fit(&Population { channels: 2, users }, settings).unwrap_err().to_string();
        assert!(!message.contains('\n'));
        message
    };
    let settings = IncrementalSettings::default();
    let user = |conversions: Vec<i64>| User { from: 0, until: 10 * DAY, conversions, ..User::default() };
    assert!(refused(&[], &settings).contains("population"));
    assert!(refused(&[user(Vec::new())], &settings).contains("conversions is empty"));
    assert!(refused(&[User::default()], &settings).contains("time observed"));
    let odd = User { exposures: vec![Exposure { at: 1, channel: 2, is_ghost: false }], ..user(vec![5]) };
    assert!(refused(&[odd], &settings).contains("channel's number is 2"));
    assert!(refused(&[user(vec![5])], &IncrementalSettings { windows: vec![3.0, 1.0], ..settings.clone() }).contains("windows"));
    assert!(refused(&[user(vec![5])], &IncrementalSettings { level: 1.0, ..settings.clone() }).contains("level"));
    // Conversions before any touch, at its very instant, and touches after the end; 500 touches of one user.
    let early = User { exposures: vec![Exposure { at: 5, channel: 0, is_ghost: false }], ..user(vec![3, 5]) };
    let late = User { exposures: vec![Exposure { at: 11 * DAY, channel: 1, is_ghost: false }], ..user(vec![DAY]) };
    let many =
        User { exposures: (0..500).map(|at| Exposure { at: at * DAY / 60, channel: 1, is_ghost: false }).collect(), ..user(vec![9 * DAY]) };
    let others = [early.clone(), late, many, user(Vec::new()), user(vec![2 * DAY])];
    let model = Incremental::fit(&Population { channels: 2, users: &others }, &settings).unwrap();
    assert_eq!(model.conversions, 5);
    assert_eq!(model.credit(&early, 5).baseline, 1.0);
}
