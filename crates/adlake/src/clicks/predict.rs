//! One answer: how likely a click is for one request, and which features moved it.

use std::collections::BTreeMap;
use std::sync::Arc;

use lake::datafusion::arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Int32Array, RecordBatch, StringArray, TimestampMicrosecondArray, new_null_array,
};
use lake::datafusion::arrow::compute::cast;
use lake::datafusion::arrow::datatypes::{DataType, TimeUnit};
use lake::{AsOf, Lake, LakeError, Result};
use training::{Column, Frame, Learned, Predict};

use super::card::ClickModel;
use crate::models::{CardFeature, Usual};

/// What is asked about a request: columns of `gold.click_facts` with their values as text, such as `gender` and `F`.
pub type Asked = BTreeMap<String, String>;

/// How likely a click is, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The probability of a click, 0 to 1.
    pub probability: f64,
    /// Each feature with its value and how far it moved the log-odds, against a usual value of it; what moved most comes first.
    pub moved: Vec<(String, String, f64)>,
    /// Features whose value the model never saw: they are answered as any new value would be.
    pub unseen: Vec<String>,
}

/// Columns of text that are `Unknown` where nothing is said of them.
const TEXTS: [&str; 13] = [
    "age_range",
    "gender",
    "state",
    "city",
    "phone_price_range",
    "phone_model",
    "language",
    "device_type",
    "network_type",
    "app_id",
    "primary_genre",
    "campaign_id",
    "advertiser_id",
];

/// Answers for a request at an instant (microseconds since 1970, UTC), from what the lake knows of its groups and its user by then.
///
/// # Errors
/// A model of another population, a number that is none, feature tables that are not there yet, and what happens while reading.
pub async fn predict(lake: &Lake, model: &ClickModel, asked: &Asked, at_micros: i64) -> Result<Answer> {
    model.card.is_of_impressions("the model")?;
    let facts = request(lake, asked, at_micros).await?;
    let batches = features::Online::new(lake, AsOf::LastRelease)?.click_features(facts).await?;
    let batch =
        batches.iter().find(|batch| batch.num_rows() > 0).ok_or_else(|| LakeError::invalid("no features came out for the request"))?;
    super::learned(answer(model, batch))
}

/// The request as a row of `gold.click_facts`.
async fn request(lake: &Lake, asked: &Asked, at_micros: i64) -> Result<RecordBatch> {
    let table = "gold.click_facts".parse().map_err(LakeError::invalid)?;
    let schema = lake.existing(&table).await?.schema();
    let text = |value: &str| -> ArrayRef { Arc::new(StringArray::from(vec![value])) };
    let mut columns = Vec::new();
    for field in schema.fields() {
        let name = field.name().as_str();
        let given = asked.get(name).map(String::as_str);
        let number = |text: &str| {
            let wrong = || LakeError::invalid(format!("{name}: '{text}' is not a whole number"));
            text.parse::<i32>().map_err(|_| wrong())
        };
        let affinity = || {
            let pair = (asked.get("primary_genre").map(String::as_str), asked.get("campaign_type").map(String::as_str));
            matches!(pair, (Some("Videos"), Some("CPM")) | (Some("Shopping"), Some("CPC")))
        };
        let column: ArrayRef = match name {
            "request_id" | "impression_id" => text("asked"),
            "requested_at" => Arc::new(TimestampMicrosecondArray::from(vec![at_micros]).with_timezone("UTC")),
            "requested_on" => Arc::new(Date32Array::from(vec![at_micros.div_euclid(86_400_000_000) as i32])),
            "ad_position" => Arc::new(Int32Array::from(vec![given.map(number).transpose()?])),
            "is_affinity_match" => Arc::new(BooleanArray::from(vec![affinity()])),
            "is_click" => Arc::new(BooleanArray::from(vec![false])),
            "campaign_type" => text(given.unwrap_or("Unknown")),
            known if TEXTS.contains(&known) => text(given.unwrap_or("Unknown")),
            _ => match given {
                Some(given) => text(given),
                None => new_null_array(field.data_type(), 1),
            },
        };
        let stored = match field.data_type() {
            DataType::Timestamp(_, Some(zone)) => DataType::Timestamp(TimeUnit::Microsecond, Some(Arc::clone(zone))),
            other => other.clone(),
        };
        columns.push(cast(&column, &stored)?);
    }
    Ok(RecordBatch::try_new(schema, columns)?)
}

/// The model asked once with the request as it is, and once for each feature with a usual value in its place.
fn answer(model: &ClickModel, batch: &RecordBatch) -> training::Result<Answer> {
    let mut columns = Vec::new();
    let mut shown = Vec::new();
    let rows = model.card.features.len() + 1;
    for (position, CardFeature { name, usual, .. }) in model.card.features.iter().enumerate() {
        let missing = || training::TrainingError::Needs { task: "a prediction", needs: "every feature of the model" };
        let column = Column::from_arrow(batch.column_by_name(name).ok_or_else(missing)?.as_ref())?;
        let (column, text) = match &column {
            Column::Categorical(categories) => {
                let given = categories.text(0);
                let usual = if let Usual::Category(usual) = usual { Some(usual.as_str()) } else { None };
                let texts = (0..rows).map(|row| if row == position + 1 { usual } else { given });
                (Column::texts(texts), given.unwrap_or("unknown").to_owned())
            }
            numbers => {
                let given = numbers.number(0).unwrap_or(f64::NAN);
                let usual = if let Usual::Number(usual) = usual { *usual } else { f64::NAN };
                let values: Vec<f64> = (0..rows).map(|row| if row == position + 1 { usual } else { given }).collect();
                let text = if given.is_nan() { "unknown".to_owned() } else { format!("{}", (given * 1e4).round() / 1e4) };
                (values.into(), text)
            }
        };
        columns.push((name.clone(), column));
        shown.push(text);
    }
    let probabilities = model.model.predict(&Frame::new(columns)?)?;
    let log_odds = |p: f64| (p.clamp(1e-9, 1.0 - 1e-9) / (1.0 - p.clamp(1e-9, 1.0 - 1e-9))).ln();
    let probability = probabilities.first().copied().unwrap_or(f64::NAN);
    let named = model.card.features.iter().zip(&shown).zip(probabilities.iter().skip(1));
    let mut moved: Vec<(String, String, f64)> =
        named.map(|((feature, text), without)| (feature.name.clone(), text.clone(), log_odds(probability) - log_odds(*without))).collect();
    moved.sort_by(|a, b| b.2.abs().total_cmp(&a.2.abs()));
    let unseen = unseen(model, &shown);
    Ok(Answer { probability, moved, unseen })
}

/// Features whose value is no level that the model knows, where it keeps levels.
fn unseen(model: &ClickModel, shown: &[String]) -> Vec<String> {
    let binner = match &model.model.learned {
        Learned::Forest(forest) => forest.binner(),
        Learned::Boosted(boosted) => boosted.binner(),
        Learned::Logistic(_) | Learned::Blend(_) | Learned::Ftrl(_) | Learned::Ffm(_) => return Vec::new(),
    };
    let known = binner.features().iter().zip(shown);
    let is_new = |levels: &[String], text: &String| !text.eq_ignore_ascii_case("unknown") && !levels.contains(text);
    known
        .filter(|(feature, text)| feature.levels().is_some_and(|levels| is_new(levels, text)))
        .map(|(feature, text)| format!("{} {text}", feature.name()))
        .collect()
}
