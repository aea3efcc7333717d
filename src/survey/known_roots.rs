//! The records of shared roots, in the user's own state folder.
//!
//! A folder is a shared root because the user's own state knows it: its token lies in the folder and, once more, in
//! the state folder, where neither a clone nor a branch can put it. The looks of a folder say nothing, since any
//! commit can bring a folder that looks like a shared root.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::fs::{
    create_folder, create_private_folder, info, is_folder, is_mine, lock_where_possible, names,
    read, replace_own,
};
use crate::markers::{ROOT_TOKEN, SHARED_ROOT_MARK};
use crate::survey::journal::{Journal, Relocated};
use crate::text::failure::Hint as _;

/// The folder in the state folder with one folder of records for each shared root.
const ROOTS: &str = "roots";

/// The file that names a shared root, in its records.
const RECORD: &str = "root.json";

/// The name of a shared root in the user's state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    /// The version of this format.
    version: u32,
    /// The path that the shared root had when it was made.
    path: PathBuf,
    /// A random text that the shared root holds too.
    token: String,
    /// Where the shared root was before it was moved, and the root that it was copied from: configurations may still lead
    /// there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    formerly: Vec<PathBuf>,
}

impl Record {
    /// Notes that the shared root was moved.
    fn move_to(&mut self, root: &Path) {
        let was = std::mem::replace(&mut self.path, root.to_owned());
        self.formerly
            .retain(|former| *former != was && former != root);
        self.formerly.push(was);
    }

    /// Returns whether the shared root is or was at a path, or is a copy of the one that is there.
    fn was_at(&self, path: &Path) -> bool {
        self.path == path || self.formerly.iter().any(|former| former == path)
    }

    /// Returns whether a folder that holds the token is a copy: the root that it was copied from still holds it too.
    fn has_copy_at(&self, root: &Path) -> bool {
        let identity = |path: &Path| Some(info(path).ok()??.identity);
        self.path != root
            && token(&self.path).as_ref() == Some(&self.token)
            && identity(&self.path) != identity(root)
    }
}

/// The shared roots that the user's state knows.
#[derive(Clone, Debug, Default)]
pub(crate) struct KnownRoots {
    /// The state folder; `None` where the environment names none.
    state: Option<PathBuf>,
    /// The folders of records, with what they say.
    records: Vec<(PathBuf, Record)>,
}

impl KnownRoots {
    /// Reads the records in the state folder. A record that cannot be read is none.
    #[must_use]
    pub(crate) fn load(state: Option<&Path>) -> Self {
        let mut records = Vec::new();
        if let Some(roots) = state.map(|state| state.join(ROOTS)) {
            for name in names(&roots).unwrap_or_default() {
                let folder = roots.join(name);
                if let Some(record) = record(&folder) {
                    records.push((folder, record));
                }
            }
        }
        Self {
            state: state.map(Path::to_owned),
            records,
        }
    }

    /// Returns whether there is a folder for records, without which nothing is known and no root can be taken over.
    #[must_use]
    pub(crate) fn has_place(&self) -> bool {
        self.state.is_some()
    }

    /// Returns whether a folder holds the token of a record, in a file of the user's. A root that was moved holds it too, and
    /// so does a copy, which is none as long as the original is there.
    #[must_use]
    pub(crate) fn knows(&self, root: &Path) -> bool {
        is_folder(root) && self.by_token(root).is_some()
    }

    /// Returns whether a shared root was made at a path. It may have been deleted since, so this says nothing of the
    /// folder that is there now.
    #[must_use]
    pub(crate) fn made_at(&self, path: &Path) -> bool {
        self.records.iter().any(|(_, record)| record.path == path)
    }

    /// Returns the folder of records of a shared root, whether or not the root has been made yet; `None` where the
    /// environment names no state folder.
    #[must_use]
    pub(crate) fn records(&self, root: &Path) -> Option<PathBuf> {
        let by_path = || self.records.iter().find(|(_, record)| record.path == root);
        if let Some((folder, _)) = self.by_token(root).or_else(by_path) {
            return Some(folder.clone());
        }
        let roots = self.state.as_ref()?.join(ROOTS);
        let name = folder_name(root);
        // The root that was made here first may have been moved, and has its records still.
        let names = std::iter::once(name.clone()).chain((2..).map(|n| format!("{name}-{n}")));
        let mut folders = names.map(|name| roots.join(name));
        folders.find(|folder| self.records.iter().all(|(taken, _)| taken != folder))
    }

