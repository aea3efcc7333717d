//! The arguments of `run` and `cache`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, ensure};
use clap::{ArgGroup, Args, Subcommand};

use crate::age::Age;
use crate::script::body::Code;
use crate::script::command::RunOptions;
use crate::script::dialect::Front;
use crate::script::evict::{CacheOptions, CachePart};
use crate::script::request::ScriptRequest;
use crate::script::{dialect, thag};
use crate::size::Bytes;
use crate::term::args::{ActArgs, SpeakArgs, ToneArgs};
use crate::term::ui::Format;

const RUN: &str = "\
Examples:
  cargo sharedtarget run report.rs --since 2024    everything after the script is for the script
  cargo sharedtarget run --release crunch.rs       in the release profile
  cargo sharedtarget run --infer idea.rs           add the crates that it names and no manifest does
  cargo sharedtarget run --build-only scripts/     build all scripts in a folder
  cargo sharedtarget run -d rand -e 'rand::random::<u8>()'
  echo 'println!(\"{}\", 6 * 7)' | cargo sharedtarget run -

As the first line of a script: #!/usr/bin/env -S cargo sharedtarget run";

#[derive(Debug, Args)]
#[command(after_help = RUN)]
pub(crate) struct RunArgs {
    /// The script, or `-` for standard input, and its arguments; with --build-only scripts, and folders of scripts
    #[arg(value_names = ["FILE", "ARGS"], required = true, num_args = 1.., trailing_var_arg = true)]
    script: Vec<OsString>,
    /// Build it in the release profile
    #[arg(short, long)]
    release: bool,
    /// Build it in the dev profile, as without this
    #[arg(long, hide = true, conflicts_with = "release")]
    debug: bool,
    /// Build it, also if its program was kept
    #[arg(short, long)]
    force: bool,
    /// Build it into a target folder of its own
    #[arg(long)]
    own_target: bool,
    /// The features of it to enable
    #[arg(short = 'F', long, value_name = "FEATURES", value_delimiter = ',')]
    features: Vec<String>,
    /// Add crates that the code names and no manifest does, in their newest version
    #[arg(long)]
    infer: bool,
    /// Take it for a script of this program, also where nothing in it says so
    #[arg(long = "as", value_name = "PROGRAM")]
    written_for: Option<WrittenFor>,
    #[command(flatten)]
    code: CodeArgs,
    /// Run its tests
    #[arg(long)]
    test: bool,
    /// Run its benchmarks, by a nightly toolchain
    #[arg(long, conflicts_with = "test")]
    bench: bool,
    /// Do not run it; print where its program is. Of a folder, or of several scripts, say how many were built
    #[arg(long, conflicts_with_all = ["test", "bench"])]
    build_only: bool,
    /// Do not build it; print where the package is that it is built as
    #[arg(short = 'p', long, visible_alias = "package", conflicts_with_all = ["test", "bench", "build_only"])]
    package_dir: bool,
    /// Show Cargo's output, as without this
    #[arg(short = 'c', long, hide = true)]
    cargo_output: bool,
    /// The format of the answer
    #[arg(
        long,
        value_enum,
        default_value_t,
        requires = "build_only",
        help_heading = "Output"
    )]
    format: Format,
    #[command(flatten)]
    pub(crate) tone: ToneArgs,
}

