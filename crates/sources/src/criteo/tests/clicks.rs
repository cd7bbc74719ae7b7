//! Clicks follow their law.

use super::*;

/// ROC-AUC of a score for labels.
fn roc_auc(mut scored: Vec<(f64, bool)>) -> f64 {
    scored.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut clicks, mut others, mut ordered) = (0.0, 0.0, 0.0);
    for (_, is_click) in scored {
        if is_click {
            clicks += 1.0;
            ordered += others;
        } else {
            others += 1.0;
        }
    }
    ordered / (clicks * others)
}

#[test]
fn the_best_auc_is_as_promised_and_the_clicks_follow_the_law() {
    for seed in 1..=3 {
        let (folder, generated) = made(&CriteoOptions { seed, ..small(50_000) });
        let best = generated.best_auc.unwrap();
        assert_near("best AUC", best, 0.80, 0.01);
        assert_near("mean", generated.mean_click_probability, 0.256, 0.005);
        let (rows, truth) = (rows(folder.path()), truth(folder.path()));
        assert_eq!(rows.len(), truth.len(), "one probability per row");
        let labelled = |((_, _, probability), row): (&(String, usize, f64), &Vec<String>)| (*probability, row[0] == "1");
        let labelled: Vec<_> = truth.iter().zip(&rows).map(labelled).collect();
        assert_near("AUC over clicks", roc_auc(labelled.clone()), best, 0.01);
        let clicks = labelled.iter().filter(|(_, is_click)| *is_click).count();
        assert_near("click rate", clicks as f64 / rows.len() as f64, generated.mean_click_probability, 0.01);
        // Control: with the probabilities of other rows nothing is left.
        let strangers = labelled.iter().zip(labelled.iter().skip(1)).map(|((probability, _), (_, is_click))| (*probability, *is_click));
        assert_near("AUC of strangers", roc_auc(strangers.collect()), 0.5, 0.015);
    }
}

#[test]
fn the_truth_names_each_row_by_file_and_line() {
    let (folder, _) = made(&small(30_000));
    let files = contents(folder.path());
    let mut truth = truth(folder.path()).into_iter();
    for (name, bytes) in files.iter().filter(|(name, _)| name.starts_with("criteo_events")) {
        for line in 1..=bytes.iter().filter(|byte| **byte == b'\n').count() {
            let (file, number, _) = truth.next().unwrap();
            assert_eq!((&file, number), (name, line));
        }
    }
    assert_eq!(truth.next(), None);
}

#[test]
fn numbers_have_the_slopes_of_the_law() {
    // Clicks among the rows with a high number less those among rows with a low one, in standard deviations.
    let (folder, _) = made(&small(100_000));
    let rows = rows(folder.path());
    let difference = |column: usize| {
        let mut known: Vec<(i64, f64)> = Vec::new();
        for row in rows.iter().filter(|row| !row[column].is_empty()) {
            known.push((row[column].parse().unwrap(), f64::from(u8::from(row[0] == "1"))));
        }
        known.sort_by_key(|(number, _)| *number);
        let third = known.len() / 3;
        let mean = |rows: &[(i64, f64)]| rows.iter().map(|(_, click)| click).sum::<f64>() / rows.len() as f64;
        (mean(&known[known.len() - third..]) - mean(&known[..third])) / (2.0 * 0.19 / third as f64).sqrt()
    };
    for (columns, sign) in [([1, 7, 11, 13].as_slice(), 1.0), (&[3, 5, 6], -1.0)] {
        columns.iter().for_each(|column| assert!(sign * difference(*column) > 5.0, "I{column}: {}", difference(*column)));
    }
    for column in [2, 4, 8, 10, 12] {
        assert!(difference(column).abs() < 4.0, "the control, I{column}: {}", difference(column));
    }
}
