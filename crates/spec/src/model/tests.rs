#![allow(clippy::unwrap_used, clippy::panic)]

use proptest::prelude::*;

use super::*;
use crate::header::{Kind, OnFail};

const FILE: &str = "silver/models/adtech/impressions.sql";

/// A model without problems; the tests change one thing in it.
pub(crate) const GOOD: &str = include_str!("../../testdata/impressions.sql");

pub(crate) fn parse(text: &str) -> Result<Model, Vec<Problem>> {
    Model::parse(Layer::Silver, "adtech", FILE, text)
}

pub(crate) fn good() -> Model {
    parse(GOOD).unwrap()
}

/// `GOOD` with one part replaced, which must be there.
pub(crate) fn with(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    GOOD.replacen(from, to, 1)
}

#[test]
fn reads_a_whole_model() {
    let model = good();
    assert_eq!(model.table.to_string(), "silver.impressions");
    assert_eq!((model.domain.as_str(), model.file.as_str()), ("adtech", FILE));
    let header = &model.header;
    assert_eq!(header.description, "One row per served impression, typed and deduplicated.");
    assert_eq!(header.kind, Kind::Merge);
    assert_eq!(header.key, ["impression_id"]);
    assert_eq!(header.first_by, ["requested_at", "_line"]);
    assert!(header.partition_by.is_empty());
    let names: Vec<&str> = header.columns.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["impression_id", "requested_at", "_line"]); // in the order of the file
    assert_eq!(header.expect.len(), 1);
    assert_eq!(header.expect[0].name, "has_id");
    assert_eq!(header.expect[0].that, "impression_id is not null");
    assert_eq!(header.expect[0].on_fail, OnFail::Quarantine);
    assert_eq!(header.expect[0].line, 14);
    assert_eq!(model.sql_first_line, 18);
    assert!(model.sql.starts_with("with raw as"));
    assert!(model.sql.ends_with("from raw as i"));
    let tables: Vec<String> = model.input_tables().map(ToString::to_string).collect();
    assert_eq!(tables, ["bronze.impressions"]);
    assert_eq!(model.line_of(&"bronze.impressions".parse().unwrap()), Some(18));
}

#[test]
fn an_input_may_be_optional() {
    let optional = "[optional]\n\"bronze.impressions\" = { requested_at = \"timestamp\", line = \"bigint\" }\n\n[columns]\n";
    let model = parse(&with("[columns]\n", optional)).unwrap();
    let table = "bronze.impressions".parse().unwrap();
    let input = model.optional(&table).unwrap();
    // In the order of the file.
    let columns: Vec<(&str, &str)> = input.columns.iter().map(|(name, data_type)| (name.as_str(), data_type.as_str())).collect();
    assert_eq!((columns, input.line), (vec![("requested_at", "timestamp"), ("line", "bigint")], 10));
    assert_eq!(model.input_tables().collect::<Vec<_>>(), [&table]);
    assert_eq!(model.required_tables().count(), 0);
    // The control: without the header's word it has to be there.
    assert_eq!(good().required_tables().collect::<Vec<_>>(), [&table]);
    assert!(good().optional(&table).is_none());
}

/// Line and message of each problem, in order.
type Expected = &'static [(usize, &'static str)];

