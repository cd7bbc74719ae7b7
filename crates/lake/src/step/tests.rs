#![allow(clippy::unwrap_used)]

use super::State;
use crate::AsOf;
use crate::testing::{append, lake, model, rows, run, texts};

const MODEL: &str = r#"/*
One row per event of one kind.

key     = ["id"]
ORDER = ["_line"]
kind    = "merge"

[columns]
id    = "Identifier of the event"
day   = "Day"
_line = "Line"
*/
select id as id, day as day, _line as _line from bronze.events where day = '2'
"#;

const SHARES: &str = r#"/*
One row per event.

key  = ["id"]
kind = "merge"

[columns]
id    = "Identifier of the event"
share = "Its share"
*/
select id as id, case when day = '1' then 0 else 0.5 end as share from bronze.events
"#;

fn batch(rows: &[[&str; 3]]) -> datafusion::arrow::array::RecordBatch {
    let rows: Vec<Vec<String>> = rows.iter().map(|r| r.iter().map(|t| (*t).to_owned()).collect()).collect();
    texts(&["id", "day", "_line"], &rows)
}

/// Files whose statistics say that a filter leaves nothing of them are counted like the others: the sum comes out.
#[tokio::test]
async fn rows_that_statistics_could_skip_count_as_filtered() {
    let (lake, models) = (lake(), [model("silver.events", &MODEL.replace("ORDER", "first_by"))]);
    append(&lake, "bronze.events", &batch(&[["a", "1", "1"], ["b", "1", "2"]]), &[]).await;
    append(&lake, "bronze.events", &batch(&[["c", "2", "1"]]), &[]).await;
    let report = &run(&lake, &models).await.tables[0];
    assert_eq!((report.rows_read, report.rows_written, report.filtered), (3, 1, 2));
    append(&lake, "bronze.events", &batch(&[["d", "3", "1"]]), &[]).await;
    append(&lake, "bronze.events", &batch(&[["e", "2", "1"]]), &[]).await;
    let report = &run(&lake, &models).await.tables[0];
    assert_eq!((report.rows_read, report.rows_written, report.filtered), (2, 1, 1));
    assert_eq!(rows(&lake, "select id from silver.events", AsOf::Latest).await, ["c", "e"]);
}

/// `first_by` keeps the smallest row of a key and `last_by` the greatest, whichever run brings it.
#[tokio::test]
async fn the_first_or_the_last_row_of_a_key_stays() {
    for (order, wanted) in [("first_by", ["a|1", "b|1"]), ("last_by ", ["a|3", "b|2"])] {
        let (lake, models) = (lake(), [model("silver.events", &MODEL.replace("ORDER", order))]);
        append(&lake, "bronze.events", &batch(&[["a", "2", "2"], ["b", "2", "1"], ["b", "2", "2"]]), &[]).await;
        run(&lake, &models).await;
        append(&lake, "bronze.events", &batch(&[["a", "2", "3"], ["a", "2", "1"]]), &[]).await;
        run(&lake, &models).await;
        assert_eq!(rows(&lake, "select id, _line from silver.events", AsOf::Latest).await, wanted, "{order}");
    }
}

const STRICT: &str = r#"/*
One row per event.

key      = ["id"]
first_by = ["_line"]
kind     = "merge"

[columns]
id    = "Identifier of the event"
day   = "Day"
_line = "Line"

[expect.is_an_event]
that    = "day <> '0'"
on_fail = "quarantine"
*/
select id as id, day as day, _line as _line from bronze.events
"#;

/// A key that the table has comes again, in nothing but a row that is set aside.
#[tokio::test]
async fn a_known_key_in_a_rejected_row_alone_changes_nothing() {
    let (lake, models) = (lake(), [model("silver.events", STRICT)]);
    append(&lake, "bronze.events", &batch(&[["a", "1", "1"], ["b", "1", "2"]]), &[]).await;
    run(&lake, &models).await;
    append(&lake, "bronze.events", &batch(&[["a", "0", "3"]]), &[]).await;
    let report = &run(&lake, &models).await.tables[0];
    assert_eq!((report.rows_read, report.rows_written, report.quarantined), (1, 0, 1));
    assert_eq!(rows(&lake, "select id, day from silver.events", AsOf::Latest).await, ["a|1", "b|1"]);
}

