//! The arguments of `clean` and `gc`.

use anyhow::{Result, anyhow};
use clap::Args;
use jiff::Timestamp;

use crate::age::{Age, Moment};
use crate::clean::decide::CleanOptions;
use crate::clean::gc::GcOptions;
use crate::clean::{command, gc_command};
use crate::fs;
use crate::plan::conduct::for_each_shared_root;
use crate::plan::edge::Edge;
use crate::size::Bytes;
use crate::term::args::{ActArgs, DeleteArgs, FindArgs, SpeakArgs, SummaryArgs};
use crate::term::exit::Exit;
use crate::text::failure::Hint as _;

const CLEAN: &str = "\
Examples:
  cargo sharedtarget clean                      delete folders no build will use
  cargo sharedtarget clean --idle 30d ~/code    also folders idle for 30 days
  cargo sharedtarget clean --merged             also those of merged branches
  cargo sharedtarget clean --all -n             show what that would free";

const GC: &str = "\
Examples:
  cargo sharedtarget gc
      delete units that no build will miss, and apply the budget
  cargo sharedtarget gc --older-than 30d
      delete units that were not used for 30 days
  cargo sharedtarget gc --unused-since @start --yes
      in CI, after `touch start`: delete units that the job did not use
  cargo sharedtarget gc --max-size 20GB --keep-programs
      keep to a budget, and keep programs
  cargo sharedtarget gc --incremental=14d --superseded
      delete remains of edits: old incremental data and replaced units";

#[derive(Debug, Args)]
#[command(after_help = CLEAN)]
pub(crate) struct CleanArgs {
    #[command(flatten)]
    find: FindArgs,
    /// Folders that no build will use again: the configuration names another one, or the worktree is gone (default)
    #[arg(long, help_heading = "Rules")]
    stale: bool,
    /// Only folders whose worktree is gone
    #[arg(long, help_heading = "Rules", conflicts_with = "stale")]
    orphaned: bool,
    /// Also folders in use, if no build has used them for this long, such as 30d
    #[arg(long, value_name = "AGE", help_heading = "Rules")]
    idle: Option<Age>,
    /// Also folders of linked worktrees whose branch is merged (also rebased or squashed) into the default branch,
    /// or into the local branch that it follows. The worktrees are kept
    #[arg(long, help_heading = "Rules", conflicts_with = "inside_root_only")]
    merged: bool,
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
#[command(after_help = GC)]
pub(crate) struct GcArgs {
    #[command(flatten)]
    find: FindArgs,
    /// Units that were not used for this long, and no unit that depends on them either, such as 30d
    #[arg(long, value_name = "AGE", help_heading = "Rules")]
    older_than: Option<Age>,
    /// Units that no build has used since START, such as the start of a CI job: seconds since 1970 (`date +%s`), a
    /// time
    /// (2026-11-30T14:40:26Z), how long ago (2h), or the time of a file (@FILE)
    #[arg(long, value_name = "START", help_heading = "Rules")]
    unused_since: Option<Moment>,
    /// Units of compilers that are no longer installed
    #[arg(long, help_heading = "Rules")]
    toolchain_gone: bool,
    /// Units of packages that are in no worktree's Cargo.lock
    #[arg(long, help_heading = "Rules")]
    unreferenced: bool,
    /// Units that have a newer build of the same target in the same profile
    #[arg(long, help_heading = "Rules")]
    superseded: bool,
    /// Incremental data of rustc that was not used for this long [default: any]
    #[arg(
        long,
        value_name = "AGE",
        num_args = 0..=1,
        default_missing_value = "0s",
        require_equals = true,
        help_heading = "Rules"
    )]
    incremental: Option<Age>,
    /// Only in the folders of this profile, such as release; without other rules, everything there
    #[arg(long, value_name = "NAME", help_heading = "Rules")]
    profile: Option<String>,
    /// Least recently used units, until all folders together fit in SIZE, such as 20GB
    #[arg(long, value_name = "SIZE", help_heading = "Rules")]
    max_size: Option<Bytes>,
    /// Least recently used units, until SIZE is free on the filesystem
    #[arg(long, value_name = "SIZE", help_heading = "Rules")]
    min_free: Option<Bytes>,
    /// Keep programs when their units are deleted, and the libraries that they may load
    #[arg(long)]
    keep_programs: bool,
    /// Delete only what the hook would delete: units that the settings limit and that were not used for a day, and
    /// folders of worktrees that have been gone for a day. The timer runs this
    #[arg(
        long,
        conflicts_with_all = [
            "older_than", "toolchain_gone", "unreferenced", "superseded", "incremental", "profile", "max_size", "min_free",
            "keep_programs",
        ]
    )]
    by_settings: bool,
    #[command(flatten)]
    act: ActArgs,
    #[command(flatten)]
    speak: SummaryArgs,
}

