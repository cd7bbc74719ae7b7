//! Advice in plain words.

use super::decide::{ChannelAdvice, Verdict};
use super::experiment::Experiment;
use super::request::Request;

/// One sentence on a channel: what to do, by how much, why, and how sure.
pub(super) fn of(advice: &ChannelAdvice, request: &Request, channel: usize) -> String {
    let ChannelAdvice { name, present, recommended, verdict, marginal_return, elsewhere, sure, .. } = advice;
    let outcome = &request.outcome;
    let per_thousand = |rate: f64| number(1000.0 * rate);
    let own = format!("1,000 more bring {} {outcome}", per_thousand(marginal_return.value));
    let range = format!("{} to {}", per_thousand(marginal_return.low), per_thousand(marginal_return.high));
    let there = per_thousand(*elsewhere);
    let sure = (100.0 * sure).round();
    let bounds = request.bounds[channel];
    match verdict {
        Verdict::Increase | Verdict::Reduce => {
            let (verb, than) = if recommended > present { ("increase", "more") } else { ("reduce", "less") };
            let by = if *present > 0.0 { format!(" by {:.0} %", 100.0 * (recommended / present - 1.0).abs()) } else { String::new() };
            let because = if (recommended > present) == (marginal_return.value > *elsewhere) {
                format!("{own} ({range}), {than} than the {there} elsewhere")
            } else {
                format!("the curve bends: {own} ({range}) at present, {there} elsewhere, and the whole move gains")
            };
            format!("{name}: {verb}{by} to {} a day, because {because}; {sure:.0} % sure.", number(*recommended))
        }
        Verdict::Hold if bounds.min == bounds.max => format!("{name}: hold at {} a day, as its bounds ask.", number(*recommended)),
        Verdict::Hold => {
            format!(
                "{name}: hold at {} a day, because {own} ({range}), and moving money from or to elsewhere ({there}) gains nothing.",
                number(*recommended)
            )
        }
        Verdict::Unsure(experiment) => {
            let doubt =
                format!("the data cannot tell whether 1,000 more bring more or fewer {outcome} ({range}) than the {there} elsewhere");
            let test = match experiment {
                Some(experiment) => experiment_sentence(experiment, outcome),
                None => "no experiment of 16 weeks on this channel alone would tell either".to_owned(),
            };
            format!("{name}: hold at {} a day, because {doubt} ({sure:.0} % sure of a move); {test}.", number(*recommended))
        }
    }
}

fn experiment_sentence(experiment: &Experiment, outcome: &str) -> String {
    let Experiment { change, block, days, cost, .. } = experiment;
    let what = if *change <= -1.0 {
        "switch it off".to_owned()
    } else {
        format!("{} it by {:.0} %", if *change > 0.0 { "raise" } else { "lower" }, 100.0 * change.abs())
    };
    let weeks = if *block == 7 { "week".to_owned() } else { format!("{} weeks", block / 7) };
    let other = if *block == 7 { format!("every other {weeks}") } else { format!("for {weeks} in every {}", block / 7 * 2) };
    format!("to find out, {what} {other} for {days} days, which is expected to cost {} {outcome}", number(*cost))
}

/// Three significant digits, thousands apart.
pub(super) fn number(value: f64) -> String {
    let size = value.abs();
    if size >= 99.95 {
        let digits = format!("{:.0}", size);
        let grouped: String = digits
            .chars()
            .enumerate()
            .flat_map(|(at, digit)| {
                let comma = (at > 0 && (digits.len() - at) % 3 == 0).then_some(',');
                comma.into_iter().chain([digit])
            })
            .collect();
        return if value < 0.0 { format!("−{grouped}") } else { grouped };
    }
    let decimals = if size >= 9.995 { 1 } else { 2 };
    format!("{value:.decimals$}").replace('-', "−")
}
