//! Incremental equals full, for models of every shape that the engine follows or refuses to follow: what came and went is
//! made up, and after each run the table and its quarantine equal those of a rebuild.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, RecordBatch, StringViewArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use spec::Model;

use crate::report::Action;
use crate::testing::{append, model, name, rows, run};
use crate::{AsOf, Lake, LakeOptions, Running, Silent};

/// What it is, header, columns and query; all read `bronze.a (id, k, v, day)` and some `bronze.b (k, title)`, all text.
const SHAPES: &[(&str, &str, &str, &str)] = &[
    (
        "row by row, with a cast that the filter asks for",
        "kind = 'merge'\nkey = ['id']\nfirst_by = ['k', 'v']",
        "id k v",
        "with typed as (select id, k, cast(v as int) as v from bronze.a) select id as id, k as k, v as v from typed where v >= 2",
    ),
    (
        "a cast in one branch of a case",
        "kind = 'merge'\nkey = ['id']\nfirst_by = ['k', 'v']",
        "id k v",
        "select id as id, k as k, case when v <> 'bad' then cast(v as int) end as v from bronze.a",
    ),
    (
        "partitions that may be null or empty",
        "kind = 'replace_partitions'\nkey = ['id', 'day']\npartition_by = ['day']",
        "id day v",
        "select id as id, day as day, max(v) as v from bronze.a group by id, day",
    ),
    (
        "null partitions without a key",
        "kind = 'replace_partitions'\npartition_by = ['day', 'k']",
        "day k n",
        "select day as day, k as k, count(*) as n from bronze.a group by day, k",
    ),
    (
        "an aggregated partition",
        "kind = 'replace_partitions'\nkey = ['first_on', 'k']\npartition_by = ['first_on']",
        "k first_on n",
        "select k as k, min(day) as first_on, count(*) as n from bronze.a group by k",
    ),
    ("an aggregated key", "kind = 'merge'\nkey = ['most']", "most k", "select max(v) as most, k as k from bronze.a group by k"),
    (
        "a key from the side that may be absent",
        "kind = 'merge'\nkey = ['day', 'title']",
        "day title n",
        "select a.day as day, coalesce(b.title, 'Unknown') as title, count(*) as n from bronze.a as a left join bronze.b as b on a.k = b.k \
         group by a.day, coalesce(b.title, 'Unknown')",
    ),
    (
        "a key from the side that stays",
        "kind = 'merge'\nkey = ['id']\nfirst_by = ['v', 'title']",
        "id v title",
        "select a.id as id, a.v as v, b.title as title from bronze.a as a left join bronze.b as b on a.k = b.k",
    ),
    (
        "a key of another text type than is stored",
        "kind = 'merge'\nkey = ['kind']",
        "kind n",
        "select case when k = '1' then 'one' else 'other' end as kind, count(*) as n from bronze.a \
         group by case when k = '1' then 'one' else 'other' end",
    ),
    (
        "a key of another time than is stored",
        "kind = 'merge'\nkey = ['at']",
        "at n",
        "select arrow_cast(to_timestamp(day), 'Timestamp(Nanosecond, None)') as at, count(*) as n from bronze.a \
         where day like '2026%' group by arrow_cast(to_timestamp(day), 'Timestamp(Nanosecond, None)')",
    ),
    (
        "a partition read from text",
        "kind = 'replace_partitions'\nkey = ['on', 'id']\npartition_by = ['on']\nfirst_by = ['v']",
        "on id v",
        "select cast(day as date) as on, id as id, v as v from bronze.a",
    ),
    (
        "an inner join",
        "kind = 'merge'\nkey = ['id', 'title']\nfirst_by = ['v']",
        "id title v",
        "select a.id as id, b.title as title, a.v as v from bronze.a as a join bronze.b as b on a.k = b.k",
    ),
    (
        "rows without a partner",
        "kind = 'merge'\nkey = ['id']\nfirst_by = ['v']",
        "id v",
        "select a.id as id, a.v as v from bronze.a as a left join bronze.b as b on a.k = b.k where b.k is null",
    ),
    (
        "a subquery",
        "kind = 'merge'\nkey = ['id']\nfirst_by = ['v']",
        "id v",
        "select id as id, v as v from bronze.a where k in (select k from bronze.b)",
    ),
    (
        "a subquery below a union",
        "kind = 'merge'\nkey = ['id']\nfirst_by = ['v']",
        "id v",
        "select id as id, v as v from bronze.a where v = '1' union all \
         select id as id, v as v from bronze.a where k not in (select k from bronze.b where k is not null)",
    ),
    (
        "a table joined to itself",
        "kind = 'merge'\nkey = ['one', 'other']\nfirst_by = ['v']",
        "one other v",
        "select x.id as one, y.id as other, y.v as v from bronze.a as x join bronze.a as y on x.k = y.k and x.day = y.day",
    ),
    (
        "a window",
        "kind = 'merge'\nkey = ['id']\nfirst_by = ['v', 'place']",
        "id v place",
        "select id as id, v as v, row_number() over (partition by k order by id, v, day) as place from bronze.a",
    ),
    (
        "groups of groups",
        "kind = 'merge'\nkey = ['n']",
        "n groups",
        "with counted as (select k, count(*) as n from bronze.a group by k) select n as n, count(*) as groups from counted group by n",
    ),
    (
        "groups that are many",
        "kind = 'merge'\nkey = ['k']",
        "k n",
        "select k as k, count(*) as n from bronze.a group by k having count(*) > 2",
    ),
    (
        "rows of one of two sides, or both",
        "kind = 'merge'\nkey = ['id', 'k', 'title']\nfirst_by = ['v']",
        "id k title v",
        "select coalesce(a.id, '-') as id, coalesce(b.k, '-') as k, coalesce(b.title, '-') as title, max(a.v) as v from bronze.a as a \
         full join bronze.b as b on a.k = b.k group by coalesce(a.id, '-'), coalesce(b.k, '-'), coalesce(b.title, '-')",
    ),
    (
        "all of the other side",
        "kind = 'replace_partitions'\nkey = ['title', 'day']\npartition_by = ['day']",
        "title day n",
        "select b.title as title, a.day as day, count(a.id) as n from bronze.a as a right join bronze.b as b on a.k = b.k \
         group by b.title, a.day",
    ),
    (
        "two tables one below the other",
        "kind = 'merge'\nkey = ['id']\nfirst_by = ['v', 'k']",
        "id k v",
        "select id as id, k as k, v as v from bronze.a where v > '1' union all select k as id, title as k, title as v from bronze.b",
    ),
    (
        "different rows",
        "kind = 'merge'\nkey = ['k', 'v']\nfirst_by = ['title']",
        "k v title",
        "select distinct a.k as k, a.v as v, b.title as title from bronze.a as a left join bronze.b as b on a.k = b.k",
    ),
    (
        "a condition beside the equality",
        "kind = 'merge'\nkey = ['id', 'title']\nfirst_by = ['v']",
        "id title v",
        "select a.id as id, coalesce(b.title, '-') as title, a.v as v from bronze.a as a \
         left join bronze.b as b on a.k = b.k and a.day > b.title",
    ),
    (
        "a join without an equality",
        "kind = 'merge'\nkey = ['id', 'title']\nfirst_by = ['v']",
        "id title v",
        "select a.id as id, coalesce(b.title, '-') as title, a.v as v from bronze.a as a left join bronze.b as b on a.v > b.k",
    ),
    (
        "what became of what became of a row",
        "kind = 'merge'\nkey = ['id']\nfirst_by = ['v', 'title', 'other']",
        "id v title other",
        "with outcomes as (select b.k, b.title, c.day is not null as known, c.day from bronze.b as b left join bronze.a as c on b.k = c.v) \
         select a.id as id, a.v as v, o.title as title, case when o.known then o.day else b.title end as other from bronze.a as a \
         left join outcomes as o on a.k = o.k left join bronze.b as b on o.day = b.k",
    ),
    (
        "a constant in one of two tables",
        "kind = 'merge'\nkey = ['id', 'source']\nfirst_by = ['v']",
        "id source v",
        "select id as id, k as source, v as v from bronze.a union all select k as id, 'b' as source, title as v from bronze.b",
    ),
    (
        "branches of two kinds of text",
        "kind = 'merge'\nkey = ['title', 'k']",
        "title k n",
        "with x as (select id, case when v = '1' then 'one' else k end as kind from bronze.a) select b.title as title, b.k as k, \
         count(x.id) as n from bronze.b as b left join x on b.k = x.kind group by b.title, b.k",
    ),
    (
        "branches of two kinds of numbers",
        "kind = 'merge'\nkey = ['id']\nfirst_by = ['share']",
        "id share",
        "select id as id, case when v = '1' then 0 else 0.5 end as share from bronze.a",
    ),
    (
        "zeros of either sign",
        "kind = 'merge'\nkey = ['x']",
        "x n",
        "with x as (select case v when '1' then 0e0 when '2' then -0e0 else 1e0 end as x from bronze.a) \
         select x as x, count(*) as n from x group by x",
    ),
    (
        "a partition that is no number",
        "kind = 'replace_partitions'\npartition_by = ['n']",
        "n id",
        "with x as (select id, try_cast(k as int) as n from bronze.a), y as (select try_cast(k as int) as n from bronze.b) \
         select y.n as n, x.id as id from x left join y on x.n = y.n",
    ),
    (
        "numbers compared with text",
        "kind = 'merge'\nkey = ['id']\nfirst_by = ['title']",
        "id title",
        "with x as (select id, length(k) as n from silver.keyed) select x.id as id, b.title as title from x left join bronze.b as b on b.k = x.n",
    ),
    (
        "two equalities with one column",
        "kind = 'merge'\nkey = ['id', 'title']\nfirst_by = ['v']",
        "id title v",
        "select a.id as id, b.title as title, a.v as v from bronze.a as a join bronze.b as b on a.k = b.k and a.v = b.k",
    ),
    (
        "a subquery for each row",
        "kind = 'merge'\nkey = ['id']\nfirst_by = ['v']",
        "id v",
        "select id as id, v as v from bronze.a as a where exists (select 1 from bronze.b as b where b.k = a.k)",
    ),
    (
        "a table with a key and its partitions",
        "kind = 'merge'\nkey = ['id']\nfirst_by = ['title']\npartition_by = ['day']",
        "id day title",
        "select a.id as id, a.day as day, b.title as title from silver.keyed as a left join bronze.b as b on a.k = b.k",
    ),
    (
        "a partition in the key",
        "kind = 'merge'\nkey = ['day', 'id']\nfirst_by = ['v', 'title']\npartition_by = ['day']",
        "day id v title",
        "select a.day as day, a.id as id, a.v as v, b.title as title from bronze.a as a left join bronze.b as b on a.k = b.k",
    ),
    (
        "a partition made from what the key tells",
        "kind = 'merge'\nkey = ['id']\nfirst_by = ['title']\npartition_by = ['month']",
        "id month title",
        "select a.id as id, substr(a.day, 1, 9) as month, b.title as title from silver.keyed as a join bronze.b as b on a.k = b.k",
    ),
    (
        "a partition that the key does not tell",
        "kind = 'merge'\nkey = ['id']\nfirst_by = ['title']\npartition_by = ['title']",
        "id day title",
        "select a.id as id, a.day as day, b.title as title from silver.keyed as a left join bronze.b as b on a.k = b.k",
    ),
    (
        "a window over all rows",
        "kind = 'merge'\nkey = ['id']\nfirst_by = ['v', 'place']",
        "id v place",
        "select id as id, v as v, row_number() over (order by id, v, day) as place from bronze.a",
    ),
    (
        "a key that a window makes",
        "kind = 'merge'\nkey = ['k', 'place']\nfirst_by = ['v']",
        "k place v",
        "select k as k, v as v, row_number() over (partition by k order by id, v, day) as place from bronze.a",
    ),
    (
        "windows of several partitions",
        "kind = 'merge'\nkey = ['id']\nfirst_by = ['v', 'place', 'n']",
        "id v place n",
        "select id as id, v as v, row_number() over (partition by k, day order by id, v) as place, count(*) over (partition by k) as n from bronze.a",
    ),
    (
        "windows of partitions that have nothing in common",
        "kind = 'merge'\nkey = ['id']\nfirst_by = ['v', 'place', 'n']",
        "id v place n",
        "select id as id, v as v, row_number() over (partition by day order by id, v, k) as place, count(*) over (partition by k) as n from bronze.a",
    ),
    (
        "what came before in a table with a key, and what it meets",
        "kind = 'merge'\nkey = ['id']\nfirst_by = ['n']\npartition_by = ['day']",
        "id day n title",
        "with a as (select *, count(*) over (partition by k order by day range between unbounded preceding and current row) as n \
         from silver.keyed) select a.id as id, a.day as day, a.n as n, b.title as title from a left join bronze.b as b on a.k = b.k",
    ),
    (
        "windows that look ahead",
        "kind = 'merge'\nkey = ['id']\nfirst_by = ['v', 'ahead', 'of', 'rank']",
        "id v ahead of rank",
        "with a as (select id, v, k, min(day) as day from bronze.a group by id, v, k) select id as id, v as v, \
         lead(v) over (partition by k order by day, id, v) as ahead, count(*) over (partition by k order by day desc, id, v) as of, \
         percent_rank() over (partition by k order by day, id, v) as rank from a",
    ),
    (
        "windows that look back from every side",
        "kind = 'merge'\nkey = ['id']\nfirst_by = ['v', 'place', 'n', 'before']",
        "id v place n before",
        "with a as (select id, v, k, min(day) as day from bronze.a group by id, v, k) select id as id, v as v, \
         row_number() over (partition by k order by day, id, v) as place, count(*) over (partition by k order by day) as n, \
         max(v) over (partition by k order by day nulls first, id, v rows between 2 preceding and 1 preceding) as before from a",
    ),
    (
        "running totals of groups",
        "kind = 'merge'\nkey = ['k', 'day']",
        "k day n",
        "with counted as (select k, day, count(*) as n from bronze.a group by k, day) \
         select k as k, day as day, sum(n) over (partition by k order by day rows between unbounded preceding and 1 preceding) as n from counted",
    ),
    (
        "a group's rows gathered and taken apart",
        "kind = 'replace_partitions'\nkey = ['day', 'k']\npartition_by = ['day']",
        "day k n",
        "with counted as (select day, k, count(*) as n from bronze.a group by day, k), \
         gathered as (select day, array_agg(named_struct('k', k, 'n', n)) as parts from counted group by day), \
         parts as (select day, unnest(parts) as part from gathered) \
         select day as day, part['k'] as k, part['n'] as n from parts",
    ),
    (
        "what a row meets of a group taken apart",
        "kind = 'merge'\nkey = ['id']\nfirst_by = ['v', 'k']",
        "id v k",
        "with gathered as (select day, array_agg(k) as ks from bronze.a group by day), \
         parts as (select day, unnest(ks) as k from gathered) \
         select a.id as id, a.v as v, p.k as k from bronze.a as a left join parts as p on a.day = p.day",
    ),
    (
        "a key that stands in a row's list",
        "kind = 'merge'\nkey = ['id', 'part']\nfirst_by = ['v', 'title']",
        "id part v title",
        "with parts as (select id, v, k, unnest(make_array(k, day)) as part from bronze.a) \
         select p.id as id, p.part as part, p.v as v, b.title as title from parts as p left join bronze.b as b on p.k = b.k",
    ),
    (
        "a key that stands in a group's list",
        "kind = 'merge'\nkey = ['k', 'day']",
        "k day",
        "with gathered as (select day, array_agg(k) as ks from bronze.a group by day) select unnest(ks) as k, day as day from gathered",
    ),
];

