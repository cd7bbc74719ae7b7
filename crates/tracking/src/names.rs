//! The names that MLflow takes, so that a bad one is told before anything is sent.

/// The most characters of a param's, metric's or tag's key.
pub const MAX_KEY_LENGTH: usize = 250;
/// The most characters of a param's value.
pub const MAX_PARAM_LENGTH: usize = 6000;
/// The most characters of a tag's value.
pub const MAX_TAG_LENGTH: usize = 8000;

/// A key that MLflow takes, as like the given one as can be: other characters become `_`, parts that would lead elsewhere as a path go.
///
/// ```
/// assert_eq!(tracking::safe_key("auc@10/../x"), "auc_10/x");
/// ```
///
/// Two keys may become the same.
pub fn safe_key(key: &str) -> String {
    let replaced: String = key.chars().map(|letter| if is_key_letter(letter) { letter } else { '_' }).collect();
    let parts: Vec<&str> = replaced.split('/').filter(|part| !matches!(*part, "" | "." | "..")).collect();
    let joined: String = parts.join("/").chars().take(MAX_KEY_LENGTH).collect();
    let safe = joined.trim_end_matches('/');
    match safe {
        "" => "_".to_owned(),
        // A cut may have made a part `.` or `..`.
        safe if key_problem(safe).is_some() => safe.replace('.', "_"),
        safe => safe.to_owned(),
    }
}

/// What is wrong with a param's, metric's or tag's key.
pub(crate) fn key_problem(key: &str) -> Option<String> {
    if let Some(letter) = key.chars().find(|letter| !is_key_letter(*letter)) {
        return Some(format!("has the character {letter:?}, MLflow takes letters, digits, `_`, `-`, `.`, `:`, `/` and spaces"));
    }
    if key.starts_with("..") || key.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Some("is no plain path: no part between `/` may be empty, `.` or `..`".to_owned());
    }
    too_long(key, MAX_KEY_LENGTH)
}

/// What is wrong with a text of at most so many characters.
pub(crate) fn too_long(text: &str, most: usize) -> Option<String> {
    let length = text.chars().count();
    (length > most).then(|| format!("has {length} characters, MLflow takes {most}"))
}

/// What is wrong with a model's alias.
pub(crate) fn alias_problem(alias: &str) -> Option<String> {
    let is_version = |alias: &str| {
        let digits = alias.strip_prefix(['v', 'V']).unwrap_or_default();
        !digits.is_empty() && digits.chars().all(|letter| letter.is_ascii_digit())
    };
    if alias.is_empty() || !alias.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-')) {
        return Some("is no alias: MLflow takes letters, digits, `_` and `-`".to_owned());
    }
    if alias.eq_ignore_ascii_case("latest") || is_version(alias) {
        return Some("is reserved by MLflow, as are `latest` and `v1`, `v2`, …".to_owned());
    }
    too_long(alias, 255)
}

/// What is wrong with a registered model's name.
pub(crate) fn model_problem(name: &str) -> Option<String> {
    if name.trim().is_empty() || name.starts_with("..") || name == "." || name.contains(['/', ':']) || name.chars().any(char::is_control) {
        return Some("is no model's name: it must not be empty, begin with `..` nor have `/` or `:`".to_owned());
    }
    too_long(name, 256)
}

/// What is wrong with an artifact's path.
pub(crate) fn path_problem(path: &str) -> Option<String> {
    if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Some("is no plain relative path: no part between `/` may be empty, `.` or `..`".to_owned());
    }
    let odd = |letter: &char| letter.is_control() || matches!(letter, '\\' | '%' | '#' | '?' | ':');
    path.chars().find(odd).map(|letter| format!("has the character {letter:?}, which MLflow's artifact paths cannot have"))
}

/// What is wrong with a run's own id: it stands in a search's filter.
pub(crate) fn id_problem(id: &str) -> Option<String> {
    if id.is_empty() || !id.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.')) {
        return Some("is no run id: use letters, digits, `_`, `-` and `.`".to_owned());
    }
    too_long(id, 128)
}

fn is_key_letter(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.' | ' ' | ':' | '/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_told_apart_as_mlflow_does() {
        for good in ["roc_auc", "a/b.c", "x y-z", "größe", "k:1", "...a/b".trim_start_matches('.'), &"k".repeat(250)] {
            assert_eq!(key_problem(good), None, "{good}");
        }
        for bad in ["", "/a", "a/", "a//b", "a/./b", "a/../b", ".", "..", "..a", "a@b", "a\nb", "a,b", &"k".repeat(251)] {
            assert!(key_problem(bad).is_some(), "{bad:?}");
        }
    }

    #[test]
    fn a_safe_key_is_a_key_and_a_key_stays_as_it_is() {
        for (given, safe) in [("auc@10", "auc_10"), ("../a//b/", "a/b"), ("", "_"), ("/", "_"), ("..a", "__a"), ("a b", "a b")] {
            assert_eq!(safe_key(given), safe);
        }
        let odd = [format!("{}/b", "k".repeat(249)), format!("{}/.b", "k".repeat(248)), "%".repeat(400), "..x/..".to_owned()];
        for key in odd {
            assert_eq!(key_problem(&safe_key(&key)), None, "{key}");
        }
    }

    #[test]
    fn aliases_models_paths_and_ids() {
        assert_eq!((alias_problem("champion"), model_problem("click"), path_problem("model/a b.onnx")), (None, None, None));
        for alias in ["", "Latest", "v12", "a b", "a/b"] {
            assert!(alias_problem(alias).is_some(), "{alias}");
        }
        assert_eq!((alias_problem("vv1"), alias_problem("v")), (None, None));
        for path in ["", "/a", "a/../b", "a//b", "a\\b", "a%2e", "a#b", "s3://a"] {
            assert!(path_problem(path).is_some(), "{path}");
        }
        for id in ["", "a'b", "a b"] {
            assert!(id_problem(id).is_some(), "{id}");
        }
    }
}
