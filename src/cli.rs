//! The command line, and the only place that reads the environment.

#![expect(clippy::disallowed_methods, reason = "this module is the edge")]

mod cache;
mod environment;
mod log;
mod mistakes;
mod pages;
mod run;
mod rust_script;
mod thag;
mod threads;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anstream::ColorChoice;
use anyhow::{Context as _, Result, anyhow};
use clap::error::ErrorKind;
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use jiff::Timestamp;
use tracing::info;
use tracing::level_filters::LevelFilter;

use crate::audit::args::{AuditArgs, ListArgs};
use crate::cargo::wrapper_script;
use crate::clean::args::{CleanArgs, GcArgs};
use crate::cli::mistakes::{is_closed_pipe, print, say};
use crate::dedupe::args::DedupeArgs;
use crate::doctor::args::DoctorArgs;
use crate::hook::args::HookCommand;
use crate::plan::conduct::{Format, Ui};
use crate::plan::edge::Edge;
use crate::script::args::{CacheCommand, RunArgs};
use crate::setup::args::{OnboardArgs, SetupArgs, UndoArgs, WarmArgs};
use crate::store::args::StoreCommand;
use crate::survey::{Environment, Request, root_around};
use crate::term::args::{ActArgs, FindArgs, SpeakArgs, ToneArgs};
use crate::term::exit::Exit;
use crate::term::{Paths, View};
use crate::text::failure::Hint as _;
use crate::why::args::WhyArgs;
use crate::{fs, setup};

/// Exit codes, and what most people want.
const EXAMPLES: &str = "\
Exit codes:
  0    done, or nothing to do
  1    some actions failed or were skipped
  2    wrong usage
  3    deletions were not confirmed, and nothing was changed
  101  could not run

Examples:
  cargo sharedtarget --dry-run ~/code    show what setup would do
  cargo sharedtarget ~/code              show the plan, ask, then do it
  cargo sharedtarget warm                take units from other worktrees
  cargo sharedtarget list                list target folders and their sizes
  cargo sharedtarget clean --idle 30d    also delete folders idle for 30 days
  cargo sharedtarget dedupe ~/code       store identical files only once
  cargo sharedtarget run report.rs       run a single-file script
  cargo sharedtarget store harvest       keep crates for later clones
  cargo sharedtarget undo                restore configurations and target folders";

/// Many git worktrees, one build's worth of disk: warm, correct and parallel, with plain cargo build.
///
/// Without a command, sets up every workspace and worktree under ROOT, as `setup` does.
#[derive(Debug, Parser)]
#[command(name = "cargo-sharedtarget", bin_name = "cargo sharedtarget", version, max_term_width = 100, after_help = EXAMPLES)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    setup: SetupArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Give each worktree its own target folder under one shared root; delete replaced folders
    #[command(after_help = setup::args::SETUP)]
    Setup(SetupArgs),
    /// List workspaces and target folders: size, last change, state
    List(ListArgs),
    /// Delete whole target folders, by default those that no build will use again
    Clean(CleanArgs),
    /// Explain the size of target folders, and suggest how to reduce it
    Audit(AuditArgs),
    /// Explain why the last build compiled each unit, and what would have shared it
    Why(WhyArgs),
    /// Delete single units of target folders, by default those that no build will miss
    Gc(GcArgs),
    /// Store identical files of several target folders once; delete nothing
    Dedupe(DedupeArgs),
    /// Configure and warm one worktree, fast enough for a git hook
    Onboard(OnboardArgs),
    /// Fill a worktree's target folder with units that other worktrees have compiled
    Warm(WarmArgs),
    /// Find problems of the setup: why each one matters, and its fix
    Doctor(DoctorArgs),
    /// Run a single-file script; keep its program, and compile dependencies once for all scripts
    Run(RunArgs),
    /// Show or clean the cache of scripts: kept programs and compiled dependencies
    #[command(subcommand)]
    Cache(CacheCommand),
    /// Keep third-party crates beyond their target folders, and exchange them with others
    #[command(subcommand)]
    Store(StoreCommand),
    /// Restore configurations, git excludes and hooks, and move target folders back
    Undo(UndoArgs),
    /// Print a completion script for a shell
    Completions(pages::CompletionsArgs),
    /// Write the manual pages
    #[command(hide = true)]
    Man(pages::ManArgs),
    /// Install or remove the git hook that sets up each new worktree
    #[command(subcommand)]
    Hook(HookCommand),
}

/// Reads the command line and runs.
#[must_use]
pub fn main() -> ExitCode {
    if rust_script::is_called(std::env::args_os().next().as_ref()) {
        return rust_script::main();
    }
    if thag::is_called(std::env::args_os().next().as_ref()) {
        return thag::main();
    }
    let exit = match parse(arguments(std::env::args_os())) {
        Err(error) => {
            print(&error);
            if error.use_stderr() {
                Exit::Usage
            } else {
                Exit::Done
            }
        }
        Ok(asked) => run(asked).unwrap_or_else(|error| {
            if is_closed_pipe(&error) {
                return Exit::Done;
            }
            match error.downcast::<clap::Error>() {
                // Some are found only when the command runs.
                Ok(mistake) => {
                    print(&mistake.format(&mut Cli::command()));
                    Exit::Usage
                }
                Err(error) => {
                    say(&error);
                    Exit::CouldNotRun
                }
            }
        }),
    };
    info!(?exit, "ends");
    exit.into()
}

