//! Every model against a causal truth, and advice against an oracle: the tables of `docs/attribution.md`.
//!
//! `cargo run --release -p attribution --example scoreboard -- [WORLDS] [USERS] [MARKETS]`
#![allow(clippy::print_stdout)]

use std::error::Error;

use attribution::advice::{Request, Verdict, advise};
use attribution::incremental::{Exposure, Incremental, IncrementalSettings, Population, User};
use attribution::response::{ChannelHistory, Curve, History, Response, ResponseSettings};
use attribution::shapley::{Sampling, Worth};
use attribution::{Credits, Journeys, Model, Paths, Rule};
use rayon::prelude::*;
use sources::marketing::{CHANNELS, DIRECT, Market, MarketingOptions, TouchKind, UserHistory, World, channel_name};

const DAY: i64 = 86_400_000_000;
const DAYS: u32 = 60;
const LOOK_BACK: i64 = 30 * DAY;
/// Days of a plan.
const HORIZON: usize = 28;

fn main() -> Result<(), Box<dyn Error>> {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<u64>());
    let mut next = |usual: u64| numbers.next().unwrap_or(Ok(usual));
    let (worlds, users, markets) = (next(100)?, next(50_000)?, next(200)?);
    if worlds > 0 {
        against_the_truth(worlds, users)?;
    }
    for days in [365, 120].into_iter().filter(|_| markets > 0) {
        against_the_oracle(markets, days)?;
    }
    Ok(())
}

/// Shares of all conversions that a model gives each channel.
type Shares = [f64; CHANNELS];

/// How a model did over all worlds.
struct Score {
    name: &'static str,
    error: f64,
    worst: f64,
    total: f64,
    by_channel: Shares,
}

fn against_the_truth(worlds: u64, users: u64) -> Result<(), Box<dyn Error>> {
    let mut scores: Vec<Score> = Vec::new();
    let mut truths = [0.0; CHANNELS];
    let (mut covered, mut covered_baseline, mut width) = ([0_u32; CHANNELS], 0, [0.0; CHANNELS]);
    // Other worlds than those the model was made on.
    for seed in 1000..1000 + worlds {
        let world = World::new(&MarketingOptions { users, days: DAYS, seed, ..MarketingOptions::default() })?;
        let histories: Vec<UserHistory> = (0..users).into_par_iter().map(|user| world.user(user)).collect();
        let (truth, baseline) = truth(&histories);
        truths.iter_mut().zip(truth).for_each(|(sum, share)| *sum += share / worlds as f64);
        let mut models = rules(&histories)?;
        models.extend(data_driven(&histories)?);
        let blind = Incremental::fit(&Population { channels: CHANNELS, users: &seen(&histories, false) }, &IncrementalSettings::default())?;
        models.push(("incremental, holdouts not logged", std::array::from_fn(|channel| blind.channels[channel].share.value)));
        let model = Incremental::fit(&Population { channels: CHANNELS, users: &seen(&histories, true) }, &IncrementalSettings::default())?;
        models.push(("incremental", std::array::from_fn(|channel| model.channels[channel].share.value)));
        for channel in 0..CHANNELS {
            let share = model.channels[channel].share;
            covered[channel] += u32::from(share.low <= truth[channel] && truth[channel] <= share.high);
            width[channel] += (share.high - share.low) / worlds as f64;
        }
        covered_baseline += u32::from(model.baseline.low <= baseline && baseline <= model.baseline.high);
        for (at, (name, shares)) in models.into_iter().enumerate() {
            if scores.len() == at {
                scores.push(Score { name, error: 0.0, worst: 0.0, total: 0.0, by_channel: [0.0; CHANNELS] });
            }
            let error = shares.iter().zip(&truth).map(|(share, truth)| (share - truth).abs()).sum::<f64>() / CHANNELS as f64;
            scores[at].error += error / worlds as f64;
            scores[at].worst = scores[at].worst.max(error);
            scores[at].total += shares.iter().sum::<f64>() / worlds as f64;
            scores[at].by_channel.iter_mut().zip(shares).for_each(|(sum, share)| *sum += share / worlds as f64);
        }
    }
    println!("{worlds} worlds of {users} users over {DAYS} days, a fifth of the users in each channel's holdout.\n");
    let names: Vec<&str> = (0..CHANNELS).map(channel_name).collect();
    println!("| model | mean error | worst world | credited | {} |", names.join(" | "));
    println!("|---|---|---|---|{}", "---|".repeat(CHANNELS));
    let cells = |shares: &Shares| shares.iter().map(|share| format!("{:.1}", 100.0 * share)).collect::<Vec<_>>().join(" | ");
    println!("| *the truth* | 0 | 0 | {:.1} % | {} |", 100.0 * truths.iter().sum::<f64>(), cells(&truths));
    for Score { name, error, worst, total, by_channel } in &scores {
        println!("| {name} | {error:.4} | {worst:.4} | {:.1} % | {} |", 100.0 * total, cells(by_channel));
    }
    println!("\n| 95 % interval of the incremental model | {} | all channels | baseline |", names.join(" | "));
    println!("|---|{}---|---|", "---|".repeat(CHANNELS));
    let share = |count: u32, of: u64| format!("{:.1} %", 100.0 * f64::from(count) / of as f64);
    let each: Vec<String> = covered.iter().map(|count| share(*count, worlds)).collect();
    let all = share(covered.iter().sum(), worlds * CHANNELS as u64);
    println!("| holds the truth | {} | {all} | {} |", each.join(" | "), share(covered_baseline, worlds));
    let widths: Vec<String> = width.iter().map(|width| format!("{:.1}", 100.0 * width)).collect();
    println!("| its width, % of conversions | {} | | |\n", widths.join(" | "));
    Ok(())
}

