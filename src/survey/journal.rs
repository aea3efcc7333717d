//! The record of changed files, by which they can be put back.
//!
//! The record is written before the files are, so it may name a change that never happened. It stays true
//! all the same, since undoing goes by what each file holds now.

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::markers::CARGO_FOLDER;

/// Every change of a file that a setup made, oldest first. Lies in the user's state folder, where no clone can put it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Journal {
    /// The version of this format.
    pub version: u32,
    /// The changes.
    pub entries: Vec<JournalEntry>,
}

/// One change of one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalEntry {
    /// When it was made.
    pub time: Timestamp,
    /// The file.
    pub file: PathBuf,
    /// Its content before; `None` if it did not exist.
    pub before: Option<RecordedContent>,
    /// Its content afterwards.
    pub after: Option<RecordedContent>,
    /// The folder of the file was made for it.
    pub made_folder: bool,
    /// How many folders above that one were made together with it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub made_above: u32,
    /// When the file had last changed before that; where there was none, when something had last come to its folder or
    /// gone from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// The time from the beginning of a run to a change: the user may think before they confirm.
const RUN: SignedDuration = SignedDuration::from_hours(1);

/// The bytes of a file, readable where they are text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum RecordedContent {
    /// UTF-8.
    Text(String),
    /// Anything else.
    Bytes(Vec<u8>),
}

impl From<Vec<u8>> for RecordedContent {
    fn from(bytes: Vec<u8>) -> Self {
        String::from_utf8(bytes).map_or_else(|error| Self::Bytes(error.into_bytes()), Self::Text)
    }
}

impl RecordedContent {
    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }
}

impl Default for Journal {
    fn default() -> Self {
        Self {
            version: 1,
            entries: Vec::new(),
        }
    }
}

/// A project that lies elsewhere than it did when its files were recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Relocated {
    pub(crate) from: PathBuf,
    pub(crate) to: PathBuf,
}

impl Relocated {
    /// The present place of a file. A file that did not lie in the project is still where it was, and so is one that
    /// was recorded after the project came to its place.
    #[must_use]
    pub(crate) fn now(&self, file: &Path) -> PathBuf {
        match file.strip_prefix(&self.from) {
            Ok(inside) if !(self.to.starts_with(&self.from) && file.starts_with(&self.to)) => {
                self.to.join(inside)
            }
            _ => file.to_owned(),
        }
    }
}

/// The effect of undoing on one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undo {
    /// It gets these bytes again, or is deleted.
    Restore {
        /// The bytes that it gets; `None` deletes it.
        to: Option<Vec<u8>>,
        /// The folder that we made for it is deleted too, if it is empty then.
        remove_folder: bool,
    },
    /// It is as it was before.
    AsItWas,
    /// It holds something that we did not write.
    ChangedByHand,
}

impl Journal {
    /// Whether a run of this user's has written the configuration of a workspace.
    #[must_use]
    pub(crate) fn has_set_up(&self, workspace: &Path) -> bool {
        let folder = workspace.join(CARGO_FOLDER);
        let mut entries = self.entries.iter();
        entries.any(|entry| entry.file.starts_with(&folder))
    }

    /// The files in it, each once, in the order of their first change.
    #[must_use]
    pub fn files(&self) -> Vec<&Path> {
        let mut files: Vec<&Path> = Vec::new();
        for entry in &self.entries {
            if !files.contains(&entry.file.as_path()) {
                files.push(&entry.file);
            }
        }
        files
    }

    /// Decides what undoing does to a file that holds `current` now.
    ///
    /// Goes back from change to change as long as they join, so that several setups are undone as one, and stops
    /// where the user or another program changed the file in between.
    #[must_use]
    pub fn undo(&self, file: &Path, current: Option<&[u8]>) -> Undo {
        let mut reached = current;
        let mut known = false;
        let mut remove_folder = false;
        for entry in self.entries.iter().rev().filter(|entry| entry.file == file) {
            let before = entry.before.as_ref().map(RecordedContent::bytes);
            let after = entry.after.as_ref().map(RecordedContent::bytes);
            if reached == after {
                reached = before;
            } else if reached != before {
                break;
            }
            // A run that was killed may have made it, and found it there the next time.
            remove_folder |= entry.made_folder;
            known = true;
        }
        let first = self.entries.iter().find(|entry| entry.file == file);
        let original =
            first.is_some_and(|entry| entry.before.as_ref().map(RecordedContent::bytes) == current);
        match known {
            false if original => Undo::AsItWas,
            false => Undo::ChangedByHand,
            true if reached == current => Undo::AsItWas,
            true => Undo::Restore {
                to: reached.map(<[u8]>::to_vec),
                remove_folder,
            },
        }
    }

