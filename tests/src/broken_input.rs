//! Input that is broken in every way we know of: the good rows land, the broken ones are kept with file, line, text and
//! reason, and what cannot be read is told.

use std::fs::File;
use std::io::Write;
use std::sync::Mutex;

use flate2::Compression;
use flate2::write::GzEncoder;
use lake::{Action, Progress, TableReport};
use spec::{Encoding, Layer, TableName};

use crate::lakes::{SourcedLake, block_on, rows, shipped};

const CLICKS: &str = "id_md5,click_id,has_click,user_id\n";

/// What `ops.quarantine` holds of a table, in the order of the source.
async fn quarantine(place: &SourcedLake, columns: &str, table: &str) -> Vec<String> {
    let name = TableName { layer: Layer::Ops, name: "quarantine".to_owned() };
    if place.lake.table(&name).await.unwrap().is_none() {
        return Vec::new();
    }
    rows(&place.lake, &format!("select {columns} from ops.quarantine where table_name = '{table}' order by source, line")).await
}

async fn quarantined(place: &SourcedLake, table: &str) -> Vec<String> {
    quarantine(place, "source, line, rule, raw", table).await
}

async fn reasons(place: &SourcedLake, table: &str) -> Vec<String> {
    quarantine(place, "reason", table).await
}

async fn clicks(place: &SourcedLake) -> Vec<String> {
    rows(&place.lake, "select id_md5, click_id, _source, _line from bronze.clicks order by _source, _line").await
}

fn report<'a>(done: &'a adlake::Done, table: &str) -> &'a TableReport {
    done.report.tables.iter().find(|report| report.table.to_string() == table).unwrap_or_else(|| panic!("{table} is not in the report"))
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// Lines of clicks that compress badly, so that half of the file is no whole block.
fn many_clicks() -> String {
    let mut text = CLICKS.to_owned();
    let mut dice = crate::raw::Dice::new(7);
    for row in 0..2000 {
        text.push_str(&format!("m{:x},c{row},1,u{:x}\n", dice.below(usize::MAX), dice.below(usize::MAX)));
    }
    text
}

#[test]
fn bytes_that_are_not_utf8_go_to_quarantine() {
    block_on(async {
        let place = SourcedLake::new();
        place.put("clicks.csv", [CLICKS.as_bytes(), b"m1,c1,1,u1\nm2,\xff\xfe,1,u2\nm3,c3,1,u\xc3\xa9\n"].concat());
        let done = place.run().await;
        assert_eq!(clicks(&place).await, ["m1|c1|clicks.csv|2", "m3|c3|clicks.csv|4"]);
        assert_eq!(quarantined(&place, "bronze.clicks").await, ["clicks.csv|3|decode|m2,\u{fffd}\u{fffd},1,u2"]);
        assert!(reasons(&place, "bronze.clicks").await[0].contains("not UTF-8 at byte 4"));
        let report = report(&done, "bronze.clicks");
        assert_eq!((report.rows_read, report.rows_written, report.quarantined), (3, 2, 1));
    });
}

#[test]
fn latin1_is_read_when_the_settings_say_so() {
    block_on(async {
        let mut place = SourcedLake::new();
        place.settings.source.encoding = Encoding::Latin1;
        place.put("clicks.csv", [CLICKS.as_bytes(), b"m1,c1,1,Ren\xe9\n"].concat());
        place.run().await;
        assert_eq!(rows(&place.lake, "select user_id from silver.clicks").await, ["René"]);
    });
}

#[test]
fn rows_with_too_few_or_too_many_fields_go_to_quarantine() {
    block_on(async {
        let place = SourcedLake::new();
        place.put("clicks.csv", format!("{CLICKS}m1,c1,1,u1\nm2,c2,1\nm3,c3,1,u3,extra\nm4\nm5,c5,1,u5\n"));
        place.run().await;
        assert_eq!(clicks(&place).await, ["m1|c1|clicks.csv|2", "m5|c5|clicks.csv|6"]);
        let kept = ["clicks.csv|3|decode|m2,c2,1", "clicks.csv|4|decode|m3,c3,1,u3,extra", "clicks.csv|5|decode|m4"];
        assert_eq!(quarantined(&place, "bronze.clicks").await, kept);
    });
}

#[test]
fn a_quote_that_nothing_closes_costs_its_own_row_alone() {
    block_on(async {
        let place = SourcedLake::new();
        place.put("clicks.csv", format!("{CLICKS}m1,c1,1,u1\nm2,\"c2,1,u2\nm3,c3,1,u3\nm4,c\"4\"x,1,u4\nm5,\"c\"5,1,u5\nm6,c6,1,u6\n"));
        place.run().await;
        let stand = clicks(&place).await;
        for good in ["m1|c1|clicks.csv|2", "m3|c3|clicks.csv|4", "m6|c6|clicks.csv|7"] {
            assert!(stand.iter().any(|row| row == good), "{good} is not in {stand:?}");
        }
        let kept = quarantined(&place, "bronze.clicks").await;
        assert!(kept.iter().any(|row| row == "clicks.csv|3|decode|m2,\"c2,1,u2"), "{kept:?}");
        assert_eq!(stand.len() + kept.len(), 6, "{stand:?} {kept:?}");
    });
}

