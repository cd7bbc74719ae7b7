#![allow(clippy::unwrap_used)]

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
