//! Making users side by side and writing them in order.

use std::fmt::Write;
use std::ops::Range;
use std::path::Path;

use super::channels::LAWS;
use super::corrections::first_report;
use super::files::{Open, PATHS, clear};
use super::generated::{ChannelTruth, Generated};
use super::history::CHANNELS;
use super::options::MarketingOptions;
use super::rows::{self, Dates};
use super::tally::Tally;
use super::world::World;
use super::{CURRENCIES, channel_name};
use crate::synthetic::draw::{Draws, Stream};
use crate::synthetic::{GenerateError, Progress, Step, TableFiles, failed, in_order};

const USERS_PER_PART: u64 = 512;

/// Some users' rows.
#[derive(Default)]
struct Part {
    users: u64,
    touches: String,
    touches_rows: u64,
    ghosts: String,
    ghosts_rows: u64,
    conversions: String,
    truth: String,
    tally: Tally,
}

/// Writes the tables into the folder `out`, which is made if need be, in constant memory and on all threads of the current rayon
/// pool. `progress` is told many times a second.
///
/// # Errors
/// Options that make no sense, files that are there already, unless overwriting is allowed, and whatever the file system refuses.
/// Files written until then stay.
pub fn generate(options: &MarketingOptions, out: &Path, progress: &mut dyn FnMut(Progress)) -> Result<Generated, GenerateError> {
    let world = World::new(options)?;
    clear(out, options.overwrite)?;
    let dates = Dates(options.start_on);
    let names: String = (0..CHANNELS).flat_map(|channel| [",", channel_name(channel)]).collect();
    let mut touches = Open::new(out, PATHS[0], rows::TOUCHPOINTS)?;
    let mut ghosts = Open::new(out, PATHS[1], rows::GHOSTS)?;
    let mut conversions = Open::new(out, PATHS[2], rows::CONVERSIONS)?;
    let mut truth = Open::new(out, PATHS[6], &format!("{}{names}\n", rows::TRUTH))?;
    let mut tally = Tally::default();
    let mut so_far = Progress { done: 0, total: options.users, bytes: 0 };
    let mut tell = |step: Step| {
        so_far.done += step.made;
        so_far.bytes += step.bytes;
        progress(so_far);
    };
    tell(Step::default());
    let parts = (0..options.users).step_by(USERS_PER_PART as usize).map(|first| first..(first + USERS_PER_PART).min(options.users));
    let write = |part: Part| {
        touches.append(&part.touches, part.touches_rows)?;
        ghosts.append(&part.ghosts, part.ghosts_rows)?;
        conversions.append(&part.conversions, part.tally.conversions)?;
        truth.append(&part.truth, part.tally.conversions)?;
        tally.merge(&part.tally);
        let bytes = part.touches.len() + part.ghosts.len() + part.conversions.len() + part.truth.len();
        Ok(Step { made: part.users, bytes: bytes as u64 })
    };
    in_order(parts, |users| make(&world, &dates, users), write, &mut tell)?;
    let mut tables = vec![touches.written, ghosts.written, conversions.written];
    tables.push(write_spend(options, &dates, &tally, out)?);
    tables.push(write_rates(options, &dates, out)?);
    let generated = told(tables, &tally);
    write_truth(&generated, out)?;
    Ok(generated)
}

fn make(world: &World, dates: &Dates, users: &Range<u64>) -> Part {
    let mut part = Part { users: users.end - users.start, ..Part::default() };
    for user in users.clone() {
        let history = world.user(user);
        for touch in &history.touches {
            if touch.is_ghost {
                rows::ghost(&mut part.ghosts, dates, user, touch);
                part.ghosts_rows += 1;
            } else {
                rows::touch(&mut part.touches, dates, user, touch, rows::cost_micros(world, touch));
                part.touches_rows += 1;
            }
        }
        for (number, conversion) in history.conversions.iter().enumerate() {
            rows::conversion(&mut part.conversions, &mut part.truth, dates, (user, number), conversion);
        }
        part.tally.add(world, &history);
    }
    part
}

fn write_spend(options: &MarketingOptions, dates: &Dates, tally: &Tally, out: &Path) -> Result<TableFiles, GenerateError> {
    let (mut reported, mut corrections) = (String::new(), String::new());
    let (mut reports, mut corrected) = (0, 0);
    for (number, ((day, channel, campaign), sums)) in tally.days.iter().enumerate() {
        let names = format!("{},{},{}", dates.day(*day), channel_name(*channel), LAWS[*channel].campaigns[*campaign].0);
        let counts = format!("{},{},{}", sums.impressions, sums.clicks, sums.installs);
        let row = |text: &mut String, spend: i64, later: u64| {
            let _ = writeln!(text, "{names},{},{counts},{}T06:00:00Z", rows::micros(spend), dates.day(day + later));
        };
        let (first, correction) = first_report(options.seed, number as u64, sums.spend_micros);
        row(&mut reported, first, 1);
        reports += 1;
        if let Some(later) = correction {
            row(&mut corrections, sums.spend_micros, later);
            corrected += 1;
        }
    }
    let mut first = Open::new(out, PATHS[3], rows::SPEND)?;
    first.append(&reported, reports)?;
    let mut late = Open::new(out, PATHS[4], rows::SPEND)?;
    late.append(&corrections, corrected)?;
    let (first, late) = (first.written, late.written);
    Ok(TableFiles { files: 2, rows: first.rows + late.rows, bytes: first.bytes + late.bytes, ..first })
}

/// Dollars for one unit of each currency and day: a walk from the usual rate.
fn write_rates(options: &MarketingOptions, dates: &Dates, out: &Path) -> Result<TableFiles, GenerateError> {
    let mut text = String::new();
    for (number, (currency, _, start)) in CURRENCIES.iter().enumerate() {
        let mut logarithm = f64::ln(*start);
        for day in 0..u64::from(options.days) {
            let _ = writeln!(text, "{},{currency},{:.6}", dates.day(day), logarithm.exp());
            let step = Draws::new(options.seed, Stream::Rate, day * CURRENCIES.len() as u64 + number as u64).normal();
            logarithm += if *start == 1.0 { 0.0 } else { 0.004 * step };
        }
    }
    let mut rates = Open::new(out, PATHS[5], rows::RATES)?;
    rates.append(&text, u64::from(options.days) * CURRENCIES.len() as u64)?;
    Ok(rates.written)
}

fn told(tables: Vec<TableFiles>, tally: &Tally) -> Generated {
    let share = |part: f64| if tally.conversions == 0 { 0.0 } else { part / tally.conversions as f64 };
    let channel = |channel: usize| ChannelTruth {
        channel: channel_name(channel),
        incremental_conversions: tally.caused_by[channel],
        incremental_share: share(tally.caused_by[channel]),
        lost_without: tally.lost_without[channel],
        lift: LAWS[channel].lift,
        demand: LAWS[channel].demand,
        half_life_days: LAWS[channel].half_life,
    };
    let channels = (0..CHANNELS).map(channel).collect();
    Generated { tables, conversions: tally.conversions, baseline_conversions: tally.baseline, channels }
}

fn write_truth(generated: &Generated, out: &Path) -> Result<(), GenerateError> {
    let path = out.join(PATHS[7].1);
    let text = serde_json::to_string_pretty(generated).map_err(std::io::Error::other).map_err(failed("write", &path))?;
    Open::new(out, PATHS[7], "")?.append(&format!("{text}\n"), 1)
}
