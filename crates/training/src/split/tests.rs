#![allow(clippy::unwrap_used)]
use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::data::{Column, Frame};

fn rows(times: Vec<i64>, groups: Vec<u64>) -> Dataset {
    let frame = Frame::new([("x", Column::from(vec![0.0; times.len()]))]).unwrap();
    let labels = vec![true; times.len()];
    Dataset::new(frame, labels).unwrap().with_times(times).unwrap().with_groups(groups).unwrap()
}

#[test]
fn the_past_is_learned_and_the_gap_left_out() {
    let data = rows(vec![50, 10, 30, 20, 40, 60, 70, 80, 90, 100], vec![0; 10]);
    let split = Splitting::Time { gap: 0 }.split(&data, 0.3).unwrap();
    assert_eq!(split, Split { train: vec![0, 1, 2, 3, 4, 5, 6], test: vec![7, 8, 9] });
    let split = Splitting::Time { gap: 25 }.split(&data, 0.3).unwrap();
    assert_eq!(split, Split { train: vec![0, 1, 2, 3, 4], test: vec![7, 8, 9] });
}

#[test]
fn what_cannot_be_split_is_an_error() {
    let data = rows(vec![5; 10], vec![1; 10]);
    let bare = Dataset::new(data.frame().clone(), data.labels()).unwrap();
    let cases = [
        (Splitting::default().split(&data, 0.2), "the training side of the split has no rows"),
        (Splitting::Time { gap: -1 }.split(&data, 0.2), "gap is -1"),
        (Splitting::Random { seed: 0 }.split(&data, 1.0), "test_share is 1"),
        (Splitting::Random { seed: 0 }.split(&data, f64::NAN), "test_share is NaN"),
        (Splitting::default().split(&bare, 0.2), "a split by time needs event times"),
        (Splitting::Group { seed: 0 }.split(&bare, 0.2), "a split by group needs groups"),
    ];
    for (result, message) in cases {
        let found = result.unwrap_err().to_string();
        assert!(found.starts_with(message), "{found}");
    }
    assert!(Splitting::Group { seed: 0 }.split(&data, 0.2).is_err(), "one group cannot be on both sides");
    assert!(Splitting::Random { seed: 0 }.folds(&data, 1).is_err());
}

#[test]
fn a_user_stays_on_its_side_when_others_join() {
    let side = |users: u64| {
        let data = rows(vec![0; users as usize], (0..users).collect());
        Splitting::Group { seed: 4 }.split(&data, 0.3).unwrap().test
    };
    let (few, many) = (side(500), side(5000));
    assert_eq!(many.iter().copied().filter(|user| *user < 500).collect::<Vec<_>>(), few);
    assert!((1350..1650).contains(&many.len()), "{}", many.len());
}

proptest! {
    /// No row is on both sides, no time and no group either, and the future is never learned from.
    #[test]
    fn sides_never_overlap(events in prop::collection::vec((0_i64..50, 0_u64..20), 10..200), gap in 0_i64..5, share in 0.1_f64..0.6, count in 2_usize..5) {
        let (times, groups): (Vec<_>, Vec<_>) = events.into_iter().unzip();
        let data = rows(times.clone(), groups.clone());
        for splitting in [Splitting::Time { gap }, Splitting::Group { seed: 1 }, Splitting::Random { seed: 1 }] {
            let Ok(split) = splitting.split(&data, share) else { continue };
            let folds = splitting.folds(&data, count).unwrap_or_default();
            let tested: Vec<_> = folds.iter().flat_map(|fold| fold.test.iter().copied()).collect();
            prop_assert_eq!(tested.len(), tested.iter().collect::<BTreeSet<_>>().len(), "a row is tested once at most");
            if !matches!(splitting, Splitting::Time { .. }) && !folds.is_empty() {
                prop_assert_eq!(tested.len(), data.rows());
            }
            for Split { train, test } in folds.into_iter().chain([split]) {
                let train: BTreeSet<_> = train.into_iter().collect();
                prop_assert!(test.iter().all(|row| !train.contains(row)));
                match splitting {
                    Splitting::Time { gap } => {
                        let first = test.iter().map(|row| times[*row as usize]).min().unwrap();
                        prop_assert!(train.iter().all(|row| times[*row as usize] < first - gap));
                    }
                    Splitting::Group { .. } => {
                        let known: BTreeSet<_> = train.iter().map(|row| groups[*row as usize]).collect();
                        prop_assert!(test.iter().all(|row| !known.contains(&groups[*row as usize])));
                    }
                    Splitting::Random { .. } => {}
                }
            }
        }
    }
}
