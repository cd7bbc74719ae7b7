//! Click models from a lake and back: trained, kept, made again, scored with, asked.

use std::sync::{Arc, Mutex};

use adlake::clicks::{self, Asked, Card, ClickModel, Learner, Outcome, Population, SplitBy, TrainSettings, Trained};
use adlake::models::{KnownModel, OnLeak, Records, Step, redefined};
use lake::{Action, AsOf, Lake, LakeOptions, Silent};
use sources::adtech::{AdtechOptions, generate};
use spec::Settings;
use tracking::{Content, Run};
use training::audit::Kind;

use crate::lakes::{SourcedLake, block_on, rows};

fn options() -> AdtechOptions {
    AdtechOptions { requests: 12_000, users: 400, days: 6, by_day: true, ..AdtechOptions::default() }
}

/// A lake with the first days of the logs.
async fn filled() -> SourcedLake {
    // One day more is much of so small a lake: it is merged all the same.
    let place = SourcedLake::with(LakeOptions { rebuild_share: Some(1e9), ..LakeOptions::default() });
    let first = AdtechOptions { day_range: Some(0..5), ..options() };
    generate(&first, &place.path("logs"), &mut |_| {}).unwrap();
    place.run().await;
    place
}

async fn trained(lake: &Lake, settings: &TrainSettings, on_leak: OnLeak) -> Trained {
    match clicks::train(lake, settings, on_leak, AsOf::LastRelease, &|_| {}).await.unwrap() {
        Outcome::Trained(trained) => *trained,
        Outcome::Refused(audit) => panic!("refused: {:?}", audit.findings),
    }
}

fn small() -> TrainSettings {
    TrainSettings { trees: 30, ..TrainSettings::default() }
}

#[test]
fn a_model_is_kept_made_again_and_scores_what_is_new() {
    block_on(async {
        let place = filled().await;
        let lake = &place.lake;
        let first = trained(lake, &small(), OnLeak::Fail).await;
        assert!(first.model.card.test.roc_auc.unwrap().low > 0.5);
        let run = clicks::run_of(lake, &first, "run-1", 1000, 2000, Some("click")).unwrap();
        let records = Records::of(lake);
        records.keep(&run).await.unwrap();
        let known = records.register("click", "run-1", 2000).await.unwrap();
        assert_eq!((known.version, records.register("click", "run-1", 2000).await.unwrap().version), (1, 2));
        let auc = rows(lake, "select round(value, 6) from ml.metrics where run_id = 'run-1' and key = 'roc_auc'").await;
        assert_eq!(auc, [format!("{}", (first.model.card.test.roc_auc.unwrap().value * 1e6).round() / 1e6)]);
        assert_eq!(records.run("run-1").await.unwrap(), in_bytes(run));

        let (_, read) = records.model::<Card>("click/1").await.unwrap();
        let again = trained(lake, &read.card.settings, OnLeak::Fail).await;
        assert_eq!(again.model.to_bytes().unwrap(), read.to_bytes().unwrap());
        let other = trained(lake, &TrainSettings { trees: 29, ..small() }, OnLeak::Fail).await;
        assert_ne!(other.model.to_bytes().unwrap(), read.to_bytes().unwrap());

        let models = adlake::shipped_models();
        assert!(redefined(lake, &models, &read.card.definitions).unwrap().is_empty());
        let zone = "[parameters.features.click_features]\ntime_zone = \"Asia/Kolkata\"\n";
        let parameters = Settings::parse("adlake.toml", zone, []).unwrap().parameters;
        let elsewhere = SourcedLake::with(LakeOptions { parameters, ..LakeOptions::default() });
        assert_eq!(redefined(&elsewhere.lake, &models, &read.card.definitions).unwrap(), ["features.click_features"]);

        let model = Arc::new(read);
        let built = clicks::score(lake, &known, Arc::clone(&model), &Silent).await.unwrap();
        assert_eq!(built.tables[0].action, Action::Built);
        let same = clicks::score(lake, &known, Arc::clone(&model), &Silent).await.unwrap();
        assert!(same.tables.iter().all(|table| table.action == Action::UpToDate));
        let last = AdtechOptions { day_range: Some(5..6), ..options() };
        generate(&last, &place.path("logs"), &mut |_| {}).unwrap();
        place.run().await;
        let merged = clicks::score(lake, &known, Arc::clone(&model), &Silent).await.unwrap();
        assert_eq!(merged.tables[0].action, Action::Merged, "{:?}", merged.tables[0]);
        let one_by_one = scores(lake).await;
        clicks::score(lake, &KnownModel { version: 2, ..known.clone() }, Arc::clone(&model), &Silent).await.unwrap();
        clicks::score(lake, &known, model, &Silent).await.unwrap();
        assert_eq!(one_by_one, scores(lake).await);
        assert_eq!(
            rows(lake, "select count(*) from gold.click_scores").await,
            rows(lake, "select count(*) from features.click_features").await
        );
    });
}

