//! Servers that work, break off and lie, and files that are there already.
#![allow(clippy::unwrap_used)]

use std::io::{Cursor, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;

/// What a server does with a request.
enum Reply {
    /// Sends what is asked for, and ends after so many bytes of it.
    Sends {
        most: usize,
    },
    /// Sends all, whatever part is asked for.
    SendsAll,
    Status(u16),
}

/// A server of one file, and the ranges it was asked for.
fn serve(body: Vec<u8>, replies: Vec<Reply>) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/online+retail.zip", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    std::thread::spawn(move || {
        for reply in replies {
            let mut stream = listener.accept().unwrap().0;
            let range = range(&mut stream);
            let from = range.strip_prefix("bytes=").and_then(|range| range.strip_suffix('-')?.parse().ok()).unwrap_or(0);
            seen.lock().unwrap().push(range);
            let (status, rest, most) = match reply {
                Reply::Sends { most } => (if from > 0 { 206 } else { 200 }, &body[from..], most),
                Reply::SendsAll => (200, &body[..], usize::MAX),
                Reply::Status(status) => (status, &body[..0], 0),
            };
            let head = format!("HTTP/1.1 {status} Status\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", rest.len());
            stream.write_all(head.as_bytes()).unwrap();
            let _ = stream.write_all(&rest[..rest.len().min(most)]);
        }
    });
    (url, asked)
}

/// The range that a request asks for; empty = all.
fn range(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    head.lines()
        .find_map(|line| Some(line.split_once(": ").filter(|(name, _)| name.eq_ignore_ascii_case("range"))?.1.to_owned()))
        .unwrap_or_default()
}

/// A small data set: its file, its archive, what is known of both.
fn small(url: &str) -> (Vec<u8>, Vec<u8>, Dataset) {
    let file: Vec<u8> = (0..50_000_u32).flat_map(|number| (number * number).to_le_bytes()).collect();
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file("Online Retail.xlsx", SimpleFileOptions::default()).unwrap();
    writer.write_all(&file).unwrap();
    let archive = writer.finish().unwrap().into_inner();
    let dataset = Dataset { url: url.to_owned(), archive: Known::of(&archive), file: Known::of(&file), ..online_retail() };
    (file, archive, dataset)
}

