//! The records of shared roots, in the user's own state folder.
//!
//! A folder is a shared root because the user's own state knows it: its token lies in the folder and, once more, in the
//! state folder, where neither a clone nor a branch can put it. The looks of a folder say nothing, since anybody can
//! commit a folder that looks like a shared root.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use super::{create_folder, create_private_folder, info, is_folder, is_mine, names, read, replace};
use crate::journal::{Journal, Relocated};
use crate::marks::{ROOT_TOKEN, SHARED_ROOT_MARK};

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
}

/// The shared roots that the user's state knows.
#[derive(Clone, Debug, Default)]
pub struct KnownRoots {
    /// The state folder; `None` where the environment names none.
    state: Option<PathBuf>,
    /// The folders of records, with what they say.
    records: Vec<(PathBuf, Record)>,
}

impl KnownRoots {
    /// Reads the records in the state folder. A record that cannot be read is none.
    #[must_use]
    pub fn load(state: Option<&Path>) -> Self {
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

    /// Returns whether a folder holds the token of a record, in a file of the user's. A root that was moved or copied holds
    /// it too.
    #[must_use]
    pub fn knows(&self, root: &Path) -> bool {
        is_folder(root) && self.by_token(root).is_some()
    }

    /// Returns whether a shared root was made at a path. It may have been deleted since, so this says nothing of the
    /// folder that is there now.
    #[must_use]
    pub fn made_at(&self, path: &Path) -> bool {
        self.records.iter().any(|(_, record)| record.path == path)
    }

    /// Returns where a shared root was made, if its token is in this folder, and it was made elsewhere and is not there any
    /// more: it was moved.
    #[must_use]
    pub fn moved_from(&self, root: &Path) -> Option<&Path> {
        let (_, record) = self.by_token(root)?;
        let copied = || token(&record.path).is_some_and(|token| token == record.token);
        (record.path != root && !copied()).then_some(record.path.as_path())
    }

    /// Returns the folder of records of a shared root, whether or not the root has been made yet; `None` where the
    /// environment names no state folder.
    #[must_use]
    pub fn records(&self, root: &Path) -> Option<PathBuf> {
        let by_path = || self.records.iter().find(|(_, record)| record.path == root);
        match self.by_token(root).or_else(by_path) {
            Some((folder, _)) => Some(folder.clone()),
            None => {
                let roots = self.state.as_ref()?.join(ROOTS);
                let name = folder_name(root);
                // The name may be that of a root which was made here and moved away.
                let others = |folder: &PathBuf| self.records.iter().any(|(of, _)| of == folder);
                let more = (2..).map(|n| format!("{name}-{n}"));
                let mut names = std::iter::once(name.clone()).chain(more);
                names.find_map(|name| Some(roots.join(name)).filter(|one| !others(one)))
            }
        }
    }

    fn by_token(&self, root: &Path) -> Option<&(PathBuf, Record)> {
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
/// whole.
///
/// # Errors
///
/// The record or the token cannot be written, or there is no random number.
pub fn register_root(records: &Path, root: &Path) -> Result<()> {
    create_private_folder(records)?;
    // Two runs that make the same root at once would give it two tokens.
    let lock = records.join("lock");
    let failed = || format!("failed to lock `{}`", lock.display());
    let file = File::options().create(true).append(true).open(&lock);
    let file = file.with_context(failed)?;
    match file.lock() {
        Err(error) if error.kind() != ErrorKind::Unsupported => {
            return Err(error).with_context(failed);
        }
        _ => {}
    }
    let known = record(records).filter(|record| record.path == root);
    let record = match known {
        Some(record) => record,
        None => Record {
            version: 1,
            path: root.to_owned(),
            token: random_token()?,
        },
    };
    if token(root).is_some_and(|token| token == record.token) {
        return Ok(());
    }
    let mut json = serde_json::to_vec_pretty(&record).context("failed to write down a root")?;
    json.push(b'\n');
    replace(&records.join(RECORD), &json)?;
    let mark = root.join(SHARED_ROOT_MARK);
    create_folder(&mark)?;
    anyhow::ensure!(
        is_folder(root) && is_folder(&mark),
        "expected folders, and no links: `{}`",
        mark.display()
    );
    replace(
        &mark.join(ROOT_TOKEN),
        format!("{}\n", record.token).as_bytes(),
    )
}

/// Writes down where a shared root and the files of its project are now that it was moved.
///
/// # Errors
///
/// The records cannot be read or written. Then they are as they were, or the files are known at their new place already.
pub fn settle_moved(records: &Path, root: &Path, moved: &Relocated) -> Result<()> {
    let known = record(records).filter(|record| token(root).as_ref() == Some(&record.token));
    let Some(mut known) = known.filter(|record| record.path != root) else {
        return Ok(());
    };
    super::change_journal(records, |journal| journal.relocate(moved))?;
    root.clone_into(&mut known.path);
    let mut json = serde_json::to_vec_pretty(&known).context("failed to write down a root")?;
    json.push(b'\n');
    replace(&records.join(RECORD), &json)
}

/// Tells where a project was whose shared root was moved, if the root was moved with the project: files that were recorded
/// at the old place are at the new one, and at the old place none of them is.
#[must_use]
pub fn project_moved(from: &Path, root: &Path, journal: &Journal) -> Option<Relocated> {
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
    getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("no random number: {error}"))?;
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
mod tests {
    use super::*;
    use std::fs;

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
        assert!(load().knows(&copy), "a copy has the token");
        assert_eq!(load().records(&copy), Some(records.clone()));
        for wrong in ["", "0", &"0".repeat(32)] {
            fs::write(token(&copy), wrong).expect("another token");
            assert!(!load().knows(&copy), "{wrong:?}");
        }

        fs::remove_dir_all(&root).expect("deleted");
        assert!(!load().knows(&root) && load().made_at(&root));
        register_root(&records, &root).expect("made again");
        assert!(load().knows(&root));
        assert!(!KnownRoots::load(None).knows(&root), "no state");
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
