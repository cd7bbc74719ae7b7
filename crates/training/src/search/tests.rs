#![allow(clippy::unwrap_used)]
use super::*;
use crate::boosted::{BoostedSettings, EarlyStopping};
use crate::data::Column;
use crate::forest::tests::clicks;
use crate::forest::{ClassWeight, ForestSettings};
use crate::logistic::LogisticSettings;
use crate::random::{Purpose, Stream};

/// Rows of a known law, and the true probability of each as a feature.
fn known(rows: usize, seed: u64) -> Dataset {
    let (data, truth) = clicks(rows, seed);
    let groups: Vec<_> = (0..rows as u64).map(|row| row / 3).collect();
    let frame = Frame::new([("truth", Column::from(truth))]).unwrap();
    let data = Dataset::new(frame, data.labels()).unwrap();
    data.with_times((0..rows as i64).collect::<Vec<_>>()).unwrap().with_groups(groups).unwrap()
}

/// A learner that knows the truth and is wrong by as much as it is told, in log odds.
fn wrong(by: &f64, _: &Dataset, held_out: &Frame) -> Result<Vec<f64>> {
    let mut stream = Stream::new(held_out.rows() as u64, Purpose::Weights, (1000.0 * by) as u64);
    let column = held_out.column("truth")?;
    let noisy = |row| {
        let truth: f64 = column.number(row).unwrap();
        1.0 / (1.0 + (1.0 / truth - 1.0) * (by * (2.0 * stream.unit() - 1.0)).exp())
    };
    Ok((0..held_out.rows()).map(noisy).collect())
}

fn in_time(data: &Dataset, count: usize) -> Vec<Split> {
    Splitting::default().folds(data, count).unwrap()
}

#[test]
fn the_best_wins_and_the_hopeless_is_dropped_early() {
    let data = known(6000, 1);
    let candidates = [1.5, 0.0, 0.3, 4.0];
    let mut told = Vec::new();
    let found = search_with(&data, &candidates, &in_time(&data, 5), 0.01, wrong, |progress| told.push(progress)).unwrap();
    assert_eq!(found.winner, 1, "{found:?}");
    let folds: Vec<_> = found.trials.iter().map(|trial| trial.folds.len()).collect();
    assert_eq!((folds[1], folds[3]), (5, 2), "{found:?}");
    assert_eq!(told.len(), folds.iter().sum::<usize>());
    assert_eq!(told[0], Progress { candidate: 1, candidates: 4, fold: 1, folds: 5, best: None });
    let (leader, loss) = told.last().unwrap().best.unwrap();
    assert_eq!(leader, 2);
    assert!((loss - found.trials[1].log_loss).abs() < 0.05, "{loss}");
    let worst = &found.trials[3];
    assert!(worst.behind > 3.0 * worst.behind_error && worst.behind_error < worst.standard_error, "{worst:?}");
    assert_eq!((found.trials[1].behind, found.trials[1].behind_error), (0.0, 0.0));
    // The control: nobody is dropped where nobody may be.
    let found = search_with(&data, &candidates, &in_time(&data, 5), 0.0, wrong, |_| ()).unwrap();
    assert!(found.trials.iter().all(|trial| trial.folds.len() == 5));
}

#[test]
fn equals_are_seldom_dropped() {
    let dropped = |seed: u64| {
        let data = known(300, seed);
        // The same law, wrong by the same amount, in ways that have nothing to do with each other.
        let candidates = [0.5, 0.5001, 0.5002, 0.5003, 0.5004, 0.5005].map(|by| by + 0.001 * seed as f64 / 100.0);
        let unlike = |by: &f64, training: &Dataset, held_out: &Frame| wrong(&(by * 10.0 - 4.5), training, held_out);
        let found = search_with(&data, &candidates, &in_time(&data, 6), 0.05, unlike, |_| ()).unwrap();
        found.trials.iter().filter(|trial| trial.folds.len() < 6).count()
    };
    let all: usize = (0..60).map(|seed| usize::from(dropped(seed) > 0)).sum();
    assert!(all <= 6, "{all} of 60 searches dropped an equal");
}