/// The command line of `run` alone.
#[derive(Debug, Parser)]
#[command(name = "run", disable_help_flag = true)]
struct RunAlone {
    #[command(flatten)]
    args: RunArgs,
}

/// A command line.
enum Asked {
    /// For a script.
    Run(Box<RunArgs>),
    Any(Box<Cli>),
}

/// Reads the command line, and starts the log that it asks for.
fn parse(arguments: Vec<OsString>) -> Result<Asked, clap::Error> {
    // To describe all commands takes longer than all the rest of a script's start. What is wrong, or asks for help, is told
    // by the whole.
    if arguments.get(1).is_some_and(|command| command == "run")
        && let Ok(matches) = RunAlone::command().try_get_matches_from(&arguments[1..])
        && let Ok(run) = RunAlone::from_arg_matches(&matches)
    {
        log::start(&matches, &arguments)?;
        return Ok(Asked::Run(Box::new(run.args)));
    }
    let matches = Cli::command().try_get_matches_from(&arguments)?;
    log::start(&matches, &arguments)?;
    Cli::from_arg_matches(&matches)
        .map(|cli| Asked::Any(Box::new(cli)))
        .map_err(|error| error.format(&mut Cli::command()))
}

/// Cargo calls us with our own name as the first argument.
fn arguments(args: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut args: Vec<OsString> = args.collect();
    if args.get(1).is_some_and(|first| first == "sharedtarget") {
        args.remove(1);
    }
    args
}

fn run(asked: Asked) -> Result<Exit> {
    let cli = match asked {
        Asked::Run(args) => {
            cwd()?;
            return run::run(&args);
        }
        Asked::Any(cli) => *cli,
    };
    if cli.command.is_none() {
        cli.setup
            .roots()
            .iter()
            .try_for_each(|root| folder_or_command(root))?;
    }
    let command = cli.command.unwrap_or(Command::Setup(cli.setup));
    if !matches!(command, Command::Completions(_) | Command::Man(_)) {
        cwd()?;
    }
    // A script whose program was kept needs none, and is to begin at once.
    if !matches!(command, Command::Run(_)) {
        threads::make();
    }
    let edge = CommandLine;
    match command {
        Command::Setup(args) => args.run(&edge),
        Command::List(args) => args.run(&edge),
        Command::Clean(args) => args.run(&edge),
        Command::Audit(args) => args.run(&edge),
        Command::Why(args) => args.run(&edge),
        Command::Gc(args) => args.run(&edge),
        Command::Dedupe(args) => args.run(&edge),
        Command::Onboard(args) => args.run(&edge),
        Command::Warm(args) => args.run(&edge),
        Command::Doctor(args) => args.run(&edge),
        Command::Run(args) => run::run(&args),
        Command::Cache(command) => cache::run(command),
        Command::Store(command) => command.run(&edge),
        Command::Undo(args) => args.run(&edge),
        Command::Completions(args) => pages::completions(&args),
        Command::Man(args) => pages::man(&args),
        Command::Hook(command) => command.run(&edge),
    }
}

/// Refuses a word that names neither a folder nor a command, and suggests the command that is most like it.
fn folder_or_command(word: &Path) -> Result<(), clap::Error> {
    /// As clap has it.
    const ALIKE: f64 = 0.7;
    if word.components().count() != 1 || fs::exists(word) {
        return Ok(());
    }
    let word = word.to_string_lossy();
    let command = Cli::command();
    let names = command.get_subcommands().filter(|one| !one.is_hide_set());
    let alike = names
        .map(|one| (strsim::jaro(&word, one.get_name()), one.get_name()))
        .filter(|(alike, _)| *alike > ALIKE)
        .max_by(|one, other| one.0.total_cmp(&other.0));
    let hint = match alike {
        Some((_, name)) => format!("did you mean `cargo sharedtarget {name}`?"),
        None => "`cargo sharedtarget --help` lists the commands".to_owned(),
    };
    let message = format!("there is no folder and no command `{word}`\nhint: {hint}");
    Err(clap::Error::raw(ErrorKind::InvalidSubcommand, message))
}

/// The edge of the program: arguments and the environment.
struct CommandLine;

impl Edge for CommandLine {
    fn prepare(
        &self,
        find: FindArgs,
        speak: &SpeakArgs,
        act: Option<&ActArgs>,
    ) -> Result<(Request, Ui)> {
        prepare(find, speak, act)
    }

    fn program(&self, given: &Path) -> Result<String> {
        wrapper(given)
    }
}

