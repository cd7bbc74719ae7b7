//! Where the next unit of budget should go, in SQL (crate `attribution`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use attribution::advice::{Advice, Bounds, ChannelAdvice, Request, Verdict, advise};
use attribution::response::{ChannelHistory, History, Response, ResponseSettings};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, ListArray, StructArray};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Fields};
use datafusion::error::Result as QueryResult;
use serde::{Deserialize, Serialize};

use super::computed::{Arguments, Computed, structures_of};

/// All of them.
pub(super) fn all() -> Vec<Computed> {
    let list = DataType::List(item());
    vec![Computed::new("budget_advice", &["rows of day, channel, spend, outcomes", "request"], list, budget_advice)]
}

fn item() -> Arc<Field> {
    Arc::new(Field::new("item", DataType::Struct(fields()), true))
}

fn fields() -> Fields {
    let text = ["channel", "verdict", "sentence"].map(|name| Field::new(name, DataType::Utf8, true));
    let numbers = [
        "present_spend",
        "recommended_spend",
        "marginal_return",
        "marginal_return_low",
        "marginal_return_high",
        "elsewhere_return",
        "sure",
        "experiment_change",
        "experiment_days",
        "experiment_cost",
        "present_outcomes",
        "recommended_outcomes",
        "gained_outcomes",
        "gained_outcomes_low",
        "gained_outcomes_high",
    ];
    text.into_iter().chain(numbers.map(|name| Field::new(name, DataType::Float64, true))).collect()
}

/// What is asked for, as JSON.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// To be spent over all days.
    budget: f64,
    days: usize,
    /// What outcomes are called.
    outcome: String,
    /// Least and most daily spend by channel.
    #[serde(default)]
    min: BTreeMap<String, f64>,
    #[serde(default)]
    max: BTreeMap<String, f64>,
    #[serde(default)]
    seed: u64,
}

/// A channel, or all of them together.
#[derive(Debug, Default, Serialize)]
struct Row<'a> {
    channel: &'a str,
    verdict: Option<&'static str>,
    sentence: String,
    present_spend: f64,
    recommended_spend: f64,
    marginal_return: Option<f64>,
    marginal_return_low: Option<f64>,
    marginal_return_high: Option<f64>,
    elsewhere_return: Option<f64>,
    sure: Option<f64>,
    experiment_change: Option<f64>,
    experiment_days: Option<f64>,
    experiment_cost: Option<f64>,
    present_outcomes: Option<f64>,
    recommended_outcomes: Option<f64>,
    gained_outcomes: Option<f64>,
    gained_outcomes_low: Option<f64>,
    gained_outcomes_high: Option<f64>,
}

/// Unless a maximum is given, no channel is advised to spend more than so many times its highest day.
const FARTHEST: f64 = 2.0;

/// What stands in the place of a channel in the row of all.
const ALL: &str = "All channels";

/// `budget_advice(rows, request)`: for each channel and for all together what to spend a day, and why. Rows of one day name its outcomes
/// alike; days between that have no row had no spend and no outcome. The request is JSON: `{"budget": 30000, "days": 30, "outcome":
/// "conversions", "min": {"search": 100}, "max": {"video": 500}}`.
fn budget_advice(arguments: &Arguments) -> QueryResult<ArrayRef> {
    let requests = arguments.texts(1)?;
    let requests = requests.as_string::<i32>();
    let mut lists = Vec::new();
    let mut lengths = Vec::new();
    for row in 0..arguments.rows {
        let rows = arguments.gathered(0, row)?.filter(|rows| !rows.is_empty());
        let rows = rows.ok_or_else(|| arguments.error("there is no day with spend: run with channel_spend and conversions first"))?;
        let asked: Asked =
            serde_json::from_str(requests.value(row)).map_err(|error| arguments.error(format!("the request is no such: {error}")))?;
        let advised = advised(arguments, &history(arguments, &rows)?, &asked)?;
        lengths.push(advised.len());
        lists.push(advised);
    }
    let items: Vec<&dyn Array> = lists.iter().map(|list| list as &dyn Array).collect();
    let items = datafusion::arrow::compute::concat(&items)?;
    Ok(Arc::new(ListArray::try_new(item(), OffsetBuffer::from_lengths(lengths), items, None)?))
}

