//! Going back to an earlier version.

use super::*;

#[tokio::test]
async fn a_restored_table_goes_on_from_where_it_was() {
    let lake = lake();
    let mut dice = Dice(61);
    let batches: Vec<RecordBatch> = (0..3).map(|i| file(&mut dice, &format!("f{i}"), 200)).collect();
    let mut states = Vec::new();
    for (i, batch) in batches.iter().enumerate() {
        take(&lake, &format!("f{i}"), batch).await;
        run(&lake, &models()).await;
        states.push((answers(&lake, AsOf::Latest).await, version(&lake, "silver.events").await, version(&lake, "bronze.events").await));
    }
    let silver = name("silver.events");
    let consumed = lake.table(&silver).await.unwrap().unwrap().transactions().await.unwrap();
    // Silver as it was after the first file: rows, rejects, and what it has read.
    let restored = lake.restore(&silver, states[0].1).await.unwrap();
    assert_eq!(restored, states[2].1 + 1);
    let now = answers(&lake, AsOf::Latest).await;
    assert_eq!((&now[0], &now[3]), (&states[0].0[0], &states[0].0[3]));
    let table = lake.table(&silver).await.unwrap().unwrap();
    let read = table.transactions().await.unwrap();
    assert_eq!(read["bronze.events"], i64::try_from(states[0].2).unwrap());
    assert_eq!(read["definition"], consumed["definition"]);
    assert_eq!(lake.state_of(&models()[0]).await.unwrap(), State::Behind);
    // The next run goes on from there and ends where the others did, rejects included.
    let report = run(&lake, &models()).await;
    assert_eq!(report.tables[0].rows_read, 400, "what the restored table has not read");
    assert_eq!(answers(&lake, AsOf::Latest).await, states[2].0);
    // Forth to a version that is itself past a restore, and back to before anything was read.
    lake.restore(&silver, states[1].1).await.unwrap();
    assert_eq!(answers(&lake, AsOf::Latest).await[0], states[1].0[0]);
    assert_eq!(answers(&lake, AsOf::Latest).await[3], states[1].0[3]);
    lake.restore(&silver, 0).await.unwrap();
    let now = answers(&lake, AsOf::Latest).await;
    assert_eq!((now[0].len(), now[3].len()), (0, 0));
    assert!(!lake.table(&silver).await.unwrap().unwrap().transactions().await.unwrap().contains_key("bronze.events"));
    run(&lake, &models()).await;
    assert_eq!(answers(&lake, AsOf::Latest).await, states[2].0);
}

#[tokio::test]
async fn a_restored_bronze_table_takes_its_later_files_again() {
    let lake = lake();
    let mut dice = Dice(71);
    let batches: Vec<RecordBatch> = (0..3).map(|i| file(&mut dice, &format!("f{i}"), 150)).collect();
    let bronze = name("bronze.events");
    take(&lake, "f0", &batches[0]).await;
    let first = version(&lake, "bronze.events").await;
    for (i, batch) in batches.iter().enumerate().skip(1) {
        take(&lake, &format!("f{i}"), batch).await;
        run(&lake, &models()).await;
    }
    lake.optimize(&bronze, &OptimizeOptions::default()).await.unwrap();
    lake.restore(&bronze, first).await.unwrap();
    let read = lake.table(&bronze).await.unwrap().unwrap().transactions().await.unwrap();
    assert_eq!(Vec::from_iter(read.keys()), ["file:f0"]);
    run(&lake, &models()).await;
    assert_eq!(answers(&lake, AsOf::Latest).await, undisturbed(&batches[..1]).await);
    for (i, batch) in batches.iter().enumerate().skip(1) {
        take(&lake, &format!("f{i}"), batch).await;
    }
    run(&lake, &models()).await;
    assert_eq!(answers(&lake, AsOf::Latest).await, undisturbed(&batches).await);
}

#[tokio::test]
async fn what_vacuum_deleted_cannot_be_restored_and_costs_no_later_run() {
    let lake = lake();
    let mut dice = Dice(81);
    let batches: Vec<RecordBatch> = (0..2).map(|i| file(&mut dice, &format!("f{}", 1 - i), 200)).collect();
    take(&lake, "f1", &batches[0]).await;
    run(&lake, &models()).await;
    let (silver, daily) = (version(&lake, "silver.events").await, version(&lake, "gold.daily").await);
    take(&lake, "f0", &batches[1]).await;
    run(&lake, &models()).await;
    let after = answers(&lake, AsOf::Latest).await;
    // Only silver loses its old files: those of gold's version are all there.
    lake.vacuum_with(crate::now(), false, |_| BTreeMap::from([(name("gold.daily"), BTreeSet::from([daily]))])).await.unwrap();
    let error = lake.restore(&name("silver.events"), silver).await.unwrap_err().to_string();
    assert!(error.contains("silver.events") && error.contains("vacuum") && error.contains("history"), "{error}");
    // Gold can go back, but not tell any more what changed since: it is computed anew instead of failing.
    lake.restore(&name("gold.daily"), daily).await.unwrap();
    let report = run(&lake, &models()).await;
    let rebuilt = report.tables.iter().find(|t| t.table == name("gold.daily")).unwrap();
    assert_eq!((rebuilt.action, rebuilt.notes.len()), (Action::Built, 1));
    assert_eq!(answers(&lake, AsOf::Latest).await, after);
}

