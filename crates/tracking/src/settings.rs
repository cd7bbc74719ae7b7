//! Which server, as whom, and how patient. Everything is an argument; [`Settings::from_variables`] reads MLflow's own variables.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use crate::error::{Result, TrackingError};
use crate::retry::Retry;

/// How to reach an MLflow server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The server, without credentials; ends with `/`.
    pub(crate) base: Url,
    /// As whom.
    pub credentials: Credentials,
    /// A file of PEM certificates to trust besides those of the system.
    pub ca_file: Option<PathBuf>,
    /// Trust any certificate. Anybody between here and the server then reads and changes everything: for tests alone.
    pub accept_any_certificate: bool,
    /// How long to wait for a connection.
    pub connect_timeout: Duration,
    /// How long to wait for an answer, and how long a transfer may stand still.
    pub timeout: Duration,
    /// What to do where an error may pass.
    pub retry: Retry,
}

/// As whom to ask.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Credentials {
    /// As nobody.
    #[default]
    Anonymous,
    /// With a token.
    Bearer(String),
    /// With a name and a password.
    Basic {
        /// The name.
        username: String,
        /// The password.
        password: String,
    },
}

impl fmt::Debug for Credentials {
    /// Says which kind, never what.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Anonymous => "Anonymous",
            Self::Bearer(_) => "Bearer(…)",
            Self::Basic { .. } => "Basic(…)",
        })
    }
}

impl Settings {
    /// A server by its address, such as `http://localhost:5000` or `https://host/prefix`. A name and a password in it become credentials.
    ///
    /// # Errors
    /// The address is none of `http` or `https`.
    pub fn new(uri: &str) -> Result<Self> {
        let wrong = |problem: &str| TrackingError::Setting {
            setting: "MLFLOW_TRACKING_URI",
            problem: format!("{problem}: give the address of an MLflow server, such as http://localhost:5000"),
        };
        // The address itself is not repeated: it may hold a password.
        let mut base = Url::parse(uri.trim()).map_err(|error| wrong(&format!("is no address ({error})")))?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err(wrong("begins with neither http:// nor https://, and only a server can be pushed to"));
        }
        let credentials = credentials_in(&base);
        let wiped = base.set_username("").and_then(|()| base.set_password(None));
        wiped.map_err(|()| wrong("has no host"))?;
        base.set_query(None);
        base.set_fragment(None);
        let path = format!("{}/", base.path().trim_end_matches('/'));
        base.set_path(&path);
        Ok(Self {
            base,
            credentials,
            ca_file: None,
            accept_any_certificate: false,
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(120),
            retry: Retry::default(),
        })
    }

    /// Settings from MLflow's own environment variables, which `variable` looks up: `MLFLOW_TRACKING_URI`, `_TOKEN`, `_USERNAME`,
    /// `_PASSWORD`, `_SERVER_CERT_PATH`, `_INSECURE_TLS`, `MLFLOW_HTTP_REQUEST_TIMEOUT` (seconds) and `MLFLOW_HTTP_REQUEST_MAX_RETRIES`.
    ///
    /// # Errors
    /// There is no `MLFLOW_TRACKING_URI`, or one of them cannot be used.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        let missing =
            || TrackingError::Setting { setting: "MLFLOW_TRACKING_URI", problem: "is not set: name the MLflow server".to_owned() };
        let mut settings = Self::new(&variable("MLFLOW_TRACKING_URI").ok_or_else(missing)?)?;
        if let Some(username) = variable("MLFLOW_TRACKING_USERNAME") {
            let password = variable("MLFLOW_TRACKING_PASSWORD").unwrap_or_default();
            settings.credentials = Credentials::Basic { username, password };
        } else if let Some(token) = variable("MLFLOW_TRACKING_TOKEN") {
            settings.credentials = Credentials::Bearer(token);
        }
        settings.ca_file = variable("MLFLOW_TRACKING_SERVER_CERT_PATH").map(PathBuf::from);
        settings.accept_any_certificate = flag(variable("MLFLOW_TRACKING_INSECURE_TLS"))?;
        if let Some(seconds) = number("MLFLOW_HTTP_REQUEST_TIMEOUT", variable("MLFLOW_HTTP_REQUEST_TIMEOUT"))? {
            settings.timeout = Duration::from_secs(u64::from(seconds.max(1)));
        }
        if let Some(retries) = number("MLFLOW_HTTP_REQUEST_MAX_RETRIES", variable("MLFLOW_HTTP_REQUEST_MAX_RETRIES"))? {
            settings.retry.attempts = retries.saturating_add(1);
        }
        Ok(settings)
    }

    /// The server's address, without credentials.
    pub fn server(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }
}

