//! The configuration of thag, as far as it decides what a script is built from.
//!
//! Source: `src/config.rs` and `assets/default_config.toml` of thag_common 1.1.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use crate::cargo::model::TomlProblem;
use crate::cargo::toml_read;
use crate::script::thag::ThagOptions;

/// Path of the configuration, in `$HOME/.config`, or in `%APPDATA%` on Windows.
pub(crate) const FILE: &str = "thag_rs/config.toml";

/// Which crates that only the code names are added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Inference {
    /// None
    None,
    /// All, with their default features
    Min,
    /// All, with the features that thag's configuration names, too
    #[default]
    Config,
    /// All, with each feature that the configuration does not exclude; unknown here
    Max,
}

/// The part of the configuration that decides about a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Config {
    /// Which crates are added.
    pub(crate) inference: Inference,
    /// Features that are asked of each added crate that has them.
    pub(crate) always: Vec<String>,
    /// Features by crate.
    pub(crate) overrides: BTreeMap<String, Override>,
    /// A text that a snippet ends with is printed without quotes.
    pub(crate) unquote: bool,
    /// Crates that are in a folder, with the folder as it is written.
    pub(crate) crates: Vec<(&'static str, String)>,
}

/// Features of one crate.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Override {
    /// Features that are asked for.
    pub(crate) required_features: Vec<String>,
    /// The crate's default features are on.
    pub(crate) default_features: bool,
}

impl Default for Override {
    fn default() -> Self {
        Self {
            required_features: Vec::new(),
            default_features: true,
        }
    }
}

/// Features by crate for a user without a configuration: those that thag writes into one.
const OVERRIDES: [(&str, &[&str], bool); 20] = [
    ("async-std", &["attributes"], true),
    ("clap", &["cargo", "derive"], true),
    ("hyper", &["full"], true),
    ("iced", &["image", "debug"], true),
    ("nanorand", &["getrandom"], true),
    ("nu-ansi-term", &["derive_serde_style"], true),
    ("owo-colors", &["supports-colors"], true),
    ("phf", &["macros"], true),
    ("proc-macro2", &["span-locations"], true),
    ("ratatui", &["crossterm"], true),
    ("reqwest", &["blocking", "json"], true),
    ("rug", &["integer", "std"], true),
    ("rustix", &["fs"], true),
    ("spin1", &["mutex"], true),
    ("strum", &["derive"], true),
    (
        "syn",
        &[
            "extra-traits",
            "fold",
            "full",
            "parsing",
            "visit",
            "visit-mut",
        ],
        true,
    ),
    ("thag_rs", &["core", "simplelog"], false),
    ("tokio", &["full"], true),
    ("tui-textarea", &["crossterm", "search"], true),
    ("winapi", &["consoleapi", "processenv", "winbase"], true),
];

/// Names of the crates in folders, and the folders where nothing names others.
const CRATES: [(&str, &str); 2] = [
    ("thag_demo_proc_macros", "demo/proc_macros"),
    ("thag_bank_proc_macros", "bank/proc_macros"),
];

impl Default for Config {
    /// The configuration that thag writes where there is none.
    fn default() -> Self {
        let overrides = OVERRIDES.iter().map(|(name, features, defaults)| {
            let own = Override {
                required_features: features.iter().map(|&name| name.to_owned()).collect(),
                default_features: *defaults,
            };
            ((*name).to_owned(), own)
        });
        Self {
            inference: Inference::Config,
            always: vec!["derive".to_owned()],
            overrides: overrides.collect(),
            unquote: false,
            crates: CRATES
                .map(|(name, folder)| (name, folder.to_owned()))
                .to_vec(),
        }
    }
}

/// The file, with the defaults of a key that is not in it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct File {
    dependencies: Dependencies,
    proc_macros: ProcMacros,
    misc: Misc,
}

#[derive(Debug, Deserialize)]
#[serde(default)]
struct Dependencies {
    always_include_features: Vec<String>,
    feature_overrides: BTreeMap<String, Override>,
    inference_level: Level,
}

impl Default for Dependencies {
    fn default() -> Self {
        Self {
            always_include_features: vec!["derive".to_owned()],
            feature_overrides: BTreeMap::new(),
            inference_level: Level::default(),
        }
    }
}

/// As the file spells it, or as the option does.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    None,
    #[serde(alias = "min")]
    Minimal,
    #[default]
    Config,
    #[serde(alias = "max")]
    Maximal,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ProcMacros {
    bank_proc_macro_crate_path: Option<String>,
    demo_proc_macro_crate_path: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Misc {
    #[serde(deserialize_with = "boolean")]
    unquote: bool,
}

/// A truth value, also as a text: older files have it so.
fn boolean<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Plain(bool),
        Text(String),
    }
    Ok(match Either::deserialize(from)? {
        Either::Plain(value) => value,
        Either::Text(text) => text == "true",
    })
}

impl Config {
    /// Reads the file.
    ///
    /// # Errors
    ///
    /// It is no TOML, or a key has a value of another kind; with the place.
    pub(crate) fn read(text: &str) -> Result<Self, TomlProblem> {
        let file: File = toml_read::read(text)?;
        let ProcMacros {
            bank_proc_macro_crate_path: bank,
            demo_proc_macro_crate_path: demo,
        } = file.proc_macros;
        let folders = CRATES.into_iter().zip([demo, bank]);
        Ok(Self {
            inference: match file.dependencies.inference_level {
                Level::None => Inference::None,
                Level::Minimal => Inference::Min,
                Level::Config => Inference::Config,
                Level::Maximal => Inference::Max,
            },
            always: file.dependencies.always_include_features,
            overrides: file.dependencies.feature_overrides,
            unquote: file.misc.unquote,
            crates: folders
                .map(|((name, usual), said)| (name, said.unwrap_or_else(|| usual.to_owned())))
                .collect(),
        })
    }

    /// The configuration with options of a command line in place of what it says.
    pub(crate) fn with(self, options: ThagOptions) -> Self {
        Self {
            inference: options.inference.unwrap_or(self.inference),
            unquote: options.unquote.unwrap_or(self.unquote),
            ..self
        }
    }
}