    /// Returns the shared root that a folder is a copy of, as long as that one is there.
    #[must_use]
    pub(crate) fn original(&self, root: &Path) -> Option<&Path> {
        let (_, record) = self.holds_token_of(root)?;
        record.has_copy_at(root).then_some(record.path.as_path())
    }

    /// Returns where a shared root was before it was moved, as long as no run has noted the new place.
    #[must_use]
    pub(crate) fn moved_from(&self, root: &Path) -> Option<&Path> {
        let (_, record) = self.by_token(root)?;
        (record.path != root).then_some(record.path.as_path())
    }

    /// Returns whether a shared root is or was at a path, wherever it is now.
    #[must_use]
    pub(crate) fn was_at(&self, path: &Path) -> bool {
        self.records.iter().any(|(_, record)| record.was_at(path))
    }

    /// Finds the folder that has taken the place of a shared root for those who work in `from`: the root was moved or copied
    /// together with what lies there, while configurations still lead to where it was.
    #[must_use]
    pub(crate) fn successor(&self, from: &Path, was: &Path) -> Option<PathBuf> {
        /// How deep a shared root may lie in what is moved or copied.
        const DEEPEST: usize = 4;
        if !self.was_at(was) {
            return None;
        }
        let parts: Vec<_> = was.components().collect();
        let ends = (1..=DEEPEST.min(parts.len())).map(|length| &parts[parts.len() - length..]);
        let ends: Vec<PathBuf> = ends.map(|end| end.iter().collect()).collect();
        let tops = from.ancestors().filter(|top| !was.starts_with(top));
        tops.flat_map(|top| ends.iter().map(move |end| top.join(end)))
            .find(|path| {
                let record = self.holds_token_of(path).map(|(_, record)| record);
                is_folder(path) && record.is_some_and(|record| path != was && record.was_at(was))
            })
    }

    fn by_token(&self, root: &Path) -> Option<&(PathBuf, Record)> {
        let found = self.holds_token_of(root)?;
        (!found.1.has_copy_at(root)).then_some(found)
    }

    fn holds_token_of(&self, root: &Path) -> Option<&(PathBuf, Record)> {
        if self.records.is_empty() {
            return None;
        }
        let token = token(root)?;
        self.records
            .iter()
            .find(|(_, record)| record.token == token)
    }
}

/// Enters a shared root into the user's state: writes the record first and the token last, so that a root with a token is
/// whole. A root that was moved keeps its token, and its record names the new place; a copy gets a token of its own.
///
/// # Errors
///
/// The record or the token cannot be written, or there is no random number.
pub(crate) fn register_root(records: &Path, root: &Path) -> Result<()> {
    let known = KnownRoots::load(records.ancestors().nth(2));
    let original = known.original(root);
    create_private_folder(records)
        .hint("this is the state folder of this program; set XDG_STATE_HOME to use another one")?;
    // Two runs that make the same root at once would give it two tokens.
    let _lock = lock_where_possible(&records.join("lock"))?;
    let here = token(root);
    let moved = |record: &Record| here.as_ref() == Some(&record.token) && !record.has_copy_at(root);
    let record = match record(records) {
        Some(record) if record.path == root => {
            if here.as_ref() == Some(&record.token) {
                return Ok(());
            }
            record
        }
        Some(mut record) if moved(&record) => {
            record.move_to(root);
            record
        }
        _ => Record {
            version: 1,
            path: root.to_owned(),
            token: random_token()?,
            formerly: original.map(Path::to_owned).into_iter().collect(),
        },
    };
    let mut json = serde_json::to_vec_pretty(&record).context("failed to record a root")?;
    json.push(b'\n');
    replace_own(&records.join(RECORD), &json)?;
    if here.as_ref() == Some(&record.token) {
        return Ok(());
    }
    let mark = root.join(SHARED_ROOT_MARK);
    create_folder(&mark)?;
    anyhow::ensure!(
        is_folder(root) && is_folder(&mark),
        "expected folders, and no links: `{}`",
        mark.display()
    );
    replace_own(
        &mark.join(ROOT_TOKEN),
        format!("{}\n", record.token).as_bytes(),
    )
}

