//! Timers, and what is done about them.

use std::path::PathBuf;

use clap::ValueEnum;
use serde::Serialize;

use crate::plan::action::{EditFile, Kind};
use crate::plan::outcome::Detail;
use crate::survey::timer_files::TimerSystem;

/// How often a timer runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Schedule {
    /// Once a day
    Daily,
    /// Once a week
    Weekly,
    /// Remove the timer
    Off,
}

impl Schedule {
    /// Its name on the command line, which is also that of systemd's calendar (systemd.time(7)).
    #[must_use]
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Off => "off",
        }
    }
}

/// A program that a timer runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Job {
    /// The program, by its whole path, and its arguments.
    pub(crate) words: Vec<String>,
    /// Variables that it gets.
    pub(crate) variables: Vec<(String, String)>,
}

/// The timer of a shared root, as it is.
#[derive(Clone, Debug)]
pub(crate) struct TimerSite {
    pub(crate) system: TimerSystem,
    pub(crate) name: String,
    /// The files of the timer; the last one starts it.
    pub(crate) files: Vec<(PathBuf, FoundFile)>,
    /// systemd's link, by which the timer starts with each login.
    pub(crate) link: Option<PathBuf>,
    /// The timer starts with each login.
    pub(crate) enabled: bool,
    /// The system's manager answers, and says whether the timer is at work.
    pub(crate) active: Option<bool>,
}

/// A file of a timer, as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FoundFile {
    Nothing,
    File(Vec<u8>),
    /// A link, a folder, or something that cannot be read.
    Other,
}

/// Write a file of a timer, or take it out.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct WriteTimer {
    pub(crate) schedule: Schedule,
    #[serde(flatten)]
    pub(crate) edit: EditFile,
    /// The program and its arguments.
    pub(crate) runs: Vec<String>,
}

impl WriteTimer {
    /// Its kind.
    pub(crate) const KIND: Kind = Kind::new("write_timer", "timer-written");
}

/// Have the system's manager start a timer, or stop it.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct SwitchTimer {
    pub(crate) system: TimerSystem,
    pub(crate) name: String,
    pub(crate) on: bool,
    /// The file that starts it.
    pub(crate) file: PathBuf,
    /// systemd's link to that.
    #[serde(skip)]
    pub(crate) link: Option<PathBuf>,
    /// The manager answered when the plan was made.
    pub(crate) answers: bool,
    /// The manager has the timer at work.
    #[serde(skip)]
    pub(crate) active: bool,
}

impl SwitchTimer {
    /// Its kind.
    pub(crate) const KIND: Kind = Kind::new("switch_timer", "timer-switched");
}

/// Details about a timer that was switched.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Switched {
    pub(crate) on: bool,
    /// The manager did not answer: the command that does it when it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) to_run: Option<String>,
    #[serde(skip)]
    pub(crate) system: TimerSystem,
}

impl Detail for Switched {
    fn name(&self) -> &'static str {
        "timer"
    }

    fn left(&self) -> usize {
        0
    }
}
