//! Our entry in a JSON file of the user's, whose comments, order and indentation stay.

use jsonc_parser::ParseOptions;
use jsonc_parser::cst::{CstArray, CstInputValue, CstNode, CstObject, CstRootNode};
use serde_json::Value;

use crate::hook::tools::forms::{CALL, SHELL};
use crate::plan::tool_state::ByHand;
use crate::text::failure;

/// Whether a file runs us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    /// It does not.
    Nothing,
    /// It has our entry, as we write it.
    Ours,
    /// It runs us by other words.
    Other,
}

/// Reads JSON with comments and trailing commas.
pub(crate) fn parse(text: &str) -> Result<Value, ByHand> {
    if text.trim().is_empty() {
        return Ok(Value::Null);
    }
    let value = jsonc_parser::parse_to_serde_value::<Value>(text, &ParseOptions::default());
    value.map_err(|error| ByHand::NotParsed {
        message: failure::words(&error),
    })
}

fn tree(text: &str) -> Result<CstRootNode, ByHand> {
    CstRootNode::parse(text, &ParseOptions::default()).map_err(|error| ByHand::NotParsed {
        message: failure::words(&error),
    })
}

fn other_form(path: &[&str]) -> ByHand {
    ByHand::OtherForm {
        key: path.join("."),
    }
}

/// The value at a path.
fn at<'a>(value: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, key| value.get(key))
}

/// Whether a value has a command that runs us, be it one text or a list of words.
fn runs_us(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains(CALL),
        Value::Array(all) => {
            let words: Vec<&str> = all.iter().filter_map(Value::as_str).collect();
            words.join(" ").contains(CALL) || all.iter().any(runs_us)
        }
        Value::Object(all) => all.values().any(runs_us),
        _ => false,
    }
}

/// Whether the array at a path has our entry.
pub(crate) fn array_holds(text: &str, path: &[&str], entry: &str) -> Result<Holds, ByHand> {
    let (value, entry) = (parse(text)?, parse(entry)?);
    let entries = at(&value, path).and_then(Value::as_array);
    Ok(match entries {
        Some(all) if all.contains(&entry) => Holds::Ours,
        _ if runs_us(&value) => Holds::Other,
        _ => Holds::Nothing,
    })
}

/// Adds our entry to the array at a path, which is made where there is none.
pub(crate) fn add_entry(text: &str, path: &[&str], entry: &str) -> Result<String, ByHand> {
    let root = tree(text)?;
    let array = match path.split_last() {
        None => root.array_value_or_create(),
        Some((last, above)) => {
            let mut object = root.object_value_or_create();
            for key in above {
                object = object.and_then(|object| object.object_value_or_create(key));
            }
            object.and_then(|object| object.array_value_or_create(last))
        }
    };
    let array = array.ok_or_else(|| other_form(path))?;
    let new = tree(entry)?;
    array.append(new.value().as_ref().map_or(CstInputValue::Null, input));
    let after = root.to_string();
    // Of a key that stands twice, programs read the last one.
    match array_holds(&after, path, entry)? {
        Holds::Ours => Ok(after),
        _ => Err(other_form(path)),
    }
}

/// Takes our entry out of the array at a path, and what is empty then.
pub(crate) fn remove_entry(text: &str, path: &[&str], entry: &str) -> Result<String, ByHand> {
    let (root, entry) = (tree(text)?, parse(entry)?);
    let array = array(&root, path).ok_or_else(|| other_form(path))?;
    let elements = array.elements().into_iter();
    let ours: Vec<CstNode> = elements
        .filter(|node| parse(&node.to_string()).is_ok_and(|value| value == entry))
        .collect();
    for node in ours {
        node.remove();
    }
    if array.elements().is_empty() && !has_comments(&array.to_string()) {
        prune(&root, path);
    }
    Ok(root.to_string())
}

fn array(root: &CstRootNode, path: &[&str]) -> Option<CstArray> {
    let Some((last, above)) = path.split_last() else {
        return root.array_value();
    };
    objects(root, above)?.last()?.array_value(last)
}

