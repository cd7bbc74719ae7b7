//! `docs/tables.md` and `docs/features.md`: the references of tables and features, written from what the models and the registry say.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use spec::{Layer, Model, Registry};

use crate::Verdict;
use crate::tidy::Tree;

const TABLES: &str = "docs/tables.md";
const FEATURES: &str = "docs/features.md";
/// From when each feature is known.
const REGISTRY: &str = "crates/features/features.toml";
/// From the page to the root, for links to models.
const UP: &str = "..";

const INTRODUCTION: &str = "\
# Tables

Every table that the shipped models make: what a row is, its key, its columns with their units, and what
is checked before it is published. Written by `cargo x docs` from the models; to change a line here, change
the model and run that again. Bronze tables hold their source's columns as they arrived, so they have no
section of their own.
";

const ABOUT_FEATURES: &str = "\
# Features

What a model may learn from, and from when each value is known: nothing here knows anything of its own event or later. Written by
`cargo x docs` from the registry (crates/features/features.toml) and the models.
";

/// Writes the pages.
pub fn write(root: &Path) -> Result<Verdict> {
    let Some(pages) = pages(root)? else {
        return Ok(Verdict::Failed);
    };
    for (name, page) in pages {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap_or(root)).context("cannot make the folder docs")?;
        fs::write(&path, page).with_context(|| format!("cannot write {name}"))?;
    }
    Ok(Verdict::Passed)
}

/// Whether the pages are what `write` would write.
pub fn check(root: &Path) -> Result<Verdict> {
    let Some(pages) = pages(root)? else {
        return Ok(Verdict::Failed);
    };
    let mut verdict = Verdict::Passed;
    for (name, page) in pages {
        let stands = fs::read_to_string(root.join(name)).unwrap_or_default();
        if stands != page {
            let same = stands.lines().zip(page.lines()).take_while(|(stands, page)| stands == page).count();
            println!("{name}:{}: differs from what the models say: run `cargo x docs`", same + 1);
            verdict = Verdict::Failed;
        }
    }
    Ok(verdict)
}

/// The pages; `None`, with every problem printed, where a model does not parse or a feature is not there.
fn pages(root: &Path) -> Result<Option<Vec<(&'static str, String)>>> {
    let mut models = Vec::new();
    let mut failed = false;
    let tree = Tree::read(root)?;
    for file in &tree.files {
        let Some((layer, domain)) = place_of(file) else {
            continue;
        };
        let text = tree.text(file)?.with_context(|| format!("{file} is not UTF-8"))?;
        match Model::parse(layer, domain, file, &text) {
            Ok(model) => models.push(model),
            Err(problems) => {
                failed = true;
                problems.iter().for_each(|problem| println!("{problem}"));
            }
        }
    }
    models.sort_by(|a, b| order(a).cmp(&order(b)));
    if failed {
        return Ok(None);
    }
    let mut pages = vec![(TABLES, render(&models))];
    if tree.files.iter().any(|file| file == REGISTRY) {
        let text = tree.text(REGISTRY)?.with_context(|| format!("{REGISTRY} is not UTF-8"))?;
        match Registry::parse(&text).and_then(|registry| features(&registry, &models)) {
            Ok(page) => pages.push((FEATURES, page)),
            Err(problem) => {
                println!("{REGISTRY}: {problem}");
                return Ok(None);
            }
        }
    }
    Ok(Some(pages))
}

/// The page of features: one table for each that is registered.
fn features(registry: &Registry, models: &[Model]) -> Result<String, String> {
    let mut page = ABOUT_FEATURES.to_owned();
    for (name, table) in registry.tables() {
        let is_it = |model: &&Model| model.table.layer == Layer::Features && model.table.name == name;
        let model = models.iter().find(is_it).ok_or_else(|| format!("no model makes features.{name}"))?;
        let unfit = table.unfit(model);
        if !unfit.is_empty() {
            return Err(format!("{name} and {}: only one of both names {}", model.file, unfit.join(", ")));
        }
        let _ = write!(page, "\n## features.{name}\n\n{}\n\n", model.header.description);
        let order: Vec<String> = table.order.iter().map(|column| format!("`{column}`")).collect();
        let _ = writeln!(page, "- Label: `{}`", table.label);
        let or_none = |column: &Option<String>| column.as_ref().map_or_else(|| "none".to_owned(), |column| format!("`{column}`"));
        let _ = writeln!(page, "- Event time: {}\n- In the order of: {}", or_none(&table.time), order.join(", "));
        let _ = writeln!(page, "- Belongs to: {}", or_none(&table.group));
        let _ = writeln!(page, "- Model: [{file}]({UP}/{file})", file = model.file);
        page.push_str("\n| feature | kind | meaning | known from |\n|---|---|---|---|\n");
        for (column, meaning) in &model.header.columns {
            let Some(feature) = table.features.get(column) else { continue };
            let _ = writeln!(page, "| `{column}` | {} | {} | {} |", feature.kind, cell(meaning), feature.known_from);
        }
    }
    Ok(page)
}

