//! `adlake train`.

use std::process::ExitCode;

use adlake::clicks::{self, ClassWeights, Learner, Outcome, Population, SplitBy, TrainSettings, Trained};
use adlake::models::{OnLeak, Records, use_threads};
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use console::{LakeArgs, note, out, thousands};
use lake::{AsOf, Lake, LakeError, ModelFile, Result};
use tracking::Run;
use training::audit::{Audit, Severity};
use training::metrics::Estimate;

use super::churn::TrainChurn;
use super::steps::Steps;

/// Train a model.
#[derive(Subcommand)]
pub enum Train {
    /// How likely an impression is clicked
    ///
    /// Example: adlake train click --lake mylake --learner boosted --register click
    Click(Box<TrainClick>),
    /// How likely a customer makes no purchase in the next 90 days, and whom an offer is worth
    ///
    /// Example: adlake train churn --lake mylake --learner blend --register churn
    Churn(Box<TrainChurn>),
}

/// What a click model is trained with.
#[derive(Args)]
pub struct TrainClick {
    /// What learns
    #[arg(long, value_enum, default_value = "boosted")]
    learner: Learner,
    /// Which rows are learned from
    #[arg(long, value_enum, default_value = "impressions")]
    population: Population,
    /// By what the rows are told apart that the model is measured on
    #[arg(long, value_enum, default_value = "time")]
    split: SplitBy,
    /// The share of rows to measure on
    #[arg(long, value_name = "SHARE", default_value_t = 0.2)]
    test_share: f64,
    /// Seconds before the first test row that are left out of training
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    gap: u32,
    /// Trees of a forest [default: 100], or boosted ones at most [default: 500]
    #[arg(long, value_name = "N")]
    trees: Option<usize>,
    /// Splits above a leaf of a forest at most [default: 10]
    #[arg(long, value_name = "N")]
    max_depth: Option<usize>,
    /// Slots of ftrl or ffm as a power of 2 [default: what suits the population]
    #[arg(long, value_name = "N")]
    bits: Option<u32>,
    /// How the classes weigh for a forest
    #[arg(long, value_enum, default_value = "none")]
    class_weight: ClassWeights,
    /// First compare a small grid of the learner's settings on folds of the training rows
    #[arg(long, conflicts_with = "max_depth")]
    search: bool,
    /// Leave the probabilities as the learner gives them
    #[arg(long)]
    no_calibration: bool,
    /// What happens where the training set gives the label away
    #[arg(long, value_enum, default_value = "fail")]
    on_leak: OnLeak,
    /// Give the model the next version of this name
    #[arg(long, value_name = "NAME")]
    register: Option<String>,
    /// The same seed, release and settings give the same model
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
}

impl Train {
    /// Runs the command.
    pub async fn run(self, arguments: &LakeArgs) -> Result<ExitCode> {
        let (lake, settings) = arguments.open_existing().await?;
        use_threads(settings.threads);
        match self {
            Self::Click(click) => click.train(&lake, &super::model_files(None, &settings)?).await,
            Self::Churn(churn) => churn.train(&lake, &settings).await,
        }
    }
}

impl TrainClick {
    /// Refuses what the learner makes nothing of.
    fn check(&self) -> Result<()> {
        let learner = self.learner;
        let is_forest = learner == Learner::Forest;
        let has_trees = is_forest || learner == Learner::Boosted;
        let is_hashed = matches!(learner, Learner::Ftrl | Learner::Ffm);
        let misplaced = [
            ("--trees", self.trees.is_some() && !has_trees, "forest or boosted"),
            ("--max-depth", self.max_depth.is_some() && !is_forest, "forest"),
            ("--class-weight", self.class_weight != ClassWeights::None && !is_forest, "forest"),
            ("--bits", self.bits.is_some() && !is_hashed, "ftrl or ffm"),
        ];
        if let Some((flag, _, learners)) = misplaced.iter().find(|(_, is_misplaced, _)| *is_misplaced) {
            return Err(LakeError::invalid(format!("{flag} is nothing to --learner {learner}: leave it out, or take {learners}")));
        }
        if self.trees == Some(0) {
            return Err(LakeError::invalid("--trees 0: give 1 or more"));
        }
        Ok(())
    }

