//! Links between our own pages lead somewhere.

use anyhow::Result;

use super::{Problem, Tree};

/// Every relative link in a Markdown file whose target is no file or folder of the project.
pub fn problems(tree: &Tree) -> Result<Vec<Problem>> {
    let mut problems = Vec::new();
    for file in tree.files.iter().filter(|file| file.ends_with(".md")) {
        for (number, line) in tree.text(file)?.unwrap_or_default().lines().enumerate() {
            for target in targets(line).filter(|target| !exists(tree, &resolve(file, target))) {
                let place = format!("{file}:{}", number + 1);
                let message = format!("the link leads nowhere: there is no {target}");
                problems.push(Problem::new("links", place, message));
            }
        }
    }
    Ok(problems)
}

/// The relative targets of the line's `[text](target)` links, without their `#section`.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    let inside = line.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
    let path = inside.map(|target| target.split('#').next().unwrap_or(target));
    path.filter(|path| !path.is_empty() && !path.contains(':'))
}

/// The target as a path from the root.
fn resolve(file: &str, target: &str) -> String {
    let mut path: Vec<&str> = file.split('/').collect();
    path.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                path.pop();
            }
            part => path.push(part),
        }
    }
    path.join("/")
}

fn exists(tree: &Tree, path: &str) -> bool {
    let inside = |file: &str| file.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    path.is_empty() || tree.files.iter().any(|file| inside(file))
}

#[cfg(test)]
mod tests {
    use super::super::tests::after;

    #[test]
    fn a_link_to_nothing_is_reported_with_its_line() {
        for link in ["[x](missing.md)", "[x](../gold/missing.rs#part)", "see [a](../gold) and [b](gold)"] {
            assert_eq!(after("docs/page.md", &format!("\n{link}\n")), ["links docs/page.md:2"], "{link}");
        }
    }

    #[test]
    fn other_links_are_fine() {
        for link in ["[x](../gold/src/lib.rs)", "[x](../gold/src/)", "[x](#here)", "[x](https://example.org/y)", "[x](page.md#a)"] {
            assert!(after("docs/page.md", link).is_empty(), "{link}");
        }
    }
}