/// `silver/models/adtech/clicks.sql` → silver, adtech; `None` for a file that is no model of ours.
fn place_of(file: &str) -> Option<(Layer, &str)> {
    let (folder, rest) = file.strip_suffix(".sql")?.split_once("/models/")?;
    let (domain, _) = rest.split_once('/')?;
    let layer = folder.rsplit('/').next()?;
    Some((layer.parse().ok()?, domain))
}

fn order(model: &Model) -> (Layer, &str, &str) {
    (model.table.layer, &model.domain, &model.table.name)
}

fn render(models: &[Model]) -> String {
    let mut readers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for model in models {
        for input in &model.inputs {
            readers.entry(input.to_string()).or_default().push(model.table.to_string());
        }
    }
    let made: Vec<String> = models.iter().map(|model| model.table.to_string()).collect();
    let link = |name: &str| match made.iter().any(|table| table == name) {
        true => format!("[{name}](#{})", anchor(name)),
        false => format!("`{name}`"),
    };
    let links = |names: &mut dyn Iterator<Item = String>| names.map(|name| link(&name)).collect::<Vec<_>>().join(", ");

    let mut page = INTRODUCTION.to_owned();
    page.push_str("\n| table | domain | one row is |\n|---|---|---|\n");
    for model in models {
        let sentence = cell(first_sentence(&model.header.description));
        let _ = writeln!(page, "| {} | {} | {sentence} |", link(&model.table.to_string()), model.domain);
    }
    for model in models {
        let name = model.table.to_string();
        let _ = write!(page, "\n## {name}\n\n{}\n\n", model.header.description);
        page.push_str(&facts(model));
        let _ = writeln!(page, "- Reads: {}", links(&mut model.inputs.iter().map(ToString::to_string)));
        if let Some(readers) = readers.get(&name) {
            let _ = writeln!(page, "- Read by: {}", links(&mut readers.iter().cloned()));
        }
        let _ = writeln!(page, "- Model: [{file}]({UP}/{file})", file = model.file);
        page.push_str(&columns(model));
        page.push_str(&parameters(model));
        page.push_str(&expectations(model));
    }
    page
}

/// Kind, key and partitions, one line each.
fn facts(model: &Model) -> String {
    let header = &model.header;
    let mut lines = format!("- Kind: {}\n", header.kind);
    let mut fact = |label: &str, columns: &[String]| {
        if !columns.is_empty() {
            let _ = writeln!(lines, "- {label}: `{}`", columns.join("`, `"));
        }
    };
    fact("Key", &header.key);
    fact("Of rows with one key, the first stays, by", &header.first_by);
    fact("Of rows with one key, the last stays, by", &header.last_by);
    fact("Partitioned by", &header.partition_by);
    lines
}

fn columns(model: &Model) -> String {
    if model.header.columns.is_empty() {
        return String::new();
    }
    let mut table = "\n| column | holds |\n|---|---|\n".to_owned();
    for (column, description) in &model.header.columns {
        let _ = writeln!(table, "| `{column}` | {} |", cell(description));
    }
    table
}

fn parameters(model: &Model) -> String {
    if model.header.parameters.is_empty() {
        return String::new();
    }
    let mut table = "\n| parameter | unless set | may be | decides |\n|---|---|---|---|\n".to_owned();
    for parameter in &model.header.parameters {
        // Rules in lines of their own are one row of the table.
        let value = parameter.value.to_string().replace('\n', " ");
        let allowed = match &parameter.same_as {
            Some(table) => format!("as in {table}, where it is set"),
            None => parameter.allowed.to_string(),
        };
        let _ = writeln!(table, "| `{}` | `{}` | {} | {} |", parameter.name, cell(&value), cell(&allowed), cell(&parameter.description));
    }
    table
}

fn expectations(model: &Model) -> String {
    if model.header.expect.is_empty() {
        return String::new();
    }
    let mut table = "\n| expectation | that | where it fails |\n|---|---|---|\n".to_owned();
    for expect in &model.header.expect {
        let _ = writeln!(table, "| {} | `{}` | {} |", expect.name, cell(&expect.that), expect.on_fail);
    }
    table
}

/// Text that may stand in a cell of a Markdown table.
fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

/// Up to the first full stop that ends a sentence.
fn first_sentence(text: &str) -> &str {
    text.find(". ").map_or(text, |at| &text[..=at])
}

