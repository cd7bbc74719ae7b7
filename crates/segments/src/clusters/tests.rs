#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;
use crate::SegmentsError;

fn plain(name: &str) -> Feature {
    Feature { name: name.to_owned(), low: format!("low {name}"), high: format!("high {name}"), is_logged: false }
}

/// Three columns: so many customers around each of these centres, a bell curve wide.
fn customers(centres: &[[f64; 3]], each: usize, seed: u64) -> [Vec<f64>; 3] {
    let mut dice = fastrand::Rng::with_seed(seed);
    let mut columns = [const { Vec::new() }; 3];
    for row in 0..centres.len() * each {
        for (column, centre) in columns.iter_mut().zip(centres[row % centres.len()]) {
            let bell = (0..12).map(|_| dice.f64()).sum::<f64>() - 6.0;
            column.push(centre + bell);
        }
    }
    columns
}

const APART: [[f64; 3]; 4] = [[0.0, 0.0, 0.0], [12.0, 0.0, 0.0], [0.0, 12.0, 0.0], [0.0, 0.0, 12.0]];

fn features() -> [Feature; 3] {
    ["x", "y", "z"].map(plain)
}

fn fitted(columns: &[Vec<f64>; 3], settings: &ClusterSettings) -> FittedClusters {
    fit(&features(), &columns.each_ref().map(Vec::as_slice), settings).unwrap()
}

fn problem(columns: &[&[f64]], settings: &ClusterSettings) -> SegmentsError {
    fit(&features()[..columns.len()], columns, settings).unwrap_err()
}

#[test]
fn finds_as_many_groups_as_there_are_and_says_why() {
    let columns = customers(&APART, 60, 1);
    let found = fitted(&columns, &ClusterSettings::default());
    assert_eq!(found.choice.chosen, 4);
    assert_eq!(found.choice.candidates.iter().map(|candidate| candidate.clusters).collect::<Vec<_>>(), (2..=8).collect::<Vec<_>>());
    assert!(found.choice.why.starts_with("4 clusters: of 2 to 8, they have the highest mean silhouette, 0."), "{}", found.choice.why);
    assert!(found.choice.why.ends_with("compared on all 240 customers. The groups are clearly apart."), "{}", found.choice.why);
    assert!((4..240).all(|row| found.assigned[row] == found.assigned[row % 4]));
    let mut names: Vec<_> = found.model.clusters().iter().map(|cluster| cluster.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["low x, low y, low z", "low x, low y, very high z", "low x, very high y, low z", "very high x, low y, low z"]);
    let sizes: Vec<_> = found.model.clusters().iter().map(|cluster| cluster.customer_count).collect();
    assert_eq!(sizes, [60; 4]);
}

#[test]
fn a_sample_chooses_as_all_do() {
    let columns = customers(&APART, 400, 2);
    let found = fitted(&columns, &ClusterSettings { sample: 200, ..ClusterSettings::default() });
    assert_eq!((found.choice.chosen, found.choice.compared), (4, 200));
    assert!(found.choice.why.contains("a random sample of 200 of 1600 customers"), "{}", found.choice.why);
    let all = fitted(&columns, &ClusterSettings::default());
    assert!((found.model.inertia() / all.model.inertia() - 1.0).abs() < 1e-12);
}

#[test]
fn one_spread_is_called_one() {
    let found = fitted(&customers(&[[0.0; 3]], 500, 3), &ClusterSettings::default());
    let silhouette = found.choice.candidates.iter().map(|candidate| candidate.silhouette).fold(0.0, f64::max);
    assert!(silhouette < 0.3 && found.choice.why.contains("parts of one spread"), "{}", found.choice.why);
}

#[test]
fn equal_names_are_told_apart() {
    let features = features();
    let features: Vec<_> = features.iter().collect();
    let centres = [[0.0, 0.1, 0.0], [0.0, -0.4, 0.1], [2.0, 0.0, -0.6], [0.1, 0.3, 0.0]];
    let found = names::names(&features, &centres.each_ref().map(|centre| centre.as_slice()));
    assert_eq!(found, ["average (2 of 3 by y)", "average (3 of 3 by y)", "very high x, low z", "average (1 of 3 by y)"]);
}

#[test]
fn rfm_features_read_plainly() {
    let (days, orders, amounts) =
        (vec![1.0, 2.0, 200.0, 300.0, 2.0, 250.0], [40.0, 50.0, 1.0, 1.0, 45.0, 1.0], [9e4, 8e4, -5.0, 20.0, 7e4, 3.0]);
    let settings = ClusterSettings { most: 2, ..ClusterSettings::default() };
    let found = fit(&Feature::rfm(), &[&days, &orders, &amounts], &settings).unwrap();
    let mut names: Vec<_> = found.model.clusters().iter().map(|cluster| cluster.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["long gone, rare, small spenders", "recent, frequent, big spenders"]);
    // A centre in the features' own units: of logged ones a mean of logarithms.
    let best = &found.model.clusters()[found.assigned[0]];
    assert!((best.typical[0] - ((2.0_f64.ln() + 2.0 * 3.0_f64.ln()) / 3.0).exp_m1()).abs() < 1e-12, "{best:?}");
    assert_eq!(found.model.assign(&[&[1.0], &[44.0], &[1e5]]).unwrap(), [found.assigned[0]]);
}

