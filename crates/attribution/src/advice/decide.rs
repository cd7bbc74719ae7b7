//! The plans and what is said of each channel.

use super::allocate::allocate;
use super::experiment::{Doubt, Experiment};
use super::marginal::{marginal_returns, returns_elsewhere};
use super::request::{Bounds, Request};
use super::sentence;
use crate::error::Result;
use crate::interval::{Confidence, Estimate};
use crate::response::Response;

/// Moves below this share of a channel's spend, or this share of the budget, are none.
const NO_MOVE: f64 = 0.03;

/// Constant daily spends.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Spend of each channel a day.
    pub daily: Vec<f64>,
    /// Outcomes that advertising brings over the plan's days and their carry-over, on average over all possible curves.
    pub expected: f64,
}

/// What to do with a channel.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Spend more.
    Increase,
    /// Spend less.
    Reduce,
    /// Leave it: no move gains.
    Hold,
    /// Leave it: the data cannot tell where to move it, because the curves do not agree about the best move, or because staying seems best but
    /// the next unit may bring much more or much less than elsewhere. The experiment would; `None` if no experiment of 16 weeks would.
    Unsure(Option<Experiment>),
}

/// One channel's advice.
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelAdvice {
    /// The channel.
    pub name: String,
    /// Daily spend by the present mix, at the budget asked for.
    pub present: f64,
    /// Daily spend recommended.
    pub recommended: f64,
    /// What to do.
    pub verdict: Verdict,
    /// Outcomes that the next unit of spend brings, at the present mix.
    pub marginal_return: Estimate,
    /// What it brings in the other channels.
    pub elsewhere: f64,
    /// How probable it is that the move, or for a held channel the best move thought of, gains; 0 to 1.
    pub sure: f64,
    /// All of this in one sentence.
    pub sentence: String,
}

/// Both plans and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Advice {
    /// The present mix at the budget asked for, within the bounds.
    pub same_spend: Plan,
    /// The plan to follow.
    pub recommended: Plan,
    /// Outcomes gained by following it.
    pub difference: Estimate,
    /// Each channel.
    pub channels: Vec<ChannelAdvice>,
    /// Daily budget that the bounds leave unspent.
    pub unspent: f64,
}

/// Finds the plan to follow.
///
/// # Errors
/// A budget, horizon or bounds that make no sense, or minima beyond the budget.
pub fn advise(response: &Response, request: &Request) -> Result<Advice> {
    request.check(&response.names)?;
    let same = request.scaled(&response.present);
    let channels = same.len();
    let days = request.days;
    let score = |daily: &[f64]| -> f64 { (0..channels).map(|channel| response.expected(channel, daily[channel], days)).sum() };
    let returns: Vec<Vec<f64>> =
        (0..channels).map(|channel| marginal_returns(response, channel, same[channel], request.daily(), days)).collect();
    let mut bounds = request.bounds.clone();
    let mut doubts: Vec<Option<f64>> = vec![None; channels];
    // Hold the channel that curves agree least about, and plan the others anew, until all moves are sure enough.
    let (daily, sures) = loop {
        let daily = allocate(request.daily(), &bounds, |channel, spend| response.expected(channel, spend, days));
        let at_plan: Vec<Vec<f64>> =
            (0..channels).map(|channel| marginal_returns(response, channel, daily[channel], request.daily(), days)).collect();
        let sure = |channel: usize| how_sure(response, channel, (same[channel], daily[channel]), &at_plan, &daily, days);
        let sures: Vec<f64> = (0..channels).map(sure).collect();
        let is_unsure = |channel: &usize| {
            doubts[*channel].is_none() && sures[*channel] < request.least_sure && is_move(same[*channel], daily[*channel], request.daily())
        };
        let Some(channel) = (0..channels).filter(is_unsure).min_by(|a, b| sures[*a].total_cmp(&sures[*b])) else { break (daily, sures) };
        bounds[channel] = Bounds { min: same[channel], max: same[channel] };
        doubts[channel] = Some(sures[channel]);
    };
    let same_score = score(&same);
    // The grid may miss by a hair what is best already.
    let recommended = Some(Plan { expected: score(&daily), daily }).filter(|plan| plan.expected > same_score);
    let recommended = recommended.unwrap_or_else(|| Plan { daily: same.clone(), expected: same_score });
    let confidence = Confidence { level: request.level, ..Confidence::default() };
    let differences =
        by_draw(response, &recommended.daily, days).into_iter().zip(by_draw(response, &same, days)).map(|(new, old)| new - old);
    let difference = confidence.estimate(recommended.expected - same_score, differences.collect());
    let advice_of = |channel: usize| {
        let elsewhere = returns_elsewhere(&returns, &same, channel);
        let (present, new) = (same[channel], recommended.daily[channel]);
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
        let marginal_return = confidence.estimate(mean(&returns[channel]), returns[channel].clone());
        // It may well be worth more or less than elsewhere, and much more or less: staying is a guess as well.
        let price = mean(&elsewhere);
        let is_wide = marginal_return.low < price && price < marginal_return.high && marginal_return.high - marginal_return.low > price;
        let unsure = || {
            let doubt = Doubt { channel, daily: present, returns: &returns[channel], elsewhere: &elsewhere, days };
            Verdict::Unsure(Experiment::cheapest(response, &doubt))
        };
        let is_bound = request.bounds[channel].min == request.bounds[channel].max;
        let verdict = match doubts[channel] {
            Some(_) => unsure(),
            None if is_bound => Verdict::Hold,
            None if !is_move(present, new, request.daily()) && !is_wide => Verdict::Hold,
            None if !is_move(present, new, request.daily()) => unsure(),
            None if new > present => Verdict::Increase,
            None => Verdict::Reduce,
        };
        let mut advice = ChannelAdvice {
            name: response.names[channel].clone(),
            present,
            recommended: new,
            verdict,
            marginal_return,
            elsewhere: price,
            sure: doubts[channel].unwrap_or(sures[channel]),
            sentence: String::new(),
        };
        advice.sentence = sentence::of(&advice, request, channel);
        advice
    };
    let channels = (0..channels).map(advice_of).collect();
    let unspent = (request.daily() - recommended.daily.iter().sum::<f64>()).max(0.0);
    Ok(Advice { same_spend: Plan { daily: same, expected: same_score }, recommended, difference, channels, unspent })
}

fn is_move(from: f64, to: f64, daily: f64) -> bool {
    (to - from).abs() > NO_MOVE * from.max(0.2 * daily)
}

/// The share of draws in which a channel's move gains more than the same money does in the other channels.
fn how_sure(response: &Response, channel: usize, (from, to): (f64, f64), returns: &[Vec<f64>], daily: &[f64], days: usize) -> f64 {
    let elsewhere = returns_elsewhere(returns, daily, channel);
    let gains = response.by_draw(channel, to, days).zip(response.by_draw(channel, from, days)).map(|(new, old)| new - old);
    let moved = (to - from) * days as f64;
    let won = gains.zip(&elsewhere).filter(|(gain, price)| gain - *price * moved > 0.0).count();
    won as f64 / elsewhere.len().max(1) as f64
}

fn by_draw(response: &Response, daily: &[f64], days: usize) -> Vec<f64> {
    let mut sums = vec![0.0; response.draws.len()];
    for (channel, daily) in daily.iter().enumerate() {
        sums.iter_mut().zip(response.by_draw(channel, *daily, days)).for_each(|(sum, value)| *sum += value);
    }
    sums
}
