//! The fitted clusters, for showing, storing and assigning new customers.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::features::{Feature, Scale, transformed};
use super::names::names;
use super::partition::Partition;
use super::points::nearest;
use crate::error::Result;

/// One group of customers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cluster {
    /// What sets its customers apart, in words; no two clusters have one name.
    pub name: String,
    /// Customers of the fit that are in it.
    pub customer_count: usize,
    /// The mean of its customers, in standard deviations from the mean of all, after the logarithm.
    pub centre: Vec<f64>,
    /// The same in the features' own units.
    pub typical: Vec<f64>,
}

/// Groups of customers, the largest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Clusters {
    scales: Vec<Scale>,
    clusters: Vec<Cluster>,
    inertia: f64,
}

impl Clusters {
    pub(super) fn new(scales: Vec<Scale>, partition: &Partition) -> Self {
        let mut counts = vec![0; partition.centres.len()];
        partition.assigned.iter().for_each(|cluster| counts[*cluster] += 1);
        let mut groups: Vec<_> = counts.into_iter().zip(partition.centres.rows()).collect();
        groups.sort_by(|(left_count, left), (right_count, right)| {
            right_count
                .cmp(left_count)
                .then_with(|| left.iter().map(|value| value.to_bits()).cmp(right.iter().map(|value| value.to_bits())))
        });
        let features: Vec<_> = scales.iter().map(|scale| &scale.feature).collect();
        let names = names(&features, &groups.iter().map(|(_, centre)| *centre).collect::<Vec<_>>());
        let clusters = names.into_iter().zip(groups).map(|(name, (customer_count, centre))| {
            let typical = scales.iter().zip(centre).map(|(scale, value)| scale.original(*value)).collect();
            Cluster { name, customer_count, centre: centre.to_vec(), typical }
        });
        Self { clusters: clusters.collect(), scales, inertia: partition.inertia }
    }

    /// The groups, the largest first.
    pub fn clusters(&self) -> &[Cluster] {
        &self.clusters
    }

    /// The features, in the order of columns.
    pub fn features(&self) -> impl ExactSizeIterator<Item = &Feature> {
        self.scales.iter().map(|scale| &scale.feature)
    }

    /// The sum of squared distances of the customers of the fit from their centres.
    pub fn inertia(&self) -> f64 {
        self.inertia
    }

    /// For each customer the number of the nearest cluster, given one column per feature.
    ///
    /// # Errors
    ///
    /// If columns are missing or differ in length, or a value is NaN or infinite.
    pub fn assign(&self, columns: &[&[f64]]) -> Result<Vec<usize>> {
        let points = transformed(self.features(), columns)?;
        let assigned = points.par_rows().with_min_len(4096).map(|point| {
            let standard: Vec<_> = self.scales.iter().zip(point).map(|(scale, value)| scale.standard(*value)).collect();
            nearest(&standard, self.clusters.iter().map(|cluster| cluster.centre.as_slice())).0
        });
        Ok(assigned.collect())
    }
}
