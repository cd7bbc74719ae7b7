use std::fs;
use std::path::Path;

use crate::SegmentsError;
use crate::rfm::{Scores, SegmentRules};

fn cells() -> impl Iterator<Item = Scores> {
    let triples = (0..125_u8).map(|cell| [cell / 25 + 1, cell / 5 % 5 + 1, cell % 5 + 1]);
    triples.map(|[recency, frequency, monetary]| Scores { recency, frequency, monetary })
}

fn problem(text: &str) -> String {
    SegmentRules::parse(text).unwrap_err().to_string()
}

/// The rules that the model has unless others are set: the text of its parameter.
fn of_the_model() -> SegmentRules {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../gold/models/commerce/customer_rfm.sql");
    let sql = fs::read_to_string(file).unwrap();
    let rules = sql.split("[parameters.rules]").nth(1).unwrap().split("\"\"\"").nth(1).unwrap();
    SegmentRules::parse(rules).unwrap()
}

#[test]
fn the_customary_table_says_what_the_model_says() {
    let (model, rules) = (of_the_model(), SegmentRules::parse(SegmentRules::CUSTOMARY).unwrap());
    for scores in cells() {
        assert_eq!(rules.segment(scores), model.segment(scores), "{scores:?}");
    }
    assert_eq!((rules.segments(), rules.segments().len()), (model.segments(), 11));
    // The control: a table with one score moved differs.
    let moved = SegmentRules::parse(&SegmentRules::CUSTOMARY.replace("r 4-5, v 4-5", "r 4-5, v 5\nloyal: r 4-5, v 4")).unwrap();
    assert!(cells().any(|scores| moved.segment(scores) != model.segment(scores)));
}

#[test]
fn the_first_rule_that_fits_decides() {
    let rules = SegmentRules::parse("# best first\n\n good : r 4-5 , f 5 # both\nfair: m 2-5\nrest:").unwrap();
    let segment = |recency, frequency, monetary| rules.segment(Scores { recency, frequency, monetary }).to_owned();
    assert_eq!([segment(4, 5, 1), segment(4, 4, 2), segment(3, 5, 1), segment(9, 9, 0)], ["good", "fair", "rest", "good"]);
    assert_eq!(rules.segments(), ["good", "fair", "rest"]);
    let stored = serde_json::to_string(&rules).unwrap();
    assert_eq!(serde_json::from_str::<SegmentRules>(&stored).unwrap(), rules);
}

#[test]
fn a_table_that_leaves_a_cell_open_is_refused() {
    let open = SegmentRules::parse("some: r 1-5, f 1-4\nmore: f 5, m 2-5\n").unwrap_err();
    assert_eq!(open, SegmentsError::Uncovered { recency: 1, frequency: 5, monetary: 1 });
    assert_eq!(SegmentRules::parse("").unwrap_err(), SegmentsError::Uncovered { recency: 1, frequency: 1, monetary: 1 });
}

#[test]
fn what_cannot_be_read_is_named_with_its_line() {
    assert_eq!(problem("all:\nlate: r 1"), "segment rules, line 2: `late` is never reached: the rules before it take all that it would");
    for (text, part) in [
        ("\nchampions", "line 2: `champions` has no colon"),
        ("Gold: r 5\nall:", "line 1: `Gold` is no name"),
        (": r 5", "line 1: `` is no name"),
        ("x: q 5", "line 1: `q` is no measure"),
        ("x: r5", "`r5` is no condition"),
        ("x: r 5,", "`` is no condition"),
        ("x: r 0", "`0` are no scores"),
        ("x: r 6", "`6` are no scores"),
        ("x: r 5-4", "`5-4` are no scores"),
        ("x: r five", "`five` are no scores"),
        ("x: r 1, r 2", "measure `r` is there twice"),
    ] {
        assert!(problem(text).contains(part), "{text}: {}", problem(text));
    }
}
