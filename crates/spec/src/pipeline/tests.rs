#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

/// A model that reads these tables, by `domain:layer.name`.
fn model(made: &str, reads: &[&str]) -> Model {
    let (domain, table) = made.split_once(':').unwrap_or(("adtech", made));
    let table: TableName = table.parse().unwrap();
    let from: Vec<String> = reads.iter().map(|read| format!("select a from {read}")).collect();
    let query = match table.layer {
        Layer::Bronze => format!("select * from source.{}", table.name),
        _ if from.is_empty() => "select 1 as a".to_string(),
        _ => from.join("\nunion all "),
    };
    let text = format!("/*\nA table.\n\nkind = \"full\"\n[columns]\na = \"A\"\n*/\n{query}");
    let file = format!("{}/models/{domain}/{}.sql", table.layer, table.name);
    Model::parse(table.layer, domain, &file, &text).unwrap()
}

fn build_named(models: &[(&str, &[&str])]) -> Result<Pipeline, Vec<String>> {
    Pipeline::new(models.iter().map(|(made, reads)| model(made, reads)).collect())
        .map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

fn adtech() -> Pipeline {
    build_named(&[
        ("gold:gold.sales_daily", &[]),
        ("gold.ctr", &["silver.ad_funnel"]),
        ("silver.ad_funnel", &["silver.impressions", "silver.clicks"]),
        ("silver.clicks", &["bronze.clicks"]),
        ("silver.impressions", &["bronze.impressions", "bronze.geo"]),
        ("bronze.geo", &[]),
    ])
    .unwrap()
}

fn names<'a>(models: impl IntoIterator<Item = &'a Model>) -> Vec<String> {
    models.into_iter().map(|model| model.table.to_string()).collect()
}

fn texts(tables: &BTreeSet<TableName>) -> Vec<String> {
    tables.iter().map(ToString::to_string).collect()
}

#[test]
fn knows_order_and_lineage() {
    let pipeline = adtech();
    assert_eq!(
        names(pipeline.in_order()),
        ["bronze.geo", "silver.clicks", "silver.impressions", "silver.ad_funnel", "gold.ctr", "gold.sales_daily"]
    );
    assert_eq!(texts(&pipeline.sources()), ["bronze.clicks", "bronze.impressions"]);
    let lineage = |table: &str| {
        let table = table.parse().unwrap();
        texts(&pipeline.upstream_of(&table))
    };
    assert_eq!(lineage("silver.impressions"), ["bronze.geo", "bronze.impressions"]);
    assert!(lineage("bronze.clicks").is_empty());
    assert!(lineage("gold.nothing").is_empty());
    assert!(pipeline.get(&"silver.clicks".parse().unwrap()).is_some());
    assert!(pipeline.get(&"bronze.clicks".parse().unwrap()).is_none());
    assert!(build_named(&[]).unwrap().in_order().is_empty());
}

