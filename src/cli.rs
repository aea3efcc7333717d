//! The command line, and the only place that reads the environment.

#![expect(clippy::disallowed_methods, reason = "this module is the edge")]

mod args;
mod cache;
mod environment;
mod examples;
mod hook;
mod mistakes;
mod pages;
mod run;
mod store;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anstream::ColorChoice;
use anyhow::{Context as _, Result, anyhow};
use clap::{CommandFactory as _, Parser as _};
use globset::{GlobBuilder, GlobSetBuilder};
use jiff::Timestamp;

use crate::audit::command::{AuditFormat, AuditOptions};
use crate::cargo::wrapper_script;
use crate::clean::decide::CleanOptions;
use crate::clean::gc::GcOptions;
use crate::cli::args::{
    ActArgs, Cli, Command, DonorArgs, FindArgs, SetupArgs, SpeakArgs, ToneArgs,
};
use crate::cli::mistakes::{is_closed_pipe, print, say};
use crate::fs::Looking;
use crate::plan::conduct::{Format, Ui};
use crate::setup::decide::{ConfigPlace, SetupOptions};
use crate::survey::folder::Layout;
use crate::survey::model::Settings;
use crate::survey::{Environment, Request};
use crate::term::exit::Exit;
use crate::term::{Paths, View};
use crate::text::failure::Hint as _;
use crate::warm::choose_donor::WarmOptions;
use crate::{fs, survey};

/// Reads the command line and runs.
#[must_use]
pub fn main() -> ExitCode {
    let exit = match Cli::try_parse_from(arguments(std::env::args_os())) {
        Err(error) => {
            print(&error);
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
            say(&error);
            Exit::CouldNotRun
        }),
    };
    exit.into()
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
    let command = cli.command.unwrap_or(Command::Setup(cli.setup));
    // A script whose program was kept needs none, and is to begin at once.
    if !matches!(command, Command::Run(_)) {
        make_threads();
    }
    match command {
        Command::Setup(args) => {
            if let Err(message) = check(&args) {
                let kind = clap::error::ErrorKind::ArgumentConflict;
                print(&Cli::command().error(kind, message));
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
                auto_onboard: args.auto_onboard.then(hook::program),
                relink: args.relink,
                no_local: args.local.no_local,
                keep_targets: args.keep_targets,
                settings: Settings {
                    max_size: args.budget.max_size,
                    max_age: args.budget.max_age,
                    keep_programs: args.budget.keep_programs,
                    rustc_wrapper: args.rustc_wrapper.map(wrapper).transpose()?,
                    ..Settings::default()
                },
                allowed_entries: args.delete.allow_entry,
                ..SetupOptions::default()
            };
            crate::setup::command::run(&request, options, &ui)
        }
        Command::List(args) => {
            let (mut request, ui) = prepare(args.find, &args.speak, None)?;
            request.sizes = !args.no_size;
            crate::audit::list::run(&request, &ui)
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
            crate::clean::command::run(&request, &options, &ui)
        }
        Command::Audit(args) => {
            let speak = SpeakArgs {
                format: match args.format {
                    AuditFormat::Json => Format::Json,
                    AuditFormat::Human | AuditFormat::Html => Format::Human,
                },
                tone: args.tone,
            };
            let (mut request, ui) = about_folders(args.find, &speak, None)?;
            // To know what is busy, and what git tracks.
            (request.to_act, request.looks_only) = (true, true);
            let options = AuditOptions {
                format: args.format,
                top: args.top,
                check: args.check,
                max_size: args.max_size,
            };
            crate::audit::command::run(&request, &options, &ui)
        }
        Command::Gc(args) => {
            let (request, ui) = about_folders(args.find, &args.speak, Some(&args.act))?;
            let options = GcOptions {
                older_than: args.older_than,
                toolchain_gone: args.toolchain_gone,
                unreferenced: args.unreferenced,
                superseded: args.superseded,
                incremental: args.incremental,
                profile: args.profile.map(folder_of_profile),
                max_size: args.max_size,
                keep_programs: args.keep_programs,
                ..GcOptions::default()
            };
            crate::clean::gc_command::run(&request, options, args.min_free, &ui)
        }
        Command::Dedupe(args) => {
            let (request, ui) = about_folders(args.find, &args.speak, Some(&args.act))?;
            crate::dedupe::command::run(&request, &ui)
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
            crate::setup::onboard::run(&request, &options, &warm, &ui)
        }
        Command::Warm(args) => {
            let (request, warm, ui) = about_one(args.donor, &args.speak, &args.act, false)?;
            crate::setup::warm::run(&request, &warm, &ui)
        }
        Command::Undo(args) => {
            let (mut request, ui) = prepare(args.find, &args.speak, Some(&args.act))?;
            request.sizes = false;
            request.to_act = false;
            crate::setup::undo::run(&request, &ui)
        }
        Command::Hook(command) => hook::run(command),
        Command::Doctor(args) => {
            let (mut request, ui) = prepare(args.find, &args.speak, Some(&args.act))?;
            // To ask each Cargo, and what git tracks.
            request.to_act = true;
            request.looks_only = !args.fix;
            let program = hook::program();
            match args.fix {
                true => crate::doctor::command::fix(&request, program.as_deref(), &ui),
                false => crate::doctor::command::run(&request, program.as_deref(), &ui),
            }
        }
        Command::Run(args) => run::run(args),
        Command::Completions(args) => pages::completions(&args),
        Command::Man(args) => pages::man(&args),
        Command::Cache(command) => cache::run(command),
        Command::Store(command) => store::run(command),
    }
}