/// The anchor that Markdown renderers give to a heading: only letters, digits, `_` and `-` remain.
fn anchor(heading: &str) -> String {
    heading.chars().filter(|letter| letter.is_alphanumeric() || "_-".contains(*letter)).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::tidy::plant;

    const CLICKS: &str = "/*
One row per click. Repeated ones are counted elsewhere.

key      = [\"id_md5\"]
first_by = [\"_line\"]
kind     = \"merge\"

[columns]
id_md5 = \"MD5 of the request | hexadecimal\"
_line  = \"Line in the file, from 1\"

[expect.has_request]
that    = \"id_md5 is not null or false || true\"
on_fail = \"quarantine\"
*/
select id_md5, _line from bronze.clicks";

    const DAILY: &str = "/*
Clicks per request.

kind = \"full\"

[columns]
id_md5 = \"MD5 of the request\"
*/
select id_md5 from silver.clicks";

    fn project() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        plant(root.path(), "silver/models/adtech/clicks.sql", CLICKS);
        plant(root.path(), "gold/models/adtech/clicks_daily.sql", DAILY);
        root
    }

    #[test]
    fn the_page_says_what_the_models_say() {
        let pages = pages(project().path()).unwrap().unwrap();
        let page = &pages[0].1;
        for part in [
            "| [silver.clicks](#silverclicks) | adtech | One row per click. |",
            "\n## silver.clicks\n\nOne row per click. Repeated ones are counted elsewhere.\n",
            "- Kind: merge\n- Key: `id_md5`\n- Of rows with one key, the first stays, by: `_line`\n",
            "- Reads: `bronze.clicks`\n- Read by: [gold.clicks_daily](#goldclicks_daily)\n",
            "(../silver/models/adtech/clicks.sql)",
            "| `id_md5` | MD5 of the request \\| hexadecimal |",
            "| has_request | `id_md5 is not null or false \\|\\| true` | quarantine |",
        ] {
            assert!(page.contains(part), "missing: {part}\n{page}");
        }
        assert!(page.find("## silver.clicks").unwrap() < page.find("## gold.clicks_daily").unwrap());
    }

    #[test]
    fn features_stand_with_their_meaning_and_from_when_they_are_known() {
        let root = project();
        let registry = "[clicks]\nlabel = 'is_click'\ntime = 'at'\norder = ['at', 'id']\ngroup = 'user_id'\n[clicks.features]\n\
            hour = { kind = 'number', known_from = 'request' }\n";
        plant(root.path(), REGISTRY, registry);
        assert_eq!(check(root.path()).unwrap(), Verdict::Failed, "no model makes it");
        let names = ["id", "at", "user_id", "hour", "is_click"];
        let columns = names.map(|column| format!("{column} = \"The {column}\"\n")).concat();
        let selected = names.map(|column| format!("1 as {column}")).join(", ");
        let model =
            format!("/*\nClicks to learn from.\n\nkind = \"full\"\n\n[columns]\n{columns}*/\nselect {selected} from gold.clicks_daily");
        plant(root.path(), "crates/features/models/adtech/clicks.sql", &model);
        assert_eq!(write(root.path()).unwrap(), Verdict::Passed);
        let page = fs::read_to_string(root.path().join(FEATURES)).unwrap();
        assert!(page.contains("| `hour` | number | The hour | the request itself |") && !page.contains("| `id` |"), "{page}");
        plant(root.path(), REGISTRY, &registry.replace("hour", "minute"));
        assert_eq!(check(root.path()).unwrap(), Verdict::Failed, "a feature that no column holds");
    }

    #[test]
    fn a_stale_page_fails_until_it_is_written() {
        let root = project();
        assert_eq!(check(root.path()).unwrap(), Verdict::Failed, "there is none yet");
        assert_eq!(write(root.path()).unwrap(), Verdict::Passed);
        assert_eq!(check(root.path()).unwrap(), Verdict::Passed);
        let changed = DAILY.replace("Clicks per request", "Clicks per day");
        plant(root.path(), "gold/models/adtech/clicks_daily.sql", &changed);
        assert_eq!(check(root.path()).unwrap(), Verdict::Failed);
    }

    #[test]
    fn a_model_that_does_not_parse_leaves_the_page_alone() {
        let root = project();
        write(root.path()).unwrap();
        plant(root.path(), "gold/models/adtech/clicks_daily.sql", "select 1");
        let before = fs::read_to_string(root.path().join(TABLES)).unwrap();
        assert_eq!(write(root.path()).unwrap(), Verdict::Failed);
        assert_eq!(fs::read_to_string(root.path().join(TABLES)).unwrap(), before);
    }

    #[test]
    fn only_models_are_read() {
        assert_eq!(place_of("gold/models/adtech/clicks.sql"), Some((Layer::Gold, "adtech")));
        for file in ["bench/clicks.sql", "gold/models/adtech/clicks.slt", "tests/models/adtech/x.sql"] {
            assert_eq!(place_of(file), None, "{file}");
        }
    }
}
