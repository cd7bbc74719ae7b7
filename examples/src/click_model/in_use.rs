//! The model in use.

use std::sync::Arc;

use adlake::clicks::{self, Asked, Card, TrainSettings};
use adlake::models::Records;
use anyhow::Result;
use lake::{Lake, Silent};

use super::trained;
use crate::story::Page;

/// Tells it.
pub async fn tell(page: &mut Page, lake: &Lake) -> Result<()> {
    page.text(
        "
        ## Registered, and made again

        A run is kept in the lake, with its settings, metrics, the versions of the tables it read, and the model as one file; where
        `MLFLOW_TRACKING_URI` names a server, there too. A registered model has a name and a version.
        ",
    );
    page.step()?;
    let settings = TrainSettings { trees: 300, ..TrainSettings::default() };
    let model = trained(lake, &settings).await?;
    let (began, ended) = (1_740_000_000_000, 1_740_000_060_000); // milliseconds since 1970; yours come from a clock
    let records = Records::of(lake);
    records.keep(&clicks::run_of(lake, &model, "first-run", began, ended, Some("click"))?).await?;
    let known = records.register("click", "first-run", ended).await?;
    page.output(format!("{}/{} from {}", known.name, known.version, known.run_id));
    page.ask(
        lake,
        "
        select key, round(value, 3) as value
        from ml.metrics
        where run_id = 'first-run' and key in ('roc_auc', 'calibration_ratio', 'rows', 'base_rate')
        order by key
        ",
    )
    .await?;
    page.text("The file has everything it takes to make the model again, and the same bytes come out:");
    page.step()?;
    let (known, kept) = records.model::<Card>("click").await?;
    let again = trained(lake, &kept.card.settings).await?;
    let is_same = again.model.to_bytes()? == kept.to_bytes()?;
    page.output(format!("the same bytes: {is_same}"));
    page.text(
        "
        ## Scores

        Every impression gets a probability and the revenue to expect; later runs score only what is new.
        ",
    );
    page.step()?;
    let kept = Arc::new(kept);
    let report = clicks::score(lake, &known, Arc::clone(&kept), &Silent).await?;
    page.report(&report);
    page.ask(
        lake,
        "
        select
            s.campaign_type,
            count(*) as impressions,
            round(sum(s.click_probability), 0) as expected_clicks,
            sum(case when f.is_click then 1 else 0 end) as clicks
        from gold.click_scores s
        join gold.click_facts f on f.request_id = s.request_id
        where s.campaign_type <> 'Unknown'
        group by s.campaign_type
        order by s.campaign_type
        ",
    )
    .await?;
    page.text("One request by itself, with what moved the answer. What is not said of it is unknown to the model as well:");
    page.step()?;
    let said = [("age_range", "45-54"), ("gender", "M"), ("state", "TN"), ("device_type", "mobile"), ("ad_position", "1")];
    let asked: Asked = said.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let answer = clicks::predict(lake, &kept, &asked, 1_738_152_000_000_000).await?;
    let moved = answer.moved.iter().take(5).map(|(feature, value, moved)| format!("{moved:+.2}  {feature} = {value}"));
    page.output(format!("{:.3}\n{}", answer.probability, moved.collect::<Vec<_>>().join("\n")));
    page.text(
        "
        ## Where to go from here

        - `adlake train click --help` has the other learners and splits; `adlake runs` and `adlake models` list what stands.
        - Logs in the Criteo format are learned in one pass, out of core: `adlake train click --population criteo --learner ftrl`.
        - [docs/features.md](../features.md) has the features; a table of your own can be one more
          ([own_table](own_table.md)).
        ",
    );
    Ok(())
}
