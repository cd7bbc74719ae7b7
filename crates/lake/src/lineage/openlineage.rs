//! Lineage as OpenLineage events, for Marquez and other catalogs.
//!
//! Written after the specification 2-0-2 with the facets SchemaDatasetFacet 1-1-1, ColumnLineageDatasetFacet 1-2-0,
//! SQLJobFacet 1-0-1 and JobTypeJobFacet 2-0-3 (<https://openlineage.io/spec>).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use spec::{Model, TableName};
use url::Url;

use super::{ColumnLineage, How, Kind, Lineage, ROWS, Source};
use crate::{LakeError, Result, casts};

/// Names the software that wrote an event.
const PRODUCER: &str = concat!("urn:adlake:", env!("CARGO_PKG_VERSION"));

/// Where a run of a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunState {
    /// It begins.
    Start,
    /// It is done.
    Complete,
    /// It was stopped.
    Abort,
    /// It failed.
    Fail,
}

/// What an event says beside the lineage.
#[derive(Clone, Copy, Debug)]
pub struct RunEvent<'a> {
    /// Where the run stands.
    pub state: RunState,
    /// The instant, in microseconds since 1970 UTC.
    pub at_micros: i64,
    /// The run's identifier, a UUID.
    pub run_id: &'a str,
    /// The namespace of the jobs, such as the name of the installation.
    pub job_namespace: &'a str,
    /// Where the lake is; it gives the names of the data sets.
    pub lake: &'a Url,
}

/// An OpenLineage `RunEvent` for one run of a model: the job is the table's name, the data sets are the tables' places.
/// Sources that are [`ROWS`] have no field to stand for them; the table is among the inputs.
///
/// # Errors
/// A model that the lineage does not have, and an instant that is no date.
pub fn openlineage(lineage: &Lineage, model: &Model, event: &RunEvent<'_>) -> Result<Value> {
    let made = lineage.existing(&model.table, None)?;
    let at = chrono::DateTime::from_timestamp_micros(event.at_micros)
        .ok_or_else(|| LakeError::invalid(format!("{} microseconds since 1970 is no date", event.at_micros)))?;
    let inputs: Vec<Value> = model.input_tables().map(|table| dataset(lineage, table, event.lake, Map::new())).collect();
    let fields: Map<String, Value> = made
        .columns
        .iter()
        .map(|column| (column.name.clone(), input_fields(&column.sources, event.lake)))
        .filter(|(_, sources)| !sources.is_empty())
        .map(|(name, sources)| (name, json!({ "inputFields": sources })))
        .collect();
    let steered_by = input_fields(made.rows.iter().filter(|s| s.kind() == Kind::Influence), event.lake);
    let columns = facet(
        "facets/1-2-0/ColumnLineageDatasetFacet.json#/$defs/ColumnLineageDatasetFacet",
        json!({ "fields": fields, "dataset": steered_by }),
    );
    let output = dataset(lineage, &model.table, event.lake, Map::from_iter([("columnLineage".to_owned(), columns)]));
    Ok(json!({
        "eventType": event.state.as_str(),
        "eventTime": at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true),
        "producer": PRODUCER,
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": { "runId": event.run_id, "facets": {} },
        "job": {
            "namespace": event.job_namespace,
            "name": model.table.to_string(),
            "facets": {
                "sql": facet("facets/1-0-1/SQLJobFacet.json#/$defs/SQLJobFacet", json!({ "query": model.sql })),
                "jobType": facet(
                    "facets/2-0-3/JobTypeJobFacet.json#/$defs/JobTypeJobFacet",
                    json!({ "processingType": "BATCH", "integration": "ADLAKE", "jobType": "MODEL" }),
                ),
            },
        },
        "inputs": inputs,
        "outputs": [output],
    }))
}

impl RunState {
    fn as_str(self) -> &'static str {
        match self {
            Self::Start => "START",
            Self::Complete => "COMPLETE",
            Self::Abort => "ABORT",
            Self::Fail => "FAIL",
        }
    }
}

impl How {
    /// The `type` and `subtype` of a transformation.
    fn transformation(self) -> (&'static str, &'static str) {
        match self {
            Self::Identity => ("DIRECT", "IDENTITY"),
            Self::Transformation => ("DIRECT", "TRANSFORMATION"),
            Self::Aggregation => ("DIRECT", "AGGREGATION"),
            Self::Conditional => ("INDIRECT", "CONDITIONAL"),
            Self::Join => ("INDIRECT", "JOIN"),
            Self::GroupBy => ("INDIRECT", "GROUP_BY"),
            Self::Filter => ("INDIRECT", "FILTER"),
            Self::Sort => ("INDIRECT", "SORT"),
            Self::Window => ("INDIRECT", "WINDOW"),
        }
    }
}

fn facet(schema: &str, mut content: Value) -> Value {
    content["_producer"] = json!(PRODUCER);
    content["_schemaURL"] = json!(format!("https://openlineage.io/spec/{schema}"));
    content
}

fn dataset(lineage: &Lineage, table: &TableName, lake: &Url, mut facets: Map<String, Value>) -> Value {
    if let Some(made) = lineage.table(table) {
        let fields: Vec<Value> = made.columns.iter().map(schema_field).collect();
        let schema = facet("facets/1-1-1/SchemaDatasetFacet.json#/$defs/SchemaDatasetFacet", json!({ "fields": fields }));
        facets.insert("schema".to_owned(), schema);
    }
    let (namespace, name) = place(table, lake);
    json!({ "namespace": namespace, "name": name, "facets": facets })
}

fn schema_field(column: &ColumnLineage) -> Value {
    let mut field = json!({ "name": column.name, "type": casts::sql_type(&column.data_type) });
    if !column.description.is_empty() {
        field["description"] = json!(column.description);
    }
    field
}

/// Namespace and name of a table after OpenLineage's naming of file systems and object stores: `file` and
/// `/lake/silver/clicks`, `s3://bucket` and `lake/silver/clicks`.
fn place(table: &TableName, lake: &Url) -> (String, String) {
    let folder = lake.path().trim_end_matches('/');
    match lake.scheme() {
        "file" => ("file".to_owned(), format!("{folder}/{}", table.path())),
        scheme => {
            let namespace = format!("{scheme}://{}", lake.host_str().unwrap_or_default());
            (namespace, format!("{folder}/{}", table.path()).trim_start_matches('/').to_owned())
        }
    }
}

fn input_fields<'a>(sources: impl IntoIterator<Item = &'a Source>, lake: &Url) -> Vec<Value> {
    let mut by_column: BTreeMap<(&TableName, &str), Vec<Value>> = BTreeMap::new();
    for source in sources.into_iter().filter(|s| s.column != ROWS) {
        let (kind, subtype) = source.how.transformation();
        let transformation = json!({ "type": kind, "subtype": subtype, "masking": false });
        by_column.entry((&source.table, &source.column)).or_default().push(transformation);
    }
    let field = |((table, column), transformations): ((&TableName, &str), Vec<Value>)| {
        let (namespace, name) = place(table, lake);
        json!({ "namespace": namespace, "name": name, "field": column, "transformations": transformations })
    };
    by_column.into_iter().map(field).collect()
}
