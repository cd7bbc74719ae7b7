//! Learns from text while it is read and says what it took, as one line of JSON: the other half of `bench/criteo.py`.
//!
//!     stream DIR LEARNER BITS
//!
//! DIR holds `train.tsv` and `test.tsv` in the Criteo display advertising format (a label, 13 numbers and 26 categories per line, empty where
//! missing) and gets `LEARNER.p` (f64 per test row). LEARNER is ftrl or ffm. The time of learning includes that of reading.
#![allow(clippy::print_stdout)]

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::time::Instant;

use training::Value;
use training::hashed::{Ffm, FfmSettings, Fields, Ftrl, FtrlSettings, OnePass};

type Failure = Box<dyn std::error::Error>;

const NUMBERS: usize = 13;
const CATEGORIES: usize = 26;

fn main() -> Result<(), Failure> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [folder, learner, bits] = arguments.as_slice() else { return Err("stream DIR LEARNER BITS".into()) };
    let folder = Path::new(folder);
    let names = (1..=NUMBERS).map(|number| format!("i{number}")).chain((1..=CATEGORIES).map(|number| format!("c{number}")));
    let fields = Fields::new(names, bits.parse()?)?;
    let probabilities = match learner.as_str() {
        "ftrl" => measured(Ftrl::new(fields, FtrlSettings::default())?, folder),
        "ffm" => measured(Ffm::new(fields, FfmSettings::default())?, folder),
        _ => return Err(format!("no learner {learner}").into()),
    }?;
    let bytes: Vec<_> = probabilities.iter().flat_map(|probability| probability.to_le_bytes()).collect();
    Ok(fs::write(folder.join(format!("{learner}.p")), bytes)?)
}

/// Learns the one file and predicts the other.
fn measured(mut learner: impl OnePass, folder: &Path) -> Result<Vec<f64>, Failure> {
    let fields = learner.fields().clone();
    let begin = Instant::now();
    let mut rows = 0_u64;
    for_each_row(&folder.join("train.tsv"), &fields, |slots, label| {
        learner.learn(slots, label, 1.0);
        rows += 1;
    })?;
    let fit = begin.elapsed().as_secs_f64();
    let begin = Instant::now();
    let mut probabilities = Vec::new();
    for_each_row(&folder.join("test.tsv"), &fields, |slots, _| probabilities.push(learner.probability(slots)))?;
    let predict = begin.elapsed().as_secs_f64();
    println!(r#"{{"rows":{rows},"fit_wall_seconds":{fit:.3},"predict_wall_seconds":{predict:.3}}}"#);
    Ok(probabilities)
}

fn for_each_row(file: &Path, fields: &Fields, mut take: impl FnMut(&[u32], bool)) -> Result<(), Failure> {
    let mut text = BufReader::with_capacity(1 << 20, File::open(file)?);
    let (mut line, mut slots) = (String::new(), Vec::new());
    while text.read_line(&mut line)? > 0 {
        let mut values = [Value::Missing; NUMBERS + CATEGORIES];
        let mut texts = line.trim_end_matches('\n').split('\t');
        let label = texts.next() == Some("1");
        for (field, (value, text)) in values.iter_mut().zip(texts).enumerate().filter(|(_, (_, text))| !text.is_empty()) {
            *value = if field < NUMBERS { Value::Number(text.parse()?) } else { Value::Category(text) };
        }
        fields.hash(&values, &mut slots)?;
        take(&slots, label);
        line.clear();
    }
    Ok(())
}