fn count(histories: &[UserHistory]) -> f64 {
    histories.iter().map(|history| history.conversions.len()).sum::<usize>() as f64
}

fn truth(histories: &[UserHistory]) -> (Shares, f64) {
    let total = count(histories);
    let mut shares = [0.0; CHANNELS];
    let conversions = || histories.iter().flat_map(|history| &history.conversions);
    for conversion in conversions() {
        shares.iter_mut().zip(conversion.caused_by).for_each(|(sum, share)| *sum += share / total);
    }
    (shares, conversions().filter(|conversion| conversion.is_baseline).count() as f64 / total)
}

/// Paths of touches up to each conversion, and from the last one to the end, with ages in seconds.
fn journeys(history: &UserHistory) -> Vec<(Vec<u32>, Vec<f64>, bool)> {
    let end = i64::from(DAYS) * DAY;
    let closes = history.conversions.iter().map(|conversion| (conversion.at, true)).chain([(end, false)]);
    let path = |(at, is_conversion): (i64, bool)| {
        let touches = history.touches.iter().filter(|touch| !touch.is_ghost && touch.at < at && touch.at >= at - LOOK_BACK);
        let (steps, ages) = touches.map(|touch| (touch.channel as u32, (at - touch.at) as f64 / 1e6)).unzip();
        (steps, ages, is_conversion)
    };
    closes.map(path).collect()
}

fn rules(histories: &[UserHistory]) -> Result<Vec<(&'static str, Shares)>, Box<dyn Error>> {
    let total = count(histories);
    let direct = vec![DIRECT as u32];
    let rules = [
        ("first touch", Rule::First),
        ("last touch", Rule::Last),
        ("last touch but direct", Rule::LastNonDirect { direct }),
        ("linear", Rule::Linear),
        ("position-based", Rule::U_SHAPED),
        ("time decay, half-life 7 days", Rule::TimeDecay { half_life: 7.0 * 86_400.0 }),
    ];
    let mut last_click = [0.0; CHANNELS];
    for history in histories {
        for conversion in &history.conversions {
            let within = |at: i64| at < conversion.at && at >= conversion.at - LOOK_BACK;
            let click = history.touches.iter().rev().find(|t| t.kind == TouchKind::Click && t.channel < DIRECT && within(t.at));
            click.iter().for_each(|click| last_click[click.channel] += 1.0 / total);
        }
    }
    let mut found = vec![("last click", last_click)];
    for (name, rule) in rules {
        let mut shares = [0.0; CHANNELS];
        for (steps, ages, _) in histories.iter().flat_map(journeys).filter(|(steps, _, is_conversion)| *is_conversion && !steps.is_empty())
        {
            for (step, share) in steps.iter().zip(rule.shares(&steps, Some(&ages))?).filter(|(step, _)| **step < DIRECT as u32) {
                shares[*step as usize] += share / total;
            }
        }
        found.push((name, shares));
    }
    Ok(found)
}

