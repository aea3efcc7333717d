//! The folders that a run found warm, in the user's state folder: reading two target folders file by file takes longer
//! than everything else that `warm` does where it has nothing to do.
//!
//! A record saves time and decides nothing: where it is wrong, a folder is not warmed, and Cargo compiles.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::fs;

/// The version of the format.
const VERSION: u32 = 1;

/// The record.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Record {
    version: u32,
    folders: BTreeMap<PathBuf, Warm>,
}

/// A folder that had everything that its best donor offers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Warm {
    /// A hash of all that the choice of a donor and of its units depends on.
    pub(crate) question: String,
    /// The donor.
    pub(crate) from: PathBuf,
    /// The units that both have.
    pub(crate) units: usize,
}

/// The folders that this run and earlier ones found warm.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settled(Arc<Mutex<Table>>);

#[derive(Debug, Default)]
struct Table {
    before: Option<Record>,
    new: BTreeMap<PathBuf, Warm>,
}

impl Settled {
    /// The record of a folder, if it was made for this question.
    pub(crate) fn get(&self, state: &Path, folder: &Path, question: &str) -> Option<Warm> {
        let mut table = self.table();
        let before = table.before.get_or_insert_with(|| read(state));
        let known = before.folders.get(folder)?;
        (known.question == question).then(|| known.clone())
    }

    /// Records a folder once [`keep`](Self::keep) is called.
    pub(crate) fn add(&self, folder: &Path, warm: Warm) {
        self.table().new.insert(folder.to_owned(), warm);
    }

    /// Writes down the findings of this run. Where they cannot be written, the next run finds them again.
    pub(crate) fn keep(&self, state: &Path) {
        let new = std::mem::take(&mut self.table().new);
        if new.is_empty() {
            return;
        }
        let mut record = read(state);
        record.folders.extend(new);
        record.folders.retain(|folder, _| fs::is_folder(folder));
        let Ok(json) = serde_json::to_vec(&record) else {
            return;
        };
        let _ =
            fs::create_private_folder(state).and_then(|()| fs::replace_own(&file(state), &json));
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads the record. One that cannot be read, or has another version, holds nothing.
fn read(state: &Path) -> Record {
    let bytes = fs::read(&file(state)).ok().flatten();
    let record = bytes.and_then(|bytes| serde_json::from_slice::<Record>(&bytes).ok());
    let known = record.filter(|record| record.version == VERSION);
    known.unwrap_or_else(|| Record {
        version: VERSION,
        folders: BTreeMap::new(),
    })
}

fn file(state: &Path) -> PathBuf {
    state.join("warm.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_holds_for_its_question_while_its_folder_is_there() {
        let dir = tempfile::tempdir().expect("a folder");
        let (state, into) = (dir.path().join("state"), dir.path().join("target"));
        let warm = |question: &str| Warm {
            question: question.into(),
            from: "/r/target".into(),
            units: 7,
        };
        let gone = dir.path().join("gone");
        fs::create_folder(&into).expect("a folder");
        let settled = Settled::default();
        settled.add(&into, warm("one"));
        settled.add(&gone, warm("one"));
        settled.keep(&state);
        let later = || Settled::default();
        assert_eq!(later().get(&state, &into, "one"), Some(warm("one")));
        assert_eq!(later().get(&state, &into, "two"), None);
        assert_eq!(later().get(&state, &gone, "one"), None);
        fs::write_own(&file(&state), b"{").expect("damaged");
        assert_eq!(later().get(&state, &into, "one"), None);
        let newer = br#"{"version":9,"folders":{}}"#;
        fs::write_own(&file(&state), newer).expect("a later format");
        settled.add(&into, warm("two"));
        settled.keep(&state);
        assert_eq!(later().get(&state, &into, "two"), Some(warm("two")));
    }
}
