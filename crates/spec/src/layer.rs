//! How far data has come.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::closest::did_you_mean;
use crate::error::NameError;

/// How far data has come; the order is the direction in which it flows.
///
/// Displays in lower case, which is also its SQL schema and its folder in the lake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layer {
    /// What arrived, as it arrived.
    Bronze,
    /// One clean, typed row per real thing.
    Silver,
    /// Answers: facts, marts, KPIs.
    Gold,
    /// What learners learn from, correct at a point in time.
    Features,
    /// Training runs, models, scores.
    Ml,
    /// What the engine records about its own runs.
    Ops,
}

impl Layer {
    /// All layers in the direction of data flow.
    pub const ALL: [Layer; 6] = [Layer::Bronze, Layer::Silver, Layer::Gold, Layer::Features, Layer::Ml, Layer::Ops];

    /// The lower-case name.
    pub fn as_str(self) -> &'static str {
        match self {
            Layer::Bronze => "bronze",
            Layer::Silver => "silver",
            Layer::Gold => "gold",
            Layer::Features => "features",
            Layer::Ml => "ml",
            Layer::Ops => "ops",
        }
    }

    /// Whether a model of this layer may read a table of `other`: its own layer and the one below.
    ///
    /// Two layers reach further, because what they need is spread: `features` reads `gold` and
    /// `silver`, `ml` reads `features` and `gold`. `ops` has no models.
    pub fn may_read(self, other: Layer) -> bool {
        self.readable().contains(&other)
    }

    /// The layers a model of this layer may read, its own first.
    pub fn readable(self) -> &'static [Layer] {
        match self {
            Layer::Bronze => &[Layer::Bronze],
            Layer::Silver => &[Layer::Silver, Layer::Bronze],
            Layer::Gold => &[Layer::Gold, Layer::Silver],
            Layer::Features => &[Layer::Features, Layer::Gold, Layer::Silver],
            Layer::Ml => &[Layer::Ml, Layer::Features, Layer::Gold],
            Layer::Ops => &[],
        }
    }

    /// Whether the tables of this layer are read by people, who need every column named and
    /// described.
    pub(crate) fn is_documented(self) -> bool {
        matches!(self, Layer::Silver | Layer::Gold | Layer::Features)
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Layer {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Layer, NameError> {
        Layer::ALL.into_iter().find(|layer| layer.as_str() == text).ok_or_else(|| NameError::UnknownLayer {
            given: text.to_string(),
            hint: did_you_mean(text, Layer::ALL.iter().map(|layer| layer.as_str())),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn who_may_read_what() {
        // One row per reader, one column per table read, in the order of `Layer::ALL`.
        let expected = [
            "x.....", // bronze
            "xx....", // silver
            ".xx...", // gold
            ".xxx..", // features
            "..xxx.", // ml
            "......", // ops
        ];
        for (reader, row) in Layer::ALL.into_iter().zip(expected) {
            let got: String = Layer::ALL.into_iter().map(|read| if reader.may_read(read) { 'x' } else { '.' }).collect();
            assert_eq!(got, row, "{reader}");
        }
    }

    #[test]
    fn no_layer_reads_a_later_one() {
        for reader in Layer::ALL {
            for read in Layer::ALL.into_iter().filter(|read| *read > reader) {
                assert!(!reader.may_read(read), "{reader} reads {read}");
            }
        }
    }

    #[test]
    fn names_round_trip() {
        for layer in Layer::ALL {
            assert_eq!(layer.to_string().parse::<Layer>().unwrap(), layer);
            let json = serde_json::to_string(&layer).unwrap();
            assert_eq!(json, format!("\"{layer}\""));
            assert_eq!(serde_json::from_str::<Layer>(&json).unwrap(), layer);
        }
        let error = "sliver".parse::<Layer>().unwrap_err().to_string();
        assert!(error.contains("did you mean \"silver\""), "{error}");
        assert!("Silver".parse::<Layer>().is_err());
    }
}
