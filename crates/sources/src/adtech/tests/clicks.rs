//! Clicks and installs follow their law.

use std::collections::{HashMap, HashSet};

use md5::{Digest, Md5};

use super::*;

#[test]
fn request_and_click_carry_the_md5_of_the_request_id() {
    let (folder, _) = made(&small(5000));
    let requests = rows(folder.path(), "requests.csv");
    for request in &requests {
        let digest: String = Md5::digest(&request[8]).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(request[9], digest);
        assert_eq!(request[8].len(), 36);
    }
    let user_of: HashMap<&str, &str> = column(&requests, 9).into_iter().zip(column(&requests, 0)).collect();
    let clicks = rows(folder.path(), "clicks.csv");
    let of_known = clicks.iter().filter(|click| user_of.get(click[0].as_str()) == Some(&click[3].as_str())).count();
    assert!(of_known + 5 > clicks.len(), "only the clicks of a few requests still under way stand alone");
}

/// ROC-AUC of a score for labels.
fn roc_auc(mut scored: Vec<(f64, bool)>) -> f64 {
    scored.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut clicks, mut others, mut ordered) = (0.0, 0.0, 0.0);
    for (_, is_click) in scored {
        if is_click {
            clicks += 1.0;
            ordered += others;
        } else {
            others += 1.0;
        }
    }
    ordered / (clicks * others)
}

#[test]
fn the_best_auc_is_as_promised_and_the_clicks_follow_the_law() {
    for (seed, users) in [(1, 5000), (2, 50_000), (3, 300)] {
        let (folder, generated) = made(&AdtechOptions { seed, users, requests: 50_000, ..AdtechOptions::default() });
        let best = generated.best_auc.unwrap();
        assert!((0.80..=0.84).contains(&best), "seed {seed}: {best}");
        assert_near("mean", generated.mean_click_probability, 0.10, 0.01);
        let impressions = rows(folder.path(), "impressions.csv");
        let md5_of: HashMap<&str, &str> = column(&impressions, 0).into_iter().zip(column(&impressions, 1)).collect();
        let clicks = rows(folder.path(), "clicks.csv");
        let clicked: HashSet<&str> = column(&clicks, 0).into_iter().collect();
        let truth = rows(folder.path(), "truth/click_probability.csv");
        assert_eq!(truth.len(), md5_of.len(), "one probability per impression");
        let label = |row: &Vec<String>| (row[1].parse().unwrap(), clicked.contains(md5_of[row[0].as_str()]));
        assert_near("AUC over clicks", roc_auc(truth.iter().map(label).collect()), best, 0.02);
        let mean = truth.iter().map(|row| row[1].parse::<f64>().unwrap()).sum::<f64>() / truth.len() as f64;
        assert_near("mean of the truth file", mean, generated.mean_click_probability, 1e-5);
    }
}

const FEATURES: [&str; 5] = ["position", "campaign type", "campaign", "genre", "device"];

/// The features of each impression with a known campaign, and whether it was clicked.
fn labelled(law: Law) -> Vec<([String; 5], bool)> {
    let (folder, _) = made(&AdtechOptions { law, ..small(100_000) });
    let read = |file: &str| rows(folder.path(), file);
    let (impressions, clicks) = (read("impressions.csv"), read("clicks.csv"));
    let campaigns = read("campaigns.csv");
    let known: HashSet<&str> = column(&campaigns, 0).into_iter().collect();
    let mut genres: HashMap<String, String> = HashMap::new();
    for app in read("user_app_genre.csv") {
        genres.entry(app[0].clone()).or_insert(app[3].clone());
    }
    let requests = read("requests.csv");
    let requests: HashMap<&str, &Vec<String>> = column(&requests, 9).into_iter().zip(&requests).collect();
    let clicked: HashSet<&str> = column(&clicks, 0).into_iter().collect();
    let known = impressions.iter().filter(|row| known.contains(row[2].as_str()));
    let features = |row: &Vec<String>| {
        let request = requests.get(row[1].as_str())?;
        let (genre, device) = (genres[&request[0]].clone(), request[11].clone());
        let features = [row[3].clone(), row[4].clone(), row[2].clone(), genre, device];
        Some((features, clicked.contains(row[1].as_str())))
    };
    known.filter_map(features).collect()
}

/// Pearson's chi-square of clicks against a feature, as a standard normal number where they are
/// independent.
fn dependence(labelled: &[([String; 5], bool)], feature: usize) -> f64 {
    let mut cells: HashMap<&str, (f64, f64)> = HashMap::new();
    for (features, is_click) in labelled {
        let (clicks, all) = cells.entry(&features[feature]).or_default();
        *clicks += f64::from(u8::from(*is_click));
        *all += 1.0;
    }
    let rate = cells.values().map(|(clicks, _)| clicks).sum::<f64>() / labelled.len() as f64;
    let deviation = |(clicks, all): &(f64, f64)| (clicks - rate * all).powi(2) / (rate * (1.0 - rate) * all);
    let chi_square: f64 = cells.values().map(deviation).sum();
    // Wilson and Hilferty (1931): the cube root of chi-square is nearly normal.
    let freedom = cells.len() as f64 - 1.0;
    let variance = 2.0 / (9.0 * freedom);
    ((chi_square / freedom).cbrt() - (1.0 - variance)) / variance.sqrt()
}

#[test]
fn uniform_clicks_are_independent_of_every_feature() {
    let (uniform, realistic) = (labelled(Law::Uniform), labelled(Law::Realistic));
    let clicks = uniform.iter().filter(|(_, is_click)| *is_click).count();
    assert_near("click rate", clicks as f64 / uniform.len() as f64, 0.2, 0.01);
    for (at, feature) in FEATURES.into_iter().enumerate() {
        let deviations = dependence(&uniform, at);
        assert!(deviations < 4.0, "{feature}: {deviations} standard deviations");
        let control = dependence(&realistic, at);
        assert!(control > 10.0, "control, {feature}: {control} standard deviations");
    }
}

#[test]
fn installs_follow_clicks_on_install_campaigns() {
    let (folder, _) = made(&small(100_000));
    let requests = rows(folder.path(), "requests.csv");
    let impressions = rows(folder.path(), "impressions.csv");
    let clicks = rows(folder.path(), "clicks.csv");
    let mut requested: HashMap<&str, &str> = HashMap::new();
    for (id, at) in column(&requests, 9).into_iter().zip(column(&requests, 10)) {
        requested.entry(id).and_modify(|first| *first = (*first).min(at)).or_insert(at);
    }
    let kind: HashMap<&str, &str> = column(&impressions, 1).into_iter().zip(column(&impressions, 4)).collect();
    let clicked: HashSet<&str> = column(&clicks, 0).into_iter().collect();
    let installs = rows(folder.path(), "installs.csv");
    assert!(installs.len() > 100);
    let mut complete = 0;
    for install in &installs {
        let id = install[0].as_str();
        if let (Some(at), Some(kind)) = (requested.get(id), kind.get(id)) {
            assert!(install[3].as_str() >= *at && *kind == "CPI", "{install:?} requested at {at}");
            complete += usize::from(clicked.contains(id));
        }
    }
    assert!(complete as f64 > 0.95 * installs.len() as f64);
}
