//! Lloyd's algorithm: points to the nearest centre, centres to the mean of their points, until nothing changes.

use rayon::prelude::*;

use super::points::{Points, nearest};
use crate::error::{Result, SegmentsError};

/// Points that one thread takes at a time. It is no setting: another number would change the last digits of sums.
const BLOCK: usize = 4096;

/// Points assigned to centres.
#[derive(Debug, Clone, PartialEq)]
pub struct Partition {
    /// The means of the clusters.
    pub centres: Points,
    /// For each point the number of its cluster.
    pub assigned: Vec<usize>,
    /// The sum of squared distances of the points from their centres.
    pub inertia: f64,
    /// Whether another round would change nothing.
    pub has_converged: bool,
}

/// One round's sums.
struct Round {
    assigned: Vec<(usize, f64)>,
    sums: Vec<f64>,
    counts: Vec<usize>,
}

impl Partition {
    /// From first centres, in at most so many rounds. A centre left without points goes to the point furthest from its own.
    ///
    /// # Errors
    ///
    /// If there is no centre, or centres and points differ in their number of coordinates.
    pub fn from_centres(points: &Points, centres: Points, rounds: usize) -> Result<Self> {
        if centres.is_empty() {
            return Err(SegmentsError::TooFew { what: "centres", found: 0, needed: 1 });
        }
        if centres.width() != points.width() {
            let what = "a centre".to_owned();
            return Err(SegmentsError::Lengths { what, expected: points.width(), found: centres.width() });
        }
        let mut centres = centres;
        let mut round = Round::of(points, &centres);
        let mut has_converged = false;
        for _ in 0..rounds {
            let before = round.assigned;
            centres = means(points, &centres, &before, &round.sums, &round.counts);
            round = Round::of(points, &centres);
            has_converged = before.iter().zip(&round.assigned).all(|(before, now)| before.0 == now.0);
            if has_converged {
                break;
            }
        }
        let inertia = round.assigned.iter().map(|(_, distance)| distance).sum();
        let assigned = round.assigned.into_iter().map(|(cluster, _)| cluster).collect();
        Ok(Self { centres, assigned, inertia, has_converged })
    }
}

impl Round {
    fn of(points: &Points, centres: &Points) -> Self {
        let width = points.width();
        let blocks: Vec<_> = points
            .par_blocks(BLOCK)
            .map(|block| {
                let (mut sums, mut counts) = (vec![0.0; centres.len() * width], vec![0; centres.len()]);
                let assigned: Vec<_> = block
                    .chunks_exact(width)
                    .map(|point| {
                        let (cluster, distance) = nearest(point, centres.rows());
                        counts[cluster] += 1;
                        sums[cluster * width..].iter_mut().zip(point).for_each(|(sum, value)| *sum += value);
                        (cluster, distance)
                    })
                    .collect();
                Self { assigned, sums, counts }
            })
            .collect();
        let empty =
            Self { assigned: Vec::with_capacity(points.len()), sums: vec![0.0; centres.len() * width], counts: vec![0; centres.len()] };
        blocks.into_iter().fold(empty, |mut all, block| {
            all.assigned.extend(block.assigned);
            all.sums.iter_mut().zip(block.sums).for_each(|(sum, part)| *sum += part);
            all.counts.iter_mut().zip(block.counts).for_each(|(count, part)| *count += part);
            all
        })
    }
}

fn means(points: &Points, centres: &Points, assigned: &[(usize, f64)], sums: &[f64], counts: &[usize]) -> Points {
    let width = points.width();
    let mut furthest = Vec::new();
    if counts.contains(&0) {
        furthest = (0..points.len()).collect();
        furthest.sort_by(|left: &usize, right| assigned[*right].1.total_cmp(&assigned[*left].1));
    }
    let mut furthest = furthest.into_iter();
    let mut replaced: Vec<_> = counts.iter().map(|count| if *count == 0 { furthest.next() } else { None }).collect();
    centres.clone().mapped_rows(|cluster, centre| match replaced[cluster].take() {
        Some(point) => centre.copy_from_slice(points.row(point)),
        None if counts[cluster] == 0 => {}
        None => {
            let sums = &sums[cluster * width..][..width];
            centre.iter_mut().zip(sums).for_each(|(value, sum)| *value = sum / counts[cluster] as f64);
        }
    })
}
