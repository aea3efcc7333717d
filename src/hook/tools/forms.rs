//! Which tool takes which command, and where.
//!
//! worktrunk 0.81 and Jujutsu 0.46 were run (`tests/suite/hook/for_real.rs`). The sources of the others were only read:
//! `code.claude.com/docs/en/worktrees` in excerpts, and the fields of its hooks as others quote them;
//! `developers.openai.com/codex/app/local-environments` for the purpose, and `.codex/environments/environment.toml` in
//! `openai/codex` for the form; `cursor.com/docs/configuration/worktrees`; `conductor.build/docs/reference/settings` and
//! `/conductor-json`; the prompt `generate-run-commands` in `microsoft/vscode` for `worktreeCreated`; `create_worktree` of
//! Zed as others quote it.

use std::path::Path;

use serde_json::Value;

use crate::plan::tool_state::Tool;

/// The command for a POSIX shell. It succeeds also where a colleague has not installed this program.
pub(crate) const SHELL: &str = "cargo sharedtarget onboard --yes --quiet || true";

/// The words by which every command that runs us is known.
pub(crate) const CALL: &str = "sharedtarget onboard";

/// The older file of Conductor, which it passes over where the newer one exists.
pub(crate) const CONDUCTOR_JSON: &str = "conductor.json";

/// Jujutsu runs no commands, so an alias makes a workspace and sets it up.
pub(crate) const JJ: &str = r#"jj config set --repo aliases.add '["util", "exec", "--", "sh", "-c", "jj workspace add \"$@\" && for st_last; do :; done && cargo sharedtarget onboard --yes \"$st_last\"", "jj-add"]'"#;

/// The command that takes the alias out.
pub(crate) const JJ_OUT: &str = "jj config unset --repo aliases.add";

/// Where a tool wants its command.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Form {
    /// JSON with an array at this path, to which our entry is added.
    JsonArray {
        /// The keys that lead to the array; none if the document is one.
        path: Vec<&'static str>,
        /// The entry, as JSON: its keys in our order.
        entry: &'static str,
        /// The whole file where there is none.
        fresh: &'static str,
    },
    /// JSON with a shell script at this path, to which our line is added.
    JsonScript {
        /// The keys that lead to the script.
        path: Vec<&'static str>,
    },
    /// TOML with a shell script in a table.
    TomlScript {
        /// The table.
        table: &'static str,
        /// The key in it.
        key: &'static str,
        /// The beginning of a new file.
        head: Head,
    },
    /// The pipeline of worktrunk.
    Pipeline,
    /// Nothing: lines are shown.
    Shown,
}

/// The beginning of a new file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Head {
    /// Codex: a version, and the name of the environment.
    VersionAndName,
    /// Conductor: the address of the schema.
    Schema,
}

impl Form {
    /// The key that holds the command, for a reader.
    #[must_use]
    pub(crate) fn key(&self) -> String {
        match self {
            Self::JsonArray { path, .. } if path.is_empty() => "create_worktree".to_owned(),
            Self::JsonArray { path, .. } | Self::JsonScript { path } => path.join("."),
            Self::TomlScript { table, key, .. } => format!("{table}.{key}"),
            Self::Pipeline => "pre-start".to_owned(),
            Self::Shown => String::new(),
        }
    }

    /// The form of the file of a tool, which holds `text` now.
    #[must_use]
    pub(crate) fn of(tool: Tool, file: &Path, text: Option<&str>) -> Self {
        match tool {
            // A session begins in every worktree: a linked one is where `.git` is a file. The matcher keeps it from running
            // again at `/clear` and after a compaction.
            Tool::Claude => Self::JsonArray {
                path: vec!["hooks", "SessionStart"],
                entry: CLAUDE_ENTRY,
                fresh: CLAUDE,
            },
            Tool::Codex => Self::TomlScript {
                table: "setup",
                key: "script",
                head: Head::VersionAndName,
            },
            Tool::Cursor => Self::JsonArray {
                path: vec![cursor_key(text)],
                entry: CURSOR_ENTRY,
                fresh: CURSOR,
            },
            Tool::Conductor if file.ends_with(CONDUCTOR_JSON) => Self::JsonScript {
                path: vec!["scripts", "setup"],
            },
            Tool::Conductor => Self::TomlScript {
                table: "scripts",
                key: "setup",
                head: Head::Schema,
            },
            Tool::Worktrunk => Self::Pipeline,
            Tool::Jj => Self::Shown,
            Tool::Vscode => Self::JsonArray {
                path: vec!["tasks"],
                entry: VSCODE_ENTRY,
                fresh: VSCODE,
            },
            Tool::Zed => Self::JsonArray {
                path: Vec::new(),
                entry: ZED_ENTRY,
                fresh: ZED,
            },
        }
    }
}

