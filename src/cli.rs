//! The command line, and the only place that reads the environment.

#![expect(clippy::disallowed_methods, reason = "this module is the edge")]

mod hook;

use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anstream::ColorChoice;
use anyhow::{Context as _, Result};
use clap::{Args, CommandFactory as _, Parser, Subcommand};
use globset::{GlobBuilder, GlobSetBuilder};
use jiff::Timestamp;

use crate::age::Age;
use crate::cargo::Cargo;
use crate::command::warm::WarmOptions;
use crate::command::{self, Format, Ui};
use crate::exit::Exit;
use crate::fs::{self, Looking};
use crate::model::{EnvOverride, Layout, Surroundings};
use crate::plan::{CleanOptions, ConfigPlace, SetupOptions};
use crate::report::Paths;
use crate::report::human::View;
use crate::survey::{self, Environment, Request};

const AFTER_HELP: &str = "\
Exit codes:
  0    done, or nothing to do
  1    some actions failed or were skipped
  2    wrong usage
  3    something would change, and nobody said yes
  101  could not run

Examples:
  cargo sharedtarget --dry-run ~/code    show what would be done
  cargo sharedtarget ~/code              show it, ask, and do it
  cargo sharedtarget hook install        from now on `git worktree add` makes warm worktrees
  cargo sharedtarget warm                give this worktree what others have compiled
  cargo sharedtarget list                what there is, and how large it is
  cargo sharedtarget clean --idle 30d    also delete what was not used for 30 days
  cargo sharedtarget undo                put configurations back as they were";

/// Many git worktrees, one build's worth of disk: warm, correct and parallel, with plain cargo build.
///
/// Without a command, sets up every workspace and worktree under ROOT, as `setup` does.
#[derive(Debug, Parser)]
#[command(name = "cargo-sharedtarget", bin_name = "cargo sharedtarget", version, max_term_width = 100, after_help = AFTER_HELP)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    setup: SetupArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Give each worktree a target folder under one shared root, and delete what is left behind
    Setup(SetupArgs),
    /// List target folders: size, last build, state
    List(ListArgs),
    /// Delete whole target folders, by default those that no build will use again
    Clean(CleanArgs),
    /// Set one worktree up and warm it, quickly enough for a hook
    Onboard(OnboardArgs),
    /// Give a worktree the compiled third-party crates of another one, so that its first build is a warm one
    Warm(WarmArgs),
    /// Put configurations and git excludes back as they were before setup
    Undo(UndoArgs),
    /// A git hook, by which `git worktree add` sets the new worktree up by itself
    #[command(subcommand)]
    Hook(hook::HookCommand),
}

#[derive(Debug, Args)]
struct SetupArgs {
    #[command(flatten)]
    find: FindArgs,
    /// How target folders are laid out; by default isolated, and in-place where git tracks the configuration
    #[arg(long, value_enum, help_heading = "Layout")]
    layout: Option<Layout>,
    /// For the layout build-dir: the folder for its one configuration, or `cargo-home`
    #[arg(long, value_name = "DIR|cargo-home", help_heading = "Layout")]
    config_at: Option<PathBuf>,
    /// Edit configurations that git tracks
    #[arg(long, help_heading = "Layout")]
    edit_tracked: bool,
    /// Replace a target-dir or build-dir that you set yourself
    #[arg(long, help_heading = "Layout")]
    replace: bool,
    /// Let the layout flat mix worktrees, which runs one's code for another's
    #[arg(long, help_heading = "Layout")]
    allow_unsafe_sharing: bool,
    /// Also have warm worktrees share the libraries that came out the same, as far as nothing is compiled for it
    #[arg(long)]
    relink: bool,
    /// Delete nothing
    #[arg(long)]
    keep_targets: bool,
    #[command(flatten)]
    delete: DeleteArgs,
    #[command(flatten)]
    act: ActArgs,
    #[command(flatten)]
    speak: SpeakArgs,
}

#[derive(Debug, Args)]
struct ListArgs {
    #[command(flatten)]
    find: FindArgs,
    /// Do not measure, which is much quicker
    #[arg(long)]
    no_size: bool,
    #[command(flatten)]
    speak: SpeakArgs,
}

#[derive(Debug, Args)]
struct CleanArgs {
    #[command(flatten)]
    find: FindArgs,
    /// Folders that no build will use again: shadowed by the configuration, or their worktree is gone (default)
    #[arg(long, help_heading = "Rules")]
    stale: bool,
    /// Only folders whose worktree is gone
    #[arg(long, help_heading = "Rules", conflicts_with = "stale")]
    orphaned: bool,
    /// Also folders in use, if nothing was built in them for this long, such as 30d
    #[arg(long, value_name = "AGE", help_heading = "Rules")]
    idle: Option<Age>,
    /// Every target folder found, in use or not
    #[arg(long, help_heading = "Rules")]
    all: bool,
    #[command(flatten)]
    delete: DeleteArgs,
    #[command(flatten)]
    act: ActArgs,
    #[command(flatten)]
    speak: SpeakArgs,
}

