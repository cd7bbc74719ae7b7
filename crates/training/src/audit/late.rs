//! What became known too late, by what the caller knows of it.

use rayon::prelude::*;

use super::finding::{Finding, Kind, Severity, percent};
use super::rows::Rows;
use super::settings::Facts;
use crate::data::{Column, Dataset};

/// Positive rows looked at for the order of labels: as many neighbours in time.
const SAMPLE: usize = 20_000;
/// How many neighbours each is compared with.
const NEIGHBOURS: usize = 8;
/// Pairs needed at least: by chance so many agree once in a million millions.
const LEAST_PAIRS: u64 = 40;
/// From this share of pairs on one order follows another; the rest is rounding.
const FOLLOWS: f64 = 0.99;

pub(super) fn findings(rows: &Rows<'_>, facts: &Facts<'_>) -> Vec<Finding> {
    let mut found = derived(rows.data, facts);
    found.extend(known_too_late(rows.data, facts));
    if let Some(labels) = facts.label_times {
        let positives = positives_in_time(rows, labels);
        let features: Vec<_> = rows.data.frame().features().collect();
        found.par_extend(features.into_par_iter().filter_map(|feature| follows_label(rows, feature, labels, &positives)));
    }
    found
}

/// Features that by their lineage read the label.
fn derived(data: &Dataset, facts: &Facts<'_>) -> Vec<Finding> {
    let is_derived = |name: &&String| facts.from_label.contains(&name.as_str());
    let finding = |name: &String| {
        let sentence = format!(
            "`{name}` is derived from the label of the same row, says its lineage: leave it out, or derive it from strictly earlier rows"
        );
        Finding::of_feature(Kind::DerivedFromLabel, Severity::Leak, name, &[], sentence)
    };
    data.frame().names().iter().filter(is_derived).map(finding).collect()
}

/// Features with values that became known at the event or later; without event times, at the label or later.
fn known_too_late(data: &Dataset, facts: &Facts<'_>) -> Vec<Finding> {
    let Some(limits) = data.times().or(facts.label_times) else { return Vec::new() };
    let event = if data.times().is_some() { "the event" } else { "the label" };
    let finding = |(name, known): &(&str, &[i64])| {
        let column = data.frame().column(name).ok()?;
        let with_value = || (0..data.rows()).filter(|row| holds(column, *row));
        let mut late: Vec<_> = with_value().map(|row| known[row].saturating_sub(limits[row])).filter(|late| *late >= 0).collect();
        late.sort_unstable();
        let median = *late.get(late.len() / 2)?;
        let share = late.len() as f64 / with_value().count() as f64;
        let after_label = facts.label_times.map(|labels| with_value().filter(|row| known[*row] >= labels[*row]).count());
        let sentence = format!(
            "`{name}` became known at {event} or later in {} of the rows that have it ({} rows): take its value from strictly before {event}",
            percent(share),
            late.len()
        );
        let mut evidence = vec![("rows", late.len() as f64), ("share_of_rows", share), ("median_delay", median as f64)];
        evidence.extend(after_label.map(|count| ("rows_after_label", count as f64)));
        Some(Finding::of_feature(Kind::KnownTooLate, Severity::Leak, name, &evidence, sentence))
    };
    facts.known_at.iter().filter_map(finding).collect()
}

fn holds(column: &Column, row: usize) -> bool {
    match column {
        Column::Categorical(categories) => categories.text(row).is_some(),
        Column::F32(_) | Column::F64(_) => column.number(row).is_some(),
    }
}

/// Some positive rows, neighbours in time. Negative ones have no label time of their own: their wait ends by a rule.
fn positives_in_time(rows: &Rows<'_>, label_times: &[i64]) -> Vec<u32> {
    let time = |row: u32| rows.data.times().unwrap_or(label_times)[row as usize];
    let mut positives: Vec<_> = (0..rows.data.rows() as u32).filter(|row| rows.labels()[*row as usize]).collect();
    positives.sort_unstable_by_key(|row| (time(*row), *row));
    let spare = positives.len().saturating_sub(SAMPLE);
    positives.drain(..spare / 2);
    positives.truncate(SAMPLE);
    positives
}

/// Pairs of rows in which one order goes with another.
#[derive(Default)]
struct Order {
    pairs: u64,
    agree: u64,
}

impl Order {
    /// Adds a pair by its two differences, unless one is none.
    fn add(&mut self, one: f64, other: f64) {
        if one != 0.0 && other != 0.0 {
            self.pairs += 1;
            self.agree += u64::from((one > 0.0) == (other > 0.0));
        }
    }

    fn share(&self) -> f64 {
        self.agree as f64 / self.pairs.max(1) as f64
    }

    /// Rising (1) or falling (-1) with it, if there is enough to see.
    fn direction(&self) -> Option<i8> {
        match self.share() {
            _ if self.pairs < LEAST_PAIRS => None,
            share if share >= FOLLOWS => Some(1),
            share if share <= 1.0 - FOLLOWS => Some(-1),
            _ => None,
        }
    }
}

/// A number that goes with the time at which labels came true, or with the wait for them, and not just with the event's time.
fn follows_label(rows: &Rows<'_>, (feature, column): (&str, &Column), labels: &[i64], positives: &[u32]) -> Option<Finding> {
    let known: Vec<_> = positives.iter().filter_map(|row| Some((*row as usize, column.number(*row as usize)?))).collect();
    let equal = known.iter().filter(|(row, number)| *number == labels[*row] as f64).count();
    let times = rows.data.times();
    let is_event = known.iter().filter(|(row, number)| times.is_some_and(|times| *number == times[*row] as f64)).count();
    let mut orders: [Order; 4] = Default::default();
    let [of_event, of_label, of_label_alone, of_wait] = &mut orders;
    for (place, (row, number)) in known.iter().enumerate() {
        for (other, other_number) in known.iter().skip(place + 1).take(NEIGHBOURS) {
            let change = other_number - number;
            let label = labels[*other].saturating_sub(labels[*row]) as f64;
            let event = times.map_or(0.0, |times| times[*other].saturating_sub(times[*row]) as f64);
            of_event.add(change, event);
            of_label.add(change, label);
            if event * label <= 0.0 {
                of_label_alone.add(change, label);
            }
            if times.is_some() {
                of_wait.add(change, label - event);
            }
        }
    }
    let enough = known.len() as u64 >= LEAST_PAIRS;
    let (what, share, severity) = if enough && equal as f64 >= FOLLOWS * known.len() as f64 && (is_event as f64) < 0.5 * known.len() as f64
    {
        ("is the time at which labels came true", equal as f64 / known.len() as f64, Severity::Leak)
    } else if of_event.direction().is_some() {
        return None;
    } else if of_label.direction().is_some() && (times.is_none() || of_label.direction() == of_label_alone.direction()) {
        let severity = if times.is_some() { Severity::Leak } else { Severity::Suspicion };
        ("follows the time at which labels came true", of_label.share(), severity)
    } else if of_wait.direction().is_some() {
        ("follows the time from the event to its label", of_wait.share(), Severity::Leak)
    } else {
        return None;
    };
    let share = share.max(1.0 - share);
    let sentence = format!("`{feature}` {what} (in {} of the pairs compared): it is written with the label; leave it out", percent(share));
    Some(Finding::of_feature(Kind::FollowsLabelTime, severity, feature, &[("agreement", share), ("rows", known.len() as f64)], sentence))
}
