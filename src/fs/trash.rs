//! Trash: a marked folder that something is moved into before it is deleted.

use std::fs;
use std::path::Path;

use anyhow::Result;

use crate::fs::{create_new_folder, is_folder, keeping_times, names, read, write_if_absent};
use crate::markers::{GITIGNORE, TRASH_MARK};

/// Makes a trash folder with its mark, by which git ignores it.
///
/// # Errors
///
/// It is there already or cannot be made; nothing is left of it then.
pub(crate) fn make_trash(path: &Path) -> Result<()> {
    keeping_times(&[above(path)], || create_new_folder(path))?;
    crate::fs::checkpoint("trash-made");
    write_if_absent(&path.join(GITIGNORE), TRASH_MARK).inspect_err(|_| discard_trash(path))
}

/// Whether a folder is trash of ours: it has our mark, or the beginning of it and nothing else.
#[must_use]
pub(crate) fn is_our_trash(path: &Path) -> bool {
    if !is_folder(path) {
        return false;
    }
    let only = |wanted: &[&str]| names(path).is_ok_and(|names| names == wanted);
    let mark = path.join(GITIGNORE);
    if crate::fs::info(&mark).is_ok_and(|info| info.is_some_and(|info| !info.is_file)) {
        // We make no link, and what one leads to says nothing of this folder.
        return false;
    }
    match read(&mark) {
        Ok(Some(mark)) if mark == TRASH_MARK => true,
        // Killed while it was being made.
        Ok(Some(mark)) => TRASH_MARK.starts_with(&mark) && only(&[GITIGNORE]),
        Ok(None) => only(&[]),
        Err(_) => false,
    }
}

/// Removes a trash folder that holds nothing but its mark. If it holds more, or cannot be removed, it stays as
/// it is, and the next run finds it.
pub(crate) fn discard_trash(path: &Path) {
    let only_the_mark = || names(path).is_ok_and(|names| names == [GITIGNORE]);
    if is_our_trash(path) && only_the_mark() {
        let _ = fs::remove_file(path.join(GITIGNORE));
    }
    let _ = keeping_times(&[above(path)], || fs::remove_dir(path));
}

fn above(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn a_mark_that_is_a_link_is_not_ours() {
        let dir = tempfile::tempdir().expect("a folder");
        let (ours, other) = (dir.path().join("ours"), dir.path().join("other"));
        make_trash(&ours).expect("new");
        fs::create_dir(&other).expect("a folder");
        std::os::unix::fs::symlink(ours.join(GITIGNORE), other.join(GITIGNORE)).expect("a link");
        assert!(is_our_trash(&ours) && !is_our_trash(&other));
        discard_trash(&other);
        assert!(crate::fs::exists(&other.join(GITIGNORE)), "it stays");
    }

    #[test]
    fn trash_is_ours_by_its_mark_and_as_long_as_it_is_being_made() {
        let dir = tempfile::tempdir().expect("a folder");
        let trash = dir.path().join("trash");
        let mark = trash.join(GITIGNORE);
        assert!(!is_our_trash(&trash), "there is none");
        fs::create_dir(&trash).expect("a folder");
        assert!(is_our_trash(&trash), "killed before it was marked");
        fs::write(&mark, &TRASH_MARK[..9]).expect("a file");
        assert!(is_our_trash(&trash), "killed while it was marked");
        fs::write(trash.join("precious"), "").expect("a file");
        assert!(!is_our_trash(&trash), "something of somebody else's");
        discard_trash(&trash);
        assert!(mark.exists(), "it stays as it is");
        fs::write(&mark, TRASH_MARK).expect("a file");
        assert!(is_our_trash(&trash));
        discard_trash(&trash);
        assert!(trash.join("precious").exists());
        fs::remove_file(trash.join("precious")).expect("removed");
        discard_trash(&trash);
        assert!(!trash.exists());
        make_trash(&trash).expect("new");
        assert!(is_our_trash(&trash));
        assert!(make_trash(&trash).is_err(), "there already");
    }
}
