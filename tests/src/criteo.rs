//! Logs in the Criteo format: from files to a model that learned them from a stream.

use std::path::PathBuf;

use adlake::clicks::{self, Learner, Outcome, Population, SplitBy, TrainSettings, Trained};
use adlake::models::{KnownModel, OnLeak};
use lake::{AsOf, Lake, Silent};
use sources::criteo::{CriteoOptions, SETTINGS, generate};
use spec::Settings;

use crate::lakes::{SourcedLake, block_on, rows};

fn place() -> SourcedLake {
    let mut place = SourcedLake::new();
    place.settings = Settings::parse("adlake.toml", SETTINGS, []).unwrap();
    place
}

fn one_pass(learner: Learner) -> TrainSettings {
    TrainSettings { learner, population: Population::Criteo, bits: Some(16), ..TrainSettings::default() }
}

async fn trained(lake: &Lake, settings: &TrainSettings) -> Trained {
    match clicks::train(lake, settings, OnLeak::Fail, AsOf::LastRelease, &|_| {}).await.unwrap() {
        Outcome::Trained(trained) => *trained,
        Outcome::Refused(audit) => panic!("refused: {:?}", audit.findings),
    }
}

#[test]
fn a_stream_is_learned_once_measured_on_its_end_and_learned_again_to_the_same_bytes() {
    block_on(async {
        let place = place();
        let options = CriteoOptions { rows: 30_000, overwrite: true, ..CriteoOptions::default() };
        let best = generate(&options, &place.path(""), &mut |_| {}).unwrap().best_auc.unwrap();
        place.run().await;
        let lake = &place.lake;
        let missing = "select sum(missing_numbers), sum(missing_categories), count(*) from features.criteo_features";
        let counted = "select sum(case when i1 is null then 1 else 0 end) > 0 from features.criteo_features where missing_numbers = 0";
        assert!(rows(lake, missing).await[0].ends_with("|30000"));
        assert_eq!(rows(lake, counted).await, ["false"]);
        for learner in [Learner::Ftrl, Learner::Ffm] {
            let settings = one_pass(learner);
            let first = trained(lake, &settings).await;
            let card = &first.model.card;
            assert_eq!((card.rows.train, card.rows.calibration, card.rows.test), (24_000, 2_400, 6_000));
            let auc = card.test.roc_auc.unwrap();
            assert!(auc.low > 0.65 && auc.high < best, "{learner}: {auc:?} of {best}");
            let ratio = card.test.calibration_ratio.unwrap();
            // 600 clicks made it true: so many clicks are known to a twentieth.
            assert!((0.85..1.15).contains(&ratio.value), "{learner}: {ratio:?}");
            // Columns of few categories make slices.
            assert!(first.slices.iter().any(|slice| slice.feature == "c20" && slice.slices.len() > 1));
            let again = trained(lake, &settings).await;
            assert!(first.model.to_bytes().unwrap() == again.model.to_bytes().unwrap());
            let fewer = trained(lake, &TrainSettings { bits: Some(15), ..settings }).await;
            assert!(first.model.to_bytes().unwrap() != fewer.model.to_bytes().unwrap());
        }
        // In memory, with the last training rows held out for calibration, much the same is learned.
        let random = TrainSettings { split: SplitBy::Random, ..one_pass(Learner::Ftrl) };
        assert!(!random.learns_from_a_stream());
        assert!(trained(lake, &random).await.model.card.test.roc_auc.unwrap().low > 0.65);
        let with_gap = TrainSettings { gap_seconds: 60, ..one_pass(Learner::Ftrl) };
        let told = clicks::train(lake, &with_gap, OnLeak::Fail, AsOf::LastRelease, &|_| {}).await.map(|_| ()).unwrap_err().to_string();
        assert!(told.contains("leave out --gap"), "{told}");
        let model = std::sync::Arc::new(trained(lake, &one_pass(Learner::Ftrl)).await.model);
        let known = KnownModel { name: "criteo".to_owned(), version: 1, run_id: String::new() };
        let told = clicks::score(lake, &known, model, &Silent).await.unwrap_err().to_string();
        assert!(told.starts_with("criteo/1 was trained on logs in the Criteo format, not on impressions"), "{told}");
    });
}

#[test]
fn the_real_sample_goes_all_the_way() {
    let file = std::env::var_os("ADLAKE_TEST_DATA").map(|folder| PathBuf::from(folder).join("criteo_sample.tsv.gz"));
    let Some(file) = file.filter(|file| file.exists()) else {
        eprintln!("SKIPPED: ADLAKE_TEST_DATA has no criteo_sample.tsv.gz");
        return;
    };
    block_on(async {
        let place = place();
        place.put("criteo_events/sample.tsv.gz", std::fs::read(&file).unwrap());
        place.run().await;
        let counted = "select count(*), sum(case when is_click then 1 else 0 end), sum(case when least(i1, i2, i3, i4, i5, i6, i7, i8, i9,
            i10, i11, i12, i13) < 0 then 1 else 0 end) from features.criteo_features";
        assert_eq!(rows(&place.lake, counted).await, ["8184|1772|813"]);
        let model = trained(&place.lake, &one_pass(Learner::Ftrl)).await.model;
        assert!(model.card.test.roc_auc.unwrap().low > 0.6, "{:?}", model.card.test.roc_auc);
    });
}
