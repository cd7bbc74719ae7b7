//! Churn models from a small shop's log and back: features from before the cut alone, leaks refused, nothing learned where there is nothing.

use std::sync::{Arc, OnceLock};

use adlake::churn::{self, Card, Customers, Learner, Outcome, TrainSettings, Trained};
use adlake::models::{OnLeak, Records};
use lake::{AsOf, Lake, Silent};
use spec::Pipeline;
use training::{Column, Dataset};

use crate::lakes::{SourcedLake, block_on, rows};
use crate::raw::Dice;

/// A purchase or a return: day of the log, customer, and what is drawn for its line.
#[derive(Clone)]
struct Line {
    day: usize,
    customer: usize,
    invoice: usize,
    is_return: bool,
    product: usize,
    quantity: usize,
}

/// A shop of so many customers over so many days. Each buys at a rate of their own and leaves some day, unless `is_chance`.
fn shop(customers: usize, days: usize, seed: u64, is_chance: bool) -> Vec<Line> {
    let mut dice = Dice::new(seed);
    let mut lines = Vec::new();
    for customer in 0..customers {
        let (rate, last) = if is_chance { (40, days) } else { (8 + dice.below(60), 30 + dice.below(2 * days)) };
        let mut day = dice.below(30);
        while day < days.min(last) {
            for _ in 0..1 + dice.below(3) {
                let invoice = customer * 1000 + day;
                let (product, quantity) = (dice.below(40), 1 + dice.below(30));
                let is_return = dice.below(20) == 0;
                lines.push(Line { day, customer, invoice, is_return, product, quantity });
            }
            day += 1 + dice.below(2 * rate);
        }
    }
    // A day of the log has a sale, or it would end another day.
    lines.push(Line { day: days - 1, customer: customers, invoice: 1, is_return: false, product: 1, quantity: 1 });
    lines.push(Line { day: 0, customer: customers, invoice: 2, is_return: false, product: 1, quantity: 1 });
    lines
}

fn csv(lines: &[Line]) -> String {
    let mut text = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n".to_owned();
    for Line { day, customer, invoice, is_return, product, quantity } in lines {
        let (letter, sign) = if *is_return { ("C", "-") } else { ("", "") };
        let at = chrono::NaiveDate::default() + chrono::Days::new(14_610 + *day as u64);
        let country = if customer % 7 == 0 { "France" } else { "United Kingdom" };
        text += &format!(
            "{letter}{invoice},{},PRODUCT {product},{sign}{quantity},{at} {:02}:{:02}:00,{}.25,{},{country}\n",
            20_000 + product,
            8 + customer % 10,
            invoice % 60,
            1 + product % 9,
            10_000 + customer
        );
    }
    text
}

/// The shipped models of shops.
fn commerce() -> &'static Pipeline {
    static COMMERCE: OnceLock<Pipeline> = OnceLock::new();
    COMMERCE.get_or_init(|| {
        let models: Vec<_> = adlake::shipped_models().into_iter().filter(|model| model.path.starts_with("commerce/")).collect();
        lake::pipeline(&models).unwrap()
    })
}

async fn filled(lines: &[Line]) -> SourcedLake {
    let place = SourcedLake::new();
    std::fs::create_dir_all(place.path("logs")).unwrap();
    std::fs::write(place.path("logs/transactions.csv"), csv(lines)).unwrap();
    place.run_with(commerce(), &Silent).await.unwrap();
    place
}

fn two_cuts(learner: Learner) -> TrainSettings {
    TrainSettings { learner, test_cuts: 2, ..TrainSettings::default() }
}

async fn customers(lake: &Lake) -> Customers {
    Customers::read(lake, AsOf::Latest).await.unwrap()
}

fn trained(outcome: lake::Result<Outcome>) -> Trained {
    match outcome.unwrap() {
        Outcome::Trained(trained) => *trained,
        Outcome::Refused(audit) => panic!("refused: {:?}", audit.findings),
    }
}

/// All columns but the label and what tells of the horizon.
async fn features_at(lake: &Lake, cut: &str) -> Vec<String> {
    rows(lake, &format!("select * except (is_churned) from gold.customer_churn_features where cut_on = date '{cut}' order by customer_id"))
        .await
}

