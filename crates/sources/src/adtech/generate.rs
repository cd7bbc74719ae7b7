//! Making parts side by side and writing them in order.

use std::ops::Range;
use std::path::Path;

use super::events::World;
use super::files::{self, CAMPAIGNS, CLICK_PROBABILITY, GROWING, MALFORMED, Table, USER_APP_GENRE, USER_PROFILE};
use super::generated::Generated;
use super::options::{AdtechOptions, Law};
use super::parts::{self, Traffic};
use super::rows::{self, TableRows};
use crate::synthetic::{BestAuc, GenerateError, Progress, Step, TableFiles, in_order};

/// Writes the logs into the folder `out`, which is made if need be, in constant memory and on all
/// threads of the current rayon pool.
/// `progress` is told many times a second.
///
/// # Errors
/// Options that make no sense, a folder that holds files already, and whatever the file system
/// refuses. Files written until then stay.
pub fn generate(options: &AdtechOptions, out: &Path, progress: &mut dyn FnMut(Progress)) -> Result<Generated, GenerateError> {
    options.check()?;
    let days = options.range();
    let is_further = days.start > 0;
    let world = World::new(options);
    let first_date = world.calendar.date(days.start);
    files::prepare(out, options.by_day.then_some(first_date), is_further, options.overwrite)?;

    let mut manifest = None;
    if options.malformed {
        let mut table = Table::new(MALFORMED);
        table.start(out, is_further.then_some(first_date))?;
        manifest = Some(table);
    }
    let users = if is_further { 0 } else { options.users };
    let requests = world.calendar.first(days.end) - world.calendar.first(days.start);
    let mut so_far = Progress { done: 0, total: users + requests, bytes: 0 };
    let mut tell = |step: Step| {
        so_far.done += step.made;
        so_far.bytes += step.bytes;
        progress(so_far);
    };
    tell(Step::default());

    let mut tables = Vec::new();
    if !is_further {
        tables.push(write_campaigns(&world, out)?);
        tables.extend(write_users(&world, options, out, &mut manifest, &mut tell)?);
    }
    let mut writer = TrafficWriter::new(&world, options, out, manifest)?;
    let make = |stretch: &parts::Stretch| parts::make_traffic(&world, options.malformed, stretch);
    in_order(parts::stretches(&world, days), make, |traffic| writer.write(&traffic), &mut tell)?;
    Ok(writer.finish(tables))
}

fn write_campaigns(world: &World, out: &Path) -> Result<TableFiles, GenerateError> {
    let mut table = Table::new(CAMPAIGNS);
    table.start(out, None)?;
    let mut campaigns = TableRows::default();
    for number in 0..world.campaigns.all.len() {
        campaigns.put(None, |row| {
            rows::campaign(row, &world.campaigns, number);
            None
        });
    }
    table.append_table(&campaigns, &mut None)?;
    Ok(table.written)
}

fn write_users(
    world: &World,
    options: &AdtechOptions,
    out: &Path,
    manifest: &mut Option<Table>,
    tell: &mut dyn FnMut(Step),
) -> Result<[TableFiles; 2], GenerateError> {
    let mut tables = [Table::new(USER_PROFILE), Table::new(USER_APP_GENRE)];
    for table in &mut tables {
        table.start(out, None)?;
    }
    let make = |numbers: &Range<u64>| (parts::make_users(world, options.malformed, numbers.clone()), numbers.end - numbers.start);
    let write = |(made, users): ([TableRows; 2], u64)| {
        for (table, rows) in tables.iter_mut().zip(&made) {
            table.append_table(rows, manifest)?;
        }
        Ok(Step { made: users, bytes: made.iter().map(|rows| rows.bytes.len() as u64).sum() })
    };
    in_order(parts::users(options.users), make, write, tell)?;
    Ok(tables.map(|table| table.written))
}

/// The tables that grow, and what is true of them.
struct TrafficWriter<'a> {
    world: &'a World,
    out: &'a Path,
    by_day: bool,
    /// The day whose files are open, where there are files per day.
    day: Option<u32>,
    tables: Vec<Table>,
    truth: Option<Table>,
    manifest: Option<Table>,
    best_auc: BestAuc,
}

impl<'a> TrafficWriter<'a> {
    fn new(world: &'a World, options: &AdtechOptions, out: &'a Path, manifest: Option<Table>) -> Result<Self, GenerateError> {
        let is_realistic = options.law == Law::Realistic;
        let tables = GROWING.into_iter().take(if is_realistic { 4 } else { 3 }).map(Table::new).collect();
        let truth = is_realistic.then(|| Table::new(CLICK_PROBABILITY));
        let best_auc = BestAuc::new();
        let mut writer = Self { world, out, by_day: options.by_day, day: None, tables, truth, manifest, best_auc };
        if !options.by_day {
            writer.start(None)?;
        }
        Ok(writer)
    }

    fn start(&mut self, date: Option<&str>) -> Result<(), GenerateError> {
        self.tables.iter_mut().chain(&mut self.truth).try_for_each(|table| table.start(self.out, date))
    }

    fn write(&mut self, traffic: &Traffic) -> Result<Step, GenerateError> {
        if self.by_day && self.day != Some(traffic.day) {
            self.day = Some(traffic.day);
            self.start(Some(self.world.calendar.date(traffic.day)))?;
        }
        for (table, rows) in self.tables.iter_mut().zip(&traffic.tables) {
            table.append_table(rows, &mut self.manifest)?;
        }
        if let Some(truth) = &mut self.truth {
            truth.append_rows(&traffic.truth, traffic.probabilities.len() as u64)?;
        }
        traffic.probabilities.iter().for_each(|probability| self.best_auc.add(*probability));
        let bytes = traffic.tables.iter().map(|rows| rows.bytes.len()).sum::<usize>() + traffic.truth.len();
        Ok(Step { made: traffic.requests, bytes: bytes as u64 })
    }

    fn finish(self, mut tables: Vec<TableFiles>) -> Generated {
        tables.extend(self.tables.into_iter().map(|table| table.written));
        let broken_rows = self.manifest.as_ref().map_or(0, |manifest| manifest.written.rows);
        let beside = self.truth.iter().chain(&self.manifest).map(|table| table.written.bytes);
        let bytes = beside.chain(tables.iter().map(|table| table.bytes)).sum();
        let (mean_click_probability, best_auc) = self.best_auc.finish();
        let click_law = self.world.click_law;
        let best_auc = best_auc.filter(|_| click_law.is_some());
        Generated { tables, bytes, mean_click_probability, best_auc, click_law, broken_rows }
    }
}
