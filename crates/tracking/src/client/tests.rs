//! The client against a server that answers as it is told.
#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Client, RunInfo};
use crate::error::{Result, TrackingError};
use crate::retry::Retry;
use crate::run::{Artifact, Content, Metric};
use crate::settings::{Credentials, Settings};
use crate::testing::{Reply, Scripted, ok, status};

async fn asks(client: &Client) -> Result<Value> {
    client.get("experiments/get-by-name", &[("experiment_name", "click")]).await
}

#[tokio::test]
async fn what_may_pass_is_asked_again() {
    let replies = [status(500, ""), Reply::Cut, ok("{\"a\":1}")];
    let server = Scripted::start(replies).await;
    assert_eq!(asks(&server.client()).await.unwrap()["a"], 1);
    assert_eq!(server.asked().len(), 3);
    let lost_race = r#"{"error_code":"BAD_REQUEST","message":"(sqlite3.IntegrityError) UNIQUE constraint failed"}"#;
    for passing in [status(400, lost_race), status(503, ""), status(429, ""), status(408, ""), Reply::Cut] {
        let server = Scripted::start([passing, ok("{}")]).await;
        asks(&server.client()).await.unwrap();
        assert_eq!(server.asked().len(), 2);
    }
}

#[tokio::test]
async fn what_hangs_is_given_up_and_asked_again() {
    let server = Scripted::start(vec![Reply::Hang; 3]).await;
    let client = server.client_with(|settings| settings.timeout = Duration::from_millis(100));
    let error = asks(&client).await.unwrap_err().to_string();
    assert!(error.contains("no answer within 0.1 s (asked 3 times); is the server up"), "{error}");
}

#[tokio::test]
async fn a_complaint_that_is_cut_is_asked_for_again() {
    let missing = r#"{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"none"}"#;
    let cut = Reply::Answer(404, "Content-Length: 999\r\n", missing[..20].to_owned());
    let server = Scripted::start([cut, status(404, missing)]).await;
    assert_eq!(server.client().find_experiment("click").await.unwrap(), None);
}

