//! Our line in a TOML file of the user's, whose comments and order stay.

use toml_edit::{DocumentMut, Item, Table, TableLike, Value};

use crate::hook::tools::forms::{CALL, PIPELINE, SHELL};
use crate::hook::tools::json_edit::{Holds, with_line, without_line};
use crate::plan::tool_state::ByHand;

/// The key of worktrunk for what runs before anything else in a new worktree.
const PRE_START: &str = "pre-start";

/// The same key by its other name.
const PRE_CREATE: &str = "pre-create";

/// The name of our step.
const STEP: &str = "sharedtarget";

fn parse(text: &str) -> Result<DocumentMut, ByHand> {
    text.parse()
        .map_err(|error: toml_edit::TomlError| ByHand::NotParsed {
            message: error.message().to_owned(),
        })
}

fn other_form(key: &str) -> ByHand {
    ByHand::OtherForm { key: key.into() }
}

/// Whether a command that runs us stands anywhere in it.
fn runs_us(table: &dyn TableLike) -> bool {
    fn in_value(value: &Value) -> bool {
        match value {
            Value::String(text) => text.value().contains(CALL),
            Value::Array(all) => all.iter().any(in_value),
            Value::InlineTable(table) => runs_us(table),
            _ => false,
        }
    }
    table.iter().any(|(_, item)| match item {
        Item::Value(value) => in_value(value),
        Item::Table(table) => runs_us(table),
        Item::ArrayOfTables(all) => all.iter().any(|table| runs_us(table)),
        Item::None => false,
    })
}

/// Whether the script at a key has our line.
pub(crate) fn script_holds(text: &str, table: &str, key: &str) -> Result<Holds, ByHand> {
    let document = parse(text)?;
    let script = document.get(table).and_then(|table| table.get(key));
    Ok(match script.and_then(Item::as_str) {
        Some(script) if script.lines().any(|line| line == SHELL) => Holds::Ours,
        _ if runs_us(document.as_table()) => Holds::Other,
        _ => Holds::Nothing,
    })
}

/// The table for our line, as it is written at the end of a file that has none.
pub(crate) fn new_table(table: &str, key: &str) -> String {
    format!("[{table}]\n{key} = \"{SHELL}\"\n")
}

/// Text at the end of a file, after an empty line; after a line that did not end, at the beginning of the next one.
fn appended(text: &str, block: &str) -> String {
    let end = match text {
        "" => "",
        text if text.ends_with('\n') => "\n",
        _ => "\n",
    };
    format!("{text}{end}{block}")
}

/// A file without text at its end; `None` if it does not end with that.
fn without(text: &str, block: &str) -> Option<String> {
    let rest = text.strip_suffix(block)?;
    Some(rest.strip_suffix('\n').unwrap_or(rest).to_owned())
}

/// Adds our line to the script at a key.
pub(crate) fn add_line(text: &str, table: &str, key: &str) -> Result<String, ByHand> {
    let mut document = parse(text)?;
    let name = || format!("{table}.{key}");
    let Some(item) = document.get_mut(table) else {
        return Ok(appended(text, &new_table(table, key)));
    };
    let inside = item.as_table_like_mut().ok_or_else(|| other_form(table))?;
    match inside.get(key) {
        None => {
            inside.insert(key, toml_edit::value(SHELL));
        }
        Some(item) => {
            let script = item.as_str().ok_or_else(|| other_form(&name()))?;
            let script = with_line(script);
            set(inside, key, script);
        }
    }
    Ok(document.to_string())
}

/// Gives a key another text. The comments around the value stay, and so do the quotes of a literal text of several lines.
fn set(table: &mut dyn TableLike, key: &str, text: String) {
    if let Some(Item::Value(value)) = table.get_mut(key) {
        let decor = value.decor().clone();
        let is_literal = value.to_string().trim_start().starts_with("'''");
        let literal = match is_literal {
            true => format!("'''\n{text}'''").parse::<Value>().ok(),
            false => None,
        };
        *value = literal.unwrap_or_else(|| Value::from(text));
        *value.decor_mut() = decor;
    }
}