    async fn train(&self, lake: &Lake, models: &[ModelFile]) -> Result<ExitCode> {
        self.check()?;
        let settings = TrainSettings {
            learner: self.learner,
            population: self.population,
            split: self.split,
            test_share: self.test_share,
            gap_seconds: self.gap,
            trees: self.trees.unwrap_or(if self.learner == Learner::Forest { 100 } else { 500 }),
            max_depth: self.max_depth.unwrap_or(10),
            bits: self.bits,
            class_weight: self.class_weight,
            calibrate: !self.no_calibration,
            seed: self.seed,
            search: self.search,
            tuned: None,
        };
        let trained = match train_and_keep(lake, models, &settings, self.on_leak, self.register.as_deref()).await? {
            Ok(trained) => trained,
            Err(audit) => {
                return Ok(refused(&audit, "clicks"));
            }
        };
        print_trained(&trained);
        Ok(ExitCode::SUCCESS)
    }
}

/// Trains, keeps the run in the lake, registers the model where a name is given, and tells the server where one is set.
pub async fn train_and_keep(
    lake: &Lake,
    models: &[ModelFile],
    settings: &TrainSettings,
    on_leak: OnLeak,
    register: Option<&str>,
) -> Result<std::result::Result<Trained, Audit>> {
    register.map_or(Ok(()), Records::check_name)?;
    let began = lake::now();
    let steps = Steps::default();
    let trained = match clicks::train_by(lake, models, settings, on_leak, AsOf::LastRelease, &|step| steps.show(step)).await? {
        Outcome::Trained(trained) => *trained,
        Outcome::Refused(audit) => return Ok(Err(audit)),
    };
    let ended = lake::now().timestamp_millis();
    let id = run_id(began, &settings.learner);
    let run = clicks::run_of(lake, &trained, &id, began.timestamp_millis(), ended, register)?;
    keep(lake, &run, register, ended).await?;
    Ok(Ok(trained))
}

/// What a run is called: when it began, what learned, and which process.
pub fn run_id(began: DateTime<Utc>, learner: &dyn std::fmt::Display) -> String {
    format!("{}-{learner}-{}", began.format("%Y%m%dT%H%M%S%3f"), std::process::id())
}

/// Keeps a run in the lake, registers its model where a name is given, and tells the server where one is set.
pub async fn keep(lake: &Lake, run: &Run, register: Option<&str>, ended: i64) -> Result<()> {
    let records = Records::of(lake);
    records.keep(run).await?;
    note!("run {} is in the lake: `adlake runs` lists it", run.id);
    if let Some(name) = register {
        let known = records.register(name, &run.id, ended).await?;
        note!("registered as {}/{}", known.name, known.version);
    }
    if std::env::var_os("MLFLOW_TRACKING_URI").is_some_and(|uri| !uri.is_empty()) {
        let client = tracking::Settings::from_variables(|name| std::env::var(name).ok()).and_then(tracking::Client::new);
        match async { tracking::push(&client?, run).await }.await {
            Ok(pushed) => note!("tracked at {}", pushed.url),
            // What the lake keeps can be sent again.
            Err(error) => note!("warning: {error}; the run is kept in the lake, send it again with `adlake track sync`"),
        }
    }
    Ok(())
}

/// Says what gives the label away, and how to go on.
pub fn refused(audit: &Audit, positives: &str) -> ExitCode {
    print_audit(audit, positives);
    note!("error: the training set gives the label away; mend it, or train with --on-leak warn to see what comes of it");
    ExitCode::from(1)
}

/// What an audit found, for people.
pub fn print_audit(audit: &Audit, positives: &str) {
    let leaks = audit.leaks().count();
    let (rows, share) = (thousands(audit.rows as u64), audit.base_rate * 100.0);
    out!("Leak audit of {rows} rows, of which {share:.1} % are {positives}: {leaks} leak(s)");
    for finding in &audit.findings {
        let word = if finding.severity == Severity::Leak { "LEAK" } else { "note" };
        out!("  {word}  {finding}");
    }
}

