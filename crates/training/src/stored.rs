//! Models as bytes: one line of JSON that says what it is.
//!
//! ```json
//! {"format":"adlake-model","version":1,"checksum":"<16 hexadecimal digits>","model":{"forest":{…}}}
//! ```
//!
//! The checksum is XXH3 (64 bits) of the text of `model`. Floats are written with as many digits as it takes to read back the same bits, so
//! storing and reading changes nothing, and training again gives the same bytes.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use xxhash_rust::xxh3::xxh3_64;

use crate::blend::Blend;
use crate::boosted::Boosted;
use crate::calibrate::Calibrator;
use crate::data::Frame;
use crate::error::{Result, TrainingError};
use crate::forest::Forest;
use crate::hashed::{Ffm, Ftrl};
use crate::logistic::Logistic;
use crate::predict::Predict;

const FORMAT: &str = "adlake-model";
/// What this program writes, and the latest it reads.
const VERSION: u64 = 1;

/// Any learner's model, with the calibration that makes its probabilities true.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// What was learned.
    pub learned: Learned,
    /// What is done to its probabilities.
    pub calibrator: Calibrator,
}

/// What was learned, by learner.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Learned {
    /// A random forest.
    Forest(Forest),
    /// Gradient-boosted trees.
    Boosted(Boosted),
    /// Logistic regression.
    Logistic(Logistic),
    /// Several learners, averaged.
    Blend(Blend),
    /// Hashed logistic regression.
    Ftrl(Ftrl),
    /// A field-aware factorisation machine.
    Ffm(Ffm),
}

#[derive(Serialize)]
struct Envelope<'a> {
    format: &'static str,
    version: u64,
    checksum: String,
    model: &'a RawValue,
}

/// What every version's file begins with, whatever else it holds.
#[derive(Deserialize)]
struct Label {
    format: String,
    version: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Received<'a> {
    #[serde(rename = "format")]
    _format: String,
    #[serde(rename = "version")]
    _version: u64,
    checksum: String,
    #[serde(borrow)]
    model: &'a RawValue,
}

impl Model {
    /// The model as bytes: the same for equal models.
    ///
    /// # Errors
    /// None that a fitted model can meet; a defect of ours otherwise.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let failed = |error: serde_json::Error| TrainingError::DamagedModel { problem: error.to_string() };
        let model = serde_json::value::to_raw_value(self).map_err(failed)?;
        let checksum = checksum(&model);
        let mut bytes = serde_json::to_vec(&Envelope { format: FORMAT, version: VERSION, checksum, model: &model }).map_err(failed)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Reads a model back.
    ///
    /// # Errors
    /// The bytes are no model, are damaged, or are of a later version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let damaged = |problem: String| TrainingError::DamagedModel { problem };
        let text = std::str::from_utf8(bytes).map_err(|error| damaged(format!("it is not text: {error}")))?;
        // First what it is and its version: a later format may hold anything else.
        let label: Label = serde_json::from_str(text).map_err(|error| damaged(error.to_string()))?;
        if label.format != FORMAT {
            return Err(damaged(format!("its format is '{}', expected '{FORMAT}'", label.format)));
        }
        if label.version == 0 {
            return Err(damaged("its version is 0, which no program wrote".to_owned()));
        }
        if label.version > VERSION {
            return Err(TrainingError::NewerModel { found: label.version, supported: VERSION });
        }
        let received: Received<'_> = serde_json::from_str(text).map_err(|error| damaged(error.to_string()))?;
        if received.checksum != checksum(received.model) {
            return Err(damaged("its checksum does not fit: the file was changed or cut, fetch it again".to_owned()));
        }
        serde_json::from_str(received.model.get()).map_err(|error| damaged(error.to_string()))
    }
}

fn checksum(model: &RawValue) -> String {
    format!("{:016x}", xxh3_64(model.get().as_bytes()))
}

impl Predict for Learned {
    fn predict(&self, frame: &Frame) -> Result<Vec<f64>> {
        match self {
            Self::Forest(model) => model.predict(frame),
            Self::Boosted(model) => model.predict(frame),
            Self::Logistic(model) => model.predict(frame),
            Self::Blend(model) => model.predict(frame),
            Self::Ftrl(model) => model.predict(frame),
            Self::Ffm(model) => model.predict(frame),
        }
    }
}

