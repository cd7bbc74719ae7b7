use proptest::prelude::*;

use super::*;
use crate::journey::Paths;

fn every_rule() -> Vec<Rule> {
    vec![
        Rule::First,
        Rule::Last,
        Rule::LastNonDirect { direct: vec![0] },
        Rule::Linear,
        Rule::U_SHAPED,
        Rule::PositionBased { first: 0.0, last: 0.0 },
        Rule::TimeDecay { half_life: 1.5 },
        Rule::Priority { order: vec![2, 1] },
        Rule::ByPosition { first: vec![3.0], other: 1.0, last: vec![2.0, 1.0] },
        Rule::ByPosition { first: vec![], other: 0.0, last: vec![] },
        Rule::ByChannel { weights: vec![0.0, 1.0, 5.0] },
    ]
}

#[test]
fn shares_are_as_defined() -> Result<()> {
    let close = |rule: &Rule, steps: &[u32], ages: Option<&[f64]>, expected: &[f64]| -> Result<()> {
        let shares = rule.shares(steps, ages)?;
        let near = shares.len() == expected.len() && shares.iter().zip(expected).all(|(left, right)| (left - right).abs() < 1e-12);
        assert!(near, "{rule:?} of {steps:?}: {shares:?}, expected {expected:?}");
        Ok(())
    };
    close(&Rule::First, &[1, 2, 3], None, &[1.0, 0.0, 0.0])?;
    close(&Rule::Last, &[1, 2, 3], None, &[0.0, 0.0, 1.0])?;
    let non_direct = Rule::LastNonDirect { direct: vec![0, 9] };
    close(&non_direct, &[1, 2, 0, 9], None, &[0.0, 1.0, 0.0, 0.0])?;
    close(&non_direct, &[0, 9, 0], None, &[0.0, 0.0, 1.0])?;
    close(&Rule::Linear, &[1, 2, 1, 4], None, &[0.25; 4])?;
    close(&Rule::U_SHAPED, &[1], None, &[1.0])?;
    close(&Rule::U_SHAPED, &[1, 2], None, &[0.5, 0.5])?;
    close(&Rule::U_SHAPED, &[1, 2, 3, 4], None, &[0.4, 0.1, 0.1, 0.4])?;
    close(&Rule::PositionBased { first: 0.6, last: 0.2 }, &[1, 2], None, &[0.75, 0.25])?;
    close(&Rule::PositionBased { first: 0.0, last: 0.0 }, &[1, 2], None, &[0.5, 0.5])?;
    close(&Rule::PositionBased { first: 0.0, last: 0.0 }, &[1, 2, 3], None, &[0.0, 1.0, 0.0])?;
    let decay = Rule::TimeDecay { half_life: 3600.0 };
    close(&decay, &[1, 2, 3], Some(&[7200.0, 3600.0, 0.0]), &[1.0 / 7.0, 2.0 / 7.0, 4.0 / 7.0])?;
    // However long ago, it is the time between touches that counts; nothing vanishes into 0 / 0.
    close(&decay, &[1, 2], Some(&[1e12 + 3600.0, 1e12]), &[1.0 / 3.0, 2.0 / 3.0])?;
    close(&Rule::TimeDecay { half_life: 1.0 }, &[1, 2, 3], None, &[1.0 / 7.0, 2.0 / 7.0, 4.0 / 7.0])?;
    let priority = Rule::Priority { order: vec![5, 4] };
    close(&priority, &[4, 5, 5, 4], None, &[0.0, 0.0, 1.0, 0.0])?;
    close(&priority, &[4, 4, 3], None, &[0.0, 1.0, 0.0])?;
    close(&priority, &[1, 2, 3], None, &[0.0, 0.0, 1.0])?;
    let by_position = Rule::ByPosition { first: vec![3.0, 2.0], other: 1.0, last: vec![4.0] };
    close(&by_position, &[1], None, &[1.0])?;
    close(&by_position, &[1, 2], None, &[3.0 / 9.0, 6.0 / 9.0])?;
    close(&by_position, &[1, 2, 3, 4], None, &[0.3, 0.2, 0.1, 0.4])?;
    close(&Rule::ByPosition { first: vec![0.0], other: 0.0, last: vec![] }, &[1, 2], None, &[0.5, 0.5])?;
    let by_channel = Rule::ByChannel { weights: vec![1.0, 3.0] };
    close(&by_channel, &[0, 1, 7], None, &[0.25, 0.75, 0.0])?;
    close(&by_channel, &[7, 8], None, &[0.5, 0.5])?;
    close(&Rule::ByChannel { weights: vec![f64::MAX, f64::MAX] }, &[0, 1], None, &[0.5, 0.5])?;
    for rule in every_rule() {
        close(&rule, &[], None, &[])?;
    }
    Ok(())
}