#[test]
fn a_gzip_file_that_is_cut_short_waits_until_it_is_whole() {
    block_on(async {
        let place = SourcedLake::new();
        let whole = gzip(&many_clicks());
        place.put("clicks-1.csv.gz", &whole[..whole.len() / 2]);
        place.put("clicks-2.csv", format!("{CLICKS}m1,c1,1,u1\n"));
        let done = place.run().await;
        assert_eq!(clicks(&place).await, ["m1|c1|clicks-2.csv|2"], "no row of a file that is not whole");
        let [skipped] = done.skipped.as_slice() else { panic!("{:?}", done.skipped) };
        assert_eq!((skipped.path.as_str(), skipped.later), ("clicks-1.csv.gz", true));
        assert!(skipped.reason.contains("cut short"), "{}", skipped.reason);
        place.put("clicks-1.csv.gz", &whole);
        let done = place.run().await;
        assert!(done.skipped.is_empty(), "{:?}", done.skipped);
        assert_eq!(clicks(&place).await.len(), 2001);
        assert_eq!(rows(&place.lake, "select count(*) from silver.clicks").await, ["2001"]);
    });
}

#[test]
fn what_is_not_what_its_name_says_is_told_and_costs_the_others_nothing() {
    block_on(async {
        let place = SourcedLake::new();
        place.put("clicks-1.csv.gz", "plain text, not gzip");
        place.put("clicks-2.csv.zst", "plain text, not zstd");
        place.put("clicks-3.parquet", "plain text, not Parquet");
        place.put("clicks-4.json", "[{\"id_md5\": \"m1\", ");
        place.put("clicks-5.xlsx", "a workbook");
        place.put("clicks-6.csv", format!("{CLICKS}m6,c6,1,u6\n"));
        let done = place.run().await;
        let skipped: Vec<&str> = done.skipped.iter().map(|file| file.path.as_str()).collect();
        for name in ["clicks-1.csv.gz", "clicks-2.csv.zst", "clicks-3.parquet", "clicks-4.json", "clicks-5.xlsx"] {
            assert!(skipped.contains(&name), "{name} is not in {:?}", done.skipped);
        }
        assert_eq!(clicks(&place).await, ["m6|c6|clicks-6.csv|2"]);
        // Nothing changed, so nothing is committed, but what could not be read is told again.
        let again = place.run().await;
        assert!(!again.report.changed());
        assert_eq!(again.skipped.len(), done.skipped.len());
    });
}

#[test]
fn empty_files_wait_and_files_with_a_header_alone_have_no_rows() {
    block_on(async {
        let place = SourcedLake::new();
        place.put("clicks-1.csv", "");
        place.put("clicks-2.csv", "\n\n");
        place.put("clicks-3.csv", CLICKS);
        place.put("clicks-4.csv", CLICKS.trim_end());
        let done = place.run().await;
        let skipped: Vec<(&str, bool)> = done.skipped.iter().map(|file| (file.path.as_str(), file.later)).collect();
        assert_eq!(skipped, [("clicks-1.csv", true), ("clicks-2.csv", true)]);
        assert!(done.skipped[0].reason.contains("is empty"), "{}", done.skipped[0].reason);
        assert_eq!(clicks(&place).await, Vec::<String>::new());
        assert_eq!(rows(&place.lake, "select count(*) from silver.clicks").await, ["0"]);
        assert!(!place.run().await.report.changed(), "the files without rows were taken once");
        place.put("clicks-1.csv", format!("{CLICKS}m1,c1,1,u1\n"));
        place.run().await;
        assert_eq!(clicks(&place).await, ["m1|c1|clicks-1.csv|2"]);
    });
}

/// Does something to the source when work on a table begins: after its files were listed, before they are read.
struct Meddler<F> {
    table: &'static str,
    act: Mutex<Option<F>>,
}

impl<F: FnOnce() + Send> Progress for Meddler<F> {
    fn started(&self, table: &TableName) {
        if table.to_string() == self.table
            && let Some(act) = self.act.lock().unwrap().take()
        {
            act();
        }
    }

    fn finished(&self, _report: &TableReport) {}
}