fn data_driven(histories: &[UserHistory]) -> Result<Vec<(&'static str, Shares)>, Box<dyn Error>> {
    let total = count(histories);
    let (mut paths, mut conversions, mut nulls) = (Paths::default(), Vec::new(), Vec::new());
    for (steps, _, is_conversion) in histories.iter().flat_map(journeys).filter(|(steps, ..)| !steps.is_empty()) {
        paths.push(steps);
        conversions.push(u64::from(is_conversion));
        nulls.push(u64::from(!is_conversion));
    }
    let journeys = Journeys::new(CHANNELS + 1, &paths, &conversions, &vec![0.0; conversions.len()], &nulls)?;
    let shares = |credits: Credits| std::array::from_fn(|channel| credits.conversions[channel] / total);
    let shapley = Model::Shapley(Worth::default(), Sampling::default()).credits(&journeys)?;
    Ok(vec![("Markov, order 1", shares(Model::Markov(1).credits(&journeys)?)), ("Shapley of converting paths", shares(shapley))])
}

/// What an advertiser sees of each user, with or without what holdouts prevented.
fn seen(histories: &[UserHistory], with_ghosts: bool) -> Vec<User> {
    let of_user = |history: &UserHistory| {
        let shown =
            history.touches.iter().filter(|t| t.channel < DIRECT && t.kind == TouchKind::Impression && (with_ghosts || !t.is_ghost));
        User {
            from: 0,
            until: i64::from(DAYS) * DAY,
            exposures: shown.map(|t| Exposure { at: t.at, channel: t.channel, is_ghost: t.is_ghost }).collect(),
            signals: history.touches.iter().filter(|touch| touch.channel == DIRECT).map(|touch| touch.at).collect(),
            conversions: history.conversions.iter().map(|conversion| conversion.at).collect(),
            values: Vec::new(),
        }
    };
    histories.iter().map(of_user).collect()
}

const ADVISORS: [&str; 5] =
    ["present mix", "straight lines (no saturation)", "best fit alone (no uncertainty)", "mean of all curves", "advice"];

fn against_the_oracle(markets: u64, days: usize) -> Result<(), Box<dyn Error>> {
    let begun = std::time::Instant::now();
    let of_market = |number: u64| market(&Market::new(number, days)).map_err(|error| error.to_string());
    let found: Vec<Outcome> = (0..markets).into_par_iter().map(of_market).collect::<Result<_, _>>()?;
    println!("{markets} markets with {days} days of history, plans for {HORIZON} days at the present budget.\n");
    println!("| advisor | mean regret | median | 90 % | worst | worse than the present mix |\n|---|---|---|---|---|---|");
    for (at, name) in ADVISORS.iter().enumerate() {
        let mut regrets: Vec<f64> = found.iter().map(|outcome| outcome.regrets[at]).collect();
        regrets.sort_unstable_by(f64::total_cmp);
        let place = |share: f64| 100.0 * regrets[((regrets.len() - 1) as f64 * share) as usize];
        let mean = 100.0 * regrets.iter().sum::<f64>() / regrets.len() as f64;
        let worse = found.iter().filter(|outcome| outcome.regrets[at] > outcome.regrets[0] + 1e-9).count();
        println!("| {name} | {mean:.2} % | {:.2} % | {:.1} % | {:.1} % | {worse} |", place(0.5), place(0.9), place(1.0));
    }
    let held = found.iter().filter(|outcome| outcome.is_covered).count();
    let sum = |of: fn(&Outcome) -> usize| found.iter().map(of).sum::<usize>();
    println!(
        "\nThe interval of the difference holds the true one in {held} of {markets} markets; of {} channels {} are held for doubt, and for {} of these an experiment is named. {:.0} s.\n",
        sum(|o| o.channels),
        sum(|o| o.unsure),
        sum(|o| o.experiments),
        begun.elapsed().as_secs_f64()
    );
    Ok(())
}