const COUNTS: &str = r#"/*
Events by day.

key  = ["day"]
kind = "merge"

[columns]
day         = "Day"
event_count = "Events"
*/
select day as day, count(*) as event_count from silver.events group by day
"#;

/// A table whose model is not there any more goes its own way; all others go on.
#[tokio::test]
async fn a_table_without_a_model_holds_nobody_up() {
    let lake = lake();
    let events = || model("silver.events", STRICT);
    let (old, new) = ([events(), model("gold.by_day", COUNTS)], [events(), model("gold.days", COUNTS)]);
    append(&lake, "bronze.events", &batch(&[["a", "1", "1"]]), &[]).await;
    run(&lake, &old).await;
    run(&lake, &new).await;
    append(&lake, "bronze.events", &batch(&[["b", "1", "1"]]), &[]).await;
    let report = run(&lake, &new).await;
    assert!(report.behind.is_empty() && report.release.is_some(), "{report:?}");
    assert_eq!(report.orphans.iter().map(ToString::to_string).collect::<Vec<_>>(), ["gold.by_day"]);
    assert_eq!(rows(&lake, "select event_count from gold.days", AsOf::LastRelease).await, ["2"]);
    assert_eq!(rows(&lake, "select event_count from gold.by_day", AsOf::LastRelease).await, ["1"]);
    // The control: a layer of which no model is known is not left behind, as its program will come.
    append(&lake, "bronze.events", &batch(&[["c", "1", "1"]]), &[]).await;
    let report = run(&lake, &[events()]).await;
    assert!(report.orphans.is_empty() && report.release.is_none(), "{report:?}");
    assert_eq!(report.behind.len(), 2);
}

/// A failed run shows in `ops.runs`, with what it did until then.
#[tokio::test]
async fn a_failed_run_leaves_a_trace() {
    let lake = lake();
    let broken = COUNTS.replace("count(*)", "10 / (count(*) - count(*))");
    let models = [model("silver.events", STRICT), model("gold.by_day", &broken)];
    append(&lake, "bronze.events", &batch(&[["a", "1", "1"]]), &[]).await;
    let mut running = crate::Running::begin(&lake, crate::now());
    let error = running.refresh(&models.iter().collect::<Vec<_>>(), false, &crate::Silent).await.unwrap_err();
    assert!(error.to_string().contains("ivide by zero"), "{error}");
    let told = rows(&lake, "select table_name, action, notes like '%ivide by zero%' from ops.runs", AsOf::Latest).await;
    assert_eq!(told, ["gold.by_day|failed|true", "silver.events|built|false"]);
}

/// A table that fails leaves the one worked on beside it to its end, and those that read it alone.
#[tokio::test]
async fn a_table_beside_a_failed_one_is_made() {
    let lake = lake();
    let broken = COUNTS.replace("count(*)", "10 / (count(*) - count(*))");
    let models = [model("silver.events", STRICT), model("gold.broken", &broken), model("gold.by_day", COUNTS)];
    append(&lake, "bronze.events", &batch(&[["a", "1", "1"]]), &[]).await;
    let mut running = crate::Running::begin(&lake, crate::now());
    running.refresh(&models.iter().collect::<Vec<_>>(), false, &crate::Silent).await.unwrap_err();
    let told = rows(&lake, "select table_name, action from ops.runs", AsOf::Latest).await;
    assert_eq!(told, ["gold.broken|failed", "gold.by_day|built", "silver.events|built"]);
}