#[derive(Debug, Args)]
struct DonorArgs {
    /// The worktree, or a folder in it [default: the current folder]
    worktree: Option<PathBuf>,
    /// The donor: a target folder, or a workspace that has one [default: the best that is found]
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,
    /// Take units of packages too that are not in the worktree's Cargo.lock
    #[arg(long)]
    all_units: bool,
    /// Wait for a build that holds the donor
    #[arg(long)]
    wait: bool,
    /// The folder that holds all target folders [default: the one already configured]
    #[arg(long, value_name = "DIR")]
    shared_root: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct OnboardArgs {
    #[command(flatten)]
    donor: DonorArgs,
    /// How its target folder is laid out [default: as in setup]
    #[arg(long, value_parser = ["isolated", "in-place"])]
    layout: Option<String>,
    /// Edit a configuration that git tracks
    #[arg(long)]
    edit_tracked: bool,
    /// Replace a target-dir or build-dir that you set yourself
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    act: ActArgs,
    #[command(flatten)]
    speak: SpeakArgs,
}

#[derive(Debug, Args)]
struct WarmArgs {
    #[command(flatten)]
    donor: DonorArgs,
    #[command(flatten)]
    act: ActArgs,
    #[command(flatten)]
    speak: SpeakArgs,
}

#[derive(Debug, Args)]
struct UndoArgs {
    #[command(flatten)]
    find: FindArgs,
    #[command(flatten)]
    act: ActArgs,
    #[command(flatten)]
    speak: SpeakArgs,
}

#[derive(Debug, Args)]
struct FindArgs {
    /// Folders to start from [default: the current folder]
    #[arg(value_name = "ROOT")]
    roots: Vec<PathBuf>,
    /// Pass over folders that match, by path or by path under the root
    #[arg(long, value_name = "GLOB", value_parser = glob, help_heading = "Search")]
    exclude: Vec<String>,
    /// Search no deeper than this many folders below the root
    #[arg(long, value_name = "N", help_heading = "Search")]
    max_depth: Option<usize>,
    /// Leave the worktrees that lie outside the roots
    #[arg(long, help_heading = "Search")]
    inside_root_only: bool,
    /// The folder that holds all target folders [default: the one already configured, else ROOT/.shared-target]
    #[arg(long, value_name = "DIR", help_heading = "Search")]
    shared_root: Option<PathBuf>,
}

impl FindArgs {
    /// One worktree, and all of it.
    fn about(worktree: &Path, shared_root: Option<PathBuf>) -> Self {
        Self {
            roots: vec![worktree.to_owned()],
            exclude: Vec::new(),
            max_depth: None,
            inside_root_only: false,
            shared_root,
        }
    }
}

#[derive(Debug, Args)]
struct DeleteArgs {
    /// Delete a target folder even if it holds an entry of this name, which Cargo does not make
    #[arg(long, value_name = "NAME")]
    allow_entry: Vec<String>,
}

#[derive(Debug, Args)]
struct ActArgs {
    /// Show what would be done, and do nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Do it without asking
    #[arg(short, long)]
    yes: bool,
}

#[derive(Debug, Args)]
struct SpeakArgs {
    /// The format of the answer
    #[arg(long, value_enum, default_value_t, help_heading = "Output")]
    format: Format,
    /// Say only what was done and what went wrong
    #[arg(
        short,
        long,
        env = "CARGO_TERM_QUIET",
        hide_env = true,
        help_heading = "Output",
        conflicts_with = "verbose"
    )]
    quiet: bool,
    /// Say everything
    #[arg(
        short,
        long,
        env = "CARGO_TERM_VERBOSE",
        hide_env = true,
        help_heading = "Output"
    )]
    verbose: bool,
    /// When to use colour
    #[arg(long, value_name = "WHEN", value_parser = ["auto", "always", "never"], help_heading = "Output")]
    color: Option<String>,
}

/// Reads the command line and runs.
#[must_use]
pub fn main() -> ExitCode {
    let exit = match Cli::try_parse_from(arguments(std::env::args_os())) {
        Err(error) => {
            let _ = error.print();
            if error.use_stderr() {
                Exit::Usage
            } else {
                Exit::Done
            }
        }
        Ok(cli) => run(cli).unwrap_or_else(|error| {
            if is_closed_pipe(&error) {
                return Exit::Done;
            }
            let _ = writeln!(anstream::stderr(), "error: {error:#}");
            Exit::CouldNotRun
        }),
    };
    exit.into()
}

/// Whoever read our answer has seen enough.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
    })
}

