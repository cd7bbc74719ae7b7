//! "Did you mean": the nearest of the names that do exist.

/// The candidate nearest to `name`, if any is near enough to be a likely slip of the pen.
///
/// Near enough means that at most a third of the letters (at least one) were changed, added, left
/// out or swapped with a neighbour. Letter case does not count. Of equally near candidates the
/// first one wins.
///
/// ```
/// assert_eq!(spec::closest("quarentine", ["warn", "quarantine"].into_iter()), Some("quarantine"));
/// assert_eq!(spec::closest("weather", ["warn", "quarantine"].into_iter()), None);
/// ```
pub fn closest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let name: Vec<char> = name.to_lowercase().chars().collect();
    candidates
        .map(|candidate| {
            let letters: Vec<char> = candidate.to_lowercase().chars().collect();
            let allowed = (name.len().max(letters.len()) / 3).max(1);
            // A difference in length is a lower bound of the distance, and cheap.
            let distance = if name.len().abs_diff(letters.len()) > allowed { usize::MAX } else { edits(&name, &letters) };
            (distance, allowed, candidate)
        })
        .filter(|(distance, allowed, _)| distance <= allowed)
        .min_by_key(|(distance, _, _)| *distance)
        .map(|(_, _, candidate)| candidate)
}

/// ` (did you mean "x"?)`, or nothing where no candidate is near.
pub(crate) fn did_you_mean<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> String {
    match closest(name, candidates) {
        Some(candidate) => format!(" (did you mean \"{candidate}\"?)"),
        None => String::new(),
    }
}

/// Optimal string alignment distance: insertions, deletions, substitutions and swaps of
/// neighbouring letters, each costing one.
fn edits(a: &[char], b: &[char]) -> usize {
    let width = b.len() + 1;
    let mut before_last: Vec<usize> = vec![0; width];
    let mut last: Vec<usize> = (0..width).collect();
    for (i, letter) in a.iter().enumerate() {
        let mut row = vec![i + 1; width];
        for (j, other) in b.iter().enumerate() {
            let changed = last[j] + usize::from(letter != other);
            row[j + 1] = changed.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *letter == b[j - 1] && a[i - 1] == *other {
                row[j + 1] = row[j + 1].min(before_last[j - 1] + 1);
            }
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_edits() {
        let distance = |a: &str, b: &str| edits(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>());
        for (a, b, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("clicks", "clicks", 0),
            ("click", "clicks", 1),
            ("clikcs", "clicks", 1), // a swap is one edit, not two
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
            assert_eq!(distance(b, a), expected, "{b} {a}");
        }
    }

    #[test]
    fn suggests_only_what_is_near() {
        let names = ["impressions", "clicks", "installs", "id"];
        for (given, expected) in [
            ("impresions", Some("impressions")),
            ("Clicks", Some("clicks")),
            ("click", Some("clicks")),
            ("ids", Some("id")),
            ("campaigns", None),
            ("x", None),
        ] {
            assert_eq!(closest(given, names.into_iter()), expected, "{given}");
        }
    }
}
