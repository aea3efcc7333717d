//! Reads and sets `build.target-dir`, `build.build-dir` and `build.rustc-wrapper` in the text of a Cargo configuration file.
//!
//! The text is parsed only to learn where things are; the edit splices bytes in. So comments, order, quotes, line
//! ends, a byte order mark and the lack of a final newline are all kept, without code that keeps track of them. Each
//! edit is checked by parsing its result: if any other value differs, there is no edit.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Table;
use toml_edit::{Document, Item, TableLike, Value};

use crate::cargo::model::{ConfigKeys, TomlProblem};
use crate::cargo::toml_read::problem;
use crate::cargo::wrapper_script;

/// The values to set; `None` leaves a key as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings<'a> {
    /// `build.target-dir`.
    pub target_dir: Option<&'a str>,
    /// `build.build-dir`.
    pub build_dir: Option<&'a str>,
    /// Take `build.target-dir` out.
    pub drop_target_dir: bool,
    /// Take `build.build-dir` out.
    pub drop_build_dir: bool,
    /// `build.rustc-wrapper`.
    pub rustc_wrapper: Option<&'a str>,
}

/// Why there is no edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EditError {
    /// The text is not a valid configuration.
    Invalid(TomlProblem),
    /// The result would have changed something else, so it was thrown away.
    Unsure,
}

/// Reads the keys that matter here.
///
/// # Errors
///
/// The text is not valid TOML, or one of the keys has a type that Cargo does not accept.
pub fn keys(text: &str) -> Result<ConfigKeys, TomlProblem> {
    let document = parse(text)?;
    let build = build_table(&document, text)?;
    let string = |key: &str| match build.and_then(|table| table.get(key)) {
        None => Ok(None),
        Some(Item::Value(Value::String(value))) => Ok(Some(value.value().clone())),
        Some(other) => Err(problem(
            text,
            other.span(),
            format!("expected a string for `build.{key}`"),
        )),
    };
    let resolver = document.get("resolver").and_then(Item::as_table_like);
    let lockfile_path = resolver.and_then(|table| table.get("lockfile-path"));
    Ok(ConfigKeys {
        lockfile_path: lockfile_path.and_then(Item::as_str).map(str::to_owned),
        target_dir: string("target-dir")?,
        build_dir: string("build-dir")?,
        rustc_wrapper: string("rustc-wrapper")?,
        includes: document.as_table().contains_key("include"),
    })
}

/// Sets keys, leaving every other byte as it is. Keys that have the wanted value already are not touched.
///
/// # Errors
///
/// The text is not valid, or cannot be edited without touching something else.
pub fn set(text: &str, settings: Settings<'_>) -> Result<String, EditError> {
    let wanted = [
        ("target-dir", settings.target_dir),
        ("build-dir", settings.build_dir),
        ("rustc-wrapper", settings.rustc_wrapper),
    ];
    let mut edited = text.to_owned();
    for (key, value) in wanted {
        if let Some(value) = value {
            edited = set_key(&edited, key, value)?;
        }
    }
    let dropped = [
        ("target-dir", settings.drop_target_dir),
        ("build-dir", settings.drop_build_dir),
    ];
    for (key, _) in dropped.into_iter().filter(|(_, dropped)| *dropped) {
        edited = drop_key(&edited, key)?;
    }
    Ok(edited)
}

/// Returns whether a text sets nothing and says nothing to people: no more is left of a file of ours than the table.
#[must_use]
pub fn is_empty(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim);
    lines.all(|line| line.is_empty() || line == "[build]")
}

/// Takes a key out that has a line of its own.
fn drop_key(text: &str, key: &str) -> Result<String, EditError> {
    let document = parse(text).map_err(EditError::Invalid)?;
    let build = build_table(&document, text).map_err(EditError::Invalid)?;
    let Some(value) = build.and_then(|table| table.get(key)) else {
        return Ok(text.to_owned());
    };
    let span = value.span().ok_or(EditError::Unsure)?;
    let start = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
    let edited = splice(text, start..end_of_line(text, span.end), "");
    match only_this_changed(text, &edited, key, None) {
        true => Ok(edited),
        false => Err(EditError::Unsure),
    }
}

