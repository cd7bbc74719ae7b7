//! `adlake score` and `adlake predict`.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;

use adlake::clicks::{self, Asked, Card};
use adlake::models::{KnownModel, Records, redefined, use_threads};
use chrono::{DateTime, Datelike, Utc};
use clap::{Args, Subcommand};
use console::{Bars, LakeArgs, note, out, print_report};
use lake::{Lake, LakeError, ModelFile, Result};

use super::churn::ScoreChurn;

/// Score rows with a registered model.
#[derive(Subcommand)]
pub enum Score {
    /// Every impression into gold.click_scores: the probability of a click and the revenue to expect
    ///
    /// Example: adlake score click --lake mylake
    Click(ScoreClick),
    /// Every customer into gold.churn_scores: the probability of no further purchase, whom an offer is worth, and why
    ///
    /// Example: adlake score churn --lake mylake
    Churn(ScoreChurn),
}

/// By which model.
#[derive(Args)]
pub struct ScoreClick {
    /// A registered model: its last version, or one such as click/3
    #[arg(long, value_name = "NAME[/VERSION]", default_value = "click")]
    model: String,
}

/// Ask a registered model about one case.
#[derive(Subcommand)]
pub enum Predict {
    /// How likely one request's ad is clicked, and what moved the answer
    ///
    /// Example: adlake predict click --age-range 45-54 --gender M --state TN --device-type mobile
    Click(Box<PredictClick>),
}

/// What is known of the request. What is not said is unknown to the model too; values it never saw are answered as well.
#[derive(Args)]
pub struct PredictClick {
    /// A registered model: its last version, or one such as click/3
    #[arg(long, value_name = "NAME[/VERSION]", default_value = "click")]
    model: String,
    /// The instant of the request, such as 2026-01-10T08:30:00Z [default: now]
    #[arg(long, value_name = "RFC3339")]
    at: Option<DateTime<Utc>>,
    /// How many features to show
    #[arg(long, value_name = "N", default_value_t = 8)]
    show: usize,
    #[arg(long, help = "User, whose history in the lake counts")]
    user_id: Option<String>,
    #[arg(long, help = "Age bracket, such as 25-34")]
    age_range: Option<String>,
    #[arg(long, help = "M or F")]
    gender: Option<String>,
    #[arg(long, help = "State code, such as TN")]
    state: Option<String>,
    #[arg(long, help = "Price bracket of the phone, such as 400-799")]
    phone_price_range: Option<String>,
    #[arg(long, help = "Phone model")]
    phone_model: Option<String>,
    #[arg(long, help = "Language, such as en")]
    language: Option<String>,
    #[arg(long, help = "Kind of device, such as mobile")]
    device_type: Option<String>,
    #[arg(long, help = "Kind of network connection, such as wifi")]
    network_type: Option<String>,
    #[arg(long, help = "The user's main app")]
    app_id: Option<String>,
    #[arg(long, help = "Genre of that app, such as Videos")]
    primary_genre: Option<String>,
    #[arg(long, help = "Campaign whose ad is shown")]
    campaign_id: Option<String>,
    #[arg(long, help = "Its advertiser")]
    advertiser_id: Option<String>,
    #[arg(long, help = "Its pricing: CPC, CPM or CPI")]
    campaign_type: Option<String>,
    #[arg(long, help = "Position of the ad on the screen, 1 = first")]
    ad_position: Option<String>,
}

/// Says which features of a model are made otherwise by these models of tables than when it was trained.
pub fn warn_of_redefined(lake: &Lake, models: &[ModelFile], known: &KnownModel, definitions: &BTreeMap<String, String>) -> Result<()> {
    let changed = redefined(lake, models, definitions)?;
    if !changed.is_empty() {
        let (name, version) = (&known.name, known.version);
        note!("warning: {name}/{version} learned from other definitions of {}: train it again", changed.join(", "));
    }
    Ok(())
}

impl Score {
    /// Runs the command.
    pub async fn run(self, arguments: &LakeArgs) -> Result<ExitCode> {
        let (lake, settings) = arguments.open_existing().await?;
        use_threads(settings.threads);
        let report = match self {
            Self::Click(click) => {
                let (known, model) = Records::of(&lake).model::<Card>(&click.model).await?;
                warn_of_redefined(&lake, &super::model_files(None, &settings)?, &known, &model.card.definitions)?;
                clicks::score(&lake, &known, Arc::new(model), &Bars::default()).await?
            }
            Self::Churn(churn) => churn.score(&lake, &settings).await?,
        };
        print_report(&report, 0);
        Ok(ExitCode::SUCCESS)
    }
}

impl Predict {
    /// Runs the command.
    pub async fn run(self, arguments: &LakeArgs) -> Result<ExitCode> {
        let Self::Click(click) = self;
        let (lake, settings) = arguments.open_existing().await?;
        let (known, model) = Records::of(&lake).model::<Card>(&click.model).await?;
        warn_of_redefined(&lake, &super::model_files(None, &settings)?, &known, &model.card.definitions)?;
        let at = click.at.unwrap_or_else(lake::now);
        if !(1970..2100).contains(&at.year()) {
            return Err(LakeError::invalid(format!(
                "--at {}: give an instant from 1970 to 2099, such as 2026-01-10T08:30:00Z",
                at.to_rfc3339()
            )));
        }
        let answer = clicks::predict(&lake, &model, &click.asked(), at.timestamp_micros()).await?;
        out!("{:.4}  probability of a click, by {}/{}", answer.probability, known.name, known.version);
        out!("\nWhat moved it, against a usual request (log-odds):");
        for (feature, value, moved) in answer.moved.iter().take(click.show) {
            out!("  {moved:+.3}  {feature} = {value}");
        }
        if !answer.unseen.is_empty() {
            out!("\nRare or new to the model: {}", answer.unseen.join(", "));
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl PredictClick {
    fn asked(&self) -> Asked {
        let given = [
            ("user_id", &self.user_id),
            ("age_range", &self.age_range),
            ("gender", &self.gender),
            ("state", &self.state),
            ("phone_price_range", &self.phone_price_range),
            ("phone_model", &self.phone_model),
            ("language", &self.language),
            ("device_type", &self.device_type),
            ("network_type", &self.network_type),
            ("app_id", &self.app_id),
            ("primary_genre", &self.primary_genre),
            ("campaign_id", &self.campaign_id),
            ("advertiser_id", &self.advertiser_id),
            ("campaign_type", &self.campaign_type),
            ("ad_position", &self.ad_position),
        ];
        given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.clone()?))).collect()
    }
}
