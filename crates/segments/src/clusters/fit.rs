//! From customers to clusters: how many there are, and why.

use fastrand::Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::features::{Feature, Scale, transformed};
use super::model::Clusters;
use super::partition::Partition;
use super::points::Points;
use super::silhouette::silhouette;
use super::starts::spread;
use crate::error::{Result, SegmentsError};

/// How to look for clusters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterSettings {
    /// The fewest clusters tried, at least 2.
    pub fewest: usize,
    /// The most clusters tried; the same number as `fewest` for no choice. Lowered where fewer customers differ.
    pub most: usize,
    /// First centres tried per number of clusters; those with the lowest inertia stay.
    pub restarts: usize,
    /// Up to so many customers, all pairs are compared; of more, the number of clusters is chosen on a random sample of this size, and the
    /// sample's centres are where the clusters of all customers start. At least 10.
    pub sample: usize,
    /// Seed of first centres and sample.
    pub seed: u64,
}

impl Default for ClusterSettings {
    fn default() -> Self {
        Self { fewest: 2, most: 8, restarts: 4, sample: 10_000, seed: 0 }
    }
}

/// A number of clusters that was tried.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// The number of clusters.
    pub clusters: usize,
    /// The mean silhouette, -1 to 1.
    pub silhouette: f64,
    /// The sum of squared distances from the centres, over the customers that were compared.
    pub inertia: f64,
}

/// Which number of clusters was chosen, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    /// What was tried, from the fewest clusters up.
    pub candidates: Vec<Candidate>,
    /// The number with the highest silhouette; of equal ones the lowest.
    pub chosen: usize,
    /// Customers that were compared: all, or the sample.
    pub compared: usize,
    /// The reason in a sentence.
    pub why: String,
}

/// Clusters, how their number came about, and who is in which.
#[derive(Debug, Clone, PartialEq)]
pub struct FittedClusters {
    /// The clusters.
    pub model: Clusters,
    /// How their number came about.
    pub choice: Choice,
    /// For each customer, in the order given, the number of the cluster.
    pub assigned: Vec<usize>,
}

/// Far more rounds than k-means takes.
const ROUNDS: usize = 1000;

/// Finds clusters among customers, given one column per feature. The order of the customers does not tell.
///
/// # Errors
///
/// If columns are missing or differ in length, a value is NaN or infinite, a setting is out of range, or fewer customers differ from each
/// other than the fewest clusters, or all do and there are no more of them than that.
pub fn fit(features: &[Feature], columns: &[&[f64]], settings: &ClusterSettings) -> Result<FittedClusters> {
    checked(settings)?;
    let points = transformed(features.iter(), columns)?.sorted();
    let rows = points.len();
    let scale = |(index, feature): (usize, &Feature)| Scale::of(feature.clone(), points.rows().map(move |row| row[index]));
    let scales: Vec<_> = features.iter().enumerate().map(scale).collect();
    let points = points.clone().mapped(|index, value| scales[index].standard(value));

    let sample = sample(&points, settings);
    let compared = sample.as_ref().unwrap_or(&points);
    let different = compared.different();
    // With as many clusters as customers, silhouettes say nothing.
    let most = settings.most.min(different).min(compared.len().saturating_sub(1));
    if different < settings.fewest {
        return Err(SegmentsError::TooFew { what: "customers that differ", found: different, needed: settings.fewest });
    }
    if most < settings.fewest {
        return Err(SegmentsError::TooFew { what: "customers", found: compared.len(), needed: settings.fewest + 1 });
    }
    let partitions = partitions(compared, settings.fewest..=most, settings)?;
    let assignments: Vec<_> = partitions.iter().map(|partition| partition.assigned.as_slice()).collect();
    let candidates: Vec<_> = silhouette(compared, &assignments)?
        .into_iter()
        .zip(&partitions)
        .map(|(silhouette, partition)| Candidate { clusters: partition.centres.len(), silhouette, inertia: partition.inertia })
        .collect();
    let (best, choice) = choice(candidates, compared.len(), rows, settings);
    let mut partition = partitions.into_iter().nth(best).ok_or(SegmentsError::TooFew { what: "customers", found: 0, needed: 2 })?;
    if sample.is_some() {
        partition = Partition::from_centres(&points, partition.centres, ROUNDS)?;
    }
    let model = Clusters::new(scales, &partition);
    Ok(FittedClusters { assigned: model.assign(columns)?, model, choice })
}

