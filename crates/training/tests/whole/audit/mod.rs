//! The leak audit finds what is planted, and leaves honest data alone.

mod planted;
mod world;

use training::Splitting;
use training::audit::{Audit, AuditSettings, Facts, Finding, Kind, Severity};

use planted::{Leak, leaks};
use world::{DAY, World};

fn audit(leak: &Leak, settings: &AuditSettings) -> Audit {
    let feature = leak.feature.unwrap_or_default();
    let known_at: Vec<_> = leak.known_at.iter().map(|times| (feature, times.as_slice())).collect();
    let from_label = if leak.is_derived { vec![feature] } else { vec![] };
    let facts = Facts { splitting: leak.splitting, known_at: &known_at, label_times: leak.label_times.as_deref(), from_label: &from_label };
    Audit::of(&leak.data, leak.split.as_ref(), &facts, settings).unwrap()
}

/// A suspicion will do for what need not be a leak.
fn is_caught(leak: &Leak, audit: &Audit) -> bool {
    let may_be_suspicion =
        [Kind::Identifier, Kind::ConstantOnOneSide, Kind::RepeatedRows].contains(&leak.kind) || leak.feature == Some("score");
    let is_it = |finding: &Finding| {
        finding.kind == leak.kind
            && finding.feature.as_deref() == leak.feature
            && (finding.severity == Severity::Leak || may_be_suspicion)
            && finding.sentence.contains(leak.feature.unwrap_or_default())
    };
    audit.findings.iter().any(is_it)
}

fn told(leak: &Leak, audit: &Audit) -> String {
    let lines = audit.findings.iter().map(|finding| format!("\n    {:?} {finding}", finding.severity));
    format!("\n{}: {} {:?}{}", leak.name, leak.kind.name(), leak.feature, lines.collect::<String>())
}

#[test]
fn every_planted_leak_is_caught_by_its_name_and_by_no_check_that_is_off() {
    let leaks = leaks();
    assert!(leaks.len() >= 30);
    let (mut missed, mut strays) = (Vec::new(), Vec::new());
    for leak in &leaks {
        let found = audit(leak, &AuditSettings::default());
        if !is_caught(leak, &found) {
            missed.push(told(leak, &found));
        }
        let is_planted = |feature: &str| Some(feature) == leak.feature || ["click_page", "request_id", "request_number"].contains(&feature);
        if found.leaks().any(|finding| finding.feature.as_ref().is_some_and(|feature| !is_planted(feature))) {
            strays.push(told(leak, &found));
        }
        // The control.
        let off = audit(leak, &AuditSettings { skip: vec![leak.kind], ..AuditSettings::default() });
        assert!(!is_caught(leak, &off), "a check that is off caught {}", told(leak, &off));
    }
    assert!(missed.is_empty(), "{} of {} leaks were caught; missed:{}", leaks.len() - missed.len(), leaks.len(), missed.concat());
    assert!(strays.is_empty(), "honest features are accused in {} of {} data sets:{}", strays.len(), leaks.len(), strays.concat());
}

#[test]
fn the_same_is_found_by_any_number_of_threads() {
    let leak = planted::impossible_rows().swap_remove(0);
    let found = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| audit(&leak, &AuditSettings::default()))
    };
    assert_eq!(found(1), found(3));
}

/// Audits clean data set number `seed` and gives its leaks.
fn clean(seed: u64) -> Vec<String> {
    let rows = [500, 1000, 2000, 5000, 10_000, 20_000, 50_000][seed as usize % 7];
    let rate = [0.02, 0.05, 0.1, 0.2, 0.4][seed as usize % 5];
    let world = World::new(rows, rate, seed);
    let (data, splitting) = match seed % 4 {
        0 => (world.data(), Some(Splitting::Time { gap: DAY + 1 })),
        1 => (world.data(), Some(Splitting::Group { seed })),
        2 => (world.timed(), Some(Splitting::Random { seed })),
        _ => (world.bare(), None),
    };
    let split = splitting.map(|splitting| splitting.split(&data, 0.3).unwrap());
    let known: Vec<_> = world.times.iter().map(|time| time - 1).collect();
    let known_at = [("old_score", known.as_slice())];
    let known_at = if data.times().is_some() { &known_at[..] } else { &[] };
    let facts = Facts { splitting, known_at, label_times: data.times().map(|_| world.label_times.as_slice()), from_label: &["click_id"] };
    let audit = Audit::of(&data, split.as_ref(), &facts, &AuditSettings::default()).unwrap();
    audit.leaks().map(|leak| format!("\n{rows} rows at {rate}, seed {seed}: {} {leak}", leak.kind.name())).collect()
}

#[test]
fn honest_data_is_left_alone() {
    let alarms: Vec<_> = (0..30).flat_map(clean).collect();
    assert!(alarms.len() <= 1, "{} false alarms in 30 clean data sets:{}", alarms.len(), alarms.concat());
}
