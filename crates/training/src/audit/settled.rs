//! Values that settle the label, and rows that could never be positive.

use std::cmp::Reverse;

use super::chance::at_most;
use super::finding::{Finding, Held, Kind, Severity, percent};
use super::rows::Rows;
use super::tally::Tally;

/// An honest value may be so many times less likely to be positive (in odds) than the others: only what not even that explains settles
/// the label. A feature with an AUC of 0.75 reaches about this in its outermost hundredth.
const HONEST_ODDS: f64 = 10.0;
/// The same where a few rows do not fit: stray clicks are rare, and a value that is clicked after all takes more to be impossible.
const HONEST_ODDS_OF_FEW: f64 = 30.0;
/// The same for stretches of a number, at whose ends a steep but honest law has its extremes.
const HONEST_ODDS_OF_STRETCH: f64 = 100.0;
/// Rows of the other label that there must be at least: with fewer their rate is a guess.
const LEAST: u64 = 10;
/// From this share of all negative rows on, rows without positives are a wrong set of rows rather than a wrong value: by themselves they
/// lift the AUC of anything that tells them apart by 0.025 or more.
const LARGE_PART: f64 = 0.05;
/// A value that settles less than this share of the rows of its class moves the AUC by less than 0.005.
const SMALL_PART: f64 = 0.01;

/// Cells of a tally that go together.
#[derive(Debug, Clone, Copy)]
struct Part {
    first: usize,
    last: usize,
    /// Rows of the label that the part would settle, and of the other one.
    fits: u64,
    others: u64,
}

impl Part {
    fn of(tally: &Tally<'_>, cell: usize, is_positive: bool) -> Self {
        let (positives, negatives) = tally.cells[cell].all();
        let (fits, others) = if is_positive { (positives, negatives) } else { (negatives, positives) };
        Self { first: cell, last: cell, fits, others }
    }

    fn rows(&self) -> u64 {
        self.fits + self.others
    }
}

/// All parts of a feature that settle the label the same way.
#[derive(Debug)]
struct Settled {
    /// What the rows of the largest part hold.
    held: Held,
    parts: usize,
    positives: u64,
    negatives: u64,
}

impl Settled {
    fn rows(&self) -> u64 {
        self.positives + self.negatives
    }
}

/// Values and stretches of one feature; `limit` is the chance at which they are no longer put down to luck, shared by the values of the
/// feature, and again by its stretches.
pub(super) fn findings(rows: &Rows<'_>, feature: &str, tally: &Tally<'_>, limit: f64) -> Vec<Finding> {
    let positive = settled(rows, tally, true, limit).map(|settled| always(rows, feature, &settled));
    let negative = settled(rows, tally, false, limit).and_then(|settled| never(rows, feature, &settled));
    positive.into_iter().chain(negative).collect()
}

fn settled(rows: &Rows<'_>, tally: &Tally<'_>, is_positive: bool, limit: f64) -> Option<Settled> {
    let cells = tally.cells.len() as f64;
    let (of_value, of_stretch) = (limit / cells, limit / (cells * (cells + 1.0) / 2.0));
    let all = if is_positive { (rows.positives, rows.negatives) } else { (rows.negatives, rows.positives) };
    let singles = || (0..tally.cells.len()).filter(|cell| tally.is_single(*cell)).map(|cell| Part::of(tally, cell, is_positive));
    let mut parts = pure(singles().filter(|part| part.others == 0 && part.fits > 0).collect(), tally.cells.len(), all, limit);
    // Where some rows do not fit, the base rate is what to compare with: the rest may be what settles the label.
    parts.extend(
        singles()
            .filter(|part| part.others > 0 && at_most(part.others, part.rows(), rate_of(all.1, all.0, HONEST_ODDS_OF_FEW)) <= of_value),
    );
    let runs: Vec<_> = runs(tally, is_positive).into_iter().filter(|run| is_pure(run, all, of_stretch)).collect();
    // A stretch stands for the values in it, and a value that is as large for the stretch.
    let is_within = |part: &Part, run: &Part| run.first <= part.first && part.last <= run.last;
    let new = |run: &&Part| !parts.iter().any(|part| is_within(part, run) && part.rows() == run.rows());
    let new: Vec<_> = runs.iter().filter(new).copied().collect();
    parts.retain(|part| !new.iter().any(|run| is_within(part, run)));
    parts.extend(new);

    let largest = parts.iter().max_by_key(|part| (part.rows(), Reverse(part.first)))?;
    let (fits, others) = parts.iter().fold((0, 0), |sum, part| (sum.0 + part.fits, sum.1 + part.others));
    let (positives, negatives) = if is_positive { (fits, others) } else { (others, fits) };
    Some(Settled { held: tally.held(largest.first, largest.last), parts: parts.len(), positives, negatives })
}

/// The values without a row of the other label that luck does not explain together: the chance of the largest so many, times the number
/// of ways to choose as many of all values.
fn pure(mut parts: Vec<Part>, cells: usize, all: (u64, u64), limit: f64) -> Vec<Part> {
    parts.sort_by_key(|part| (Reverse(part.fits), part.first));
    let (mut fits, mut choices, mut best) = (0, 0.0, (limit.ln(), 0));
    for (place, part) in parts.iter().enumerate() {
        fits += part.fits;
        choices += ((cells - place) as f64 / (place + 1) as f64).ln();
        // One value is compared with the others. Many chosen for their labels leave others that are chosen too.
        let compared = if place == 0 { all } else { (all.0 + fits, all.1) };
        let chance = log_chance(fits, compared, HONEST_ODDS) + choices;
        if chance <= best.0 {
            best = (chance, place + 1);
        }
    }
    parts.truncate(best.1);
    parts
}

