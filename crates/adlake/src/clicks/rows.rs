//! Which rows are learned from.

use features::Provenance;
use lake::datafusion::common::Column;
use lake::datafusion::logical_expr::{Expr, lit};
use lake::{AsOf, Lake, LakeError, Result};
use spec::TableName;

use super::settings::Population;
use crate::models::{Rows, place_of};

/// The rows of a population.
///
/// # Errors
/// Feature tables that are not there yet, and what happens while planning.
pub async fn rows_of(lake: &Lake, population: Population, as_of: AsOf) -> Result<Rows> {
    match population {
        Population::Impressions => {
            let rows = registered(lake, "click_features", as_of).await?;
            // Nobody bids for an impression of a campaign that nobody knows, and where such are never clicked they give themselves away.
            let query = rows.query.filter(named("advertiser_id").not_eq(lit("Unknown")))?;
            Ok(Rows { query, ..rows })
        }
        Population::Requests => requests(lake, as_of).await,
        Population::Criteo => registered(lake, "criteo_features", as_of).await,
    }
}

/// The rows of a registered feature table.
async fn registered(lake: &Lake, name: &str, as_of: AsOf) -> Result<Rows> {
    let registered = features::registry()?.table(name).map_err(LakeError::invalid)?;
    let table = TableName::new(spec::Layer::Features, name).map_err(LakeError::invalid)?;
    if lake.table(&table).await?.is_none() {
        return Err(LakeError::invalid(format!(
            "{table} is not there yet; make it with `adlake run --lake {} --source DIR`, DIR with the logs",
            place_of(lake)
        )));
    }
    let spec = features::FrameSpec { as_of, ..features::FrameSpec::of(table, registered.time.as_deref().unwrap_or_default()) };
    let frame = features::frame(lake, &spec).await?;
    let columns = frame.rows.schema().fields().iter().map(|field| field.name().clone());
    let features = columns.filter(|name| registered.features.contains_key(name)).collect();
    Ok(Rows {
        query: frame.rows,
        tables: frame.versions,
        features,
        label: registered.label.clone(),
        time: registered.time.clone(),
        group: registered.group.clone(),
        order: registered.order.clone(),
        provenance: Provenance::default(),
    })
}

async fn requests(lake: &Lake, as_of: AsOf) -> Result<Rows> {
    let query = lake.session(as_of).await?.sql(&features::requests(lake)?).await?;
    let table: TableName = "silver.ad_funnel".parse().map_err(LakeError::invalid)?;
    let version = lake.version_as_of(&table, as_of).await?;
    let others = ["request_id", "requested_at", "user_id", "is_click"];
    let columns = query.schema().fields().iter().map(|field| field.name().clone());
    let features = columns.filter(|name| !others.contains(&name.as_str())).collect();
    Ok(Rows {
        query,
        tables: [(table, version)].into(),
        features,
        label: "is_click".to_owned(),
        time: Some("requested_at".to_owned()),
        group: Some("user_id".to_owned()),
        order: vec!["requested_at".to_owned(), "request_id".to_owned()],
        provenance: Provenance::default(),
    })
}

fn named(column: &str) -> Expr {
    Expr::Column(Column::from_name(column))
}