#[test]
fn learners_are_told_apart_for_any_number_of_threads() {
    let (data, _) = clicks(3000, 4);
    let data = data.with_times((0..3000).collect::<Vec<_>>()).unwrap();
    let boosted = |n_estimators, max_leaves| BoostedSettings { n_estimators, max_leaves, ..BoostedSettings::default() };
    let stopping = BoostedSettings { early_stopping: Some(EarlyStopping { patience: 3 }), ..boosted(60, 4) };
    let forest = |class_weight| ForestSettings {
        n_estimators: 15,
        max_depth: Some(7),
        min_samples_leaf: 10,
        class_weight,
        ..ForestSettings::default()
    };
    let candidates = [
        Candidate::Boosted(boosted(1, 2)),
        Candidate::Forest(forest(ClassWeight::Balanced)),
        // The law is that of a logistic regression.
        Candidate::Logistic(LogisticSettings::default()),
        Candidate::Boosted(stopping),
    ];
    let settings = SearchSettings { folds: 4, ..SearchSettings::default() };
    let found = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| search(&data, &candidates, &settings, |_| ()).unwrap())
    };
    let (one, two) = (found(1), found(2));
    assert_eq!(one, two);
    assert_eq!(one.winner, 2, "{one:?}");
    assert!(one.trials[0].folds.len() < 4, "one stump is hopeless: {one:?}");
    for splitting in [Splitting::Random { seed: 2 }, Splitting::Time { gap: 20 }] {
        let settings = SearchSettings { splitting, ..settings.clone() };
        assert_eq!(search(&data, &candidates, &settings, |_| ()).unwrap().winner, 2);
    }
}

#[test]
fn bad_input_is_an_error_that_names_it() {
    let data = known(200, 5);
    let settings = SearchSettings::default();
    let one = [Candidate::Logistic(LogisticSettings::default())];
    let bad = [one[0].clone(), Candidate::Forest(ForestSettings { n_estimators: 0, ..ForestSettings::default() })];
    // All positives come last.
    let late: Vec<_> = (0..200).map(|row| row >= 150).collect();
    let late = Dataset::new(data.frame().clone(), late).unwrap().with_times((0..200).collect::<Vec<_>>()).unwrap();
    let bare = Dataset::new(data.frame().clone(), data.labels()).unwrap();
    let out_of_range = |_: &f64, _: &Dataset, held_out: &Frame| Ok(vec![1.5; held_out.rows()]);
    let cases = [
        (search(&data, &[], &settings, |_| ()), "there is nothing to search: name at least one candidate"),
        (search(&late, &one, &settings, |_| ()), "fold 1 of 5: all 33 training rows with weight have the label false"),
        (search(&bare, &one, &settings, |_| ()), "a split by time needs event times"),
        (search(&data, &one, &SearchSettings { false_drop: 1.0, ..settings.clone() }, |_| ()), "false_drop is 1"),
        (search(&data, &one, &SearchSettings { folds: 1, ..settings.clone() }, |_| ()), "folds is 1"),
        (search(&data, &bad, &settings, |_| ()), "candidate 2 in fold 1: n_estimators is 0"),
        (search_with(&data, &[1.0], &[], 0.1, wrong, |_| ()), "folds is 0"),
        (search_with(&data, &[1.0], &in_time(&data, 3), 0.1, out_of_range, |_| ()), "candidate 1 in fold 1: probability is 1.5 in row 0"),
    ];
    for (result, message) in cases {
        let found = result.unwrap_err().to_string();
        assert!(found.starts_with(message), "{found}");
    }
}

#[test]
fn candidates_say_what_is_special_about_them() {
    let grid: Vec<_> = Candidate::small_grid().iter().map(Candidate::to_string).collect();
    assert_eq!((grid[0].as_str(), grid[1].as_str()), ("logistic", "logistic l2=30.0"));
    assert_eq!(grid.last().unwrap(), "boosted");
    assert!(grid.contains(&"forest max_depth=6 min_samples_leaf=20".to_owned()), "{grid:?}");
}
