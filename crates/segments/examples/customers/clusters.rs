use segments::clusters::{ClusterSettings, Feature, Partition, Points, fit, silhouette};
use serde_json::{Value, json};

use crate::Failure;

/// The numbers of a file row by row, and how many a row has.
fn read(file: &str, has_headers: bool) -> Result<(usize, Vec<f64>), Failure> {
    let mut reader = csv::ReaderBuilder::new().has_headers(has_headers).from_path(file)?;
    let (mut width, mut values) = (0, Vec::new());
    for record in reader.records() {
        let record = record?;
        width = record.len();
        for text in &record {
            values.push(text.parse()?);
        }
    }
    Ok((width, values))
}

pub fn clusters(file: &str, seed: u64) -> Result<Value, Failure> {
    let (width, values) = read(file, true)?;
    let column = |index: usize| values.iter().skip(index).step_by(width).copied().collect::<Vec<f64>>();
    let columns = [column(0), column(1), column(2)];
    let settings = ClusterSettings { seed, ..ClusterSettings::default() };
    let found = fit(&Feature::rfm(), &columns.each_ref().map(Vec::as_slice), &settings)?;
    Ok(json!({"model": found.model, "choice": found.choice, "assigned": found.assigned}))
}

pub fn partition(file: &str, centres: &str) -> Result<Value, Failure> {
    let points = |file| read(file, false).and_then(|(width, values)| Ok(Points::new(width, values)?));
    let (points, centres) = (points(file)?, points(centres)?);
    let found = Partition::from_centres(&points, centres, 1000)?;
    let centres: Vec<_> = found.centres.rows().collect();
    let silhouette = silhouette(&points, &[&found.assigned])?[0];
    Ok(json!({"centres": centres, "assigned": found.assigned, "inertia": found.inertia, "silhouette": silhouette}))
}
