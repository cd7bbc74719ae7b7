//! Numbers as MLflow's JSON has them: floats that may be `"NaN"` or `"Infinity"`, and integers that may come as text.

/// Floats: a number, or as text what JSON has no number for.
pub(crate) mod float {
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(crate) fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        match *value {
            value if value.is_finite() => serializer.serialize_f64(value),
            value if value.is_nan() => serializer.serialize_str("NaN"),
            value if value > 0.0 => serializer.serialize_str("Infinity"),
            _ => serializer.serialize_str("-Infinity"),
        }
    }

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Float {
        Number(f64),
        Text(String),
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        match Float::deserialize(deserializer)? {
            Float::Number(value) => Ok(value),
            Float::Text(text) => text.parse().map_err(|_| de::Error::custom(format!("`{text}` is no number"))),
        }
    }
}

/// Integers of 64 bits, which some servers send as text.
pub(crate) mod integer {
    use serde::{Deserialize, Deserializer, Serializer, de};

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Integer {
        Number(i64),
        Text(String),
    }

    impl Integer {
        fn value<E: de::Error>(self) -> Result<i64, E> {
            match self {
                Self::Number(value) => Ok(value),
                Self::Text(text) => text.parse().map_err(|_| E::custom(format!("`{text}` is no integer"))),
            }
        }
    }

    pub(crate) fn serialize<S: Serializer>(value: &i64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(*value)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
        Integer::deserialize(deserializer)?.value()
    }

    /// The same where there may be none.
    pub(crate) fn maybe<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
        Option::<Integer>::deserialize(deserializer)?.map(Integer::value).transpose()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::Metric;

    fn metric(value: f64) -> Metric {
        Metric { key: "loss".to_owned(), value, timestamp: 1_700_000_000_000, step: -3 }
    }

    #[test]
    fn every_float_comes_back_as_it_was() {
        for value in [0.1 + 0.2, -0.0, 5e-324, f64::MAX, 0.30000000000000004, f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
            let back: Metric = serde_json::from_str(&serde_json::to_string(&metric(value)).unwrap()).unwrap();
            assert!(back.value.to_bits() == value.to_bits() || (back.value.is_nan() && value.is_nan()), "{value} {}", back.value);
        }
    }

    #[test]
    fn text_counts_where_a_server_sends_it() {
        let text = r#"{"key":"loss","value":"-Infinity","timestamp":"1700000000000","step":"-3"}"#;
        assert_eq!(serde_json::from_str::<Metric>(text).unwrap(), metric(f64::NEG_INFINITY));
        assert!(serde_json::from_str::<Metric>(&text.replace("-3", "three")).is_err());
    }
}