/// Makes the threads by which folders are walked: these are entered by recursion, and somebody may have nested them a
/// thousand deep.
fn make_threads() {
    let _ = rayon::ThreadPoolBuilder::new()
        .stack_size(64 << 20)
        .build_global();
}

/// The folder of a profile. Source: the reference of Cargo, Profiles, on where the built-in ones go.
fn folder_of_profile(profile: String) -> String {
    match profile.as_str() {
        "dev" | "test" => "debug".into(),
        "bench" => "release".into(),
        _ => profile,
    }
}

/// What a command needs that is about single target folders, or about those under roots.
fn about_folders(
    mut find: FindArgs,
    speak: &SpeakArgs,
    act: Option<&ActArgs>,
) -> Result<(Request, Ui)> {
    let mut folders = Vec::new();
    let roots = std::mem::take(&mut find.roots);
    let many = roots.len();
    for root in roots {
        match survey::target_folder(&root) {
            Some((folder, from)) => {
                folders.push(folder);
                find.roots.push(from);
            }
            None => find.roots.push(root),
        }
    }
    let (mut request, ui) = prepare(find, speak, act)?;
    request.sizes = false;
    if !folders.is_empty() && folders.len() < many {
        return Err(anyhow!(
            "expected either target folders, or folders to search for them, and not both"
        ))
        .hint("run this once for each kind");
    }
    request.only_folders = !folders.is_empty();
    request.folders = folders;
    Ok((request, ui))
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
        no_local: args.local.no_local,
    };
    Ok((request, options, ui))
}

fn check(args: &SetupArgs) -> Result<(), &'static str> {
    if args.auto_onboard && cfg!(not(unix)) {
        return Err(
            "--auto-onboard needs a system whose shell runs scripts; the hook does the same",
        );
    }
    match (args.layout, &args.config_at) {
        (Some(Layout::BuildDir), None) => Err(
            "--layout build-dir needs a place for its configuration: --config-at DIR, or --config-at cargo-home",
        ),
        (Some(Layout::BuildDir), Some(_)) | (_, None) => Ok(()),
        (_, Some(_)) if args.rustc_wrapper.is_some() || args.auto_onboard => Ok(()),
        (_, Some(_)) => {
            Err("--config-at belongs to --layout build-dir, --rustc-wrapper or --auto-onboard")
        }
    }
}

