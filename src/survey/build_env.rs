//! The build environments of a workspace, and when each held: the settings for compiling in its configurations,
//! besides sources.
//!
//! A unit depends on the build environment of its moment, not on today's. So the facts about a workspace are spans of
//! time in which its configurations said the same: the present one, which began when one of its files was last
//! changed, and earlier ones, which a record in the user's state folder holds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// The words of a workspace's configurations on compiling.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Said {
    /// The variables that they set, each with a hash of its value as it is written.
    pub(crate) env: BTreeMap<String, String>,
    /// The variables, of these, that are paths relative to a configuration, and so differ in each worktree.
    pub(crate) placed: BTreeSet<String>,
    /// The programs that run as the compiler or in its place, by their keys; not those that are known to change nothing.
    pub(crate) programs: BTreeMap<String, Program>,
    /// All else that each says, as a hash of it; the nearest first.
    pub(crate) rest: Vec<(PathBuf, String)>,
}

/// A program that runs as the compiler or in its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Program {
    pub(crate) path: PathBuf,
    /// When it was last changed; `None` if it is not there.
    pub(crate) changed: Option<Timestamp>,
}

/// The key of the program that runs in place of the compiler for packages of the workspace only.
pub(crate) const WORKSPACE_WRAPPER: &str = "rustc-workspace-wrapper";

/// How two workspaces differ in what their configurations say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Differences {
    /// Variables that have other values.
    pub(crate) variables: Vec<String>,
    /// Variables that differ by nothing but the place of their configuration.
    pub(crate) placed: Vec<String>,
    /// A program that makes everything, and that only one of them has, or that is another one.
    pub(crate) program: Option<PathBuf>,
    /// A program that makes packages of the workspace.
    pub(crate) workspace_program: Option<PathBuf>,
    /// A configuration that says something else of packages of the workspace.
    pub(crate) settings: Option<PathBuf>,
}

impl Differences {
    /// Whether there are none.
    #[must_use]
    pub(crate) fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

impl Said {
    /// How this differs from what another workspace's configurations say, `here`.
    #[must_use]
    pub(crate) fn differences(&self, here: &Self) -> Differences {
        let names: BTreeSet<&String> = self.env.keys().chain(here.env.keys()).collect();
        let names = names.into_iter();
        let (same, other): (Vec<&String>, Vec<&String>) =
            names.partition(|name| self.env.get(*name) == here.env.get(*name));
        let placed = same.into_iter().filter(|name| self.placed.contains(*name));
        let program = |of_workspace: bool| {
            let all = self.programs.iter().chain(&here.programs);
            let mut all = all.filter(|(key, _)| (*key == WORKSPACE_WRAPPER) == of_workspace);
            let other = all.find(|(key, _)| self.programs.get(*key) != here.programs.get(*key));
            other.map(|(_, program)| program.path.clone())
        };
        let rest = (0..self.rest.len().max(here.rest.len())).find_map(|at| {
            let (one, two) = (self.rest.get(at), here.rest.get(at));
            let same = one.map(|(_, said)| said) == two.map(|(_, said)| said);
            let file = two.or(one).filter(|_| !same)?;
            Some(file.0.clone())
        });
        Differences {
            variables: other.into_iter().cloned().collect(),
            placed: placed.cloned().collect(),
            program: program(false),
            workspace_program: program(true),
            settings: rest,
        }
    }
}

/// A time in which configurations said the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Span {
    /// When it began; `None` if it is so since ever.
    pub(crate) since: Option<Timestamp>,
    /// When it was last seen that it holds.
    pub(crate) until: Timestamp,
    pub(crate) said: Said,
    /// The files that there were.
    pub(crate) files: Vec<PathBuf>,
}

/// All that was seen of workspaces, by their folders. Lies in the user's state folder, where no clone can put it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct History {
    /// The version of this format.
    pub(crate) version: u32,
    /// The spans of each, oldest first.
    pub(crate) workspaces: BTreeMap<PathBuf, Vec<Span>>,
}

impl Default for History {
    fn default() -> Self {
        Self {
            version: 1,
            workspaces: BTreeMap::new(),
        }
    }
}

/// How many spans are kept of a workspace.
const SPANS: usize = 12;

/// How long something is kept of a workspace that was not seen again.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 180);

impl History {
    /// All that is known of a workspace, with the look at it now.
    #[must_use]
    pub(crate) fn with(&self, workspace: &Path, seen: Span) -> Vec<Span> {
        let mut spans = self.workspaces.get(workspace).cloned().unwrap_or_default();
        add(&mut spans, seen);
        spans
    }

    /// Notes what has been seen of a workspace, and forgets what is too old.
    pub(crate) fn note(&mut self, workspace: &Path, seen: Span) {
        let now = seen.until;
        let spans = self.workspaces.entry(workspace.to_owned()).or_default();
        add(spans, seen);
        self.workspaces.retain(|_, spans| {
            let last = spans.last();
            last.is_some_and(|last| now.duration_since(last.until) < KEPT)
        });
    }
}

fn add(spans: &mut Vec<Span>, mut seen: Span) {
    if let Some(last) = spans.last_mut() {
        let is_gone = |file: &PathBuf| !seen.files.contains(file);
        let any_gone = last.files.iter().any(is_gone);
        if last.said == seen.said && seen.since <= last.since && !any_gone {
            (last.until, last.files) = (last.until.max(seen.until), seen.files);
            return;
        }
        // Nothing tells when a file went; and a change since the last look came after that.
        let began = match any_gone {
            true => Some(seen.until),
            false if last.said != seen.said => Some(last.until),
            false => None,
        };
        seen.since = seen.since.max(began);
    }
    spans.push(seen);
    let surplus = spans.len().saturating_sub(SPANS);
    spans.drain(..surplus);
}

