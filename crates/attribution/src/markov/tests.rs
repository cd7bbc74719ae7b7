use proptest::prelude::*;

use super::*;
use crate::journey::Paths;

type Row = (Vec<u32>, u64, f64, u64);

fn journeys(channels: usize, rows: &[Row]) -> Result<Journeys> {
    let mut paths = Paths::default();
    rows.iter().for_each(|row| paths.push(row.0.iter().copied()));
    let column = |of: fn(&Row) -> u64| rows.iter().map(of).collect::<Vec<_>>();
    let value: Vec<_> = rows.iter().map(|row| row.2).collect();
    Journeys::new(channels, &paths, &column(|row| row.1), &value, &column(|row| row.3))
}

fn apart(left: &[f64], right: &[f64]) -> f64 {
    assert_eq!(left.len(), right.len());
    left.iter().zip(right).map(|(left, right)| (left - right).abs()).fold(0.0, f64::max)
}

/// Start to A and B evenly, A to B half the time; A converts 1 in 4 times at its end, B 3 in 4 times.
fn small() -> Result<Journeys> {
    journeys(2, &[(vec![0], 1, 10.0, 3), (vec![0, 1], 3, 6.0, 1), (vec![1], 6, 12.0, 2)])
}

#[test]
fn a_small_chain_is_solved_by_hand() -> Result<()> {
    let markov = Markov::fit(&small()?, 1)?;
    // Of 16 journeys 10 convert. Without A only the 8 that begin with B stay, of which 3/4 convert: 6. Without B: 1.
    assert!((markov.conversion_rate - 10.0 / 16.0).abs() < 1e-15);
    assert!((markov.value_rate - 28.0 / 16.0).abs() < 1e-15);
    assert!(apart(&markov.removal_effects, &[0.4, 0.9]) < 1e-15, "{markov:?}");
    // Conversions from B are worth 2 each, so without A 6 x 2 of 28 are left, and without B the 10 of A.
    assert!(apart(&markov.removal_effects_of_value, &[1.0 - 12.0 / 28.0, 1.0 - 10.0 / 28.0]) < 1e-15, "{markov:?}");
    assert!(apart(&markov.credits.conversions, &[10.0 * 4.0 / 13.0, 10.0 * 9.0 / 13.0]) < 1e-12);
    assert!(apart(&markov.credits.value, &[28.0 * 16.0 / 34.0, 28.0 * 18.0 / 34.0]) < 1e-12);
    Ok(())
}

#[test]
fn touches_of_one_channel_in_a_row_are_one_stay() -> Result<()> {
    let once = journeys(2, &[(vec![0, 1], 1, 0.0, 1), (vec![1], 1, 0.0, 4)])?;
    let repeated = journeys(2, &[(vec![0, 0, 0, 1, 1], 1, 0.0, 1), (vec![1], 1, 0.0, 4)])?;
    assert_eq!(Markov::fit(&once, 1)?, Markov::fit(&repeated, 1)?);
    // With two touches to a state, two in a row are another state than one, and three in a row are two in a row.
    assert_eq!(Markov::fit(&once, 2)?.states, 2);
    assert_eq!(Markov::fit(&repeated, 2)?.states, 4);
    Ok(())
}

#[test]
fn odd_journeys_have_sensible_answers() -> Result<()> {
    for order in 1..=HIGHEST_ORDER {
        let one = Markov::fit(&journeys(1, &[(vec![0], 2, 3.0, 5), (vec![0, 0], 1, 0.0, 0)])?, order)?;
        assert_eq!((one.removal_effects.clone(), one.credits.conversions.clone()), (vec![1.0], vec![3.0]));
        let none = Markov::fit(&journeys(2, &[(vec![0, 1], 0, 0.0, 5)])?, order)?;
        assert_eq!((none.conversion_rate, none.credits.conversions), (0.0, vec![0.0, 0.0]));
        // Conversions without a touch count for the rate, and no channel's removal takes them away.
        let untouched = Markov::fit(&journeys(2, &[(vec![], 1, 1.0, 1), (vec![1], 1, 1.0, 1)])?, order)?;
        assert!((untouched.conversion_rate - 0.5).abs() < 1e-15);
        assert!(apart(&untouched.removal_effects, &[0.0, 0.5]) < 1e-15, "{untouched:?}");
        assert_eq!(untouched.credits.conversions, [0.0, 1.0]);
        // All journeys convert and none is null: the chain still ends.
        let certain = Markov::fit(&journeys(2, &[(vec![0, 1, 0, 1, 0, 1], 7, 7.0, 0)])?, order)?;
        assert!((certain.conversion_rate - 1.0).abs() < 1e-14);
        assert!(apart(&certain.removal_effects, &[1.0, 1.0]) < 1e-14);
        // To and fro five hundred times: absorption is rare.
        let long: Vec<_> = (0..500).map(|step| step % 2).collect();
        let long = Markov::fit(&journeys(3, &[(long, 1, 1.0, 0), (vec![2], 1, 1.0, 8)])?, order)?;
        assert!((long.conversion_rate - 0.2).abs() < 1e-14, "{order}: {}", long.conversion_rate);
        assert!(apart(&long.removal_effects, &[0.5, 0.5, 0.5]) < 1e-12, "{order}: {long:?}");
        assert!(Markov::fit(&journeys(2, &[])?, order).is_err());
        assert!(Markov::fit(&journeys(2, &[(vec![1], 0, 0.0, 0)])?, order).is_err());
    }
    assert!(Markov::fit(&small()?, 0).is_err());
    assert!(Markov::fit(&small()?, 5).is_err());
    Ok(())
}

