use std::collections::{BTreeMap, HashMap};

use proptest::collection::vec;
use proptest::prelude::*;

use super::line;
use crate::rfm::{Change, Cuts, Event, Line, LineKind, LiveRfm, Placed, Scoring, SegmentRules, measure, place};

/// What is said of a line: the version, whether it is withdrawn, and else the line.
type Said<'a> = (u64, bool, Option<&'a Line>);

/// The lines that stand after these events, worked out from the rule alone.
fn standing(events: &[Event]) -> Vec<Line> {
    let mut withdrawn: HashMap<&str, u64> = HashMap::new();
    let mut lines: BTreeMap<&str, Vec<Said>> = BTreeMap::new();
    for Event { version, change } in events {
        match change {
            Change::Line(line) => lines.entry(&line.line_id).or_default().push((*version, false, Some(line))),
            Change::LineWithdrawn { line_id } => lines.entry(line_id).or_default().push((*version, true, None)),
            Change::InvoiceWithdrawn { invoice_no } => {
                let highest = withdrawn.entry(invoice_no).or_default();
                *highest = version.max(highest).to_owned();
            }
        }
    }
    let latest = lines.into_values().filter_map(|versions| versions.into_iter().max());
    let stand =
        latest.filter_map(|(version, _, line)| line.filter(|line| withdrawn.get(line.invoice_no.as_str()).is_none_or(|w| *w < version)));
    stand.cloned().collect()
}

fn batch(events: &[Event], as_of: i32, scoring: &Scoring, rules: &SegmentRules) -> Vec<Placed> {
    place(measure(&standing(events), as_of).unwrap(), scoring, rules)
}

fn a_line() -> impl Strategy<Value = Line> {
    (0..25_u8, 0..8_u8, 0..6_u8, 0..30_i32, 0..4_u8, -3..9_i128).prop_map(|(id, invoice, customer, day, kind, amount)| {
        let kind = if kind == 0 { LineKind::Return } else { LineKind::Sale };
        line(&format!("l{id}"), &format!("i{invoice}"), &format!("c{customer}"), day, kind, amount)
    })
}

/// Versions from 1, so that a first withdrawal is always one.
fn an_event() -> impl Strategy<Value = Event> {
    let change = prop_oneof![
        8 => a_line().prop_map(Change::Line),
        1 => (0..25_u8).prop_map(|id| Change::LineWithdrawn { line_id: format!("l{id}") }),
        1 => (0..8_u8).prop_map(|invoice| Change::InvoiceWithdrawn { invoice_no: format!("i{invoice}") }),
    ];
    (1..6_u64, change).prop_map(|(version, change)| Event { version, change })
}

/// What happens: an event, one of the past again, another day.
#[derive(Debug, Clone)]
enum Step {
    New(Event),
    Again(prop::sample::Index),
    LookFrom(i32),
}

fn a_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => an_event().prop_map(Step::New),
        2 => any::<prop::sample::Index>().prop_map(Step::Again),
        2 => (-1..31_i32).prop_map(Step::LookFrom),
    ]
}

fn thresholds() -> Scoring {
    Scoring::Thresholds(Cuts::new([1, 4, 9, 16], [2, 3, 4, 5], [0, 5, 10, 20]).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn at_every_moment(steps in vec(a_step(), 1..120), first_day in 0..30_i32) {
        let rules = SegmentRules::parse(SegmentRules::CUSTOMARY).unwrap();
        let (mut live, mut events, mut day) = (LiveRfm::new(first_day), Vec::new(), first_day);
        for step in steps {
            match step {
                Step::New(event) => {
                    live.apply(event.clone()).unwrap();
                    events.push(event);
                }
                Step::Again(index) if !events.is_empty() => {
                    prop_assert!(!live.apply(index.get(&events).clone()).unwrap(), "an event was news twice");
                }
                Step::Again(_) => {}
                Step::LookFrom(next) => {
                    day = next;
                    live.look_from(next);
                }
            }
            for scoring in [Scoring::Quantiles, thresholds()] {
                let expected = batch(&events, day, &scoring, &rules);
                prop_assert_eq!(live.len(), expected.len());
                prop_assert_eq!(&live.everyone(&scoring, &rules), &expected);
                if let Some(placed) = expected.first() {
                    let one = live.placed(&placed.rfm.customer_id, &scoring, &rules);
                    prop_assert_eq!(one.as_ref(), Some(placed));
                }
            }
        }
    }

    #[test]
    fn in_any_order(events in vec(an_event(), 1..80), seed in any::<u64>()) {
        let rules = SegmentRules::parse(SegmentRules::CUSTOMARY).unwrap();
        let mut shuffled = events.clone();
        fastrand::Rng::with_seed(seed).shuffle(&mut shuffled);
        let run = |events: &[Event]| {
            let mut live = LiveRfm::new(20);
            events.iter().for_each(|event| { live.apply(event.clone()).unwrap(); });
            live.everyone(&Scoring::Quantiles, &rules)
        };
        prop_assert_eq!(run(&events), run(&shuffled));
    }
}

#[test]
fn the_comparison_sees_a_lost_event() {
    let rules = SegmentRules::parse(SegmentRules::CUSTOMARY).unwrap();
    let sale = |id: &str, customer: &str, day| Event { version: 1, change: Change::Line(line(id, id, customer, day, LineKind::Sale, 10)) };
    let events = [sale("1", "a", 1), sale("2", "b", 2), sale("3", "a", 9)];
    let mut live = LiveRfm::new(5);
    events[..2].iter().for_each(|event| assert!(live.apply(event.clone()).unwrap()));
    assert_eq!(live.everyone(&Scoring::Quantiles, &rules), batch(&events, 5, &Scoring::Quantiles, &rules));
    live.look_from(9);
    assert_ne!(live.everyone(&Scoring::Quantiles, &rules), batch(&events, 9, &Scoring::Quantiles, &rules));
    assert!(live.apply(events[2].clone()).unwrap());
    assert_eq!(live.everyone(&Scoring::Quantiles, &rules), batch(&events, 9, &Scoring::Quantiles, &rules));
}
