//! `adlake train churn` and `adlake score churn`.

use std::fmt::Write;
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use adlake::churn::{self, Card, Driver, Learner, Offer, Outcome, TrainSettings, Trained};
use adlake::models::{OnLeak, Records};
use clap::Args;
use console::{Bars, note, out, thousands};
use lake::{AsOf, Lake, LakeError, Result, RunReport};
use training::metrics::Estimate;

use super::score::warn_of_redefined;
use super::steps::Steps;
use super::train::{keep, print_audit, refused, run_id};

/// What a churn model is trained with. Costs and values of offers are settings: [churn] in adlake.toml.
#[derive(Args)]
pub struct TrainChurn {
    /// What learns
    #[arg(long, value_enum, default_value = "blend")]
    learner: Learner,
    /// Days without a purchase that are churn; those of gold.customer_churn_features
    #[arg(long, value_name = "DAYS", default_value_t = 90)]
    horizon: u32,
    /// Cuts to measure on, walking forward: each by a model that knows nothing from the cut on
    #[arg(long, value_name = "N", default_value_t = 6)]
    cuts: usize,
    /// Days between these cuts
    #[arg(long, value_name = "DAYS", default_value_t = 28)]
    step: u32,
    /// Leave the probabilities as the learner gives them
    #[arg(long)]
    no_calibration: bool,
    /// What happens where the training set gives the label away
    #[arg(long, value_enum, default_value = "fail")]
    on_leak: OnLeak,
    /// Give the model the next version of this name
    #[arg(long, value_name = "NAME")]
    register: Option<String>,
    /// Write what was predicted walking forward as CSV: cut, customer, probability (not calibrated), what came
    #[arg(long, value_name = "FILE")]
    predictions: Option<PathBuf>,
    /// The same seed, release and settings give the same model
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
}

/// By which model. Costs and values of offers are settings: [churn] in adlake.toml.
#[derive(Args)]
pub struct ScoreChurn {
    /// A registered model: its last version, or one such as churn/3
    #[arg(long, value_name = "NAME[/VERSION]", default_value = "churn")]
    model: String,
}

/// Drivers shown of a training.
const SHOWN: usize = 10;

impl TrainChurn {
    /// Trains and keeps what came of it.
    pub async fn train(&self, lake: &Lake, settings: &spec::Settings) -> Result<ExitCode> {
        self.register.as_deref().map_or(Ok(()), Records::check_name)?;
        let settings = TrainSettings {
            learner: self.learner,
            horizon_days: self.horizon,
            test_cuts: self.cuts,
            test_step_days: self.step,
            calibrate: !self.no_calibration,
            offer: Offer::from(&settings.churn),
            seed: self.seed,
        };
        self.predictions.as_deref().map_or(Ok(()), can_be_written)?;
        let began = lake::now();
        let steps = Steps::default();
        let trained = match churn::train(lake, &settings, self.on_leak, AsOf::LastRelease, &|step| steps.show(step)).await? {
            Outcome::Trained(trained) => *trained,
            Outcome::Refused(audit) => return Ok(refused(&audit, "churned")),
        };
        let ended = lake::now().timestamp_millis();
        let register = self.register.as_deref();
        let run = churn::run_of(lake, &trained, &run_id(began, &settings.learner), began.timestamp_millis(), ended, register)?;
        keep(lake, &run, register, ended).await?;
        if let Some(file) = &self.predictions {
            write_predictions(file, &trained)?;
        }
        print_trained(&trained);
        Ok(ExitCode::SUCCESS)
    }
}

impl ScoreChurn {
    /// Scores all customers.
    pub async fn score(&self, lake: &Lake, settings: &spec::Settings) -> Result<RunReport> {
        let (known, model) = Records::of(lake).model::<Card>(&self.model).await?;
        warn_of_redefined(lake, &adlake::shipped_models(), &known, &model.card.definitions)?;
        churn::score(lake, &known, Arc::new(model), &Offer::from(&settings.churn), &Bars::default()).await
    }
}

