//! The leak.

use std::path::Path;

use adlake::clicks::{self, ClassWeights, Learner, Outcome, Population, SplitBy, TrainSettings};
use adlake::models::OnLeak;
use anyhow::{Context, Result};
use lake::AsOf;
use sources::adtech::{AdtechOptions, Law};

use super::{lake_of, shown, trained};
use crate::story::Page;

/// Tells it.
pub async fn tell(page: &mut Page, folder: &Path) -> Result<()> {
    page.text(
        "
        ## A score too good to be true

        These logs are made so that there is nothing to learn: half of the requests get an impression, a fifth of the impressions
        of a known campaign get a click, and neither depends on anything. A click model of such logs is worth nothing.
        ",
    );
    page.step()?;
    let coin_flips = AdtechOptions { requests: 40_000, users: 4_000, days: 14, law: Law::Uniform, ..AdtechOptions::default() };
    let (lake, _) = lake_of(&coin_flips, &folder.join("uniform")).await?;
    page.text(
        "
        Now the usual recipe: all requests, columns from the log, a random split, a random forest with balanced class weights.
        ",
    );
    page.step()?;
    let usual = TrainSettings {
        population: Population::Requests,
        split: SplitBy::Random,
        learner: Learner::Forest,
        class_weight: ClassWeights::Balanced,
        trees: 100,
        max_depth: 5,
        calibrate: false,
        ..TrainSettings::default()
    };
    let flattering = trained(&lake, &usual).await?;
    let test = &flattering.model.card.test;
    page.output(format!("ROC-AUC {}\nrecall  {}", shown(test.roc_auc), shown(test.recall)));
    page.text(
        "
        An AUC of nearly 0.78 and every click found, on coin flips. Nothing here is a mistake of the forest: a request that got no ad
        cannot be clicked, and the empty `ad_position` says that it got none. With a share *q* of requests shown and a rate *c* of
        those clicked, knowing *shown or not* and nothing else gives AUC = 1 − *q* (1 − *c*) / (2 (1 − *q c*)), and a recall of 1:
        ",
    );
    page.ask(
        &lake,
        "
        with counted as (
            select avg(case when ad_position is null then 0.0 else 1.0 end) as q, avg(case when is_click then 1.0 else 0.0 end) as qc
            from silver.ad_funnel
        )
        select
            round(q, 3) as shown,
            round(qc / q, 3) as clicked_of_shown,
            round(1 - (q - qc) / (2 * (1 - qc)), 3) as auc_of_shown_or_not
        from counted
        ",
    )
    .await?;
    page.text(
        "
        The model has learned which requests got an ad. Whoever uses it to choose ads asks about requests that get one, and there
        it knows nothing. The audit looks before any model is trained, and by default a leak stops the training:
        ",
    );
    page.step()?;
    let refused = clicks::train(&lake, &usual, OnLeak::Fail, AsOf::LastRelease, &|_| {}).await?;
    let Outcome::Refused(audit) = refused else { anyhow::bail!("trained on a leak") };
    let leak = audit.leaks().next().context("the audit named no leak")?;
    page.output(leak);
    page.text("On the impressions alone the same logs show what they are:");
    page.step()?;
    let impressions = TrainSettings { population: Population::Impressions, ..usual };
    let nothing = trained(&lake, &impressions).await?;
    page.output(format!("ROC-AUC {}", shown(nothing.model.card.test.roc_auc)));
    page.text("0.5 lies within the interval: there is nothing to learn, and the model says so.");
    Ok(())
}