fn checked(settings: &ClusterSettings) -> Result<()> {
    let wrong = |setting, value: usize, expected| Err(SegmentsError::Setting { setting, value: value.to_string(), expected });
    if settings.fewest < 2 {
        return wrong("fewest", settings.fewest, "at least 2");
    }
    if settings.most < settings.fewest {
        return wrong("most", settings.most, "no fewer than `fewest`");
    }
    if settings.restarts == 0 {
        return wrong("restarts", 0, "at least 1");
    }
    if settings.sample < 10 {
        return wrong("sample", settings.sample, "at least 10");
    }
    Ok(())
}

fn sample(points: &Points, settings: &ClusterSettings) -> Option<Points> {
    (points.len() > settings.sample).then(|| {
        let mut rows = Rng::with_seed(settings.seed).choose_multiple(0..points.len(), settings.sample);
        rows.sort_unstable();
        points.chosen(&rows)
    })
}

/// For each number of clusters the best of all restarts; each restart has random numbers of its own.
fn partitions(points: &Points, numbers: std::ops::RangeInclusive<usize>, settings: &ClusterSettings) -> Result<Vec<Partition>> {
    let tried = numbers.into_par_iter().map(|clusters| {
        let restarts: Vec<_> = (0..settings.restarts)
            .into_par_iter()
            .map(|restart| {
                let stream = [settings.seed, clusters as u64, restart as u64];
                let mut dice = Rng::with_seed(stream.into_iter().fold(0, |mixed, part| Rng::with_seed(mixed ^ part).u64(..)));
                Partition::from_centres(points, spread(points, clusters, &mut dice), ROUNDS)
            })
            .collect::<Result<_>>()?;
        let best = restarts.into_iter().min_by(|left: &Partition, right| left.inertia.total_cmp(&right.inertia));
        best.ok_or(SegmentsError::TooFew { what: "restarts", found: 0, needed: 1 })
    });
    tried.collect()
}

fn choice(candidates: Vec<Candidate>, compared: usize, rows: usize, settings: &ClusterSettings) -> (usize, Choice) {
    let mut order: Vec<_> = (0..candidates.len()).collect();
    order.sort_by(|left, right| candidates[*right].silhouette.total_cmp(&candidates[*left].silhouette));
    let best = order.first().copied().unwrap_or_default();
    let chosen = candidates.get(best).map_or(0, |candidate| candidate.clusters);
    let silhouette = candidates.get(best).map_or(0.0, |candidate| candidate.silhouette);
    let most = candidates.last().map_or(0, |candidate| candidate.clusters);
    let mut why = match order.get(1).and_then(|second| candidates.get(*second)) {
        Some(second) => format!(
            "{chosen} clusters: of {} to {most}, they have the highest mean silhouette, {silhouette:.3}; next come {} with {:.3}",
            settings.fewest, second.clusters, second.silhouette
        ),
        None => format!("{chosen} clusters, the only number tried, with a mean silhouette of {silhouette:.3}"),
    };
    if most < settings.most {
        why.push_str("; more were not tried, as too few customers differ");
    }
    let among =
        if compared == rows { format!("all {rows} customers") } else { format!("a random sample of {compared} of {rows} customers") };
    why.push_str(&format!("; compared on {among}. {}", apart(silhouette)));
    (best, Choice { candidates, chosen, compared, why })
}

/// L. Kaufman, P. J. Rousseeuw: Finding groups in data (1990), table 4 of chapter 2.
fn apart(silhouette: f64) -> &'static str {
    match silhouette {
        s if s > 0.70 => "The groups are clearly apart.",
        s if s > 0.50 => "The groups are fairly apart.",
        s if s > 0.25 => "The groups are weakly apart: they run into each other, and may be parts of one spread.",
        _ => "The groups are hardly apart: take them as parts of one spread, not as kinds of customers.",
    }
}
