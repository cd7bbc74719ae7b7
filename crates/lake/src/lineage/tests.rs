#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod changes;
mod events;
mod operators;
mod reading;
mod shipped;

use std::path::Path;
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::prelude::SessionContext;
use spec::{Layer, Model, Pipeline};

use super::*;
use crate::models::{ModelFile, pipeline};

/// A session with these tables, and where to put more.
fn session_with(tables: &[(&str, Arc<dyn TableProvider>)]) -> (SessionContext, Arc<Pinned>) {
    let options = LakeOptions { threads: 1, ..LakeOptions::default() };
    let runtime = session::runtime(&Location::open("memory:///lineage", &options.s3).unwrap(), &options).unwrap();
    let pinned = Arc::new(Pinned::default());
    for (name, provider) in tables {
        pinned.put_provider(name.parse().unwrap(), Arc::clone(provider));
    }
    let context = session::context(&runtime, &options, Arc::clone(&pinned) as Arc<dyn session::Tables>).unwrap();
    (context, pinned)
}

/// `a copied, b filter`, without the layer.
fn told(sources: &Sources) -> String {
    sources.iter().map(|s| format!("{}.{} {}", s.table.name, s.column, s.how)).collect::<Vec<_>>().join(", ")
}

fn table(name: &str) -> TableName {
    name.parse().unwrap()
}

/// The models in the workspace's layer folders.
fn shipped() -> Pipeline {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = Vec::new();
    for layer in Layer::ALL {
        let models = root.join(layer.as_str()).join("models");
        for domain in std::fs::read_dir(models).into_iter().flatten().map(|d| d.unwrap().path()).filter(|d| d.is_dir()) {
            for file in std::fs::read_dir(&domain).unwrap().map(|f| f.unwrap().path()) {
                if file.extension().is_some_and(|e| e == "sql") {
                    let path = format!("{}/{}", domain.file_name().unwrap().to_str().unwrap(), file.file_name().unwrap().to_str().unwrap());
                    files.push(ModelFile {
                        layer,
                        shown: format!("{layer}/models/{path}"),
                        path,
                        text: std::fs::read_to_string(&file).unwrap(),
                    });
                }
            }
        }
    }
    pipeline(&files).unwrap()
}

/// `bronze.raw` with columns a, b, c; and models over it, each a header and a query.
fn small(models: &[(&str, &str, &str)]) -> Pipeline {
    let raw = "/*\nRaw.\n\nkind = \"append\"\n[columns]\na = \"A\"\nb = \"B\"\nc = \"C\"\n*/\nselect * from source.raw";
    let mut all = vec![Model::parse(Layer::Bronze, "", "raw.sql", raw).unwrap()];
    for (name, header, sql) in models {
        let name = table(name);
        all.push(Model::parse(name.layer, "", &format!("{}.sql", name.name), &format!("/*\nA table.\n\n{header}\n*/\n{sql}")).unwrap());
    }
    Pipeline::new(all).unwrap()
}

async fn lineage_of(pipeline: &Pipeline) -> Lineage {
    lineage(pipeline, &BTreeMap::new()).await.unwrap()
}
