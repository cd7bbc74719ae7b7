use proptest::prelude::*;

use super::*;

type Row = (Vec<u32>, u64, f64, u64);

fn paths<'a>(rows: impl IntoIterator<Item = &'a [u32]>) -> Paths {
    let mut paths = Paths::default();
    rows.into_iter().for_each(|row| paths.push(row.iter().copied()));
    paths
}

fn journeys(channels: usize, rows: &[Row]) -> Result<Journeys> {
    let column = |of: fn(&Row) -> u64| rows.iter().map(of).collect::<Vec<_>>();
    let value: Vec<_> = rows.iter().map(|row| row.2).collect();
    Journeys::new(channels, &paths(rows.iter().map(|row| row.0.as_slice())), &column(|row| row.1), &value, &column(|row| row.3))
}

#[test]
fn texts_become_channels_in_order_of_names() {
    let (channels, paths) = Channels::parse(&[" mail > search>mail ", "", " > search >", "ad"], ">");
    assert_eq!(channels.names(), ["ad", "mail", "search"]);
    assert_eq!((0..paths.len()).map(|path| paths.get(path).to_vec()).collect::<Vec<_>>(), [vec![1, 2, 1], vec![], vec![2], vec![0]]);
    assert_eq!(channels.number("mail"), Some(1));
    assert_eq!(channels.number("post"), None);
}

#[test]
fn equal_paths_are_added_up_and_put_in_order() -> Result<()> {
    let long: Vec<u32> = (0..20).map(|step| step % 3).collect();
    let mut other = long.clone();
    other[19] = 0;
    let rows =
        [(long.clone(), 1, 2.5, 0), (vec![2], 0, 0.0, 3), (other.clone(), 1, 0.25, 0), (vec![], 2, 4.0, 1), (long.clone(), 2, 0.5, 7)];
    let journeys = journeys(3, &rows)?;
    let found: Vec<_> = (0..journeys.paths().len()).map(|path| journeys.paths().get(path)).collect();
    assert_eq!(found, [&[][..], &other, &long, &[2]]);
    assert_eq!(journeys.tally().conversions, [2, 1, 3, 0]);
    assert_eq!(journeys.tally().value, [4_000_000_000, 250_000_000, 3_000_000_000, 0]);
    assert_eq!(journeys.tally().nulls, [1, 0, 7, 3]);
    let expected = Totals { conversions: 6.0, value: 7.25, nulls: 11.0, untouched_conversions: 2.0, untouched_value: 4.0 };
    assert_eq!(journeys.totals(), expected);
    Ok(())
}

#[test]
fn what_cannot_be_counted_is_an_error_of_one_line() {
    let one = || paths([&[0_u32, 1][..]]);
    let errors = [
        Journeys::new(1, &one(), &[1], &[], &[]),
        Journeys::new(2, &one(), &[1, 2], &[], &[]),
        Journeys::new(2, &one(), &[1], &[1.0, 2.0], &[]),
        Journeys::new(2, &one(), &[1], &[], &[1, 2]),
        Journeys::new(2, &one(), &[1], &[-1.0], &[]),
        Journeys::new(2, &one(), &[1], &[f64::NAN], &[]),
        Journeys::new(2, &one(), &[1], &[f64::INFINITY], &[]),
        Journeys::new(2, &one(), &[0], &[1.0], &[1]),
        Journeys::new(2, &one(), &[u64::MAX], &[], &[u64::MAX]),
        Journeys::new(70_000, &one(), &[1], &[], &[]),
        Journeys::new(2, &Paths { offsets: vec![0, 3], steps: vec![0, 1] }, &[1], &[], &[]),
        Journeys::new(2, &Paths { offsets: vec![0, 2, 1], steps: vec![0] }, &[1, 1], &[], &[]),
        Journeys::new(2, &Paths { offsets: vec![], steps: vec![] }, &[], &[], &[]),
    ];
    for error in errors {
        let message = error.err().map(|error| error.to_string());
        assert!(message.as_ref().is_some_and(|message| !message.contains('\n') && message.len() > 20), "{message:?}");
    }
}

#[test]
fn parts_with_other_channels_do_not_merge() -> Result<()> {
    let (left, right) = (journeys(2, &[])?, journeys(3, &[])?);
    assert!(Journeys::merge(&[&left, &right]).is_err());
    assert_eq!(Journeys::merge(&[])?.paths().len(), 0);
    Ok(())
}

prop_compose! {
    fn row()(path in prop::collection::vec(0_u32..3, 0..12), conversions in 0_u64..4, value in 0_u32..9999, nulls in 0_u64..4) -> Row {
        (path, conversions, if conversions > 0 { f64::from(value) / 100.0 } else { 0.0 }, nulls)
    }
}

proptest! {
    #[test]
    fn neither_order_nor_parts_of_rows_show(rows in prop::collection::vec(row(), 0..40), seed in any::<u64>(), cut in 0_usize..40) {
        let whole = journeys(3, &rows)?;
        let mut mixed = rows.clone();
        mixed.sort_by_key(|row| xxhash_rust::xxh3::xxh3_64_with_seed(format!("{row:?}").as_bytes(), seed));
        prop_assert_eq!(&journeys(3, &mixed)?, &whole);
        let (left, right) = mixed.split_at(cut.min(mixed.len()));
        let merged = Journeys::merge(&[&journeys(3, left)?, &journeys(3, right)?])?;
        prop_assert_eq!(&merged, &whole);
        // A row more is not the same journeys: the comparison can fail.
        let more: Vec<_> = rows.iter().cloned().chain([(vec![0], 1, 0.0, 0)]).collect();
        prop_assert_ne!(&journeys(3, &more)?, &whole);
    }
}
