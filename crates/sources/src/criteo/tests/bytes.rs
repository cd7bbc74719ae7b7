//! The same bytes however they are made.

use super::*;

#[test]
fn same_bytes_on_any_number_of_threads() {
    let on_threads = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        contents(pool.install(|| made(&small(60_000))).0.path())
    };
    let one = on_threads(1);
    assert_eq!(one.len(), 8);
    assert!(one == on_threads(2) && one == on_threads(5));
    // Control: a seed changes every file.
    let other = contents(made(&CriteoOptions { seed: 8, ..small(60_000) }).0.path());
    assert!(one.iter().all(|(name, bytes)| other[name] != *bytes));
}

#[test]
fn rows_are_as_the_format_says() {
    let (folder, generated) = made(&small(7001));
    let rows = rows(folder.path());
    assert_eq!((rows.len(), generated.log.rows, generated.log.files), (7001, 7001, 7));
    let is_code = |text: &String| text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    for row in &rows {
        assert_eq!(row.len(), 40);
        assert!(row[0] == "0" || row[0] == "1");
        assert!(
            row[1..14].iter().all(|number| number.is_empty() || number.parse::<i64>().is_ok_and(|n| n.to_string() == *number)),
            "{row:?}"
        );
        assert!(row[14..].iter().all(|code| code.is_empty() || is_code(code)), "{row:?}");
    }
    let negative = |column: usize| rows.iter().any(|row| row[column].starts_with('-'));
    assert_eq!((1..14).filter(|column| negative(*column)).collect::<Vec<_>>(), [2], "I2 alone has numbers below 0");
}