#[tokio::test]
async fn restore_refuses_what_cannot_be() {
    let lake = lake();
    take(&lake, "f0", &file(&mut Dice(1), "f0", 50)).await;
    run(&lake, &models()).await;
    let refused = |table: &'static str, version: u64| {
        let lake = lake.clone();
        async move { lake.restore(&name(table), version).await.unwrap_err().to_string() }
    };
    assert!(refused("silver.events", 9).await.contains("there is no version 9"));
    assert!(refused("silver.event", 0).await.contains("did you mean silver.events?"));
    assert!(refused("ops.quarantine", 0).await.contains("records what happened"));
    let latest = version(&lake, "silver.events").await;
    assert_eq!(lake.restore(&name("silver.events"), latest).await.unwrap(), latest);
    assert_eq!(version(&lake, "silver.events").await, latest, "no commit for what is so already");
}

#[tokio::test]
async fn columns_come_back_with_their_version() {
    let lake = lake();
    let mut dice = Dice(91);
    take(&lake, "f0", &file(&mut dice, "f0", 100)).await;
    run(&lake, &models()).await;
    let before = rows(&lake, "select * from gold.kinds", AsOf::Latest).await;
    let table = lake.table(&name("gold.kinds")).await.unwrap().unwrap();
    let (old, comments) = (table.schema(), table.column_comments());
    let mut changed = models();
    changed[2] = model("gold.kinds", &KINDS.replace("last_on", "latest_on"));
    run(&lake, &changed).await;
    assert_ne!(lake.table(&table.name).await.unwrap().unwrap().schema(), old);
    lake.restore(&table.name, table.version()).await.unwrap();
    let restored = lake.table(&table.name).await.unwrap().unwrap();
    assert_eq!((restored.schema(), restored.column_comments()), (old, comments));
    assert_eq!(rows(&lake, "select * from gold.kinds", AsOf::Latest).await, before);
    // By the model of that version nothing is to be done, by the changed one it is computed again.
    assert_eq!(lake.state_of(&models()[2]).await.unwrap(), State::UpToDate);
    assert_eq!(lake.state_of(&changed[2]).await.unwrap(), State::Changed);
}

#[tokio::test]
async fn history_tells_each_commit_newest_first() {
    let lake = lake();
    let mut dice = Dice(101);
    let mut ids = Vec::new();
    for i in 0..2 {
        take(&lake, &format!("f{i}"), &file(&mut dice, &format!("f{i}"), if i == 0 { 300 } else { 10 })).await;
        ids.push(run(&lake, &models()).await.run_id);
    }
    let silver = name("silver.events");
    lake.optimize(&silver, &OptimizeOptions::default()).await.unwrap();
    lake.restore(&silver, 1).await.unwrap();
    let history = lake.history(&silver).await.unwrap();
    let told: Vec<_> = history.iter().map(|h| (h.version, h.operation.as_str(), h.report.as_ref().map(|r| r.action))).collect();
    let expected = [
        (4, "RESTORE", None),
        (3, "OPTIMIZE", None),
        (2, "WRITE", Some(Action::Merged)),
        (1, "WRITE", Some(Action::Built)),
        (0, "CREATE TABLE", None),
    ];
    assert_eq!(told, expected);
    assert_eq!(history[2].run_id.as_ref(), Some(&ids[1]));
    assert_eq!(history[2].report.as_ref().unwrap().rows_read, 10);
    assert_eq!((history[0].restored_version, history[0].files_added > 0), (Some(1), true));
    assert!(history[1].files_removed >= 2 && history[1].files_added == 1);
    assert!(history.windows(2).all(|w| w[0].committed_at >= w[1].committed_at));
    assert!((crate::now() - history[4].committed_at) < chrono::Duration::minutes(5));
    assert!(lake.history(&name("silver.nothing")).await.unwrap_err().to_string().contains("no table"));
}
