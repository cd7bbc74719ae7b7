#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use std::sync::LazyLock;

use proptest::prelude::*;
use sources::marketing::Market;

use super::*;
use crate::response::{ChannelHistory, Curve, History, Response, ResponseSettings};

fn history(outcomes: Vec<f64>, spend: Vec<Vec<f64>>) -> History {
    let channels = spend.into_iter().enumerate().map(|(at, spend)| ChannelHistory { name: format!("channel {at}"), spend });
    History { outcomes, channels: channels.collect() }
}

fn fitted(history: &History) -> Response {
    Response::fit(history, &ResponseSettings { draws: 40, ..ResponseSettings::default() }).unwrap()
}

fn of_market(number: u64) -> Response {
    let market = Market::new(number, 150);
    fitted(&history(market.outcomes, market.spend))
}

/// Curves that are known, one per channel.
fn known(curves: &[Curve], present: &[f64]) -> Response {
    let carried = present.to_vec();
    Response {
        names: (0..curves.len()).map(|at| format!("channel {at}")).collect(),
        draws: vec![curves.to_vec(); 20],
        best: curves.to_vec(),
        present: present.to_vec(),
        carried: vec![carried; 20],
        noise: 10.0,
    }
}

const CURVE: Curve = Curve { most: 100.0, half: 1000.0, shape: 1.0, carry: 0.3 };

static MARKETS: LazyLock<Vec<Response>> = LazyLock::new(|| (0..6).map(of_market).collect());

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn no_plan_scores_below_the_present_mix_or_leaves_its_bounds(
        market in 0_usize..6,
        multiple in 0.0..3.0_f64,
        limits in prop::collection::vec((0.0..0.8_f64, 1.0..4.0_f64), 7),
        least_sure in 0.5..0.95_f64,
    ) {
        let response = &MARKETS[market];
        let present: f64 = response.present.iter().sum();
        let mut request = Request::new(multiple * present * 14.0, 14, response.present.len());
        request.least_sure = least_sure;
        for ((bounds, present), (min, max)) in request.bounds.iter_mut().zip(&response.present).zip(&limits) {
            *bounds = Bounds { min: min * present * multiple.min(1.0), max: max * present };
        }
        let advice = advise(response, &request).unwrap();
        prop_assert!(advice.recommended.expected >= advice.same_spend.expected);
        prop_assert!(advice.difference.value >= 0.0 && advice.difference.low <= advice.difference.high);
        for plan in [&advice.same_spend, &advice.recommended] {
            prop_assert!(plan.daily.iter().sum::<f64>() <= request.budget / 14.0 * (1.0 + 1e-9) + 1e-9);
            for (spend, bounds) in plan.daily.iter().zip(&request.bounds) {
                prop_assert!(*spend >= bounds.min - 1e-9 && *spend <= bounds.max + 1e-9, "{} {:?}", spend, bounds);
            }
        }
        for channel in &advice.channels {
            prop_assert!(channel.sentence.starts_with(&channel.name) && !channel.sentence.contains('\n') && !channel.sentence.contains("NaN"));
            if let Verdict::Unsure(_) = channel.verdict {
                let off = (channel.present - channel.recommended).abs();
                prop_assert!(off <= 0.031 * channel.present.max(0.2 * request.budget / 14.0), "{:?}", channel);
            }
        }
    }
}

#[test]
fn money_goes_where_the_next_unit_brings_more() {
    let curves = [CURVE, Curve { most: 300.0, ..CURVE }, CURVE];
    let response = known(&curves, &[500.0, 500.0, 500.0]);
    let advice = advise(&response, &Request::new(1500.0 * 28.0, 28, 3)).unwrap();
    let verdicts: Vec<_> = advice.channels.iter().map(|channel| channel.verdict.clone()).collect();
    assert_eq!(verdicts, [Verdict::Reduce, Verdict::Increase, Verdict::Reduce]);
    assert!(advice.difference.value > 0.0 && advice.channels[1].sure == 1.0);
    let sentence = &advice.channels[1].sentence;
    assert!(sentence.contains("increase by") && sentence.contains("100 % sure"), "{sentence}");
    // Control: where the present is the best, nothing moves.
    let even = advise(&known(&[CURVE; 3], &[500.0; 3]), &Request::new(1500.0 * 28.0, 28, 3)).unwrap();
    assert!(even.channels.iter().all(|channel| channel.verdict == Verdict::Hold), "{even:?}");
}