/// Options for the code that runs: the same by any name that this program is called by.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("expr_or_loop").args(["expr", "each_line"]))]
pub(crate) struct CodeArgs {
    /// Run FILE as an expression and print its value
    #[arg(short, long)]
    pub(crate) expr: bool,
    /// Run FILE as a closure that is called for each line of standard input
    #[arg(short = 'l', long = "loop")]
    pub(crate) each_line: bool,
    /// Call the closure with the number of the line, too
    #[arg(long, requires = "each_line")]
    count: bool,
    /// Add a dependency, in its newest version or in this one
    #[arg(short, long, value_name = "NAME[=VERSION]")]
    dep: Vec<String>,
    /// Have unstable features in an expression or a closure
    #[arg(short, long = "unstable-feature", value_name = "NAME", num_args = 1.., requires = "expr_or_loop")]
    unstable_features: Vec<String>,
    /// Have the macros of these crates in an expression or a closure
    #[arg(short = 'x', long = "extern", value_name = "NAME", num_args = 1.., requires = "expr_or_loop")]
    externs: Vec<String>,
    /// Paths in the manifest are relative to this folder
    #[arg(short, long, value_name = "DIR")]
    base_path: Option<PathBuf>,
    /// Write the package that it is built as into this folder
    #[arg(long, value_name = "DIR")]
    pkg_path: Option<PathBuf>,
    /// The toolchain of rustup's to build it with
    #[arg(short, long, value_name = "NAME")]
    toolchain: Option<String>,
    /// Run its program by this one, such as 'hyperfine --runs 100'
    #[arg(short, long, value_name = "COMMAND")]
    wrapper: Option<String>,
}

/// A program that scripts are written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum WrittenFor {
    Thag,
}

/// The code that a command line names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    File(PathBuf),
    Input,
    /// An expression or a closure.
    Text(Code, Vec<u8>),
}

impl CodeArgs {
    /// The code, and its arguments. The first word is a path unless an option says that it is code.
    ///
    /// # Errors
    ///
    /// There is no word; or code is no Unicode.
    pub(crate) fn source(&self, words: &[OsString]) -> Result<(Source, Vec<OsString>)> {
        let (first, rest) = words.split_first().context("expected a script")?;
        let counted = self.count;
        let code = match (self.expr, self.each_line) {
            (true, _) => Some(Code::Expression),
            (_, true) => Some(Code::Loop { counted }),
            _ => None,
        };
        let source = match code {
            Some(code) => {
                let text = first
                    .to_str()
                    .context("expected an expression in Unicode")?;
                Source::Text(code, text.as_bytes().to_vec())
            }
            None if first == "-" => Source::Input,
            None => Source::File(first.into()),
        };
        Ok((source, rest.to_vec()))
    }

    /// The part of a request that these options decide. `cwd` is what relative folders are in.
    ///
    /// # Errors
    ///
    /// A dependency cannot be read.
    pub(crate) fn request(&self, cwd: &Path) -> Result<ScriptRequest> {
        let dependencies = dialect::dependencies(&self.dep).map_err(|message| anyhow!(message))?;
        let folder = |path: &PathBuf| cwd.join(path);
        Ok(ScriptRequest {
            prelude: dialect::prelude(&self.unstable_features, &self.externs),
            dependencies,
            base: self.base_path.as_ref().map(folder),
            package_at: self.pkg_path.as_ref().map(folder),
            toolchain: self.toolchain.clone(),
            ..ScriptRequest::default()
        })
    }

    /// The command that a program is run by.
    ///
    /// # Errors
    ///
    /// Its quotes do not match, or it has no word; with the words of a shell.
    pub(crate) fn wrapper(&self) -> Result<Option<Vec<String>>> {
        let Some(wrapper) = &self.wrapper else {
            return Ok(None);
        };
        let words = shell_words::split(wrapper)
            .with_context(|| format!("failed to read the wrapper `{wrapper}`"))?;
        ensure!(!words.is_empty(), "expected a program for the wrapper");
        Ok(Some(words))
    }
}

const CACHE: &str = "\
Examples:
  cargo sharedtarget cache info                           what scripts have left
  cargo sharedtarget cache clean bins --older-than 30d    programs that have not run for 30 days
  cargo sharedtarget cache clean                          everything";

#[derive(Debug, Subcommand)]
pub(crate) enum CacheCommand {
    /// Show its content: sizes, scripts, last runs
    #[command(after_help = CACHE)]
    Info(InfoArgs),
    /// Delete kept programs, compiled dependencies, or everything
    #[command(after_help = CACHE)]
    Clean(CleanCacheArgs),
}