fn set_key(text: &str, key: &str, value: &str) -> Result<String, EditError> {
    let document = parse(text).map_err(EditError::Invalid)?;
    let build = build_table(&document, text).map_err(EditError::Invalid)?;
    let eol = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let line = format!("{key} = {}", literal(value, '"'));

    let edited = match (document.get("build"), build) {
        (_, Some(table)) if table.get(key).is_some() => {
            let old = table
                .get(key)
                .and_then(Item::as_value)
                .ok_or(EditError::Unsure)?;
            if old.as_str() == Some(value) {
                return Ok(text.to_owned());
            }
            let span = old.span().ok_or(EditError::Unsure)?;
            let quote = text[span.clone()].chars().next().unwrap_or('"');
            splice(text, span, &literal(value, quote))
        }
        (Some(Item::Value(Value::InlineTable(table))), _) => {
            let brace = table.span().ok_or(EditError::Unsure)?.start + 1;
            let entry = if table.is_empty() {
                format!(" {line}")
            } else {
                format!(" {line},")
            };
            splice(text, brace..brace, &entry)
        }
        (Some(Item::Table(table)), _) if table.is_dotted() => {
            let at = end_of_line(text, last_value_end(table).ok_or(EditError::Unsure)?);
            insert_line(text, at, &format!("build.{line}"), eol)
        }
        (Some(Item::Table(table)), _) if !table.is_implicit() => {
            let header = table.span().ok_or(EditError::Unsure)?;
            let last = last_value_end(table).unwrap_or(header.start);
            insert_line(text, end_of_line(text, last), &line, eol)
        }
        _ => append_table(text, &line, eol),
    };
    if only_this_changed(text, &edited, key, Some(value)) {
        Ok(edited)
    } else {
        Err(EditError::Unsure)
    }
}

/// The variables that a configuration sets under `[env]`, by name, as they are written. A text that is not valid TOML
/// sets none.
#[must_use]
pub fn env(text: &str) -> BTreeMap<String, String> {
    let Ok(document) = parse(text) else {
        return BTreeMap::new();
    };
    let table = document.get("env").and_then(Item::as_table_like);
    let entries = table.into_iter().flat_map(|table| table.iter());
    entries
        .map(|(name, value)| {
            let text = match value.as_str() {
                Some(text) => text.to_owned(),
                None => value.to_string().trim().to_owned(),
            };
            (name.to_owned(), text)
        })
        .collect()
}

/// The variables under `[env]` that are paths relative to the configuration.
#[must_use]
pub(crate) fn placed(text: &str) -> Vec<String> {
    let Ok(document) = parse(text) else {
        return Vec::new();
    };
    let table = document.get("env").and_then(Item::as_table_like);
    let entries = table.into_iter().flat_map(|table| table.iter());
    let relative = |item: &Item| {
        let said = item.as_table_like().and_then(|table| table.get("relative"));
        said.is_some_and(|said| said.as_bool() != Some(false))
    };
    entries
        .filter(|(_, item)| relative(item))
        .map(|(name, _)| name.to_owned())
        .collect()
}

/// The keys under `[build]` of the programs that run as the compiler or in its place.
pub(crate) const COMPILERS: [&str; 3] = ["rustc", "rustc-wrapper", "rustc-workspace-wrapper"];

/// The programs that a configuration names under these keys, as written; an empty name stands for none.
#[must_use]
pub(crate) fn compilers(text: &str) -> BTreeMap<&'static str, String> {
    let Ok(document) = parse(text) else {
        return BTreeMap::new();
    };
    let build = document.get("build").and_then(Item::as_table_like);
    let named = COMPILERS.iter().filter_map(|key| {
        let named = build?.get(key)?;
        let text = named.as_str().map(str::to_owned);
        Some((*key, text.unwrap_or_else(|| named.to_string())))
    });
    named.collect()
}

