#![allow(clippy::unwrap_used)]

use crate::{Layer, Model, Parameters, Problem, Settings};

/// Bounds of every kind.
const BOUNDED: &str = r#"/*
Products that sold.

kind = "full"

[parameters]
days  = { default = 28, min = 1, description = "Days" }
share = { default = 0.5, min = 0, max = 1, description = "Share" }
order = { default = "up", one_of = ["up", "down", "none"], description = "Order" }
cuts  = { default = [9, 5], count = 2, sorted = "falling", description = "Cuts" }

[columns]
stock_code = "Code"
*/
select stock_code as stock_code from silver.products where days < $days and share > $share and o = $order and days in (select unnest($cuts))"#;

const TEXT: &str = r#"/*
Products that sold in a window.

kind = "full"

[parameters]
window_days = { default = 28, description = "Days of the window" }
least_share = { default = 0.5, description = "Products with less are left out" }
rules       = { default = "it's: $5", description = "Rules" }
windows     = { default = [7, 30], min = 1, max = 3650, description = "Several windows, in days" }

[columns]
stock_code = "Code"
*/
select stock_code as stock_code -- not a name: $here
from silver.products
where days < $window_days and share > $least_share and note <> '$window_days' and rule = $rules and days in (select unnest($windows))"#;

fn model(parameters: &Parameters) -> Result<Model, Vec<Problem>> {
    Model::parse_with(Layer::Gold, "commerce", "gold/models/commerce/sold.sql", TEXT, parameters)
}

fn settings(text: &str, environment: &[(&str, &str)]) -> Result<Parameters, Vec<Problem>> {
    let environment = environment.iter().map(|(name, value)| ((*name).to_string(), (*value).to_string()));
    Settings::parse("adlake.toml", text, environment).map(|settings| settings.parameters)
}

/// The line of the SQL that holds its condition.
fn condition(model: &Model) -> &str {
    model.sql.lines().last().unwrap_or_default()
}

#[test]
fn names_become_values() {
    let own = model(&Parameters::default()).unwrap();
    assert_eq!(
        condition(&own),
        "where days < 28 and share > 0.5 and note <> '$window_days' and rule = 'it''s: $5' and days in (select unnest([7, 30]))"
    );
    assert_eq!(own.header.parameters.len(), 4);
}

#[test]
fn settings_and_environment_replace_them() {
    let file = "[parameters.gold.sold]\nwindow_days = 7\nleast_share = 1\nwindows = [1]\n";
    let given = settings(file, &[("ADLAKE__PARAMETERS__GOLD__SOLD__WINDOW_DAYS", "-9"), ("ADLAKE__PARAMETERS__GOLD__SOLD__RULES", "a")]);
    let set = model(&given.unwrap()).unwrap();
    assert_eq!(
        condition(&set),
        "where days < (-9) and share > 1.0 and note <> '$window_days' and rule = 'a' and days in (select unnest([1]))"
    );
    assert_ne!(set.fingerprint(), model(&Parameters::default()).unwrap().fingerprint());
    // Another table's values change nothing.
    let others = settings("[parameters.gold.other]\nwindow_days = 7\n", &[]).unwrap();
    assert_eq!(model(&others).unwrap().fingerprint(), model(&Parameters::default()).unwrap().fingerprint());
}