/// Cargo calls us with our own name as the first argument.
fn arguments(args: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut args: Vec<OsString> = args.collect();
    if args.get(1).is_some_and(|first| first == "sharedtarget") {
        args.remove(1);
    }
    args
}

fn run(cli: Cli) -> Result<Exit> {
    // Folders are entered by recursion, and somebody may have nested them a thousand deep.
    let _ = rayon::ThreadPoolBuilder::new()
        .stack_size(64 << 20)
        .build_global();
    match cli.command.unwrap_or(Command::Setup(cli.setup)) {
        Command::Setup(args) => {
            if let Err(message) = check(&args) {
                let _ = Cli::command()
                    .error(clap::error::ErrorKind::ArgumentConflict, message)
                    .print();
                return Ok(Exit::Usage);
            }
            let (mut request, ui) = prepare(args.find, &args.speak, Some(&args.act))?;
            let place = args
                .config_at
                .as_deref()
                .map(|at| config_place(at, &request))
                .transpose()?;
            request.config_at = place.as_ref().map(|place| place.cargo_folder.clone());
            let options = SetupOptions {
                layout: args.layout,
                edit_tracked: args.edit_tracked,
                replace: args.replace,
                config_at: place,
                allow_unsafe_sharing: args.allow_unsafe_sharing,
                relink: args.relink,
                keep_targets: args.keep_targets,
                allowed_entries: args.delete.allow_entry,
                ..SetupOptions::default()
            };
            command::setup::run(&request, options, &ui)
        }
        Command::List(args) => {
            let (mut request, ui) = prepare(args.find, &args.speak, None)?;
            request.sizes = !args.no_size;
            command::list::run(&request, &ui)
        }
        Command::Clean(args) => {
            let (request, ui) = prepare(args.find, &args.speak, Some(&args.act))?;
            let options = CleanOptions {
                stale: args.stale || !args.orphaned,
                orphaned: args.orphaned,
                idle: args.idle,
                all: args.all,
                allowed_entries: args.delete.allow_entry,
            };
            command::clean::run(&request, &options, &ui)
        }
        Command::Onboard(args) => {
            let (request, warm, ui) = about_one(args.donor, &args.speak, &args.act, true)?;
            let options = SetupOptions {
                layout: args.layout.map(|layout| match layout.as_str() {
                    "in-place" => Layout::InPlace,
                    _ => Layout::Isolated,
                }),
                edit_tracked: args.edit_tracked,
                replace: args.replace,
                ..SetupOptions::default()
            };
            command::onboard::run(&request, &options, &warm, &ui)
        }
        Command::Warm(args) => {
            let (request, warm, ui) = about_one(args.donor, &args.speak, &args.act, false)?;
            command::warm::run(&request, &warm, &ui)
        }
        Command::Undo(args) => {
            let (mut request, ui) = prepare(args.find, &args.speak, Some(&args.act))?;
            request.sizes = false;
            request.to_act = false;
            command::undo::run(&request, &ui)
        }
        Command::Hook(command) => hook::run(command),
    }
}

/// What a command needs that is about one worktree.
fn about_one(
    args: DonorArgs,
    speak: &SpeakArgs,
    act: &ActArgs,
    to_act: bool,
) -> Result<(Request, WarmOptions, Ui)> {
    let worktree = args.worktree.unwrap_or_else(|| PathBuf::from("."));
    let worktree = survey::worktree_at(&worktree)?;
    let find = FindArgs::about(&worktree, args.shared_root);
    let (mut request, ui) = prepare(find, speak, Some(act))?;
    (request.sizes, request.to_act) = (false, to_act);
    request.focus = Some(worktree);
    let options = WarmOptions {
        from: args.from,
        all_units: args.all_units,
        wait: args.wait,
    };
    Ok((request, options, ui))
}

fn check(args: &SetupArgs) -> Result<(), &'static str> {
    match (args.layout, &args.config_at) {
        (Some(Layout::BuildDir), None) => Err(
            "--layout build-dir needs a place for its configuration: --config-at DIR, or --config-at cargo-home",
        ),
        (Some(Layout::BuildDir), Some(_)) | (_, None) => Ok(()),
        (_, Some(_)) => Err("--config-at belongs to --layout build-dir"),
    }
}

fn config_place(at: &Path, request: &Request) -> Result<ConfigPlace> {
    let cargo_folder = if at == Path::new("cargo-home") {
        request.environment.surroundings.cargo_home.clone()
    } else {
        fs::canonical(at)?.join(crate::config_chain::CARGO_FOLDER)
    };
    Ok(ConfigPlace { cargo_folder })
}

