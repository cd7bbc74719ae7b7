//! Fits one learner to rows on disk and says what it took, as one line of JSON: the other half of `bench/training.py`.
//!
//!     fit DIR LEARNER [THREADS [TREES]]
//!
//! DIR holds `train.x` and `test.x` (f32, feature by feature, little-endian), `train.y` and `test.y` (one byte per row) and
//! gets `LEARNER.p` (f64 per test row). With a file `categories` every column holds codes, and what they mean is as many levels. LEARNER is forest, forest-balanced, boosted, logistic, ftrl or ffm.
#![allow(clippy::print_stdout)]

use std::path::Path;
use std::time::Instant;
use std::{env, fs};

use training::hashed::{Ffm, FfmSettings, Fields, Ftrl, FtrlSettings, OnePass};
use training::{
    Boosted, BoostedSettings, Categories, ClassWeight, Column, Dataset, Forest, ForestSettings, Frame, Logistic, LogisticSettings, Predict,
};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [folder, learner, rest @ ..] = arguments.as_slice() else { return Err("fit DIR LEARNER [THREADS [TREES]]".into()) };
    let threads = rest.first().map_or(Ok(1), |text| text.parse())?;
    let trees = rest.get(1).map_or(Ok(100), |text| text.parse())?;
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global()?;
    let folder = Path::new(folder);
    let training = dataset(folder, "train")?;
    let test = dataset(folder, "test")?;

    let begin = (Instant::now(), cpu_seconds()?);
    let model = fitted(learner, &training, trees)?;
    let fit = (begin.0.elapsed().as_secs_f64(), cpu_seconds()? - begin.1);
    let begin = Instant::now();
    let probabilities = model.predict(test.frame())?;
    let predict = begin.elapsed().as_secs_f64();
    let bytes: Vec<_> = probabilities.iter().flat_map(|probability| probability.to_le_bytes()).collect();
    fs::write(folder.join(format!("{learner}.p")), bytes)?;
    let one = one_row_microseconds(model.as_ref(), &test)?;
    println!(
        r#"{{"fit_wall_seconds":{:.3},"fit_cpu_seconds":{:.3},"predict_wall_seconds":{predict:.3},"one_row_microseconds":{one:.1}}}"#,
        fit.0, fit.1
    );
    Ok(())
}

/// The median time of a prediction for a row by itself.
fn one_row_microseconds(model: &dyn Predict, test: &Dataset) -> Result<f64, Failure> {
    let rows = (0..test.rows().min(2000) as u32).map(|row| test.take(&[row])).collect::<training::Result<Vec<_>>>()?;
    let mut times = Vec::new();
    for row in &rows {
        let begin = Instant::now();
        std::hint::black_box(model.predict(row.frame())?);
        times.push(begin.elapsed().as_secs_f64() * 1e6);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}

fn fitted(learner: &str, training: &Dataset, n_estimators: usize) -> Result<Box<dyn Predict>, Failure> {
    let forest = ForestSettings { n_estimators, ..ForestSettings::default() };
    Ok(match learner {
        "forest" => Box::new(Forest::fit(training, &forest)?.forest),
        "forest-balanced" => Box::new(Forest::fit(training, &ForestSettings { class_weight: ClassWeight::Balanced, ..forest })?.forest),
        "boosted" => Box::new(Boosted::fit(training, None, &BoostedSettings { l2: 0.0, ..BoostedSettings::default() })?.model),
        "logistic" => Box::new(Logistic::fit(training, &LogisticSettings::default())?),
        "ftrl" => {
            let mut ftrl = Ftrl::new(Fields::new(training.frame().names().to_vec(), 22)?, FtrlSettings::default())?;
            ftrl.learn_batch(training)?;
            Box::new(ftrl)
        }
        "ffm" => {
            let mut ffm = Ffm::new(Fields::new(training.frame().names().to_vec(), 18)?, FfmSettings::default())?;
            ffm.learn_batch(training)?;
            Box::new(ffm)
        }
        _ => return Err(format!("no learner {learner}").into()),
    })
}

fn dataset(folder: &Path, part: &str) -> Result<Dataset, Failure> {
    let labels: Vec<_> = fs::read(folder.join(format!("{part}.y")))?.into_iter().map(|label| label == 1).collect();
    let bytes = fs::read(folder.join(format!("{part}.x")))?;
    let values: Vec<_> = bytes.chunks_exact(4).map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])).collect();
    let is_codes = folder.join("categories").is_file();
    let mut features = Vec::new();
    for (number, values) in values.chunks_exact(labels.len()).enumerate() {
        let column = if is_codes {
            let codes: Vec<_> = values.iter().map(|value| *value as u32).collect();
            let levels = codes.iter().max().map_or(0, |last| last + 1);
            Categories::new(codes, (0..levels).map(|level| level.to_string()).collect::<Vec<_>>())?.into()
        } else {
            Column::from(values.to_vec())
        };
        features.push((format!("x{number}"), column));
    }
    let frame = Frame::new(features)?;
    Ok(Dataset::new(frame, labels)?)
}

/// User and system time of this process so far (Linux, in ticks of 1/100 s).
fn cpu_seconds() -> Result<f64, Failure> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<_> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |field: usize| fields.get(field).and_then(|text| text.parse::<f64>().ok()).ok_or("no times in /proc/self/stat");
    Ok((ticks(11)? + ticks(12)?) / 100.0)
}
