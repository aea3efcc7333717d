//! The arguments of `setup`, `onboard`, `warm` and `undo`.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use clap::builder::BoolishValueParser;
use clap::error::ErrorKind;

use crate::age::Age;
use crate::plan::conduct::{Ui, for_each_shared_root};
use crate::plan::edge::Edge;
use crate::setup::decide::{ConfigPlace, SetupOptions};
use crate::setup::timer::model::Schedule;
use crate::setup::{command, onboard, undo, warm};
use crate::size::Bytes;
use crate::survey::Request;
use crate::survey::folder::{Layout, WorktreeLayout};
use crate::survey::model::Settings;
use crate::term::args::{ActArgs, DeleteArgs, FindArgs, LocalArgs, SpeakArgs};
use crate::term::exit::Exit;
use crate::text::failure::Hint as _;
use crate::warm::options::WarmOptions;
use crate::{fs, markers};

pub(crate) const SETUP: &str = "\
Examples:
  cargo sharedtarget setup -n ~/code
      show the plan
  cargo sharedtarget setup --max-size 20GB
      limit the size of all target folders together
  cargo sharedtarget setup --max-size 20GB --schedule daily
      also set a timer that keeps to this limit
  cargo sharedtarget setup --rustc-wrapper sccache
      add a compiler cache for crates that differ between worktrees
  cargo sharedtarget setup --new-worktrees in-place
      for agents whose sandbox can write only to the worktree
  cargo sharedtarget setup --layout build-dir --config-at ~/code
      configure all future worktrees once";

const ONBOARD: &str = "\
Examples:
  git worktree add ../topic && cargo sharedtarget onboard ../topic
      do by hand what the hook does
  cargo sharedtarget onboard --layout in-place
      keep the worktree's own target folder, as in a sandbox";

const WARM: &str = "\
Examples:
  cargo sharedtarget warm                   from the best donor
  cargo sharedtarget warm --from ../main    from this donor
  cargo sharedtarget warm --no-local        third-party crates only";

const UNDO: &str = "\
Examples:
  cargo sharedtarget undo -n    show what it would restore";

#[derive(Debug, Args)]
pub(crate) struct SetupArgs {
    #[command(flatten)]
    find: FindArgs,
    /// The layout of target folders [default: isolated; in-place where git tracks the configuration]
    #[arg(long, value_enum, help_heading = "Layout")]
    layout: Option<Layout>,
    /// The layout of later worktrees, for the hook and onboard [default: the layout of the others]
    #[arg(long, value_name = "LAYOUT", value_enum, help_heading = "Layout")]
    new_worktrees: Option<WorktreeLayout>,
    /// Leave out workspaces that have no other worktree to share with
    #[arg(long, help_heading = "Layout")]
    worktrees_only: bool,
    /// Also write a guard: a build-dir that gives worktrees and workspaces inside a worktree folders of their own
    /// until they are set up [default: where there are any]
    #[arg(long, help_heading = "Layout", overrides_with = "no_guard")]
    guard: bool,
    /// Write no guard: worktrees and workspaces inside a worktree build into its folder until they are set up
    #[arg(long, help_heading = "Layout", overrides_with = "guard")]
    no_guard: bool,
    /// The folder for one configuration above all worktrees, or `cargo-home`; for the layout build-dir,
    /// --rustc-wrapper and --auto-onboard
    #[arg(long, value_name = "DIR|cargo-home", help_heading = "Layout")]
    config_at: Option<PathBuf>,
    /// Edit configurations that git tracks
    #[arg(long, help_heading = "Layout")]
    edit_tracked: bool,
    /// Replace a target-dir or build-dir that you set yourself
    #[arg(long, help_heading = "Layout")]
    replace: bool,
    /// Allow the layout flat for several worktrees, where Cargo runs one worktree's code for another's
    #[arg(long, help_heading = "Layout")]
    allow_unsafe_sharing: bool,
    /// Set the program by which Cargo runs the compiler: sccache, kache, or a path
    #[arg(long, value_name = "PROGRAM", help_heading = "Layout")]
    rustc_wrapper: Option<PathBuf>,
    /// With --config-at: let Cargo set up a new worktree at its first build, if no git hook has done so
    #[arg(long, requires = "config_at", help_heading = "Layout")]
    auto_onboard: bool,
    /// Do not install the git hook. Without the hook and --guard, a new worktree inside another one builds into
    /// that one's folder until it is set up
    #[arg(
        long,
        env = "CARGO_SHAREDTARGET_NO_HOOK",
        hide_env_values = true,
        value_parser = BoolishValueParser::new()
    )]
    no_hook: bool,
    /// Also share identical libraries that warm worktrees have compiled separately, if that causes no rebuild
    #[arg(long)]
    relink: bool,
    /// Move instead of delete the target folders of main worktrees and of worktrees built within AGE
    #[arg(long, value_name = "AGE", default_value = "3d")]
    keep_built_within: Age,
    /// Move no target folder; delete every replaced one
    #[arg(
        long,
        env = "CARGO_SHAREDTARGET_RECLAIM_ALL",
        hide_env_values = true,
        value_parser = BoolishValueParser::new()
    )]
    reclaim_all: bool,
    /// Delete nothing
    #[arg(long)]
    keep_targets: bool,
    /// Set a system timer (systemd, launchd, Task Scheduler) that deletes what the hook would delete; `off` removes
    /// it
    #[arg(
        long,
        value_name = "WHEN",
        value_enum,
        help_heading = "Budget, applied by gc and onboard"
    )]
    schedule: Option<Schedule>,
    #[command(flatten)]
    budget: BudgetArgs,
    #[command(flatten)]
    local: LocalArgs,
    #[command(flatten)]
    delete: DeleteArgs,
    #[command(flatten)]
    act: ActArgs,
    #[command(flatten)]
    speak: SpeakArgs,
}

