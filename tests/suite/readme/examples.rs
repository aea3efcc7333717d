//! The commands and documents in the pages are ones that the program knows.

use std::path::PathBuf;

use serde_json::Value;

use crate::readme::{file, pages, prose, read};
use crate::sandbox::Sandbox;
use crate::support::schemas;

const NAME: &str = "cargo sharedtarget";

/// The words after the program's name, where a page has a whole command of ours.
fn commands(page: &str) -> Vec<Vec<String>> {
    let text = prose(page);
    let spans = text.split('`').skip(1).step_by(2);
    let lines = page.lines().filter_map(|line| line.strip_prefix("$ "));
    let all = spans.chain(lines).map(|text| text.replace('\n', " "));
    let ours = all.filter_map(|text| {
        let (_, args) = text.split_once(NAME)?;
        let is_start = args.is_empty() || args.starts_with(' ');
        // A comment.
        let args = args.split(" # ").next().filter(|_| is_start)?;
        let words = shell_words::split(args).unwrap_or_else(|_| panic!("words in `{args}`"));
        let goes_on =
            |word: &String| !["|", "<", ">", "2>", "&&", "||", ";"].contains(&word.as_str());
        let words: Vec<String> = words.into_iter().take_while(goes_on).collect();
        // A placeholder is no argument that a user types.
        let in_capitals =
            |word: &str| word.len() > 1 && word.bytes().all(|c| c.is_ascii_uppercase());
        let is_placeholder = |word: &String| {
            word.contains(['…', '<', '[', '$', '(']) || word.split('=').any(in_capitals)
        };
        (!words.iter().any(is_placeholder)).then_some(words)
    });
    ours.collect()
}

/// Clap reads the arguments before the help that ends them, so an unknown command, option or value is an error.
#[test]
fn each_command_is_one_that_the_program_knows() {
    let sandbox = Sandbox::new();
    let mut seen = 0;
    for path in pages() {
        for command in commands(&read(&path)) {
            // The rest is the script's.
            if command.first().is_some_and(|name| name == "run") {
                continue;
            }
            let words = command.iter().map(String::as_str);
            let args: Vec<&str> = words.chain(["--help"]).collect();
            let run = sandbox.run("", &args);
            let page = path.display();
            assert_eq!(
                run.code,
                Some(0),
                "{page}: `{NAME} {command:?}`\n{}",
                run.stderr
            );
            seen += 1;
        }
    }
    assert!(seen > 60, "{seen} commands are too few to be all");
}

#[test]
fn each_document_is_as_its_schema_says() {
    let page = read(&file("docs/json.md"));
    let blocks = page.split("```json\n").skip(1);
    let documents = blocks.filter_map(|rest| rest.split("\n```").next());
    let documents: Vec<Value> = documents
        .map(|text| serde_json::from_str(text).expect("a document"))
        .collect();
    assert!(documents.len() > 1);
    for document in &documents {
        assert!(document["command"].is_string());
        schemas::check(document);
    }
}

/// The page names each schema, and each command in it.
#[test]
fn the_page_names_each_schema_and_its_commands() {
    let page = read(&file("docs/json.md"));
    let schemas = std::fs::read_dir(file("docs/schemas")).expect("a folder");
    let schemas: Vec<PathBuf> = schemas
        .map(|entry| entry.expect("an entry").path())
        .collect();
    assert!(!schemas.is_empty());
    for schema in schemas {
        let name = schema
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let rows: Vec<&str> = page.lines().filter(|line| line.contains(&*name)).collect();
        let [row] = rows[..] else {
            panic!("no row for `{name}`");
        };
        let schema: Value = serde_json::from_str(&read(&schema)).expect("a schema");
        for command in schema["properties"]["command"]["enum"]
            .as_array()
            .expect("commands")
        {
            let command = command.as_str().expect("a name");
            assert!(
                row.contains(&format!("`{command}`")),
                "`{command}` in {row}"
            );
        }
    }
}