/// The run as it comes back: what its files hold are bytes.
fn in_bytes(mut run: Run) -> Run {
    for artifact in &mut run.artifacts {
        if let Content::Text(text) = &artifact.content {
            artifact.content = Content::Bytes(text.clone().into_bytes());
        }
    }
    run
}

async fn scores(lake: &Lake) -> Vec<String> {
    rows(lake, "select request_id, model, click_probability, expected_revenue_usd from gold.click_scores order by request_id").await
}

#[test]
fn trainings_that_register_one_name_at_once_get_two_versions() {
    block_on(async {
        let place = SourcedLake::new();
        let records = Records::of(&place.lake);
        let register = || records.register("click", "run", 2000);
        let (a, b, c) = tokio::join!(register(), register(), register());
        let mut versions = [a, b, c].map(|known| known.unwrap().version);
        versions.sort_unstable();
        assert_eq!(versions, [1, 2, 3]);
        assert_eq!(records.models().await.unwrap().len(), 3);
        // A name stands in paths and in SQL.
        for name in ["", "click/7", "a'b", "x' || 'y", "{cost}", "1", "..", " ", "two\nlines", &"a".repeat(101)] {
            let told = records.register(name, "run", 2000).await.unwrap_err().to_string();
            assert!(told.starts_with(&format!("{name:?} cannot name a model")), "{told}");
        }
        records.register("Click-2_b.v1", "run", 2000).await.unwrap();
    });
}

#[test]
fn what_a_search_finds_is_what_the_model_says_and_is_made_again_from() {
    block_on(async {
        let place = filled().await;
        let wanted = TrainSettings { learner: Learner::Logistic, search: true, ..small() };
        let parts = Mutex::new(Vec::new());
        let say = |step: Step<'_>| {
            if let Step::Done { done, of, .. } = step {
                parts.lock().unwrap().push((done, of));
            }
        };
        let Outcome::Trained(found) = clicks::train(&place.lake, &wanted, OnLeak::Fail, AsOf::LastRelease, &say).await.unwrap() else {
            panic!("refused")
        };
        let search = found.search.as_ref().unwrap();
        // Two candidates on three folds; one that is clearly worse is not fitted to the last.
        let parts = parts.into_inner().unwrap();
        assert!(parts.len() >= 5 && parts == (1..=parts.len()).map(|done| (done, 6)).collect::<Vec<_>>(), "{parts:?}");
        assert_eq!(search.trials.len(), 2);
        let settings = &found.model.card.settings;
        assert!(settings.tuned.is_some() && !settings.search);
        let read = ClickModel::from_bytes(&found.model.to_bytes().unwrap()).unwrap();
        let again = trained(&place.lake, &read.card.settings, OnLeak::Fail).await;
        assert!(again.search.is_none());
        assert_eq!(again.model.to_bytes().unwrap(), found.model.to_bytes().unwrap());
        let nothing = TrainSettings { learner: Learner::Ftrl, ..wanted };
        let told =
            clicks::train(&place.lake, &nothing, OnLeak::Fail, AsOf::LastRelease, &|_| {}).await.map(|_| ()).unwrap_err().to_string();
        assert!(told.contains("forest, boosted or logistic"), "{told}");
    });
}

