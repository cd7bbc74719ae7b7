//! Models of every learner that can leave as an ONNX file, with every calibrator, and what they say of rows that are hard to get right: the
//! other half of `tests/onnx_check`.
//!
//!     onnx DIR
//!
//! DIR, a new folder, gets `rows.json` (one list per feature, null where missing), and per model `NAME.onnx` and `NAME.json` (its
//! probabilities for these rows).

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use serde_json::{Map, Value as Json, json};
use training::calibrate::Calibrator;
use training::metrics::Scores;
use training::{
    Binner, Blend, BlendSettings, Boosted, BoostedSettings, ClassWeight, Column, Dataset, Forest, ForestSettings, Frame, Learned, Logistic,
    LogisticSettings, Model, Predict,
};

type Failure = Box<dyn Error>;

fn main() -> Result<(), Failure> {
    let folder = PathBuf::from(env::args().nth(1).ok_or("onnx DIR")?);
    fs::create_dir_all(&folder)?;
    let mut dice = Dice(7);
    let drawn = Rows::drawn(6000, &mut dice);
    // What is learned from numbers of 32 bits is asked of numbers of 64 as well.
    let speeds: Vec<_> = drawn.numbers[2].iter().map(|speed| *speed as f32).collect();
    let data = Dataset::new(drawn.frame()?.with_column(NUMBERS[2], speeds.into())?, drawn.clicked.clone())?;
    let held_out = Rows::drawn(3000, &mut dice);
    let held_out = Dataset::new(held_out.frame()?, held_out.clicked)?;

    let forest = forest(&data, &ForestSettings { class_weight: ClassWeight::Balanced, ..small() })?;
    let mut rows = Rows::drawn(3000, &mut dice);
    rows.add_edges(forest.binner(), &mut dice);
    rows.add_oddities(&mut dice);
    let frame = rows.frame()?;
    fs::write(folder.join("rows.json"), rows.json().to_string())?;

    let deep = ForestSettings { n_estimators: 5, max_depth: None, bootstrap: false, min_samples_leaf: 2, ..small() };
    let leaves = ForestSettings { min_samples_leaf: data.rows(), ..small() };
    let boosted = Boosted::fit(&data, None, &BoostedSettings::default())?.model;
    let logistic = Logistic::fit(&data, &LogisticSettings::default())?;
    let logarithmic = LogisticSettings { is_logarithmic: true, ..LogisticSettings::default() };
    let learners = [
        ("deep", Learned::Forest(self::forest(&data, &deep)?)),
        ("leaves", Learned::Forest(self::forest(&data, &leaves)?)),
        ("forest", Learned::Forest(forest)),
        ("boosted", Learned::Boosted(boosted)),
        ("logistic", Learned::Logistic(logistic)),
        ("logarithmic", Learned::Logistic(Logistic::fit(&data, &logarithmic)?)),
        ("blend", Learned::Blend(Blend::fit(&data, &BlendSettings::default())?)),
    ];
    for (name, learned) in learners {
        for (calibration, calibrator) in calibrators(&learned, &held_out)? {
            write(&folder, &format!("{name}-{calibration}"), Model { learned: learned.clone(), calibrator }, &frame)?;
        }
    }
    for feature in ["bid", "site"] {
        let alone = Dataset::new(Frame::new([(feature, data.frame().column(feature)?.clone())])?, data.labels())?;
        let learned = Learned::Forest(self::forest(&alone, &small())?);
        write(&folder, &format!("{feature}-alone"), Model { learned, calibrator: Calibrator::Identity }, &frame)?;
        let learned = Learned::Logistic(Logistic::fit(&alone, &LogisticSettings::default())?);
        write(&folder, &format!("{feature}-line"), Model { learned, calibrator: Calibrator::Identity }, &frame)?;
    }
    Ok(())
}

fn small() -> ForestSettings {
    ForestSettings { n_estimators: 40, ..ForestSettings::default() }
}

fn forest(data: &Dataset, settings: &ForestSettings) -> Result<Forest, Failure> {
    Ok(Forest::fit(data, settings)?.forest)
}