fn config_place(at: &Path, request: &Request) -> Result<ConfigPlace> {
    let cargo_folder = if at == Path::new("cargo-home") {
        request.environment.surroundings.cargo_home.clone()
    } else {
        fs::folder(at)
            .hint("--config-at takes a folder above the worktrees, or `cargo-home`")?
            .join(crate::markers::CARGO_FOLDER)
    };
    Ok(ConfigPlace { cargo_folder })
}

/// What every command needs, from its arguments and the environment.
fn prepare(find: FindArgs, speak: &SpeakArgs, act: Option<&ActArgs>) -> Result<(Request, Ui)> {
    set_color(&speak.tone);
    let cwd = cwd()?;
    let home = std::env::home_dir();
    let roots = if find.roots.is_empty() {
        vec![cwd.clone()]
    } else {
        find.roots
    };
    for root in &roots {
        let typed = root.components().count() == 1 && !fs::exists(root);
        if typed {
            return Err(anyhow!(
                "there is no folder and no command `{}`",
                root.display()
            ))
            .hint("`cargo sharedtarget --help` lists the commands");
        }
    }
    let request = Request {
        roots,
        looking: Looking {
            exclude: globs(&find.exclude)?,
            max_depth: find.max_depth,
        },
        inside_root_only: find.inside_root_only,
        focus: None,
        folders: Vec::new(),
        only_folders: false,
        shared_root: find.shared_root.map(|path| cwd.join(path)),
        config_at: None,
        sizes: true,
        to_act: act.is_some(),
        looks_only: false,
        environment: Environment {
            settings: environment::settings()?,
            ..environment::environment(&cwd, home.as_deref())
        },
    };
    let base = fs::canonical(&cwd).unwrap_or(cwd);
    let ui = Ui {
        format: speak.format,
        dry_run: act.is_some_and(|act| act.dry_run),
        yes: act.is_some_and(|act| act.yes),
        quiet: speak.tone.quiet,
        preview_width: width_of(terminal_size::terminal_size_of(std::io::stderr())),
        progress: std::env::var("CARGO_TERM_PROGRESS_WHEN").map_or(true, |when| when != "never"),
        view: View {
            paths: Paths { base, home },
            width: width_of(terminal_size::terminal_size_of(std::io::stdout())),
            links: links(&speak.tone),
            verbose: speak.tone.verbose,
            now: Timestamp::now(),
        },
    };
    Ok((request, ui))
}

fn cwd() -> Result<PathBuf> {
    std::env::current_dir()
        .context("failed to find the current folder")
        .hint("it was deleted or moved, as it seems: change to another one")
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

/// Whether the terminal that answers go to knows links: as Cargo's own setting says, else as far as that can be told.
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

/// A program as configurations name it: by the whole path, since not everybody who builds has our `PATH`.
fn wrapper(given: PathBuf) -> Result<String> {
    let found = match given.components().count() {
        1 => on_path(&given),
        _ => Some(cwd()?.join(&given)).filter(|path| fs::exists(path)),
    };
    let path = found
        .with_context(|| format!("there is no program `{}`", given.display()))
        .hint("name a program on the PATH, or give its path")?;
    let real = fs::canonical(&path)?;
    let script = fs::read_start(&real, 1 << 16).ok().flatten();
    if script.is_some_and(|bytes| wrapper_script::is_begun(&bytes)) {
        return Err(anyhow!(
            "`{}` is the script that --auto-onboard writes, and no compiler cache",
            path.display()
        ))
        .hint("name the program that is to run the compiler");
    }
    let text = path
        .to_str()
        .filter(|text| !text.contains(char::is_control));
    let text = text.map(str::to_owned);
    text.with_context(|| {
        format!(
            "expected a path in Unicode, without line ends and the like: `{}`",
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

    #[test]
    fn a_glob_without_a_slash_matches_anywhere() {
        let set = globs(&["node_modules".into(), "a/*/c".into()]).expect("globs");
        assert!(set.is_match("x/node_modules"));
        assert!(set.is_match("a/b/c"));
        assert!(!set.is_match("x/a/b/c"));
    }
}