/// What is changed in `GOOD`, and the problems that must come of it: exactly these, with their lines.
#[rustfmt::skip] // a table reads better with one case per line
const PROBLEMS: &[(&str, &str, Expected)] = &[
    // The comment.
    ("/*", "", &[(2, "the leading comment is missing")]),
    ("*/", "", &[(1, "the leading comment is not closed: add */")]),
    ("One row per served impression,\ntyped and deduplicated.\n\n", "", &[(1, "the description is missing")]),
    // Without a blank line all is taken for the description.
    ("deduplicated.\n\n", "deduplicated.\n", &[(1, "kind is missing")]),

    // Keys and their types.
    ("first_by", "frist_by", &[(6, "unknown key \"frist_by\" (did you mean \"first_by\"?)")]),
    ("first_by", "colour", &[(6, "unknown key \"colour\": a header has key, first_by")]),
    ("[\"impression_id\"]", "\"impression_id\"", &[
        (5, "key: expected a list of texts, such as [\"a\", \"b\"], found string"),
    ]),
    ("[\"impression_id\"]", "[1]", &[(5, "key: expected a list of texts")]),
    ("[\"impression_id\"]", "[]", &[(5, "key is empty")]),
    ("[\"impression_id\"]", "[\"_line\", \"_line\"]", &[(5, "key names \"_line\" twice")]),
    ("key      = [\"impression_id\"]\n", "", &[
        (6, "first_by decides between rows of one key"),
        (6, "kind merge needs a key"),
    ]),
    ("kind     =", "last_by  = [\"_line\"]\nkind     =", &[(8, "first_by and last_by contradict each other")]),
    ("\"merge\"", "\"merg\"", &[(7, "kind: unknown kind \"merg\" (did you mean \"merge\"?): use append")]),
    ("\"merge\"", "true", &[(7, "kind: expected a text in quotes, found boolean")]),
    ("kind     = \"merge\"\n", "", &[(1, "kind is missing: add kind = \"…\" with append, merge")]),
    ("\"merge\"", "\"replace_partitions\"", &[(7, "kind replace_partitions needs partition_by")]),
    (
        "\"merge\"",
        "\"replace_partitions\"\npartition_by = [\"requested_at\"]",
        &[(7, "a key without \"requested_at\" may repeat in another partition")],
    ),
    ("key      =", "key      = [", &[(6, "not valid TOML")]),
    ("[expect.has_id]", "[expect.has_id", &[(14, "not valid TOML")]),
    ("kind     =", "kind     = \"full\"\nkind = ", &[(8, "not valid TOML: duplicate key")]),
    ("[columns]\n", "columns = 1\n[other]\n", &[
        (9, "columns: expected a table [columns]"),
        (10, "unknown key \"other\""),
        (22, "column impression_id is not described"),
        (23, "column requested_at is not described"),
        (24, "column _line is not described"),
    ]),

    // Expectations.
    ("that ", "taht ", &[
        (14, "expect.has_id has no that: add that = "),
        (15, "unknown key \"taht\" (did you mean \"that\"?)"),
    ]),
    ("impression_id is not null", " ", &[(14, "expect.has_id: that is empty")]),
    ("impression_id is not null", "impression_id is", &[(14, "expect.has_id: not valid SQL")]),
    ("impression_id is not null", "true) or (true", &[(14, "expect.has_id: not valid SQL")]),
    ("impression_id is not null", "impresion_id > 0", &[
        (14, "does not give \"impresion_id\" (did you mean \"impression_id\"?)"),
    ]),
    ("impression_id is not null", "impression_id in (select 1)", &[(14, "a condition looks at one row")]),
    ("impression_id is not null", "requested_at < now()", &[(14, "now() gives another result in every run")]),
    ("on_fail = \"quarantine\"", "", &[(14, "expect.has_id has no on_fail: add on_fail = ")]),
    ("\"quarantine\"", "\"quarentine\"", &[(16, "(did you mean \"quarantine\"?): use warn, drop, quarantine")]),
    ("[expect.has_id]", "[expect]", &[
        (15, "an expectation needs a name: write [expect.NAME]"),
        (16, "an expectation needs a name: write [expect.NAME]"),
    ]),
    ("[expect.has_id]", "[expect.\"has id\"]", &[(14, "expectation \"has id\" is not a valid name")]),
    ("[expect.has_id]\n", "[expect.has_id]\n[expect.has_id]\n", &[(15, "not valid TOML: duplicate key")]),

    // Columns.
    ("key      = [\"impression_id\"]", "key = [\"id\"]", &[
        (5, "key names \"id\", which the last select does not give"),
    ]),
    ("[\"requested_at\", \"_line\"]", "[\"request_at\"]", &[
        (6, "\"request_at\", which the last select does not give (did you mean \"requested_at\"?)"),
    ]),
    ("kind     =", "partition_by = [\"day\"]\nkind =", &[
        (7, "partition_by names \"day\", which the last select does not give"),
    ]),
    ("impression_id = \"Identifier\"\n", "", &[(20, "column impression_id is not described")]),
    ("impression_id = \"Identifier\"\n", "impression_id = \"\"\n", &[
        (10, "the description of impression_id is empty"),
    ]),
    ("\"Identifier\"\n", "\"Identifier\"\nidd = \"?\"\n", &[(11, "[columns] names \"idd\"")]),
    ("i._line as _line", "i.*", &[(23, "the last select of a silver model names its columns")]),
    ("i._line as _line", "i._line + 1", &[(23, "an expression of the last select has no name")]),
    ("i._line as _line", "i._line as impression_id, _line", &[(23, "two columns are called impression_id")]),

    // Inputs that a lake may lack.
    ("kind     =", "optional = 1\nkind     =", &[(7, "optional: expected a table [optional] with \"layer.table\" = ")]),
    ("[columns]\n", "[optional]\n\"bronze.clicks\" = { id = \"text\" }\n\n[columns]\n", &[
        (10, "optional names bronze.clicks, which the query does not read: read it or leave it out"),
    ]),
    ("[columns]\n", "[optional]\nclicks = { id = \"text\" }\n\n[columns]\n", &[
        (10, "optional: \"clicks\" is not a table name: write layer.name, such as silver.clicks"),
    ]),
    ("[columns]\n", "[optional]\n\"bronze.impressions\" = {}\n\n[columns]\n", &[
        (10, "optional.bronze.impressions: expected the columns that are read"),
    ]),
    ("[columns]\n", "[optional]\n\"bronze.impressions\" = \"text\"\n\n[columns]\n", &[
        (10, "optional.bronze.impressions: expected the columns that are read, { column = \"type\" }, found string"),
    ]),
    ("[columns]\n", "[optional]\n\"bronze.impressions\" = { \"an id\" = \"text\" }\n\n[columns]\n", &[
        (10, "optional.bronze.impressions: column \"an id\" is not a valid name"),
    ]),
    ("[columns]\n", "[optional]\n\"bronze.impressions\" = { id = 1 }\n\n[columns]\n", &[
        (10, "id: expected a text in quotes, found integer"),
    ]),

    // The query.
    ("from raw as i", "form raw as i", &[(24, "not valid SQL")]),
    ("from raw as i;", "from raw as i; select 1", &[(24, "a model is one select, this file has 2 statements")]),
    ("    i.impression_id,\n", "    random() as impression_id,\n", &[(21, "random() gives another result")]),
    ("from raw as i", "from rwa as i", &[(24, "table \"rwa\" has no layer (did you mean \"raw\"?)")]),
    ("bronze.impressions", "brunze.impressions", &[(18, "unknown layer \"brunze\" (did you mean \"bronze\"?)")]),
    ("bronze.impressions", "bronze.\"Impressions\"", &[(18, "\"Impressions\" is not a valid name")]),
    ("bronze.impressions", "a.bronze.impressions", &[(18, "is not a table name: write layer.name")]),
    ("bronze.impressions", "source.impressions", &[(18, "read bronze.impressions instead of source.imp")]),
];

