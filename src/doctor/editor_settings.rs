//! What editors are told about rust-analyzer.

/// The folder that rust-analyzer is told to build into: nothing if it is told none, and no name for one of its own in the
/// target folder.
///
/// Reads the settings of VS Code, which are JSON with comments and commas too many, and a `rust-analyzer.toml`: the
/// value that follows the key, wherever that stands, and not in a comment. Source: the manual of rust-analyzer,
/// `rust-analyzer.cargo.targetDir`.
#[must_use]
pub fn target_folder(text: &str) -> Option<Option<String>> {
    let mut found = None;
    for line in text.lines() {
        let line = line.trim_start();
        if line.starts_with("//") || line.starts_with('#') {
            continue;
        }
        let Some(after) = line.split_once("targetDir").map(|(_, after)| after) else {
            continue;
        };
        let value = after
            .trim_start_matches(['"', '\'', ' ', '\t'])
            .strip_prefix([':', '=']);
        let Some(value) = value.map(str::trim_start) else {
            continue;
        };
        let quote = value
            .chars()
            .next()
            .filter(|quote| matches!(quote, '"' | '\''));
        found = match quote {
            Some(quote) => value[1..]
                .split_once(quote)
                .map(|(folder, _)| Some(folder.to_owned())),
            None => value.starts_with("true").then_some(None),
        };
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_editors() {
        for (text, folder) in [
            ("{}", None),
            (
                "{\n  \"rust-analyzer.cargo.targetDir\": true, // why\n}",
                Some(None),
            ),
            (
                "{ \"rust-analyzer.cargo.targetDir\" : \"/tmp/ra\" }",
                Some(Some("/tmp/ra".to_owned())),
            ),
            ("{\n// \"rust-analyzer.cargo.targetDir\": true\n}", None),
            ("{ \"rust-analyzer.cargo.targetDir\": null }", None),
            ("{ \"rust-analyzer.cargo.targetDir\": false }", None),
            ("[cargo]\ntargetDir = true\n", Some(None)),
            (
                "cargo.targetDir = 'target/ra'\n",
                Some(Some("target/ra".to_owned())),
            ),
            ("# targetDir = true\n", None),
            ("\"the targetDir is\n", None),
        ] {
            assert_eq!(target_folder(text), folder, "{text}");
        }
    }
}
