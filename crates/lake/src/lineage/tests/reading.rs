//! Headers, closures over tables, and what people read.

use super::*;

fn two_layers() -> Pipeline {
    let clean = "kind = \"merge\"\nkey = [\"k\"]\nfirst_by = [\"line\"]\n[columns]\nk = \"Key\"\nv = \"Value\"\nline = \"Line\"\n\
                 [expect.c_known]\nthat = \"v > 0\"\non_fail = \"quarantine\"\n[expect.noted]\nthat = \"line > 0\"\non_fail = \"warn\"";
    let clean_sql = "select trim(a) as k, cast(b as bigint) as v, _line as line from bronze.raw where c = 'x'";
    let sums = "kind = \"full\"\n[columns]\nn = \"Rows\"\ntotal = \"Sum\"";
    let sums_sql = "select count(*) as n, sum(v) as total from silver.clean";
    small(&[("silver.clean", clean, clean_sql), ("gold.sums", sums, sums_sql)])
}

#[tokio::test]
async fn the_engine_counts() {
    let all = lineage_of(&two_layers()).await;
    let clean = all.table(&table("silver.clean")).unwrap();
    // A warning keeps nothing out, so `line` is there for the order alone.
    assert_eq!(told(&clean.rows), "raw.* copied, raw._line order by, raw.a group by, raw.b filter, raw.c filter");
    assert_eq!(clean.column("v").unwrap().description, "Value");
    assert_eq!(clean.column("v").unwrap().data_type, DataType::Int64);
}

#[tokio::test]
async fn closures() {
    let all = lineage_of(&two_layers()).await;
    let up = |t: &str, c: Option<&str>| told(&all.upstream(&table(t), c).unwrap());
    assert_eq!(
        up("gold.sums", Some("total")),
        "raw._line order by, raw.a group by, raw.b aggregated, raw.b filter, raw.c filter, clean.v aggregated"
    );
    assert_eq!(
        up("gold.sums", Some("n")),
        "raw.* aggregated, raw._line order by, raw.a group by, raw.b filter, raw.c filter, clean.* aggregated"
    );
    assert_eq!(up("bronze.raw", Some("a")), "");
    let down = |t: &str, c: Option<&str>| told(&all.downstream(&table(t), c).unwrap());
    assert_eq!(down("silver.clean", Some("v")), "sums.total aggregated");
    assert_eq!(down("silver.clean", None), "sums.* aggregated, sums.n aggregated, sums.total aggregated");
    assert_eq!(
        down("bronze.raw", Some("c")),
        "clean.* filter, clean.k filter, clean.line filter, clean.v filter, sums.* filter, sums.n filter, sums.total filter"
    );
    assert_eq!(down("bronze.raw", Some("_batch_id")), "");
}

#[tokio::test]
async fn trees() {
    let all = lineage_of(&two_layers()).await;
    let show = |t: &str, c: Option<&str>, direction| all.tree(&table(t), c, direction).unwrap();
    assert_eq!(
        show("gold.sums", Some("total"), Direction::Upstream),
        "gold.sums.total\n  silver.clean.v  aggregated\n    bronze.raw.b  computed\n\
         rows of gold.sums\n  aggregated: rows of silver.clean\n\
         rows of silver.clean\n  copied: rows of bronze.raw\n  ~ group by: bronze.raw.a\n  ~ filter: bronze.raw.b, bronze.raw.c\n  ~ order by: bronze.raw._line\n"
    );
    assert_eq!(
        show("bronze.raw", Some("b"), Direction::Downstream),
        "bronze.raw.b\n  silver.clean.v  computed\n    gold.sums.total  aggregated\n  ~ rows of silver.clean  filter\n"
    );
    assert_eq!(
        show("gold.sums", None, Direction::Upstream),
        "gold.sums\n  n      rows of silver.clean (aggregated)\n  total  silver.clean.v (aggregated)\n\
         rows of gold.sums\n  aggregated: rows of silver.clean\nmade from\n  silver.clean\n    bronze.raw\n"
    );
    assert_eq!(show("bronze.raw", None, Direction::Downstream), "bronze.raw\nread by\n  silver.clean\n    gold.sums\n");
}

#[tokio::test]
async fn what_is_not_there() {
    let all = lineage_of(&two_layers()).await;
    let message = |t: &str, c: Option<&str>| all.tree(&table(t), c, Direction::Upstream).unwrap_err().to_string();
    assert!(message("silver.clean", Some("vv")).contains("did you mean v?"), "{}", message("silver.clean", Some("vv")));
    assert!(message("silver.claen", None).contains("did you mean silver.clean?"), "{}", message("silver.claen", None));
}

/// A raw table as it is in the lake may have more columns than its model lists, and other types.
#[tokio::test]
async fn known_tables_win() {
    let pipeline = small(&[("silver.x", "kind = \"full\"\n[columns]\nz = \"Z\"", "select extra + 1 as z from bronze.raw")]);
    let error = lineage(&pipeline, &BTreeMap::new()).await.unwrap_err().to_string();
    assert!(error.contains("extra"), "{error}");
    let schema = Arc::new(Schema::new(vec![Field::new("extra", DataType::Int64, true)]));
    let all = lineage(&pipeline, &BTreeMap::from([(table("bronze.raw"), schema)])).await.unwrap();
    assert_eq!(told(&all.table(&table("silver.x")).unwrap().column("z").unwrap().sources), "raw.extra computed");
}

#[tokio::test]
async fn an_empty_lake_will_do() {
    let lake = Lake::open("memory:///empty", LakeOptions::default()).unwrap();
    let pipeline = shipped();
    let all = lake.lineage(&pipeline).await.unwrap();
    assert_eq!(all.tables().len(), pipeline.in_order().len());
}