/// What the model is worth, for people.
pub fn print_trained(trained: &Trained) {
    let card = &trained.model.card;
    let test = &card.test;
    print_audit(&trained.audit, "clicks");
    let rows = |count: usize| thousands(count as u64);
    out!(
        "\n{} learned from {} rows, calibrated on {}, measured on {} ({:.2} % clicked)",
        card.settings.learner,
        rows(card.rows.train),
        rows(card.rows.calibration),
        rows(card.rows.test),
        test.base_rate * 100.0
    );
    if let (Some(tuned), Some(search)) = (&card.settings.tuned, &trained.search) {
        out!("  of {} settings the best: {tuned} (log loss {:.5} on folds)", search.trials.len(), search.trials[search.winner].log_loss);
    }
    let line = |name: &str, estimate: Option<Estimate>, meaning: &str| {
        let Some(Estimate { value, low, high }) = estimate else { return };
        out!("  {name:<20} {value:>8.4}  {low:.4} to {high:.4}  {meaning}");
    };
    line("ROC-AUC", test.roc_auc, "0.5 = chance, 1 = perfect ranking");
    line("PR-AUC", test.average_precision, "the base rate = chance");
    line("log loss", Some(test.log_loss), "nats, less is better");
    line("normalised entropy", test.normalised_entropy, "1 = knows the base rate alone");
    line("Brier score", Some(test.brier_score), "less is better");
    line("expected / observed", test.calibration_ratio, "1 = as many clicks as promised");
    line(
        "calibration error",
        Some(test.calibration_error.error),
        "0 = probabilities are true; the interval leaves out what chance alone adds",
    );
    line(&format!("recall at {}", test.threshold), test.recall, "");
    line(&format!("precision at {}", test.threshold), test.precision, "");
    if test.roc_auc.is_some_and(|auc| auc.contains(0.5)) {
        out!("  There is nothing to learn here: the model ranks no better than chance.");
    }
    let off: Vec<String> = trained
        .slices
        .iter()
        .flat_map(|feature| feature.slices.iter().map(move |slice| (feature, slice)))
        .filter_map(|(feature, slice)| {
            let ratio = slice.report.calibration_ratio.filter(|ratio| ratio.low > 1.05 || ratio.high < 0.95)?;
            Some(format!("  {} {}: expected / observed {:.3}", feature.feature, slice.name.as_deref().unwrap_or("missing"), ratio.value))
        })
        .collect();
    if !off.is_empty() {
        out!("Slices in which probabilities are off by more than 5 %:");
        off.iter().for_each(|line| out!("{line}"));
    }
    if !trained.importance.is_empty() {
        out!("What it looks at, by gain:");
        for (feature, share) in trained.importance.iter().take(8) {
            out!("  {feature:<30} {:>5.1} %", share * 100.0);
        }
    }
}

/// The lake's models: `ml.models`.
#[derive(Args)]
pub struct Models {}

/// The lake's runs: `ml.runs`.
#[derive(Args)]
pub struct Runs {
    /// How many, the last ones
    #[arg(long, value_name = "N", default_value_t = 20)]
    last: usize,
}

impl Models {
    /// Runs the command.
    pub async fn run(self, arguments: &LakeArgs) -> Result<ExitCode> {
        let (lake, _) = arguments.open_existing().await?;
        let models = Records::of(&lake).models().await?;
        if models.is_empty() {
            note!("no model is registered; `adlake train click --register click` makes one, `adlake train churn --register churn` another");
            return Ok(ExitCode::SUCCESS);
        }
        super::sql::show(&lake, include_str!("../../sql/models.sql"), AsOf::Latest).await?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Runs {
    /// Runs the command.
    pub async fn run(self, arguments: &LakeArgs) -> Result<ExitCode> {
        let (lake, _) = arguments.open_existing().await?;
        let table = "ml.runs".parse().map_err(LakeError::invalid)?;
        if lake.table(&table).await?.is_none() {
            note!("there are no runs yet; `adlake train click` or `adlake train churn` makes one");
            return Ok(ExitCode::SUCCESS);
        }
        let rows = lake.session(AsOf::Latest).await?.sql(include_str!("../../sql/runs.sql")).await?.limit(0, Some(self.last))?;
        super::sql::print(rows.execute_stream().await?).await?;
        Ok(ExitCode::SUCCESS)
    }
}