    /// How many folders above its own were made for a file; `None` if not even that was.
    #[must_use]
    pub(crate) fn made_folders(&self, file: &Path) -> Option<u32> {
        let made = self
            .entries
            .iter()
            .filter(|one| one.made_folder && one.file == file);
        made.map(|one| one.made_above).max()
    }

    /// Takes the files under one place for those under another, where what lay there was moved.
    pub(crate) fn relocate(&mut self, moved: &Relocated) {
        for entry in &mut self.entries {
            entry.file = moved.now(&entry.file);
        }
    }

    /// The content that the last change of each file gave it, for the files under a place.
    #[must_use]
    pub(crate) fn last_under(&self, place: &Path) -> Vec<(&Path, Option<&[u8]>)> {
        let files = self.files().into_iter();
        let last = |file: &Path| {
            let mut entries = self.entries.iter().rev();
            let entry = entries.find(|entry| entry.file == file);
            entry.and_then(|entry| entry.after.as_ref())
        };
        files
            .filter(|file| file.starts_with(place))
            .map(|file| (file, last(file).map(RecordedContent::bytes)))
            .collect()
    }

    /// When a file last changed in a way that matters, where it holds `current` and was `changed` last at a time: our own
    /// changes do not count by which it says the `same` as before. `None` if it never did.
    ///
    /// Each run looks at the files once more when it has changed them. So a change that is later than the last look, `seen`,
    /// is none of those that were recorded before it, though the file may hold again what we wrote.
    #[must_use]
    pub(crate) fn changed(
        &self,
        file: &Path,
        current: &[u8],
        changed: Option<Timestamp>,
        seen: Option<Timestamp>,
        same: impl Fn(&[u8], &[u8]) -> bool,
    ) -> Option<Timestamp> {
        let (mut holds, mut changed) = (current, changed);
        for entry in self.entries.iter().rev().filter(|entry| entry.file == file) {
            let after = entry.after.as_ref().map(RecordedContent::bytes);
            let before = entry.before.as_ref().map(RecordedContent::bytes);
            let by_us = changed.is_some_and(|changed| {
                changed.duration_since(entry.time).abs() < RUN
                    && seen.is_none_or(|seen| changed <= seen || entry.time > seen)
                    && after == Some(holds)
            });
            // An older record does not tell how old the file before was.
            let told = before.is_none() || entry.since.is_some();
            if !(by_us && told && same(before.unwrap_or_default(), holds)) {
                break;
            }
            changed = entry.since;
            match before {
                Some(before) => holds = before,
                None => break,
            }
        }
        changed
    }

