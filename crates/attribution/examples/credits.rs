//! Every model's credit for a file of paths, as JSON: the half of `tests/marketing/attribution_check.py` that is ours.
//!
//!     credits FILE [TIMES]
//!
//! FILE has a header and the columns path, conversions, value and nulls, with `;` between; steps are joined by ` > `. What is computed is
//! computed TIMES times, once if not given, and the fastest time of each is told.
#![allow(clippy::print_stdout)]

use std::time::Instant;
use std::{env, fs};

use attribution::shapley::{Sampling, Worth};
use attribution::{Channels, Credits, Journeys, Markov, Rule, Shapley, ledger};
use serde_json::{Map, Value, json};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [file, rest @ ..] = arguments.as_slice() else { return Err("credits FILE [TIMES]".into()) };
    let times = rest.first().map_or(Ok(1_usize), |text| text.parse())?.max(1);
    let text = fs::read_to_string(file)?;
    let mut seconds = Map::new();

    let (channels, journeys) = timed(times, "read", &mut seconds, || read(&text))?;
    let direct = vec![0];
    let weights: Vec<_> = (1..=channels.names().len()).map(|weight| weight as f64).collect();
    let rules = [
        ("first", Rule::First),
        ("last", Rule::Last),
        ("last_non_direct", Rule::LastNonDirect { direct: direct.clone() }),
        ("linear", Rule::Linear),
        ("position_based", Rule::U_SHAPED),
        ("time_decay", Rule::TimeDecay { half_life: 2.0 }),
        ("priority", Rule::Priority { order: vec![3, 1, 2] }),
        ("by_position", Rule::ByPosition { first: vec![3.0, 2.0], other: 1.0, last: vec![4.0] }),
        ("by_channel", Rule::ByChannel { weights }),
    ];
    let mut models = Map::new();
    for (name, rule) in &rules {
        let credits = timed(times, name, &mut seconds, || Ok(rule.credits(&journeys)?))?;
        models.insert((*name).to_owned(), credited(&credits));
    }
    for order in 1..=4 {
        let name = format!("markov_{order}");
        let markov = timed(times, &name, &mut seconds, || Ok(Markov::fit(&journeys, order)?))?;
        let by_journey = ledger::journey_credits(&journeys, &markov.removal_effects)?;
        let mut model = credited(&markov.credits);
        model["states"] = json!(markov.states);
        model["conversion_rate"] = json!(markov.conversion_rate);
        model["value_rate"] = json!(markov.value_rate);
        model["removal_effects"] = json!(markov.removal_effects);
        model["removal_effects_of_value"] = json!(markov.removal_effects_of_value);
        model["by_journey"] = json!(by_journey.conversions);
        models.insert(name, model);
    }
    for (name, worth) in [("shapley_conversions", Worth::Conversions), ("shapley_rate", Worth::Rate)] {
        let shapley = timed(times, name, &mut seconds, || Ok(Shapley::fit(&journeys, worth, &Sampling::default())?))?;
        let mut model = credited(&shapley.credits);
        model["values"] = json!(shapley.values);
        models.insert(name.to_owned(), model);
    }
    let totals = journeys.totals();
    let totals = json!({
        "conversions": totals.conversions,
        "value": totals.value,
        "nulls": totals.nulls,
        "paths": journeys.paths().len(),
    });
    println!("{}", json!({"channels": channels.names(), "totals": totals, "models": models, "seconds": seconds}));
    Ok(())
}

fn credited(credits: &Credits) -> Value {
    json!({"conversions": credits.conversions, "value": credits.value})
}

/// The last result, and the fastest time beside it.
fn timed<T>(times: usize, name: &str, seconds: &mut Map<String, Value>, run: impl Fn() -> Result<T, Failure>) -> Result<T, Failure> {
    let mut fastest = f64::INFINITY;
    loop {
        let begin = Instant::now();
        let result = run()?;
        fastest = fastest.min(begin.elapsed().as_secs_f64());
        let done = seconds.get(name).and_then(|entry| entry["runs"].as_u64()).unwrap_or(0) + 1;
        seconds.insert(name.to_owned(), json!({"runs": done, "fastest": fastest}));
        if done >= times as u64 {
            return Ok(result);
        }
    }
}

fn read(text: &str) -> Result<(Channels, Journeys), Failure> {
    let (mut paths, mut conversions, mut value, mut nulls) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (number, line) in text.lines().enumerate().skip(1) {
        let fields: Vec<_> = line.split(';').collect();
        let [path, converted, worth, null] = fields[..] else { return Err(format!("line {}: expected four fields", number + 1).into()) };
        paths.push(path);
        conversions.push(converted.parse()?);
        value.push(worth.parse()?);
        nulls.push(null.parse()?);
    }
    let (channels, paths) = Channels::parse(&paths, ">");
    let journeys = Journeys::new(channels.names().len(), &paths, &conversions, &value, &nulls)?;
    Ok((channels, journeys))
}
