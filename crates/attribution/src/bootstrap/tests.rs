use super::*;
use crate::journey::Paths;
use crate::random::generator;
use rand_pcg::rand_core::Rng;

const MODELS: [Model; 6] = [
    Model::Rule(Rule::Linear),
    Model::Rule(Rule::First),
    Model::Markov(1),
    Model::Markov(2),
    Model::Shapley(Worth::Conversions, Sampling { pairs: 2, seed: 0, level: 0.95 }),
    Model::Shapley(Worth::Rate, Sampling { pairs: 2, seed: 0, level: 0.95 }),
];

/// Journeys drawn from a law: kinds of journeys with their chance, and their chance to convert.
fn drawn(count: u64, seed: u64) -> Result<Journeys> {
    let kinds: [(&[u32], f64, f64); 5] =
        [(&[0], 0.3, 0.1), (&[0, 1], 0.2, 0.4), (&[1, 2], 0.2, 0.3), (&[2, 0, 1], 0.1, 0.5), (&[2], 0.2, 0.2)];
    let mut random = generator(seed, Purpose::Bootstrap, u64::MAX);
    let (mut conversions, mut nulls) = ([0; 5], [0; 5]);
    for _ in 0..count {
        let mut unit = || (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
        let (mut place, converts) = (unit(), unit());
        let kind = kinds.iter().position(|kind| {
            place -= kind.1;
            place < 0.0
        });
        let kind = kind.unwrap_or(4);
        if converts < kinds[kind].2 { conversions[kind] += 1 } else { nulls[kind] += 1 }
    }
    let mut paths = Paths::default();
    kinds.iter().for_each(|kind| paths.push(kind.0.iter().copied()));
    let value: Vec<_> = conversions.iter().map(|count| *count as f64 * 2.5).collect();
    Journeys::new(3, &paths, &conversions, &value, &nulls)
}

#[test]
fn intervals_do_not_depend_on_threads_but_on_the_seed() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let journeys = drawn(500, 3)?;
    let confidence = Confidence { replicates: 40, ..Confidence::default() };
    for model in &MODELS {
        for resampling in [Resampling::Poisson, Resampling::Multinomial] {
            let intervals = || model.intervals(&journeys, resampling, &confidence);
            let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            assert_eq!(pool(1)?.install(intervals)?, pool(3)?.install(intervals)?, "{model:?}");
            let other = model.intervals(&journeys, resampling, &Confidence { seed: 1, ..confidence })?;
            assert_ne!(other, intervals()?, "{model:?}");
        }
    }
    Ok(())
}

#[test]
fn intervals_hold_the_truth_as_often_as_they_say() -> Result<()> {
    let truth = drawn(4_000_000, 99)?;
    let confidence = Confidence { replicates: 150, level: 0.9, seed: 5 };
    for model in &MODELS {
        let truth = model.credits(&truth)?;
        let all: f64 = truth.conversions.iter().sum();
        let (mut held, mut asked) = (0, 0);
        for sample in 0..200 {
            let intervals = model.intervals(&drawn(800, sample)?, Resampling::Poisson, &confidence)?;
            for (channel, interval) in intervals.iter().enumerate() {
                let (low, high) = (interval.share.low, interval.share.high);
                held += usize::from((low..=high).contains(&(truth.conversions[channel] / all)));
                asked += 1;
            }
        }
        let share = f64::from(held as u32) / f64::from(asked);
        assert!((0.85..=0.94).contains(&share), "{model:?}: {share}");
    }
    Ok(())
}

#[test]
fn spreads_are_those_of_the_laws() -> Result<()> {
    // All credit goes to one channel: conversions are Poisson with mean 400, or binomial of 1600 with chance 1/4.
    let journeys = Journeys::new(1, &Paths { offsets: vec![0, 1], steps: vec![0] }, &[400], &[800.0], &[1200])?;
    let confidence = Confidence { replicates: 4000, level: 0.6827, seed: 0 };
    for (resampling, deviation) in [(Resampling::Poisson, 20.0), (Resampling::Multinomial, 300_f64.sqrt())] {
        let found = Model::Rule(Rule::Last).intervals(&journeys, resampling, &confidence)?[0];
        let half = (found.conversions.high - found.conversions.low) / 2.0;
        assert!((half / deviation - 1.0).abs() < 0.06, "{resampling:?}: {half}, expected {deviation}");
        assert_eq!((found.value.low, found.value.high), (2.0 * found.conversions.low, 2.0 * found.conversions.high));
        assert_eq!((found.share.low, found.share.high), (1.0, 1.0));
    }
    Ok(())
}

#[test]
fn journeys_without_conversions_have_no_credit_and_no_spread() -> Result<()> {
    let journeys = Journeys::new(2, &Paths { offsets: vec![0, 2], steps: vec![0, 1] }, &[0], &[], &[7])?;
    let confidence = Confidence { replicates: 20, ..Confidence::default() };
    for model in &MODELS {
        let found = model.intervals(&journeys, Resampling::Poisson, &confidence)?;
        let nothing = Estimate { value: 0.0, low: 0.0, high: 0.0 };
        assert!(found.iter().all(|found| found.conversions == nothing && found.share == nothing), "{model:?}");
    }
    assert!(Model::Markov(9).intervals(&journeys, Resampling::Poisson, &confidence).is_err());
    assert!(Model::Markov(1).intervals(&journeys, Resampling::Poisson, &Confidence { replicates: 3, ..confidence }).is_err());
    Ok(())
}