#[test]
fn what_does_not_fit_is_named() {
    for (file, message) in [
        ("[parameters.gold.sold]\nwindow_day = 7\n", "parameters.gold.sold.window_day: gold.sold has no such parameter"),
        ("[parameters.gold.sold]\nwindow_days = 7.5\n", "parameters.gold.sold.window_days: expected a whole number, found 7.5"),
        ("[parameters.gold.sold]\nwindows = 7\n", "parameters.gold.sold.windows: expected a list of whole numbers, found 7"),
        ("[parameters.gold.sold]\nrules = true\n", "parameters.gold.sold.rules: expected a text, found true"),
    ] {
        let problems = model(&settings(file, &[]).unwrap()).unwrap_err();
        assert_eq!(problems.len(), 1, "{file}");
        assert!(problems[0].to_string().contains(message), "{}", problems[0]);
    }
    for (file, message) in [
        ("[parameters.gold]\nwindow_days = 7\n", "write parameters.LAYER.TABLE.NAME"),
        ("[parameters.gold.sold]\nwindows = []\n", "found an empty list"),
        ("[parameters.gold.sold]\nwindows = [1, \"a\"]\n", "a list of several kinds"),
        ("[parameters.gold.sold]\nwindow_days = nan\n", "expected a finite number"),
        ("[parameters.gold.sold]\nwindow_days = 1979-05-27\n", "expected a number, a text"),
    ] {
        let problems = settings(file, &[]).unwrap_err();
        assert!(problems[0].to_string().contains(message), "{}", problems[0]);
        assert!(problems[0].to_string().contains("adlake.toml"), "{}", problems[0]);
    }
}

#[test]
fn a_model_names_what_it_has_and_has_what_it_names() {
    let parse = |text: &str| Model::parse(Layer::Gold, "commerce", "gold/models/commerce/sold.sql", text).unwrap_err();
    let unknown = parse(&TEXT.replace("days < $window_days", "days < $window_dais"));
    let lines: Vec<String> = unknown.iter().map(ToString::to_string).collect();
    assert!(lines.iter().any(|line| line.contains(":17") && line.contains("$window_dais is no parameter")), "{lines:?}");
    assert!(lines.iter().any(|line| line.contains(":7") && line.contains("parameter window_days is not used")), "{lines:?}");
    for (from, to, message) in [
        ("{ default = 28, ", "{ ", "has no default"),
        (", description = \"Days of the window\"", "", "has no description"),
        ("\"Days of the window\"", "\" \"", "has no description"),
        ("{ default = 28, description = \"Days of the window\" }", "28", "expected { default"),
        ("default = 28", "default = 28, defualt = 3", "unknown key \"defualt\""),
    ] {
        let problems = parse(&TEXT.replace(from, to));
        assert!(problems.iter().any(|problem| problem.to_string().contains(message)), "{message}: {problems:?}");
    }
}

/// One of the problems says why, and there are none where there is no reason.
fn assert_told(problems: Option<Vec<Problem>>, why: Option<&str>) {
    let told: Vec<String> = problems.unwrap_or_default().iter().map(ToString::to_string).collect();
    assert_eq!(told.is_empty(), why.is_none(), "{told:?}, {why:?}");
    assert!(why.is_none_or(|why| told.iter().any(|told| told.contains(why))), "{told:?}, {why:?}");
}

/// A model that counts the same days as gold.sold.
const FOLLOWER: &str = r#"/*
Products that came back.

kind = "full"

[parameters]
days = { default = 28, same_as = "gold.sold", description = "Days" }

[columns]
stock_code = "Code"
*/
select stock_code as stock_code from silver.products where days < $days"#;