/// Cursor reads the list of its own system first, and this one where there is none. Ours is for a POSIX shell.
fn cursor_key(text: Option<&str>) -> &'static str {
    const UNIX: &str = "setup-worktree-unix";
    const ALL: &str = "setup-worktree";
    let options = jsonc_parser::ParseOptions::default();
    let parsed = text.and_then(|text| {
        let value = jsonc_parser::parse_to_serde_value::<Value>(text, &options);
        value.ok()
    });
    match parsed {
        Some(value) if value.get(UNIX).is_none() && value.get(ALL).is_some() => ALL,
        _ => UNIX,
    }
}

const CLAUDE_ENTRY: &str = r#"{
  "matcher": "startup",
  "hooks": [{
    "type": "command",
    "command": "[ ! -f .git ] || cargo sharedtarget onboard --yes --quiet || true"
  }]
}"#;

const CURSOR_ENTRY: &str = r#""cargo sharedtarget onboard --yes --quiet || true""#;

const VSCODE_ENTRY: &str = r#"{
  "label": "sharedtarget: warm this worktree",
  "type": "process",
  "command": "cargo",
  "args": ["sharedtarget", "onboard", "--yes", "--quiet"],
  "presentation": { "reveal": "silent" },
  "runOptions": { "runOn": "worktreeCreated" },
  "problemMatcher": []
}"#;

const ZED_ENTRY: &str = r#"{
  "label": "sharedtarget: warm this worktree",
  "command": "cargo",
  "args": ["sharedtarget", "onboard", "--yes", "--quiet"],
  "cwd": "$ZED_WORKTREE_ROOT",
  "hooks": ["create_worktree"],
  "reveal": "no_focus",
  "hide": "on_success"
}"#;

const CLAUDE: &str = r#"{
  "hooks": {
    "SessionStart": [
      {
        "matcher": "startup",
        "hooks": [
          {
            "type": "command",
            "command": "[ ! -f .git ] || cargo sharedtarget onboard --yes --quiet || true"
          }
        ]
      }
    ]
  }
}
"#;

const CURSOR: &str = r#"{
  "setup-worktree-unix": [
    "cargo sharedtarget onboard --yes --quiet || true"
  ]
}
"#;

const VSCODE: &str = r#"{
  "version": "2.0.0",
  "tasks": [
    {
      "label": "sharedtarget: warm this worktree",
      "type": "process",
      "command": "cargo",
      "args": ["sharedtarget", "onboard", "--yes", "--quiet"],
      "presentation": { "reveal": "silent" },
      "runOptions": { "runOn": "worktreeCreated" },
      "problemMatcher": []
    }
  ]
}
"#;

const ZED: &str = r#"[
  {
    "label": "sharedtarget: warm this worktree",
    "command": "cargo",
    "args": ["sharedtarget", "onboard", "--yes", "--quiet"],
    "cwd": "$ZED_WORKTREE_ROOT",
    "hooks": ["create_worktree"],
    "reveal": "no_focus",
    "hide": "on_success"
  }
]
"#;

/// The step of worktrunk's pipeline: it blocks what `wt switch --execute` starts, which is to find the worktree warm.
pub(crate) const PIPELINE: &str =
    "[[pre-start]]\nsharedtarget = \"cargo sharedtarget onboard --yes --quiet || true\"\n";