#[derive(Debug, Args)]
pub(crate) struct InfoArgs {
    /// Show as many scripts
    #[arg(long, value_name = "N", default_value_t = 10, help_heading = "Output")]
    pub(crate) top: usize,
    #[command(flatten)]
    pub(crate) speak: SpeakArgs,
}

#[derive(Debug, Args)]
pub(crate) struct CleanCacheArgs {
    /// The part to delete
    #[arg(value_enum, default_value_t)]
    part: CachePart,
    /// Only what was not used for this long, such as 30d
    #[arg(long, value_name = "AGE", help_heading = "Rules")]
    older_than: Option<Age>,
    /// Only as much as is needed for the rest to take no more, such as 2GB; what was used longest ago goes first
    #[arg(long, value_name = "SIZE", help_heading = "Rules")]
    max_size: Option<Bytes>,
    #[command(flatten)]
    pub(crate) act: ActArgs,
    #[command(flatten)]
    pub(crate) speak: SpeakArgs,
}

/// A script that is to run, as a command line asks for it. The text of one that comes by standard input is still to be read.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) source: Source,
    pub(crate) request: ScriptRequest,
    pub(crate) options: RunOptions,
    /// The words of the command that its program is run by.
    pub(crate) wrapper: Option<Vec<String>>,
}

impl RunArgs {
    /// The scripts and folders that are to be built, where it is not one script.
    pub(crate) fn crowd(&self, is_folder: &dyn Fn(&Path) -> bool) -> Option<Vec<PathBuf>> {
        let is_code = self.code.expr || self.code.each_line;
        let one = match &self.script[..] {
            [one] => !is_folder(Path::new(one)) && self.format == Format::Human,
            _ => false,
        };
        let many = self.build_only && !is_code && !one;
        many.then(|| self.script.iter().map(PathBuf::from).collect())
    }

    /// The format of the answer.
    pub(crate) fn speak(&self) -> SpeakArgs {
        SpeakArgs {
            format: self.format,
            tone: self.tone.clone(),
        }
    }

    /// The script that this command line asks for.
    ///
    /// # Errors
    ///
    /// An option has no such value.
    pub(crate) fn asked(&self, cwd: &Path) -> Result<Asked> {
        let (source, arguments) = self.code.source(&self.script)?;
        let (source, called) = match (self.written_for, source) {
            (Some(WrittenFor::Thag), Source::Text(Code::Loop { .. }, text)) => {
                let text = thag::line_loop(&String::from_utf8_lossy(&text), None, None, None);
                (Source::Text(Code::Script, text.into()), Some("loop"))
            }
            (Some(WrittenFor::Thag), Source::Text(_, text)) => {
                (Source::Text(Code::Script, text), Some("expr"))
            }
            (_, source) => (source, None),
        };
        let request = ScriptRequest {
            front: match self.written_for {
                Some(WrittenFor::Thag) => Front::Thag,
                None => Front::Own,
            },
            called,
            release: self.release || self.bench,
            test: self.test || self.bench,
            own_target: self.own_target,
            features: self.features.clone(),
            infer: self.infer,
            ..self.code.request(cwd)?
        };
        let options = RunOptions {
            force: self.force,
            build_only: self.build_only,
            package_dir: self.package_dir,
            arguments,
            dash_separates: true,
            first: self.bench.then_some("--bench"),
            quiet: self.tone.quiet,
            verbose: self.tone.verbose > 0,
            ..RunOptions::default()
        };
        Ok(Asked {
            source,
            request,
            options,
            wrapper: self.code.wrapper()?,
        })
    }
}

impl CleanCacheArgs {
    /// Which parts of the cache are to go.
    pub(crate) fn options(&self) -> CacheOptions {
        CacheOptions {
            part: self.part,
            older_than: self.older_than,
            max_size: self.max_size,
            spared: None,
            recent: None,
        }
    }
}