/// Writes down where a shared root and the files of its project are now that it was moved.
///
/// # Errors
///
/// The records cannot be read or written. Then they are as they were, or the files are known at their new place already.
pub(crate) fn settle_moved(records: &Path, root: &Path, moved: &Relocated) -> Result<()> {
    let known = record(records).filter(|record| token(root).as_ref() == Some(&record.token));
    let Some(mut known) = known else {
        return Ok(());
    };
    crate::survey::records::change_journal(records, |journal| journal.relocate(moved))?;
    if known.path == root {
        return Ok(());
    }
    known.move_to(root);
    let mut json = serde_json::to_vec_pretty(&known).context("failed to record a root")?;
    json.push(b'\n');
    replace_own(&records.join(RECORD), &json)
}

/// Tells where a project was whose shared root was moved, if the root was moved with the project: files that were recorded
/// at the old place are at the new one, and at the old place none of them is.
#[must_use]
pub(crate) fn project_moved(from: &Path, root: &Path, journal: &Journal) -> Option<Relocated> {
    if from.file_name() != root.file_name() {
        return None;
    }
    let moved = Relocated {
        from: from.parent()?.to_owned(),
        to: root.parent()?.to_owned(),
    };
    let last = journal.last_under(&moved.from);
    let holds = |file: &Path, after: Option<&[u8]>| {
        after.is_some() && read(file).is_ok_and(|bytes| bytes.as_deref() == after)
    };
    let stayed = last.iter().any(|(file, after)| holds(file, *after));
    let came = last
        .iter()
        .any(|(file, after)| holds(&moved.now(file), *after));
    (came && !stayed).then_some(moved)
}

fn record(records: &Path) -> Option<Record> {
    let bytes = read(&records.join(RECORD)).ok()??;
    let record: Record = serde_json::from_slice(&bytes).ok()?;
    (record.version == 1 && is_token(&record.token)).then_some(record)
}

/// The token in a shared root, if it is a file in real folders there.
fn token(root: &Path) -> Option<String> {
    let mark = root.join(SHARED_ROOT_MARK);
    let file = mark.join(ROOT_TOKEN);
    let real = is_folder(&mark) && matches!(info(&file), Ok(Some(info)) if info.is_file);
    if !real || !is_mine(&file) {
        return None;
    }
    let text = String::from_utf8(read(&file).ok()??).ok()?;
    let token = text.trim_end();
    is_token(token).then(|| token.to_owned())
}

