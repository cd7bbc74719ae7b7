//! Learns from text while it is read and says what it took, as one line of JSON: the other half of `bench/criteo.py` and `bench/ffm.py`.
//!
//!     stream DIR LEARNER BITS [NAME=VALUE…] [hashed]
//!
//! DIR holds `train.tsv` and `test.tsv` in the Criteo display advertising format (a label, 13 numbers and 26 categories per line, empty where
//! missing) and gets `LEARNER.p` (f64 per test row). LEARNER is ftrl or ffm; settings are named as in `FtrlSettings` and `FfmSettings`. The
//! time of learning begins with the empty learner and includes that of reading; with `hashed` rows are read and hashed before it.
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
    let [folder, learner, bits, options @ ..] = arguments.as_slice() else {
        return Err("stream DIR LEARNER BITS [NAME=VALUE…] [hashed]".into());
    };
    let folder = Path::new(folder);
    let names = (1..=NUMBERS).map(|number| format!("i{number}")).chain((1..=CATEGORIES).map(|number| format!("c{number}")));
    let fields = Fields::new(names, bits.parse()?)?;
    let rows = Rows { folder, fields: &fields, are_hashed_first: options.iter().any(|option| option == "hashed") };
    let settings = options.iter().filter_map(|option| option.split_once('='));
    let probabilities = match learner.as_str() {
        "ftrl" => rows.measured(|| Ok(Ftrl::new(fields.clone(), ftrl(settings.clone())?)?)),
        "ffm" => rows.measured(|| Ok(Ffm::new(fields.clone(), ffm(settings.clone())?)?)),
        _ => return Err(format!("no learner {learner}").into()),
    }?;
    let bytes: Vec<_> = probabilities.iter().flat_map(|probability| probability.to_le_bytes()).collect();
    Ok(fs::write(folder.join(format!("{learner}.p")), bytes)?)
}

fn ftrl<'a>(settings: impl Iterator<Item = (&'a str, &'a str)>) -> Result<FtrlSettings, Failure> {
    let mut ftrl = FtrlSettings::default();
    for (name, value) in settings {
        match name {
            "alpha" => ftrl.alpha = Some(value.parse()?),
            "beta" => ftrl.beta = value.parse()?,
            "l1" => ftrl.l1 = value.parse()?,
            "l2" => ftrl.l2 = value.parse()?,
            _ => return Err(format!("ftrl has no setting {name}").into()),
        }
    }
    Ok(ftrl)
}

fn ffm<'a>(settings: impl Iterator<Item = (&'a str, &'a str)>) -> Result<FfmSettings, Failure> {
    let mut ffm = FfmSettings::default();
    for (name, value) in settings {
        match name {
            "factors" => ffm.factors = value.parse()?,
            "learning_rate" => ffm.learning_rate = value.parse()?,
            "l2" => ffm.l2 = value.parse()?,
            _ => return Err(format!("ffm has no setting {name}").into()),
        }
    }
    Ok(ffm)
}

struct Rows<'a> {
    folder: &'a Path,
    fields: &'a Fields,
    are_hashed_first: bool,
}

impl Rows<'_> {
    /// Learns the one file and predicts the other.
    fn measured<L: OnePass>(&self, new: impl Fn() -> Result<L, Failure>) -> Result<Vec<f64>, Failure> {
        let (mut slots, mut labels) = (Vec::new(), Vec::new());
        if self.are_hashed_first {
            self.for_each("train.tsv", |row, label| {
                slots.extend_from_slice(row);
                labels.push(label);
            })?;
        }
        let begin = (Instant::now(), cpu_seconds()?);
        let mut learner = new()?;
        let mut rows = labels.len();
        for (slots, label) in slots.chunks_exact(NUMBERS + CATEGORIES).zip(&labels) {
            learner.learn(slots, *label, 1.0);
        }
        if !self.are_hashed_first {
            self.for_each("train.tsv", |slots, label| {
                learner.learn(slots, label, 1.0);
                rows += 1;
            })?;
        }
        let (fit, cpu) = (begin.0.elapsed().as_secs_f64(), cpu_seconds()? - begin.1);
        let begin = Instant::now();
        let mut probabilities = Vec::new();
        self.for_each("test.tsv", |slots, _| probabilities.push(learner.probability(slots)))?;
        let predict = begin.elapsed().as_secs_f64();
        println!(r#"{{"rows":{rows},"fit_wall_seconds":{fit:.3},"fit_cpu_seconds":{cpu:.2},"predict_wall_seconds":{predict:.3}}}"#);
        Ok(probabilities)
    }

    fn for_each(&self, file: &str, mut take: impl FnMut(&[u32], bool)) -> Result<(), Failure> {
        let mut text = BufReader::with_capacity(1 << 20, File::open(self.folder.join(file))?);
        let (mut line, mut slots) = (String::new(), Vec::new());
        while text.read_line(&mut line)? > 0 {
            let mut values = [Value::Missing; NUMBERS + CATEGORIES];
            let mut texts = line.trim_end_matches('\n').split('\t');
            let label = texts.next() == Some("1");
            for (field, (value, text)) in values.iter_mut().zip(texts).enumerate().filter(|(_, (_, text))| !text.is_empty()) {
                *value = if field < NUMBERS { Value::Number(text.parse()?) } else { Value::Category(text) };
            }
            self.fields.hash(&values, &mut slots)?;
            take(&slots, label);
            line.clear();
        }
        Ok(())
    }
}

/// User and system time of this process so far (Linux, in ticks of 1/100 s).
fn cpu_seconds() -> Result<f64, Failure> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<_> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |field: usize| fields.get(field).and_then(|text| text.parse::<f64>().ok()).ok_or("no times in /proc/self/stat");
    Ok((ticks(11)? + ticks(12)?) / 100.0)
}