#[test]
fn finds_what_is_wrong_and_where() {
    for (from, to, expected) in PROBLEMS {
        let text = with(from, to);
        let Err(problems) = parse(&text) else { panic!("{from} -> {to}: no problem found") };
        let listed = problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        assert_eq!(problems.len(), expected.len(), "{from} -> {to}:\n{listed}");
        for (problem, (line, message)) in problems.iter().zip(*expected) {
            assert_eq!(problem.line, Some(*line), "{from} -> {to}:\n{listed}");
            assert!(problem.message.contains(message), "{from} -> {to}: {message}\n{listed}");
            assert!(!problem.to_string().contains('\n'), "{listed}");
        }
    }
}

#[test]
fn the_file_name_must_be_a_table_name() {
    for (file, expected) in [
        ("Clicks.sql", "Clicks.sql: the file's name \"Clicks\" is not a valid name"),
        ("a/b-c.sql", "a/b-c.sql: the file's name \"b-c\" is not a valid name"),
        ("", ": the file's name \"\" is not a valid name"),
    ] {
        let problems = Model::parse(Layer::Silver, "adtech", file, GOOD).unwrap_err();
        assert_eq!(problems.len(), 1);
        assert!(problems[0].to_string().starts_with(expected), "{}", problems[0]);
    }
    let windows = Model::parse(Layer::Silver, "adtech", r"silver\models\clicks.sql", GOOD).unwrap();
    assert_eq!(windows.table.to_string(), "silver.clicks");
}

