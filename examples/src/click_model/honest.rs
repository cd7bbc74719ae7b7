//! The honest model.

use std::path::Path;

use adlake::clicks::{self, ClassWeights, Learner, Population, TrainSettings};
use anyhow::{Context, Result};
use lake::{AsOf, Lake};
use sources::adtech::AdtechOptions;
use training::explain::permutation_importance;
use training::metrics::{Confidence, Scores, calibration_bins};
use training::{Predict, Splitting};

use super::{lake_of, pictures, shown, trained};
use crate::story::Page;

/// Tells it, and gives the lake that it was trained on.
pub async fn tell(page: &mut Page, folder: &Path) -> Result<Lake> {
    page.text(
        "
        ## Logs with something to learn

        In these logs clicks follow a law: users, campaigns, positions, hours and pairs of genre and pricing matter. As the law is
        known, so is the best ROC-AUC that any model could reach.
        ",
    );
    page.step()?;
    let month = AdtechOptions { requests: 60_000, users: 6_000, days: 30, ..AdtechOptions::default() };
    let (lake, best) = lake_of(&month, &folder.join("realistic")).await?;
    page.output(format!("best possible ROC-AUC {:.3}", best.context("the law is known")?));
    page.text(
        "
        ## Features

        `features.click_features` has one row per impression, and only what was known when the ad was chosen: rates of the past
        stop at the midnight before, a user's history at the event before. Rates of few impressions are drawn towards what is
        expected of their group. [docs/features.md](../features.md) says of each feature from when it is known.
        ",
    );
    page.ask(
        &lake,
        "
        select
            campaign_id,
            campaign_impressions as seen,
            round(base_click_rate, 4) as base_rate,
            round(campaign_click_rate, 4) as smoothed_rate,
            hour_of_day as hour,
            ad_position as position,
            user_impressions as of_user,
            is_click
        from features.click_features
        where requested_on = date '2025-01-20'
        order by requested_at, request_id
        limit 6
        ",
    )
    .await?;
    page.text(
        "
        ## Trained on the past, measured on the future

        Boosted trees, the last fifth of the days held out. Of the training days the last tenth is not learned from: it says
        when to stop and makes the probabilities true.
        ",
    );
    page.step()?;
    let settings = TrainSettings { trees: 300, ..TrainSettings::default() };
    let honest = trained(&lake, &settings).await?;
    let test = &honest.model.card.test;
    page.output(format!(
        "leaks               {}\nROC-AUC             {}\nexpected / observed {}\ncalibration error   {}",
        honest.audit.leaks().count(),
        shown(test.roc_auc),
        shown(test.calibration_ratio),
        shown(Some(test.calibration_error.error))
    ));
    page.text(
        "
        ## Does it keep its promises?

        A model that ranks well may still promise twice the clicks that come, and then every bid is twice too high. For
        comparison a forest with balanced class weights, as it comes out of the recipe above, on the same rows:
        ",
    );
    page.step()?;
    let recipe = TrainSettings {
        learner: Learner::Forest,
        class_weight: ClassWeights::Balanced,
        trees: 100,
        max_depth: 5,
        calibrate: false,
        ..TrainSettings::default()
    };
    let balanced = trained(&lake, &recipe).await?;
    page.output(format!(
        "ROC-AUC             {}\nexpected / observed {}",
        shown(balanced.model.card.test.roc_auc),
        shown(balanced.model.card.test.calibration_ratio)
    ));
    page.text("The test rows as the models saw them, in groups of similar probability:");
    page.step()?;
    let rows = clicks::rows_of(&lake, Population::Impressions, AsOf::LastRelease).await?;
    let data = adlake::models::examples(&rows).await?;
    let split = Splitting::default().split(&data, settings.test_share)?;
    let held_out = data.take(&split.test)?;
    let mut by_model = Vec::new();
    for (name, model) in [("calibrated boosting", &honest.model.model), ("balanced forest", &balanced.model.model)] {
        let probabilities = model.predict(held_out.frame())?;
        let scores = Scores::new(&probabilities, held_out.labels(), None)?;
        by_model.push((name, calibration_bins(&scores, 10, &Confidence::default())?));
    }
    page.picture(
        "reliability",
        "Promised against observed click rates of two models: the calibrated one lies on the diagonal, the balanced forest far below it",
        pictures::reliability(&by_model),
    );
    page.text(
        "
        ## What it rests on

        Each feature in turn is shuffled among the test rows: how much ranking is lost?
        ",
    );
    page.step()?;
    let mut importance = permutation_importance(&honest.model.model, &held_out, 3, &Confidence::default())?;
    importance.sort_by(|a, b| b.auc_drop.value.total_cmp(&a.auc_drop.value));
    page.picture(
        "importance",
        "The ten features whose shuffling costs the most ROC-AUC, as bars",
        pictures::importance(&importance[..importance.len().min(10)]),
    );
    Ok(lake)
}
