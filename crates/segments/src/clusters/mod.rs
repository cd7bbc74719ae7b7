//! Groups of similar customers by k-means on standardised, logged features, their number chosen by silhouette.
//!
//! Own code instead of a library's, because of what it promises: the same clusters for any order of rows and any number of threads, and
//! the centres, sizes and inertia that belong together.

mod features;
mod fit;
mod model;
mod names;
mod partition;
mod points;
mod silhouette;
mod starts;
#[cfg(test)]
mod tests;

pub use features::Feature;
pub use fit::{Candidate, Choice, ClusterSettings, FittedClusters, fit};
pub use model::{Cluster, Clusters};
pub use partition::Partition;
pub use points::Points;
pub use silhouette::silhouette;