fn is_pure(run: &Part, all: (u64, u64), limit: f64) -> bool {
    log_chance(run.fits, all, HONEST_ODDS_OF_STRETCH) <= limit.ln()
}

/// The logarithm of the chance that none of `fits` rows has the other label, if its odds are as in the remaining rows but for what is
/// honest.
fn log_chance(fits: u64, all: (u64, u64), honest_odds: f64) -> f64 {
    if all.1 < LEAST { 0.0 } else { fits as f64 * (-rate_of(all.1, all.0 - fits, honest_odds)).ln_1p() }
}

/// The rate of hits when their odds are so many times lower.
fn rate_of(hits: u64, misses: u64, honest_odds: f64) -> f64 {
    let odds = hits as f64 / (misses as f64 + 0.5) / honest_odds;
    odds / (1.0 + odds)
}

/// The longest stretches of a number in which all labels are the same.
fn runs(tally: &Tally<'_>, is_positive: bool) -> Vec<Part> {
    let cells: Vec<_> = (1..tally.spans.len()).map(|cell| Part::of(tally, cell, is_positive)).collect();
    let stretches = cells.chunk_by(|a, b| a.others == 0 && b.others == 0);
    let joined = |cells: &[Part]| {
        let (first, last) = (cells.first()?, cells.last()?);
        Some(Part { last: last.last, fits: cells.iter().map(|part| part.fits).sum(), ..*first })
    };
    stretches.filter_map(joined).filter(|run| run.others == 0 && run.fits > 0).collect()
}

fn never(rows: &Rows<'_>, feature: &str, settled: &Settled) -> Option<Finding> {
    let (other_positives, other_negatives) = (rows.positives - settled.positives, rows.negatives - settled.negatives);
    // Where the others are nearly all positive, nothing is impossible: the feature is the label.
    if other_positives as f64 > HONEST_ODDS * other_negatives as f64 {
        return None;
    }
    let share = settled.negatives as f64 / rows.negatives as f64;
    let lost = settled.positives as f64 / rows.positives as f64;
    let (auc, recall) = (0.5 + share / 2.0 - lost / 2.0, 1.0 - lost);
    let other_rate = other_positives as f64 / (other_positives + other_negatives) as f64;
    let evidence = [
        ("rows", settled.rows() as f64),
        ("positives", settled.positives as f64),
        ("rate_of_others", other_rate),
        ("auc", auc),
        ("recall", recall),
        ("share_of_negatives", share),
    ];
    let none = if settled.positives == 0 { "none".to_owned() } else { format!("only {}", settled.positives) };
    let whose = whose(feature, settled);
    let what = format!("{none} of the {} rows {whose} are positive, but {} of the others", settled.rows(), percent(other_rate));
    let (kind, severity, remedy) = if share >= LARGE_PART {
        let free = format!(
            "they could never be, and to know which rows they are gives an AUC of {auc:.3} and a recall of {recall:.3} for nothing"
        );
        let remedy = "train and measure on the rows that could be positive alone (impressions, not requests)";
        (Kind::ImpossibleRows, Severity::Leak, format!("{free}; {remedy}"))
    } else {
        let remedy = "leave these rows out if they could never be, else find out what writes the value";
        (Kind::SettledByValue, severity(share), format!("the value settles the label; {remedy}"))
    };
    Some(Finding::of_feature(kind, severity, feature, &evidence, format!("{what}: {remedy}")).with_value(settled.held.clone()))
}

fn always(rows: &Rows<'_>, feature: &str, settled: &Settled) -> Finding {
    let share = settled.positives as f64 / rows.positives as f64;
    let wrong = settled.negatives as f64 / rows.negatives as f64;
    let other_rate = (rows.positives - settled.positives) as f64 / (rows.count() - settled.rows()).max(1) as f64;
    let evidence = [
        ("rows", settled.rows() as f64),
        ("positives", settled.positives as f64),
        ("rate_of_others", other_rate),
        ("auc", 0.5 + share / 2.0 - wrong / 2.0),
        ("recall", share),
    ];
    let all = if settled.negatives == 0 { "all".to_owned() } else { format!("all but {}", settled.negatives) };
    let sentence = format!(
        "{all} of the {} rows {} are positive, but {} of the others: the value is there because of the label; leave the feature out, or \
         take its value from before the event",
        settled.rows(),
        whose(feature, settled),
        percent(other_rate)
    );
    Finding::of_feature(Kind::SettledByValue, severity(share), feature, &evidence, sentence).with_value(settled.held.clone())
}

fn whose(feature: &str, settled: &Settled) -> String {
    let held = settled.held.of(feature);
    match settled.parts - 1 {
        0 => held,
        1 => format!("{held} or another value like it"),
        others => format!("{held} or {others} more values like it"),
    }
}

fn severity(share: f64) -> Severity {
    if share >= SMALL_PART { Severity::Leak } else { Severity::Suspicion }
}
