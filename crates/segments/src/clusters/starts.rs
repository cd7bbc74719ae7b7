//! First centres far from each other: greedy k-means++.

use fastrand::Rng;
use rayon::prelude::*;

use super::points::{Points, squared_distance};

/// Centres among the points: the first at random, each further one with a probability proportional to the squared distance from the
/// nearest so far, the best of a few draws (D. Arthur, S. Vassilvitskii: k-means++, the advantages of careful seeding, SODA 2007; the
/// draws as in scikit-learn, 2 + ln k).
pub fn spread(points: &Points, clusters: usize, dice: &mut Rng) -> Points {
    let draws = 2 + (clusters as f64).ln() as usize;
    let first = dice.usize(..points.len());
    let mut chosen = vec![first];
    let mut distances = distances_to(points, first);
    while chosen.len() < clusters {
        let total: f64 = distances.iter().sum();
        let tried = (0..draws).map(|_| {
            let candidate = drawn(&distances, dice.f64() * total);
            let both = distances_to(points, candidate).into_iter().zip(&distances);
            let closer: Vec<_> = both.map(|(new, old)| new.min(*old)).collect();
            (closer.iter().sum::<f64>(), candidate, closer)
        });
        let Some((_, best, closer)) = tried.min_by(|left, right| left.0.total_cmp(&right.0)) else { break };
        chosen.push(best);
        distances = closer;
    }
    points.chosen(&chosen)
}

fn distances_to(points: &Points, centre: usize) -> Vec<f64> {
    let centre = points.row(centre);
    points.par_rows().with_min_len(4096).map(|point| squared_distance(point, centre)).collect()
}

/// The point in whose share of the total the number falls.
fn drawn(distances: &[f64], number: f64) -> usize {
    let mut passed = 0.0;
    let place = distances.iter().position(|distance| {
        passed += distance;
        passed > number
    });
    // Rounding may leave the number beyond the end: then the last point that is no centre.
    place.or_else(|| distances.iter().rposition(|distance| *distance > 0.0)).unwrap_or_default()
}