/// Shapes in which the changed rows do not tell what can differ.
const REBUILT: [&str; 9] = [
    "an aggregated partition",
    "an aggregated key",
    "a subquery",
    "a subquery below a union",
    "groups of groups",
    "a subquery for each row",
    "a window over all rows",
    "a key that a window makes",
    "a key that stands in a group's list",
];

/// A table with a key, for shapes that read one.
const KEYED: (&str, &str, &str) = (
    "kind = 'merge'\nkey = ['id']\nfirst_by = ['day', 'k', 'v']\npartition_by = ['day']",
    "id k v day",
    "select id as id, k as k, v as v, day as day from bronze.a",
);

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }

    fn pick<'v>(&mut self, values: &[Option<&'v str>]) -> Option<&'v str> {
        values[self.roll(values.len())]
    }
}

fn batch(columns: &[&str], rows: &[Vec<Option<&str>>]) -> RecordBatch {
    let fields: Vec<Field> = columns.iter().map(|c| Field::new(*c, DataType::Utf8View, true)).collect();
    let column = |c: usize| -> ArrayRef { Arc::new(rows.iter().map(|r| r[c]).collect::<StringViewArray>()) };
    RecordBatch::try_new(Arc::new(Schema::new(fields)), (0..columns.len()).map(column).collect()).unwrap()
}

