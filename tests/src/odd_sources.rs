//! Sources with more in them than files of rows: lakes, links in a circle, names that no terminal should see.

use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};

use adlake::{Done, Work};
use bronze::Sources;
use lake::{Lake, LakeOptions, Silent};

use crate::lakes::{SourcedLake, block_on, rows, shipped};

const CLICKS: &str = "id_md5,click_id\nm1,c1\n";

async fn run(lake: &Lake, place: &SourcedLake, source: &str) -> lake::Result<Done> {
    let sources = Sources::open(&place.settings, Some(source))?;
    adlake::run(lake, shipped(), &Work { sources: Some(&sources), ..Work::all() }, &Silent).await
}

#[test]
fn a_lake_in_the_source_is_no_source() {
    block_on(async {
        let place = SourcedLake::new();
        place.put("clicks.csv", CLICKS);
        let source = place.path("").display().to_string();
        let lake = Lake::open(place.path("lake").to_str().unwrap(), LakeOptions { threads: 2, ..LakeOptions::default() }).unwrap();
        run(&lake, &place, &source).await.unwrap();
        let tables = lake.tables().await.unwrap();
        let done = run(&lake, &place, &source).await.unwrap();
        assert!(!done.report.changed());
        assert_eq!(lake.tables().await.unwrap(), tables);
        let [skipped] = done.skipped.as_slice() else { panic!("{:?}", done.skipped) };
        assert_eq!(skipped.path, "lake/");
        assert_eq!((skipped.is_lake(), done.unread), (true, 0));
        // Not even where it is the source.
        let lake_path = place.path("lake");
        std::fs::write(lake_path.join("user_profile.csv"), "user_id\nu1\n").unwrap();
        let done = run(&lake, &place, lake_path.to_str().unwrap()).await.unwrap();
        assert_eq!(done.skipped.iter().map(|s| s.path.as_str()).collect::<Vec<_>>(), ["./"]);
        assert_eq!(rows(&lake, "select user_id from bronze.user_profile").await, ["u1"]);
        // A copy of a table is none either, whoever's it is.
        let other = SourcedLake::new();
        let done = run(&other.lake, &place, &source).await.unwrap();
        assert!(done.skipped.iter().all(|s| s.path.starts_with("lake/") && s.reason.contains("Delta tables")), "{:?}", done.skipped);
        assert_eq!(rows(&other.lake, "select count(*) from bronze.clicks").await, ["1"]);
    });
}

#[test]
fn odd_entries_are_told_and_the_others_taken() {
    block_on(async {
        let place = SourcedLake::new();
        place.put("clicks.csv", CLICKS);
        place.put("deep/users.csv", "user_id\nu1\n");
        place.put("bell\u{7}\n.csv", "a\n1\n");
        std::fs::write(place.path("").join(std::ffi::OsStr::from_bytes(b"caf\xe9.csv")), "a\n1\n").unwrap();
        symlink(place.path(""), place.path("deep/again")).unwrap();
        symlink("nowhere", place.path("gone.csv")).unwrap();
        symlink("ring.csv", place.path("ring.csv")).unwrap();
        symlink(place.path(""), place.path(".hidden-again")).unwrap();
        let socket = std::os::unix::net::UnixListener::bind(place.path("socket.csv")).unwrap();
        let done = place.run().await;
        drop(socket);
        assert_eq!(rows(&place.lake, "select count(*) from silver.clicks").await, ["1"]);
        let skipped: Vec<&str> = done.skipped.iter().map(|s| s.path.as_str()).collect();
        assert_eq!(skipped, ["bell\\u{7}\\n.csv", "caf\u{fffd}.csv", "deep/again", "gone.csv", "ring.csv", "socket.csv"]);
    });
}