/// The build environment at one moment, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment<'a> {
    /// They are known, by the position of their span.
    Known(usize, &'a Said),
    /// No run has seen them.
    Unknown,
}

/// The build environment at a moment, by the spans that are known.
#[must_use]
pub(crate) fn at(spans: &[Span], moment: Timestamp) -> Moment<'_> {
    let holds = |span: &Span| span.since.is_none_or(|since| since < moment) && moment <= span.until;
    match spans.iter().rposition(holds) {
        Some(at) => Moment::Known(at, &spans[at].said),
        None => Moment::Unknown,
    }
}

/// Whether the compiler or a linker goes by a variable itself, so that it reaches everything that is compiled.
#[must_use]
pub(crate) fn is_of_compilers(variable: &str) -> bool {
    const NAMES: [&str; 12] = [
        "PATH",
        "LIB",
        "LIBPATH",
        "LINK",
        "_LINK_",
        "LIBRARY_PATH",
        "COMPILER_PATH",
        "GCC_EXEC_PREFIX",
        "SDKROOT",
        "DEVELOPER_DIR",
        "SOURCE_DATE_EPOCH",
        "ZERO_AR_DATE",
    ];
    let name = variable.to_ascii_uppercase();
    NAMES.contains(&name.as_str())
        || ["RUSTC", "RUST_TARGET_PATH", "LD_", "DYLD_"]
            .iter()
            .any(|begin| name.starts_with(begin))
        || name.ends_with("_DEPLOYMENT_TARGET")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    fn said(value: &str) -> Said {
        let mut said = Said::default();
        if !value.is_empty() {
            said.env.insert("A".into(), value.into());
        }
        said
    }

    fn span(since: Option<i64>, until: i64, value: &str) -> Span {
        Span {
            since: since.map(second),
            until: second(until),
            said: said(value),
            files: vec!["/w/.cargo/config.toml".into()],
        }
    }

    fn known(history: &History, moment: i64) -> Option<String> {
        let spans = history.workspaces.get(Path::new("/w"))?;
        match at(spans, second(moment)) {
            Moment::Known(_, said) => Some(said.env.get("A").cloned().unwrap_or_default()),
            Moment::Unknown => None,
        }
    }

    #[test]
    fn what_was_seen_holds_from_its_files_to_the_look() {
        let mut history = History::default();
        history.note(Path::new("/w"), span(Some(10), 20, "one"));
        history.note(Path::new("/w"), span(Some(10), 30, "one"));
        // Changed at 40, seen at 50.
        history.note(Path::new("/w"), span(Some(40), 50, "two"));
        // Changed again to say the same: in between it may have said anything.
        history.note(Path::new("/w"), span(Some(60), 70, "two"));
        let all = [
            (10, None),
            (11, Some("one")),
            (30, Some("one")),
            (31, None),
            (41, Some("two")),
            (51, None),
            (61, Some("two")),
            (71, None),
        ];
        for (moment, expected) in all {
            assert_eq!(known(&history, moment).as_deref(), expected, "{moment}");
        }
    }

    #[test]
    fn nothing_tells_when_a_file_went() {
        let mut history = History::default();
        history.note(Path::new("/w"), span(Some(10), 20, "one"));
        let gone = Span {
            files: Vec::new(),
            ..span(None, 30, "")
        };
        history.note(Path::new("/w"), gone.clone());
        assert_eq!(known(&history, 25), None);
        let later = Span {
            until: second(50),
            ..gone
        };
        history.note(Path::new("/w"), later);
        assert_eq!(known(&history, 29), None);
        assert_eq!(known(&history, 40).as_deref(), Some(""));
        // An older file with other content was put in its place.
        history.note(Path::new("/w"), span(Some(5), 60, "two"));
        assert_eq!(known(&history, 40).as_deref(), Some(""));
        assert_eq!(known(&history, 55).as_deref(), Some("two"));
    }

    #[test]
    fn differences_are_told_apart() {
        let mut one = said("1");
        one.env.insert("B".into(), "x".into());
        one.placed.insert("B".into());
        let mut two = one.clone();
        let found = one.differences(&two);
        assert_eq!(
            (found.placed, found.variables.len()),
            (vec!["B".to_owned()], 0)
        );
        two.env.insert("A".into(), "2".into());
        assert_eq!(one.differences(&two).variables, ["A"]);
        let program = Program {
            path: "/p".into(),
            changed: None,
        };
        two.programs.insert("rustc-wrapper".into(), program.clone());
        assert_eq!(one.differences(&two).program, Some("/p".into()));
        one.programs.insert(WORKSPACE_WRAPPER.into(), program);
        assert_eq!(one.differences(&two).workspace_program, Some("/p".into()));
        two.rest.push(("/c".into(), "x".into()));
        assert_eq!(one.differences(&two).settings, Some("/c".into()));
        assert!(Said::default().differences(&Said::default()).is_none());
    }

    #[test]
    fn variables_of_compilers() {
        for name in [
            "RUSTC_BOOTSTRAP",
            "LD_PRELOAD",
            "MACOSX_DEPLOYMENT_TARGET",
            "Path",
        ] {
            assert!(is_of_compilers(name), "{name}");
        }
        assert!(!is_of_compilers("DATABASE_URL"));
    }
}