#[test]
fn sql_ends_where_the_query_ends() {
    for (end, expected) in [
        ("", "select 'é;' as a"),
        (";", "select 'é;' as a"),
        (" ; ;\n ; ", "select 'é;' as a"),
        ("; -- done; really", "select 'é;' as a"),
        ("\n\n;/* é; */", "select 'é;' as a"),
        (" -- no semicolon;", "select 'é;' as a -- no semicolon;"),
    ] {
        let text = format!("\u{feff}\n\n/*\r\nA table.\r\n\r\nkind = \"full\"\r\n*/\r\n\r\nselect 'é;' as a{end}");
        let model = Model::parse(Layer::Ml, "x", "a.sql", &text).unwrap();
        assert_eq!(model.sql, expected, "{end:?}");
        assert_eq!(model.sql_first_line, 9);
    }
}

/// Texts made of what models are made of, in an order that no one would write.
fn scrambled() -> impl Strategy<Value = String> {
    let parts = GOOD.split_inclusive([' ', '\n', '"', '(']).map(str::to_string);
    let extra = ["/*", "*/", "\n\n", ";", "'", "é", "\u{feff}", "[[", "]]", "with recursive", "))", "$1", "\0", "--"];
    let parts: Vec<String> = parts.chain(extra.map(str::to_string)).collect();
    prop::collection::vec(prop::sample::select(parts), 0..60).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn parsing_never_panics(text in "\\PC*|(\n|\\PC){0,40}", layer in 0..Layer::ALL.len()) {
        let _ = Model::parse(Layer::ALL[layer], "x", "a/b.sql", &text);
        let _ = Model::parse(Layer::ALL[layer], "x", &text, &format!("/*\nA.\n\n{text}*/ {text}"));
    }

    #[test]
    fn parsing_scrambled_models_never_panics(text in scrambled(), keep in 0..GOOD.len()) {
        let _ = parse(&text);
        let _ = parse(&format!("{}{text}", &GOOD[..keep]));
        let _ = parse(&format!("/*\nA.\n\n{text}\n*/\n{text}"));
    }

    /// Problems point into the file, and a model that parses gives back its own text.
    #[test]
    fn lines_are_lines_of_the_file(cut in 0..GOOD.len(), text in scrambled()) {
        let text = format!("{}{text}{}", &GOOD[..cut], &GOOD[cut..]);
        match parse(&text) {
            Ok(model) => {
                let line = text.split('\n').nth(model.sql_first_line - 1).unwrap_or_default();
                let first = model.sql.split('\n').next().unwrap_or_default();
                prop_assert!(line.contains(first.trim()), "{line} {first}");
            }
            Err(problems) => {
                prop_assert!(!problems.is_empty());
                let lines = text.split('\n').count();
                for problem in problems {
                    prop_assert!(problem.line.is_none_or(|line| (1..=lines).contains(&line)), "{problem}");
                    prop_assert!(!problem.message.contains('\n'), "{problem}");
                }
            }
        }
    }
}
