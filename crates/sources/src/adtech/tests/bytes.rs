//! The same bytes however they are made.

use std::collections::HashSet;

use super::*;

#[test]
fn same_bytes_on_any_number_of_threads() {
    let options = AdtechOptions { malformed: true, by_day: true, ..small(30_000) };
    let on_threads = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        contents(pool.install(|| made(&options)).0.path())
    };
    let one = on_threads(1);
    assert_eq!(one.len(), 3 + 30 * 5 + 1);
    assert!(one == on_threads(2) && one == on_threads(4));
    // Control: a seed changes every file (a day's installs may be none).
    let other = contents(made(&AdtechOptions { seed: 8, ..options.clone() }).0.path());
    assert!(one.iter().all(|(name, bytes)| other[name] != *bytes || name.starts_with("installs")));
}

#[test]
fn the_files_of_the_days_are_the_whole() {
    let whole = made(&AdtechOptions { days: 10, ..small(40_000) });
    let folder = tempfile::tempdir().unwrap();
    let day_files = |range: std::ops::Range<u32>| {
        let options = AdtechOptions { days: 10, by_day: true, day_range: Some(range), ..small(40_000) };
        generate(&options, folder.path(), &mut |_| {}).unwrap()
    };
    day_files(0..8);
    day_files(8..9);
    let last = day_files(9..10);
    assert_eq!(
        last.tables.iter().map(|table| (table.table, table.files)).collect::<Vec<_>>(),
        [("requests", 1), ("impressions", 1), ("clicks", 1), ("installs", 1)]
    );
    let dates: Vec<String> = (1..=10).map(|day| format!("2025-01-{day:02}")).collect();
    for table in ["requests", "impressions", "clicks", "installs", "truth/click_probability"] {
        let of_days: Vec<_> = dates.iter().flat_map(|date| rows(folder.path(), &format!("{table}-{date}.csv"))).collect();
        assert!(of_days == rows(whole.0.path(), &format!("{table}.csv")), "{table}");
    }

    // A day's file holds late rows of the three days before, and no others.
    let mut days_late = [0; 4];
    for (day, date) in dates.iter().enumerate() {
        for request in rows(folder.path(), &format!("requests-{date}.csv")) {
            let made_on: usize = request[10][8..10].parse().unwrap();
            // A copy may be stamped some minutes later, on the next day.
            days_late[(day + 1).saturating_sub(made_on)] += 1;
        }
    }
    assert!(days_late[1..].iter().all(|late| *late > 50), "{days_late:?}");
    let late: i32 = days_late[1..].iter().sum();
    assert_near("late", f64::from(late) / f64::from(days_late[0]), dirt::LATE, 0.004);

    // Nobody stands alone but for those whose request is still under way.
    let requests = rows(whole.0.path(), "requests.csv");
    let known: HashSet<&str> = column(&requests, 9).into_iter().collect();
    for table in ["impressions", "clicks", "installs"] {
        let rows = rows(whole.0.path(), &format!("{table}.csv"));
        let at = usize::from(table == "impressions");
        let alone = rows.iter().filter(|row| !known.contains(row[at].as_str())).count();
        assert!(alone as f64 <= 0.006 * rows.len() as f64 + 3.0, "{table}: {alone} of {} alone", rows.len());
    }
}