fn calibrators(learned: &Learned, held_out: &Dataset) -> Result<[(&'static str, Calibrator); 4], Failure> {
    let probabilities = learned.predict(held_out.frame())?;
    let scores = Scores::new(&probabilities, held_out.labels(), None)?;
    Ok([
        ("identity", Calibrator::Identity),
        ("prior", Calibrator::prior(0.5, held_out.base_rate()?)?),
        ("platt", Calibrator::platt(&scores)?),
        ("isotonic", Calibrator::isotonic(&scores)?),
    ])
}

fn write(folder: &Path, name: &str, model: Model, frame: &Frame) -> Result<(), Failure> {
    fs::write(folder.join(format!("{name}.onnx")), model.to_onnx()?)?;
    fs::write(folder.join(format!("{name}.json")), json!(model.predict(frame)?).to_string())?;
    Ok(())
}

/// A linear congruential generator; the upper bits are good enough here.
struct Dice(u64);

impl Dice {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn below(&mut self, end: usize) -> usize {
        (self.unit() * end as f64) as usize
    }
}

const NUMBERS: [&str; 4] = ["hour of day", "bid", "speed", "steps"];
const TEXTS: [&str; 3] = ["device_type", "site", "state"];
/// Some are like what missing values become on their way through Python.
const DEVICES: [&str; 5] = ["phone", "tablet", "None", "télé 📺", "a \"quoted\"\ntext"];

/// Impressions: whole hours; bids around 0 that are sometimes missing; 32-bit speeds; steps, most of them 0; few devices, sometimes
/// missing; many sites, most of them rare, sometimes missing; and states.
#[derive(Default)]
struct Rows {
    numbers: [Vec<f64>; NUMBERS.len()],
    texts: [Vec<Option<String>>; TEXTS.len()],
    clicked: Vec<bool>,
}

impl Rows {
    fn drawn(count: usize, dice: &mut Dice) -> Self {
        let mut rows = Self::default();
        (0..count).for_each(|_| rows.draw(dice));
        rows
    }

    fn draw(&mut self, dice: &mut Dice) {
        let hour = (24.0 * dice.unit()).floor();
        let bid = if dice.unit() < 0.07 { f64::NAN } else { (dice.unit() - 0.5) * (6.0 * dice.unit()).exp() };
        let speed = f64::from((100.0 * dice.unit()) as f32);
        let steps = if dice.unit() < 0.6 { 0.0 } else { (10.0 * dice.unit()).floor() - 3.0 };
        let device = (dice.unit() > 0.1).then(|| dice.below(DEVICES.len()));
        let site = (dice.unit() > 0.1).then(|| (600.0 * dice.unit().powi(3)) as usize);
        let state = dice.below(45);
        let log_odds = (hour / 4.0).sin() + if bid > 3.0 { 1.0 } else { -0.5 } + 0.02 * (speed - 50.0) - 0.2 * steps
            + [0.8, -0.3, 0.1, -1.0, 0.4, 0.0][device.unwrap_or(DEVICES.len())]
            + site.map_or(-0.7, |site| (site % 7) as f64 / 3.0 - 1.0)
            + (state % 5) as f64 / 5.0
            - 1.5;
        self.clicked.push(dice.unit() < 1.0 / (1.0 + (-log_odds).exp()));
        [hour, bid, speed, steps].into_iter().zip(&mut self.numbers).for_each(|(value, column)| column.push(value));
        let texts = [device.map(|device| DEVICES[device].to_owned()), site.map(|site| format!("site-{site}")), Some(format!("{state:02}"))];
        texts.into_iter().zip(&mut self.texts).for_each(|(text, column)| column.push(text));
    }

    /// Rows with a number at each edge of its bins, just below and just above.
    fn add_edges(&mut self, binner: &Binner, dice: &mut Dice) {
        for (number, name) in NUMBERS.iter().enumerate() {
            let edges = binner.features().iter().find(|feature| feature.name() == *name).and_then(|feature| feature.edges());
            for edge in edges.into_iter().flatten() {
                [edge.next_down(), *edge, edge.next_up()].into_iter().for_each(|value| self.add_number(number, value, dice));
            }
        }
    }

    /// Rows with zeros of both signs, the largest and smallest numbers, nothing where nothing was missing, and categories that nobody saw.
    fn add_oddities(&mut self, dice: &mut Dice) {
        let odd = [0.0, -0.0, f64::NAN, f64::MAX, f64::MIN, f64::MIN_POSITIVE, 5e-324, -5e-324, 1e300, f64::from(f32::MAX), 0.1, -1e18];
        for number in 0..NUMBERS.len() {
            odd.into_iter().for_each(|value| self.add_number(number, value, dice));
        }
        for text in 0..TEXTS.len() {
            for odd in [None, Some("unseen"), Some("Phone"), Some(" "), Some("site-599"), Some("44")] {
                self.draw(dice);
                if let Some(last) = self.texts[text].last_mut() {
                    *last = odd.map(str::to_owned);
                }
            }
        }
        self.draw(dice);
        self.numbers.iter_mut().filter_map(|column| column.last_mut()).for_each(|last| *last = f64::NAN);
        self.texts.iter_mut().filter_map(|column| column.last_mut()).for_each(|last| *last = None);
    }

    fn add_number(&mut self, number: usize, value: f64, dice: &mut Dice) {
        self.draw(dice);
        if let Some(last) = self.numbers[number].last_mut() {
            *last = value;
        }
    }

    fn frame(&self) -> Result<Frame, Failure> {
        let numbers = NUMBERS.iter().zip(&self.numbers).map(|(name, values)| (*name, Column::from(values.clone())));
        let texts = TEXTS.iter().zip(&self.texts).map(|(name, texts)| (*name, Column::texts(texts.iter().map(Option::as_deref))));
        Ok(Frame::new(numbers.chain(texts))?)
    }

    fn json(&self) -> Json {
        let numbers = NUMBERS.iter().zip(&self.numbers).map(|(name, values)| ((*name).to_owned(), json!(values)));
        let texts = TEXTS.iter().zip(&self.texts).map(|(name, texts)| ((*name).to_owned(), json!(texts)));
        Json::Object(numbers.chain(texts).collect::<Map<_, _>>())
    }
}