impl Predict for Model {
    fn predict(&self, frame: &Frame) -> Result<Vec<f64>> {
        Ok(self.calibrator.apply_all(&self.learned.predict(frame)?))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::blend::BlendSettings;
    use crate::boosted::BoostedSettings;
    use crate::data::Dataset;
    use crate::forest::ForestSettings;
    use crate::forest::tests::clicks;
    use crate::hashed::{FfmSettings, Fields, FtrlSettings, OnePass};
    use crate::logistic::LogisticSettings;
    use crate::metrics::Scores;

    fn all(data: &Dataset) -> Vec<Model> {
        let forest = Forest::fit(data, &ForestSettings { n_estimators: 5, ..ForestSettings::default() }).unwrap().forest;
        let boosted = Boosted::fit(data, None, &BoostedSettings { n_estimators: 5, ..BoostedSettings::default() }).unwrap().model;
        let fields = || Fields::new(data.frame().names().to_vec(), 10).unwrap();
        let mut ftrl = Ftrl::new(fields(), FtrlSettings::default()).unwrap();
        ftrl.learn_batch(data).unwrap();
        let mut ffm = Ffm::new(fields(), FfmSettings::default()).unwrap();
        ffm.learn_batch(data).unwrap();
        let logistic = Logistic::fit(data, &LogisticSettings::default()).unwrap();
        let blend = Blend::fit(data, &BlendSettings::default()).unwrap();
        let learned = [
            Learned::Forest(forest),
            Learned::Boosted(boosted),
            Learned::Logistic(logistic),
            Learned::Blend(blend),
            Learned::Ftrl(ftrl),
            Learned::Ffm(ffm),
        ];
        let calibrated = |learned: Learned| {
            let probabilities = learned.predict(data.frame()).unwrap();
            let calibrator = Calibrator::isotonic(&Scores::new(&probabilities, data.labels(), None).unwrap()).unwrap();
            Model { learned, calibrator }
        };
        learned.into_iter().map(calibrated).collect()
    }

    #[test]
    fn every_model_comes_back_as_it_was_and_twice_trained_is_the_same() {
        let (data, _) = clicks(300, 1);
        for (model, again) in all(&data).into_iter().zip(all(&data)) {
            let bytes = model.to_bytes().unwrap();
            assert!(bytes == again.to_bytes().unwrap(), "trained twice");
            let back = Model::from_bytes(&bytes).unwrap();
            assert!(back == model && back.to_bytes().unwrap() == bytes);
            let bits = |model: &Model| model.predict(data.frame()).unwrap().into_iter().map(f64::to_bits).collect::<Vec<_>>();
            assert_eq!(bits(&back), bits(&model));
        }
    }

    #[test]
    fn other_bytes_are_refused_with_the_reason() {
        let (data, _) = clicks(50, 2);
        let logistic = Logistic::fit(&data, &LogisticSettings::default()).unwrap();
        let model = Model { learned: Learned::Logistic(logistic), calibrator: Calibrator::Identity };
        let text = String::from_utf8(model.to_bytes().unwrap()).unwrap();
        let cases = [
            (String::new(), "not a readable model: EOF"),
            ("{}".to_owned(), "not a readable model: missing field `format`"),
            (text.replacen("adlake-model", "onnx", 1), "not a readable model: its format is 'onnx'"),
            (text.replacen("\"version\":1", "\"version\":2,\"more\":[]", 1), "the model has format version 2, this program reads up to 1"),
            (text.replacen("\"intercept\":", "\"intercept\": ", 1), "not a readable model: its checksum does not fit"),
            (text[..text.len() / 2].to_owned(), "not a readable model: "),
        ];
        for (text, message) in cases {
            let found = Model::from_bytes(text.as_bytes()).unwrap_err().to_string();
            assert!(found.starts_with(message), "{found}");
        }
        assert!(Model::from_bytes(&[0xff, 0xfe]).is_err());
    }

    #[test]
    fn no_single_damaged_byte_goes_unnoticed_or_panics() {
        let (data, _) = clicks(60, 3);
        let forest = Forest::fit(&data, &ForestSettings { n_estimators: 1, max_depth: Some(3), ..ForestSettings::default() }).unwrap();
        let model = Model { learned: Learned::Forest(forest.forest), calibrator: Calibrator::Identity };
        let bytes = model.to_bytes().unwrap();
        for place in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[place] ^= 1;
            if let Ok(read) = Model::from_bytes(&damaged) {
                // White space after the end may be any.
                assert!(read == model && place + 1 == bytes.len(), "byte {place}");
            }
        }
    }
}
