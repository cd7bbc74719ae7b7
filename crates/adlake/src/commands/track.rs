//! `adlake track` and `adlake rebuild-model`.

use std::process::ExitCode;

use adlake::models::{ModelFile, OnLeak, Records, Step, use_threads};
use adlake::{churn, clicks};
use clap::{Args, Subcommand};
use console::{LakeArgs, note, out};
use futures::StreamExt;
use lake::datafusion::arrow::array::AsArray;
use lake::datafusion::arrow::compute::cast;
use lake::datafusion::arrow::datatypes::DataType;
use lake::{AsOf, Lake, LakeError, Result};

use super::steps::Steps;

/// Tell an MLflow server of the lake's runs.
#[derive(Subcommand)]
pub enum Track {
    /// Send all runs of the lake; what the server has is neither sent again nor doubled
    ///
    /// Example: MLFLOW_TRACKING_URI=http://localhost:5000 adlake track sync --lake mylake
    Sync,
}

/// Make a registered model again from its card, and compare it byte for byte.
///
/// Example: adlake rebuild-model click/3 --lake mylake
#[derive(Args)]
pub struct RebuildModel {
    /// A registered model: its last version, or one such as click/3
    #[arg(value_name = "NAME[/VERSION]")]
    model: String,
}

impl Track {
    /// Runs the command.
    pub async fn run(self, arguments: &LakeArgs) -> Result<ExitCode> {
        let Self::Sync = self;
        let (lake, _) = arguments.open_existing().await?;
        let settings = tracking::Settings::from_variables(|name| std::env::var(name).ok()).map_err(LakeError::invalid)?;
        let client = tracking::Client::new(settings).map_err(LakeError::invalid)?;
        let ids = run_ids(&lake).await?;
        for id in &ids {
            let run = Records::of(&lake).run(id).await?;
            let pushed = tracking::push(&client, &run).await.map_err(LakeError::invalid)?;
            let sent = pushed.params + pushed.metrics + pushed.artifacts;
            out!("{id}: {}", if sent == 0 { "up to date".to_owned() } else { pushed.url });
        }
        note!("{} run(s)", ids.len());
        Ok(ExitCode::SUCCESS)
    }
}

async fn run_ids(lake: &Lake) -> Result<Vec<String>> {
    let table = "ml.runs".parse().map_err(LakeError::invalid)?;
    let mut ids = Vec::new();
    if lake.table(&table).await?.is_none() {
        return Ok(ids);
    }
    let mut rows = lake.sql("select run_id from ml.runs order by started_at", AsOf::Latest).await?;
    while let Some(batch) = rows.next().await {
        let column = cast(batch?.column(0), &DataType::Utf8)?;
        ids.extend(column.as_string::<i32>().iter().flatten().map(str::to_owned));
    }
    Ok(ids)
}

impl RebuildModel {
    /// Runs the command.
    pub async fn run(self, arguments: &LakeArgs) -> Result<ExitCode> {
        let (lake, settings) = arguments.open_existing().await?;
        use_threads(settings.threads);
        let (known, bytes) = Records::of(&lake).model_bytes(&self.model).await?;
        let steps = Steps::default();
        let say = |step: Step<'_>| steps.show(step);
        let (release, again) = match churn_card(&bytes)? {
            Some(card) => {
                let release = self.release(card.release, &card.code_version)?;
                let outcome = churn::train(&lake, &card.settings, OnLeak::Warn, AsOf::Release(release), &say).await?;
                (release, if let churn::Outcome::Trained(again) = outcome { Some(again.model.to_bytes()?) } else { None })
            }
            None => {
                let ModelFile { card, .. } = ModelFile::<clicks::Card>::from_bytes(&bytes)?;
                let release = self.release(card.release, &card.code_version)?;
                let models = super::model_files(None, &settings)?;
                let outcome = clicks::train_by(&lake, &models, &card.settings, OnLeak::Warn, AsOf::Release(release), &say).await?;
                (release, if let clicks::Outcome::Trained(again) = outcome { Some(again.model.to_bytes()?) } else { None })
            }
        };
        let again = again.ok_or_else(|| LakeError::invalid(format!("{}: could not be trained again", self.model)))?;
        if again == bytes {
            out!("{}/{}: the same bytes", known.name, known.version);
            return Ok(ExitCode::SUCCESS);
        }
        out!("{}/{}: differs from what is made now from release {release}", known.name, known.version);
        Ok(ExitCode::from(1))
    }

    /// The release that the model was made from; warns where another adlake made it.
    fn release(&self, release: Option<u64>, code_version: &str) -> Result<u64> {
        if code_version != env!("CARGO_PKG_VERSION") {
            note!("warning: made by adlake {code_version}, this is {}: the bytes may differ", env!("CARGO_PKG_VERSION"));
        }
        release.ok_or_else(|| LakeError::invalid(format!("{}: was trained outside a release, which cannot be read again", self.model)))
    }
}

/// The card of a churn model; `None` for models of other kinds.
fn churn_card(bytes: &[u8]) -> Result<Option<churn::Card>> {
    if !ModelFile::<churn::Card>::is_of_kind(bytes) {
        return Ok(None);
    }
    Ok(Some(ModelFile::from_bytes(bytes)?.card))
}