#[test]
fn a_file_that_vanishes_after_it_was_listed_is_told() {
    block_on(async {
        // Before its columns were looked at, and after.
        for began in ["bronze.clicks", "bronze.user_profile"] {
            let place = SourcedLake::new();
            place.put("clicks.csv", format!("{CLICKS}m1,c1,1,u1\n"));
            place.put("user_profile-1.csv", "user_id\nu1\n");
            place.put("user_profile-2.csv", "user_id\nu2\n");
            let gone = place.path("user_profile-1.csv");
            let meddler = Meddler { table: began, act: Mutex::new(Some(move || std::fs::remove_file(gone).unwrap())) };
            let done = place.run_with(shipped(), &meddler).await.unwrap();
            let [skipped] = done.skipped.as_slice() else { panic!("{began}: {:?}", done.skipped) };
            assert_eq!((skipped.path.as_str(), skipped.later), ("user_profile-1.csv", true), "{began}: {}", skipped.reason);
            assert_eq!(rows(&place.lake, "select user_id from silver.users").await, ["u2"], "{began}");
            assert_eq!(clicks(&place).await.len(), 1, "{began}");
        }
    });
}

#[test]
fn a_file_that_grows_while_it_is_read_is_taken_whole_in_the_next_run() {
    block_on(async {
        let place = SourcedLake::new();
        place.put("clicks.csv", format!("{CLICKS}m1,c1,1,u1\n"));
        let path = place.path("clicks.csv");
        let grow = move || File::options().append(true).open(path).unwrap().write_all(b"m2,c2,1,u2\n").unwrap();
        let meddler = Meddler { table: "bronze.clicks", act: Mutex::new(Some(grow)) };
        let done = place.run_with(shipped(), &meddler).await.unwrap();
        let [skipped] = done.skipped.as_slice() else { panic!("{:?}", done.skipped) };
        assert!(skipped.later && skipped.reason.contains("changed while it was read"), "{}", skipped.reason);
        assert!(clicks(&place).await.is_empty());
        place.run().await;
        assert_eq!(clicks(&place).await, ["m1|c1|clicks.csv|2", "m2|c2|clicks.csv|3"]);
    });
}

#[test]
fn a_file_that_changed_after_it_was_taken_is_a_new_version_and_says_so() {
    block_on(async {
        let place = SourcedLake::new();
        let text = format!("{CLICKS}m1,c1,1,u1\n");
        place.put("clicks.csv", &text);
        place.run().await;
        // Written again with the same content it is the same file.
        let file = File::options().append(true).open(place.path("clicks.csv")).unwrap();
        file.set_modified(std::time::SystemTime::now() + std::time::Duration::from_secs(60)).unwrap();
        let done = place.run().await;
        assert!(!done.report.changed() && done.skipped.is_empty(), "{:?}", done.skipped);
        place.put("clicks.csv", format!("{text}m2,c2,1,u2\n"));
        let done = place.run().await;
        assert!(
            report(&done, "bronze.clicks").notes.iter().any(|note| note.contains("clicks.csv#000002")),
            "{:?}",
            report(&done, "bronze.clicks").notes
        );
        assert_eq!(clicks(&place).await, ["m1|c1|clicks.csv|2", "m1|c1|clicks.csv#000002|2", "m2|c2|clicks.csv#000002|3"]);
        assert_eq!(
            rows(&place.lake, "select id_md5, _source from silver.clicks order by id_md5").await,
            ["m1|clicks.csv", "m2|clicks.csv#000002"]
        );
        place.put("clicks.csv", format!("{CLICKS}m3,c3,1,u3\n"));
        place.run().await;
        assert!(clicks(&place).await.contains(&"m3|c3|clicks.csv#000003|2".to_owned()));
    });
}

#[test]
fn columns_that_are_missing_or_new_are_told_and_null() {
    block_on(async {
        let place = SourcedLake::new();
        place.put("clicks-1.csv", "click_id,id_md5\nc1,m1\n");
        let first = place.run().await;
        let notes = report(&first, "bronze.clicks").notes.join("\n");
        assert!(notes.contains("has_click") && notes.contains("user_id") && !notes.contains("click_id"), "{notes}");
        place.put("clicks-2.csv", "id_md5,click_id,has_click,user_id,screen\nm2,c2,1,u2,top\n");
        let second = place.run().await;
        let notes = report(&second, "bronze.clicks").notes.join("\n");
        assert!(notes.contains("new column screen"), "{notes}");
        place.put("clicks-3.csv", "id_md5,click_id,user_id\nm3,c3,u3\n");
        let third = place.run().await;
        let notes = report(&third, "bronze.clicks").notes.join("\n");
        assert!(notes.contains("has_click") && notes.contains("screen"), "{notes}");
        let stand = rows(&place.lake, "select id_md5, click_id, has_click, user_id, screen from bronze.clicks order by id_md5").await;
        assert_eq!(stand, ["m1|c1|∅|∅|∅", "m2|c2|1|u2|top", "m3|c3|∅|u3|∅"]);
        assert_eq!(rows(&place.lake, "select id_md5, has_click from silver.clicks order by id_md5").await, ["m1|∅", "m2|true", "m3|∅"]);
    });
}

