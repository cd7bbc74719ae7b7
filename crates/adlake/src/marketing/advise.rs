//! `gold.budget_advice`: where a budget should go.

use std::collections::BTreeMap;

use clap::ValueEnum;
use lake::{Lake, LakeError, Progress, Result, RunReport, Running};
use serde::Serialize;
use spec::{Layer, Model};

const FILE: &str = "crates/adlake/sql/budget_advice.sql";
const TEXT: &str = include_str!("../../sql/budget_advice.sql");

/// What a plan is to bring much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Conversions of any kind
    Conversions,
    /// Their value in the lake's currency
    Value,
}

/// A budget and what binds it.
#[derive(Debug, Clone, Serialize)]
pub struct Budget {
    /// To be spent over all days, in the lake's currency.
    pub budget: f64,
    /// How many days the plan is for.
    pub days: usize,
    /// What it is to bring much of.
    pub outcome: Outcome,
    /// The least that is spent a day, by channel.
    pub min: BTreeMap<String, f64>,
    /// The most that is spent a day, by channel.
    pub max: BTreeMap<String, f64>,
    /// Where the random numbers begin.
    pub seed: u64,
}

/// Makes `gold.budget_advice` anew for this budget, from the spend and the conversions in `gold.channel_kpis_daily`.
///
/// # Errors
/// A budget or bounds that make no sense, fewer than 28 days; what happens while reading or writing.
pub async fn advise(lake: &Lake, budget: &Budget, progress: &dyn Progress) -> Result<RunReport> {
    let request = serde_json::to_string(budget).map_err(LakeError::invalid)?;
    let column = match budget.outcome {
        Outcome::Conversions => "conversion_count",
        Outcome::Value => "value_amount",
    };
    let text = TEXT.replace("{request}", &request.replace('\'', "''")).replace("{outcome}", column);
    let advice = Model::parse(Layer::Gold, "marketing", FILE, &text).map_err(LakeError::Problems)?;
    let pipeline = lake.pipeline(&crate::shipped_models())?;
    let mut running = Running::begin(lake, lake::now());
    let all: Vec<&Model> = pipeline.in_order().iter().chain([&advice]).collect();
    running.know(&all);
    running.refresh(&[&advice], false, progress).await?;
    running.publish(&all, progress).await
}
