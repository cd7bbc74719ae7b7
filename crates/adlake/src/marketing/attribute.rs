//! From paths to what each channel earned, by several models side by side, with intervals.

use std::sync::Arc;

use attribution::shapley::{Sampling, Worth};
use attribution::{Channels, Confidence, CreditEstimate, Estimate, Journeys, Model, Resampling, Rule};
use clap::ValueEnum;
use lake::datafusion::arrow::array::{Array, ArrayRef, AsArray, Float64Array, RecordBatch, StringArray};
use lake::datafusion::arrow::compute::cast;
use lake::datafusion::arrow::datatypes::{DataType, Float64Type, Int64Type};
use lake::{AsOf, Lake, LakeError, Result};

/// Channels that tell nothing of what brought a user.
const DIRECT: [&str; 4] = ["direct", "(direct)", "direct / (none)", "(direct) / (none)"];

/// What shares out conversions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum ModelName {
    /// All to the first touch
    FirstTouch,
    /// All to the last touch
    LastTouch,
    /// All to the last touch that is not direct
    LastNonDirect,
    /// The same to every touch
    Linear,
    /// 40 % to each end, 20 % to those between
    PositionBased,
    /// What would be lost without the channel, in a Markov chain of the paths
    Markov,
    /// What the channel adds to any set of others, averaged (Shapley)
    Shapley,
    /// What would not have come without the channel, read off holdouts; the rest is the channel Baseline
    Incremental,
}

impl ModelName {
    /// The name as tables and flags have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FirstTouch => "first_touch",
            Self::LastTouch => "last_touch",
            Self::LastNonDirect => "last_non_direct",
            Self::Linear => "linear",
            Self::PositionBased => "position_based",
            Self::Markov => "markov",
            Self::Shapley => "shapley",
            Self::Incremental => "incremental",
        }
    }

    /// None for the one that is not of paths.
    fn model(self, channels: &Channels, order: usize) -> Option<Model> {
        Some(match self {
            Self::FirstTouch => Model::Rule(Rule::First),
            Self::LastTouch => Model::Rule(Rule::Last),
            Self::LastNonDirect => {
                let is_direct = |name: &str| DIRECT.contains(&name.to_lowercase().as_str());
                let direct = (0_u32..).zip(channels.names()).filter(|(_, name)| is_direct(name)).map(|(number, _)| number);
                Model::Rule(Rule::LastNonDirect { direct: direct.collect() })
            }
            Self::Linear => Model::Rule(Rule::Linear),
            Self::PositionBased => Model::Rule(Rule::U_SHAPED),
            Self::Markov => Model::Markov(order),
            Self::Shapley => Model::Shapley(Worth::Conversions, Sampling::default()),
            Self::Incremental => return None,
        })
    }
}

/// What is to be computed.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// The models, side by side.
    pub models: Vec<ModelName>,
    /// Touches in a row that make a state of the Markov chain, 1 to 4.
    pub order: usize,
    /// Whether paths that were delivered already counted are read, in the place of the lake's own journeys.
    pub counted: bool,
    /// How intervals are drawn.
    pub confidence: Confidence,
}

/// What all models say.
#[derive(Debug, Clone)]
pub struct Attribution {
    /// Journeys that converted, with those without a touch, which no channel can be given.
    pub conversions: f64,
    /// Their value in the lake's currency.
    pub value: f64,
    /// Journeys that did not convert.
    pub nulls: f64,
    /// Conversions without a touch before them.
    pub untouched: f64,
    /// Model by model, in each the channels by name.
    pub earned: Vec<Earned>,
}

/// What a channel earned by one model.
#[derive(Debug, Clone)]
pub struct Earned {
    /// The model.
    pub model: ModelName,
    /// The channel.
    pub channel: String,
    /// Its conversions, their value, and its share of all credited conversions; by the incremental model of all conversions there are. None
    /// where the lake has no holdout that would tell.
    pub credit: Option<CreditEstimate>,
}

impl Attribution {
    /// One row per model and channel: conversions, their value and the share of credited conversions, each with the ends of its interval.
    ///
    /// # Errors
    /// None that is known.
    pub fn rows(&self) -> Result<RecordBatch> {
        let numbers = |of: fn(&CreditEstimate) -> Estimate| {
            let ends = [|estimate: Estimate| estimate.value, |estimate: Estimate| estimate.low, |estimate: Estimate| estimate.high];
            let column = |end: fn(Estimate) -> f64| -> Float64Array {
                self.earned.iter().map(|earned| earned.credit.as_ref().map(|credit| end(of(credit)))).collect()
            };
            ends.map(|end| -> ArrayRef { Arc::new(column(end)) })
        };
        let [conversions, conversions_low, conversions_high] = numbers(|credit| credit.conversions);
        let [value, value_low, value_high] = numbers(|credit| credit.value);
        let [share, share_low, share_high] = numbers(|credit| credit.share);
        let models: StringArray = self.earned.iter().map(|earned| Some(earned.model.as_str())).collect();
        let channels: StringArray = self.earned.iter().map(|earned| Some(earned.channel.as_str())).collect();
        Ok(RecordBatch::try_from_iter([
            ("attribution_model", Arc::new(models) as ArrayRef),
            ("channel", Arc::new(channels)),
            ("conversion_count", conversions),
            ("conversion_count_low", conversions_low),
            ("conversion_count_high", conversions_high),
            ("value_amount", value),
            ("value_amount_low", value_low),
            ("value_amount_high", value_high),
            ("conversion_share", share),
            ("conversion_share_low", share_low),
            ("conversion_share_high", share_high),
        ])?)
    }
}