/// The branches of a `case` have one type, in the table as in the query: nothing is cut off to fit the first.
#[tokio::test]
async fn branches_have_the_type_that_all_fit() {
    let lake = lake();
    append(&lake, "bronze.events", &batch(&[["a", "1", "1"], ["b", "2", "2"]]), &[]).await;
    run(&lake, &[model("silver.shares", SHARES)]).await;
    assert_eq!(rows(&lake, "select id, share from silver.shares", AsOf::Latest).await, ["a|0.0", "b|0.5"]);
}

/// A text that a filter compares with a number and that is none is rejected with its reason.
#[tokio::test]
async fn a_text_that_is_no_number_is_rejected() {
    let lake = lake();
    append(&lake, "bronze.events", &batch(&[["a", "1", "1"], ["b", "2", "2"], ["c", "bad", "3"]]), &[]).await;
    run(&lake, &[model("silver.events", &MODEL.replace("ORDER", "first_by").replace("day = '2'", "day >= 2"))]).await;
    assert_eq!(rows(&lake, "select id from silver.events", AsOf::Latest).await, ["b"]);
    let rejected = rows(&lake, "select reason like '%bad%' from ops.quarantine", AsOf::Latest).await;
    assert_eq!(rejected, ["true"]);
}

/// What does not fit together is told by what it is.
#[tokio::test]
async fn types_that_do_not_fit_are_told() {
    let lake = lake();
    append(&lake, "bronze.events", &batch(&[["a", "1", "1"]]), &[]).await;
    let models = [model("silver.shares", &SHARES.replace("case when day = '1' then 0 else 0.5 end", "(1 and day = '1')"))];
    let mut running = crate::Running::begin(&lake, crate::now());
    let error = running.refresh(&models.iter().collect::<Vec<_>>(), false, &crate::Silent).await.unwrap_err().to_string();
    assert!(error.contains("shares.sql:11") && error.contains("Int64 AND Boolean") && !error.contains('\n'), "{error}");
}

/// The folder of an input is removed and filled again: its versions count from 0 anew, but its rows are others.
#[tokio::test]
async fn a_table_made_anew_is_read_anew() {
    let folder = std::env::temp_dir().join(format!("adlake-anew-{}", uuid::Uuid::new_v4()));
    let lake = crate::Lake::open(folder.to_str().unwrap(), crate::LakeOptions { threads: 2, ..Default::default() }).unwrap();
    let models = [model("silver.events", STRICT), model("gold.by_day", COUNTS)];
    append(&lake, "bronze.events", &batch(&[["a", "1", "1"], ["x", "0", "2"]]), &[]).await;
    append(&lake, "bronze.events", &batch(&[["b", "1", "1"]]), &[]).await;
    run(&lake, &models).await;
    std::fs::remove_dir_all(folder.join("bronze/events")).unwrap();
    append(&lake, "bronze.events", &batch(&[["c", "2", "1"]]), &[]).await;
    append(&lake, "bronze.events", &batch(&[["y", "0", "1"]]), &[]).await;
    run(&lake, &models).await;
    assert_eq!(rows(&lake, "select id from silver.events", AsOf::LastRelease).await, ["c"]);
    assert_eq!(rows(&lake, "select day, event_count from gold.by_day", AsOf::LastRelease).await, ["2|1"]);
    let rejected = "select raw like '%\"y\"%' from ops.quarantine where table_name = 'silver.events'";
    assert_eq!(rows(&lake, rejected, AsOf::Latest).await, ["true"]);
    // The same one layer up.
    std::fs::remove_dir_all(folder.join("silver/events")).unwrap();
    append(&lake, "bronze.events", &batch(&[["d", "2", "1"], ["z", "0", "1"]]), &[]).await;
    run(&lake, &models).await;
    assert_eq!(rows(&lake, "select day, event_count from gold.by_day", AsOf::LastRelease).await, ["2|2"]);
    assert_eq!(rows(&lake, "select count(*) from ops.quarantine where table_name = 'silver.events'", AsOf::Latest).await, ["2"]);
    std::fs::remove_dir_all(folder).unwrap();
}

const TITLED: &str = r#"/*
One row per event with the title of its day, where the lake has titles.

key  = ["id"]
kind = "merge"