/// The settings that are written into the settings file.
#[derive(Debug, Args)]
pub(crate) struct BudgetArgs {
    /// Limit for the size of all target folders together, such as 20GB
    #[arg(
        long,
        value_name = "SIZE",
        help_heading = "Budget, applied by gc and onboard"
    )]
    max_size: Option<Bytes>,
    /// Space to keep free on the filesystem of the shared root, such as 30GB
    #[arg(
        long,
        value_name = "SIZE",
        help_heading = "Budget, applied by gc and onboard"
    )]
    min_free: Option<Bytes>,
    /// Delete units that no build has used for this long, such as 30d
    #[arg(
        long,
        value_name = "AGE",
        help_heading = "Budget, applied by gc and onboard"
    )]
    max_age: Option<Age>,
    /// Keep programs when their units are deleted
    #[arg(
        long,
        value_name = "BOOL",
        num_args = 0..=1,
        default_missing_value = "true",
        require_equals = true,
        value_parser = BoolishValueParser::new(),
        help_heading = "Budget, applied by gc and onboard"
    )]
    keep_programs: Option<bool>,
}

#[derive(Debug, Args)]
pub(crate) struct DonorArgs {
    /// The worktree, or a folder in it [default: the current folder]
    worktree: Option<PathBuf>,
    /// The donor: a target folder, or a workspace that has one [default: the best one found]
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,
    /// Also take units of packages that are not in the worktree's Cargo.lock
    #[arg(long)]
    all_units: bool,
    /// Wait until no build holds the donor's lock
    #[arg(long)]
    wait: bool,
    #[command(flatten)]
    local: LocalArgs,
    /// The folder that holds all target folders [default: the configured one]
    #[arg(long, value_name = "DIR")]
    shared_root: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = ONBOARD)]
pub(crate) struct OnboardArgs {
    #[command(flatten)]
    donor: DonorArgs,
    /// The layout of its target folder [default: as setup has decided; in-place where the shared root is not
    /// writable]
    #[arg(long, value_enum)]
    layout: Option<WorktreeLayout>,
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
#[command(after_help = WARM)]
pub(crate) struct WarmArgs {
    #[command(flatten)]
    donor: DonorArgs,
    #[command(flatten)]
    act: ActArgs,
    #[command(flatten)]
    speak: SpeakArgs,
}

#[derive(Debug, Args)]
#[command(after_help = UNDO)]
pub(crate) struct UndoArgs {
    #[command(flatten)]
    find: FindArgs,
    #[command(flatten)]
    act: ActArgs,
    #[command(flatten)]
    speak: SpeakArgs,
}

impl SetupArgs {
    /// The folders to search, as they were given.
    pub(crate) fn roots(&self) -> &[PathBuf] {
        &self.find.roots
    }