/// The linkers that a configuration names, for any system. `None` if it may name others, in files that it includes or
/// since it is not valid.
#[must_use]
pub(crate) fn linkers(text: &str) -> Option<Vec<String>> {
    let document = parse(text).ok()?;
    if document.contains_key("include") {
        return None;
    }
    let tables = ["target", "host"].iter();
    let mut open: Vec<&Item> = tables.filter_map(|name| document.get(name)).collect();
    let mut found = Vec::new();
    while let Some(item) = open.pop() {
        for (key, inner) in item.as_table_like().into_iter().flat_map(TableLike::iter) {
            if key == "linker" {
                found.push(inner.as_str().unwrap_or_default().to_owned());
            }
            open.push(inner);
        }
    }
    Some(found)
}

/// Whether a name is that of a compiler driver on the `PATH`, such as `clang-18` or `x86_64-linux-gnu-gcc`, which runs the
/// linker and does no more with what that has made.
#[must_use]
pub(crate) fn is_usual_linker(name: &str) -> bool {
    const DRIVERS: [&str; 7] = ["cc", "c++", "gcc", "g++", "clang", "clang++", "rust-lld"];
    let version = name.rsplit_once('-').filter(|(_, version)| {
        let digits = |c: char| c.is_ascii_digit() || c == '.';
        !version.is_empty() && version.chars().all(digits)
    });
    let name = version.map_or(name, |(name, _)| name);
    let is_driver = |driver: &&str| {
        let before = name.strip_suffix(*driver);
        before.is_some_and(|before| before.is_empty() || before.ends_with('-'))
    };
    !name.contains(['/', '\\']) && DRIVERS.iter().any(is_driver)
}

/// Whether a configuration names the compiler (`build.rustc`) or a program that may answer in its place, or may do so in
/// files that it includes.
#[must_use]
pub fn names_compiler(text: &str) -> bool {
    parse(text).is_ok_and(|document| {
        let build = document.get("build").and_then(Item::as_table_like);
        let answers = |build: &dyn TableLike| {
            ["rustc-wrapper", "rustc-workspace-wrapper"]
                .iter()
                .filter_map(|key| build.get(key))
                .any(|wrapper| wrapper.as_str().is_none_or(may_answer))
        };
        build.is_some_and(|build| build.contains_key("rustc") || answers(build))
            || document.contains_key("include")
    })
}

/// Whether a configuration or a manifest has crates compiled incrementally in the profile that is built by default; nothing
/// if it does not say.
#[must_use]
pub(crate) fn incremental(text: &str) -> Option<bool> {
    let document = parse(text).ok()?;
    let of = |path: &[&str]| {
        let mut item = document.get(path[0])?;
        for key in &path[1..] {
            item = item.as_table_like()?.get(key)?;
        }
        item.as_bool()
    };
    of(&["build", "incremental"]).or_else(|| of(&["profile", "dev", "incremental"]))
}

/// Programs that are known to pass on what is asked of the compiler, and to put nothing of their own into what it makes:
/// compiler caches, and our own script.
const TRANSPARENT: [&str; 3] = ["sccache", "kache", wrapper_script::NAME];

/// Whether a program that Cargo runs in place of the compiler may say of itself what the compiler would not: Cargo takes
/// what it says for the compiler's version.
#[must_use]
pub(crate) fn may_answer(wrapper: &str) -> bool {
    !wrapper.is_empty() && known_wrapper(wrapper).is_none()
}

/// The wrapper that it is, by its name, if it is one that changes nothing.
#[must_use]
pub(crate) fn known_wrapper(wrapper: &str) -> Option<&'static str> {
    let name = std::path::Path::new(wrapper).file_stem()?;
    TRANSPARENT.into_iter().find(|known| name == *known)
}

pub(super) fn parse(text: &str) -> Result<Document<&str>, TomlProblem> {
    Document::parse(text).map_err(|error| problem(text, error.span(), error.message().to_owned()))
}

