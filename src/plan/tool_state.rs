//! How it stands with the command of a tool that makes worktrees, and the words for it.

use std::path::PathBuf;

use clap::ValueEnum;
use serde::Serialize;

use crate::term::Paths;

/// A tool that makes worktrees, or opens them, and runs a command of the project in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ValueEnum)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Tool {
    /// Claude Code, in `.claude/settings.json`
    Claude,
    /// Codex, in `.codex/environments/environment.toml`
    Codex,
    /// Cursor, in `.cursor/worktrees.json`
    Cursor,
    /// Conductor, in `.conductor/settings.toml`, or in the older `conductor.json`
    Conductor,
    /// worktrunk, in `.config/wt.toml`
    Worktrunk,
    /// Jujutsu, which runs no commands: shows an alias
    Jj,
    /// VS Code, in `.vscode/tasks.json`
    Vscode,
    /// Zed, in `.zed/tasks.json`
    Zed,
}

impl Tool {
    /// Its name for a reader.
    #[must_use]
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Claude => "Claude Code",
            Self::Codex => "Codex",
            Self::Cursor => "Cursor",
            Self::Conductor => "Conductor",
            Self::Worktrunk => "worktrunk",
            Self::Jj => "Jujutsu",
            Self::Vscode => "VS Code",
            Self::Zed => "Zed",
        }
    }
}

/// How it stands with the command in the file of a tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "state")]
pub(crate) enum ToolState {
    /// The file does not run us, or does not exist.
    NotInstalled,
    /// The file has our command, as this program would write it.
    Installed,
    /// The file runs us by other words.
    InstalledByHand,
    /// This program cannot write it: the user can.
    ByHand {
        /// Why not.
        why: ByHand,
        /// The lines to add, or to take out.
        lines: String,
    },
    /// Something that we would write to is a symbolic link.
    Link {
        /// The link.
        path: PathBuf,
        /// Where it leads.
        to: PathBuf,
    },
    /// Something that is no file stands there.
    NotAFile,
    /// The file is read-only.
    ReadOnly,
    /// The file cannot be read.
    Unreadable {
        /// Why.
        message: String,
    },
}

/// Why this program does not edit the file of a tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "cause")]
pub(crate) enum ByHand {
    /// The tool has no such file.
    NoFile,
    /// It cannot be parsed.
    NotParsed {
        /// Why.
        message: String,
    },
    /// The value at this key takes no further command.
    OtherForm {
        /// The key.
        key: String,
    },
    /// The tool writes the file itself, and says so in it.
    Generated,
}

/// How it stands with the command of a tool.
pub(crate) fn state(tool: Tool, state: &ToolState, paths: &Paths) -> String {
    let title = tool.title();
    match state {
        ToolState::NotInstalled => format!("{title}: not installed"),
        ToolState::Installed => format!("{title}: installed"),
        ToolState::InstalledByHand => format!("{title}: installed by hand"),
        ToolState::ByHand { why, .. } => match why {
            ByHand::NoFile => format!("{title}: it has no file for such a command"),
            ByHand::NotParsed { message } => {
                format!("{title}: left alone, since the file cannot be parsed: {message}")
            }
            ByHand::OtherForm { key } => {
                format!("{title}: left alone, since `{key}` has a form that is not edited")
            }
            ByHand::Generated => {
                format!("{title}: left alone, since {title} writes this file itself")
            }
        },
        ToolState::Link { path, to } => format!(
            "{title}: left alone: {} is a symbolic link (to {})",
            paths.show(path),
            paths.show(to)
        ),
        ToolState::NotAFile => format!("{title}: left alone, since it is no file"),
        ToolState::ReadOnly => format!("{title}: left alone, since the file is read-only"),
        ToolState::Unreadable { message } => {
            format!("{title}: left alone, since the file cannot be read: {message}")
        }
    }
}

/// The user's next step.
pub(crate) fn advice(tool: Tool, state: &ToolState) -> Option<String> {
    Some(match (tool, state) {
        (Tool::Jj, ToolState::ByHand { lines, .. }) if lines.contains(" unset ") => {
            "run this in the repository, if you have made the alias:".into()
        }
        (Tool::Jj, ToolState::ByHand { .. }) => {
            "run this in the repository; `jj add PATH` then makes a workspace and warms it:".into()
        }
        (
            Tool::Codex,
            ToolState::ByHand {
                why: ByHand::Generated,
                ..
            },
        ) => {
            "add this line to the setup script in the settings of Codex, under local environments:"
                .into()
        }
        (Tool::Worktrunk, ToolState::ByHand { lines, .. })
            if lines.matches("[[pre-start]]").count() > 1 =>
        {
            "replace `pre-start` in the file by these lines:".into()
        }
        (_, ToolState::ByHand { .. }) => "add these lines by hand:".into(),
        (_, ToolState::ReadOnly) => "make the file writable, and run this again".into(),
        (_, ToolState::Link { .. }) => "edit the file that the link leads to by hand".into(),
        _ => return None,
    })
}

/// Lines to be copied as they are, so that they are never wrapped.
pub(crate) fn lines(state: &ToolState) -> Option<&str> {
    match state {
        ToolState::ByHand { lines, .. } => Some(lines),
        _ => None,
    }
}
