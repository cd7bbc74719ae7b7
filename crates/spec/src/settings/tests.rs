#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> Result<Settings, Vec<String>> {
    parse_with(text, &[])
}

fn parse_with(text: &str, environment: &[(&str, &str)]) -> Result<Settings, Vec<String>> {
    let environment = environment.iter().map(|(name, value)| (name.to_string(), value.to_string()));
    Settings::parse("adlake.toml", text, environment).map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

#[test]
fn the_commented_file_holds_every_default() {
    assert_eq!(parse(DEFAULT_SETTINGS).unwrap(), Settings::default());
    assert_eq!(parse("").unwrap(), Settings::default());
    // Every key stands in the file, below a comment, and is really read from there.
    let mut lines_of_keys = 0;
    let mut section = String::new();
    let lines: Vec<&str> = DEFAULT_SETTINGS.lines().collect();
    for (at, line) in lines.iter().enumerate() {
        if let Some(name) = line.strip_prefix('[') {
            section = format!("{}.", name.trim_end_matches(']'));
        } else if let Some((key, _)) = line.split_once(" = ").filter(|_| !line.starts_with('#')) {
            let key = format!("{section}{key}");
            assert!(KEYS.contains(&key.as_str()), "{key} is not in KEYS");
            assert!(lines[at - 1].starts_with('#'), "{key} has no comment");
            lines_of_keys += 1;
        }
    }
    assert_eq!(lines_of_keys, KEYS.len());
}

#[test]
fn the_commented_block_shows_every_key_of_a_source_table() {
    let block: Vec<&str> = DEFAULT_SETTINGS
        .lines()
        .skip_while(|line| *line != "# [[source.table]]")
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("# "))
        .collect();
    let settings = parse(&block.join("\n")).unwrap();
    assert_eq!(
        settings.source.tables,
        [SourceTable {
            pattern: "logs/imp*.csv".to_string(),
            table: "impressions".to_string(),
            encoding: Some(Encoding::Latin1),
            delimiter: Some(b'\t'),
            has_header: Some(false),
            columns: Some(vec!["id_md5".to_string(), "at".to_string()]),
            sheet: Some("January".to_string()),
        }]
    );
}

#[test]
fn every_key_can_be_set() {
    // A value other than the default for each key, as text and as TOML.
    let values = [
        ("lake", "s3://bucket/lake", "\"s3://bucket/lake\""),
        ("threads", "3", "3"),
        ("memory_limit_mb", "2048", "2_048"),
        ("source.url", "data", "\"data\""),
        ("source.encoding", "ISO-8859-1", "\"iso-8859-1\""),
        ("source.settle_seconds", "60", "0x3C"),
        ("source.ignore", "*.a, *.b,", "[\"*.a\", \"*.b\"]"),
        ("write.compression", "zstd(3)", "\"zstd(3)\""),
        ("write.target_file_mb", "1", "1"),
        ("vacuum.keep_hours", "0", "0"),
        ("s3.endpoint", "http://localhost:9000", "\"http://localhost:9000\""),
        ("s3.region", "eu-central-1", "\"eu-central-1\""),
        ("s3.allow_http", "true", "true"),
        ("models.dir", "my/models", "\"my/models\""),
        ("churn.offer_cost", "2.5", "2.5"),
        ("churn.customer_value", "250", "250"),
        ("churn.offer_success_rate", "0.35", "0.35"),
    ];
    assert_eq!(values.map(|(key, ..)| key), KEYS);
    for (key, plain, toml) in values {
        let mut set = Settings::default();
        set.set(key, plain).unwrap();
        assert_ne!(set, Settings::default(), "{key}");
        let variable = format!("ADLAKE__{}", key.replace('.', "__").to_uppercase());
        assert_eq!(parse_with("", &[(&variable, plain)]).unwrap(), set, "{key}");
        assert_eq!(parse(&format!("{key} = {toml}")).unwrap(), set, "{key}");
    }
}

#[test]
fn the_environment_comes_after_the_file() {
    let settings = parse_with(
        "threads = 2\n[s3]\nregion = \"a\"",
        &[
            ("ADLAKE__THREADS", "8"),
            ("ADLAKE__MODELS__DIR", ""),
            ("ADLAKE_LOG", "debug"), // one underscore: not a setting
            ("PATH", "/bin"),
        ],
    );
    let settings = settings.unwrap();
    assert_eq!((settings.threads, settings.s3.region.as_deref()), (8, Some("a")));
    assert_eq!(settings.models_dir, None);
}