#[test]
fn a_parameter_follows_that_of_another_table() {
    let back =
        |text: &str, parameters: &Parameters| Model::parse_with(Layer::Gold, "commerce", "gold/models/commerce/back.sql", text, parameters);
    let sold = |parameters: &Parameters| Model::parse_with(Layer::Gold, "commerce", "gold/models/commerce/sold.sql", BOUNDED, parameters);
    let set = settings("[parameters.gold.sold]\ndays = 7\n", &[]).unwrap();
    assert!(back(FOLLOWER, &set).unwrap().sql.ends_with("days < 7"));
    assert!(back(FOLLOWER, &Parameters::default()).unwrap().sql.ends_with("days < 28"));
    let own = settings("[parameters.gold.back]\ndays = 7\n", &[]).unwrap();
    let problems = back(FOLLOWER, &own).unwrap_err();
    assert!(problems[0].to_string().contains("parameters.gold.back.days: it follows gold.sold: set parameters.gold.sold.days"));
    // Both have one default, and the other one has such a parameter.
    let silver = Model::parse(
        Layer::Silver,
        "commerce",
        "silver/models/commerce/products.sql",
        "/*\nProducts.\n\nkind = \"full\"\n\n[columns]\nstock_code = \"Code\"\n*/\nselect stock_code as stock_code from silver.raw",
    );
    let raw = "/*\nRaw products.\n\nkind = \"full\"\n\n[columns]\nstock_code = \"Code\"\n*/\nselect 1 as stock_code";
    let raw = Model::parse(Layer::Silver, "commerce", "silver/models/commerce/raw.sql", raw);
    for (text, why) in [
        (FOLLOWER.to_owned(), None),
        (FOLLOWER.replace("28", "29"), Some("parameters.days is 29, but that of gold.sold is 28: give both one default")),
        (FOLLOWER.replace("days", "weeks"), Some("parameters.weeks follows gold.sold, which has no such parameter")),
    ] {
        let follower = back(&text, &Parameters::default()).unwrap();
        let models = vec![follower, sold(&Parameters::default()).unwrap(), silver.clone().unwrap(), raw.clone().unwrap()];
        assert_told(crate::Pipeline::new(models).err(), why);
    }
}

#[test]
fn values_stay_within_bounds() {
    let parse =
        |text: &str, parameters: &Parameters| Model::parse_with(Layer::Gold, "commerce", "gold/models/commerce/sold.sql", text, parameters);
    assert!(parse(BOUNDED, &Parameters::default()).is_ok());
    for (given, why) in [
        ("days = 1\nshare = 1\norder = \"none\"\ncuts = [2, 1]", None),
        ("days = 0", Some("parameters.gold.sold.days: expected a number of at least 1, found 0")),
        ("share = 1.01", Some("share: expected a number from 0 to 1, found 1.01")),
        ("share = -1", Some("share: expected a number from 0 to 1, found (-1.0)")),
        ("order = \"sideways\"", Some("order: expected 'up', 'down' or 'none', found 'sideways'")),
        ("cuts = [5, 9]", Some("cuts: expected 2 falling numbers, found [5, 9]")),
        ("cuts = [5, 5]", Some("cuts: expected 2 falling numbers, found [5, 5]")),
        ("cuts = [9, 5, 1]", Some("cuts: expected 2 falling numbers, found [9, 5, 1]")),
    ] {
        let parsed = parse(BOUNDED, &settings(&format!("[parameters.gold.sold]\n{given}\n"), &[]).unwrap());
        assert_told(parsed.err(), why);
    }
    // Bounds of the environment's values hold too, and of each item of a list.
    let given = settings("", &[("ADLAKE__PARAMETERS__GOLD__SOLD__WINDOWS", "7,0")]).unwrap();
    let problems = parse(TEXT, &given).unwrap_err();
    assert!(problems[0].to_string().contains("windows: expected a number from 1 to 3650, found [7, 0]"), "{}", problems[0]);
    // What a header says has to fit its own default.
    for (from, to, why) in [
        ("min = 1,", "min = 29,", "the default does not fit: expected a number of at least 29, found 28"),
        ("min = 1,", "min = \"1\",", "min: expected a number, found '1'"),
        ("default = \"up\",", "default = \"up\", min = 0,", "min, max and sorted are for numbers"),
        ("default = 28,", "default = 28, count = 1,", "count and sorted are for lists"),
        ("count = 2,", "count = 0,", "expected a whole number of at least 1, found 0"),
        ("\"falling\"", "\"down\"", "expected \"rising\" or \"falling\", found \"down\""),
        ("[\"up\", \"down\", \"none\"]", "[1, 2]", "one_of is to hold values like 'up'"),
    ] {
        let problems = parse(&BOUNDED.replace(from, to), &Parameters::default()).unwrap_err();
        assert!(problems.iter().any(|problem| problem.to_string().contains(why)), "{why}: {problems:?}");
    }
}