#[test]
fn headers_that_name_nothing_usable_are_told() {
    block_on(async {
        let place = SourcedLake::new();
        place.put("clicks-1.csv", b"\x00\x01\x02\xff\xfe\x80\n\x00\x00\n".as_slice());
        place.put("clicks-2.csv", "id_md5,,click_id\nm2,x,c2\n");
        place.put("clicks-3.csv", "id_md5,id_md5,click_id\nm3,x,c3\n");
        place.put("clicks-4.csv", "\u{feff}id_md5,click_id\r\nm4,c4\r\n");
        place.put("clicks-5.csv", "_source,id_md5,click_id\nforged,m5,c5\n");
        let done = place.run().await;
        let stand = clicks(&place).await;
        assert!(stand.contains(&"m4|c4|clicks-4.csv|2".to_owned()), "{stand:?}");
        assert!(!stand.iter().any(|row| row.contains("forged")), "{stand:?}");
        // Each file either has its row in the table, or is told to be unreadable, or its row is in quarantine.
        let kept = quarantined(&place, "bronze.clicks").await;
        for name in ["clicks-1.csv", "clicks-2.csv", "clicks-3.csv", "clicks-5.csv"] {
            let told = done.skipped.iter().any(|file| file.path == name) || stand.iter().chain(&kept).any(|row| row.contains(name));
            assert!(told, "{name} was lost: {:?} {stand:?} {kept:?}", done.skipped);
        }
    });
}

#[test]
fn broken_records_of_other_formats_go_to_quarantine() {
    block_on(async {
        let place = SourcedLake::new();
        place.put("clicks-1.ndjson", "{\"id_md5\": \"m1\", \"click_id\": \"c1\", \"has_click\": null}\n{\"id_md5\": \"m2\"\n[1, 2]\n{\"id_md5\": \"m4\", \"click_id\": 4}\n");
        place.put("clicks-2.tsv", "id_md5\tclick_id\nm5\tc5\nm6\n");
        place.put("clicks-3.json", "[{\"id_md5\": \"m7\", \"click_id\": \"c7\"}, 8]");
        place.run().await;
        let stand = rows(&place.lake, "select id_md5, click_id, has_click from bronze.clicks order by id_md5").await;
        assert_eq!(stand, ["m1|c1|∅", "m4|4|∅", "m5|c5|∅", "m7|c7|∅"]);
        let kept = quarantined(&place, "bronze.clicks").await;
        assert_eq!(
            kept,
            [
                "clicks-1.ndjson|2|decode|{\"id_md5\": \"m2\"",
                "clicks-1.ndjson|3|decode|[1, 2]",
                "clicks-2.tsv|3|decode|m6",
                "clicks-3.json|1|decode|8"
            ]
        );
    });
}

#[test]
fn casts_that_fail_go_to_quarantine_with_the_value() {
    block_on(async {
        let place = SourcedLake::new();
        place.put(
            "requests.csv",
            "request_id,id_md5,timestamp,has_request\nr1,m1,2025-01-01 00:00:00,1\nr2,m2,2025-02-30 25:61:00,1\nr3,m3,yesterday,perhaps\n",
        );
        place.run().await;
        assert_eq!(rows(&place.lake, "select request_id from silver.requests").await, ["r1"]);
        let kept = quarantined(&place, "silver.requests").await;
        assert_eq!(kept.len(), 2, "{kept:?}");
        assert!(kept[0].starts_with("requests.csv|3|cast|{") && kept[1].starts_with("requests.csv|4|cast|{"), "{kept:?}");
        let reasons = reasons(&place, "silver.requests").await;
        assert!(reasons[0].contains("cannot read '2025-02-30 25:61:00' as timestamp"), "{reasons:?}");
        assert!(reasons[1].contains("'yesterday'") && reasons[1].contains("'perhaps'"), "{reasons:?}");
    });
}

#[test]
fn a_file_that_may_still_be_written_waits() {
    block_on(async {
        let mut place = SourcedLake::new();
        place.settings.source.settle_seconds = 3600;
        place.put("clicks.csv", format!("{CLICKS}m1,c1,1,u1\n"));
        place.put("user_profile.csv.tmp", "user_id\nu1\n");
        let done = place.run().await;
        assert!(done.report.tables.iter().all(|report| report.action != Action::Appended));
        let [skipped] = done.skipped.as_slice() else { panic!("{:?}", done.skipped) };
        assert_eq!((skipped.path.as_str(), skipped.later), ("clicks.csv", true));
        place.settings.source.settle_seconds = 0;
        place.run().await;
        assert_eq!(clicks(&place).await.len(), 1);
    });
}