/// Some rows for `bronze.a` or `bronze.b`, whose values are also absent, empty or unreadable where they may be odd.
async fn arrive(lake: &Lake, dice: &mut Dice, odd: bool, table: &str, most: usize) {
    let among = |values: &'static [Option<&'static str>], plain: usize| if odd { values } else { &values[..plain] };
    let ids = among(&[Some("p"), Some("q"), Some("r"), Some("s"), Some("t"), Some("u"), Some("v"), None], 7);
    let keys = among(&[Some("1"), Some("2"), Some("3"), Some("4"), Some(""), None], 4);
    let values = among(&[Some("1"), Some("2"), Some("3"), Some("bad"), None], 3);
    let days = among(&[Some("2026-01-01"), Some("2026-01-02"), Some("2026-01-03"), Some("bad"), Some(""), None], 3);
    let count = 1 + dice.roll(most);
    let rows: Vec<Vec<Option<&str>>> = (0..count)
        .map(|_| match table {
            "bronze.a" => vec![dice.pick(ids), dice.pick(keys), dice.pick(values), dice.pick(days)],
            _ => vec![dice.pick(keys), dice.pick(&[Some("x"), Some("y"), Some("z")])],
        })
        .collect();
    let columns: &[&str] = if table == "bronze.a" { &["id", "k", "v", "day"] } else { &["k", "title"] };
    append(lake, table, &batch(columns, &rows), &[]).await;
}