/// What every command needs, from its arguments and the environment.
fn prepare(find: FindArgs, speak: &SpeakArgs, act: Option<&ActArgs>) -> Result<(Request, Ui)> {
    set_color(speak);
    let cwd = std::env::current_dir().context("failed to find the current folder")?;
    let home = std::env::home_dir();
    let roots = if find.roots.is_empty() {
        vec![cwd.clone()]
    } else {
        find.roots
    };
    for root in &roots {
        let typed = root.components().count() == 1 && !fs::exists(root);
        anyhow::ensure!(
            !typed,
            "there is no folder and no command `{}` (see --help)",
            root.display()
        );
    }
    let request = Request {
        roots,
        looking: Looking {
            exclude: globs(&find.exclude)?,
            max_depth: find.max_depth,
        },
        inside_root_only: find.inside_root_only,
        focus: None,
        shared_root: find.shared_root.map(|path| cwd.join(path)),
        config_at: None,
        sizes: true,
        to_act: act.is_some(),
        environment: environment(&cwd, home.as_deref()),
    };
    let base = fs::canonical(&cwd).unwrap_or(cwd);
    let ui = Ui {
        format: speak.format,
        dry_run: act.is_some_and(|act| act.dry_run),
        yes: act.is_some_and(|act| act.yes),
        quiet: speak.quiet,
        preview_width: width_of(terminal_size::terminal_size_of(std::io::stderr())),
        progress: std::env::var("CARGO_TERM_PROGRESS_WHEN").map_or(true, |when| when != "never"),
        view: View {
            paths: Paths { base, home },
            width: width_of(terminal_size::terminal_size_of(std::io::stdout())),
            verbose: speak.verbose,
            now: Timestamp::now(),
        },
    };
    Ok((request, ui))
}

fn width_of(size: Option<(terminal_size::Width, terminal_size::Height)>) -> Option<usize> {
    size.map(|(width, _)| usize::from(width.0))
}

/// Flags beat Cargo's variable, which beats `NO_COLOR` and the like.
fn set_color(speak: &SpeakArgs) {
    let cargo = std::env::var("CARGO_TERM_COLOR").ok();
    match speak.color.as_deref().or(cargo.as_deref()) {
        Some("always") => ColorChoice::Always.write_global(),
        Some("never") => ColorChoice::Never.write_global(),
        _ => {}
    }
}

/// A bad pattern is a mistake on the command line, so it is found while that is read.
fn glob(pattern: &str) -> Result<String, globset::Error> {
    globset::Glob::new(pattern).map(|_| pattern.to_owned())
}

fn globs(patterns: &[String]) -> Result<globset::GlobSet> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        // As in a gitignore, a name alone means that name at any depth.
        let anywhere = if pattern.contains('/') {
            pattern.clone()
        } else {
            format!("**/{pattern}")
        };
        let glob = GlobBuilder::new(anywhere.trim_end_matches('/'))
            .literal_separator(true)
            .build();
        set.add(glob.with_context(|| format!("expected a glob for --exclude: `{pattern}`"))?);
    }
    set.build().context("failed to read the globs of --exclude")
}

fn environment(cwd: &Path, home: Option<&Path>) -> Environment {
    let path = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let cargo_home = path("CARGO_HOME").map(|given| cwd.join(given));
    let cargo_home = cargo_home
        .or_else(|| home.map(|home| home.join(".cargo")))
        .unwrap_or_default();
    let overrides = [
        "CARGO_TARGET_DIR",
        "CARGO_BUILD_TARGET_DIR",
        "CARGO_BUILD_BUILD_DIR",
    ];
    let overrides = overrides.into_iter().filter_map(|variable| {
        let value = path(variable)?;
        let folder = fs::canonical_as_far_as_it_exists(&cwd.join(&value));
        Some(EnvOverride {
            variable: variable.to_owned(),
            value: value.display().to_string(),
            folder,
        })
    });
    let search = std::env::var_os("PATH").unwrap_or_default();
    let program = format!("cargo{}", std::env::consts::EXE_SUFFIX);
    Environment {
        surroundings: Surroundings {
            cargo_home: fs::canonical_as_far_as_it_exists(&cargo_home),
        },
        overrides: overrides.collect(),
        cargo: Cargo {
            fallback: path("CARGO"),
            on_path: std::env::split_paths(&search).any(|dir| fs::exists(&dir.join(&program))),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn cargo_puts_our_name_first() {
        let given = |list: &[&str]| arguments(list.iter().map(OsString::from));
        assert_eq!(given(&["x", "sharedtarget", "list"]), ["x", "list"]);
        assert_eq!(
            given(&["x", "list", "sharedtarget"]),
            ["x", "list", "sharedtarget"]
        );
    }

    #[test]
    fn a_glob_without_a_slash_matches_anywhere() {
        let set = globs(&["node_modules".into(), "a/*/c".into()]).expect("globs");
        assert!(set.is_match("x/node_modules"));
        assert!(set.is_match("a/b/c"));
        assert!(!set.is_match("x/a/b/c"));
    }
}
