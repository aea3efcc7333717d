//! The files by which timers of the system run `gc`: where they are, and the names by which `undo` and `doctor` know them.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::survey::model::SharedRoot;

/// The start of the name of each timer.
pub(crate) const PREFIX: &str = "cargo-sharedtarget-";

/// A program of the system that starts others at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum TimerSystem {
    /// The user's systemd (systemd.timer(5)).
    Systemd,
    /// launchd of macOS (launchd.plist(5)).
    Launchd,
    /// The Task Scheduler of Windows.
    TaskScheduler,
}

impl TimerSystem {
    /// The endings of its files; the last one is of the file that starts the timer.
    #[must_use]
    pub(crate) fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Systemd => &["service", "timer"],
            Self::Launchd => &["plist"],
            Self::TaskScheduler => &["xml"],
        }
    }
}

/// Where the timers of a user are.
#[derive(Clone, Debug)]
pub(crate) struct TimerPlace {
    pub(crate) system: TimerSystem,
    /// The folder of their files; `None` for that of a shared root's records.
    pub(crate) folder: Option<PathBuf>,
    /// Variables that name the user's folders in place of the usual ones: a timer has another environment.
    pub(crate) variables: Vec<(String, String)>,
}

/// The name of a shared root's timer, which stays when the root is moved; `None` where the environment names no state folder.
#[must_use]
pub(crate) fn timer_name(root: &SharedRoot) -> Option<String> {
    let records = root.records.as_ref()?.file_name()?;
    Some(format!("{PREFIX}{}", records.to_str()?))
}

/// The system whose timer of a shared root a file belongs to, by its name and its folder.
#[must_use]
pub(crate) fn timer_file(file: &Path, root: &SharedRoot) -> Option<TimerSystem> {
    let name = timer_name(root)?;
    let folder = file.parent()?;
    let all = [
        (TimerSystem::Systemd, folder.ends_with("systemd/user")),
        (TimerSystem::Launchd, folder.ends_with("LaunchAgents")),
        (
            TimerSystem::TaskScheduler,
            root.records.as_deref() == Some(folder),
        ),
    ];
    let named = |system: TimerSystem| {
        let mut endings = system.endings().iter();
        endings.any(|ending| file.file_name() == Some(format!("{name}.{ending}").as_ref()))
    };
    let mut all = all.into_iter();
    let (system, _) = all.find(|(system, placed)| *placed && named(*system))?;
    Some(system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_is_known_by_its_name_and_its_folder() {
        let root = SharedRoot {
            records: Some("/state/roots/pika-01".into()),
            ..SharedRoot::default()
        };
        let of = |file: &str| timer_file(Path::new(file), &root);
        for (file, system) in [
            (
                "/c/systemd/user/cargo-sharedtarget-pika-01.service",
                Some(TimerSystem::Systemd),
            ),
            (
                "/c/systemd/user/cargo-sharedtarget-pika-01.timer",
                Some(TimerSystem::Systemd),
            ),
            (
                "/h/LaunchAgents/cargo-sharedtarget-pika-01.plist",
                Some(TimerSystem::Launchd),
            ),
            (
                "/state/roots/pika-01/cargo-sharedtarget-pika-01.xml",
                Some(TimerSystem::TaskScheduler),
            ),
            ("/c/systemd/user/cargo-sharedtarget-pika-02.timer", None),
            ("/c/systemd/user/cargo-sharedtarget-pika-01.plist", None),
            ("/c/systemd/system/cargo-sharedtarget-pika-01.timer", None),
            ("/c/systemd/user/ssh-agent.service", None),
        ] {
            assert_eq!(of(file), system, "{file}");
        }
    }
}