struct Outcome {
    regrets: [f64; ADVISORS.len()],
    is_covered: bool,
    channels: usize,
    unsure: usize,
    experiments: usize,
}

fn market(market: &Market) -> attribution::Result<Outcome> {
    let channels = market.spend.iter().enumerate();
    let channels = channels.map(|(number, spend)| ChannelHistory { name: number.to_string(), spend: spend.clone() }).collect();
    let response = Response::fit(&History { outcomes: market.outcomes.clone(), channels }, &ResponseSettings::default())?;
    let size = response.present.len();
    let present: f64 = response.present.iter().sum();
    let request = Request::new(present * HORIZON as f64, HORIZON, size);
    let oracle = market.expected(&best_by(market, present), HORIZON);
    let regret = |daily: &[f64]| 1.0 - market.expected(daily, HORIZON) / oracle;
    let advised = |curves: Vec<Vec<Curve>>, least_sure: f64| {
        let carried = curves.iter().zip(response.carried.iter().cycle()).map(|(_, carried)| carried.clone()).collect();
        advise(&Response { draws: curves, carried, ..response.clone() }, &Request { least_sure, ..request.clone() })
    };
    // The line through 0 and what the present spend brings.
    let line = |(channel, present): (usize, &f64)| {
        let slope = response.expected(channel, present.max(1.0), HORIZON) / present.max(1.0) / HORIZON as f64;
        Curve { most: slope * 1e9, half: 1e9, shape: 1.0, carry: response.best[channel].carry }
    };
    let straight = advised(vec![response.present.iter().enumerate().map(line).collect()], 0.5)?;
    let best_fit = advised(vec![response.best.clone()], 0.5)?;
    let mean = advised(response.draws.clone(), 0.5)?;
    let advice = advise(&response, &request)?;
    let plans = [&advice.same_spend, &straight.recommended, &best_fit.recommended, &mean.recommended, &advice.recommended];
    let gain = market.expected(&advice.recommended.daily, HORIZON) - market.expected(&advice.same_spend.daily, HORIZON);
    let unsure = || advice.channels.iter().filter(|channel| matches!(channel.verdict, Verdict::Unsure(_)));
    Ok(Outcome {
        regrets: plans.map(|plan| regret(&plan.daily)),
        is_covered: advice.difference.low <= gain && gain <= advice.difference.high,
        channels: size,
        unsure: unsure().count(),
        experiments: unsure().filter(|channel| matches!(channel.verdict, Verdict::Unsure(Some(_)))).count(),
    })
}

/// The best plan for those who know the law, on a grid of a 240th of the budget.
fn best_by(market: &Market, budget: f64) -> Vec<f64> {
    const UNITS: usize = 240;
    let size = market.laws.len();
    let unit = budget / UNITS as f64;
    let worth = |channel: usize, units: usize| {
        let daily: Vec<f64> = (0..size).map(|other| if other == channel { unit * units as f64 } else { 0.0 }).collect();
        market.expected(&daily, HORIZON)
    };
    // The other channels' part is the same in every term, so it does not matter here.
    let mut best = vec![0.0; UNITS + 1];
    let mut taken = Vec::new();
    for channel in 0..size {
        let worths: Vec<f64> = (0..=UNITS).map(|units| worth(channel, units)).collect();
        let most = |units: usize| {
            let sums = (0..=units).map(|own| (own, best[units - own] + worths[own]));
            sums.fold((0, f64::NEG_INFINITY), |most, sum| if sum.1 > most.1 { sum } else { most })
        };
        let (take, next): (Vec<usize>, Vec<f64>) = (0..=UNITS).map(most).unzip();
        best = next;
        taken.push(take);
    }
    let mut left = UNITS;
    let mut plan: Vec<f64> = taken.iter().rev().map(|take| (take[left], left -= take[left]).0 as f64 * unit).collect();
    plan.reverse();
    plan
}
