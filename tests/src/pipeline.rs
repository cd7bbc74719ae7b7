//! What the shipped models promise as a whole: the columns of their tables, and data that flows one way.

use std::path::Path;

use lake::ModelFile;
use spec::Layer;

use crate::lakes::{block_on, schemas, without_rows};

/// The columns of every table. `ADLAKE_SNAPSHOT=1` writes the file anew.
#[test]
fn the_tables_have_the_columns_of_the_snapshot() {
    let schemas = block_on(async { schemas(&without_rows().await).await });
    let mut text = String::from("Columns of every table. A change here is a change for everybody who reads the tables.\n");
    for (table, schema) in schemas {
        text.push_str(&format!("\n{table}\n"));
        for field in schema.fields() {
            text.push_str(&format!("  {:<28} {}\n", field.name(), lake::sql_type(field.data_type())));
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots/schemas.txt");
    if std::env::var_os("ADLAKE_SNAPSHOT").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    let changed: Vec<&str> = text.lines().filter(|line| !expected.lines().any(|known| known == *line)).collect();
    assert!(
        text == expected,
        "the tables' columns changed: {changed:?}; if that is meant, run the test with ADLAKE_SNAPSHOT=1 and review the file's diff"
    );
}

/// A model file that is not among the shipped ones.
fn model(layer: Layer, name: &str, sql: &str) -> ModelFile {
    let text = format!("/*\nOne row per click.\n\nkind = \"full\"\n\n[columns]\nid_md5 = \"MD5 of the request's request_id\"\n*/\n{sql}");
    ModelFile { layer, path: format!("adtech/{name}.sql"), shown: format!("{layer}/models/adtech/{name}.sql"), text }
}

fn problems(layer: Layer, name: &str, sql: &str) -> String {
    let mut files = adlake::shipped_models();
    files.push(model(layer, name, sql));
    lake::pipeline(&files).err().map(|error| error.to_string()).unwrap_or_default()
}

#[test]
fn data_flows_one_way() {
    let raw = problems(Layer::Gold, "shortcut", "select id_md5 as id_md5 from bronze.clicks");
    assert!(raw.contains("gold/models/adtech/shortcut.sql:9") && raw.contains("gold model may not read bronze.clicks"), "{raw}");
    let back = problems(Layer::Silver, "loop_back", "select request_id as id_md5 from gold.click_facts");
    assert!(back.contains("silver model may not read gold.click_facts"), "{back}");
    // The control: the same models read what they may.
    assert_eq!(problems(Layer::Gold, "straight", "select id_md5 as id_md5 from silver.clicks"), "");
    assert_eq!(problems(Layer::Silver, "straight", "select id_md5 as id_md5 from bronze.clicks"), "");
}
