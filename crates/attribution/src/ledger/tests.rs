use proptest::prelude::*;

use super::*;
use crate::journey::Paths;

#[test]
fn remainders_go_to_the_largest_and_then_to_the_earlier() -> Result<()> {
    assert_eq!(whole_units(&[1.0, 1.0, 1.0], WHOLE_CONVERSION)?, [333_334, 333_333, 333_333]);
    assert_eq!(whole_units(&[1.0, 2.0], WHOLE_CONVERSION)?, [333_333, 666_667]);
    assert_eq!(whole_units(&[0.4, 0.1, 0.1, 0.4], WHOLE_CONVERSION)?, [400_000, 100_000, 100_000, 400_000]);
    assert_eq!(whole_units(&[0.1 + 0.2, 0.3], 7)?, [4, 3]);
    assert_eq!(whole_units(&[5.0, 0.0], 3)?, [3, 0]);
    assert_eq!(whole_units(&[0.0, 0.0], 3)?, [2, 1]);
    assert_eq!(whole_units(&[1.0; 5], 2)?, [1, 1, 0, 0, 0]);
    assert_eq!(whole_units(&[1.0], 1 << 63)?, [1 << 63]);
    assert_eq!(whole_units(&[], 7)?, [0_u64; 0]);
    assert_eq!(whole_units(&[f64::MAX, f64::MAX], 5)?, [3, 2]);
    Ok(())
}

#[test]
fn weights_that_are_none_are_errors() {
    for wrong in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(whole_units(&[1.0, wrong], 10).is_err(), "{wrong}");
    }
    assert!(whole_units(&[1.0], u64::MAX).is_err());
    assert!(journey_shares(&[0], &[f64::NAN]).is_err());
}

#[test]
fn a_channels_part_is_split_over_its_touches() -> Result<()> {
    assert_eq!(journey_shares(&[0, 1, 0], &[0.5, 0.5])?, [0.25, 0.5, 0.25]);
    assert_eq!(journey_shares(&[0, 1, 9], &[3.0, 1.0])?, [0.75, 0.25, 0.0]);
    assert_eq!(journey_shares(&[0, 1], &[-1.0, 1.0])?, [0.0, 1.0]);
    assert_eq!(journey_shares(&[1, 1, 2, 0], &[])?, [1.0 / 6.0, 1.0 / 6.0, 1.0 / 3.0, 1.0 / 3.0]);
    assert_eq!(journey_shares(&[], &[1.0])?, [0.0_f64; 0]);
    Ok(())
}

#[test]
fn channels_have_the_sums_of_their_journeys() -> Result<()> {
    let mut paths = Paths::default();
    paths.push([0, 1, 0]);
    paths.push([1]);
    paths.push([]);
    let journeys = Journeys::new(2, &paths, &[4, 1, 9], &[8.0, 3.0, 1.0], &[])?;
    let credits = journey_credits(&journeys, &[3.0, 1.0])?;
    assert_eq!((credits.conversions, credits.value), (vec![3.0, 2.0], vec![6.0, 5.0]));
    Ok(())
}

proptest! {
    #[test]
    fn units_sum_to_the_total(weights in prop::collection::vec(0.0..1e3_f64, 1..600), total in 0_u64..=WHOLE_CONVERSION, scale in 1e-9..1e9_f64) {
        let units = whole_units(&weights, total)?;
        prop_assert_eq!(units.iter().sum::<u64>(), total);
        let sum: f64 = weights.iter().sum();
        for (unit, weight) in units.iter().zip(&weights) {
            prop_assert!((*unit as f64 - weight / sum * total as f64).abs() < 1.001 || sum == 0.0);
        }
        // Only proportions count.
        let scaled: Vec<_> = weights.iter().map(|weight| weight * scale).collect();
        let other = whole_units(&scaled, total)?;
        prop_assert!(units.iter().zip(&other).all(|(left, right)| left.abs_diff(*right) <= 1));
    }

    #[test]
    fn large_totals_are_shared_out_to_the_unit(weights in prop::collection::vec(0.0..1.0_f64, 1..50), total in 0_u64..=1 << 63) {
        prop_assert_eq!(whole_units(&weights, total)?.iter().sum::<u64>(), total);
    }
}
