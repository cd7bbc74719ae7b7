//! Who leaves, and whom an offer is worth.

use std::collections::BTreeMap;
use std::sync::Arc;

use adlake::churn::{self, Card, Outcome, TrainSettings};
use adlake::models::{OnLeak, Records};
use anyhow::{Context, Result, bail};
use lake::{AsOf, Lake, Silent};
use sources::commerce::Generated;
use training::metrics::{Confidence, Estimate, Scores, calibration_bins, roc_auc};

use super::pictures;
use super::value::Truth;
use crate::rows::{aligned, numbers, texts};
use crate::story::Page;

/// Tells it.
pub async fn tell(page: &mut Page, lake: &Lake, generated: &Generated, truth: &BTreeMap<String, Truth>) -> Result<()> {
    page.text(
        "
        ## Who leaves

        A customer has churned when no purchase follows within 90 days. `gold.customer_churn_features` looks at every customer at
        many days of the past (cuts), with what was known before the cut and what came after it. A model is measured walking forward: for
        each cut of the test it learns from those cuts alone whose 90 days were over by then.
        ",
    );
    page.step()?;
    let settings = TrainSettings::default();
    let outcome = churn::train(lake, &settings, OnLeak::Fail, AsOf::LastRelease, &|_| {}).await?;
    let Outcome::Trained(trained) = outcome else { bail!("the features give the label away") };
    let card = &trained.model.card;
    let head = ["cut", "learned from", "customers", "churned", "ROC-AUC", "expected / observed"];
    let row = |cut: &churn::CutReport| {
        let churned = format!("{:.1} %", 100.0 * cut.churn_rate);
        let counts = [cut.training_rows, cut.customers].map(|count| count.to_string());
        let [rows, customers] = counts;
        vec![cut.cut_on.clone(), rows, customers, churned, shown(cut.roc_auc), shown(cut.calibration_ratio)]
    };
    let body: Vec<_> = card.walk.cuts.iter().map(row).collect();
    page.markdown(&aligned(&head, &[false, true, true, true, true, true], &body));
    page.output(format!("mean ROC-AUC {}", shown(card.walk.mean_roc_auc)));
    page.text("What goes with churn, by a logistic regression beside the model, all else equal:");
    page.step()?;
    let clear = card.drivers.iter().filter(|driver| driver.is_clear()).take(8);
    let sentences: Vec<String> = clear.map(|driver| format!("- {}", driver.sentence)).collect();
    page.markdown(&sentences.join("\n"));
    page.text(
        "
        Features that say nearly the same share their weight, so no single one looks strong; together they carry the ranking. These are
        associations, not levers: nobody stays because a table counts more purchases.

        ## Does it keep its promises?

        What was predicted walking forward, before any calibration, against what came:
        ",
    );
    page.step()?;
    let probabilities: Vec<f64> = trained.predictions.iter().map(|prediction| prediction.probability).collect();
    let churned: Vec<bool> = trained.predictions.iter().map(|prediction| prediction.is_churned).collect();
    let bins = calibration_bins(&Scores::new(&probabilities, &churned, None)?, 10, &Confidence::default())?;
    page.picture(
        "calibration",
        "Promised against observed churn of ten groups: on the diagonal below, somewhat above it from two thirds on",
        pictures::calibration(&bins),
    );
    page.text(&format!(
        "
        Where much is promised, somewhat more comes: churn rises from cut to cut in the table above, and a model knows past cuts alone. The
        model that is kept has its probabilities mended by these predictions.

        How much richer in churners the customers are whom it ranks first, where {:.2} is the most that is possible, as more than
        half churn:
        ",
        1.0 / card.walk.all.base_rate
    ));
    page.picture("lift", "Lift by tenths of customers: falling from the highest scores to the lowest", pictures::lift(&card.walk.all.lift));
    page.text(
        "
        ## Whom an offer is worth

        An offer costs money with everybody and brings something only with those who would have left. Its cost, what a kept customer
        brings and how often it works are settings (`[churn]` in adlake.toml); from them follows the probability from which on it
        pays. Measured on the cuts walked forward:
        ",
    );
    page.step()?;
    let (offer, report) = (&card.settings.offer, &card.offer);
    let line = |who: &str, treated: usize, profit: Estimate| {
        format!("{who:<21} {treated:>5} treated, profit {:>6.0} ({:.0} to {:.0})\n", profit.value, profit.low, profit.high)
    };
    page.output(format!(
        "an offer of {} keeps {:.0} % of leavers, each worth {}: pays from {:.2}\n\n{}{}more than everybody: {:.0} ({:.0} to {:.0})",
        offer.cost,
        100.0 * offer.success_rate,
        offer.customer_value,
        report.threshold,
        line("everybody", report.rows, report.profit_of_everybody),
        line("whom the model names", report.treated, report.profit),
        report.gain.value,
        report.gain.low,
        report.gain.high
    ));
    page.text(
        "
        This takes the success rate for granted. Whether an offer keeps anybody is a causal question that no log of purchases answers:
        make the offer to a random part of those named, and count.

        ## Today's customers
        ",
    );
    page.step()?;
    let records = Records::of(lake);
    let (began, ended) = (1_323_561_600_000, 1_323_561_660_000); // milliseconds since 1970; yours come from a clock
    records.keep(&churn::run_of(lake, &trained, "first-run", began, ended, Some("churn"))?).await?;
    records.register("churn", "first-run", ended).await?;
    let (known, model) = records.model::<Card>("churn").await?;
    churn::score(lake, &known, Arc::new(model), &settings.offer, &Silent).await?;
    page.ask(
        lake,
        "
        select
            s.customer_id,
            round(s.churn_probability, 2) as churn,
            cast(round(v.expected_value, 0) as bigint) as value_12_months,
            s.drivers
        from gold.churn_scores s
        join gold.customer_value v on v.customer_id = s.customer_id
        where s.is_worth_offer and v.value_rank <= 100
        order by s.churn_probability desc, s.customer_id
        limit 4
        ",
    )
    .await?;
    page.text(
        "
        ## How good could it be?

        The generator states the ROC-AUC of its true chances: what a model reaches that is told each customer's rate and whether the
        customer has left. Nobody is told. A fairer bound: BG/NBD has exactly the generator's form, so its probability for the next
        90 days uses the dates of purchases about as well as they can be used. All are measured against the same truth, the chance of no
        purchase in the 90 days after the log:
        ",
    );
    let scored = page
        .query(
            lake,
            "
            select s.customer_id, s.churn_probability, v.expected_purchases, s.recency_days
            from gold.churn_scores s
            join gold.customer_value v on v.customer_id = s.customer_id
            order by s.customer_id
            ",
        )
        .await?;
    page.step()?;
    let ids = texts(&scored, "customer_id")?;
    let true_chance = ids.iter().map(|id| truth.get(id).map(|law| law.churn).context("an unknown customer"));
    let true_chance: Vec<f64> = true_chance.collect::<Result<_>>()?;
    // Each customer stands twice, as a churner and as none, with the weight of each.
    let labels = [vec![true; ids.len()], vec![false; ids.len()]].concat();
    let weights: Vec<f64> = true_chance.iter().copied().chain(true_chance.iter().map(|chance| 1.0 - chance)).collect();
    let area = |scores: &[f64]| -> Result<f64> {
        let twice = [scores, scores].concat();
        Ok(roc_auc(&Scores::new(&twice, &labels, Some(&weights))?, &Confidence::default())?.value)
    };
    let from_purchases: Vec<f64> = numbers(&scored, "expected_purchases")?.into_iter().map(|expected| (-expected).exp()).collect();
    let by_recency: Vec<f64> = numbers(&scored, "recency_days")?.into_iter().map(|days| days / 374.0).collect();
    let scores = numbers(&scored, "churn_probability")?;
    let best = generated.best_auc.context("the law is known")?;
    let (knowing, law, model, recency) = (area(&true_chance)?, area(&from_purchases)?, area(&scores)?, area(&by_recency)?);
    page.output(format!(
        "told rates and who has left  {knowing:.3}  (the generator says {best:.3})\nBG/NBD, the law's own form   {law:.3}\nthe churn model              {model:.3}\ndays since the last purchase {recency:.3}"
    ));
    page.text(
        "
        Said plainly: the model is far from the first line and can hardly come nearer, as most of that gap is what a log of purchases does
        not hold. A customer with two purchases has told little about a rate and nothing about having left. It comes close to the law's
        own form, and the days since the last purchase alone come close to both: in this generator baskets, returns and seasons say
        nothing about staying, so there is little else to learn. On a real log compare with such a line before you believe in features.

        All of these are higher than the mean of walking forward: after a full year more customers have been silent for long, and they
        are easily told from the rest.

        ## Where to go from here

        - `adlake train churn --help` has other learners, horizons and numbers of cuts; `--predictions FILE` writes what was predicted.
        - Rules of segments, months of value and rates of discount are parameters: [docs/tables.md](../tables.md).
        - Which channel brings such customers is the next chapter's question: [channels](channels.md).
        ",
    );
    Ok(())
}

fn shown(estimate: Estimate) -> String {
    format!("{:.3} ({:.3} to {:.3})", estimate.value, estimate.low, estimate.high)
}
