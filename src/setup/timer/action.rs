//! Writes the files of timers, and has the system take notice.

use std::path::Path;

use crate::plan::action::{Action, Change, Kind, Section};
use crate::plan::outcome::{Came, Stopped};
use crate::plan::run::{Context, Run};
use crate::setup::timer::files;
use crate::setup::timer::model::{SwitchTimer, Switched, WriteTimer};
use crate::setup::timer::report::SECTION;
use crate::setup::write;
use crate::survey::records;
use crate::survey::timer_files::TimerSystem;
use crate::text::failure;
use crate::{fs, process};

impl Action for WriteTimer {
    fn kind(&self) -> Kind {
        Self::KIND
    }

    fn path(&self) -> &Path {
        &self.edit.file
    }

    fn recorded_edit(&self) -> Option<&crate::plan::action::EditFile> {
        Some(&self.edit)
    }

    fn section(&self) -> &'static Section {
        &SECTION
    }

    fn apply(&self, run: &Run<'_>) -> Result<Came, Stopped> {
        if let Some(why) = &run.not_recorded {
            return Err(Stopped::Failed(format!(
                "not changed, because undo could not restore it: {why}"
            )));
        }
        write::write(&self.edit)?;
        if self.edit.change == Change::Remove {
            remove_folders(&self.edit.file, run.context);
        }
        Ok(Came::default())
    }
}

/// Removes the folders that were made for a file, as far as nothing else came into them.
fn remove_folders(file: &Path, context: &Context<'_>) {
    let journal = context.records.map(records::read_journal);
    let made = journal
        .and_then(Result::ok)
        .and_then(|journal| journal.made_folders(file));
    if let (Some(made), Some(folder)) = (made, file.parent()) {
        fs::remove_empty_folders(folder, made);
    }
}

impl Action for SwitchTimer {
    fn kind(&self) -> Kind {
        Self::KIND
    }

    fn path(&self) -> &Path {
        &self.file
    }

    fn section(&self) -> &'static Section {
        &SECTION
    }

    fn apply(&self, run: &Run<'_>) -> Result<Came, Stopped> {
        match self.on {
            true => self.start(run),
            false => self.stop(),
        }
    }
}

impl SwitchTimer {
    fn start(&self, run: &Run<'_>) -> Result<Came, Stopped> {
        let mut planned = run.plan.all::<WriteTimer>();
        let missing = planned.find(|one| {
            let file = &one.edit.file;
            file.with_extension("") == self.file.with_extension("")
                && !run.outcome(|outcome| outcome.did(WriteTimer::KIND, file))
        });
        if let Some(one) = missing {
            let file = one.edit.file.display();
            return Err(Stopped::Skipped(format!("`{file}` was not written")));
        }
        if let Some(link) = &self.link
            && !fs::exists(link)
        {
            if let Some(folder) = link.parent() {
                fs::create_folder(folder)?;
            }
            fs::link_to(&self.file, link)?;
        }
        if !self.answers {
            return Ok(self.switched());
        }
        let started = match self.system {
            TimerSystem::Systemd => {
                let tell = |words: &[&str]| {
                    let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
                    process::tell_system("systemctl", &words)
                };
                let unit = format!("{}.timer", self.name);
                // One that is at work goes by its file of before until it is started again.
                tell(&["--user", "daemon-reload"])
                    .and_then(|()| tell(&["--user", "enable", &unit]))
                    .and_then(|()| tell(&["--user", "restart", &unit]))
            }
            TimerSystem::Launchd => {
                if self.active {
                    let _ = self.tell(false);
                }
                self.tell(true)
            }
            TimerSystem::TaskScheduler => self.tell(true),
        };
        let failed = |error: anyhow::Error| {
            let (why, command) = (failure::words(error.as_ref()), self.command());
            Stopped::Failed(format!("{why}; `{command}` starts the timer"))
        };
        started.map(|()| self.switched()).map_err(failed)
    }

    fn stop(&self) -> Result<Came, Stopped> {
        let mut stopped = Ok(());
        if self.answers && (self.active || self.system == TimerSystem::Systemd) {
            stopped = self.tell(false);
            if self.system == TimerSystem::Systemd {
                // The time of the last run, which systemd keeps for `Persistent`.
                let unit = format!("{}.timer", self.name);
                let words = ["--user", "clean", "--what=state", &unit].map(str::to_owned);
                let _ = process::tell_system("systemctl", &words);
            }
        }
        if let Some(link) = &self.link
            && matches!(fs::info(link), Ok(Some(info)) if info.is_symlink)
        {
            fs::remove_file(link)?;
        }
        if let Some(folder) = self.link.as_deref().and_then(Path::parent) {
            fs::remove_empty_folder(folder);
        }
        match stopped {
            Ok(()) => Ok(self.switched()),
            Err(error) => {
                let (why, command) = (failure::words(error.as_ref()), self.command());
                Err(Stopped::Failed(format!(
                    "{why}; `{command}` stops the timer"
                )))
            }
        }
    }

    fn switched(&self) -> Came {
        Came::with(Switched {
            on: self.on,
            to_run: (!self.answers).then(|| self.to_run()),
            system: self.system,
        })
    }

    fn tell(&self, on: bool) -> anyhow::Result<()> {
        let file = self.file.to_string_lossy();
        let (program, words) = files::command(self.system, on, &self.name, &file, process::user());
        process::tell_system(program, &words)
    }

    /// The command for the time when the manager answers. There is no file then of a timer that was taken out, so that it can only
    /// be stopped.
    pub(crate) fn to_run(&self) -> String {
        match (self.system, self.on) {
            (TimerSystem::Systemd, false) => format!("systemctl --user stop {}.timer", self.name),
            _ => self.command(),
        }
    }

    /// The command by which the user does the same.
    pub(crate) fn command(&self) -> String {
        let file = self.file.to_string_lossy();
        let (program, words) =
            files::command(self.system, self.on, &self.name, &file, process::user());
        files::line(program, &words)
    }
}