/// Before the training, not after it.
fn can_be_written(file: &Path) -> Result<()> {
    let opened = OpenOptions::new().append(true).create(true).open(file);
    opened.map(drop).map_err(|error| LakeError::invalid(format!("{}: {error}; name a file that can be written", file.display())))
}

fn write_predictions(file: &Path, trained: &Trained) -> Result<()> {
    let mut text = "cut_on,customer_id,churn_probability,is_churned\n".to_owned();
    for prediction in &trained.predictions {
        let customer = trained.ids.get(prediction.place as usize).map(String::as_str).unwrap_or_default().replace('"', "\"\"");
        // Writing to a text cannot fail.
        let _ = writeln!(text, "{},\"{customer}\",{},{}", churn::date(prediction.cut_on), prediction.probability, prediction.is_churned);
    }
    std::fs::write(file, text).map_err(|error| LakeError::invalid(format!("{}: {error}", file.display())))?;
    note!("{} predictions are in {}", thousands(trained.predictions.len() as u64), file.display());
    Ok(())
}

/// What the model is worth, for people.
fn print_trained(trained: &Trained) {
    let card = &trained.model.card;
    print_audit(&trained.audit, "churned");
    let count = |count: usize| thousands(count as u64);
    let all = &card.walk.all;
    out!(
        "\n{} walked forward over {} cuts, learning from cuts whose {} days had passed:",
        card.settings.learner,
        card.walk.cuts.len(),
        card.settings.horizon_days
    );
    out!("  {:<10} {:>8} {:>9} {:>7}  {:<24} {:<8} expected / observed", "cut", "learned", "customers", "churned", "ROC-AUC", "log loss");
    for cut in &card.walk.cuts {
        let Estimate { value, low, high } = cut.roc_auc;
        out!(
            "  {:<10} {:>8} {:>9} {:>5.1} %  {value:.4} {low:.4} to {high:.4}  {:<8.4} {:.3} ({:.3} to {:.3})",
            cut.cut_on,
            count(cut.training_rows),
            count(cut.customers),
            cut.churn_rate * 100.0,
            cut.log_loss.value,
            cut.calibration_ratio.value,
            cut.calibration_ratio.low,
            cut.calibration_ratio.high
        );
    }
    let Estimate { value, low, high } = card.walk.mean_roc_auc;
    out!(
        "  mean ROC-AUC {value:.4}  {low:.4} to {high:.4}, customers resampled; calibration error of all {:.4}",
        all.calibration_error.error.value
    );
    if card.walk.mean_roc_auc.contains(0.5) {
        out!("  There is nothing to learn here: the models rank no better than chance.");
    }
    out!(
        "The model itself learned from {} customers at {} cuts ({} rows).",
        count(card.rows.customers),
        card.rows.cuts,
        count(card.rows.rows)
    );
    // That a customer has no gaps yet is in several features at once: none of them alone tells what it is worth.
    let clear: Vec<&Driver> = card.drivers.iter().filter(|driver| driver.is_clear() && !driver.is_of_missing()).take(SHOWN).collect();
    if !clear.is_empty() {
        out!("\nWhat goes with churn, all else equal (strongest first, 95 % intervals):");
        clear.iter().for_each(|driver| out!("  {}", driver.sentence));
    }
    let (offer, report) = (&card.settings.offer, &card.offer);
    out!(
        "\nAn offer of {} that keeps {:.0} % of those who would leave, each worth {}, pays from a probability of {:.3}.",
        offer.cost,
        offer.success_rate * 100.0,
        offer.customer_value,
        report.threshold
    );
    let line = |who: &str, treated: usize, profit: &Estimate| {
        out!("  {who:<26} {:>8} treated, profit {:>10.0}  {:.0} to {:.0}", count(treated), profit.value, profit.low, profit.high);
    };
    out!("  Over the cuts walked forward ({} customers and cuts):", count(report.rows));
    line("nobody", 0, &Estimate { value: 0.0, low: 0.0, high: 0.0 });
    line("everybody", report.rows, &report.profit_of_everybody);
    line("whom the model names", report.treated, &report.profit);
    out!("  more than everybody: {:.0}  {:.0} to {:.0}", report.gain.value, report.gain.low, report.gain.high);
}
