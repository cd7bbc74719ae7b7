//! How long attribution takes on generated journeys, from rows of steps to credit.
//!
//!     speed [JOURNEYS] [CHANNELS] [THREADS]
//!
//! A million journeys over 50 channels unless told otherwise, one row each, of which about one in five converts. Shapley values are of
//! the journeys' rate over their 20 most frequent channels.
#![allow(clippy::print_stdout)]

use std::time::Instant;
use std::{env, fs};

use attribution::shapley::{Sampling, Worth};
use attribution::{Journeys, Markov, Paths, Rule, Shapley};
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::Rng;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let arguments = env::args().skip(1).map(|text| text.parse()).collect::<Result<Vec<usize>, _>>()?;
    let setting = |place: usize, default: usize| arguments.get(place).copied().unwrap_or(default);
    let (count, channels, threads) = (setting(0, 1_000_000), setting(1, 50), setting(2, 2));
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global()?;
    let rows = Rows::generate(count, channels);
    println!("{count} journeys, {} touches, {channels} channels, {threads} threads", rows.paths.steps.len());

    let whole = (Instant::now(), cpu_seconds()?);
    let journeys = timed("add up", || rows.journeys(channels))?;
    println!("{} distinct paths", journeys.paths().len());
    let direct = (0..3).collect();
    let order: Vec<_> = (0..channels as u32).rev().collect();
    let weights: Vec<_> = (0..channels).map(|channel| 1.0 + channel as f64).collect();
    let rules = [
        ("first", Rule::First),
        ("last", Rule::Last),
        ("last non-direct", Rule::LastNonDirect { direct }),
        ("linear", Rule::Linear),
        ("position-based", Rule::U_SHAPED),
        ("time decay", Rule::TimeDecay { half_life: 2.0 }),
        ("priority", Rule::Priority { order }),
        ("by position", Rule::ByPosition { first: vec![3.0, 2.0], other: 1.0, last: vec![4.0] }),
        ("by channel", Rule::ByChannel { weights }),
    ];
    for (name, rule) in &rules {
        timed(name, || Ok(rule.credits(&journeys)?))?;
    }
    timed("Markov 1", || Ok(Markov::fit(&journeys, 1)?))?;
    println!("{:>24} {:>8.3} s {:>8.2} s CPU", "all of these", whole.0.elapsed().as_secs_f64(), cpu_seconds()? - whole.1);

    for order in 2..=4 {
        let markov = timed(&format!("Markov {order}"), || Ok(Markov::fit(&journeys, order)?))?;
        println!("{:>24} {:>8}", "states", markov.states);
    }
    timed("Shapley, conversions", || Ok(Shapley::fit(&journeys, Worth::Conversions, &Sampling::default())?))?;
    let few = Rows::generate(count, channels.min(20)).journeys(channels.min(20))?;
    timed("Shapley rate, exact", || Ok(Shapley::fit(&few, Worth::Rate, &Sampling::default())?))?;
    let sampling = Sampling { pairs: 200, ..Sampling::default() };
    let sampled = timed("Shapley rate, 200 pairs", || Ok(Shapley::fit(&journeys, Worth::Rate, &sampling)?))?;
    println!("{:>24} {:>8.5}", "widest bound", sampled.bounds.iter().copied().fold(0.0, f64::max));
    Ok(())
}

/// One row per journey.
struct Rows {
    paths: Paths,
    conversions: Vec<u64>,
    value: Vec<f64>,
    nulls: Vec<u64>,
}

impl Rows {
    /// Paths of 1 to 12 touches, short ones more often, over channels of which the first are more frequent.
    fn generate(count: usize, channels: usize) -> Self {
        let mut random = Pcg64Mcg::new(7);
        let mut unit = || (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
        let mut rows = Self { paths: Paths::default(), conversions: Vec::new(), value: Vec::new(), nulls: Vec::new() };
        for _ in 0..count {
            let length = 1 + (12.0 * unit() * unit()) as usize;
            rows.paths.push((0..length).map(|_| (channels as f64 * unit() * unit()) as u32));
            let converts = unit() < 0.2;
            rows.conversions.push(u64::from(converts));
            rows.value.push(if converts { (unit() * 1e4).round() / 100.0 } else { 0.0 });
            rows.nulls.push(u64::from(!converts));
        }
        rows
    }

    fn journeys(&self, channels: usize) -> Result<Journeys, Failure> {
        Ok(Journeys::new(channels, &self.paths, &self.conversions, &self.value, &self.nulls)?)
    }
}

fn timed<T>(name: &str, run: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    let begin = (Instant::now(), cpu_seconds()?);
    let result = run()?;
    println!("{name:>24} {:>8.3} s {:>8.2} s CPU", begin.0.elapsed().as_secs_f64(), cpu_seconds()? - begin.1);
    Ok(result)
}

/// Processor time of this process in user mode, in steps of a hundredth of a second (Linux).
fn cpu_seconds() -> Result<f64, Failure> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let ticks = stat.rsplit(')').next().and_then(|fields| fields.split_whitespace().nth(11)).ok_or("no user time in /proc/self/stat")?;
    Ok(ticks.parse::<f64>()? / 100.0)
}