#[test]
fn doubt_holds_a_channel_and_names_an_experiment() {
    // Two possible worlds as probable as each other: channel 0 brings much or nothing.
    let mut response = known(&[CURVE, CURVE, CURVE], &[500.0; 3]);
    for (number, curves) in response.draws.iter_mut().enumerate() {
        curves[0].most = if number % 2 == 0 { 260.0 } else { 0.1 };
    }
    let request = Request { least_sure: 0.8, ..Request::new(1500.0 * 28.0, 28, 3) };
    let advice = advise(&response, &request).unwrap();
    let Verdict::Unsure(Some(experiment)) = advice.channels[0].verdict else { panic!("{:?}", advice.channels[0]) };
    assert_eq!(advice.channels[0].recommended, advice.same_spend.daily[0]);
    assert!(experiment.days >= 14 && experiment.days <= 112 && experiment.days % (2 * experiment.block) == 0);
    let sentence = &advice.channels[0].sentence;
    assert!(sentence.contains("cannot tell") && sentence.contains("to find out"), "{sentence}");
    // With more noise the same experiment takes longer, and in the end none tells.
    response.noise *= 1000.0;
    let advice = advise(&response, &request).unwrap();
    assert_eq!(advice.channels[0].verdict, Verdict::Unsure(None));
    // Control: in either world alone there is no doubt.
    response.draws.iter_mut().for_each(|curves| curves[0].most = 260.0);
    assert_eq!(advise(&response, &request).unwrap().channels[0].verdict, Verdict::Increase);
}

#[test]
fn odd_requests_have_an_answer_or_a_reason() {
    let response = known(&[CURVE, CURVE], &[100.0, 300.0]);
    let refused = |request: &Request| {
        let message = advise(&response, request).unwrap_err().to_string();
        assert!(!message.contains('\n'));
        message
    };
    let request = Request::new(400.0 * 7.0, 7, 2);
    let bounded = |bounds| Request { bounds, ..request.clone() };
    let too_much = bounded(vec![Bounds { min: 300.0, max: 400.0 }, Bounds { min: 200.0, max: 400.0 }]);
    assert!(refused(&too_much).contains("minima"), "{}", refused(&too_much));
    assert!(refused(&bounded(vec![Bounds { min: 3.0, max: 2.0 }; 2])).contains("channel 0"));
    assert!(refused(&bounded(vec![Bounds::default()])).contains("bounds"));
    assert!(refused(&Request { budget: -1.0, ..request.clone() }).contains("budget is -1"));
    assert!(refused(&Request { budget: f64::NAN, ..request.clone() }).contains("budget"));
    assert!(refused(&Request { days: 0, ..request.clone() }).contains("horizon"));
    let nothing = advise(&response, &Request { budget: 0.0, ..request.clone() }).unwrap();
    assert!(nothing.recommended.daily.iter().all(|spend| *spend == 0.0) && nothing.difference.value == 0.0);
    let capped = advise(&response, &bounded(vec![Bounds { min: 0.0, max: 50.0 }; 2])).unwrap();
    assert!((capped.unspent - 300.0).abs() < 1e-6);
    let one = known(&[CURVE], &[100.0]);
    let advice = advise(&one, &Request::new(700.0, 7, 1)).unwrap();
    assert!((advice.recommended.daily[0] - 100.0).abs() < 1e-6 && advice.channels[0].verdict == Verdict::Hold);
    let never = advise(&known(&[CURVE, CURVE], &[0.0, 0.0]), &request).unwrap();
    assert!((never.same_spend.daily[0] - 200.0).abs() < 1e-6, "without a present mix the budget is split evenly");
}

#[test]
fn the_experiment_named_has_the_power_it_claims() {
    // Days on and off with the noise of the model: a difference of 2.8 standard errors is found 4 times in 5.
    let mut response = known(&[CURVE, CURVE], &[500.0; 2]);
    for (number, curves) in response.draws.iter_mut().enumerate() {
        curves[0].most = if number % 2 == 0 { 160.0 } else { 40.0 };
        curves[0].carry = 0.0;
    }
    let advice = advise(&response, &Request { least_sure: 0.9, ..Request::new(1000.0 * 28.0, 28, 2) }).unwrap();
    let Verdict::Unsure(Some(experiment)) = advice.channels[0].verdict else { panic!("{:?}", advice.channels[0]) };
    let returns = marginal::marginal_returns(&response, 0, 500.0, 1000.0, 28);
    let elsewhere = marginal::marginal_returns(&response, 1, 500.0, 1000.0, 28);
    let square: f64 = returns.iter().zip(&elsewhere).map(|(own, other)| (own - other).powi(2)).sum::<f64>() / 20.0;
    assert!(square.sqrt() >= 2.79 * experiment.standard_error, "{experiment:?} {}", square.sqrt());
    // Control: with half the days per block pair it would not.
    let shorter = experiment.standard_error * (experiment.days as f64 / (experiment.days - 2 * experiment.block).max(1) as f64).sqrt();
    assert!(experiment.days == 2 * experiment.block || square.sqrt() < 2.81 * shorter);
}
