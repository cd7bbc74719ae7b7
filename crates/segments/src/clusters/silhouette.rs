//! How clearly clusters are apart.

use rayon::prelude::*;

use super::points::{Points, squared_distance};
use crate::error::{Result, SegmentsError};

/// The mean silhouette of each assignment of the same points: of a point (b - a) / max(a, b), where a is its mean distance from the other
/// points of its cluster and b that from the points of the nearest other cluster; 0 for a point alone in its cluster.
///
/// P. J. Rousseeuw: Silhouettes, Journal of Computational and Applied Mathematics 20 (1987) 53-65. All pairs of points are looked at,
/// once for all assignments.
///
/// # Errors
///
/// If an assignment has another length than the points, or fewer than two clusters.
pub fn silhouette(points: &Points, assignments: &[&[usize]]) -> Result<Vec<f64>> {
    let mut layouts = Vec::new();
    let mut width = 0;
    for assigned in assignments {
        if assigned.len() != points.len() {
            let what = "an assignment".to_owned();
            return Err(SegmentsError::Lengths { what, expected: points.len(), found: assigned.len() });
        }
        let clusters = assigned.iter().max().map_or(0, |last| last + 1);
        let mut counts = vec![0.0; clusters];
        assigned.iter().for_each(|cluster| counts[*cluster] += 1.0);
        let found = counts.iter().filter(|count| **count > 0.0).count();
        if found < 2 {
            return Err(SegmentsError::TooFew { what: "clusters in an assignment", found, needed: 2 });
        }
        layouts.push((*assigned, width, counts));
        width += clusters;
    }
    // Point by point its place in the sums of every assignment.
    let places: Vec<usize> =
        (0..points.len()).flat_map(|row| layouts.iter().map(move |(assigned, begin, _)| begin + assigned[row])).collect();
    let of_points: Vec<Vec<f64>> = points
        .par_rows()
        .enumerate()
        .map_init(
            || vec![0.0; width],
            |sums, (row, point)| {
                sums.fill(0.0);
                for (other, places) in points.rows().zip(places.chunks_exact(layouts.len().max(1))) {
                    let distance = squared_distance(point, other).sqrt();
                    places.iter().for_each(|place| sums[*place] += distance);
                }
                layouts.iter().map(|(assigned, begin, counts)| of_point(assigned[row], &sums[*begin..], counts)).collect()
            },
        )
        .collect();
    let mean = |index: usize| of_points.iter().map(|values| values[index]).sum::<f64>() / points.len() as f64;
    Ok((0..layouts.len()).map(mean).collect())
}

fn of_point(own: usize, sums: &[f64], counts: &[f64]) -> f64 {
    if counts[own] <= 1.0 {
        return 0.0;
    }
    let within = sums[own] / (counts[own] - 1.0);
    let others = sums.iter().zip(counts).enumerate().filter(|(cluster, (_, count))| *cluster != own && **count > 0.0);
    let between = others.map(|(_, (sum, count))| sum / count).fold(f64::INFINITY, f64::min);
    let larger = within.max(between);
    if larger > 0.0 { (between - within) / larger } else { 0.0 }
}
