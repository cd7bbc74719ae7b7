//! One error type, by cause. Every message is one line that names the server (without credentials), what was asked and the remedy.

use std::path::PathBuf;

/// What went wrong with a record, a file or a server.
#[derive(Debug, thiserror::Error)]
pub enum TrackingError {
    /// A setting that cannot be used.
    #[error("{setting} {problem}")]
    Setting {
        /// The setting's name.
        setting: &'static str,
        /// What is wrong, and what would do.
        problem: String,
    },
    /// A record that MLflow would not take; nothing was sent.
    #[error("run `{run}`: {what} {problem}")]
    Record {
        /// The run's own id.
        run: String,
        /// The part of it.
        what: String,
        /// What is wrong, and what would do.
        problem: String,
    },
    /// A file of this machine that cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// No answer came, or none in time.
    #[error("{server}: {asked}: {problem}{}; {remedy}", tries(*attempts))]
    Unreachable {
        /// The server, without credentials.
        server: String,
        /// What was asked.
        asked: String,
        /// What the network said.
        problem: String,
        /// What to do.
        remedy: &'static str,
        /// How often it was asked.
        attempts: u32,
    },
    /// The server does not know who asks, or does not let them.
    #[error(
        "{server}: {asked}: refused with status {status}{message}; set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and \
         MLFLOW_TRACKING_PASSWORD, to those of an account that may"
    )]
    Refused {
        /// The server, without credentials.
        server: String,
        /// What was asked.
        asked: String,
        /// 401 or 403.
        status: u16,
        /// What the server said, after a colon.
        message: String,
    },
    /// The server understood, and said no: asking again would not help.
    #[error("{server}: {asked}: {error_code}: {message}; change what is sent, then push again")]
    Rejected {
        /// The server, without credentials.
        server: String,
        /// What was asked.
        asked: String,
        /// MLflow's error code, such as `INVALID_PARAMETER_VALUE`.
        error_code: String,
        /// What the server said.
        message: String,
    },
    /// The server fails or has too much to do, and kept at it.
    #[error("{server}: {asked}: status {status}{message}{}; see the server's log. What arrived stays: push again later", tries(*attempts))]
    Failing {
        /// The server, without credentials.
        server: String,
        /// What was asked.
        asked: String,
        /// The HTTP status.
        status: u16,
        /// What the server said, after a colon.
        message: String,
        /// How often it was asked.
        attempts: u32,
    },
    /// What answers is no MLflow server.
    #[error("{server}: {asked}: {problem}; is that an MLflow server's address, with its path prefix if it has one (MLFLOW_TRACKING_URI)?")]
    NotMlflow {
        /// The server, without credentials.
        server: String,
        /// What was asked.
        asked: String,
        /// What came instead.
        problem: String,
    },
    /// What the server has contradicts what is to be sent.
    #[error("{server}: {what} {problem}")]
    Conflict {
        /// The server, without credentials.
        server: String,
        /// The run, experiment or model.
        what: String,
        /// The contradiction, and what to do.
        problem: String,
    },
}

/// What every fallible function here returns.
pub type Result<T, E = TrackingError> = std::result::Result<T, E>;

impl TrackingError {
    /// Whether the server answered with this error code.
    pub(crate) fn is_code(&self, code: &str) -> bool {
        matches!(self, Self::Rejected { error_code, .. } if error_code == code)
    }

    /// Whether pushing the same again later may succeed: nothing has to be changed first.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Failing { .. })
    }

    /// The same, saying how often it was tried.
    pub(crate) fn after(mut self, tried: u32) -> Self {
        if let Self::Unreachable { attempts, .. } | Self::Failing { attempts, .. } = &mut self {
            *attempts = tried;
        }
        self
    }
}

fn tries(attempts: u32) -> String {
    if attempts > 1 { format!(" (asked {attempts} times)") } else { String::new() }
}

/// A text of somebody else on one line, 400 characters at most.
pub(crate) fn one_line(text: &str) -> String {
    const MOST: usize = 400;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let printable = line.replace(char::is_control, "");
    match printable.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &printable[..end]),
        None => printable,
    }
}

/// The causes of an error, on one line. What reqwest and hyper say above them is only that there was one.
pub(crate) fn causes(error: &dyn std::error::Error) -> String {
    let chain = std::iter::successors(Some(error), |error| error.source()).map(|error| one_line(&error.to_string()));
    let mut parts: Vec<String> = Vec::new();
    for text in chain {
        // Some errors repeat their cause.
        if !parts.iter().any(|part| part.contains(&text)) {
            parts.push(text);
        }
    }
    let hollow = |part: &&String| part.starts_with("error sending request") || part.starts_with("client error (");
    let hollow = parts.iter().take_while(hollow).count().min(parts.len() - 1);
    parts[hollow..].join(": ")
}