fn credentials_in(url: &Url) -> Credentials {
    let plain = |part: &str| percent_decoded(part);
    match (url.username(), url.password()) {
        ("", None) => Credentials::Anonymous,
        (username, password) => Credentials::Basic { username: plain(username), password: plain(password.unwrap_or_default()) },
    }
}

/// `%40` is `@`. What is no valid escape stays as it is.
fn percent_decoded(text: &str) -> String {
    // As in a query, where `+` alone would mean something else.
    let query = text.replace('+', "%2B").replace('&', "%26").replace('=', "%3D");
    url::form_urlencoded::parse(query.as_bytes()).next().map(|(key, _)| key.into_owned()).unwrap_or_default()
}

fn flag(value: Option<String>) -> Result<bool> {
    match value.as_deref().map(str::to_ascii_lowercase).as_deref() {
        None | Some("false" | "0") => Ok(false),
        Some("true" | "1") => Ok(true),
        Some(other) => {
            Err(TrackingError::Setting { setting: "MLFLOW_TRACKING_INSECURE_TLS", problem: format!("is `{other}`: say true or false") })
        }
    }
}

fn number(setting: &'static str, value: Option<String>) -> Result<Option<u32>> {
    let wrong = |value: &str| TrackingError::Setting { setting, problem: format!("is `{value}`: give a whole number from 0 on") };
    value.map(|value| value.trim().parse().map_err(|_| wrong(&value))).transpose()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn from(pairs: &[(&str, &str)]) -> Result<Settings> {
        Settings::from_variables(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn credentials_leave_the_address_and_are_never_shown() {
        let settings = Settings::new("https://me:p%40ss+w&x=1@host:8443/mlflow/?a=b#c").unwrap();
        assert_eq!(settings.server(), "https://host:8443/mlflow");
        assert_eq!(settings.credentials, Credentials::Basic { username: "me".to_owned(), password: "p@ss+w&x=1".to_owned() });
        let shown = format!("{settings:?} {:?}", Credentials::Bearer("s3cret".to_owned()));
        assert!(!shown.contains("p@ss") && !shown.contains("p%40ss") && !shown.contains("s3cret"), "{shown}");
    }

    #[test]
    fn variables_are_those_of_mlflow() {
        let uri = ("MLFLOW_TRACKING_URI", "http://localhost:5000");
        assert_eq!(from(&[uri]).unwrap(), Settings::new(uri.1).unwrap());
        let token = ("MLFLOW_TRACKING_TOKEN", "t");
        assert_eq!(from(&[uri, token]).unwrap().credentials, Credentials::Bearer("t".to_owned()));
        let both = from(&[uri, token, ("MLFLOW_TRACKING_USERNAME", "me"), ("MLFLOW_TRACKING_PASSWORD", "p")]).unwrap();
        assert_eq!(both.credentials, Credentials::Basic { username: "me".to_owned(), password: "p".to_owned() });
        let more =
            [uri, ("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0"), ("MLFLOW_HTTP_REQUEST_TIMEOUT", "5"), ("MLFLOW_TRACKING_INSECURE_TLS", "true")];
        let more = from(&more).unwrap();
        assert_eq!((more.retry.attempts, more.timeout, more.accept_any_certificate), (1, Duration::from_secs(5), true));
    }

    #[test]
    fn certificates_are_checked_unless_told_otherwise() {
        assert!(!Settings::new("https://host").unwrap().accept_any_certificate);
        assert!(!from(&[("MLFLOW_TRACKING_URI", "https://host"), ("MLFLOW_TRACKING_INSECURE_TLS", "")]).unwrap().accept_any_certificate);
    }

    #[test]
    fn what_cannot_be_used_says_what_would() {
        let cases = [
            (from(&[]), "MLFLOW_TRACKING_URI is not set"),
            (from(&[("MLFLOW_TRACKING_URI", "sqlite:///mlflow.db")]), "MLFLOW_TRACKING_URI begins with neither"),
            (from(&[("MLFLOW_TRACKING_URI", "me:s3cret@host")]), "MLFLOW_TRACKING_URI begins with neither"),
            (from(&[("MLFLOW_TRACKING_URI", "http://me:s3cret@")]), "MLFLOW_TRACKING_URI is no address"),
            (
                from(&[("MLFLOW_TRACKING_URI", "http://host"), ("MLFLOW_TRACKING_INSECURE_TLS", "maybe")]),
                "MLFLOW_TRACKING_INSECURE_TLS is `maybe`",
            ),
            (from(&[("MLFLOW_TRACKING_URI", "http://host"), ("MLFLOW_HTTP_REQUEST_TIMEOUT", "-1")]), "MLFLOW_HTTP_REQUEST_TIMEOUT is `-1`"),
        ];
        for (found, message) in cases {
            let found = found.unwrap_err().to_string();
            assert!(found.starts_with(message) && !found.contains("s3cret"), "{found}");
        }
    }
}