/// A short token could be guessed, or an empty one be found in any folder.
fn is_token(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn random_token() -> Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).context("failed to make a random number")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A name that people can tell from others, and the hash of the path, so that two roots never meet.
fn folder_name(root: &Path) -> String {
    let project = root.parent().and_then(Path::file_name).unwrap_or_default();
    let project: String = project
        .to_string_lossy()
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
        .take(40)
        .collect();
    let hash = blake3::hash(root.as_os_str().as_encoded_bytes()).to_hex();
    format!("{project}-{}", &hash[..16])
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests make what they look at")]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn only_the_token_of_a_record_makes_a_root() {
        let dir = tempfile::tempdir().expect("a folder");
        let state = dir.path().join("state");
        let [root, copy] = ["root", "copy"].map(|name| dir.path().join(name));
        let load = || KnownRoots::load(Some(&state));
        for folder in [&root, &copy] {
            fs::create_dir_all(folder.join(SHARED_ROOT_MARK)).expect("a mark");
        }
        assert!(!load().knows(&root), "a mark alone");
        let records = load().records(&root).expect("a place");
        register_root(&records, &root).expect("registered");
        assert!(load().knows(&root) && load().made_at(&root));
        assert!(!load().knows(&copy));

        let token = |folder: &Path| folder.join(SHARED_ROOT_MARK).join(ROOT_TOKEN);
        fs::copy(token(&root), token(&copy)).expect("a copy");
        assert!(!load().knows(&copy), "the original is there");
        assert_eq!(load().original(&copy), Some(root.as_path()));
        assert_ne!(load().records(&copy), Some(records.clone()));
        for wrong in ["", "0", &"0".repeat(32)] {
            fs::write(token(&copy), wrong).expect("another token");
            assert!(!load().knows(&copy), "{wrong:?}");
        }

        let away = dir.path().join("away");
        fs::rename(&root, &away).expect("moved");
        assert!(load().knows(&away), "it was moved");
        assert_eq!(load().records(&away), Some(records.clone()));
        register_root(&records, &away).expect("entered again");
        assert!(load().knows(&away) && load().made_at(&away) && !load().made_at(&root));
        let other = load().records(&root).expect("a place");
        assert_ne!(other, records, "they are the moved one's");
        fs::rename(&away, &root).expect("moved back");
        register_root(&records, &root).expect("entered again");

        fs::remove_dir_all(&root).expect("deleted");
        assert!(!load().knows(&root) && load().made_at(&root));
        register_root(&records, &root).expect("made again");
        assert!(load().knows(&root));
        assert!(!KnownRoots::load(None).knows(&root), "no state");
    }

    #[test]
    fn a_copy_becomes_a_root_of_its_own() {
        let dir = tempfile::tempdir().expect("a folder");
        let state = dir.path().join("state");
        let [project, copy] = ["project", "copy"].map(|name| dir.path().join(name));
        let [root, twin] = [&project, &copy].map(|project| project.join("root"));
        let load = || KnownRoots::load(Some(&state));
        let records = load().records(&root).expect("a place");
        register_root(&records, &root).expect("registered");
        fs::create_dir_all(twin.join(SHARED_ROOT_MARK)).expect("a mark");
        let token = |folder: &Path| folder.join(SHARED_ROOT_MARK).join(ROOT_TOKEN);
        fs::copy(token(&root), token(&twin)).expect("a copy");
        assert_eq!(
            load().successor(&copy.join("sub"), &root),
            Some(twin.clone())
        );
        assert_eq!(load().successor(&project, &root), None);
        let own = load().records(&twin).expect("a place");
        register_root(&own, &twin).expect("registered");
        assert!(load().knows(&root) && load().knows(&twin));
        assert_ne!(fs::read(token(&root)).ok(), fs::read(token(&twin)).ok());
        assert_eq!(load().original(&twin), None);
        assert_eq!(load().successor(&copy, &root), Some(twin));
        assert_eq!(load().successor(&project, &root), None);
    }

    #[test]
    fn those_who_make_a_root_at_once_agree_on_its_token() {
        let dir = tempfile::tempdir().expect("a folder");
        let [state, root] = ["state", "root"].map(|name| dir.path().join(name));
        let records = KnownRoots::load(Some(&state))
            .records(&root)
            .expect("a place");
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| register_root(&records, &root).expect("registered"));
            }
        });
        assert!(KnownRoots::load(Some(&state)).knows(&root));
    }

    #[test]
    #[cfg(unix)]
    fn a_token_behind_a_link_does_not_count() {
        let dir = tempfile::tempdir().expect("a folder");
        let state = dir.path().join("state");
        let [root, link] = ["root", "link"].map(|name| dir.path().join(name));
        let records = KnownRoots::load(Some(&state))
            .records(&root)
            .expect("a place");
        register_root(&records, &root).expect("registered");
        std::os::unix::fs::symlink(&root, &link).expect("a link");
        let known = KnownRoots::load(Some(&state));
        assert!(known.knows(&root) && !known.knows(&link));
        let other = dir.path().join("other");
        fs::create_dir(&other).expect("a folder");
        let mark = other.join(SHARED_ROOT_MARK);
        std::os::unix::fs::symlink(root.join(SHARED_ROOT_MARK), mark).expect("a link");
        assert!(!known.knows(&other));
    }
}