/// The objects along a path, the outermost first.
fn objects(root: &CstRootNode, path: &[&str]) -> Option<Vec<CstObject>> {
    let mut all = vec![root.object_value()?];
    for key in path {
        let inner = all.last()?.object_value(key)?;
        all.push(inner);
    }
    Some(all)
}

/// Removes the key at the end of a path, and each above it that has nothing else.
fn prune(root: &CstRootNode, path: &[&str]) {
    let Some((_, above)) = path.split_last() else {
        return;
    };
    let objects = objects(root, above).unwrap_or_default();
    for (object, key) in objects.iter().zip(path).rev() {
        if let Some(property) = object.get(key) {
            property.remove();
        }
        if !object.properties().is_empty() || has_comments(&object.to_string()) {
            break;
        }
    }
}

fn has_comments(text: &str) -> bool {
    text.contains("//") || text.contains("/*")
}

/// Whether the script at a path has our line.
pub(crate) fn script_holds(text: &str, path: &[&str]) -> Result<Holds, ByHand> {
    let value = parse(text)?;
    let script = at(&value, path).and_then(Value::as_str);
    Ok(match script {
        Some(script) if script.lines().any(|line| line == SHELL) => Holds::Ours,
        _ if runs_us(&value) => Holds::Other,
        _ => Holds::Nothing,
    })
}

/// Adds our line to the script at a path.
pub(crate) fn add_line(text: &str, path: &[&str]) -> Result<String, ByHand> {
    change_script(text, path, |script| {
        Some(with_line(script.unwrap_or_default()))
    })
}

/// A script with our line at its end.
pub(crate) fn with_line(script: &str) -> String {
    let (lines, end) = match script.strip_suffix('\n') {
        Some(lines) => (lines, "\n"),
        None => (script, ""),
    };
    match lines.trim().is_empty() {
        true => SHELL.to_owned(),
        false => format!("{lines}\n{SHELL}{end}"),
    }
}

/// Takes our line out of the script at a path.
pub(crate) fn remove_line(text: &str, path: &[&str]) -> Result<String, ByHand> {
    change_script(text, path, |script| {
        without_line(script.unwrap_or_default())
    })
}

/// A script without our line; `None` if nothing is left of it.
pub(crate) fn without_line(script: &str) -> Option<String> {
    let lines: Vec<&str> = script.lines().filter(|line| *line != SHELL).collect();
    let left = lines.join("\n");
    let end = if script.ends_with('\n') { "\n" } else { "" };
    (!left.trim().is_empty()).then(|| format!("{left}{end}"))
}

fn change_script(
    text: &str,
    path: &[&str],
    change: impl FnOnce(Option<&str>) -> Option<String>,
) -> Result<String, ByHand> {
    let value = parse(text)?;
    let now = match at(&value, path) {
        None => None,
        Some(Value::String(script)) => Some(script.as_str()),
        Some(_) => return Err(other_form(path)),
    };
    let root = tree(text)?;
    let (last, above) = path.split_last().ok_or_else(|| other_form(path))?;
    let mut object = root.object_value_or_create();
    for key in above {
        object = object.and_then(|object| object.object_value_or_create(key));
    }
    let object = object.ok_or_else(|| other_form(path))?;
    match (change(now), object.get(last)) {
        (Some(script), Some(property)) => property.set_value(CstInputValue::String(script)),
        (Some(script), None) => drop(object.append(last, CstInputValue::String(script))),
        (None, _) => prune(&root, path),
    }
    Ok(root.to_string())
}

/// A value as it is written, its keys in their order.
fn input(node: &CstNode) -> CstInputValue {
    if let Some(object) = node.as_object() {
        let all = object.properties().into_iter().filter_map(|property| {
            let value = property.value()?;
            Some((property.decoded_name()?, input(&value)))
        });
        return CstInputValue::Object(all.collect());
    }
    if let Some(array) = node.as_array() {
        return CstInputValue::Array(array.elements().iter().map(input).collect());
    }
    let text = node.as_string_lit();
    let text = text.and_then(|text| text.decoded_value().ok());
    text.map_or(CstInputValue::Null, CstInputValue::String)
}