    /// Forgets the changes of these files.
    pub fn forget(&mut self, files: &[PathBuf]) {
        self.entries.retain(|entry| !files.contains(&entry.file));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "/w/.cargo/config.toml";

    fn journal(steps: &[(Option<&str>, Option<&str>)]) -> Journal {
        let content = |text: &&str| RecordedContent::Text((*text).to_owned());
        let entries = steps.iter().map(|(before, after)| JournalEntry {
            time: Timestamp::UNIX_EPOCH,
            file: FILE.into(),
            before: before.as_ref().map(content),
            after: after.as_ref().map(content),
            made_folder: before.is_none(),
            made_above: 0,
            since: before.is_some().then(|| second(7)),
        });
        Journal {
            version: 1,
            entries: entries.collect(),
        }
    }

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    fn undo(steps: &[(Option<&str>, Option<&str>)], current: Option<&str>) -> Undo {
        journal(steps).undo(Path::new(FILE), current.map(str::as_bytes))
    }

    fn back_to(text: &str) -> Undo {
        Undo::Restore {
            to: Some(text.into()),
            remove_folder: false,
        }
    }

    #[test]
    fn several_setups_are_undone_as_one() {
        let steps = [(None, Some("a")), (Some("a"), Some("b"))];
        assert_eq!(
            undo(&steps, Some("b")),
            Undo::Restore {
                to: None,
                remove_folder: true
            }
        );
        assert_eq!(
            undo(&steps, Some("a")),
            Undo::Restore {
                to: None,
                remove_folder: true
            },
            "killed before b"
        );
        assert_eq!(undo(&steps, None), Undo::AsItWas);
    }

    #[test]
    fn a_folder_that_a_killed_run_made_goes_too() {
        let mut journal = journal(&[(None, Some("a")), (None, Some("a"))]);
        journal.entries[1].made_folder = false;
        let undo = journal.undo(Path::new(FILE), Some(b"a"));
        let gone = Undo::Restore {
            to: None,
            remove_folder: true,
        };
        assert_eq!(undo, gone);
    }

    #[test]
    fn files_of_a_project_that_was_moved_are_where_it_is() {
        let moved = |from: &str, to: &str, file: &str| {
            let (from, to) = (from.into(), to.into());
            Relocated { from, to }.now(Path::new(file))
        };
        let cases = [
            (
                "/a/p",
                "/b/p",
                "/a/p/.cargo/config.toml",
                "/b/p/.cargo/config.toml",
            ),
            ("/a/p", "/b/p", "/a/pp/config.toml", "/a/pp/config.toml"),
            ("/a/p", "/b/p", "/b/p/config.toml", "/b/p/config.toml"),
            ("/a/p", "/a/p/q", "/a/p/q/config.toml", "/a/p/q/config.toml"),
            ("/a/p", "/a", "/a/p/config.toml", "/a/config.toml"),
        ];
        for (from, to, file, now) in cases {
            assert_eq!(moved(from, to, file), Path::new(now), "{from} {to}");
        }
    }

    #[test]
    fn stops_where_somebody_else_wrote() {
        let steps = [(Some("o"), Some("a")), (Some("a+hand"), Some("b"))];
        assert_eq!(undo(&steps, Some("b")), back_to("a+hand"));
        assert_eq!(undo(&steps, Some("hand")), Undo::ChangedByHand);
        assert_eq!(undo(&[], Some("x")), Undo::ChangedByHand);
    }

    #[test]
    fn a_change_that_never_happened_is_passed_over() {
        let steps = [(Some("o"), Some("a")), (Some("a"), Some("never"))];
        assert_eq!(undo(&steps, Some("a")), back_to("o"));
    }

    #[test]
    fn our_own_changes_make_nothing_newer() {
        let changed = |steps: &[(Option<&str>, Option<&str>)], current: &str, at: i64| {
            let same = |one: &[u8], two: &[u8]| one.first() == two.first() || one.is_empty();
            let found = journal(steps).changed(
                Path::new(FILE),
                current.as_bytes(),
                Some(second(at)),
                None,
                same,
            );
            found.map(Timestamp::as_second)
        };
        let ours = [(Some("a"), Some("ab"))];
        assert_eq!(changed(&ours, "ab", 9), Some(7), "as old as the one before");
        assert_eq!(changed(&ours, "ac", 9), Some(9), "changed by hand since");
        assert_eq!(changed(&ours, "ab", 90_000), Some(90_000), "written again");
        assert_eq!(changed(&[(Some("b"), Some("ab"))], "ab", 9), Some(9));
        assert_eq!(changed(&[(None, Some("ab"))], "ab", 9), None);
        let twice = [(None, Some("a")), (Some("a"), Some("ab"))];
        assert_eq!(changed(&twice, "ab", 9), None, "both are ours");
    }

    #[test]
    fn who_puts_back_what_we_wrote_has_changed_it() {
        let changed = |at: i64, seen: Option<i64>| {
            let (at, seen) = (Some(second(at)), seen.map(second));
            let found = journal(&[(Some("a"), Some("ab"))]).changed(
                Path::new(FILE),
                b"ab",
                at,
                seen,
                |_, _| true,
            );
            found.map(Timestamp::as_second)
        };
        assert_eq!(changed(9, Some(10)), Some(7), "seen since");
        assert_eq!(changed(12, Some(10)), Some(12), "after the last look");
        assert_eq!(
            changed(9, Some(-1)),
            Some(7),
            "recorded after the last look"
        );
    }

    #[test]
    fn bytes_survive_the_record() {
        for bytes in [b"text\r\n".to_vec(), vec![0xff, 0, 1]] {
            let content = RecordedContent::from(bytes.clone());
            let json = serde_json::to_string(&content).expect("serialises");
            assert_eq!(
                serde_json::from_str::<RecordedContent>(&json)
                    .expect("reads")
                    .bytes(),
                bytes
            );
        }
    }
}