/// The request and the screen that every command needs, from its arguments and the environment.
fn prepare(find: FindArgs, speak: &SpeakArgs, act: Option<&ActArgs>) -> Result<(Request, Ui)> {
    set_color(&speak.tone);
    let cwd = cwd()?;
    let home = std::env::home_dir();
    let looking = find.looking()?;
    let is_searched_above = find.roots.is_empty();
    let roots = if find.roots.is_empty() {
        vec![root_around(&cwd)]
    } else {
        find.roots
    };
    let request = Request {
        roots,
        looking,
        inside_root_only: find.inside_root_only,
        focus: None,
        folders: Vec::new(),
        only_folders: false,
        shared_root: find.shared_root.map(|path| cwd.join(path)),
        config_at: None,
        sizes: true,
        to_act: act.is_some(),
        configures: false,
        looks_only: false,
        environment: Environment {
            settings: environment::settings()?,
            ..environment::environment(&cwd, home.as_deref())
        },
    };
    let base = fs::canonical(&cwd).unwrap_or(cwd);
    let ui = Ui {
        format: speak.format,
        markdown: false,
        dry_run: act.is_some_and(|act| act.dry_run),
        yes: act.is_some_and(|act| act.yes),
        quiet: speak.tone.quiet,
        preview_width: width_of(terminal_size::terminal_size_of(std::io::stderr())),
        // It would move over the log.
        progress: LevelFilter::current() == LevelFilter::OFF
            && std::env::var("CARGO_TERM_PROGRESS_WHEN").map_or(true, |when| when != "never"),
        view: View {
            paths: Paths { base, home },
            width: width_of(terminal_size::terminal_size_of(std::io::stdout())),
            links: links(&speak.tone),
            verbose: speak.tone.verbose > 0,
            now: Timestamp::now(),
        },
    };
    if let [root] = &request.roots[..]
        && is_searched_above
        && fs::canonical(root).is_ok_and(|root| root != ui.view.paths.base)
        && ui.format == Format::Human
    {
        let shown = ui.view.paths.show(root);
        ui.narrate(&format!(
            "searching {shown}, the workspace around the current folder"
        ))?;
    }
    Ok((request, ui))
}

fn cwd() -> Result<PathBuf> {
    std::env::current_dir()
        .context("failed to find the current folder")
        .hint("change to another folder; this one seems to be deleted or moved")
}

fn width_of(size: Option<(terminal_size::Width, terminal_size::Height)>) -> Option<usize> {
    size.map(|(width, _)| usize::from(width.0))
}

/// Flags beat Cargo's variable, which beats `NO_COLOR` and the like.
fn set_color(tone: &ToneArgs) {
    match color_choice(tone) {
        Some(true) => ColorChoice::Always.write_global(),
        Some(false) => ColorChoice::Never.write_global(),
        None => {}
    }
}

/// Whether the user wants colours; nothing where it depends on the terminal.
fn color_choice(tone: &ToneArgs) -> Option<bool> {
    let cargo = std::env::var("CARGO_TERM_COLOR").ok();
    match tone.color.as_deref().or(cargo.as_deref()) {
        Some("always") => Some(true),
        Some("never") => Some(false),
        _ => None,
    }
}

/// Whether the terminal that answers go to knows links: as Cargo's own setting says, else as far as the environment
/// shows.
fn links(tone: &ToneArgs) -> bool {
    let said = std::env::var("CARGO_TERM_HYPERLINKS").ok();
    let wanted = match said.as_deref() {
        Some("true") => true,
        Some("false") => false,
        _ => supports_hyperlinks::on(supports_hyperlinks::Stream::Stdout),
    };
    // Where there is no terminal, they go with the colours.
    wanted && color_choice(tone) != Some(false)
}

/// A program as configurations name it: by the whole path, since not everybody who builds has our `PATH`.
fn wrapper(given: &Path) -> Result<String> {
    let found = match given.components().count() {
        1 => on_path(given),
        _ => Some(cwd()?.join(given)).filter(|path| fs::exists(path)),
    };
    let path = found
        .with_context(|| format!("there is no program `{}`", given.display()))
        .hint("name a program on the PATH, or give its path")?;
    let real = fs::canonical(&path)?;
    let script = fs::read_start(&real, 1 << 16).ok().flatten();
    if script.is_some_and(|bytes| wrapper_script::is_begun(&bytes)) {
        return Err(anyhow!(
            "`{}` is the script of --auto-onboard, not a compiler cache",
            path.display()
        ))
        .hint("name a program that runs the compiler, such as sccache");
    }
    let text = path
        .to_str()
        .filter(|text| !text.contains(char::is_control));
    let text = text.map(str::to_owned);
    text.with_context(|| {
        format!(
            "expected a UTF-8 path without control characters: `{}`",
            path.display()
        )
    })
}

/// Where a program is on the `PATH`.
fn on_path(name: &Path) -> Option<PathBuf> {
    let search = std::env::var_os("PATH").unwrap_or_default();
    let mut file = name.as_os_str().to_owned();
    if name.extension().is_none() {
        file.push(std::env::consts::EXE_SUFFIX);
    }
    // A relative one leads into the folder that we were started in, which may be a clone.
    let folders = std::env::split_paths(&search).filter(|folder| folder.is_absolute());
    let mut all = folders.map(|folder| folder.join(&file));
    all.find(|path| fs::exists(path))
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
}