[optional]
"bronze.titles" = { day = "text", title = "text" }

[columns]
id    = "Identifier of the event"
title = "Title of the day"
*/
select e.id as id, t.title as title from bronze.events as e left join bronze.titles as t on e.day = t.day
"#;

/// An input that a lake may lack comes, goes and comes again: each time the table is what it would be had things always been so.
#[tokio::test]
async fn an_optional_input_may_go_again() {
    let folder = std::env::temp_dir().join(format!("adlake-optional-{}", uuid::Uuid::new_v4()));
    let lake = crate::Lake::open(folder.to_str().unwrap(), crate::LakeOptions { threads: 2, ..Default::default() }).unwrap();
    let models = [model("silver.titled", TITLED)];
    let state = async || lake.state_of(&models[0]).await.unwrap();
    let titled = async || rows(&lake, "select id, title from silver.titled", AsOf::LastRelease).await;
    let titles = |title: &str| texts(&["day", "title"], &[vec!["1".to_owned(), title.to_owned()]]);
    append(&lake, "bronze.events", &batch(&[["a", "1", "1"]]), &[]).await;
    run(&lake, &models).await;
    assert_eq!(titled().await, ["a|∅"]);
    for title in ["first", "second"] {
        append(&lake, "bronze.titles", &titles(title), &[]).await;
        assert_eq!(state().await, State::Behind);
        run(&lake, &models).await;
        assert_eq!(titled().await, [format!("a|{title}")]);
        std::fs::remove_dir_all(folder.join("bronze/titles")).unwrap();
        assert_eq!(state().await, State::Behind);
        let report = &run(&lake, &models).await.tables[0];
        assert_eq!(report.notes, ["rebuilt: bronze.titles is not in the lake any more"]);
        assert_eq!(titled().await, ["a|∅"]);
        // That is told once, and what comes then is merged as ever.
        assert_eq!(state().await, State::UpToDate);
        assert_eq!(run(&lake, &models).await.tables[0].action, crate::report::Action::UpToDate);
    }
    // The same where all is to be made anew.
    append(&lake, "bronze.titles", &titles("third"), &[]).await;
    run(&lake, &models).await;
    std::fs::remove_dir_all(folder.join("bronze/titles")).unwrap();
    let mut running = crate::Running::begin(&lake, crate::now());
    running.refresh(&[&models[0]], true, &crate::Silent).await.unwrap();
    running.publish(&[&models[0]], &crate::Silent).await.unwrap();
    assert_eq!(titled().await, ["a|∅"]);
    assert_eq!(state().await, State::UpToDate);
    // The control: one that has to be there is missed.
    let needed = [model("silver.titled", &TITLED.replace("[optional]\n\"bronze.titles\" = { day = \"text\", title = \"text\" }\n", ""))];
    assert_eq!(lake.state_of(&needed[0]).await.unwrap(), State::NoInput);
    let mut running = crate::Running::begin(&lake, crate::now());
    let error = running.refresh(&[&needed[0]], true, &crate::Silent).await.unwrap_err().to_string();
    assert!(error.contains("reads bronze.titles, which is not in the lake"), "{error}");
    std::fs::remove_dir_all(folder).unwrap();
}

/// Columns that come later do not cost the others their descriptions.
#[tokio::test]
async fn descriptions_survive_new_columns() {
    let lake = lake();
    append(&lake, "bronze.events", &batch(&[["a", "1", "1"]]), &[]).await;
    run(&lake, &[model("silver.events", STRICT)]).await;
    let wider =
        STRICT.replace("_line = ", "hour = \"Hour of the day, 0 to 23\"\n_line = ").replace("day as day,", "day as day, '7' as hour,");
    run(&lake, &[model("silver.events", &wider)]).await;
    let comments = lake.table(&crate::testing::name("silver.events")).await.unwrap().unwrap().column_comments();
    assert_eq!((comments["day"].as_str(), comments["hour"].as_str()), ("Day", "Hour of the day, 0 to 23"));
}