/// Shares out the conversions of `gold.channel_paths`.
///
/// # Errors
/// No such table or no path in it; settings out of range; what happens while reading.
pub async fn attribute(lake: &Lake, chosen: &Chosen, as_of: AsOf) -> Result<Attribution> {
    let (channels, journeys) = journeys(lake, chosen.counted, as_of).await?;
    let totals = journeys.totals();
    let computed = tokio::task::block_in_place(|| {
        let mut earned = Vec::new();
        for name in &chosen.models {
            let Some(model) = name.model(&channels, chosen.order) else { continue };
            let credits = model.intervals(&journeys, Resampling::Poisson, &chosen.confidence)?;
            let named = channels.names().iter().zip(credits);
            earned.extend(named.map(|(channel, credit)| Earned { model: *name, channel: channel.clone(), credit: Some(credit) }));
        }
        Ok(earned)
    });
    let mut earned = computed.map_err(|error: attribution::AttributionError| LakeError::invalid(error))?;
    if chosen.models.contains(&ModelName::Incremental) {
        earned.extend(incremental(lake, as_of).await?);
    }
    let (conversions, value, nulls) = (totals.conversions, totals.value, totals.nulls);
    Ok(Attribution { conversions, value, nulls, untouched: totals.untouched_conversions, earned })
}

/// What `gold.channel_incrementality` says of channels, and of what would have come anyway.
async fn incremental(lake: &Lake, as_of: AsOf) -> Result<Vec<Earned>> {
    const TOLD: &str = include_str!("../../sql/channel_incrementality.sql");
    let mut earned = Vec::new();
    for batch in lake::collect(lake.sql(TOLD, as_of).await?).await? {
        let channels = cast(batch.column(0), &DataType::Utf8)?;
        let is_told = batch.column(1).as_boolean();
        let numbers = batch.columns()[2..].iter().map(|column| Ok(cast(column, &DataType::Float64)?.as_primitive::<Float64Type>().clone()));
        let numbers: Vec<Float64Array> = numbers.collect::<Result<_>>()?;
        for row in 0..batch.num_rows() {
            let estimate = |first: usize| Estimate {
                value: numbers[first].value(row),
                low: numbers[first + 1].value(row),
                high: numbers[first + 2].value(row),
            };
            let told = || CreditEstimate { conversions: estimate(0), value: estimate(3), share: estimate(6) };
            let credit = is_told.value(row).then(told);
            earned.push(Earned { model: ModelName::Incremental, channel: channels.as_string::<i32>().value(row).to_owned(), credit });
        }
    }
    Ok(earned)
}

async fn journeys(lake: &Lake, counted: bool, as_of: AsOf) -> Result<(Channels, Journeys)> {
    const PATHS: &str = include_str!("../../sql/channel_paths.sql");
    let source = if counted { "counted" } else { "journeys" };
    let batches = lake::collect(lake.sql(PATHS, as_of).await?).await?;
    let mut texts = Vec::new();
    let (mut conversions, mut value, mut nulls) = (Vec::new(), Vec::new(), Vec::new());
    for batch in &batches {
        let sources = cast(batch.column(0), &DataType::Utf8)?;
        let paths = cast(batch.column(1), &DataType::Utf8)?;
        let counts = |column: usize| -> Result<_> { Ok(cast(batch.column(column), &DataType::Int64)?.as_primitive::<Int64Type>().clone()) };
        let (converted, not) = (counts(2)?, counts(4)?);
        let worth = cast(batch.column(3), &DataType::Float64)?;
        let worth = worth.as_primitive::<Float64Type>();
        for row in (0..batch.num_rows()).filter(|row| sources.as_string::<i32>().value(*row) == source) {
            texts.push(paths.as_string::<i32>().value(row).to_owned());
            // Counts of rows are never below 0.
            conversions.push(u64::try_from(converted.value(row)).unwrap_or(0));
            nulls.push(u64::try_from(not.value(row)).unwrap_or(0));
            value.push(if worth.is_null(row) { 0.0 } else { worth.value(row) });
        }
    }
    if texts.is_empty() {
        let remedy = if counted {
            "put files with path, total_conversions, total_conversion_value and total_null into a folder journey_paths of the source"
        } else {
            "run with touchpoints and conversions, or read counted paths with --counted"
        };
        return Err(LakeError::invalid(format!("gold.channel_paths has no path of the {source}: {remedy}")));
    }
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let (channels, paths) = Channels::parse(&texts, ">");
    let journeys = Journeys::new(channels.names().len(), &paths, &conversions, &value, &nulls).map_err(LakeError::invalid)?;
    Ok((channels, journeys))
}