#[test]
fn requests_that_got_no_ad_are_named_as_a_leak() {
    block_on(async {
        let place = filled().await;
        let requests = TrainSettings { population: Population::Requests, learner: Learner::Forest, split: SplitBy::Random, ..small() };
        let outcome = clicks::train(&place.lake, &requests, OnLeak::Fail, AsOf::LastRelease, &|_| {}).await.unwrap();
        let Outcome::Refused(audit) = outcome else { panic!("trained on a leak") };
        assert!(audit.leaks().any(|leak| leak.feature.as_deref() == Some("ad_position")), "{:?}", audit.findings);
        let warned = trained(&place.lake, &requests, OnLeak::Warn).await;
        assert!(warned.model.card.test.roc_auc.unwrap().value > 0.75);
        let known = KnownModel { name: "requests".to_owned(), version: 1, run_id: String::new() };
        let error = clicks::score(&place.lake, &known, Arc::new(warned.model), &Silent).await.unwrap_err().to_string();
        assert!(error.starts_with("requests/1 was trained on requests"), "{error}");
    });
}

#[test]
fn a_feature_that_reads_its_own_label_is_named_by_its_lineage() {
    block_on(async {
        let place = filled().await;
        // Mostly noise, so that values alone do not tell; the order of requests says nothing of clicks.
        let noise = "cast(is_affinity_match as int) as is_affinity_match";
        let planted = "case when is_click and request_id < '3' then 1 else cast(is_affinity_match as int) end as is_affinity_match";
        let mut models = adlake::shipped_models();
        let model = models.iter_mut().find(|file| file.path.ends_with("adtech/click_features.sql")).unwrap();
        assert!(model.text.contains(noise));
        model.text = model.text.replace(noise, planted);
        let train = async |models| {
            let settings = small();
            match clicks::train_by(&place.lake, models, &settings, OnLeak::Fail, AsOf::LastRelease, &|_| {}).await.unwrap() {
                Outcome::Trained(_) => vec![],
                Outcome::Refused(audit) => audit.leaks().map(|leak| (leak.kind, leak.feature.clone().unwrap())).collect(),
            }
        };
        // The table is the honest one: what its model reads is enough.
        assert_eq!(train(&models).await, [(Kind::DerivedFromLabel, "is_affinity_match".to_owned())]);
        assert_eq!(train(&adlake::shipped_models()).await, []);
    });
}

#[test]
fn one_request_is_answered_whatever_is_said_of_it() {
    block_on(async {
        let place = filled().await;
        let model = trained(&place.lake, &small(), OnLeak::Fail).await.model;
        let ask = async |said: &[(&str, &str)]| {
            let asked: Asked = said.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            clicks::predict(&place.lake, &model, &asked, 1_767_225_600_000_000).await
        };
        let nothing = ask(&[]).await.unwrap();
        assert!(nothing.probability > 0.0 && nothing.probability < 1.0);
        let new = ask(&[("device_type", "carrier pigeon"), ("user_id", "nobody"), ("campaign_id", "cmp-new")]).await.unwrap();
        assert!(new.unseen.iter().any(|unseen| unseen == "device_type carrier pigeon"), "{:?}", new.unseen);
        let first = ask(&[("ad_position", "1")]).await.unwrap();
        let last = ask(&[("ad_position", "5")]).await.unwrap();
        assert!(first.probability > last.probability, "{} {}", first.probability, last.probability);
        assert_eq!(ask(&[("ad_position", "top")]).await.unwrap_err().to_string(), "ad_position: 'top' is not a whole number");
    });
}

#[test]
fn a_damaged_or_later_model_is_told_as_such() {
    block_on(async {
        let place = filled().await;
        let bytes = trained(&place.lake, &small(), OnLeak::Fail).await.model.to_bytes().unwrap();
        assert!(ClickModel::from_bytes(&bytes).is_ok());
        let text = String::from_utf8(bytes.clone()).unwrap();
        let told = |bytes: &[u8]| ClickModel::from_bytes(bytes).unwrap_err().to_string();
        assert!(told(&bytes[..bytes.len() - 100]).contains("model"), "{}", told(&bytes[..bytes.len() - 100]));
        assert!(told(text.replacen("\"version\":1", "\"version\":9", 1).as_bytes()).contains("update adlake"));
        assert!(told(text.replacen("\"trees\":30", "\"trees\":31", 1).as_bytes()).contains("its card was changed or cut"));
        assert!(told(b"").contains("not a click model") && told(b"PAR1\n").contains("not a click model"));
    });
}