#[test]
fn finds_what_does_not_fit() {
    type Models<'a> = &'a [(&'a str, &'a [&'a str])];
    let cases: &[(Models<'_>, &[&str])] = &[
        // Reading what nobody makes. Bronze is ingested, features may come from code.
        (&[("silver.a", &["bronze.x"]), ("features.f", &["features.x", "silver.a"])], &[]),
        (
            &[("silver.clicks", &[]), ("silver.b", &["silver.click"])],
            &["silver/models/adtech/b.sql:8: no model makes silver.click (did you mean \"silver.clicks\"?)"],
        ),
        (
            &[("gold.clicks", &[]), ("gold.b", &["silver.clicks"])],
            &["gold/models/adtech/b.sql:8: no model makes silver.clicks (did you mean \"gold.clicks\"?)"],
        ),
        (&[("gold.b", &["silver.other"])], &["gold/models/adtech/b.sql:8: no model makes silver.other"]),
        // Data flows one way.
        (
            &[("gold.a", &["bronze.x", "gold.b"]), ("gold.b", &[])],
            &["gold/models/adtech/a.sql:8: a gold model may not read bronze.x: it reads gold and silver"],
        ),
        (
            &[("silver.a", &["bronze.x", "gold.b"]), ("gold.b", &[])],
            &["silver/models/adtech/a.sql:9: a silver model may not read gold.b: it reads silver and bronze"],
        ),
        (&[("silver.a", &[]), ("ops.b", &["silver.a"])], &["ops holds what the engine records"]),
        // Twice.
        (
            &[("x:silver.a", &[]), ("y:silver.a", &[]), ("gold.a", &["silver.a"])],
            &["silver/models/y/a.sql: silver.a is already made by silver/models/x/a.sql"],
        ),
        // Circles.
        (&[("silver.a", &["silver.a"])], &["silver/models/adtech/a.sql:8: silver.a reads itself"]),
        (
            &[
                ("silver.c", &["silver.b"]),
                ("silver.b", &["bronze.x", "silver.d"]),
                ("silver.d", &["silver.c"]),
                ("silver.behind", &["silver.d"]),
                ("gold.g", &["silver.behind"]),
            ],
            &["silver/models/adtech/b.sql:9: tables are made from each other: \
               silver.b reads silver.d reads silver.c reads silver.b: break the circle"],
        ),
        (
            &[("silver.a", &["silver.b"]), ("silver.b", &["silver.a"]), ("gold.a", &["gold.b"]), ("gold.b", &["gold.a", "silver.a"])],
            &["gold.a reads gold.b reads gold.a", "silver.a reads silver.b reads silver.a"],
        ),
        // All at once.
        (
            &[("gold.a", &["gold.a", "bronze.x", "silver.y"])],
            &["a.sql:8: gold.a reads itself", "a.sql:9: a gold model may not", "a.sql:10: no model makes"],
        ),
    ];
    for (models, expected) in cases {
        let problems = build_named(models).err().unwrap_or_default();
        assert_eq!(problems.len(), expected.len(), "{models:?}: {problems:#?}");
        for (problem, expected) in problems.iter().zip(*expected) {
            assert!(problem.contains(expected), "{expected}\n{problem}");
        }
    }
}

#[test]
fn selects_by_layer_domain_and_table() {
    let pipeline = adtech();
    let select = |layers: &[Layer], domains: &[&str], tables: &[&str]| {
        let texts = |given: &[&str]| given.iter().map(ToString::to_string).collect::<Vec<_>>();
        pipeline.select(layers, &texts(domains), &texts(tables)).map(|models| names(models).join(" ")).map_err(|error| error.to_string())
    };
    for (layers, domains, tables, expected) in [
        (&[Layer::Gold][..], &[][..], &[][..], "gold.ctr gold.sales_daily"),
        (&[Layer::Gold], &["adtech"], &[], "gold.ctr"),
        (&[], &["gold"], &[], "gold.sales_daily"),
        (&[], &[], &["gold.ctr", "silver.clicks"], "silver.clicks gold.ctr"),
        (&[], &[], &["ad_funnel"], "silver.ad_funnel"),
        (&[Layer::Silver], &[], &["gold.ctr"], ""),
        (&[], &[], &["bronze.clicks"], ""), // exists, but no model makes it
        (&[Layer::Ml], &[], &[], ""),
    ] {
        assert_eq!(select(layers, domains, tables).unwrap(), expected, "{layers:?} {domains:?} {tables:?}");
    }
    assert_eq!(select(&[], &[], &[]).unwrap(), names(pipeline.in_order()).join(" "));
    for (domains, tables, expected) in [
        (&["adtec"][..], &[][..], "unknown domain \"adtec\" (did you mean \"adtech\"?): domains are adtech, gold"),
        (&[], &["silver.click"], "unknown table \"silver.click\" (did you mean \"silver.clicks\"?)"),
        (&[], &["gold.ad_funnel"], "unknown table \"gold.ad_funnel\" (did you mean \"silver.ad_funnel\"?)"),
        (&[], &["ad_funel"], "unknown table \"ad_funel\" (did you mean \"silver.ad_funnel\"?)"),
        (&[], &["weather"], "unknown table \"weather\": `adlake plan` lists all tables"),
        (&[], &["clicks"], "\"clicks\" could be bronze.clicks or silver.clicks: name the layer"),
    ] {
        let error = select(&[], domains, tables).unwrap_err();
        assert!(error.starts_with(expected), "{error}");
    }
}

/// Silver models without circles: each reads some of those before it.
fn acyclic() -> impl Strategy<Value = Vec<(String, Vec<String>)>> {
    prop::collection::vec(prop::collection::vec(any::<prop::sample::Index>(), 0..4), 1..25).prop_map(|reads| {
        // Numbered so that order by name is not the order of making.
        let name = |at: usize| format!("silver.t{}", (at * 7 + 3) % 101);
        let models = reads.iter().enumerate().map(|(at, reads)| {
            let earlier = reads.iter().filter(|_| at > 0).map(|index| name(index.index(at.max(1))));
            (name(at), earlier.collect())
        });
        models.collect()
    })
}

fn build(models: &[(String, Vec<String>)]) -> Result<Pipeline, Vec<Problem>> {
    let models = models.iter().map(|(made, reads)| model(made, &reads.iter().map(String::as_str).collect::<Vec<_>>()));
    Pipeline::new(models.collect())
}

proptest! {
    #[test]
    fn every_model_comes_after_all_it_reads(
        models in acyclic(),
        (turn, reverse) in (any::<prop::sample::Index>(), any::<bool>()),
    ) {
        let pipeline = build(&models).unwrap();
        prop_assert_eq!(pipeline.in_order().len(), models.len());
        let mut done: BTreeSet<&TableName> = BTreeSet::new();
        for model in pipeline.in_order() {
            prop_assert!(model.input_tables().all(|input| done.contains(input)), "{}", model.table);
            done.insert(&model.table);
        }
        // The order does not depend on how the models were listed.
        let mut shuffled = models.clone();
        shuffled.rotate_left(turn.index(models.len()));
        if reverse {
            shuffled.reverse();
        }
        prop_assert_eq!(names(build(&shuffled).unwrap().in_order()), names(pipeline.in_order()));
    }

    #[test]
    fn one_edge_back_is_a_circle(models in acyclic(), from in any::<prop::sample::Index>()) {
        let mut models = models;
        let last = models.len() - 1;
        let first = from.index(models.len());
        // A path from `first` to the last, and one edge back.
        for at in first..last {
            let made = models[at].0.clone();
            models[at + 1].1.push(made);
        }
        let end = models[last].0.clone();
        models[first].1.push(end);
        let problems = build(&models).unwrap_err();
        prop_assert!(!problems.is_empty());
        for problem in problems {
            prop_assert!(problem.message.contains(" reads "), "{}", problem);
        }
    }
}