/// The table and what it set aside, without when and by which run.
async fn contents(lake: &Lake) -> (Vec<String>, Vec<String>) {
    let set_aside = "select table_name, rule, reason, raw from ops.quarantine";
    let tables = lake.tables().await.unwrap();
    let quarantine = if tables.contains(&name("ops.quarantine")) { rows(lake, set_aside, AsOf::Latest).await } else { Vec::new() };
    (rows(lake, "select * from silver.t", AsOf::Latest).await, quarantine)
}

async fn rebuild(lake: &Lake, models: &[Model]) {
    let models: Vec<&Model> = models.iter().collect();
    let mut running = Running::begin(lake, crate::now());
    running.refresh(&models, true, &Silent).await.unwrap();
    running.publish(&models, &Silent).await.unwrap();
}

fn shape(table: &str, header: &str, columns: &str, query: &str) -> Model {
    let described: String = columns.split(' ').map(|c| format!("{c} = \"Text\"\n")).collect();
    model(table, &format!("/*\nA table.\n\n{}\n[columns]\n{described}*/\n{query}", header.replace('\'', "\"")))
}

/// A lake that follows changes row by row, however much of a table they touch.
fn eager() -> Lake {
    Lake::open("memory://test", LakeOptions { threads: 2, rebuild_share: Some(1e9), ..LakeOptions::default() }).unwrap()
}

