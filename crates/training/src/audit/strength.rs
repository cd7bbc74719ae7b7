//! How much of the label one feature tells by itself.

use super::chance::Area;
use super::finding::{Finding, Kind, Severity};
use super::rows::{Rows, Side};
use super::tally::Tally;

/// No single feature of clicks or churn is honestly this good: whole models are not.
const CERTAIN: f64 = 0.95;
/// Good enough to look at, and a leak if no other feature comes near.
const STRONG: f64 = 0.85;
/// By how much an AUC must be above honest values beyond chance: so much lower is still more than a strong honest feature has.
const MARGIN: f64 = 0.1;
/// Out of line is who lies so many times as far from 0.5 as the best of those below, in standard deviations between the classes.
const OUT_OF_LINE: f64 = 2.0;
/// Leaks come in families (the click's time, its price, its page); at most this part of the features is taken for one.
const FAMILY: usize = 4;
/// The world's changes move the AUC of an honest feature from training to test rows by some hundredths; this much is none of them.
const CERTAIN_FALL: f64 = 0.15;
const STRONG_FALL: f64 = 0.1;

/// What one feature reaches, whichever end is up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Strength {
    /// The better of order and rates; `None` where there is nothing to measure on.
    best: Option<Area>,
    /// Of the order of its numbers, on all rows.
    pub(super) order: Option<Area>,
    /// On each side of a split, the end up that is so in training.
    train: Option<Area>,
    test: Option<Area>,
}

impl Strength {
    /// Numbers are judged by their order, which has nothing to learn, and like categories by what the earlier half of the rows tells about
    /// the later one.
    pub(super) fn of(rows: &Rows<'_>, tally: &Tally<'_>) -> Self {
        let order = tally.area_of_order(|cell| cell.all()).map(Area::either_way);
        let rates = tally.area_of_rates(rows.base_rate());
        let best = [order, rates].into_iter().flatten().max_by(|a, b| a.auc.total_cmp(&b.auc));
        let on = |side: Side| if rows.split.is_some() { tally.area_of_order(|cell| cell.side(side)) } else { None };
        let (train, mut test) = (on(Side::Train), on(Side::Test));
        if let (Some(train), Some(test)) = (train, &mut test) {
            test.auc = if train.auc < 0.5 { 1.0 - test.auc } else { test.auc };
        }
        Self { best, order, train: train.map(Area::either_way), test }
    }
}

/// Features that are too good, by number.
pub(super) fn too_good(names: &[String], strengths: &[Strength], errors: f64) -> Vec<(usize, Finding)> {
    let mut ranked: Vec<_> = strengths.iter().enumerate().filter_map(|(feature, strength)| Some((feature, strength.best?))).collect();
    ranked.sort_by(|a, b| b.1.auc.total_cmp(&a.1.auc));
    let is_strong = |area: &Area, auc: f64| area.auc >= auc && area.is_above(auc - MARGIN, errors);
    let family = (1..=(ranked.len() / FAMILY).max(1)).rev().find(|count| {
        let (Some((_, last)), Some((_, next))) = (ranked.get(count - 1), ranked.get(*count)) else { return false };
        is_strong(last, STRONG) && last.separation() >= OUT_OF_LINE * next.separation()
    });
    let mut found = Vec::new();
    for (place, (feature, area)) in ranked.iter().enumerate().filter(|(_, (_, area))| is_strong(area, STRONG)) {
        let is_out_of_line = family.is_some_and(|count| place < count);
        let next = ranked.get(family.filter(|_| is_out_of_line).unwrap_or(place + 1)).map_or(0.5, |(_, next)| next.auc);
        let is_leak = is_strong(area, CERTAIN) || is_out_of_line;
        let (name, auc) = (&names[*feature], area.auc);
        let verdict = if is_leak { "no honest feature is" } else { "few honest features are" };
        let sentence = format!(
            "`{name}` by itself reaches an AUC of {auc:.3}, the best feature below it {next:.3}: {verdict} that good; find out when and from \
             what it is written, and take its value from before the event"
        );
        let evidence = [("auc", auc), ("auc_of_next", next), ("positives", area.positives), ("negatives", area.negatives)];
        let severity = if is_leak { Severity::Leak } else { Severity::Suspicion };
        found.push((*feature, Finding::of_feature(Kind::TooGood, severity, name, &evidence, sentence)));
    }
    found
}

/// A feature that tells much of training rows and little of test rows knew the labels of the training rows.
pub(super) fn fall(feature: &str, strength: &Strength, errors: f64) -> Option<Finding> {
    let (train, test) = (strength.train?, strength.test?);
    let fall = train.auc - test.auc;
    let error = train.error_if(train.auc).hypot(test.error_if(test.auc.max(0.5)));
    let exceeds = |honest: f64| fall - honest > errors * error;
    let severity = match fall {
        _ if fall >= CERTAIN_FALL && exceeds(CERTAIN_FALL - MARGIN) => Severity::Leak,
        _ if fall >= STRONG_FALL && exceeds(0.0) => Severity::Suspicion,
        _ => return None,
    };
    let sentence = format!(
        "`{feature}` has an AUC of {:.3} on the training rows and of {:.3} on the test rows: it was computed with the labels of the rows that \
         are to be learned from; compute it for each row from strictly earlier ones",
        train.auc, test.auc
    );
    let evidence = [("auc_of_training_rows", train.auc), ("auc_of_test_rows", test.auc)];
    Some(Finding::of_feature(Kind::OwnLabel, severity, feature, &evidence, sentence))
}