fn build_table<'a>(
    document: &'a Document<&str>,
    text: &str,
) -> Result<Option<&'a dyn TableLike>, TomlProblem> {
    match document.get("build") {
        None => Ok(None),
        Some(item) => item
            .as_table_like()
            .map(Some)
            .ok_or_else(|| problem(text, item.span(), "expected a table for `build`".into())),
    }
}

/// Where the last value that belongs to the table itself (and not to a sub-table with a header) ends.
fn last_value_end(table: &dyn TableLike) -> Option<usize> {
    table
        .iter()
        .filter_map(|(_, item)| match item {
            Item::Value(value) => value.span().map(|span| span.end),
            Item::Table(inner) if inner.is_dotted() => last_value_end(inner),
            _ => None,
        })
        .max()
}

fn end_of_line(text: &str, from: usize) -> usize {
    text[from..]
        .find('\n')
        .map_or(text.len(), |at| from + at + 1)
}

/// Puts a line at the start of a line, or behind a last line that has no end.
fn insert_line(text: &str, at: usize, line: &str, eol: &str) -> String {
    let ended = at == 0 || text[..at].ends_with('\n');
    let insertion = if ended {
        format!("{line}{eol}")
    } else {
        format!("{eol}{line}")
    };
    splice(text, at..at, &insertion)
}

fn append_table(text: &str, line: &str, eol: &str) -> String {
    let body = text.trim_start_matches('\u{feff}');
    let gap = if body.is_empty() {
        String::new()
    } else if body.ends_with('\n') {
        eol.to_owned()
    } else {
        format!("{eol}{eol}")
    };
    let end = if body.is_empty() || body.ends_with('\n') {
        eol
    } else {
        ""
    };
    format!("{text}{gap}[build]{eol}{line}{end}")
}

/// A TOML string: literal where the text had a literal one, or where a basic one would need escapes.
fn literal(value: &str, quote: char) -> String {
    let plain = !value.chars().any(|c| c == '\'' || c.is_control());
    let needs_escapes = value.contains(['\\', '"']);
    if plain && (quote == '\'' || needs_escapes) {
        format!("'{value}'")
    } else if !needs_escapes && !value.chars().any(char::is_control) {
        format!("\"{value}\"")
    } else {
        Value::from(value).to_string()
    }
}

fn splice(text: &str, range: Range<usize>, with: &str) -> String {
    format!("{}{with}{}", &text[..range.start], &text[range.end..])
}

/// Whether the two texts hold the same values but for `build.<key>`, which holds `value` in the second.
fn only_this_changed(before: &str, after: &str, key: &str, value: Option<&str>) -> bool {
    let (Ok(before), Ok(after)) = (toml::from_str(before), toml::from_str::<Table>(after)) else {
        return false;
    };
    let build = after.get("build").and_then(toml::Value::as_table);
    let set = build.and_then(|build| build.get(key)?.as_str());
    let is_set = set == value;
    // As text, in which keys have one order: a number that is none differs from itself.
    let rest = |mut table: Table| {
        if let Some(build) = table.get_mut("build").and_then(toml::Value::as_table_mut) {
            build.remove(key);
            if build.is_empty() {
                table.remove("build");
            }
        }
        table.to_string()
    };
    is_set && rest(before) == rest(after)
}

/// The files that a configuration includes, as written. Source: the reference of Cargo, Configuration, `include`.
#[must_use]
pub fn includes(text: &str) -> Vec<String> {
    let Ok(document) = Document::parse(text) else {
        return Vec::new();
    };
    let one = |value: &Value| match value {
        Value::String(path) => Some(path.value().clone()),
        Value::InlineTable(table) => Some(table.get("path")?.as_str()?.to_owned()),
        _ => None,
    };
    match document.get("include").and_then(Item::as_value) {
        Some(Value::Array(all)) => all.iter().filter_map(one).collect(),
        Some(value) => one(value).into_iter().collect(),
        None => Vec::new(),
    }
}
