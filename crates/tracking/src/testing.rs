//! A server for tests that answers as it is told, one answer per request, and keeps what it was asked.
#![allow(clippy::unwrap_used)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::client::Client;
use crate::retry::Retry;
use crate::settings::Settings;

/// What the server does with a request.
#[derive(Clone)]
pub(crate) enum Reply {
    /// Status, further header lines, body.
    Answer(u16, &'static str, String),
    /// Ends the connection without a word.
    Cut,
    /// Never answers.
    Hang,
}

pub(crate) fn ok(body: impl Into<String>) -> Reply {
    Reply::Answer(200, "", body.into())
}

pub(crate) fn status(status: u16, body: &str) -> Reply {
    Reply::Answer(status, "", body.to_owned())
}

/// The server; it lives as long as the test's runtime.
pub(crate) struct Scripted {
    pub(crate) address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    /// Answers with these, one after the other; requests beyond them are cut.
    pub(crate) async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let replies: Vec<_> = replies.into_iter().collect();
        tokio::spawn(serve(listener, replies, asked.clone()));
        Self { address, asked }
    }

    /// A client with short waits.
    pub(crate) fn client(&self) -> Client {
        self.client_with(|_| ())
    }

    pub(crate) fn client_with(&self, change: impl FnOnce(&mut Settings)) -> Client {
        let mut settings = Settings::new(&self.address).unwrap();
        // Far longer than any answer takes, on a busy machine: a test of hanging says less.
        settings.timeout = Duration::from_secs(30);
        settings.retry = Retry { attempts: 3, first_wait: Duration::from_millis(5), longest_wait: Duration::from_secs(2) };
        change(&mut settings);
        Client::new(settings).unwrap()
    }

    /// The head and body of each request.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// Method and path of each request, without the path's query.
    pub(crate) fn paths(&self) -> Vec<String> {
        let line = |asked: &String| asked.split(['?', '\r']).next().unwrap_or_default().trim_end_matches(" HTTP/1.1").to_owned();
        self.asked().iter().map(line).collect()
    }
}

async fn serve(listener: TcpListener, replies: Vec<Reply>, asked: Arc<Mutex<Vec<String>>>) {
    for reply in replies.into_iter().chain(std::iter::repeat(Reply::Cut)) {
        // One request per connection.
        let (mut stream, _) = listener.accept().await.unwrap();
        let request = read(&mut stream).await;
        asked.lock().unwrap().push(request);
        match reply {
            Reply::Answer(status, headers, body) => {
                // Headers may promise more than comes.
                let length = if headers.contains("Content-Length") { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
                let head = format!("HTTP/1.1 {status} Status\r\nConnection: close\r\n{headers}{length}\r\n");
                let _ = stream.write_all((head + &body).as_bytes()).await;
            }
            Reply::Cut => drop(stream),
            Reply::Hang => drop(tokio::spawn(async move {
                tokio::time::sleep(Duration::from_secs(60)).await;
                drop(stream);
            })),
        }
    }
}

async fn read(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse::<usize>().ok());
            if body.len() >= length.unwrap_or(0) {
                return text;
            }
        }
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return text;
        }
    }
}
