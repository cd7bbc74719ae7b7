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

/// What players add, averaged over all orders one by one.
fn by_orders(rows: &[Row], players: usize, worth: Worth) -> Vec<f64> {
    let value = |group: &[usize]| {
        let touched = rows.iter().filter(|row| !row.0.is_empty());
        let inside = touched.filter(|row| row.0.iter().all(|step| group.contains(&(*step as usize))));
        let (conversions, journeys) = inside.fold((0, 0), |sum, row| (sum.0 + row.1, sum.1 + row.1 + row.3));
        match worth {
            Worth::Conversions => conversions as f64,
            Worth::Rate if journeys == 0 => 0.0,
            Worth::Rate => conversions as f64 / journeys as f64,
        }
    };
    let mut orders = vec![vec![]];
    for _ in 0..players {
        let longer = |order: &Vec<usize>| {
            (0..players).filter(|next| !order.contains(next)).map(|next| [order.as_slice(), &[next]].concat()).collect::<Vec<_>>()
        };
        orders = orders.iter().flat_map(longer).collect();
    }
    let mut values = vec![0.0; players];
    for order in &orders {
        for place in 0..players {
            values[order[place]] += (value(&order[..=place]) - value(&order[..place])) / orders.len() as f64;
        }
    }
    values
}

fn apart(left: &[f64], right: &[f64]) -> f64 {
    assert_eq!(left.len(), right.len());
    left.iter().zip(right).map(|(left, right)| (left - right).abs()).fold(0.0, f64::max)
}

/// Journeys over many channels, of which early ones convert more.
fn many(channels: u32) -> Result<Journeys> {
    let path = |row: u32| (0..1 + row % 5).map(|step| (row * 7 + step * step * 13 + row / 11) % channels).collect::<Vec<_>>();
    let rows: Vec<Row> = (0..3000)
        .map(|row| {
            let path = path(row);
            let converts = u64::from((row * 37) % 100 < 90 / (1 + path[0] % 7));
            (path, converts, converts as f64 * f64::from(1 + row % 3), 1 - converts)
        })
        .collect();
    journeys(channels as usize, &rows)
}

#[test]
fn odd_journeys_have_sensible_answers() -> Result<()> {
    for worth in [Worth::Conversions, Worth::Rate] {
        let one = Shapley::fit(&journeys(1, &[(vec![0, 0], 2, 4.0, 2)])?, worth, &Sampling::default())?;
        assert_eq!((one.credits.conversions, one.credits.value), (vec![2.0], vec![4.0]));
        let none = Shapley::fit(&journeys(2, &[(vec![0, 1], 0, 0.0, 2)])?, worth, &Sampling::default())?;
        assert_eq!(none.credits.conversions, [0.0, 0.0]);
        let untouched = Shapley::fit(&journeys(2, &[(vec![], 3, 3.0, 0)])?, worth, &Sampling::default())?;
        assert_eq!(untouched.credits.conversions, [0.0, 0.0]);
        assert!(Shapley::fit(&journeys(2, &[])?, worth, &Sampling::default()).is_err());
        assert!(Shapley::fit(&many(4)?, worth, &Sampling { pairs: 1, ..Sampling::default() }).is_err());
        assert!(Shapley::fit(&many(4)?, worth, &Sampling { level: 1.0, ..Sampling::default() }).is_err());
    }
    Ok(())
}

#[test]
fn sampled_values_lie_within_their_bounds() -> Result<()> {
    let journeys = many(9)?;
    let sets = Sets::new(&journeys, journeys.tally());
    let exact = exact::values(&sets);
    let mut widths = Vec::new();
    for pairs in [200, 3200] {
        let (mut outside, mut farthest) = (0, 0.0_f64);
        for seed in 0..20 {
            let (values, bounds) = sampled::values(&sets, &Sampling { pairs, seed, level: 0.95 });
            let off = |of: fn(&Pair) -> f64| {
                values.iter().zip(&exact).zip(&bounds).any(|((value, exact), bound)| (of(value) - of(exact)).abs() > of(bound))
            };
            outside += usize::from(off(|pair| pair.conversions) || off(|pair| pair.value));
            farthest =
                values.iter().zip(&exact).map(|(value, exact)| (value.conversions - exact.conversions).abs()).fold(farthest, f64::max);
            widths.push(bounds[0].conversions);
        }
        assert!(outside <= 3, "{outside} of 20 samples lie outside");
        assert!(farthest > 0.0, "a sample is not the exact value");
    }
    assert!(widths[20] < widths[0] / 3.0, "sixteen times the orders: {} and {}", widths[0], widths[20]);
    Ok(())
}

#[test]
fn more_channels_than_twenty_are_sampled() -> Result<()> {
    let journeys = many(200)?;
    let sampling = Sampling { pairs: 100, ..Sampling::default() };
    let shapley = Shapley::fit(&journeys, Worth::Rate, &sampling)?;
    let totals = journeys.totals();
    assert!((shapley.values.iter().sum::<f64>() - totals.conversions / (totals.conversions + totals.nulls)).abs() < 1e-12);
    assert!(shapley.bounds.iter().all(|bound| *bound > 0.0));
    let alone =
        rayon::ThreadPoolBuilder::new().num_threads(1).build().map(|pool| pool.install(|| Shapley::fit(&journeys, Worth::Rate, &sampling)));
    assert_eq!(alone.ok().transpose()?, Some(shapley.clone()));
    assert_ne!(Shapley::fit(&journeys, Worth::Rate, &Sampling { seed: 1, ..sampling })?, shapley);
    Ok(())
}

prop_compose! {
    fn row()(path in prop::collection::vec(0_u32..4, 0..7), conversions in 0_u64..4, value in 0_u32..999, nulls in 0_u64..4) -> Row {
        (path, conversions, if conversions > 0 { f64::from(value) } else { 0.0 }, nulls)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn values_are_means_over_all_orders(rows in prop::collection::vec(row(), 1..30)) {
        let journeys = journeys(4, &rows)?;
        prop_assume!(journeys.totals().conversions > 0.0);
        for worth in [Worth::Conversions, Worth::Rate] {
            let shapley = Shapley::fit(&journeys, worth, &Sampling::default())?;
            prop_assert!(apart(&shapley.values, &by_orders(&rows, 4, worth)) < 1e-9, "{:?}", worth);
            let totals = journeys.totals();
            let credited: f64 = shapley.credits.conversions.iter().sum();
            prop_assert!((credited - (totals.conversions - totals.untouched_conversions)).abs() < 1e-9);
        }
    }
}