    /// Runs `setup`.
    pub(crate) fn run(self, edge: &dyn Edge) -> Result<Exit> {
        self.check()
            .map_err(|message| clap::Error::raw(ErrorKind::ArgumentConflict, message))?;
        let (mut request, ui) = edge.prepare(self.find, &self.speak, Some(&self.act))?;
        request.configures = true;
        let place = self.config_at.as_deref();
        let place = place.map(|at| config_place(at, &request)).transpose()?;
        request.config_at = place.as_ref().map(|place| place.cargo_folder.clone());
        let wrapper = self.rustc_wrapper.as_deref();
        let program = &request.environment.program;
        let options = SetupOptions {
            layout: self.layout,
            new_worktrees: self.new_worktrees,
            guard: (self.guard || self.no_guard).then_some(self.guard),
            edit_tracked: self.edit_tracked,
            replace: self.replace,
            config_at: place,
            allow_unsafe_sharing: self.allow_unsafe_sharing,
            auto_onboard: self.auto_onboard.then(|| program.clone()),
            relink: self.relink,
            worktrees_only: self.worktrees_only,
            no_hook: self.no_hook,
            no_local: self.local.no_local,
            keep_targets: self.keep_targets,
            move_built_since: (!self.reclaim_all).then(|| ui.view.now - self.keep_built_within.0),
            settings: Settings {
                max_size: self.budget.max_size,
                min_free: self.budget.min_free,
                max_age: self.budget.max_age,
                keep_programs: self.budget.keep_programs,
                rustc_wrapper: wrapper.map(|given| edge.program(given)).transpose()?,
                ..Settings::default()
            },
            allowed_entries: self.delete.allow_entry,
            ..SetupOptions::default()
        };
        for_each_shared_root(&request, |request| {
            command::run(request, options.clone(), self.schedule, &ui)
        })
    }

    fn check(&self) -> Result<(), &'static str> {
        if self.auto_onboard && cfg!(not(unix)) {
            return Err("--auto-onboard does not work on Windows; use the git hook instead");
        }
        match (self.layout, &self.config_at) {
            (Some(Layout::BuildDir), None) => {
                Err("expected --config-at DIR or --config-at cargo-home with --layout build-dir")
            }
            (Some(Layout::BuildDir), Some(_)) | (_, None) => Ok(()),
            (_, Some(_)) if self.rustc_wrapper.is_some() || self.auto_onboard => Ok(()),
            (_, Some(_)) => Err(
                "expected --layout build-dir, --rustc-wrapper or --auto-onboard with --config-at",
            ),
        }
    }
}

fn config_place(at: &Path, request: &Request) -> Result<ConfigPlace> {
    let cargo_folder = if at == Path::new("cargo-home") {
        request.environment.surroundings.cargo_home.clone()
    } else {
        fs::folder(at)
            .hint("expected a folder above the worktrees, or `cargo-home`, for --config-at")?
            .join(markers::CARGO_FOLDER)
    };
    Ok(ConfigPlace { cargo_folder })
}

impl DonorArgs {
    fn prepare(
        self,
        edge: &dyn Edge,
        speak: &SpeakArgs,
        act: &ActArgs,
    ) -> Result<(Request, WarmOptions, Ui)> {
        let (request, ui) =
            edge.about_worktree(self.worktree, self.shared_root, speak, Some(act))?;
        let options = WarmOptions {
            from: self.from,
            all_units: self.all_units,
            wait: self.wait,
            no_local: self.local.no_local,
        };
        Ok((request, options, ui))
    }
}

impl OnboardArgs {
    /// Runs `onboard`.
    pub(crate) fn run(self, edge: &dyn Edge) -> Result<Exit> {
        let (mut request, warm, ui) = self.donor.prepare(edge, &self.speak, &self.act)?;
        (request.to_act, request.configures) = (true, true);
        let options = SetupOptions {
            layout: self.layout.map(Into::into),
            edit_tracked: self.edit_tracked,
            replace: self.replace,
            ..SetupOptions::default()
        };
        onboard::run(&request, &options, &warm, &ui)
    }
}

impl WarmArgs {
    /// Runs `warm`.
    pub(crate) fn run(self, edge: &dyn Edge) -> Result<Exit> {
        let (request, options, ui) = self.donor.prepare(edge, &self.speak, &self.act)?;
        warm::run(&request, &options, &ui)
    }
}

impl UndoArgs {
    /// Runs `undo`.
    pub(crate) fn run(self, edge: &dyn Edge) -> Result<Exit> {
        let (mut request, ui) = edge.prepare(self.find, &self.speak, Some(&self.act))?;
        request.to_act = false;
        for_each_shared_root(&request, |request| undo::run(request, &ui))
    }
}
