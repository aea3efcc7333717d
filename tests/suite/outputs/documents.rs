//! Quoted JSON, in which `…` stands for what is left out.

use serde_json::Value;

/// A document with one field a line, in the order of names. A field or an element `…` stands for any number of others.
pub(super) fn set_anew(text: &str) -> String {
    let value: Value =
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in\n{text}"));
    let mut all = String::new();
    print(&mut all, "", "", &value);
    all
}

fn print(all: &mut String, indent: &str, name: &str, value: &Value) {
    let line = |all: &mut String, text: &str| all.push_str(&format!("{indent}{text}\n"));
    let more = format!("{indent}  ");
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            line(all, &format!("{name}{{"));
            let is_part = fields.contains_key("…");
            for (name, value) in fields.iter().filter(|(name, _)| *name != "…") {
                if is_part {
                    line(all, "…");
                }
                print(all, &more, &format!("\"{name}\": "), value);
            }
            if is_part {
                line(all, "…");
            }
            line(all, "}");
        }
        Value::Array(elements) if !elements.is_empty() => {
            line(all, &format!("{name}["));
            for element in elements {
                match element.as_str() {
                    Some("…") => line(all, "…"),
                    _ => print(all, &more, "", element),
                }
            }
            line(all, "]");
        }
        value => line(all, &format!("{name}{value}")),
    }
}

/// A redacted document with one word for a hash, written out or as two digits and `…`.
pub(super) fn without_hashes(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let Some((name, value)) = line.split_once("\": \"") else {
            return format!("{line}\n");
        };
        let is_short = value.strip_suffix("…\"").is_some_and(|digits| {
            digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
        });
        match is_short {
            true => format!("{name}\": \"[HASH]\"\n"),
            false => format!("{line}\n"),
        }
    });
    lines.collect()
}

#[test]
fn fields_and_elements_can_be_left_out() {
    let alike = |quoted: &str, found: &str| {
        let both = [quoted, found].map(|text| without_hashes(&set_anew(text)));
        super::compare::difference(&both[0], &both[1]).is_none()
    };
    let found = r#"{"c": [{"x": 1}, 2, 3], "b": "two words", "a": {}}"#;
    assert!(alike(
        r#"{"a": {}, "b": "two words", "c": [{"x": 1}, 2, 3]}"#,
        found
    ));
    assert!(alike(r#"{"b": "two…", "…": ""}"#, found));
    assert!(alike(r#"{"c": [{"x": 1}, "…"], "…": ""}"#, found));
    assert!(!alike(
        r#"{"b": "two words", "c": [{"x": 1}, 2, 3]}"#,
        found
    ));
    assert!(!alike(r#"{"c": [{"x": 1}, 2], "…": ""}"#, found));
    assert!(!alike(r#"{"d": 1, "…": ""}"#, found));
    assert!(alike(r#"{"hash": "5c…"}"#, r#"{"hash": "[HASH]"}"#));
}
