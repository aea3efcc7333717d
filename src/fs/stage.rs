//! Stages: a marked folder in which something is put together before others may see it.

use std::fs;
use std::path::Path;

use anyhow::Result;

use crate::fs::{info, is_folder, names, read, write_if_absent};
use crate::markers::{STAGE_LOCK, STAGE_MARK};

/// Makes a stage, or takes up one that was left; `false` if what is there is not ours.
///
/// # Errors
///
/// It cannot be made.
pub(crate) fn make_stage(path: &Path) -> Result<bool> {
    match info(path)? {
        Some(info) if !info.is_dir => return Ok(false),
        Some(_) if !is_our_stage(path) => return Ok(false),
        Some(_) => {}
        None => crate::fs::create_folder(path)?,
    }
    write_if_absent(&path.join(STAGE_LOCK), STAGE_MARK)?;
    Ok(true)
}

/// Returns whether a folder is a stage of ours: it has our mark, or nothing yet.
#[must_use]
pub(crate) fn is_our_stage(path: &Path) -> bool {
    let mark = path.join(STAGE_LOCK);
    // We make no link, and what one leads to says nothing of this folder.
    if !is_folder(path) || matches!(info(&mark), Ok(Some(info)) if !info.is_file) {
        return false;
    }
    match read(&mark) {
        Ok(Some(mark)) if mark.is_empty() => names(path).is_ok_and(|names| names == [STAGE_LOCK]),
        Ok(Some(mark)) => mark == STAGE_MARK,
        Ok(None) => names(path).is_ok_and(|names| names.is_empty()),
        Err(_) => false,
    }
}

/// Removes a stage that holds nothing but its mark.
pub(crate) fn discard_stage(path: &Path) {
    let only_the_mark = names(path).is_ok_and(|names| names == [STAGE_LOCK]);
    if only_the_mark && is_our_stage(path) {
        let _ = fs::remove_file(path.join(STAGE_LOCK));
        let _ = fs::remove_dir(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_our_mark_is_a_stage() {
        let dir = tempfile::tempdir().expect("a folder");
        let stage = dir.path().join("stage");
        assert!(make_stage(&stage).expect("made"));
        assert!(make_stage(&stage).expect("taken up"));
        fs::write(stage.join("more"), "").expect("a file");
        discard_stage(&stage);
        assert!(stage.join("more").exists(), "it is in use");
        fs::remove_file(stage.join("more")).expect("removed");
        discard_stage(&stage);
        assert!(!stage.exists());

        let theirs = dir.path().join("theirs");
        fs::create_dir(&theirs).expect("a folder");
        fs::write(theirs.join("thesis.txt"), "").expect("a file");
        assert!(!make_stage(&theirs).expect("looked at"));
        assert!(theirs.join("thesis.txt").exists());
        #[cfg(unix)]
        {
            let link = dir.path().join("link");
            std::os::unix::fs::symlink(&theirs, &link).expect("a link");
            assert!(!make_stage(&link).expect("looked at"));
        }
    }
}