#[test]
fn two_hundred_channels_are_solved() -> Result<()> {
    let path = |row: u32| (0..1 + row % 6).map(|step| (row * 31 + step * step * 17) % 200).collect();
    let rows: Vec<Row> = (0..2000).map(|row| (path(row), u64::from(row % 3 == 0), 0.0, u64::from(row % 3 != 0))).collect();
    let journeys = journeys(200, &rows)?;
    for order in 1..=HIGHEST_ORDER {
        let markov = Markov::fit(&journeys, order)?;
        assert!((markov.credits.conversions.iter().sum::<f64>() - 667.0).abs() < 1e-9);
        assert!((markov.conversion_rate - 667.0 / 2000.0).abs() < 1e-14);
    }
    Ok(())
}

#[test]
fn an_inverse_needs_a_matrix_that_has_one() -> Result<()> {
    let exchanged = matrix::Matrix { size: 3, cells: vec![0.0, 2.0, 1.0, 1.0, 0.0, 0.0, 3.0, 0.0, 1.0] };
    let inverse = exchanged.clone().inverse()?;
    for row in 0..3 {
        for column in 0..3 {
            let product: f64 = (0..3).map(|inner| exchanged.row(row)[inner] * inverse.row(inner)[column]).sum();
            assert!((product - f64::from(u8::from(row == column))).abs() < 1e-15);
        }
    }
    assert!(matrix::Matrix { size: 2, cells: vec![1.0, 2.0, 2.0, 4.0] }.inverse().is_err());
    Ok(())
}

prop_compose! {
    fn row()(path in prop::collection::vec(0_u32..4, 0..9), conversions in 0_u64..4, value in 0_u32..9999, nulls in 0_u64..4) -> Row {
        (path, conversions, if conversions > 0 { f64::from(value) / 100.0 } else { 0.0 }, nulls)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Both solvers, which share nothing, agree where both can be used; and every order's rate is the observed one.
    #[test]
    fn two_solvers_agree_and_rates_are_as_observed(rows in prop::collection::vec(row(), 1..40)) {
        let journeys = journeys(4, &rows)?;
        let totals = journeys.totals();
        prop_assume!(totals.conversions + totals.nulls > 0.0);
        let inverse = Markov::fit(&journeys, 1)?;
        let pushed = Chain::Higher(HigherOrder::new(&journeys, 1)).solve(&journeys, journeys.tally())?;
        prop_assert_eq!(inverse.states, pushed.states);
        prop_assert!(apart(&inverse.removal_effects, &pushed.removal_effects) < 1e-12);
        prop_assert!(apart(&inverse.removal_effects_of_value, &pushed.removal_effects_of_value) < 1e-12);
        for order in 1..=HIGHEST_ORDER {
            let markov = Markov::fit(&journeys, order)?;
            let journeys = totals.conversions + totals.nulls;
            prop_assert!((markov.conversion_rate - totals.conversions / journeys).abs() < 1e-14);
            prop_assert!((markov.value_rate - totals.value / journeys).abs() < 1e-13 * totals.value.max(1.0));
            let credited: f64 = markov.credits.conversions.iter().sum();
            prop_assert!((credited - (totals.conversions - totals.untouched_conversions)).abs() < 1e-9);
        }
    }

    #[test]
    fn names_of_channels_do_not_show(rows in prop::collection::vec(row(), 1..40), names in Just([0_u32, 1, 2, 3]).prop_shuffle()) {
        let renamed: Vec<Row> = rows.iter().cloned().map(|mut row| {
            row.0.iter_mut().for_each(|step| *step = names[*step as usize]);
            row
        }).collect();
        let (plain, renamed) = (journeys(4, &rows)?, journeys(4, &renamed)?);
        prop_assume!(plain.totals().conversions > 0.0);
        for order in 1..=HIGHEST_ORDER {
            let (plain, renamed) = (Markov::fit(&plain, order)?, Markov::fit(&renamed, order)?);
            let back: Vec<_> = names.iter().map(|name| renamed.credits.conversions[*name as usize]).collect();
            prop_assert!(apart(&plain.credits.conversions, &back) < 1e-11);
        }
    }
}