/// Sequences of changes per shape: `ADLAKE_TEST_SEEDS`, or one.
fn seeds() -> u64 {
    std::env::var("ADLAKE_TEST_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(1)
}

#[tokio::test]
async fn every_shape_equals_its_rebuild() {
    let mut ways = BTreeSet::new();
    for (at, (what, header, columns, query)) in SHAPES.iter().enumerate() {
        let mut models = vec![shape("silver.t", header, columns, query)];
        if query.contains("silver.keyed") {
            models.insert(0, shape("silver.keyed", KEYED.0, KEYED.1, KEYED.2));
        }
        for seed in 0..2 * seeds() {
            let odd = seed % 2 == 1;
            let (lake, mut dice) = (eager(), Dice(seed * 1000 + at as u64));
            arrive(&lake, &mut dice, odd, "bronze.a", 40).await;
            arrive(&lake, &mut dice, odd, "bronze.b", 3).await;
            run(&lake, &models).await;
            for step in 0..3 {
                match dice.roll(6) {
                    0 | 1 => arrive(&lake, &mut dice, odd, "bronze.a", 3).await,
                    2 => arrive(&lake, &mut dice, odd, "bronze.b", 2).await,
                    3 => {
                        arrive(&lake, &mut dice, odd, "bronze.a", 2).await;
                        arrive(&lake, &mut dice, odd, "bronze.b", 2).await;
                    }
                    _ => {
                        // Rows of one or both go away again, and others come.
                        let both = dice.roll(2) == 0;
                        for table in ["bronze.a", "bronze.b"].into_iter().take(1 + usize::from(both)) {
                            arrive(&lake, &mut dice, odd, table, 2).await;
                        }
                        run(&lake, &models).await;
                        for table in ["bronze.a", "bronze.b"].into_iter().take(1 + usize::from(both)) {
                            let version = lake.table(&name(table)).await.unwrap().unwrap().version();
                            lake.restore(&name(table), version - 1).await.unwrap();
                        }
                        arrive(&lake, &mut dice, odd, "bronze.a", 1).await;
                    }
                }
                let report = run(&lake, &models).await;
                let told = report.tables.iter().find(|t| t.table == name("silver.t")).unwrap();
                ways.insert((*what, told.action.to_string(), told.notes.join("; ")));
                let incremental = contents(&lake).await;
                rebuild(&lake, &models).await;
                assert_eq!(incremental, contents(&lake).await, "{what}, seed {seed}, step {step}: {told:?}");
            }
        }
    }
    // Were all of them rebuilt, the test would say nothing: these are, and no others.
    let is_followed = |way: &str| way == Action::Merged.to_string() || way == Action::Replaced.to_string();
    let followed: BTreeSet<&str> = ways.iter().filter(|(_, way, _)| is_followed(way)).map(|(what, ..)| *what).collect();
    let rebuilt: Vec<&str> = SHAPES.iter().map(|(what, ..)| *what).filter(|what| !followed.contains(what)).collect();
    let why: Vec<_> = ways.iter().filter(|(what, ..)| rebuilt.contains(what) && !REBUILT.contains(what)).collect();
    assert_eq!(rebuilt, REBUILT, "{why:?}");
}