#[test]
fn features_do_not_change_with_what_comes_after_the_cut() {
    block_on(async {
        for seed in 1..=2 {
            let all = shop(60, 170, seed, false);
            let place = filled(&all).await;
            // The last cut with a horizon lies 90 days before the day after the log: day 80.
            let cut = rows(&place.lake, "select max(cut_on) from gold.customer_churn_features where is_churned is not null").await;
            let whole = features_at(&place.lake, &cut[0]).await;
            assert!(whole.len() > 30, "{}", whole.len());

            // Later lines go to other customers and change, but for the last day of the log.
            let mut shuffled = all.clone();
            for line in shuffled.iter_mut().filter(|line| line.day >= 80 && line.day < 169) {
                (line.customer, line.quantity, line.is_return) = ((line.customer * 17 + 5) % 60, 31 - line.quantity, !line.is_return);
                line.invoice = line.customer * 1000 + line.day;
            }
            shuffled.reverse();
            let other = filled(&shuffled).await;
            assert_eq!(features_at(&other.lake, &cut[0]).await, whole, "shuffled, seed {seed}");
            let labels = "select count(*) from gold.customer_churn_features where is_churned";
            assert_ne!(rows(&place.lake, labels).await, rows(&other.lake, labels).await, "nothing was changed");

            // Without them the log ends the day before the cut, which is then the one to score.
            let mut before: Vec<Line> = all.iter().filter(|line| line.day < 80).cloned().collect();
            before.push(Line { day: 79, customer: 5000, invoice: 3, is_return: false, product: 1, quantity: 1 });
            let removed = filled(&before).await;
            let known = rows(&removed.lake, &format!("select * except (is_churned) from gold.customer_churn_features where cut_on = date '{}' and customer_id <> '15000' order by customer_id", cut[0])).await;
            assert_eq!(known, whole, "removed, seed {seed}");

            // What comes before does change them.
            let mut earlier = all.clone();
            earlier.iter_mut().filter(|line| line.day == 79 || line.day < 40).for_each(|line| line.quantity += 1);
            assert_ne!(features_at(&filled(&earlier).await.lake, &cut[0]).await, whole);
        }
    });
}

#[test]
fn a_model_is_kept_made_again_and_scores_every_customer() {
    block_on(async {
        let place = filled(&shop(300, 330, 7, false)).await;
        let lake = &place.lake;
        let settings = two_cuts(Learner::Blend);
        let first = trained(churn::train(lake, &settings, OnLeak::Fail, AsOf::LastRelease, &|_| {}).await);
        let auc = first.model.card.walk.mean_roc_auc;
        assert!(auc.low > 0.55, "{auc:?}");
        assert_eq!(first.model.card.walk.cuts.len(), 2);
        let run = churn::run_of(lake, &first, "run-1", 1000, 2000, Some("churn")).unwrap();
        let records = Records::of(lake);
        records.keep(&run).await.unwrap();
        let known = records.register("churn", "run-1", 2000).await.unwrap();
        assert_eq!(rows(lake, "select count(*) from ml.metrics where key = 'cut_roc_auc'").await, ["2"]);
        assert!(run.artifacts.iter().any(|artifact| artifact.path.contains("onnx")), "Python has nothing to load");

        let (_, read) = records.model::<Card>("churn").await.unwrap();
        let again =
            trained(churn::train(lake, &read.card.settings, OnLeak::Warn, AsOf::Release(read.card.release.unwrap()), &|_| {}).await);
        assert_eq!(again.model.to_bytes().unwrap(), read.to_bytes().unwrap());
        let told = records.model::<adlake::clicks::Card>("churn").await.unwrap_err().to_string();
        assert!(told.contains("churn/1 (run run-1): no click model but one in the format 'adlake-churn-model'"), "{told}");

        let offer = settings.offer;
        churn::score(lake, &known, Arc::new(read.clone()), &offer, &Silent).await.unwrap();
        let all = rows(
            lake,
            "select count(*), count(distinct customer_id), min(churn_probability) > 0, max(churn_probability) < 1 from gold.churn_scores",
        )
        .await;
        let expected = rows(lake, "select count(*) from gold.customer_churn_features where is_churned is null").await;
        assert_eq!(all, [format!("{0}|{0}|true|true", expected[0])]);
        assert_eq!(rows(lake, "select count(*) from gold.churn_scores where is_worth_offer <> (churn_probability > 0.5)").await, ["0"]);
        assert_ne!(rows(lake, "select count(*) from gold.churn_scores where drivers like '%usually%'").await, ["0"]);
        // A dearer offer is another definition.
        let dearer = churn::Offer { cost: 19.0, ..offer };
        churn::score(lake, &known, Arc::new(read), &dearer, &Silent).await.unwrap();
        assert_eq!(rows(lake, "select count(*) from gold.churn_scores where is_worth_offer <> (churn_probability > 0.95)").await, ["0"]);
    });
}