#[test]
fn finds_what_is_wrong_and_where() {
    for (text, expected) in [
        ("\nthread = 1", "adlake.toml:2: unknown key \"thread\" (did you mean \"threads\"?)"),
        ("[s3]\n\nregoin = \"x\"", "adlake.toml:3: unknown key \"s3.regoin\" (did you mean \"s3.region\"?)"),
        ("[sourc]\nurl = \"x\"", "adlake.toml:1: unknown key \"sourc\" (did you mean \"source\"?)"),
        ("[weather]\na = 1", "adlake.toml:1: unknown key \"weather\""),
        ("[s3]\nsecret_access_key = \"x\"", "adlake.toml:2: s3.secret_access_key is a secret"),
        ("threads = -1", "adlake.toml:1: threads: expected a whole number of at least 0, found -1"),
        ("threads = 1.5", "threads: expected a whole number of at least 0, found float"),
        ("threads = 100000", "adlake.toml:1: threads: expected a whole number of at most 1024, found 100000"),
        ("memory_limit_mb = 17592186044416", "memory_limit_mb: expected a whole number of at most 1073741824"),
        ("threads = \"1\"", "threads: expected a whole number of at least 0, found string"),
        ("threads = 99999999999999999999", "threads: expected a whole number"),
        ("lake = \"\"", "lake: is empty"),
        ("lake = 1", "lake: expected a text in quotes, found integer"),
        ("source = 1", "adlake.toml:1: source: expected a section [source], found integer"),
        ("[write]\ntarget_file_mb = 0", "write.target_file_mb: expected a whole number of at least 1, found 0"),
        ("[write]\ncompression = \"zstd(99)\"", "write.compression: \"zstd(99)\" has no valid level"),
        ("[write]\ncompression = \"lz\"", "write.compression: unknown compression \"lz\": use none, snappy"),
        ("[source]\nencoding = \"utf8\"", "source.encoding: unknown encoding \"utf8\" (did you mean \"utf-8\"?)"),
        ("[source]\nignore = \"*.a\"", "source.ignore: expected a list of texts"),
        ("[s3]\nallow_http = 1", "s3.allow_http: expected true or false, found integer"),
        ("lake = ", "adlake.toml:1: not valid TOML"),
        ("lake = \"a\"\nlake = \"b\"", "adlake.toml:2: not valid TOML: duplicate key"),
        ("[source.table]\ntable = \"x\"", "source.table: expected blocks, each under [[source.table]], found table"),
        ("[source]\ntable = [1]", "source.table: expected a block under [[source.table]]"),
        ("\n[[source.table]]\ntable = \"x\"", "adlake.toml:2: source.table has no pattern"),
        ("[[source.table]]\npattern = \"x\"", "adlake.toml:1: source.table has no table"),
        ("[[source.table]]\npattern = \"x\"\ntable = \"X\"", "adlake.toml:3: source.table.table: \"X\" is not a valid name"),
        (
            "[[source.table]]\npattern = \"x\"\ntable = \"x\"\ndelimter = \",\"",
            "adlake.toml:4: unknown key \"delimter\" in source.table (did you mean \"delimiter\"?)",
        ),
        (
            "[[source.table]]\npattern = \"x\"\ntable = \"x\"\ndelimiter = \"é\"",
            "adlake.toml:4: source.table.delimiter: expected one ASCII letter",
        ),
        ("[[source.table]]\npattern = \"x\"\ntable = \"x\"\ndelimiter = '\"'", "a quote or line break cannot separate fields"),
        ("[[source.table]]\npattern = \"x\"\ntable = \"x\"\ncolumns = [\"a\", \"a\"]", "source.table.columns: names \"a\" twice"),
    ] {
        let problems = parse(text).unwrap_err();
        assert_eq!(problems.len(), 1, "{text}: {problems:?}");
        assert!(problems[0].contains(expected), "{text}\n{}\n{expected}", problems[0]);
        assert!(!problems[0].contains('\n'), "{}", problems[0]);
    }
}

#[test]
fn finds_what_is_wrong_in_the_environment() {
    for (name, value, expected) in [
        ("ADLAKE__THREDS", "1", "environment: ADLAKE__THREDS: unknown key \"threds\" (did you mean \"threads\"?)"),
        ("ADLAKE__THREADS", "many", "environment: ADLAKE__THREADS: expected a whole number"),
        ("ADLAKE__S3__ALLOW_HTTP", "yes", "expected true or false, found \"yes\""),
        ("ADLAKE__SOURCE__TABLE", "x", "source.table is a list of blocks: set it in adlake.toml"),
        ("ADLAKE__", "", "unknown key \"\""),
    ] {
        let problems = parse_with("", &[(name, value)]).unwrap_err();
        assert_eq!(problems.len(), 1, "{name}: {problems:?}");
        assert!(problems[0].contains(expected), "{}\n{expected}", problems[0]);
    }
    // The file's and the environment's problems come together.
    assert_eq!(parse_with("a = 1\nb = 2", &[("ADLAKE__C", "")]).unwrap_err().len(), 3);
}

proptest! {
    #[test]
    fn parsing_never_panics(text in "(\\PC|\n){0,80}", key in "\\PC{0,20}", value in "\\PC{0,20}") {
        let _ = Settings::parse(&key, &text, [(format!("ADLAKE__{key}"), value.clone())]);
        let _ = parse(&format!("[source]\n{key} = {value}\n[[source.table]]\n{text}"));
        for key in KEYS {
            let _ = Settings::default().set(key, &value);
            let _ = parse(&format!("{key} = {value}"));
        }
    }
}

#[test]
fn amounts_out_of_range_say_what_is_wanted() {
    let cases = [
        ("offer_cost = -1", "churn.offer_cost: expected a number of at least 0, found -1"),
        ("offer_cost = nan", "churn.offer_cost: expected a number of at least 0, found nan"),
        ("customer_value = 0", "churn.customer_value: expected a number above 0, found 0"),
        ("customer_value = inf", "churn.customer_value: expected a number above 0, found inf"),
        ("offer_success_rate = 1.5", "churn.offer_success_rate: expected a number above 0 and at most 1, found 1.5"),
        ("offer_success_rate = \"x\"", "churn.offer_success_rate: expected a number above 0 and at most 1, found string"),
    ];
    for (line, message) in cases {
        let found = parse(&format!("[churn]\n{line}")).unwrap_err();
        assert!(found.len() == 1 && found[0].contains(message), "{found:?}");
    }
}
