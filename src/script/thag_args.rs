//! The arguments of this program where it is called `thag`.
//!
//! Source: `src/cmd_args.rs` of thag_rs 1.1.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Context as _, Result, anyhow, ensure};
use clap::{ArgGroup, Parser};

use crate::script::args::{Asked, Source};
use crate::script::body::Code;
use crate::script::command::RunOptions;
use crate::script::dialect::{Front, THAG};
use crate::script::evict::CachePart;
use crate::script::request::ScriptRequest;
use crate::script::thag::config::{FILE, Inference};
use crate::script::thag::{self, ThagOptions};
use crate::text::failure::Hint as _;

/// The version of thag whose options these are, and our own.
const VERSION: &str = concat!("1.1.0 (cargo-sharedtarget ", env!("CARGO_PKG_VERSION"), ")");

/// Compiles and runs a Rust script or an expression, as thag does
#[derive(Debug, Parser)]
#[command(name = THAG, bin_name = THAG, version = VERSION, max_term_width = 100)]
#[command(group = ArgGroup::new("commands").required(true)
    .args(["script", "expression", "rapid", "filter", "stdin", "edit", "config", "clean"]))]
#[command(group = ArgGroup::new("verbosity").args(["quiet", "normal", "verbose"]))]
#[command(group = ArgGroup::new("instead")
    .args(["generate", "build", "check", "executable", "expand", "cargo", "test_only"]))]
pub(crate) struct ThagArgs {
    /// Script to run
    script: Option<PathBuf>,
    /// Arguments for the script
    #[arg(last = true, requires = "script")]
    args: Vec<OsString>,
    /// Features to enable in the script
    #[arg(long, value_delimiter = ',')]
    features: Vec<String>,
    /// Force the script to be rebuilt, and an installed program to be replaced
    #[arg(short, long)]
    pub(crate) force: bool,
    /// Evaluate an expression and print its value
    #[arg(short, long = "expr", value_name = "EXPRESSION", conflicts_with_all = ["generate", "build"])]
    expression: Option<String>,
    /// Unknown here: expressions one after the other, in a terminal
    #[arg(short, long, visible_alias = "iter", alias = "repl")]
    rapid: bool,
    /// Read the script from standard input
    #[arg(short, long, conflicts_with_all = ["generate", "build"])]
    stdin: bool,
    /// Unknown here: an editor in the terminal
    #[arg(short = 'd', long)]
    edit: bool,
    /// Evaluate an expression for each line of standard input and print its value
    #[arg(short = 'l', long = "loop", value_name = "EXPRESSION", conflicts_with_all = ["generate", "build"])]
    filter: Option<String>,
    /// Manifest for --loop
    #[arg(short = 'M', long, requires = "filter", value_name = "CARGO-TOML")]
    toml: Option<String>,
    /// Statements before the loop
    #[arg(short = 'B', long, requires = "filter", value_name = "PRE-LOOP")]
    begin: Option<String>,
    /// Statements after the loop
    #[arg(short = 'E', long, requires = "filter", value_name = "POST-LOOP")]
    end: Option<String>,
    /// Allow several functions `main`, as without this
    #[arg(short, long)]
    multimain: bool,
    /// No effect here
    #[arg(short, long)]
    timings: bool,
    /// Say why the script is built
    #[arg(short, long, action = clap::ArgAction::Count)]
    verbose: u8,
    /// Say as much as without this
    #[arg(short = 'N', long)]
    normal: bool,
    /// Show only warnings and errors of a build
    #[arg(short, long, action = clap::ArgAction::Count)]
    quiet: u8,
    /// Generate the Cargo package and print the path to it, but don't compile or run it
    #[arg(short, long = "gen")]
    generate: bool,
    /// Build the script and print the path to its program, but don't run it
    #[arg(short, long)]
    build: bool,
    /// Build the script in the release profile and install its program
    #[arg(short = 'x', long)]
    executable: bool,
    /// Check the script by `cargo check`
    #[arg(short, long)]
    check: bool,
    /// Expand the script's macros by `cargo expand`
    #[arg(short = 'X', long)]
    expand: bool,
    /// Print a text without quotes, where it is the value of an expression
    #[arg(short, long, num_args = 0..=1, default_missing_value = "true")]
    unquote: Option<bool>,
    /// Print where thag's configuration is
    #[arg(short = 'C', long)]
    config: bool,
    /// Crates that only the code names
    #[arg(short, long)]
    infer: Option<Inference>,
    /// Run a subcommand of Cargo's: the first of the script's arguments, and the rest for it
    #[arg(short = 'A', long, requires = "script")]
    cargo: bool,
    /// Run the unit tests of the script
    #[arg(short = 'T', long, requires = "script")]
    test_only: bool,
    /// Clear the cache of scripts
    #[arg(long, value_name = "WHAT", num_args = 0..=1, default_missing_value = "all")]
    clean: Option<CachePart>,
}

/// Task that a command line names.
#[derive(Debug)]
pub(crate) enum Deed {
    /// To run a script, or something in place of that.
    Run(Box<Asked>),
    /// To put its program where the shell finds it.
    Install(Box<Asked>),
    /// To clear a part of the cache.
    Clear(CachePart),
}

