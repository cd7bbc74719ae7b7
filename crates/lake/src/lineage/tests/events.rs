//! OpenLineage.

use serde_json::{Value, json};
use url::Url;

use super::*;

fn event(lake: &Url) -> RunEvent<'_> {
    let run_id = "3f5e83fa-3480-44ff-99c5-ff943904e5e8";
    RunEvent { state: RunState::Complete, at_micros: 1_700_000_000_000_000, run_id, job_namespace: "adlake", lake }
}

async fn told_of(name: &str, lake: &str) -> Value {
    let pipeline = shipped();
    let all = lineage_of(&pipeline).await;
    let lake = Url::parse(lake).unwrap();
    openlineage(&all, pipeline.get(&table(name)).unwrap(), &event(&lake)).unwrap()
}

#[tokio::test]
async fn an_event() {
    let told = told_of("gold.click_facts", "file:///data/lake/").await;
    assert_eq!(told["eventType"], "COMPLETE");
    assert_eq!(told["eventTime"], "2023-11-14T22:13:20.000000Z");
    assert_eq!(told["job"]["name"], "gold.click_facts");
    let inputs: Vec<&str> = told["inputs"].as_array().unwrap().iter().map(|i| i["name"].as_str().unwrap()).collect();
    assert_eq!(inputs, ["/data/lake/silver/ad_funnel", "/data/lake/silver/campaigns", "/data/lake/silver/user_main_apps"]);
    let output = &told["outputs"][0];
    assert_eq!(output["namespace"], "file");
    assert_eq!(output["facets"]["schema"]["fields"][0]["name"], "request_id");
    let columns = &output["facets"]["columnLineage"];
    let rate = &columns["fields"]["billing_rate_usd"]["inputFields"];
    let expected = json!([{
        "namespace": "file", "name": "/data/lake/silver/campaigns", "field": "billing_rate_usd",
        "transformations": [{ "type": "DIRECT", "subtype": "IDENTITY", "masking": false }],
    }]);
    assert_eq!(rate, &expected);
    let steering = columns["dataset"].as_array().unwrap();
    let filter = steering.iter().find(|f| f["field"] == "is_impression").unwrap();
    assert_eq!(filter["transformations"][0]["type"], "INDIRECT");
    assert_eq!(filter["transformations"][0]["subtype"], "FILTER");
}

/// Every field that lineage names must be in the schema of its data set, as the specification asks.
#[tokio::test]
async fn fields_are_in_schemas() {
    let pipeline = shipped();
    let all = lineage_of(&pipeline).await;
    let lake = Url::parse("s3://bucket/lake/").unwrap();
    let mut checked = 0;
    for model in pipeline.in_order().iter().filter(|m| m.table.layer != Layer::Bronze) {
        let told = openlineage(&all, model, &event(&lake)).unwrap();
        let has =
            |dataset: &Value, field: &Value| dataset["facets"]["schema"]["fields"].as_array().unwrap().iter().any(|f| f["name"] == *field);
        let facet = &told["outputs"][0]["facets"]["columnLineage"];
        let fields = facet["fields"].as_object().unwrap();
        let used = fields.values().flat_map(|f| f["inputFields"].as_array().unwrap()).chain(facet["dataset"].as_array().unwrap());
        for used in used {
            assert_eq!(used["namespace"], "s3://bucket");
            let input = told["inputs"].as_array().unwrap().iter().find(|i| i["name"] == used["name"]);
            assert!(has(input.unwrap_or_else(|| panic!("{}: {used}", model.table)), &used["field"]), "{}: {used}", model.table);
            checked += 1;
        }
        for name in fields.keys() {
            assert!(has(&told["outputs"][0], &json!(name)));
        }
    }
    assert!(checked > 200, "{checked}");
}

#[tokio::test]
async fn places() {
    let told = told_of("silver.clicks", "s3://bucket/a/lake/").await;
    assert_eq!((&told["outputs"][0]["namespace"], &told["outputs"][0]["name"]), (&json!("s3://bucket"), &json!("a/lake/silver/clicks")));
    let told = told_of("silver.clicks", "s3://bucket/").await;
    assert_eq!(told["outputs"][0]["name"], "silver/clicks");
}
