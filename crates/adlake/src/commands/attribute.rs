//! `adlake attribute`.

use std::collections::BTreeSet;
use std::process::ExitCode;

use adlake::marketing::{self, Attribution, Chosen, Earned, ModelName};
use attribution::{Confidence, Estimate};
use clap::Args;
use console::{LakeArgs, out, thousands};
use lake::{AsOf, LakeError, Result};

use super::sql::{Format, Printer};

/// Share out conversions among channels by several models side by side, with 95 % intervals.
///
/// Example: adlake attribute --lake mylake --model last_touch,markov,shapley
#[derive(Args)]
pub struct Attribute {
    /// The models
    #[arg(long = "model", value_name = "MODEL", value_enum, value_delimiter = ',')]
    models: Vec<ModelName>,
    /// Touches in a row that make a state of the Markov chain, 1 to 4
    #[arg(long, value_name = "N", default_value_t = 1)]
    order: usize,
    /// Read paths that were delivered already counted (bronze.journey_paths), not the lake's own journeys
    #[arg(long)]
    counted: bool,
    /// How often journeys are drawn anew for the intervals, at least 20
    #[arg(long, value_name = "N", default_value_t = 200)]
    replicates: usize,
    /// The same seed gives the same intervals
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// table = shares for people; csv, json and parquet have one row per model and channel, with conversions and value
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

impl Attribute {
    /// Runs the command.
    pub async fn run(self, arguments: &LakeArgs) -> Result<ExitCode> {
        let (lake, settings) = arguments.open_existing().await?;
        adlake::models::use_threads(settings.threads);
        let all = <ModelName as clap::ValueEnum>::value_variants();
        if self.counted && self.models.contains(&ModelName::Incremental) {
            return Err(LakeError::invalid("--model incremental: counted paths do not say who was in a holdout; leave out --counted"));
        }
        // A lake whose models are older or others has no such table: all models are then all the others.
        let incrementality = "gold.channel_incrementality".parse().map_err(LakeError::invalid)?;
        let is_told = !self.counted && lake.table(&incrementality).await?.is_some();
        let fits = |model: &&ModelName| is_told || **model != ModelName::Incremental;
        let models = if self.models.is_empty() { all.iter().filter(fits).copied().collect() } else { self.models };
        let confidence = Confidence { replicates: self.replicates, seed: self.seed, ..Confidence::default() };
        let chosen = Chosen { models, order: self.order, counted: self.counted, confidence };
        let attribution = marketing::attribute(&lake, &chosen, AsOf::LastRelease).await?;
        match self.format {
            Format::Table => print(&attribution, &chosen.models),
            format => {
                let batch = attribution.rows()?;
                let mut printer = Printer::new(format, batch.schema())?;
                printer.print(batch)?;
                printer.finish()?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Each channel's share of the conversions that have a touch (by the incremental model: of all), a column per model; the channel with the most by the last one comes first.
fn print(attribution: &Attribution, models: &[ModelName]) {
    let Attribution { conversions, value, nulls, untouched, earned } = attribution;
    let whole = |count: &f64| thousands(*count as u64);
    out!(
        "{} conversions worth {value:.2}, {} of them without a touch; {} journeys without a conversion",
        whole(conversions),
        whole(untouched),
        whole(nulls)
    );
    out!("Share of conversions in %, and where it lies with 95 % confidence:\n");
    let of = |model: ModelName| earned.iter().filter(move |earned| earned.model == model);
    let Some(last) = models.last() else { return };
    let share =
        |channel: &str| of(*last).find(|earned| earned.channel == channel).and_then(|earned| earned.credit.as_ref()?.share.value.into());
    let channels: BTreeSet<&str> = earned.iter().map(|earned| earned.channel.as_str()).collect();
    let mut channels: Vec<(&str, Option<f64>)> = channels.into_iter().map(|channel| (channel, share(channel))).collect();
    channels.sort_by(|(_, a), (_, b)| b.unwrap_or(-1.0).total_cmp(&a.unwrap_or(-1.0)));
    let width = channels.iter().map(|(channel, _)| channel.chars().count()).max().unwrap_or(0).max(7);
    let names: String = models.iter().map(|model| format!("  {:>20}", model.as_str())).collect();
    out!("{:<width$}{names}", "channel");
    for (channel, _) in channels {
        let cell = |model: &ModelName| match of(*model).find(|earned| earned.channel == channel) {
            Some(Earned { credit: Some(credit), .. }) => {
                let Estimate { value, low, high } = credit.share;
                format!("  {:>20}", format!("{:.1} ({:.1}–{:.1})", value * 100.0, low * 100.0, high * 100.0))
            }
            Some(_) => format!("  {:>20}", "cannot tell"),
            None => format!("  {:>20}", "–"),
        };
        out!("{channel:<width$}{}", models.iter().map(cell).collect::<String>());
    }
    if models.contains(&ModelName::Incremental) {
        out!(
            "\nincremental: of all conversions, those without a touch included; Baseline would have come anyway. Why: gold.channel_incrementality"
        );
    }
}
