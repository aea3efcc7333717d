//! Each document that a test reads is one that its schema describes.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use jsonschema::Validator;
use serde_json::Value;

/// The schemas in `docs/schemas`, each with the commands that print such a document.
fn all() -> &'static [(Value, Validator)] {
    static ALL: OnceLock<Vec<(Value, Validator)>> = OnceLock::new();
    ALL.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schemas");
        let files = fs::read_dir(folder).expect("the folder of schemas");
        let files = files.map(|entry| entry.expect("an entry").path());
        let schemas = files.map(|file| {
            let text = fs::read(&file).expect("a schema");
            let schema: Value = serde_json::from_slice(&text).expect("a document");
            let commands = schema["properties"]["command"]["enum"].clone();
            let validator = jsonschema::draft202012::new(&schema);
            (commands, validator.expect("a schema"))
        });
        schemas.collect()
    })
}

/// Fails the test if a document of ours is not as its schema says.
#[track_caller]
pub(crate) fn check(document: &Value) {
    let Some(command) = document.get("command").filter(|name| name.is_string()) else {
        // A document of Cargo's.
        return;
    };
    let prints = |commands: &Value| commands.as_array().is_some_and(|all| all.contains(command));
    let found = all().iter().find(|(commands, _)| prints(commands));
    let (_, validator) = found.unwrap_or_else(|| panic!("no schema for {command}"));
    let errors: Vec<String> = validator
        .iter_errors(document)
        .map(|error| format!("{} at `{}`", error, error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}\n{document:#}");
}
