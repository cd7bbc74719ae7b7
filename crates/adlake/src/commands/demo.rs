//! `adlake demo`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use adlake::clicks::TrainSettings;
use adlake::models::{OnLeak, use_threads};
use clap::Args;
use console::{Bars, LakeArgs, note, out, print_report};
use lake::{AsOf, LakeError, Result};
use sources::adtech::AdtechOptions;

use super::generate::generate;
use super::train::{print_trained, train_and_keep};

/// Synthetic logs to bronze, silver, gold, features and a click model, with a summary. The lake is kept.
///
/// Example: adlake demo --lake demo-lake
#[derive(Args)]
pub struct Demo {
    /// Ad requests to generate
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    requests: u64,
    /// The same seed gives the same logs
    #[arg(long, value_name = "N", default_value_t = 42)]
    seed: u64,
}

const CHAPTERS: [(&str, &str); 4] = [
    (
        "Revenue by pricing model",
        "select campaign_type, count(*) as impressions, sum(case when is_click then 1 else 0 end) as clicks,
            round(avg(case when is_click then 1.0 else 0.0 end), 4) as click_rate, sum(revenue_usd) as revenue_usd
         from gold.click_facts group by campaign_type order by campaign_type",
    ),
    (
        "Best campaigns by revenue",
        "select campaign_id, any_value(campaign_type) as campaign_type, count(*) as impressions,
            sum(case when is_click then 1 else 0 end) as clicks, sum(revenue_usd) as revenue_usd
         from gold.click_facts where is_known_campaign group by campaign_id order by revenue_usd desc, campaign_id limit 5",
    ),
    ("Where genre and pricing model fit", "select * from gold.affinity_lift order by 1, 2 limit 8"),
    (
        "Rows set aside",
        "select table_name, rule, count(*) as rows from ops.quarantine group by table_name, rule order by rows desc limit 8",
    ),
];

impl Demo {
    /// Runs the command.
    pub async fn run(self, arguments: &LakeArgs) -> Result<ExitCode> {
        let begun = Instant::now();
        let mut arguments = arguments.clone();
        let place = arguments.lake.get_or_insert_with(|| "demo-lake".to_owned()).clone();
        let (lake, settings) = arguments.open()?;
        let Some(folder) = lake.location().local_path() else {
            return Err(LakeError::invalid(format!("{place}: the demo needs a local folder for its logs; name one with --lake")));
        };
        let logs: PathBuf = folder.join("_logs");
        note!("adlake demo: {} synthetic requests into {}", console::thousands(self.requests), logs.display());
        let options = AdtechOptions {
            requests: self.requests,
            users: (self.requests / 10).max(1),
            seed: self.seed,
            overwrite: true,
            malformed: true,
            ..AdtechOptions::default()
        };
        let generated = generate(&options, &logs)?;
        let source = logs.display().to_string();
        let sources = bronze::Sources::open(&settings, Some(&source))?;
        let pipeline = lake.pipeline(&adlake::shipped_models())?;
        let work = adlake::Work { sources: Some(&sources), ..adlake::Work::all() };
        let done = adlake::run(&lake, &pipeline, &work, &Bars::default()).await?;
        print_report(&done.report, done.unread);
        for (title, query) in CHAPTERS {
            out!("\n{title}");
            super::sql::show(&lake, query, AsOf::LastRelease).await?;
        }
        out!("\nA click model");
        let settings = TrainSettings::default();
        use_threads(arguments.threads.unwrap_or(0));
        match train_and_keep(&lake, &adlake::shipped_models(), &settings, OnLeak::Fail, Some("click")).await? {
            Ok(trained) => print_trained(&trained),
            Err(audit) => audit.leaks().for_each(|leak| out!("  {leak}")),
        }
        if let Some(best) = generated.best_auc {
            out!("  No model can rank these impressions better than ROC-AUC {best:.4}: the law they were drawn from is known.");
        }
        out!("\nDone in {:.1} s. The lake is in {place}. Look into it:", begun.elapsed().as_secs_f64());
        out!("    adlake show --lake {place}");
        out!("    adlake sql --lake {place} \"select * from gold.revenue_by_state_daily limit 10\"");
        out!("    adlake quarantine --lake {place} bronze.requests");
        out!("    adlake predict click --lake {place} --age-range 45-54 --gender M --state TN --device-type mobile");
        Ok(ExitCode::SUCCESS)
    }
}
