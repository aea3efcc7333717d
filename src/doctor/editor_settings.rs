//! Reads the settings of editors for rust-analyzer.
//!
//! Source: the manual of rust-analyzer, `rust-analyzer.cargo.targetDir`: `true` is a folder of its own in the target folder,
//! a text is a folder.

use jsonc_parser::ParseOptions;
use serde_json::Value;
use toml_edit::DocumentMut;

/// The folder that the editor has rust-analyzer build into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnalyzerFolder {
    /// A folder of its own in the target folder.
    Own,
    /// The folder at this path.
    At(String),
}

/// Reads the settings of VS Code: JSON with comments, and commas too many. `None` if they say nothing of the folder, or
/// cannot be read.
#[must_use]
pub fn of_vs_code(text: &str) -> Option<AnalyzerFolder> {
    let settings = jsonc_parser::parse_to_serde_value::<Value>(text, &ParseOptions::default());
    match settings.ok()?.get("rust-analyzer.cargo.targetDir")? {
        Value::Bool(true) => Some(AnalyzerFolder::Own),
        Value::String(folder) => Some(AnalyzerFolder::At(folder.clone())),
        _ => None,
    }
}

/// Reads a `rust-analyzer.toml`. `None` if it says nothing of the folder, or cannot be read.
#[must_use]
pub fn of_toml(text: &str) -> Option<AnalyzerFolder> {
    let settings: DocumentMut = text.parse().ok()?;
    let folder = settings.get("cargo")?.get("targetDir")?;
    match (folder.as_bool(), folder.as_str()) {
        (Some(true), _) => Some(AnalyzerFolder::Own),
        (_, Some(folder)) => Some(AnalyzerFolder::At(folder.to_owned())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(folder: &str) -> Option<AnalyzerFolder> {
        Some(AnalyzerFolder::At(folder.into()))
    }

    #[test]
    fn settings_of_vs_code() {
        for (text, folder) in [
            ("", None),
            ("{}", None),
            (
                "{\n  \"rust-analyzer.cargo.targetDir\": true, // why\n}",
                Some(AnalyzerFolder::Own),
            ),
            (
                "{ \"rust-analyzer.cargo.targetDir\" : \"/tmp/ra\" }",
                at("/tmp/ra"),
            ),
            ("{\n// \"rust-analyzer.cargo.targetDir\": true\n}", None),
            ("{\n/* \"rust-analyzer.cargo.targetDir\": true\n*/}", None),
            ("{ \"other.targetDir\": \"/tmp/x\" }", None),
            ("{ \"rust-analyzer.cargo.targetDir\": null }", None),
            ("{ \"rust-analyzer.cargo.targetDir\": false }", None),
            ("{ \"rust-analyzer.cargo.targetDir\": ", None),
            ("\"the targetDir is\n", None),
        ] {
            assert_eq!(of_vs_code(text), folder, "{text}");
        }
    }

    #[test]
    fn settings_in_toml() {
        for (text, folder) in [
            ("", None),
            ("[cargo]\ntargetDir = true\n", Some(AnalyzerFolder::Own)),
            ("cargo.targetDir = 'target/ra'\n", at("target/ra")),
            ("# cargo.targetDir = true\n", None),
            ("targetDir = 'elsewhere'\n", None),
            ("cargo = 1\n", None),
            ("cargo.targetDir =", None),
        ] {
            assert_eq!(of_toml(text), folder, "{text}");
        }
    }
}