#[test]
fn a_stored_model_assigns_as_before() {
    let columns = customers(&APART, 30, 4);
    let found = fitted(&columns, &ClusterSettings::default());
    let stored = serde_json::to_string(&found.model).unwrap();
    let read: Clusters = serde_json::from_str(&stored).unwrap();
    assert_eq!(read, found.model);
    assert_eq!(read.assign(&columns.each_ref().map(Vec::as_slice)).unwrap(), found.assigned);
}

#[test]
fn a_constant_feature_changes_nothing() {
    let [x, y, _] = customers(&APART, 50, 5);
    let constant = vec![0.1; x.len()];
    let with = fit(&features(), &[&x, &y, &constant], &ClusterSettings::default()).unwrap();
    let without = fit(&features()[..2], &[&x, &y], &ClusterSettings::default()).unwrap();
    assert_eq!(with.assigned, without.assigned);
    assert_eq!(with.model.clusters()[0].name, without.model.clusters()[0].name);
}

#[test]
fn equal_rows_are_one_group() {
    let values = [1.0, 1.0, 1.0, 5.0, 5.0, 9.0];
    let found = fit(&[plain("x")], &[&values], &ClusterSettings::default()).unwrap();
    assert_eq!((found.choice.chosen, found.choice.candidates.len()), (3, 2));
    assert!(found.choice.why.contains("more were not tried, as too few customers differ"), "{}", found.choice.why);
}

#[test]
fn what_cannot_be_clustered_is_told() {
    let settings = ClusterSettings::default();
    let told = |columns: &[&[f64]]| problem(columns, &settings).to_string();
    assert_eq!(told(&[&[1.0, f64::NAN]]), "x is NaN in row 1, expected a finite number: fill it or leave the customer out");
    assert!(told(&[&[1.0, 2.0], &[f64::INFINITY, 1.0]]).starts_with("y is inf in row 0"));
    assert!(told(&[&[1.0, 2.0], &[1.0]]).starts_with("y has 1 entries, expected 2"));
    for same in [vec![], vec![3.0], vec![3.0; 50]] {
        let different = usize::from(!same.is_empty());
        assert_eq!(problem(&[&same], &settings), SegmentsError::TooFew { what: "customers that differ", found: different, needed: 2 });
    }
    assert_eq!(problem(&[&[1.0, 2.0]], &settings), SegmentsError::TooFew { what: "customers", found: 2, needed: 3 });
    let five = ClusterSettings { fewest: 5, most: 5, ..settings };
    assert_eq!(
        problem(&[&[1.0, 2.0, 2.0, 3.0, 1.0, 4.0]], &five),
        SegmentsError::TooFew { what: "customers that differ", found: 4, needed: 5 }
    );
    for wrong in [
        ClusterSettings { fewest: 1, ..settings },
        ClusterSettings { most: 1, ..settings },
        ClusterSettings { restarts: 0, ..settings },
        ClusterSettings { sample: 3, ..settings },
    ] {
        assert!(matches!(problem(&[&[1.0, 2.0, 3.0]], &wrong), SegmentsError::Setting { .. }), "{wrong:?}");
    }
    assert!(matches!(fit(&[], &[], &settings), Err(SegmentsError::TooFew { .. })));
}

#[test]
fn a_centre_without_points_finds_some() {
    let points = Points::new(1, vec![0.0, 1.0, 2.0, 50.0]).unwrap();
    let found = Partition::from_centres(&points, Points::new(1, vec![1.0, 900.0, -900.0]).unwrap(), 100).unwrap();
    let mut sizes = [0; 3];
    found.assigned.iter().for_each(|cluster| sizes[*cluster] += 1);
    assert!(found.has_converged && sizes.iter().all(|size| *size > 0), "{found:?}");
}

#[test]
fn silhouettes_by_hand() {
    let points = Points::new(1, vec![0.0, 1.0, 5.0]).unwrap();
    // 0: (5 - 1) / 5; 1: (4 - 1) / 4; 5 stands alone.
    let found = silhouette(&points, &[&[0, 0, 1], &[1, 1, 0]]).unwrap();
    assert_eq!(found, [(0.8 + 0.75) / 3.0; 2]);
    assert!(silhouette(&points, &[&[0, 0, 0]]).is_err() && silhouette(&points, &[&[0, 1]]).is_err());
}

fn threads<T: Send>(count: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(count).build().unwrap().install(work)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn neither_threads_nor_the_order_of_rows_tell(seed in any::<u64>(), each in 3..600_usize, sample in 50..3000_usize) {
        let columns = customers(&[[0.0; 3], [3.0, 1.0, 0.0], [0.0, 3.0, 9.0]], each, seed);
        let mut order: Vec<_> = (0..columns[0].len()).collect();
        fastrand::Rng::with_seed(!seed).shuffle(&mut order);
        let shuffled = columns.each_ref().map(|column| order.iter().map(|row| column[*row]).collect::<Vec<_>>());
        let settings = ClusterSettings { most: 5, restarts: 2, sample, seed, ..ClusterSettings::default() };
        let one = threads(1, || fitted(&columns, &settings));
        let other = threads(3, || fitted(&shuffled, &settings));
        prop_assert_eq!(serde_json::to_string(&one.model).unwrap(), serde_json::to_string(&other.model).unwrap());
        prop_assert_eq!(&one.choice, &other.choice);
        prop_assert!(order.iter().zip(&other.assigned).all(|(row, cluster)| one.assigned[*row] == *cluster));
    }
}
