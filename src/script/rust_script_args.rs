//! The arguments of this program where it is called `rust-script`.
//!
//! Source: `src/arguments.rs` of rust-script 0.36, and for `-o` and `--gen-pkg-only` of earlier ones.

use std::ffi::OsString;
use std::path::Path;

use anyhow::Result;
use clap::Parser;

use crate::script::args::{Asked, CodeArgs, Source};
use crate::script::command::RunOptions;
use crate::script::dialect::{Front, RUST_SCRIPT};
use crate::script::request::ScriptRequest;

/// The version of rust-script whose options these are, and our own.
const VERSION: &str = concat!(
    "0.36.0 (cargo-sharedtarget ",
    env!("CARGO_PKG_VERSION"),
    ")"
);

/// Compiles and runs a Rust script, as rust-script does
#[derive(Debug, Parser)]
#[command(name = RUST_SCRIPT, bin_name = RUST_SCRIPT, version = VERSION, max_term_width = 100)]
pub(crate) struct RustScriptArgs {
    /// Script file or expression to execute, and its arguments
    #[arg(value_names = ["SCRIPT", "ARGS"], required_unless_present = "clear_cache", num_args = 1.., trailing_var_arg = true)]
    script: Vec<OsString>,
    #[command(flatten)]
    code: CodeArgs,
    /// Show output from Cargo when building
    #[arg(short, short_alias = 'o', long, requires = "script")]
    cargo_output: bool,
    /// Build a debug executable, not an optimised one
    #[arg(long)]
    debug: bool,
    /// Build an optimised executable, as without this
    #[arg(long, hide = true, conflicts_with = "debug")]
    release: bool,
    /// Force the script to be rebuilt
    #[arg(short, long, requires = "script")]
    force: bool,
    /// Generate the Cargo package and print the path to it, but don't compile or run it
    #[arg(short, long, alias = "gen-pkg-only", requires = "script", conflicts_with_all = ["debug", "force", "test", "bench"])]
    package: bool,
    /// Compile and run tests; arguments are those of `cargo test`
    #[arg(long, conflicts_with_all = ["bench", "debug", "force"])]
    test: bool,
    /// Compile and run benchmarks, with a nightly toolchain; arguments are those of `cargo bench`
    #[arg(long, conflicts_with_all = ["debug", "force", "toolchain"])]
    bench: bool,
    /// Clear the cache of scripts
    #[arg(long, conflicts_with = "pkg_path")]
    pub(crate) clear_cache: bool,
}

impl RustScriptArgs {
    /// The script that this command line asks for; nothing where only the cache is to be cleared. `find` finds the file that
    /// a name without an ending stands for.
    ///
    /// # Errors
    ///
    /// An option has no such value.
    pub(crate) fn asked(
        &self,
        cwd: &Path,
        find: &dyn Fn(&Path) -> std::path::PathBuf,
    ) -> Result<Option<Asked>> {
        if self.script.is_empty() {
            return Ok(None);
        }
        let (source, arguments) = self.code.source(&self.script)?;
        let source = match source {
            Source::File(path) => Source::File(find(&path)),
            source => source,
        };
        let mut request = ScriptRequest {
            front: Front::RustScript,
            release: !self.debug,
            test: self.test || self.bench,
            ..self.code.request(cwd)?
        };
        if self.bench {
            request.toolchain = Some("nightly".to_owned());
        }
        let options = RunOptions {
            force: self.force,
            package_dir: self.package,
            arguments,
            name: self.script.first().cloned(),
            cargo_tests: match (self.test, self.bench) {
                (true, _) => Some("test".to_owned()),
                (_, true) => Some("bench".to_owned()),
                _ => None,
            },
            quiet: !self.cargo_output,
            ..RunOptions::default()
        };
        Ok(Some(Asked {
            source,
            request,
            options,
            wrapper: self.code.wrapper()?,
        }))
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        RustScriptArgs::command().debug_assert();
    }

    #[test]
    fn options_are_rust_scripts() {
        let asked = |words: &[&str]| {
            let words = [RUST_SCRIPT].iter().chain(words);
            let args = RustScriptArgs::try_parse_from(words).ok()?;
            args.asked(Path::new("/w"), &Path::to_owned).ok()?
        };
        let plain = asked(&["a.rs", "--", "-e"]).expect("a script");
        assert_eq!(plain.source, Source::File("a.rs".into()));
        assert_eq!(plain.options.arguments, ["--", "-e"]);
        assert!(plain.request.release && plain.options.quiet);
        let tests = asked(&["--test", "-o", "a.rs"]).expect("a script");
        assert_eq!(tests.options.cargo_tests.as_deref(), Some("test"));
        assert!(!tests.options.quiet);
        let bench = asked(&["--bench", "a.rs"]).expect("a script");
        assert_eq!(bench.request.toolchain.as_deref(), Some("nightly"));
        let loops = asked(&[
            "--count", "--loop", "-u", "a", "b", "-x", "c", "--", "|l, n| n",
        ]);
        let loops = loops.expect("a closure");
        assert_eq!(loops.request.prelude.len(), 3);
        for wrong in [
            &[][..],
            &["--count", "a.rs"],
            &["-x", "a", "--", "a.rs"],
            &["--test", "--force", "a.rs"],
            &["-p", "--debug", "a.rs"],
            &["--bench", "-t", "nightly", "a.rs"],
        ] {
            assert!(asked(wrong).is_none(), "{wrong:?}");
        }
    }
}
