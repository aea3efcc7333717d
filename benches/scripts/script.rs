//! Makes scripts that have the same dependencies and differ a little.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

use super::runner;

/// Dependencies like those of most scripts: for arguments, for errors, for data and for text.
const DEPENDENCIES: &str = r#"[dependencies]
anyhow = "1"
clap = { version = "4", features = ["derive"] }
regex = "1"
serde = { version = "1", features = ["derive"] }
serde_json = "1"
"#;

const BODY: &str = r#"
use anyhow::Context;
use clap::Parser;
use regex::Regex;
use serde::{Deserialize, Serialize};

const MARK: u32 = 000;

#[derive(Parser)]
struct Options {
    words: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct Answer {
    mark: u32,
    numbers: usize,
    sum: u32,
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    if options.words.iter().any(|word| word == "where") {
        println!("{}", std::env::current_exe()?.display());
        return Ok(());
    }
    let number = Regex::new(r"^\d+$")?;
    let numbers = options.words.iter().filter(|word| number.is_match(word));
    let numbers: Vec<u32> = numbers.map(|word| word.parse().context("too large")).collect::<Result<_, _>>()?;
    let mut answer = Answer { mark: MARK, numbers: numbers.len(), sum: 0 };
    answer.sum = part_000(&numbers);
    println!("{}", serde_json::to_string(&answer)?);
    Ok(())
}

fn part_000(numbers: &[u32]) -> u32 {
    numbers.iter().map(|number| number * MARK).sum()
}
"#;

/// The same with one dependency, which is in a folder beside it.
const QUICK_DEPENDENCIES: &str = "[dependencies]\nhelper = { path = '/helper' }\n";

const QUICK_BODY: &str = r##"
const MARK: u32 = 000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.iter().any(|word| word == "where") {
        println!("{}", std::env::current_exe()?.display());
        return Ok(());
    }
    let numbers = helper::numbers(&words);
    println!(r#"{{"mark":{MARK},"numbers":{},"sum":{}}}"#, numbers.len(), part_000(&numbers));
    Ok(())
}

fn part_000(numbers: &[u32]) -> u32 {
    numbers.iter().map(|number| number * MARK).sum()
}
"##;

const HELPER: &str = "//! Reads numbers.\n\n/// Those of the words that are numbers.\n\
    pub fn numbers(words: &[String]) -> Vec<u32> {\n    \
    words.iter().filter_map(|word| word.parse().ok()).collect()\n}\n";

/// How a manifest is written into a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Into a package of its own.
    Package,
    /// As rust-script has it.
    DocComment,
    /// As thag has it.
    TomlBlock,
}

/// A folder to make scripts in.
pub(crate) struct Scripts {
    folder: PathBuf,
    /// The dependencies and the rest of each.
    dependencies: String,
    body: &'static str,
    /// One with nothing in it, if nothing of it is needed.
    cargo_home: Option<PathBuf>,
}

/// One script, in all dialects.
pub(crate) struct Script {
    pub(crate) name: String,
    pub(crate) folder: PathBuf,
    pub(crate) cargo_home: Option<PathBuf>,
    mark: u32,
}

impl Scripts {
    /// Sees to it that dependencies need no network later.
    pub(crate) fn make(folder: &Path, quick: bool) -> Result<Self> {
        if quick {
            let helper = folder.join("helper");
            let manifest = manifest("helper", "");
            write(&helper.join("Cargo.toml"), &manifest)?;
            write(&helper.join("src/lib.rs"), HELPER)?;
            let cargo_home = folder.join("cargo-home");
            fs::create_dir_all(&cargo_home)?;
            let helper = helper.to_string_lossy();
            return Ok(Self {
                folder: folder.join("scripts"),
                dependencies: QUICK_DEPENDENCIES.replace("/helper", &helper),
                body: QUICK_BODY,
                cargo_home: Some(cargo_home),
            });
        }
        let made = Self {
            folder: folder.join("scripts"),
            dependencies: DEPENDENCIES.to_owned(),
            body: BODY,
            cargo_home: None,
        };
        let script = made.script(0)?;
        let mut cargo = runner::program("cargo".as_ref(), &script.folder);
        cargo
            .env_remove("CARGO_NET_OFFLINE")
            .args(["fetch", "-q", "--manifest-path"])
            .arg(script.folder.join("package/Cargo.toml"));
        let status = cargo.status()?;
        ensure!(
            status.success(),
            "cannot fetch what scripts need; `--quick` needs nothing"
        );
        Ok(made)
    }

    /// Makes a script with a number.
    pub(crate) fn script(&self, number: u32) -> Result<Script> {
        let name = format!("script-{number}");
        let folder = self.folder.join(&name);
        let mark = 100 + number;
        let body = self.body.replace("000", &mark.to_string());
        let comment: String = (self.dependencies.lines())
            .map(|line| format!("//! {line}\n"))
            .collect();
        let script = Script {
            cargo_home: self.cargo_home.clone(),
            name,
            folder,
            mark,
        };
        let manifest = manifest(&script.name, &self.dependencies);
        let package = script.path(Dialect::Package);
        write(&package.with_file_name("Cargo.toml"), &manifest)?;
        write(&package, &body)?;
        write(
            &script.path(Dialect::DocComment),
            &format!("//! ```cargo\n{comment}//! ```\n{body}"),
        )?;
        write(
            &script.path(Dialect::TomlBlock),
            &format!("/*[toml]\n{}*/\n{body}", self.dependencies),
        )?;
        Ok(script)
    }
}

impl Script {
    /// Where it is.
    pub(crate) fn path(&self, dialect: Dialect) -> PathBuf {
        let name = match dialect {
            Dialect::Package => "package/main.rs".to_owned(),
            Dialect::DocComment => format!("{}.rs", self.name),
            // thag takes two scripts with the same name for one.
            Dialect::TomlBlock => format!("{}-thag.rs", self.name),
        };
        self.folder.join(name)
    }

    /// The arguments that it gets.
    pub(crate) fn args(&self) -> [&'static str; 4] {
        ["1", "and", "2", "3"]
    }

    /// The text that it must print then.
    pub(crate) fn answer(&self) -> String {
        let mark = self.mark;
        format!(r#"{{"mark":{mark},"numbers":3,"sum":{}}}"#, 6 * mark)
    }
}

/// The manifest of a package whose program, if it has one, is beside it.
fn manifest(name: &str, dependencies: &str) -> String {
    let program = match dependencies {
        "" => String::new(),
        _ => format!("\n[[bin]]\nname = \"{name}\"\npath = \"main.rs\"\n"),
    };
    format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n{program}\n{dependencies}"
    )
}

fn write(path: &Path, text: &str) -> Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(path, text)?;
    Ok(())
}
