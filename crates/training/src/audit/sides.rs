//! Whether the two sides of a split are as far apart as it says.

use std::collections::HashMap;

use super::chance::Area;
use super::finding::{Finding, Kind, Severity, percent};
use super::rows::Rows;
use super::settings::Facts;
use crate::split::{Split, Splitting};

/// A mean over the test rows moves by about as much as the share of rows that are not what they seem: a hundredth is still noise.
const SMALL_PART: f64 = 0.01;

/// Row numbers that both sides name.
pub(super) fn shared_rows(rows: &Rows<'_>, split: &Split) -> Option<Finding> {
    let mut is_training = vec![false; rows.data.rows()];
    split.train.iter().for_each(|row| is_training[*row as usize] = true);
    let shared = split.test.iter().filter(|row| is_training[**row as usize]).count();
    if shared == 0 {
        return None;
    }
    let share = shared as f64 / split.test.len() as f64;
    let sentence = format!("{shared} rows ({} of the test rows) are on both sides of the split: make the sides anew", percent(share));
    let evidence = [("rows", shared as f64), ("share_of_test_rows", share)];
    Some(Finding::of_rows(Kind::SharedRows, Severity::Leak, &evidence, sentence))
}

/// Groups on both sides, unless the split is by time: then whoever comes back is known, as in use.
pub(super) fn shared_groups(rows: &Rows<'_>, split: &Split, splitting: Option<Splitting>) -> Option<Finding> {
    let groups = rows.data.groups()?;
    let by_time = match splitting {
        Some(Splitting::Time { .. }) => true,
        Some(_) => false,
        None => ends(rows, split).is_some_and(|ends| ends.last_training < ends.first_test),
    };
    if by_time {
        return None;
    }
    let mut known: HashMap<u64, (u64, u64)> = HashMap::new();
    for row in &split.train {
        let (positives, all) = known.entry(groups[*row as usize]).or_default();
        *positives += u64::from(rows.labels()[*row as usize]);
        *all += 1;
    }
    let rate = rows.base_rate();
    let remembered = |row: &u32| {
        let (positives, all) = known.get(&groups[*row as usize])?;
        Some(((*positives as f64 + rate) / (*all as f64 + 1.0), rows.labels()[*row as usize]))
    };
    let mut scores: Vec<_> = split.test.iter().filter_map(remembered).collect();
    if scores.is_empty() {
        return None;
    }
    let share = scores.len() as f64 / split.test.len() as f64;
    let mut evidence = vec![("rows", scores.len() as f64), ("share_of_test_rows", share)];
    let concerned = scores.len();
    let auc = Area::of_scores(&mut scores).map(|area| area.auc);
    evidence.extend(auc.map(|auc| ("auc_of_known_groups", auc)));
    let is_promised = matches!(splitting, Some(Splitting::Group { .. }));
    let severity = if is_promised || share >= SMALL_PART { Severity::Leak } else { Severity::Suspicion };
    let memory = auc.map_or(String::new(), |auc| format!(", and what training tells of the group alone has an AUC of {auc:.3} on them"));
    let sentence = format!(
        "{concerned} test rows ({}) are of groups that training rows are of{memory}: split by group, or by time if the model will know them",
        percent(share)
    );
    Some(Finding::of_rows(Kind::SharedGroups, severity, &evidence, sentence))
}

struct Ends {
    last_training: i64,
    first_test: i64,
}

fn ends(rows: &Rows<'_>, split: &Split) -> Option<Ends> {
    let times = rows.data.times()?;
    let last_training = split.train.iter().map(|row| times[*row as usize]).max()?;
    let first_test = split.test.iter().map(|row| times[*row as usize]).min()?;
    Some(Ends { last_training, first_test })
}

/// A split by time in which training rows are as new as test rows.
pub(super) fn time_order(rows: &Rows<'_>, split: &Split) -> Option<Finding> {
    let (times, ends) = (rows.data.times()?, ends(rows, split)?);
    if ends.last_training < ends.first_test {
        return None;
    }
    let newer = split.train.iter().filter(|row| times[**row as usize] >= ends.first_test).count();
    let older = split.test.iter().filter(|row| times[**row as usize] <= ends.last_training).count();
    let sentence = format!(
        "the split is said to be by time, but {newer} training rows are not older than the first test row and {older} test rows not newer \
         than the last training row: split anew by the event times"
    );
    let evidence = [("training_rows", newer as f64), ("test_rows", older as f64)];
    Some(Finding::of_rows(Kind::TimeOrder, Severity::Leak, &evidence, sentence))
}

/// Training rows in the gap before the first test row, and training rows whose labels were not there yet when it began.
pub(super) fn in_gap(rows: &Rows<'_>, split: &Split, facts: &Facts<'_>) -> Vec<Finding> {
    let (Some(Splitting::Time { gap }), Some(times), Some(ends)) = (facts.splitting, rows.data.times(), ends(rows, split)) else {
        return Vec::new();
    };
    let last = ends.first_test.saturating_sub(gap.max(0));
    let before = || split.train.iter().map(|row| *row as usize).filter(|row| times[*row] < ends.first_test);
    let inside = before().filter(|row| times[*row] >= last).count();
    let mut found = Vec::new();
    if inside > 0 {
        let share = inside as f64 / split.train.len() as f64;
        let sentence = format!(
            "{inside} training rows ({}) lie in the gap of {gap} before the first test row: leave them out, or shorten the gap",
            percent(share)
        );
        let evidence = [("rows", inside as f64), ("share_of_training_rows", share)];
        found.push(Finding::of_rows(Kind::InGap, Severity::Leak, &evidence, sentence));
    }
    let open = facts.label_times.map_or(0, |labels| before().filter(|row| labels[*row] >= ends.first_test).count());
    if open > 0 {
        let share = open as f64 / split.train.len() as f64;
        let sentence = format!(
            "the labels of {open} training rows ({}) came true, or were given up, only after the first test row: lengthen the gap to the \
             longest wait for a label",
            percent(share)
        );
        let evidence = [("rows", open as f64), ("share_of_training_rows", share)];
        let severity = if share >= SMALL_PART { Severity::Leak } else { Severity::Suspicion };
        found.push(Finding::of_rows(Kind::InGap, severity, &evidence, sentence));
    }
    found
}
