//! `adlake advise`.

use std::collections::BTreeMap;
use std::process::ExitCode;

use adlake::marketing::{self, Budget, Outcome};
use clap::Args;
use console::{Bars, LakeArgs, out};
use lake::datafusion::arrow::array::AsArray;
use lake::datafusion::arrow::compute::cast;
use lake::datafusion::arrow::datatypes::DataType;
use lake::{AsOf, Result};

/// Say where a budget should go: for every channel more, less or the same, by how much, why, and how sure. Writes gold.budget_advice.
///
/// Example: adlake advise --lake mylake --budget 30000 --horizon 30d --min search=100 --max video=500
#[derive(Args)]
pub struct Advise {
    /// To be spent over the whole horizon, in the lake's currency
    #[arg(long, value_name = "AMOUNT", value_parser = amount)]
    budget: f64,
    /// How long the plan is for, in days (30d) or weeks (4w)
    #[arg(long, value_name = "TIME", default_value = "30d", value_parser = days)]
    horizon: usize,
    /// What the plan is to bring much of
    #[arg(long, value_enum, default_value = "conversions")]
    outcome: Outcome,
    /// The least that a channel gets a day
    #[arg(long, value_name = "CHANNEL=AMOUNT", value_parser = bound)]
    min: Vec<(String, f64)>,
    /// The most that a channel gets a day [default: twice its highest day so far]
    #[arg(long, value_name = "CHANNEL=AMOUNT", value_parser = bound)]
    max: Vec<(String, f64)>,
    /// The same seed gives the same advice
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
}

fn amount(text: &str) -> Result<f64, String> {
    let amount = text.parse::<f64>().ok().filter(|amount| amount.is_finite() && *amount >= 0.0);
    amount.ok_or_else(|| format!("'{text}' is no amount of 0 or more; write 30000"))
}

fn days(text: &str) -> Result<usize, String> {
    let (number, unit) = match text.as_bytes().last() {
        Some(b'd') => (&text[..text.len() - 1], 1),
        Some(b'w') => (&text[..text.len() - 1], 7),
        _ => (text, 1),
    };
    let days = number.parse::<usize>().ok().and_then(|number| number.checked_mul(unit)).filter(|days| (1..=3660).contains(days));
    days.ok_or_else(|| format!("'{text}' is no time of 1 to 3660 days; write 30d or 4w"))
}

fn bound(text: &str) -> Result<(String, f64), String> {
    let (channel, most) = text.rsplit_once('=').ok_or_else(|| format!("'{text}' names no amount; write search=100"))?;
    Ok((channel.to_owned(), amount(most)?))
}

impl Advise {
    /// Runs the command.
    pub async fn run(self, arguments: &LakeArgs) -> Result<ExitCode> {
        let (lake, settings) = arguments.open_existing().await?;
        adlake::models::use_threads(settings.threads);
        let named = |bounds: Vec<(String, f64)>| bounds.into_iter().collect::<BTreeMap<_, _>>();
        let Self { budget, horizon, outcome, min, max, seed } = self;
        let budget = Budget { budget, days: horizon, outcome, min: named(min), max: named(max), seed };
        marketing::advise(&lake, &budget, &Bars::default()).await?;
        let rows = lake::collect(lake.sql(include_str!("../../sql/advice.sql"), AsOf::LastRelease).await?).await?;
        for batch in rows {
            let sentences = cast(batch.column(0), &DataType::Utf8)?;
            sentences.as_string::<i32>().iter().flatten().for_each(|sentence| out!("{sentence}"));
        }
        Ok(ExitCode::SUCCESS)
    }
}