/// The same customers with other labels, or with one feature more.
fn with(customers: Customers, change: impl FnOnce(&Dataset) -> Dataset) -> Customers {
    let data = change(&customers.data);
    let data = data.with_times(customers.data.times().unwrap()).unwrap().with_groups(customers.data.groups().unwrap()).unwrap();
    Customers { data, ..customers }
}

#[test]
fn leaks_are_refused_and_honest_features_are_not() {
    block_on(async {
        let place = filled(&shop(300, 330, 8, false)).await;
        let lake = &place.lake;
        let honest = churn::learn(customers(lake).await, &two_cuts(Learner::Logistic), OnLeak::Fail, &|_| {}).unwrap();
        assert!(matches!(honest, Outcome::Trained(_)));
        let recency = |data: &Dataset, row: usize| data.frame().column("recency_days").unwrap().number(row).unwrap();
        let by_recency = with(customers(lake).await, |data| {
            let labels: Vec<bool> = (0..data.rows()).map(|row| recency(data, row) > 90.0).collect();
            Dataset::new(data.frame().clone(), labels).unwrap()
        });
        let later = with(customers(lake).await, |data| {
            // Days to the next purchase, the horizon where there is none: known only after the cut.
            let days = |row: usize| if data.labels()[row] { 90.0 } else { (row * 37 % 90) as f64 };
            let mut features: Vec<(String, Column)> =
                data.frame().features().map(|(name, column)| (name.to_owned(), column.clone())).collect();
            features.push(("days_to_next".to_owned(), (0..data.rows()).map(days).collect::<Vec<_>>().into()));
            Dataset::new(training::Frame::new(features).unwrap(), data.labels()).unwrap()
        });
        for (planted, feature) in [(by_recency, "recency_days"), (later, "days_to_next")] {
            match churn::learn(planted, &two_cuts(Learner::Logistic), OnLeak::Fail, &|_| {}).unwrap() {
                Outcome::Refused(audit) => assert!(audit.leaks().any(|leak| leak.feature.as_deref() == Some(feature)), "{feature}"),
                Outcome::Trained(_) => panic!("{feature} went unnoticed"),
            }
        }
    });
}

#[test]
fn shuffled_labels_teach_nothing() {
    block_on(async {
        let place = filled(&shop(300, 330, 9, false)).await;
        let shuffled = with(customers(&place.lake).await, |data| {
            let mut dice = Dice::new(3);
            let mut labels = data.labels().to_vec();
            dice.shuffle(&mut labels);
            Dataset::new(data.frame().clone(), labels).unwrap()
        });
        let model = trained(churn::learn(shuffled, &two_cuts(Learner::Blend), OnLeak::Fail, &|_| {})).model;
        let auc = model.card.walk.mean_roc_auc;
        assert!(auc.contains(0.5) && auc.high - auc.low < 0.3, "{auc:?}");
    });
}

#[test]
fn what_cannot_be_learned_from_says_why_in_one_line() {
    block_on(async {
        let told = async |lines: &[Line], settings: TrainSettings| -> String {
            let place = filled(lines).await;
            let outcome = churn::train(&place.lake, &settings, OnLeak::Fail, AsOf::LastRelease, &|_| {}).await;
            let error = outcome.map(|_| ()).unwrap_err().to_string();
            assert!(!error.contains('\n'), "{error}");
            error
        };
        let usual = || two_cuts(Learner::Logistic);
        let short = told(&shop(30, 100, 1, false), usual()).await;
        assert!(short.contains("no cut whose horizon the log covers"), "{short}");
        let half_a_year = told(&shop(60, 170, 1, false), usual()).await;
        assert!(
            half_a_year.contains("2 cut(s) to walk over, but the log has 0 with an earlier cut whose 90 days had passed"),
            "{half_a_year}"
        );
        let single = told(
            &[0, 40, 80, 120, 200, 250, 329].map(|day| Line { day, customer: 1, invoice: day, is_return: false, product: 1, quantity: 2 }),
            usual(),
        )
        .await;
        assert!(single.contains("a model and its measures need both"), "{single}");
        let horizon = told(&shop(60, 330, 1, false), TrainSettings { horizon_days: 60, ..usual() }).await;
        assert!(horizon.contains("has a horizon of 90 days, not of 60"), "{horizon}");
        let none = churn::train(&crate::lakes::fresh(), &usual(), OnLeak::Fail, AsOf::LastRelease, &|_| {}).await.map(|_| ()).unwrap_err();
        assert!(none.to_string().contains("gold.customer_churn_features is not there yet"), "{none}");
    });
}
