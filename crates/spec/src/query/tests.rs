#![allow(clippy::unwrap_used, clippy::panic)]

use crate::error::Problem;
use crate::layer::Layer;
use crate::model::Model;

/// A model around a query, of which only the inputs matter.
fn inputs(layer: Layer, sql: &str) -> Result<Vec<String>, Vec<String>> {
    let text = format!("/*\nA table.\n\nkind = \"full\"\n*/\n{sql}");
    let of = |model: Model| model.inputs.iter().map(ToString::to_string).collect();
    // The rules for columns are tested elsewhere.
    let about_inputs = |problems: Vec<Problem>| {
        let lines = problems.iter().map(ToString::to_string);
        lines.filter(|line| !line.contains("column") && !line.contains("no name")).collect()
    };
    match Model::parse(layer, "test", "t.sql", &text) {
        Ok(model) => Ok(of(model)),
        Err(problems) => Err(about_inputs(problems)),
    }
}

#[test]
fn only_one_select_is_a_model() {
    for (sql, expected) in [
        ("", "t.sql:6: there is no query"),
        ("-- nothing", "t.sql:6: there is no query"),
        (";", "t.sql:6: there is no query"),
        ("create table t (a int)", "a model is one select, not create table"),
        ("insert into silver.t select 1 as a", "a model is one select, not insert into"),
        ("drop table silver.t", "a model is one select, not drop table"),
        ("copy silver.t to 'x'", "a model is one select, not copy"),
        ("explain select 1 as a", "a model is one select, not explain"),
        ("with a as (select 1) insert into silver.t select * from a", "`insert` has no place"),
        ("with a as (select 1) update silver.t set x = 1", "`update` has no place"),
        ("with a as (select 1) delete from silver.t", "`delete` has no place"),
        ("select a into b from silver.t", "`select into` has no place"),
        ("select a from silver.t union all table bronze.x", "`table` has no place"),
        ("select a from silver.t tablesample (10)", "is sampled"),
    ] {
        let problems = inputs(Layer::Silver, sql).unwrap_err();
        assert!(problems.iter().any(|problem| problem.contains(expected)), "{sql}: {problems:?}");
    }
}

#[test]
fn finds_what_a_query_reads() {
    for (sql, expected) in [
        ("select 1 as a", vec![]),
        ("select a from bronze.x", vec!["bronze.x"]),
        ("select a from BRONZE.X, \"bronze\".\"y\"", vec!["bronze.x", "bronze.y"]),
        ("select a from bronze.x join bronze.y using (a)", vec!["bronze.x", "bronze.y"]),
        ("select a from (select * from bronze.x) as x", vec!["bronze.x"]),
        ("select a from silver.x where a in (select b from bronze.y)", vec!["bronze.y", "silver.x"]),
        ("select (select max(b) from bronze.y) as a from bronze.x", vec!["bronze.x", "bronze.y"]),
        ("select a from silver.x union all select a from bronze.y", vec!["bronze.y", "silver.x"]),
        // Common table expressions are no tables, wherever they are in scope.
        ("with x as (select * from bronze.x) select a from x", vec!["bronze.x"]),
        ("with x as (select * from bronze.x), y as (select * from x) select a from y", vec!["bronze.x"]),
        ("with x as (select 1 as a) select a from X", vec![]),
        ("with x as (select 1 as a) select a from (select * from x) as y", vec![]),
        ("with x as (select 1 as a) select a from silver.x", vec!["silver.x"]),
        ("with x as (with y as (select * from bronze.y) select * from y) select a from x", vec!["bronze.y"]),
        ("with recursive x as (select 1 as a union all select a + 1 from x where a < 9) select a from x", vec![]),
        ("with x as (select 1 as a) select a from silver.s where exists (select 1 from x)", vec!["silver.s"]),
        // Functions are no tables either.
        ("select value as a from generate_series(1, 10)", vec![]),
        ("select a from bronze.x cross join lateral unnest(x.list) as l(a)", vec!["bronze.x"]),
        ("select a from unnest([1, 2]) as t(a)", vec![]),
    ] {
        let text = format!("{sql}\n");
        let got = match inputs(Layer::Silver, &text) {
            Ok(_) => panic!("{sql}: undescribed columns passed"),
            // Only the missing description of the columns may be wrong.
            Err(problems) => problems,
        };
        assert!(got.is_empty(), "{sql}: {got:?}");
        // ml models need no descriptions, so the inputs can be seen.
        assert_eq!(inputs(Layer::Ml, &text).unwrap(), expected, "{sql}");
    }
}

#[test]
fn names_out_of_scope_are_problems() {
    for (sql, expected) in [
        ("select a from x", "t.sql:6: table \"x\" has no layer: write bronze.x, or define it in `with`"),
        ("select a\nfrom\n  x", "t.sql:8: table \"x\""),
        // Defined later, or inside another query, or under itself without `recursive`.
        ("with y as (select * from x), x as (select 1 as a) select a from y", "\"x\" is used before its `with`"),
        ("with x as (with y as (select 1 as a) select * from y) select a from y", "table \"y\" has no layer"),
        ("with x as (select 1 as a union all select a from x) select a from x", "\"x\" is used before"),
        ("select a from (with y as (select 1 as a) select * from y) as z, y", "table \"y\" has no layer"),
        ("with \"X\" as (select 1 as a) select a from x", "table \"x\" has no layer (did you mean \"X\"?)"),
        ("select a from bronze.x where b in (select b from y)", "table \"y\" has no layer"),
    ] {
        let problems = inputs(Layer::Silver, sql).unwrap_err();
        assert_eq!(problems.len(), 1, "{sql}: {problems:?}");
        assert!(problems[0].contains(expected), "{sql}: {problems:?}");
    }
}

#[test]
fn bronze_models_read_sources() {
    assert_eq!(inputs(Layer::Bronze, "SELECT *\nfrom source.t -- all").unwrap(), ["source.t"]);
    let problems = inputs(Layer::Bronze, "select * from imp").unwrap_err();
    assert!(problems[0].contains("write source.imp"), "{problems:?}");
    // What arrived, as it arrived.
    for shaped in ["select * from source.imp", "select * from source.t where true", "select * from source.t join bronze.x using (id)"] {
        let text = format!("/*\nA table.\n\nkind = \"append\"\n*/\n{shaped}");
        let problems = Model::parse(Layer::Bronze, "test", "t.sql", &text).unwrap_err();
        assert!(problems[0].message.starts_with("the query of a bronze model is `select * from source.t`"), "{problems:?}");
    }
    // The ingest columns come from the engine, so a header may name them.
    let text = "/*\nA table.\n\nkind = \"append\"\nkey = [\"_source\", \"_line\"]\n*/\nselect * from source.a";
    assert!(Model::parse(Layer::Bronze, "x", "a.sql", text).is_ok());
    assert!(Model::parse(Layer::Ml, "x", "a.sql", &text.replace("* from source.a", "a from ml.a")).is_err());
}

#[test]
fn deep_nesting_is_a_problem_or_works_but_never_overflows() {
    let nested = format!("select {}1{} as a", "(".repeat(5000), ")".repeat(5000));
    let problems = inputs(Layer::Ml, &nested).unwrap_err();
    assert!(problems[0].contains("recursion limit"), "{problems:?}");
    let long = format!("select a from ml.t where {}", vec!["a = 1"; 2000].join(" or "));
    assert_eq!(inputs(Layer::Ml, &long).unwrap(), ["ml.t"]);
    let scopes = "select a from (".repeat(5000);
    assert!(inputs(Layer::Ml, &scopes).is_err());
}
