#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use object_store::path::Path;

use super::*;

/// A source in a store in memory, the tables it is taken for, and what is left alone.
async fn listed(source: &str, lake: &str, objects: &[&str]) -> (Vec<String>, Vec<String>) {
    let mut sources = Sources::open(&Settings::default(), Some("memory://x")).unwrap();
    for object in objects {
        sources.location.store.put(&Path::from(*object), "a,b\n1,2\n".into()).await.unwrap();
    }
    let mut lake_place = sources.location.clone();
    lake_place.prefix = Path::from(lake);
    sources.location.prefix = Path::from(source);
    let (tables, skipped) = sources.list(i64::MAX, &lake_place, &["clicks"]).await.unwrap();
    let found = tables.iter().flat_map(|(table, files)| files.iter().map(move |f| format!("{table}: {}", f.path))).collect();
    (found, skipped.into_iter().map(|s| s.path).collect())
}

#[tokio::test]
async fn lakes_in_an_object_store_are_no_sources() {
    let objects = ["in/eu/clicks.csv", "in/lake/bronze/x/part.csv", "in/other/_delta_log/0.json", "in/other/part.csv", "in/otherwise.csv"];
    let (found, skipped) = listed("in", "in/lake", &objects).await;
    assert_eq!(found, ["clicks: eu/clicks.csv", "otherwise: otherwise.csv"]);
    assert_eq!(skipped, ["lake/", "other/"]);
}

#[tokio::test]
async fn a_source_may_be_one_object() {
    let (found, skipped) = listed("in/clicks.csv", "lake", &["in/clicks.csv", "in/users.csv"]).await;
    assert_eq!((found, skipped), (vec!["clicks: clicks.csv".to_owned()], vec![]));
}