#[tokio::test]
async fn without_retries_the_first_failure_counts() {
    let server = Scripted::start([status(500, ""), ok("{}")]).await;
    let client = server.client_with(|settings| settings.retry.attempts = 1);
    assert!(matches!(asks(&client).await, Err(TrackingError::Failing { status: 500, attempts: 1, .. })));
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn what_cannot_pass_is_asked_once() {
    let rejected = r#"{"error_code":"INVALID_PARAMETER_VALUE","message":"Bad\n  name"}"#;
    for reply in
        [status(400, rejected), status(401, ""), status(403, ""), status(404, ""), status(501, rejected), ok("<html>"), status(302, "")]
    {
        let server = Scripted::start([reply, ok("{}")]).await;
        let error = asks(&server.client()).await.unwrap_err();
        assert_eq!(server.asked().len(), 1, "{error}");
        assert!(!error.is_passing(), "{error}");
    }
}

#[tokio::test]
async fn retry_after_is_waited_for_and_too_long_a_wait_is_told() {
    let server = Scripted::start([Reply::Answer(429, "Retry-After: 1\r\n", String::new()), ok("{}")]).await;
    let begun = Instant::now();
    asks(&server.client()).await.unwrap();
    assert!(begun.elapsed() >= Duration::from_secs(1));
    let server = Scripted::start([Reply::Answer(429, "Retry-After: 3600\r\n", String::new()), ok("{}")]).await;
    let error = asks(&server.client()).await.unwrap_err().to_string();
    assert!(error.contains("asks to wait 3600 s"), "{error}");
}

#[tokio::test]
async fn errors_name_the_server_what_was_asked_and_the_remedy_in_one_line() {
    let rejected = r#"{"error_code":"INVALID_PARAMETER_VALUE","message":"Bad\n  name\u0007"}"#;
    let cases = [
        (vec![status(400, rejected)], "INVALID_PARAMETER_VALUE: Bad name; change what is sent"),
        (vec![status(401, "no")], "refused with status 401; set MLFLOW_TRACKING_TOKEN"),
        (vec![status(404, "<html>")], "answers with status 404, not as MLflow does; is that an MLflow server's address"),
        (vec![ok("<html>")], "answers `<html>`, not as MLflow does"),
        (
            vec![Reply::Answer(302, "Location: https://login.example/x?token=1\r\n", String::new())],
            "redirects to https://login.example (status 302)",
        ),
        (vec![status(500, r#"{"detail":"on fire"}"#); 3], "status 500: on fire (asked 3 times); see the server's log"),
        (vec![Reply::Cut; 3], "(asked 3 times); is the server up"),
    ];
    for (replies, message) in cases {
        let server = Scripted::start(replies).await;
        let error = asks(&server.client()).await.unwrap_err().to_string();
        let begin = format!("{}: GET experiments/get-by-name experiment_name=click: ", server.address);
        assert!(error.starts_with(&begin) && error.contains(message) && error.lines().count() == 1, "{error}");
    }
}

#[tokio::test]
async fn nobody_there_is_told_with_the_cause() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut settings = Settings::new(&format!("http://{free}")).unwrap();
    settings.retry = Retry { attempts: 2, first_wait: Duration::from_millis(1), ..Retry::default() };
    let error = asks(&Client::new(settings).unwrap()).await.unwrap_err().to_string();
    assert!(error.contains("experiment_name=click: tcp connect error: Connection refused") && error.contains("(asked 2 times)"), "{error}");
}

#[tokio::test]
async fn credentials_are_sent_and_never_shown() {
    let bearer = Credentials::Bearer("t0p-s3cret".to_owned());
    let basic = Credentials::Basic { username: "me".to_owned(), password: "t0p-s3cret".to_owned() };
    for (credentials, header) in [(bearer, "authorization: Bearer t0p-s3cret"), (basic, "authorization: Basic bWU6dDBwLXMzY3JldA==")] {
        let echo = r#"{"error_code":"X","message":"got t0p-s3cret and bWU6dDBwLXMzY3JldA=="}"#;
        for reply in [status(400, echo), status(401, echo), status(500, echo), status(404, echo), ok("t0p-s3cret bWU6dDBwLXMzY3JldA==")] {
            let server = Scripted::start([reply]).await;
            let client = server.client_with(|settings| {
                settings.credentials = credentials.clone();
                settings.retry.attempts = 1;
            });
            let error = asks(&client).await.unwrap_err();
            assert!(server.asked()[0].contains(header), "{}", server.asked()[0]);
            let shown = format!("{error} {error:?} {client:?}");
            let basic_shown = credentials.clone() == Credentials::Bearer("t0p-s3cret".to_owned()) || !shown.contains("bWU6");
            assert!(!shown.contains("s3cret") && basic_shown, "{shown}");
        }
    }
}

#[tokio::test]
async fn a_token_that_no_header_can_have_is_told_without_it() {
    let server = Scripted::start([]).await;
    let mut settings = Settings::new(&server.address).unwrap();
    settings.credentials = Credentials::Bearer("s3cret\n".to_owned());
    let error = Client::new(settings).unwrap_err().to_string();
    assert!(error.starts_with("MLFLOW_TRACKING_TOKEN has a character") && !error.contains("s3cret"), "{error}");
}

#[tokio::test]
async fn certificates_that_are_none_are_told() {
    let mut settings = Settings::new("https://host").unwrap();
    settings.ca_file = Some("no/such.pem".into());
    let error = Client::new(settings.clone()).unwrap_err().to_string();
    assert!(error.starts_with("MLFLOW_TRACKING_SERVER_CERT_PATH no/such.pem: No such file"), "{error}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    std::fs::write(&path, "no certificate").unwrap();
    settings.ca_file = Some(path);
    assert!(Client::new(settings).unwrap_err().to_string().contains("holds no certificate"));
}

#[tokio::test]
async fn an_experiment_that_two_make_at_once_is_one() {
    let missing = r#"{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"none"}"#;
    let exists = r#"{"error_code":"RESOURCE_ALREADY_EXISTS","message":"there"}"#;
    let found = r#"{"experiment":{"experiment_id":"7","lifecycle_stage":"active"}}"#;
    let server = Scripted::start([status(404, missing), status(400, exists), ok(found)]).await;
    assert_eq!(server.client().experiment("click").await.unwrap(), "7");
    let server = Scripted::start([ok(found.replace("active", "deleted"))]).await;
    let error = server.client().experiment("click").await.unwrap_err().to_string();
    assert!(error.contains("experiment `click` was deleted at the server: restore it"), "{error}");
}

#[tokio::test]
async fn a_run_whose_creation_was_not_confirmed_is_looked_up_before_it_is_made_again() {
    let run = r#"{"info":{"run_id":"abc","experiment_id":"7","status":"RUNNING"}}"#;
    let lost = [Reply::Cut, ok(format!("{{\"runs\":[{run}]}}"))];
    let server = Scripted::start(lost).await;
    let made = server.client().create_run("7", &crate::check::tests::run()).await.unwrap();
    assert_eq!(made.info.run_id, "abc");
    assert_eq!(server.paths(), ["POST /api/2.0/mlflow/runs/create", "POST /api/2.0/mlflow/runs/search"]);
    let never_arrived = [Reply::Cut, ok("{}"), ok(format!("{{\"run\":{run}}}"))];
    let server = Scripted::start(never_arrived).await;
    assert_eq!(server.client().create_run("7", &crate::check::tests::run()).await.unwrap(), made);
    assert_eq!(server.paths().len(), 3);
}

#[tokio::test]
async fn metrics_that_may_have_arrived_are_looked_up_before_they_are_sent_again() {
    let metric = |step: i64| Metric { key: "loss".to_owned(), value: f64::NAN, timestamp: 5, step };
    let history = r#"{"metrics":[{"key":"loss","value":"NaN","timestamp":5,"step":"0"}]}"#;
    let server = Scripted::start([Reply::Cut, ok(history), ok("{}")]).await;
    server.client().log_metrics("abc", &[metric(0), metric(1)]).await.unwrap();
    let asked = server.asked();
    let body: Value = serde_json::from_str(asked[2].split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!(body["metrics"], serde_json::json!([{ "key": "loss", "value": "NaN", "timestamp": 5, "step": 1 }]));
    let server = Scripted::start([Reply::Cut, ok(history)]).await;
    server.client().log_metrics("abc", &[metric(0)]).await.unwrap();
    assert_eq!(server.asked().len(), 2, "nothing left to send");
}

fn remote_run() -> RunInfo {
    let uri = "mlflow-artifacts:/7/abc/artifacts";
    let info = serde_json::json!({"run_id": "abc", "experiment_id": "7", "status": "RUNNING", "artifact_uri": uri});
    serde_json::from_value(info).unwrap()
}

#[tokio::test]
async fn artifacts_go_to_the_proxy_with_their_length_and_come_back_whole() {
    let run = remote_run();
    let artifact = Artifact { path: "model/a b+ö.txt".to_owned(), content: Content::Text("text".to_owned()) };
    let server = Scripted::start([status(500, ""), ok("")]).await;
    assert_eq!(server.client().upload_artifact(&run, &artifact).await.unwrap(), 4);
    assert_eq!(server.paths()[1], "PUT /api/2.0/mlflow-artifacts/artifacts/7/abc/artifacts/model/a%20b+%C3%B6.txt");
    assert!(server.asked()[1].contains("content-length: 4\r\n") && server.asked()[1].ends_with("\r\n\r\ntext"), "{}", server.asked()[1]);

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("back.txt");
    let cut = Reply::Answer(200, "Content-Length: 9\r\n", "tex".to_owned());
    let server = Scripted::start([cut, ok("text")]).await;
    assert_eq!(server.client().download_artifact(&run, &artifact.path, &file).await.unwrap(), 4);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "text");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no part is left");
}

#[tokio::test]
async fn a_missing_file_is_named_and_nothing_is_sent() {
    let run = remote_run();
    let server = Scripted::start([]).await;
    for path in ["no/such.onnx", "."] {
        let artifact = Artifact { path: "model.onnx".to_owned(), content: Content::File(path.into()) };
        let error = server.client().upload_artifact(&run, &artifact).await.unwrap_err().to_string();
        assert!(error.starts_with(&format!("{path}: ")), "{error}");
    }
    assert!(server.asked().is_empty());
}

#[test]
fn a_push_can_be_spawned() {
    fn is_send<T: Send>(_: T) {}
    let client = Client::new(Settings::new("http://localhost").unwrap()).unwrap();
    is_send(crate::push(&client, &crate::check::tests::run()));
}