#[test]
fn settings_and_ages_that_make_no_sense_are_errors() {
    let wrong = [
        Rule::PositionBased { first: -0.1, last: 0.5 },
        Rule::PositionBased { first: 0.7, last: 0.5 },
        Rule::PositionBased { first: f64::NAN, last: 0.5 },
        Rule::PositionBased { first: 0.5, last: f64::NAN },
        Rule::TimeDecay { half_life: 0.0 },
        Rule::TimeDecay { half_life: f64::INFINITY },
        Rule::ByPosition { first: vec![], other: -1.0, last: vec![] },
        Rule::ByChannel { weights: vec![f64::INFINITY] },
    ];
    for rule in wrong {
        assert!(rule.shares(&[1, 2], None).is_err(), "{rule:?}");
    }
    for ages in [&[1.0][..], &[1.0, -1.0], &[f64::NAN, 1.0]] {
        assert!(Rule::Linear.shares(&[1, 2], Some(ages)).is_err(), "{ages:?}");
    }
}

#[test]
fn a_path_of_many_steps_is_shared_out() -> Result<()> {
    let steps: Vec<_> = (0..500).map(|step| step % 7).collect();
    for rule in every_rule() {
        let shares = rule.shares(&steps, None)?;
        assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-12, "{rule:?}");
    }
    Ok(())
}

#[test]
fn conversions_without_a_touch_are_given_to_nobody() -> Result<()> {
    let paths = Paths { offsets: vec![0, 0, 1], steps: vec![1] };
    let journeys = Journeys::new(2, &paths, &[3, 2], &[30.0, 5.0], &[])?;
    for rule in every_rule() {
        let credits = rule.credits(&journeys)?;
        assert_eq!((credits.conversions, credits.value), (vec![0.0, 2.0], vec![0.0, 5.0]), "{rule:?}");
    }
    Ok(())
}

proptest! {
    #[test]
    fn shares_sum_to_one(steps in prop::collection::vec(0_u32..4, 1..40), ages in prop::collection::vec(0.0..1e7_f64, 40)) {
        for rule in every_rule() {
            for ages in [None, Some(&ages[..steps.len()])] {
                let shares = rule.shares(&steps, ages)?;
                prop_assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-12 && shares.iter().all(|share| *share >= 0.0), "{:?}", rule);
            }
        }
    }

    /// Other names give channels other numbers; each keeps its credit to the last bit, and credit sums to what there was to share.
    #[test]
    fn names_of_channels_do_not_show(
        rows in prop::collection::vec((prop::collection::vec(0_u32..4, 1..9), 1_u64..5, 0_u32..999), 1..30),
        names in Just([0_u32, 1, 2, 3]).prop_shuffle(),
    ) {
        let build = |name: &dyn Fn(u32) -> u32| {
            let mut paths = Paths::default();
            rows.iter().for_each(|(path, ..)| paths.push(path.iter().map(|step| name(*step))));
            let conversions: Vec<_> = rows.iter().map(|row| row.1).collect();
            let value: Vec<_> = rows.iter().map(|row| f64::from(row.2) / 7.0).collect();
            Journeys::new(4, &paths, &conversions, &value, &[])
        };
        let (plain, renamed) = (build(&|step| step)?, build(&|step| names[step as usize])?);
        let totals = plain.totals();
        for rule in [Rule::First, Rule::Last, Rule::Linear, Rule::U_SHAPED, Rule::TimeDecay { half_life: 2.0 }] {
            let (plain, renamed) = (rule.credits(&plain)?, rule.credits(&renamed)?);
            for (channel, other) in names.iter().enumerate() {
                let other = *other as usize;
                prop_assert_eq!(plain.conversions[channel], renamed.conversions[other]);
                prop_assert_eq!(plain.value[channel], renamed.value[other]);
            }
            prop_assert!((plain.conversions.iter().sum::<f64>() - totals.conversions).abs() < 1e-9);
            prop_assert!((plain.value.iter().sum::<f64>() - totals.value).abs() < 1e-9);
        }
    }
}
