//! Every operator and kind of expression, as small queries over t(a, b, c, l, s) and u(a, x, y).

use datafusion::arrow::datatypes::Fields;

use super::*;

/// Query, sources of its columns, sources of its rows.
pub(super) type Case = (&'static str, &'static [(&'static str, &'static str)], &'static str);

pub(super) const CASES: &[Case] = &[
    // Select lists.
    ("select a from bronze.t", &[("a", "t.a copied")], "t.* copied"),
    (
        "select a as z, b + c as s, 1 as one from bronze.t",
        &[("z", "t.a copied"), ("s", "t.b computed, t.c computed"), ("one", "")],
        "t.* copied",
    ),
    (
        "select cast(a as text) as z, coalesce(a, b) as k from bronze.t",
        &[("z", "t.a computed"), ("k", "t.a computed, t.b computed")],
        "t.* copied",
    ),
    ("select s['f'] as f, l[1] as e from bronze.t", &[("f", "t.s computed"), ("e", "t.l computed")], "t.* copied"),
    (
        "select a between b and c as z, a in (1, b) as i, a is null as n from bronze.t",
        &[("z", "t.a computed, t.b computed, t.c computed"), ("i", "t.a computed, t.b computed"), ("n", "t.a computed")],
        "t.* copied",
    ),
    ("select 1 as one", &[("one", "")], ""),
    ("select column1 as v from (values (1), (2))", &[("v", "")], ""),
    // Names: aliases, common table expressions, self joins.
    (
        "with r as (select a as b, b as a from bronze.t) select q.a, q.b from r as q",
        &[("a", "t.b copied"), ("b", "t.a copied")],
        "t.* copied",
    ),
    ("with r as (select a + 1 as k from bronze.t), r2 as (select k as k from r) select k from r2", &[("k", "t.a computed")], "t.* copied"),
    (
        "select l.b, r.c from bronze.t as l join bronze.t as r on l.a = r.b",
        &[("b", "t.b copied"), ("c", "t.c copied")],
        "t.* copied, t.a join, t.b join",
    ),
    // Case: conditions steer, branches are values; of constants alone, conditions are.
    ("select case when a > 0 then b else c end as z from bronze.t", &[("z", "t.a condition, t.b computed, t.c computed")], "t.* copied"),
    ("select case a when 1 then 'x' else 'y' end as z from bronze.t", &[("z", "t.a computed")], "t.* copied"),
    (
        "select case when a > 0 then case when b > 0 then 1 else 2 end else 3 end as z from bronze.t",
        &[("z", "t.a computed, t.b computed")],
        "t.* copied",
    ),
    (
        "select case when a > 0 then case when b > 0 then 1 else c end else 3 end as z from bronze.t",
        &[("z", "t.a condition, t.b condition, t.c computed")],
        "t.* copied",
    ),
    ("select case when a > 0 then a end as z from bronze.t", &[("z", "t.a computed, t.a condition")], "t.* copied"),
    (
        "with r as (select case when a > 0 then b end as k from bronze.t) select k + 1 as z from r where k > 0",
        &[("z", "t.a condition, t.b computed")],
        "t.* copied, t.a filter, t.b filter",
    ),
    // Filters, order, limits.
    ("select a from bronze.t where b > 0 and c is not null", &[("a", "t.a copied")], "t.* copied, t.b filter, t.c filter"),
    ("select a from bronze.t order by b limit 3", &[("a", "t.a copied")], "t.* copied, t.b order by"),
    (
        "select distinct a, b + 1 as z from bronze.t",
        &[("a", "t.a copied"), ("z", "t.b computed")],
        "t.* copied, t.a group by, t.b group by",
    ),
    (
        "select distinct on (a) a, b from bronze.t order by a, c",
        &[("a", "t.a copied"), ("b", "t.b copied")],
        "t.* copied, t.a group by, t.a order by, t.c order by",
    ),
    // Aggregates.
    ("select a, sum(b) as z from bronze.t group by a", &[("a", "t.a copied"), ("z", "t.b aggregated")], "t.* aggregated, t.a group by"),
    (
        "select a + c as k, count(*) as n from bronze.t where b > 0 group by a + c",
        &[("k", "t.a computed, t.c computed"), ("n", "t.* aggregated")],
        "t.* aggregated, t.a group by, t.b filter, t.c group by",
    ),
    (
        "select sum(b) as z from bronze.t group by a having max(c) > 3",
        &[("z", "t.b aggregated")],
        "t.* aggregated, t.a group by, t.c filter",
    ),
    ("select count(distinct b) as z, sum(1) as n from bronze.t", &[("z", "t.b aggregated"), ("n", "t.* aggregated")], "t.* aggregated"),
    (
        "select sum(b) filter (where c > 0) as z, count(*) filter (where a > 0) as n from bronze.t",
        &[("z", "t.b aggregated, t.c filter"), ("n", "t.* aggregated, t.a filter")],
        "t.* aggregated",
    ),
    ("select first_value(b order by c) as z from bronze.t", &[("z", "t.b aggregated, t.c order by")], "t.* aggregated"),
    (
        "select sum(case when a > 0 then 1 else 0 end) as n, sum(case when a > 0 then b else 0 end) as z from bronze.t",
        &[("n", "t.a aggregated"), ("z", "t.a condition, t.b aggregated")],
        "t.* aggregated",
    ),
    (
        "select a, b, sum(c) as z from bronze.t group by grouping sets ((a), (a, b))",
        &[("a", "t.a copied"), ("b", "t.b copied"), ("z", "t.c aggregated")],
        "t.* aggregated, t.a group by, t.b group by",
    ),
    (
        "select a, count(*) as n from bronze.t group by rollup (a)",
        &[("a", "t.a copied"), ("n", "t.* aggregated")],
        "t.* aggregated, t.a group by",
    ),
    (
        "select sum(n) as z from (select a, count(*) as n from bronze.t group by a)",
        &[("z", "t.* aggregated")],
        "t.* aggregated, t.a group by",
    ),
    // Windows.
    ("select sum(a) over (partition by b order by c) as z from bronze.t", &[("z", "t.a aggregated, t.b window, t.c window")], "t.* copied"),
    ("select lag(a) over (order by c) as z, b from bronze.t", &[("z", "t.a computed, t.c window"), ("b", "t.b copied")], "t.* copied"),
    (
        "select row_number() over (partition by a order by b) as z from bronze.t",
        &[("z", "t.* computed, t.a window, t.b window")],
        "t.* copied",
    ),
    (
        "select a from bronze.t qualify row_number() over (partition by b order by c) = 1",
        &[("a", "t.a copied")],
        "t.* filter, t.* copied, t.b filter, t.c filter",
    ),
    // Joins.
    (
        "select t.b, u.x from bronze.t join bronze.u on t.a = u.a and t.c > u.y",
        &[("b", "t.b copied"), ("x", "u.x copied")],
        "t.* copied, t.a join, t.c join, u.* copied, u.a join, u.y join",
    ),
    (
        "select t.b, u.x from bronze.t left join bronze.u on t.a = u.a",
        &[("b", "t.b copied"), ("x", "u.x copied")],
        "t.* copied, t.a join, u.a join",
    ),
    (
        "select t.b, u.x from bronze.t right join bronze.u on t.a = u.a",
        &[("b", "t.b copied"), ("x", "u.x copied")],
        "t.a join, u.* copied, u.a join",
    ),
    (
        "select t.b, u.x from bronze.t full join bronze.u on t.a = u.a",
        &[("b", "t.b copied"), ("x", "u.x copied")],
        "t.* copied, t.a join, u.* copied, u.a join",
    ),
    ("select t.b, u.x from bronze.t cross join bronze.u", &[("b", "t.b copied"), ("x", "u.x copied")], "t.* copied, u.* copied"),
    (
        "select a, b, x from bronze.t join bronze.u using (a)",
        &[("a", "t.a copied"), ("b", "t.b copied"), ("x", "u.x copied")],
        "t.* copied, t.a join, u.* copied, u.a join",
    ),
    ("select b from bronze.t left semi join bronze.u on t.a = u.a", &[("b", "t.b copied")], "t.* copied, t.a join, u.a join"),
    (
        "select b from bronze.t left anti join (select a from bronze.u where x > 0) as u on t.a = u.a",
        &[("b", "t.b copied")],
        "t.* copied, t.a join, u.a join, u.x filter",
    ),
    ("select x from bronze.t right semi join bronze.u on t.a = u.a", &[("x", "u.x copied")], "t.a join, u.* copied, u.a join"),
    (
        "select t.a, coalesce(m.hit, false) as hit from bronze.t left join (select a, true as hit from bronze.u where x > 0) as m on t.a = m.a",
        &[("a", "t.a copied"), ("hit", "u.* computed")],
        "t.* copied, t.a join, u.a join, u.x filter",
    ),
    (
        "select t.a, e.x from bronze.t cross join lateral (select x from bronze.u where u.a = t.b) as e",
        &[("a", "t.a copied"), ("x", "u.x copied")],
        "t.* copied, t.b filter, u.* copied, u.a filter",
    ),
    // Sets.
    (
        "select a, b from bronze.t union all select x, y from bronze.u",
        &[("a", "t.a copied, u.x copied"), ("b", "t.b copied, u.y copied")],
        "t.* copied, u.* copied",
    ),
    (
        "select a from bronze.t union select x from bronze.u where y > 0",
        &[("a", "t.a copied, u.x copied")],
        "t.* copied, t.a group by, u.* copied, u.x group by, u.y filter",
    ),
    ("select a from bronze.t intersect select x from bronze.u", &[("a", "t.a copied")], "t.* copied, t.a group by, t.a join, u.x join"),
    ("select a from bronze.t except select x from bronze.u", &[("a", "t.a copied")], "t.* copied, t.a group by, t.a join, u.x join"),
    // Subqueries in expressions.
    (
        "select a, (select max(x) from bronze.u where y > 0) as z from bronze.t",
        &[("a", "t.a copied"), ("z", "u.x aggregated, u.y filter")],
        "t.* copied",
    ),
    (
        "select (select max(x) from bronze.u where u.a = t.b) as z from bronze.t",
        &[("z", "t.b filter, u.a filter, u.x aggregated")],
        "t.* copied",
    ),
    (
        "select a from bronze.t where b in (select x from bronze.u where y > 0)",
        &[("a", "t.a copied")],
        "t.* copied, t.b filter, u.x filter, u.y filter",
    ),
    (
        "select a from bronze.t where not exists (select 1 from bronze.u where u.a = t.b)",
        &[("a", "t.a copied")],
        "t.* copied, t.b filter, u.* filter, u.a filter",
    ),
    (
        "select a, exists (select 1 from bronze.u where u.a = t.b) as z from bronze.t",
        &[("a", "t.a copied"), ("z", "t.b filter, u.* computed, u.a filter")],
        "t.* copied",
    ),
    ("select a from bronze.t where b > (select avg(x) from bronze.u)", &[("a", "t.a copied")], "t.* copied, t.b filter, u.x filter"),
    // Lists taken apart, recursion.
    ("select a, unnest(l) as e from bronze.t", &[("a", "t.a copied"), ("e", "t.l computed")], "t.* copied, t.l join"),
    (
        "with recursive r as (select a, b from bronze.t where c = 1 union all select u.x, r.b from r join bronze.u on u.a = r.a) select a, b from r",
        &[("a", "t.a copied, u.x copied"), ("b", "t.b copied")],
        "t.* copied, t.a join, t.c filter, u.* copied, u.a join, u.x join",
    ),
];

pub(super) fn t_schema() -> SchemaRef {
    let int = |name: &str| Field::new(name, DataType::Int64, true);
    let list = DataType::List(Arc::new(Field::new("element", DataType::Int64, true)));
    Arc::new(Schema::new(vec![
        int("a"),
        int("b"),
        int("c"),
        Field::new("l", list, true),
        Field::new("s", DataType::Struct(Fields::from(vec![int("f")])), true),
    ]))
}

pub(super) fn u_schema() -> SchemaRef {
    Arc::new(Schema::new(["a", "x", "y"].map(|name| Field::new(name, DataType::Int64, true)).to_vec()))
}

#[tokio::test]
async fn every_operator() {
    let empty = |schema| Arc::new(EmptyTable::new(schema)) as Arc<dyn TableProvider>;
    let (context, _) = session_with(&[("bronze.t", empty(t_schema())), ("bronze.u", empty(u_schema()))]);
    let mut wrong = Vec::new();
    for (sql, columns, rows) in CASES {
        let plan = match context.state().create_logical_plan(sql).await {
            Ok(plan) => plan,
            Err(error) => {
                wrong.push(format!("{sql}\n  {}", error.strip_backtrace()));
                continue;
            }
        };
        let made = flow(&plan, Around::default()).unwrap_or_else(|e| panic!("{sql}: {e}\n{}", plan.display_indent()));
        let names: Vec<&String> = plan.schema().fields().iter().map(|f| f.name()).collect();
        let found: Vec<String> = names.iter().zip(&made.columns).map(|(name, sources)| format!("{name}: {}", told(sources))).collect();
        let expected: Vec<String> = columns.iter().map(|(name, sources)| format!("{name}: {sources}")).collect();
        let sorted = |text: &str| text.split(", ").map(str::to_owned).collect::<BTreeSet<_>>();
        if found != expected || sorted(&told(&made.rows)) != sorted(rows) {
            wrong.push(format!(
                "{sql}\n  expected {expected:?} rows {rows}\n  found    {found:?} rows {}\n{}",
                told(&made.rows),
                plan.display_indent()
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), CASES.len(), wrong.join("\n"));
}

#[tokio::test]
async fn statements_have_none() {
    let (context, _) = session_with(&[]);
    let plan = context.state().create_logical_plan("create table x as select 1 as one").await.unwrap();
    let error = flow(&plan, Around::default()).unwrap_err().to_string();
    assert!(error.contains("write the model as one select"), "{error}");
}