impl ThagArgs {
    /// Returns the task that this command line names.
    ///
    /// # Errors
    ///
    /// It asks for what is unknown here.
    pub(crate) fn deed(&self) -> Result<Deed> {
        if let Some(part) = self.clean {
            return Ok(Deed::Clear(part));
        }
        if self.rapid || self.edit {
            let option = if self.rapid { "--rapid" } else { "--edit" };
            return Err(anyhow!("`{option}` of thag is unknown here"))
                .hint("write a script, or name an expression with `--expr`");
        }
        ensure!(
            !self.config,
            "thag's configuration is `{FILE}` in the folder for configurations; edit it there"
        );
        // Clap does not ask for `--loop` where a script excludes it.
        let of_loop = [&self.toml, &self.begin, &self.end];
        ensure!(
            self.filter.is_some() || of_loop.iter().all(|option| option.is_none()),
            "`--toml`, `--begin` and `--end` need `--loop`"
        );
        let (source, called) = self.source()?;
        let request = ScriptRequest {
            front: Front::Thag,
            release: self.executable,
            test: self.test_only,
            features: self.features.clone(),
            thag: ThagOptions {
                inference: self.infer,
                unquote: self.unquote,
            },
            called,
            ..ScriptRequest::default()
        };
        let (cargo_tests, arguments) = self.subcommand()?;
        let options = RunOptions {
            force: self.force,
            build_only: self.build || self.executable,
            package_dir: self.generate,
            arguments,
            cargo_tests,
            quiet: self.quiet > 0,
            verbose: self.verbose > 0,
            ..RunOptions::default()
        };
        let asked = Box::new(Asked {
            source,
            request,
            options,
            wrapper: None,
        });
        Ok(match self.executable {
            true => Deed::Install(asked),
            false => Deed::Run(asked),
        })
    }

    /// The code, and its name where it has no file.
    fn source(&self) -> Result<(Source, Option<&'static str>)> {
        Ok(match (&self.expression, &self.filter, &self.script) {
            (Some(code), ..) => (
                Source::Text(Code::Script, code.clone().into()),
                Some("expr"),
            ),
            (_, Some(code), _) => {
                let text = thag::line_loop(
                    code,
                    self.toml.as_deref(),
                    self.begin.as_deref(),
                    self.end.as_deref(),
                );
                (Source::Text(Code::Script, text.into()), Some("loop"))
            }
            (_, _, Some(script)) => (Source::File(script.clone()), None),
            _ if self.stdin => (Source::Input, None),
            _ => return Err(anyhow!("expected a script")),
        })
    }

    /// The subcommand of Cargo that runs in place of the script, and its arguments; else those of the script.
    fn subcommand(&self) -> Result<(Option<String>, Vec<OsString>)> {
        let features = match self.features.is_empty() {
            true => Vec::new(),
            false => vec!["--features".into(), self.features.join(",").into()],
        };
        let features = features.into_iter();
        let own = self.args.iter().cloned();
        Ok(if self.test_only {
            let dash = (!self.args.is_empty()).then(|| "--".into());
            let all = features.chain(dash).chain(own);
            (Some("test".to_owned()), all.collect())
        } else if self.check {
            (Some("check".to_owned()), features.collect())
        } else if self.expand {
            (Some("expand".to_owned()), features.collect())
        } else if self.cargo {
            let first = self.args.first().and_then(|first| first.to_str());
            let first = first.context("expected a subcommand of Cargo after `--`")?;
            (
                Some(first.to_owned()),
                features.chain(own.skip(1)).collect(),
            )
        } else {
            (None, self.args.clone())
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        ThagArgs::command().debug_assert();
    }

    fn asked(words: &[&str]) -> Option<Asked> {
        let words = [THAG].iter().chain(words);
        let args = ThagArgs::try_parse_from(words).ok()?;
        match args.deed().ok()? {
            Deed::Run(asked) | Deed::Install(asked) => Some(*asked),
            Deed::Clear(_) => None,
        }
    }

    #[test]
    fn options_are_thags() {
        let plain = asked(&["a.rs", "-f", "--", "--", "-e"]).expect("a script");
        assert_eq!(plain.source, Source::File("a.rs".into()));
        assert_eq!(plain.options.arguments, ["--", "-e"]);
        assert!(plain.options.force && !plain.request.release && !plain.options.quiet);
        let installed = asked(&["-x", "a.rs"]).expect("a script");
        assert!(installed.request.release && installed.options.build_only);
        let tests = asked(&["-T", "a.rs", "--features", "b,c", "--", "one"]).expect("a script");
        assert_eq!(tests.options.cargo_tests.as_deref(), Some("test"));
        assert_eq!(tests.options.arguments, ["--features", "b,c", "--", "one"]);
        let tree = asked(&["a.rs", "-A", "--", "tree", "--depth", "1"]).expect("a script");
        assert_eq!(tree.options.cargo_tests.as_deref(), Some("tree"));
        assert_eq!(tree.options.arguments, ["--depth", "1"]);
        let quiet = asked(&["-qq", "-mt", "-u", "-i", "min", "-e", "1"]).expect("an expression");
        assert!(quiet.options.quiet);
        assert_eq!(quiet.request.thag.unquote, Some(true));
        assert_eq!(quiet.request.thag.inference, Some(Inference::Min));
        let each = asked(&["-l", "line", "-B", "let mut n = 0;"]).expect("a loop");
        assert_eq!(each.request.called, Some("loop"));
        for wrong in [
            &[][..],
            &["a.rs", "1"],
            &["-M", "[dependencies]", "a.rs"],
            &["-e", "1", "a.rs"],
            &["-g", "-b", "a.rs"],
            &["-q", "-v", "a.rs"],
            &["-r"],
            &["-d"],
            &["-C"],
            &["a.rs", "-A"],
        ] {
            assert!(asked(wrong).is_none(), "{wrong:?}");
        }
    }
}