impl CleanArgs {
    /// Runs `clean`.
    pub(crate) fn run(self, edge: &dyn Edge) -> Result<Exit> {
        let (request, ui) = edge.prepare(self.find, &self.speak, Some(&self.act))?;
        let options = CleanOptions {
            stale: self.stale || !self.orphaned,
            orphaned: self.orphaned,
            idle: self.idle,
            all: self.all,
            allowed_entries: self.delete.allow_entry,
            ..CleanOptions::default()
        };
        for_each_shared_root(&request, |request| {
            command::run(request, options.clone(), self.merged, &ui)
        })
    }
}

impl GcArgs {
    /// Runs `gc`.
    pub(crate) fn run(self, edge: &dyn Edge) -> Result<Exit> {
        let (speak, markdown) = self.speak.speak();
        if self.by_settings {
            let (mut request, mut ui) = edge.prepare(self.find, &speak, Some(&self.act))?;
            ui.markdown = markdown;
            request.sizes = false;
            return gc_command::by_settings(&request, &ui);
        }
        let (request, mut ui) = edge.about_folders(self.find, &speak, Some(&self.act))?;
        ui.markdown = markdown;
        let since = self.unused_since.map(|moment| resolve(moment, ui.view.now));
        let unused_since = since.transpose()?;
        let options = GcOptions {
            older_than: self.older_than,
            unused_since,
            toolchain_gone: self.toolchain_gone,
            unreferenced: self.unreferenced,
            superseded: self.superseded,
            incremental: self.incremental,
            profile: self.profile.map(folder_of_profile),
            max_size: self.max_size,
            keep_programs: self.keep_programs,
            ..GcOptions::default()
        };
        // A budget is for all folders together.
        let is_one = options.max_size.is_some() || self.min_free.is_some();
        match request.only_folders || is_one {
            true => gc_command::run(&request, options, self.min_free, &ui),
            false => for_each_shared_root(&request, |request| {
                gc_command::run(request, options.clone(), self.min_free, &ui)
            }),
        }
    }
}

/// The time of a moment.
fn resolve(moment: Moment, now: Timestamp) -> Result<Timestamp> {
    match moment {
        Moment::At(at) => Ok(at),
        Moment::Before(Age(age)) => Ok(now.checked_sub(age).unwrap_or(Timestamp::MIN)),
        Moment::Of(file) => {
            let found = fs::info(&file)?.and_then(|info| info.modified);
            found.ok_or_else(|| anyhow!("expected a file: `{}`", file.display())).hint(
                "run `touch FILE` when the job starts, or give seconds since 1970 without the `@`",
            )
        }
    }
}

/// The folder of a profile. Source: the reference of Cargo, Profiles, on where the built-in ones go.
fn folder_of_profile(profile: String) -> String {
    match profile.as_str() {
        "dev" | "test" => "debug".into(),
        "bench" => "release".into(),
        _ => profile,
    }
}