/// Takes our line out of the script at a key, and what is empty then.
pub(crate) fn remove_line(text: &str, table: &str, key: &str) -> Result<String, ByHand> {
    if let Some(rest) = without(text, &new_table(table, key)) {
        return Ok(rest);
    }
    let mut document = parse(text)?;
    let name = || format!("{table}.{key}");
    let item = document.get_mut(table);
    let inside = item.and_then(Item::as_table_like_mut);
    let inside = inside.ok_or_else(|| other_form(table))?;
    let script = inside.get(key).and_then(Item::as_str);
    match without_line(script.ok_or_else(|| other_form(&name()))?) {
        Some(script) => set(inside, key, script),
        None => drop(inside.remove(key)),
    }
    if inside.is_empty() {
        document.remove(table);
    }
    Ok(document.to_string())
}

fn is_step(table: &dyn TableLike) -> bool {
    table.get(STEP).and_then(Item::as_str) == Some(SHELL)
}

/// Whether worktrunk's file has our step.
pub(crate) fn pipeline_holds(text: &str) -> Result<Holds, ByHand> {
    let document = parse(text)?;
    let has_step = match document.get(PRE_START) {
        Some(Item::Table(table)) => is_step(table),
        Some(Item::ArrayOfTables(all)) => all.iter().any(|table| is_step(table)),
        _ => false,
    };
    Ok(match has_step {
        true => Holds::Ours,
        false if runs_us(document.as_table()) => Holds::Other,
        false => Holds::Nothing,
    })
}

/// Adds our step to worktrunk's file.
pub(crate) fn add_step(text: &str) -> Result<String, ByHand> {
    let mut document = parse(text)?;
    if document.contains_key(PRE_CREATE) {
        return Err(other_form(PRE_CREATE));
    }
    match document.get_mut(PRE_START) {
        None => Ok(appended(text, PIPELINE)),
        // The steps of one key need not stand together.
        Some(Item::ArrayOfTables(_)) => Ok(appended(text, PIPELINE)),
        // Its commands run side by side, and all of them before what follows.
        Some(Item::Table(table)) if !table.is_dotted() && !table.contains_key(STEP) => {
            table.insert(STEP, toml_edit::value(SHELL));
            Ok(document.to_string())
        }
        Some(_) => Err(other_form(PRE_START)),
    }
}

/// The steps to write by hand: ours, after those of a `pre-start` that takes no further step. TOML has no key twice, so they
/// take its place.
pub(crate) fn whole_pipeline(text: &str) -> String {
    let before = match parse(text) {
        Ok(document) if !document.contains_key(PRE_CREATE) => {
            document.get(PRE_START).map_or_else(String::new, steps)
        }
        _ => String::new(),
    };
    format!("{before}{PIPELINE}")
}

/// The commands of a key as steps, each step with an empty line after it; nothing where another step can be added.
fn steps(item: &Item) -> String {
    let step = |lines: &str| format!("[[{PRE_START}]]\n{lines}\n");
    let commands = |table: &dyn TableLike| {
        let lines = table
            .iter()
            .filter_map(|(key, item)| item.as_value().map(|value| line(key, value)));
        step(&lines.collect::<String>())
    };
    match item {
        Item::Value(text @ Value::String(_)) => step(&line("project", text)),
        Item::Value(Value::Array(all)) => {
            let tables = all.iter().filter_map(Value::as_inline_table);
            tables.map(|table| commands(table)).collect()
        }
        Item::Value(Value::InlineTable(table)) => commands(table),
        Item::Table(table) => commands(table),
        _ => String::new(),
    }
}

/// A command of a step, without the comments around it.
fn line(name: &str, command: &Value) -> String {
    let name = toml_edit::Key::new(name);
    format!("{name} = {}\n", command.clone().decorated("", ""))
}

/// Takes our step out of worktrunk's file.
pub(crate) fn remove_step(text: &str) -> Result<String, ByHand> {
    if let Some(rest) = without(text, PIPELINE) {
        return Ok(rest);
    }
    let mut document = parse(text)?;
    let remove = |table: &mut Table| {
        if is_step(table) {
            table.remove(STEP);
        }
    };
    match document.get_mut(PRE_START) {
        Some(Item::Table(table)) => remove(table),
        Some(Item::ArrayOfTables(all)) => {
            all.iter_mut().for_each(remove);
            all.retain(|table| !table.is_empty());
        }
        _ => return Err(other_form(PRE_START)),
    }
    let is_empty = match document.get(PRE_START) {
        Some(Item::Table(table)) => table.is_empty(),
        Some(Item::ArrayOfTables(all)) => all.is_empty(),
        _ => false,
    };
    if is_empty {
        document.remove(PRE_START);
    }
    Ok(document.to_string())
}
