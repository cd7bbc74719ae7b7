//! Groups of customers that are alike, in SQL (crate `segments`).

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Float64Array, Int64Array, StringArray, StructArray};
use datafusion::arrow::datatypes::{DataType, Field, Fields};
use datafusion::error::Result as QueryResult;
use segments::clusters::{ClusterSettings, Clusters, Feature, FittedClusters, fit};

use super::computed::{Arguments, Computed};

/// Customers that are compared at most to choose the number of groups; each with every other.
const COMPARED: usize = 3000;

/// All of them.
pub(super) fn all() -> Vec<Computed> {
    vec![
        Computed::new(
            "rfm_clusters_fit",
            &["rows of recency_days, order_count, net_amount", "fewest clusters", "most clusters", "seed"],
            DataType::Struct(fit_fields()),
            rfm_clusters_fit,
        ),
        Computed::new(
            "rfm_cluster",
            &["model", "recency_days", "order_count", "net_amount"],
            DataType::Struct(place_fields()),
            rfm_cluster,
        ),
    ]
}

fn fit_fields() -> Fields {
    let field = |name: &str, data_type| Field::new(name, data_type, true);
    Fields::from(vec![
        field("model", DataType::Utf8),
        field("cluster_count", DataType::Int64),
        field("silhouette", DataType::Float64),
        field("inertia", DataType::Float64),
        field("why", DataType::Utf8),
    ])
}

fn place_fields() -> Fields {
    Fields::from(vec![Field::new("number", DataType::Int64, true), Field::new("name", DataType::Utf8, true)])
}

/// `rfm_clusters_fit(rows, fewest, most, seed)`: customers in so many groups by k-means++ as the silhouette finds best, and why. Where the
/// rows allow no groups, such as with a single customer, the model is null and `why` says so.
fn rfm_clusters_fit(arguments: &Arguments) -> QueryResult<ArrayRef> {
    let whole = |place: usize| arguments.constant(place).map(|number| number.clamp(0.0, 1e9) as usize);
    let settings =
        ClusterSettings { sample: COMPARED, fewest: whole(1)?, most: whole(2)?, seed: whole(3)? as u64, ..ClusterSettings::default() };
    if settings.fewest > settings.most {
        return Err(arguments.error(format!("the fewest clusters, {}, are more than the most, {}", settings.fewest, settings.most)));
    }
    let (mut models, mut counts, mut silhouettes, mut inertias, mut reasons) = (vec![], vec![], vec![], vec![], vec![]);
    for row in 0..arguments.rows {
        let found = match arguments.gathered(0, row)? {
            Some(rows) => {
                let columns: Vec<Vec<f64>> =
                    Feature::rfm().iter().map(|feature| arguments.field(&rows, &feature.name)).collect::<QueryResult<_>>()?;
                let columns: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
                fit(&Feature::rfm(), &columns, &settings).map_err(|error| error.to_string())
            }
            None => Err("there are no customers".to_owned()),
        };
        match found {
            Ok(FittedClusters { model, choice, .. }) => {
                models.push(Some(serde_json::to_string(&model).map_err(|error| arguments.error(error))?));
                counts.push(i64::try_from(choice.chosen).ok());
                silhouettes.push(choice.candidates.iter().find(|tried| tried.clusters == choice.chosen).map(|tried| tried.silhouette));
                inertias.push(Some(model.inertia()));
                reasons.push(choice.why);
            }
            Err(why) => {
                models.push(None);
                counts.push(None);
                silhouettes.push(None);
                inertias.push(None);
                reasons.push(why);
            }
        }
    }
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from(models)),
        Arc::new(Int64Array::from(counts)),
        Arc::new(Float64Array::from(silhouettes)),
        Arc::new(Float64Array::from(inertias)),
        Arc::new(StringArray::from(reasons)),
    ];
    Ok(Arc::new(StructArray::try_new(fit_fields(), columns, None)?))
}

/// `rfm_cluster(model, recency_days, order_count, net_amount)`: the nearest group, by number (from 1, the largest first) and name.
fn rfm_cluster(arguments: &Arguments) -> QueryResult<ArrayRef> {
    let models = arguments.texts(0)?;
    let models = models.as_string::<i32>();
    let measures = [arguments.numbers(1)?, arguments.numbers(2)?, arguments.numbers(3)?];
    let rows: Vec<usize> =
        (0..arguments.rows).filter(|row| models.is_valid(*row) && measures.iter().all(|measure| measure.is_valid(*row))).collect();
    let mut numbers = vec![None; arguments.rows];
    let mut names = vec![None; arguments.rows];
    for rows in rows.chunk_by(|a, b| models.value(*a) == models.value(*b)) {
        let unreadable = |error: serde_json::Error| arguments.error(format!("the model cannot be read: {error}; fit it again"));
        let model: Clusters = serde_json::from_str(models.value(rows[0])).map_err(unreadable)?;
        let columns: Vec<Vec<f64>> = measures.iter().map(|measure| rows.iter().map(|row| measure.value(*row)).collect()).collect();
        let columns: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
        let assigned = model.assign(&columns).map_err(|error| arguments.error(error))?;
        for (row, cluster) in rows.iter().zip(assigned) {
            numbers[*row] = i64::try_from(cluster + 1).ok();
            names[*row] = model.clusters().get(cluster).map(|cluster| cluster.name.clone());
        }
    }
    let columns: Vec<ArrayRef> = vec![Arc::new(Int64Array::from(numbers)), Arc::new(StringArray::from(names))];
    Ok(Arc::new(StructArray::try_new(place_fields(), columns, None)?))
}
