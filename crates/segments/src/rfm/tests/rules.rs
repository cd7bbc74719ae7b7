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

/// The `case` of the model, read as text: conditions on recency_score and value_score, joined by `and`.
struct Case(Vec<(String, String)>);

impl Case {
    fn read() -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../gold/models/commerce/customer_rfm.sql");
        let sql = fs::read_to_string(file).unwrap();
        let case = sql.split("\n    case\n").nth(1).unwrap().split("end as segment").next().unwrap();
        let rules = case.lines().map(str::trim).filter(|line| !line.is_empty()).map(|line| match line.strip_prefix("else ") {
            Some(segment) => (String::new(), segment.to_owned()),
            None => {
                let (conditions, segment) = line.strip_prefix("when ").unwrap().split_once(" then ").unwrap();
                (conditions.to_owned(), segment.to_owned())
            }
        });
        Self(rules.collect())
    }

    fn segment(&self, scores: Scores) -> &str {
        let value = (f64::from(scores.frequency + scores.monetary) / 2.0).round() as u8;
        let holds = |condition: &str| {
            let parts: Vec<_> = condition.split(' ').collect();
            let score = match parts[0] {
                "recency_score" => scores.recency,
                "value_score" => value,
                other => panic!("{other}"),
            };
            let bound: u8 = parts[2].parse().unwrap();
            match parts[1] {
                ">=" => score >= bound,
                "=" => score == bound,
                other => panic!("{other}"),
            }
        };
        let fits = |conditions: &str| conditions.is_empty() || conditions.split(" and ").all(holds);
        self.0.iter().find(|(conditions, _)| fits(conditions)).unwrap().1.trim_matches('\'')
    }
}

#[test]
fn the_customary_table_says_what_the_model_says() {
    let (case, rules) = (Case::read(), SegmentRules::parse(SegmentRules::CUSTOMARY).unwrap());
    assert_eq!(case.0.len(), 17);
    for scores in cells() {
        assert_eq!(rules.segment(scores), case.segment(scores), "{scores:?}");
    }
    assert_eq!(rules.segments().len(), 11);
    // The control: a table with one score moved differs.
    let moved = SegmentRules::parse(&SegmentRules::CUSTOMARY.replace("r 4-5, v 4-5", "r 4-5, v 5\nloyal: r 4-5, v 4")).unwrap();
    assert!(cells().any(|scores| moved.segment(scores) != case.segment(scores)));
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
