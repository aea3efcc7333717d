//! Where a script says what Cargo does not like about the manifest that is made from it.

use std::ops::Range;

use toml_edit::{Document, Item, TableLike};

use crate::cargo::model::TomlProblem;
use crate::cargo::toml_read;

/// A manifest of ours that Cargo has named, with a line and a column, both from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// It is that of the workspace, not of the package.
    pub(super) of_workspace: bool,
    line: usize,
    column: usize,
}

/// The first place in a manifest that Cargo names in what it says, where it runs in the package's folder.
pub(super) fn named(said: &str) -> Option<Named> {
    said.lines().find_map(|line| {
        let place = line.trim_start().strip_prefix("--> ")?;
        let mut parts = place.trim().rsplitn(3, ':');
        let (column, line) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let file = parts.next()?.replace('\\', "/");
        let folders = file.strip_suffix("Cargo.toml")?;
        let of_workspace = folders.ends_with("../");
        (folders.is_empty() || of_workspace).then_some(Named {
            of_workspace,
            line,
            column,
        })
    })
}

/// The place in a script of what stands at a place in the manifest that is made from it: of the same key, or of the same
/// key's value. `toml` is the script with blanks for all but its manifest.
pub(super) fn in_script(
    script: &str,
    toml: &str,
    made: &str,
    named: &Named,
) -> Option<TomlProblem> {
    let line = made.split('\n').nth(named.line.checked_sub(1)?)?;
    let before: usize = made
        .split('\n')
        .take(named.line - 1)
        .map(|line| line.len() + 1)
        .sum();
    let column = line.char_indices().nth(named.column.checked_sub(1)?);
    let at = before + column.map_or(line.len(), |(at, _)| at);
    let made = Document::parse(made).ok()?;
    let (path, is_key) = path_to(made.as_table(), at)?;
    let own = Document::parse(toml).ok()?;
    let span = span_of(own.as_table(), &path, is_key)?;
    Some(toml_read::problem(script, Some(span), String::new()))
}

/// The keys that lead to what stands at a place, and whether it is the last key itself that stands there.
fn path_to(table: &dyn TableLike, at: usize) -> Option<(Vec<String>, bool)> {
    let names: Vec<String> = table.iter().map(|(name, _)| name.to_owned()).collect();
    let covers = |span: Option<Range<usize>>| span.is_some_and(|span| span.contains(&at));
    names.into_iter().find_map(|name| {
        let (key, item) = table.get_key_value(&name)?;
        if let Some(inner) = item.as_table_like()
            && let Some((mut path, is_key)) = path_to(inner, at)
        {
            path.insert(0, name);
            return Some((path, is_key));
        }
        let is_key = covers(key.span());
        (is_key || covers(item.span())).then(|| (vec![name], is_key))
    })
}

/// Where a key stands, or its value; else what encloses it, as far as that is there.
fn span_of(table: &dyn TableLike, path: &[String], is_key: bool) -> Option<Range<usize>> {
    let (name, rest) = path.split_first()?;
    let (key, item) = table.get_key_value(name)?;
    let inner = item.as_table_like().filter(|_| !rest.is_empty());
    let deeper = inner.and_then(|inner| span_of(inner, rest, is_key));
    let own = match is_key {
        true => key.span(),
        false => value_span(item),
    };
    deeper.or(own).or_else(|| key.span())
}

fn value_span(item: &Item) -> Option<Range<usize>> {
    item.span().filter(|span| !span.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cargo_names() {
        let named =
            |said: &str| named(said).map(|named| (named.of_workspace, named.line, named.column));
        assert_eq!(
            named("error: x\n --> Cargo.toml:7:8\n  |\n"),
            Some((false, 7, 8))
        );
        assert_eq!(
            named("error: x\n  --> ../Cargo.toml:1:2\n"),
            Some((true, 1, 2))
        );
        assert_eq!(
            named("error: x\n --> ..\\Cargo.toml:1:2\n"),
            Some((true, 1, 2))
        );
        for other in [
            "",
            "error: x",
            " --> /home/Cargo.toml:1:2",
            " --> .cargo/config.toml:1:2",
            " --> Cargo.toml",
        ] {
            assert_eq!(named(other), None, "{other}");
        }
    }

    #[test]
    fn the_same_key_is_found() {
        let script = "#!x\n---\nfeatures.x = 1\n[dependencies]\n\"ü\" = '1'\nbar = 3\nbaz = { version = 4, features = [] }\n---\n";
        let toml = "   \n   \nfeatures.x = 1\n[dependencies]\n\"ü\" = '1'\nbar = 3\nbaz = { version = 4, features = [] }\n   \n";
        let made = "[package]\nname = 'a'\n[dependencies]\nbar = 3\nbaz = { version = 4, features = [] }\n[features]\nx = 1\n";
        let place = |line, column| {
            let named = Named {
                of_workspace: false,
                line,
                column,
            };
            let place = in_script(script, toml, made, &named)?;
            Some((place.line, place.column))
        };
        assert_eq!(place(4, 7), Some((6, 7)));
        assert_eq!(place(4, 1), Some((6, 1)));
        assert_eq!(place(5, 19), Some((7, 19)));
        assert_eq!(place(5, 9), Some((7, 9)));
        assert_eq!(place(7, 5), Some((3, 14)));
        assert_eq!(place(2, 1), None, "it is ours");
        assert_eq!(place(99, 1), None);
    }
}
