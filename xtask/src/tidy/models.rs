//! Every model has its test beside it.

use std::collections::BTreeSet;

use super::{Problem, Tree};

/// Models without a `.slt` of the same name, and such files whose model is gone.
pub fn problems(tree: &Tree) -> Vec<Problem> {
    let files: BTreeSet<_> = tree.files.iter().map(String::as_str).collect();
    let mut problems = Vec::new();
    for file in tree.files.iter().filter(|file| file.contains("/models/")) {
        // A file in bronze is a contract, the list of columns expected; it computes nothing.
        if let Some(model) = file.strip_suffix(".sql")
            && !file.starts_with("bronze/")
        {
            let test = format!("{model}.slt");
            if !files.contains(test.as_str()) {
                problems.push(Problem::new("models", file, format!("a model without a test: add {test}")));
            }
        }
        if let Some(model) = file.strip_suffix(".slt")
            && !files.contains(format!("{model}.sql").as_str())
        {
            problems.push(Problem::new("models", file, "a test without its model: rename it or take it out"));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::super::tests::after;

    #[test]
    fn a_model_without_a_test_is_reported() {
        let file = "gold/models/adtech/lonely.sql";
        assert_eq!(after(file, "select 1\n"), [format!("models {file}")]);
    }

    #[test]
    fn a_test_without_a_model_is_reported() {
        let file = "gold/models/adtech/renamed.slt";
        assert_eq!(after(file, "query I\n"), [format!("models {file}")]);
    }

    #[test]
    fn a_contract_needs_no_test() {
        assert!(after("bronze/models/adtech/clicks.sql", "select 1\n").is_empty());
    }

    #[test]
    fn other_sql_needs_no_test() {
        assert!(after("bench/duckdb.sql", "select 1\n").is_empty());
    }
}