#[test]
fn a_source_without_a_file_that_can_be_read_is_told() {
    block_on(async {
        let place = SourcedLake::new();
        place.put("clicks.csv", b"\xff\xfe\n");
        place.put("notes.md", "nothing to read");
        let sources = Sources::open(&place.settings, place.path("").to_str()).unwrap();
        let done = |work: Work<'static>| {
            let work = Work { sources: Some(&sources), ..work };
            let lake = &place.lake;
            async move { adlake::run(lake, shipped(), &work, &Silent).await.unwrap().is_unreadable }
        };
        let clicks = || Work { tables: vec!["silver.clicks".to_owned()], ..Work::all() };
        let commerce = || Work { domains: vec!["commerce".to_owned()], ..Work::all() };
        assert!(done(Work::all()).await && done(clicks()).await);
        // Nothing was there for these.
        assert!(!done(commerce()).await);
        place.put("clicks/more.csv", CLICKS);
        assert!(!done(clicks()).await && !done(Work::all()).await);
    });
}

#[test]
fn a_folder_that_may_not_be_read_is_told_and_the_others_taken() {
    block_on(async {
        let place = SourcedLake::new();
        place.put("clicks.csv", CLICKS);
        place.put("closed/x.csv", "a\n1\n");
        std::fs::set_permissions(place.path("closed"), PermissionsExt::from_mode(0o000)).unwrap();
        // Root may read everything.
        let is_closed = std::fs::read_dir(place.path("closed")).is_err();
        let done = place.run().await;
        std::fs::set_permissions(place.path("closed"), PermissionsExt::from_mode(0o755)).unwrap();
        assert_eq!(rows(&place.lake, "select count(*) from bronze.clicks").await, ["1"]);
        assert_eq!(done.skipped.len(), usize::from(is_closed), "{:?}", done.skipped);
    });
}

#[test]
fn a_source_may_be_one_file() {
    block_on(async {
        let place = SourcedLake::new();
        place.put("logs/clicks.csv", CLICKS);
        place.put("logs/user_profile.csv", "user_id\nu1\n");
        run(&place.lake, &place, place.path("logs/clicks.csv").to_str().unwrap()).await.unwrap();
        assert_eq!(rows(&place.lake, "select _source from bronze.clicks").await, ["clicks.csv"]);
        assert_eq!(place.lake.tables().await.unwrap().iter().filter(|t| t.name == "user_profile").count(), 1, "expected, and empty");
        assert_eq!(rows(&place.lake, "select count(*) from bronze.user_profile").await, ["0"]);
        let told = |error: lake::Result<Done>| error.err().unwrap().to_string();
        assert!(told(run(&place.lake, &place, "").await).contains("--source"));
        assert!(told(run(&place.lake, &place, place.path("none").to_str().unwrap()).await).contains("no such source"));
    });
}

#[test]
fn files_of_a_folder_are_of_one_table_and_known_names_count_anywhere() {
    block_on(async {
        let place = SourcedLake::new();
        place.put("orders/eu.csv", "id\n1\n");
        place.put("orders/us.csv", "id\n2\n");
        place.put("eu/clicks.csv", CLICKS);
        place.run().await;
        assert_eq!(rows(&place.lake, "select id from bronze.orders order by id").await, ["1", "2"]);
        assert_eq!(rows(&place.lake, "select count(*) from bronze.clicks").await, ["1"]);
    });
}

#[test]
fn a_file_without_a_header_is_not_read_into_a_table_with_a_contract() {
    block_on(async {
        let place = SourcedLake::new();
        place.put("clicks-1.csv", "m1,c1,x,u1\nm2,c2,x,u2\n");
        place.put("clicks-2.csv", CLICKS);
        place.put("orders.csv", "first,row\n");
        let done = place.run().await;
        let [skipped] = done.skipped.as_slice() else { panic!("{:?}", done.skipped) };
        assert_eq!(skipped.path, "clicks-1.csv");
        assert!(skipped.reason.contains("no column of the table's contract is in its first line"), "{}", skipped.reason);
        assert_eq!(rows(&place.lake, "select count(*) from bronze.clicks").await, ["1"]);
    });
}
