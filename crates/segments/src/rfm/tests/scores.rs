use super::line;
use crate::SegmentsError;
use crate::rfm::{Cuts, LineKind, Rfm, Scores, Scoring, SegmentRules, measure, place, quantile_scores};

#[test]
fn a_score_is_the_share_that_is_lower() {
    assert_eq!(quantile_scores(&[1, 2, 3, 4, 5]), [1, 2, 3, 4, 5]);
    assert_eq!(quantile_scores(&[1, 1, 1, 5, 9]), [1, 1, 1, 4, 5]);
    assert_eq!(quantile_scores(&[7, 7, 7]), [1, 1, 1]);
    assert_eq!(quantile_scores(&[3, -2]), [3, 1]);
    assert_eq!(quantile_scores::<i64>(&[]), Vec::<u8>::new());
}

/// The customers of `customer_rfm.slt`.
#[test]
fn measures_scores_and_segments_of_the_models_own_test() {
    let mut lines = Vec::new();
    for (customer, last_day, orders, amount) in
        [("a", 31, 9, 755_000), ("b", 21, 5, 600_000), ("c", 11, 1, 200_000), ("d", 10, 1, 100_000), ("e", 0, 1, 50_000)]
    {
        let ids = (0..orders).map(|order| format!("{customer}{order}"));
        lines.extend(ids.map(|id| line(&id, &id, customer, last_day, LineKind::Sale, if id.ends_with('0') { amount } else { 0 })));
    }
    lines.push(line("back", "C1", "e", 5, LineKind::Return, -100_000));
    lines.push(line("only back", "C2", "f", 5, LineKind::Return, -100_000));
    lines.push(line("too late", "I9", "e", 32, LineKind::Sale, 100_000));
    lines.push(lines[0].clone());

    let rules = SegmentRules::parse(SegmentRules::CUSTOMARY).unwrap();
    let placed = place(measure(&lines, 31).unwrap(), &Scoring::Quantiles, &rules);
    let said: Vec<_> = placed
        .iter()
        .map(|placed| {
            let (rfm, scores) = (&placed.rfm, placed.scores);
            let cell = [scores.recency, scores.frequency, scores.monetary].map(|score| score.to_string()).concat();
            format!("{} {} {} {} {cell} {}", rfm.customer_id, rfm.recency_days, rfm.frequency, rfm.monetary, placed.segment)
        })
        .collect();
    let expected = [
        "a 0 9 755000 555 champions",
        "b 10 5 600000 444 champions",
        "c 20 1 200000 313 about_to_sleep",
        "d 21 1 100000 212 about_to_sleep",
        "e 31 1 -50000 111 lost",
    ];
    assert_eq!(said, expected);
}

#[test]
fn thresholds_count_the_cuts_passed() {
    let cuts = Cuts::new([7, 30, 90, 180], [2, 3, 5, 10], [-5, 100, 500, 1000]).unwrap();
    let scores = |recency_days, frequency, monetary| {
        let Scores { recency, frequency, monetary } = cuts.scores(&Rfm { customer_id: String::new(), recency_days, frequency, monetary });
        [recency, frequency, monetary]
    };
    assert_eq!(scores(7, 1, -6), [5, 1, 1]);
    assert_eq!(scores(8, 2, -5), [4, 2, 2]);
    assert_eq!(scores(181, 10, 1000), [1, 5, 5]);
    assert_eq!(scores(180, 9, 999), [2, 4, 4]);
    let wrong = Cuts::new([7, 7, 90, 180], [2, 3, 5, 10], [0, 1, 2, 3]).unwrap_err();
    assert_eq!(wrong.to_string(), "recency_days is [7, 7, 90, 180], expected four rising numbers");
    assert!(serde_json::from_str::<Cuts>(r#"{"recency_days":[4,3,2,1],"frequency":[1,2,3,4],"monetary":[1,2,3,4]}"#).is_err());
}

#[test]
fn absurd_amounts_are_refused() {
    let lines = [line("l", "i", "c", 0, LineKind::Sale, i128::MIN)];
    assert!(matches!(measure(&lines, 0), Err(SegmentsError::Amount { .. })));
}
