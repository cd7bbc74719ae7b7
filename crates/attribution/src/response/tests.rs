#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use sources::marketing::Market;

use super::baseline::Baseline;
use super::posterior::Posterior;
use super::*;

fn history(market: &Market) -> History {
    let channel = |(at, spend): (usize, &Vec<f64>)| ChannelHistory { name: at.to_string(), spend: spend.clone() };
    History { outcomes: market.outcomes.clone(), channels: market.spend.iter().enumerate().map(channel).collect() }
}

#[test]
fn slopes_are_differences() {
    let history = history(&Market::new(5, 120));
    let posterior = Posterior::new(&history, Baseline::new(120).unwrap());
    let at: Vec<f64> = posterior.prior_mean().iter().enumerate().map(|(number, mean)| mean + 0.1 * (number % 3) as f64).collect();
    let (value, slopes) = posterior.slope(&at);
    assert!((value - posterior.at(&at)).abs() < 1e-9);
    for number in 0..at.len() {
        let moved = |by: f64| {
            let mut at = at.clone();
            at[number] += by;
            posterior.at(&at)
        };
        let difference = (moved(1e-5) - moved(-1e-5)) / 2e-5;
        assert!((difference - slopes[number]).abs() < 1e-4 * (1.0 + difference.abs()), "{number}: {difference} {}", slopes[number]);
    }
}

#[test]
fn a_clear_history_gives_its_curve_back() {
    // One channel, hardly any noise, spend from nothing to far into saturation.
    let truth = Curve { most: 400.0, half: 800.0, shape: 1.2, carry: 0.5 };
    let spend: Vec<f64> =
        (0..300).map(|day| 2500.0 * ((day * 7919 % 101) as f64 / 100.0) * f64::from(u8::from(day / 12 % 3 > 0))).collect();
    let carried = truth.carried(&spend);
    let outcomes =
        carried.iter().enumerate().map(|(day, x)| 300.0 + 20.0 * (day % 7) as f64 + truth.outcome(*x) + (day * 31 % 11) as f64 / 10.0);
    let history = History { outcomes: outcomes.collect(), channels: vec![ChannelHistory { name: "one".to_owned(), spend }] };
    let response = Response::fit(&history, &ResponseSettings::default()).unwrap();
    for daily in [400.0, 1000.0, 2000.0] {
        let expected = truth.total(0.0, daily, 28);
        let found = response.best[0].total(0.0, daily, 28);
        assert!((found / expected - 1.0).abs() < 0.05, "{daily}: {found} {expected}");
    }
    assert!((response.best[0].carry - 0.5).abs() < 0.1, "{:?}", response.best);
}

#[test]
fn a_total_is_the_sum_of_its_days() {
    let curve = Curve { most: 10.0, half: 100.0, shape: 1.5, carry: 0.6 };
    let (mut carried, mut sum) = (40.0, 0.0);
    for day in 0..28 + 60 {
        carried = 0.6 * carried + 0.4 * if day < 28 { 70.0 } else { 0.0 };
        sum += curve.outcome(carried);
    }
    assert!((curve.total(40.0, 70.0, 28) - sum).abs() < 1e-3 * sum);
    assert_eq!(curve.total(0.0, 0.0, 28), 0.0);
}

#[test]
fn intervals_hold_the_true_returns_most_of_the_time() {
    let (mut held, mut all) = (0, 0);
    for number in 500..512 {
        let market = Market::new(number, 200);
        let response = Response::fit(&history(&market), &ResponseSettings { draws: 60, ..ResponseSettings::default() }).unwrap();
        for (channel, present) in response.present.iter().enumerate().filter(|(_, present)| **present > 0.0) {
            let at = |multiple: f64| {
                let mut daily = vec![0.0; market.laws.len()];
                daily[channel] = multiple * present;
                market.expected(&daily, 28)
            };
            let truth = at(1.2) - at(0.8);
            let mut gains: Vec<f64> = response
                .by_draw(channel, 1.2 * present, 28)
                .zip(response.by_draw(channel, 0.8 * present, 28))
                .map(|(a, b)| a - b)
                .collect();
            gains.sort_unstable_by(f64::total_cmp);
            held += u32::from(gains[1] <= truth && truth <= gains[58]);
            all += 1;
        }
    }
    // About 95 % of 50 to 70, less what drawing few curves and other families of curves cost.
    assert!(f64::from(held) > 0.8 * f64::from(all), "{held} of {all}");
}

#[test]
fn same_bytes_on_any_number_of_threads_and_odd_histories_are_named() {
    let good = history(&Market::new(2, 60));
    let fit = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| Response::fit(&good, &ResponseSettings { draws: 20, ..ResponseSettings::default() }).unwrap())
    };
    assert_eq!(fit(1), fit(3));
    let refused = |history: &History| {
        let message = Response::fit(history, &ResponseSettings::default()).unwrap_err().to_string();
        assert!(!message.contains('\n'));
        message
    };
    assert!(refused(&history(&Market::new(2, 20))).contains("number of days with outcomes is 20"));
    assert!(refused(&History { channels: Vec::new(), ..good.clone() }).contains("channels with spend is empty"));
    let mut negative = good.clone();
    negative.channels[0].spend[3] = -5.0;
    assert!(refused(&negative).contains("the spend is -5 at 3"), "{}", refused(&negative));
    let mut short = good.clone();
    short.channels[1].spend.pop();
    assert!(refused(&short).contains("a channel's spend has 59 entries"));
    // Spend that never changes, outcomes that never come, a channel never spent on: an answer all the same.
    let mut constant = good.clone();
    constant.channels[0].spend.fill(100.0);
    constant.channels[1].spend.fill(0.0);
    constant.outcomes.fill(0.0);
    let response = Response::fit(&constant, &ResponseSettings { draws: 20, ..ResponseSettings::default() }).unwrap();
    assert!(response.draws.iter().flatten().all(|curve| curve.most.is_finite() && curve.half.is_finite() && curve.shape.is_finite()));
}