fn names(to: &TempDir) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(to.path().join("transactions")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

const FILE: &str = "Online Retail.xlsx";
const PART: &str = "online-retail.zip.part";

#[tokio::test]
async fn a_data_set_is_fetched_once() {
    let (file, archive, dataset) = small("");
    let (url, asked) = serve(archive, vec![Reply::Sends { most: usize::MAX }]);
    let dataset = Dataset { url, ..dataset };
    let to = tempfile::tempdir().unwrap();
    let mut last = None;
    let fetched = fetch(&dataset, to.path(), &mut |progress| last = Some(progress)).await.unwrap();
    assert_eq!((std::fs::read(&fetched.path).unwrap(), fetched.was_there), (file, false));
    assert_eq!(last, Some(Progress { done: dataset.archive.bytes, total: dataset.archive.bytes }));
    let again = fetch(&dataset, to.path(), &mut |_| ()).await.unwrap();
    assert_eq!(again, Fetched { was_there: true, ..fetched });
    assert_eq!((names(&to), asked.lock().unwrap().len()), (vec![FILE.to_owned()], 1));
}

#[tokio::test]
async fn a_download_that_broke_off_goes_on_from_there() {
    let (file, archive, dataset) = small("");
    let replies = vec![Reply::Sends { most: 1000 }, Reply::Sends { most: 500 }, Reply::Sends { most: usize::MAX }];
    let (url, asked) = serve(archive, replies);
    let dataset = Dataset { url, ..dataset };
    let to = tempfile::tempdir().unwrap();
    for expected in [1000, 1500] {
        let error = fetch(&dataset, to.path(), &mut |_| ()).await.unwrap_err();
        assert!(matches!(error, FetchError::BrokenOff { done, .. } if done == expected), "{error}");
        assert!(error.to_string().contains(&format!("broke off after {expected} of {} bytes", dataset.archive.bytes)), "{error}");
        assert_eq!(names(&to), [PART]);
    }
    let fetched = fetch(&dataset, to.path(), &mut |_| ()).await.unwrap();
    assert_eq!(std::fs::read(fetched.path).unwrap(), file);
    assert_eq!((names(&to), asked.lock().unwrap().join(",")), (vec![FILE.to_owned()], ",bytes=1000-,bytes=1500-".to_owned()));
}

#[tokio::test]
async fn a_server_may_begin_anew() {
    let (file, archive, dataset) = small("");
    let (url, _) = serve(archive, vec![Reply::Sends { most: 1000 }, Reply::SendsAll]);
    let dataset = Dataset { url, ..dataset };
    let to = tempfile::tempdir().unwrap();
    fetch(&dataset, to.path(), &mut |_| ()).await.unwrap_err();
    assert_eq!(std::fs::read(fetch(&dataset, to.path(), &mut |_| ()).await.unwrap().path).unwrap(), file);
}

#[tokio::test]
async fn another_file_is_refused_and_leaves_nothing() {
    let (_, archive, dataset) = small("");
    let mut other = archive.clone();
    other[1000] ^= 1;
    let longer = [&archive[..], b"more"].concat();
    for (sent, problem) in [(other, "its SHA-256 is "), (longer, "bytes in place of ")] {
        let (url, _) = serve(sent, vec![Reply::SendsAll]);
        let dataset = Dataset { url, ..dataset.clone() };
        let to = tempfile::tempdir().unwrap();
        let error = fetch(&dataset, to.path(), &mut |_| ()).await.unwrap_err().to_string();
        assert!(error.contains(" is not the published file: ") && error.contains(problem), "{error}");
        assert_eq!(names(&to), [""; 0]);
    }
    // An archive as it should be with another file in it.
    let (url, _) = serve(archive, vec![Reply::SendsAll]);
    let dataset = Dataset { url, file: Known::of(b"other"), ..dataset };
    let to = tempfile::tempdir().unwrap();
    assert!(matches!(fetch(&dataset, to.path(), &mut |_| ()).await, Err(FetchError::Differs { .. })));
    assert!(!to.path().join("transactions").join(FILE).exists());
}

#[tokio::test]
async fn without_a_network_the_way_by_hand_is_told_in_a_line() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (_, _, dataset) = small(&format!("http://127.0.0.1:{port}/online+retail.zip"));
    let to = tempfile::tempdir().unwrap();
    let error = fetch(&dataset, to.path(), &mut |_| ()).await.unwrap_err().to_string();
    assert!(error.starts_with(&format!("{} cannot be reached (", dataset.url)), "{error}");
    assert!(error.ends_with("`adlake fetch online-retail --to DIR --from FILE`") && !error.contains('\n'), "{error}");
    let (url, _) = serve(Vec::new(), vec![Reply::Status(503)]);
    let error = fetch(&Dataset { url, ..dataset }, to.path(), &mut |_| ()).await.unwrap_err();
    assert!(matches!(error, FetchError::Answer { status: 503, .. }), "{error}");
}

#[test]
fn the_archive_or_its_file_is_taken_from_the_disk() {
    let (file, archive, dataset) = small("");
    let from = tempfile::tempdir().unwrap();
    for (name, bytes) in [("a.zip", &archive), ("b.xlsx", &file), ("c.zip", &archive[..1000].to_vec())] {
        std::fs::write(from.path().join(name), bytes).unwrap();
    }
    for name in ["a.zip", "b.xlsx"] {
        let to = tempfile::tempdir().unwrap();
        let taken = take(&dataset, &from.path().join(name), to.path()).unwrap();
        assert_eq!((std::fs::read(&taken.path).unwrap(), names(&to)), (file.clone(), vec![FILE.to_owned()]));
        assert!(take(&dataset, &from.path().join("gone"), to.path()).unwrap().was_there);
        assert!(from.path().join(name).exists());
    }
    let to = tempfile::tempdir().unwrap();
    assert!(matches!(take(&dataset, &from.path().join("c.zip"), to.path()), Err(FetchError::Differs { .. })));
    assert!(matches!(take(&dataset, &from.path().join("gone"), to.path()), Err(FetchError::Io { .. })));
    assert_eq!(names(&to), [""; 0]);
}

#[tokio::test]
async fn another_file_at_its_place_stays() {
    let (_, _, dataset) = small("http://127.0.0.1:1/");
    let to = tempfile::tempdir().unwrap();
    std::fs::create_dir(to.path().join("transactions")).unwrap();
    let mine = to.path().join("transactions").join(FILE);
    std::fs::write(&mine, "mine").unwrap();
    let error = fetch(&dataset, to.path(), &mut |_| ()).await.unwrap_err().to_string();
    assert!(error.contains("Online Retail.xlsx is not the published file: it has 4 bytes in place of 200000; move it away"), "{error}");
    assert_eq!(std::fs::read(&mine).unwrap(), b"mine");
}
