#![allow(clippy::unwrap_used)]

use crate::{Layer, Model, Parameters, Problem, Settings};

const TEXT: &str = r#"/*
Products that sold in a window.

kind = "full"

[parameters]
window_days = { default = 28, description = "Days of the window" }
least_share = { default = 0.5, description = "Products with less are left out" }
rules       = { default = "it's: $5", description = "Rules" }
windows     = { default = [7, 30], description = "Several windows, in days" }

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
