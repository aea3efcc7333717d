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
use crate::warm::choose_donor::WarmOptions;
use crate::{fs, markers};

pub(crate) const SETUP: &str = "\
Examples:
  cargo sharedtarget setup -n ~/code
      show what would be done
  cargo sharedtarget setup --max-size 20GB
      keep all target folders together below this
  cargo sharedtarget setup --max-size 20GB --schedule daily
      and have a timer see to that, also while no worktree is added
  cargo sharedtarget setup --rustc-wrapper sccache
      let a compiler cache help where sources differ
  cargo sharedtarget setup --new-worktrees in-place
      for worktrees of agents whose sandbox lets them write nothing else
  cargo sharedtarget setup --layout build-dir --config-at ~/code
      once for every future worktree";

const ONBOARD: &str = "\
Examples:
  git worktree add ../topic && cargo sharedtarget onboard ../topic
      what the hook does by itself
  cargo sharedtarget onboard --layout in-place
      build into its own target, as where a sandbox lets nothing else be written";

const WARM: &str = "\
Examples:
  cargo sharedtarget warm                   from the best worktree that is found
  cargo sharedtarget warm --from ../main    from this one
  cargo sharedtarget warm --no-local        third-party crates only";

const UNDO: &str = "\
Examples:
  cargo sharedtarget undo -n    what would be put back";

#[derive(Debug, Args)]
pub(crate) struct SetupArgs {
    #[command(flatten)]
    find: FindArgs,
    /// How target folders are laid out; by default isolated, and in-place where git tracks the configuration
    #[arg(long, value_enum, help_heading = "Layout")]
    layout: Option<Layout>,
    /// The layout of the worktrees that come later, which the hook and onboard follow; by default as the others
    #[arg(long, value_name = "LAYOUT", value_enum, help_heading = "Layout")]
    new_worktrees: Option<WorktreeLayout>,
    /// Leave workspaces without another worktree as they are: nothing is shared with them yet
    #[arg(long, help_heading = "Layout")]
    worktrees_only: bool,
    /// Also set a build-dir that keeps apart what lies inside a worktree and was not set up; by default where something
    /// does
    #[arg(long, help_heading = "Layout", overrides_with = "no_guard")]
    guard: bool,
    /// Set no such build-dir: what lies inside a worktree and was not set up builds into its folder
    #[arg(long, help_heading = "Layout", overrides_with = "guard")]
    no_guard: bool,
    /// For the layout build-dir, --rustc-wrapper and --auto-onboard: the folder for one configuration above all, or
    /// `cargo-home`
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
    /// Have Cargo run the compiler by this program: sccache, kache, or a path
    #[arg(long, value_name = "PROGRAM", help_heading = "Layout")]
    rustc_wrapper: Option<PathBuf>,
    /// With --config-at: have Cargo itself set up a new worktree at its first build, where no hook does
    #[arg(long, requires = "config_at", help_heading = "Layout")]
    auto_onboard: bool,
    /// Leave git hooks as they are: a worktree that is made inside another one builds into its folder until it is set up,
    /// but for --guard
    #[arg(
        long,
        env = "CARGO_SHAREDTARGET_NO_HOOK",
        hide_env_values = true,
        value_parser = BoolishValueParser::new()
    )]
    no_hook: bool,
    /// Also have warm worktrees share the libraries that came out the same, as far as nothing is compiled for it
    #[arg(long)]
    relink: bool,
    /// Move the target folders of the worktrees that were built within this, and of main worktrees, in place of deleting
    /// them
    #[arg(long, value_name = "AGE", default_value = "3d")]
    keep_built_within: Age,
    /// Move no target folder: delete all that are replaced
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
    /// Have a timer of the system (systemd, launchd, Task Scheduler) delete by itself what the hook would; off takes it out
    #[arg(
        long,
        value_name = "WHEN",
        value_enum,
        help_heading = "Budget, kept to by gc and onboard"
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

/// What is written into the settings file.
#[derive(Debug, Args)]
pub(crate) struct BudgetArgs {
    /// What all target folders may take together, such as 20GB
    #[arg(
        long,
        value_name = "SIZE",
        help_heading = "Budget, kept to by gc and onboard"
    )]
    max_size: Option<Bytes>,
    /// How much is to be free on the filesystem of the shared root, such as 30GB
    #[arg(
        long,
        value_name = "SIZE",
        help_heading = "Budget, kept to by gc and onboard"
    )]
    min_free: Option<Bytes>,
    /// How long units that nobody uses stay, such as 30d
    #[arg(
        long,
        value_name = "AGE",
        help_heading = "Budget, kept to by gc and onboard"
    )]
    max_age: Option<Age>,
    /// Leave programs where they lie when their units go
    #[arg(
        long,
        value_name = "BOOL",
        num_args = 0..=1,
        default_missing_value = "true",
        require_equals = true,
        value_parser = BoolishValueParser::new(),
        help_heading = "Budget, kept to by gc and onboard"
    )]
    keep_programs: Option<bool>,
}

#[derive(Debug, Args)]
pub(crate) struct DonorArgs {
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
    #[command(flatten)]
    local: LocalArgs,
    /// The folder that holds all target folders [default: the one already configured]
    #[arg(long, value_name = "DIR")]
    shared_root: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = ONBOARD)]
pub(crate) struct OnboardArgs {
    #[command(flatten)]
    donor: DonorArgs,
    /// How its target folder is laid out; by default as setup has decided, and in-place where the shared root cannot be
    /// written
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
            return Err(
                "--auto-onboard needs a system whose shell runs scripts; the hook does the same",
            );
        }
        match (self.layout, &self.config_at) {
            (Some(Layout::BuildDir), None) => Err(
                "--layout build-dir needs a place for its configuration: --config-at DIR, or --config-at cargo-home",
            ),
            (Some(Layout::BuildDir), Some(_)) | (_, None) => Ok(()),
            (_, Some(_)) if self.rustc_wrapper.is_some() || self.auto_onboard => Ok(()),
            (_, Some(_)) => {
                Err("--config-at belongs to --layout build-dir, --rustc-wrapper or --auto-onboard")
            }
        }
    }
}

fn config_place(at: &Path, request: &Request) -> Result<ConfigPlace> {
    let cargo_folder = if at == Path::new("cargo-home") {
        request.environment.surroundings.cargo_home.clone()
    } else {
        fs::folder(at)
            .hint("--config-at takes a folder above the worktrees, or `cargo-home`")?
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