/// The days without gaps.
fn history(arguments: &Arguments, rows: &StructArray) -> QueryResult<History> {
    let names = rows.column_by_name("channel").ok_or_else(|| arguments.error("the rows have no field channel"))?;
    let names = cast(names, &DataType::Utf8)?;
    let names = names.as_string::<i32>();
    let days = arguments.field(rows, "day")?;
    let (spend, outcomes) = (arguments.field(rows, "spend")?, arguments.field(rows, "outcomes")?);
    let (first, last) = days.iter().fold((f64::MAX, f64::MIN), |(first, last), day| (first.min(*day), last.max(*day)));
    let length = (last - first) as usize + 1;
    // A channel that nothing was ever spent on says nothing of spend.
    let spent = (0..rows.len()).filter(|row| names.is_valid(*row) && spend[*row] > 0.0);
    let channels: BTreeSet<&str> = spent.map(|row| names.value(row)).collect();
    let mut history = History {
        outcomes: vec![0.0; length],
        channels: channels.iter().map(|name| ChannelHistory { name: (*name).to_owned(), spend: vec![0.0; length] }).collect(),
    };
    let places: BTreeMap<&str, usize> = channels.iter().enumerate().map(|(place, name)| (*name, place)).collect();
    for row in 0..rows.len() {
        let day = (days[row] - first) as usize;
        history.outcomes[day] = outcomes[row];
        if let Some(place) = places.get(names.value(row)) {
            // Credits of a day beyond its spend are no spend.
            history.channels[*place].spend[day] += spend[row].max(0.0);
        }
    }
    Ok(history)
}

fn advised(arguments: &Arguments, history: &History, asked: &Asked) -> QueryResult<StructArray> {
    let failed = |error: attribution::AttributionError| arguments.error(error);
    if history.outcomes.iter().all(|outcome| *outcome == 0.0) {
        return Err(arguments.error(format!("no day has {}: there is nothing that spend could bring more of", asked.outcome)));
    }
    let settings = ResponseSettings { seed: asked.seed, ..ResponseSettings::default() };
    let response = Response::fit(history, &settings).map_err(failed)?;
    let mut request = Request::new(asked.budget, asked.days, response.names.len());
    request.outcome.clone_from(&asked.outcome);
    for name in asked.min.keys().chain(asked.max.keys()) {
        if !response.names.contains(name) {
            let known = response.names.join(", ");
            return Err(arguments.error(format!("there is no channel {name} with spend: name one of {known}")));
        }
    }
    let highest: Vec<f64> = history.channels.iter().map(|channel| channel.spend.iter().copied().fold(0.0, f64::max)).collect();
    for ((bounds, name), highest) in request.bounds.iter_mut().zip(&response.names).zip(&highest) {
        let bound = |of: &BTreeMap<String, f64>, usual| of.get(name).copied().unwrap_or(usual);
        let min = bound(&asked.min, 0.0);
        // Far beyond what was ever spent nobody knows the curve.
        *bounds = Bounds { min, max: bound(&asked.max, (FARTHEST * highest).max(min)) };
    }
    let advice = advise(&response, &request).map_err(failed)?;
    let rows: Vec<Row<'_>> = advice.channels.iter().map(of_channel).chain([of_all(&advice, &request)]).collect();
    structures_of(&fields(), &rows)
}

fn of_channel(advice: &ChannelAdvice) -> Row<'_> {
    let (verdict, experiment) = match &advice.verdict {
        Verdict::Increase => ("increase", None),
        Verdict::Reduce => ("reduce", None),
        Verdict::Hold => ("hold", None),
        Verdict::Unsure(experiment) => ("unsure", experiment.as_ref()),
    };
    Row {
        channel: &advice.name,
        verdict: Some(verdict),
        sentence: advice.sentence.clone(),
        present_spend: advice.present,
        recommended_spend: advice.recommended,
        marginal_return: Some(advice.marginal_return.value),
        marginal_return_low: Some(advice.marginal_return.low),
        marginal_return_high: Some(advice.marginal_return.high),
        elsewhere_return: Some(advice.elsewhere),
        sure: Some(advice.sure),
        experiment_change: experiment.map(|experiment| experiment.change),
        experiment_days: experiment.map(|experiment| experiment.days as f64),
        experiment_cost: experiment.map(|experiment| experiment.cost),
        ..Row::default()
    }
}

fn of_all<'a>(advice: &Advice, request: &Request) -> Row<'a> {
    let Advice { same_spend, recommended, difference, unspent, .. } = advice;
    let (outcome, days) = (&request.outcome, request.days);
    let left = if *unspent > 0.005 {
        format!(
            " {unspent:.2} a day stay unspent: no channel goes beyond its maximum, which is twice its highest day so far unless one is given."
        )
    } else {
        String::new()
    };
    let sentence = if difference.value > 0.0 {
        format!(
            "The recommended plan is expected to bring {:.1} {outcome} in {days} days, {:.1} more than the present mix ({:.1} to {:.1}).{left}",
            recommended.expected, difference.value, difference.low, difference.high
        )
    } else {
        format!("No plan is expected to bring more than the present mix: {:.1} {outcome} in {days} days.{left}", same_spend.expected)
    };
    Row {
        channel: ALL,
        sentence,
        present_spend: same_spend.daily.iter().sum(),
        recommended_spend: recommended.daily.iter().sum(),
        present_outcomes: Some(same_spend.expected),
        recommended_outcomes: Some(recommended.expected),
        gained_outcomes: Some(difference.value),
        gained_outcomes_low: Some(difference.low),
        gained_outcomes_high: Some(difference.high),
        ..Row::default()
    }
}
