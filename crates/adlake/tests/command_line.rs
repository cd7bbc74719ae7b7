//! What only the whole program shows: exit codes, closed pipes, full disks, places that are no lakes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

fn adlake(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_adlake"));
    command.args(arguments).current_dir(folder).env("RUST_BACKTRACE", "1").stdin(Stdio::null());
    command
}

/// Exit code, stdout, stderr.
fn said(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } = adlake(folder, arguments).output().unwrap();
    (status.code().unwrap_or(-1), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

/// A folder with raw files in `logs` and their bronze tables in `lake`.
fn with_lake() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("logs")).unwrap();
    fs::write(folder.path().join("logs/clicks.csv"), "id_md5,click_id\nm1,c1\n").unwrap();
    let (code, _, told) = said(folder.path(), &["run", "--source", "logs", "--layer", "bronze"]);
    assert_eq!(code, 0, "{told}");
    folder
}

#[test]
fn only_queries_run_and_wherever_a_statement_stands_it_is_refused() {
    let folder = with_lake();
    let copied = folder.path().join("x.csv");
    let copy = format!("copy (select 1) to '{}'", copied.display());
    for query in [
        &copy,
        &format!("explain {copy}"),
        &format!("explain analyze {copy}"),
        "explain analyze insert into bronze.clicks select * from bronze.clicks",
    ] {
        let (code, _, told) = said(folder.path(), &["sql", query]);
        assert_eq!((code, told.as_str()), (2, "error: only queries run here; tables are changed by models and `adlake run`\n"), "{query}");
    }
    assert!(!copied.exists());
    let (code, _, told) = said(folder.path(), &["sql", "select 1; select 2"]);
    assert_eq!((code, told.as_str()), (2, "error: the query holds several statements; give one at a time\n"));
    assert_eq!(said(folder.path(), &["sql", "explain analyze select * from bronze.clicks"]).0, 0);
}

#[test]
fn a_reader_that_has_seen_enough_ends_it_quietly() {
    let folder = with_lake();
    for arguments in [["show"].as_slice(), &["plan"], &["history", "bronze.clicks"], &["sql", "select 1", "--format", "csv"]] {
        let mut child = adlake(folder.path(), arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut told = String::new();
        child.stderr.take().unwrap().read_to_string(&mut told).unwrap();
        assert_eq!((child.wait().unwrap().code(), told.as_str()), (Some(0), ""), "{arguments:?}");
    }
}

#[test]
fn a_run_goes_on_when_nobody_listens() {
    let folder = with_lake();
    fs::write(folder.path().join("logs/orders.csv"), "id\n1\n").unwrap();
    fs::write(folder.path().join("logs/readme.md"), "no rows").unwrap();
    let mut child = adlake(folder.path(), &["run", "--source", "logs", "--layer", "bronze"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stderr.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(said(folder.path(), &["sql", "select count(*) as n from bronze.orders", "--format", "csv"]).1.contains("\n1\n"));
}

#[test]
fn a_full_disk_is_told_in_one_line() {
    let folder = with_lake();
    if !Path::new("/dev/full").exists() {
        return;
    }
    for arguments in [["show"].as_slice(), &["sql", "select 1"], &["sql", "select 1", "--format", "json"], &["quarantine"]] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let out = adlake(folder.path(), arguments).stdout(full).output().unwrap();
        let told = String::from_utf8(out.stderr).unwrap();
        assert_eq!((out.status.code(), told.lines().count()), (Some(2), 1), "{arguments:?} {told}");
    }
}

#[test]
fn a_place_without_a_lake_is_told() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [["show"].as_slice(), &["quarantine"], &["vacuum"], &["optimize"], &["sql", "select 1"], &["history", "bronze.clicks"]]
    {
        let (code, shown, told) = said(folder.path(), arguments);
        assert_eq!((code, shown.as_str()), (2, ""), "{arguments:?}");
        assert!(told.contains("there is no lake here"), "{told}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_lake_may_be_named_in_roundabout_ways() {
    let folder = with_lake();
    for (lake, is) in [("../logs/../none/../other", "../other"), ("new/./lake", "new/lake"), ("a b#c", "a b#c")] {
        fs::create_dir_all(folder.path().join("deep")).unwrap();
        let deep = folder.path().join("deep");
        let (code, _, told) = said(&deep, &["run", "--lake", lake, "--source", "../logs", "--layer", "bronze"]);
        assert_eq!(code, 0, "{lake}: {told}");
        assert!(deep.join(is).join("bronze/clicks/_delta_log").is_dir(), "{lake}");
    }
    let (code, _, told) = said(folder.path(), &["run", "--lake", "la%20ke", "--source", "logs"]);
    assert_eq!(code, 2);
    assert!(told.contains("percent sign") && !folder.path().join("la%20ke").exists() && !folder.path().join("la ke").exists(), "{told}");
}

#[test]
fn files_that_cannot_be_read_are_counted() {
    let folder = with_lake();
    let logs = |name: &str| folder.path().join("odd").join(name);
    fs::create_dir(folder.path().join("odd")).unwrap();
    fs::write(logs("clicks.csv.gz"), "no gzip").unwrap();
    let (code, shown, told) = said(folder.path(), &["run", "--source", "odd", "--layer", "bronze"]);
    assert_eq!(code, 1, "no file at all could be read");
    assert!(shown.contains("1 file(s)") && !shown.contains("every table is up to date"), "{shown}");
    assert!(told.contains("not read: clicks.csv.gz: is not valid gzip"), "{told}");
    fs::write(logs("orders.csv"), "id\n1\n").unwrap();
    let (code, shown, _) = said(folder.path(), &["run", "--source", "odd", "--layer", "bronze"]);
    assert!(code == 0 && shown.contains("1 file(s)"), "{shown}");
}

#[test]
fn numbers_beyond_sense_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (flag, number) in [("--threads", "100000"), ("--memory-limit-mb", "99999999999999999")] {
        let (code, _, told) = said(folder.path(), &["show", flag, number]);
        assert!(code == 2 && told.contains("expected a whole number of at most"), "{told}");
    }
}

#[test]
fn a_damaged_log_is_told_in_one_line() {
    let folder = with_lake();
    fs::write(folder.path().join("lake/bronze/clicks/_delta_log/00000000000000000001.json"), "{\"add\": {\"path\"").unwrap();
    for arguments in [["sql", "select * from bronze.clicks"], ["show", "bronze.clicks"]] {
        let (code, _, told) = said(folder.path(), &arguments);
        assert_eq!((code, told.lines().count(), told.matches("Delta log is damaged").count()), (2, 1, 1), "{told}");
    }
}
