//! The door to the file system. No other room calls `std::fs`, and every error names its path.
//!
//! A path's last component is never followed if it is a symbolic link. Files are replaced whole, by rename ([`mod@replace`]). A
//! folder is deleted entry by entry, through open folders, against what was seen of it ([`mod@delete`]); what differs is kept.
//! [`mod@lock`] takes Cargo's locks and our own. [`transfer`] and [`share`] copy, link and clone. [`mod@usage`] measures: blocks and
//! links, each inode once. [`mod@checkpoint`] lets tests kill the program at a named point.

#![expect(clippy::disallowed_methods, reason = "this module is the door")]

mod bare_root;
mod cache;
mod checkpoint;
mod delete;
mod filesystem;
mod find;
mod in_use;
mod kind;
mod lock;
pub mod model;
mod newest;
mod objects;
mod open_folder;
mod owner;
mod part;
mod program;
mod read;
mod replace;
mod seen;
mod share;
mod source;
mod stage;
mod transfer;
mod trash;
mod usage;
mod walk;
mod within;

use std::fs;
use std::fs::Metadata;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use jiff::Timestamp;

pub(crate) use crate::fs::bare_root::{is_bare, remove_bare};
pub(crate) use crate::fs::cache::{
    digest, has_other_names, lock_alone, lock_in_common, lock_where_possible, move_file, note_use,
    state, try_lock_alone,
};
pub(crate) use crate::fs::checkpoint::checkpoint;
pub(crate) use crate::fs::delete::{Deletion, Removal};
pub use crate::fs::delete::{Ledger, delete_tree};
pub(crate) use crate::fs::filesystem::{available, network, notes_reads, reads_noted, total};
pub(crate) use crate::fs::find::{Finds, Looking, find};
pub(crate) use crate::fs::in_use::Uses;
pub(crate) use crate::fs::kind::{Kind, Target, is_script, kind, names_exactly};
pub(crate) use crate::fs::lock::{
    AtWork, LockGuard, LockMode, expect_writable, lock_all, lock_run, lock_stage, lock_to_read,
    lock_to_write, runs, stage_in_use, unwritable_root,
};
use crate::fs::model::{Identity, Tag};
pub(crate) use crate::fs::newest::newest_of_profiles;
pub(crate) use crate::fs::objects::{
    Aside, Hashes, become_name_of, folder_aside, is_executable, is_object, is_superuser,
    link_beside, link_to, new_folder, put, put_content, put_object, take_object,
};
pub(crate) use crate::fs::owner::{
    Theirs, close_if_open, expect_own_programs, is_closed, is_mine, is_strangers, refuses_store,
    theirs, unwritable,
};
pub(crate) use crate::fs::part::{Part, first_that_goes, part, unite};
pub(crate) use crate::fs::program::{
    has_leftovers, is_runnable, is_users_own, keep_as, program, project_of, write_program,
};
pub(crate) use crate::fs::read::{
    folder, open, read, read_known, read_pipe, read_start, with_content,
};
pub(crate) use crate::fs::replace::{
    is_leftover, keep_newest, leftovers, no_link, remove_leftover, remove_leftovers, replace,
    replace_own, replace_spare, replace_unseen, write_if_absent,
};
pub(crate) use crate::fs::seen::{difference, number, seen_at};
pub(crate) use crate::fs::share::{
    Lying, clone_like, clones_here, hash_content, lies, rights, same_rights,
};
pub(crate) use crate::fs::source::{
    Source, SourceKind, born, clock, clock_behind, everything_in, filled, first_listed,
    is_folder_behind, keeping_times, modified_behind, moved_there, touched,
};
pub(crate) use crate::fs::stage::{discard_stage, is_our_stage, make_stage};
pub(crate) use crate::fs::transfer::{
    clone_file, clones, copy_far, copy_file, copy_link, date_file, date_folder, link_file,
    make_link, same_content, write_like, write_own,
};
pub(crate) use crate::fs::trash::{discard_trash, is_our_trash, make_trash};
pub use crate::fs::usage::usage;
pub(crate) use crate::fs::walk::{Entry, EntryKind, walk};
pub(crate) use crate::fs::within::Within;
use crate::markers;
use crate::markers::Shape;
use crate::size::Bytes;

/// The kind, size, times and identity of a path, without following a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Info {
    pub(crate) is_dir: bool,
    pub(crate) is_file: bool,
    /// A symbolic link, or on Windows a junction.
    pub(crate) is_symlink: bool,
    pub(crate) read_only: bool,
    pub(crate) identity: Identity,
    pub(crate) length: Bytes,
    /// When it was last modified.
    pub(crate) modified: Option<Timestamp>,
}

/// Looks at a path; `None` if there is nothing.
///
/// # Errors
///
/// Anything but its absence.
pub(crate) fn info(path: &Path) -> Result<Option<Info>> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => Ok(Some(Info {
            is_dir: metadata.is_dir(),
            is_file: metadata.is_file(),
            is_symlink: metadata.is_symlink(),
            read_only: metadata.permissions().readonly(),
            identity: identity(&metadata),
            length: Bytes(metadata.len()),
            modified: modified(&metadata),
        })),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(error).with_context(|| format!("failed to look at `{}`", path.display())),
    }
}

/// A text that tells a folder from every other one, also when it is moved on its filesystem: its inode, and when
/// it was made where the filesystem knows.
#[must_use]
pub(crate) fn stamp(path: &Path) -> Option<String> {
    let metadata = fs::symlink_metadata(path).ok()?;
    let made = metadata
        .created()
        .ok()
        .and_then(|time| Timestamp::try_from(time).ok());
    let made = made.map_or_else(String::new, |time| time.as_nanosecond().to_string());
    Some(format!("{}-{made}", identity(&metadata).inode))
}

/// Returns whether there is something at a path. A path that cannot be examined counts as there.
#[must_use]
pub(crate) fn exists(path: &Path) -> bool {
    !matches!(info(path), Ok(None))
}

/// Whether a path is a folder, and not a link to one.
#[must_use]
pub(crate) fn is_folder(path: &Path) -> bool {
    matches!(info(path), Ok(Some(info)) if info.is_dir)
}

/// The path without links, `.` and `..`, in the form in which other programs take it.
///
/// # Errors
///
/// There is nothing at the path, or it cannot be looked at.
pub(crate) fn canonical(path: &Path) -> Result<PathBuf> {
    dunce::canonicalize(path).with_context(|| format!("failed to find `{}`", path.display()))
}

/// The canonical form of as much of the path as exists, with the rest as it is.
#[must_use]
pub(crate) fn canonical_as_far_as_it_exists(path: &Path) -> PathBuf {
    for above in path.ancestors() {
        if let Ok(real) = dunce::canonicalize(above) {
            return match path.strip_prefix(above) {
                Ok(rest) if !rest.as_os_str().is_empty() => real.join(rest),
                _ => real,
            };
        }
    }
    path.to_owned()
}

/// The target of a symbolic link, as far as it can be read.
#[must_use]
pub(crate) fn link_target(path: &Path) -> PathBuf {
    fs::read_link(path).unwrap_or_default()
}

/// The names in a folder, sorted.
///
/// # Errors
///
/// The folder cannot be read.
pub(crate) fn names(dir: &Path) -> Result<Vec<String>> {
    let failed = || format!("failed to read the folder `{}`", dir.display());
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).with_context(failed)? {
        names.push(
            entry
                .with_context(failed)?
                .file_name()
                .to_string_lossy()
                .into_owned(),
        );
    }
    names.sort();
    Ok(names)
}

/// The names in a folder and in the folders in it, three levels deep, as [`markers::read`] wants it. A folder that
/// cannot be read has no names.
///
/// The folders in a profile are not looked into: that it is one says enough, and they hold thousands of names.
#[must_use]
pub(crate) fn shape(dir: &Path) -> Shape {
    // A triple in a tool's folder lies one deeper than elsewhere.
    shape_to(dir, 4, true)
}

fn shape_to(dir: &Path, depth: usize, top: bool) -> Shape {
    let mut shape = Shape::default();
    let Ok(entries) = fs::read_dir(dir) else {
        return shape;
    };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => {
                shape.folders.insert(name, Some(Shape::default()));
            }
            Ok(kind) if kind.is_symlink() => {
                shape.folders.insert(name, None);
            }
            _ => shape.files.push(name),
        }
    }
    if depth > 1 && (top || !markers::is_profile(&shape)) {
        for (name, inner) in &mut shape.folders {
            if let Some(inner) = inner {
                *inner = shape_to(&dir.join(name), depth - 1, false);
            }
        }
    }
    shape
}

/// The state of the `CACHEDIR.TAG` in a folder.
#[must_use]
pub(crate) fn tag(dir: &Path) -> Tag {
    let path = dir.join(markers::TAG_NAME);
    match info(&path) {
        Ok(None) => Tag::Missing,
        Ok(Some(info)) if info.is_file => match read(&path) {
            Ok(Some(bytes)) if bytes.starts_with(markers::TAG_SIGNATURE) => Tag::Valid,
            _ => Tag::Wrong,
        },
        _ => Tag::Wrong,
    }
}

/// Makes a folder and those above it.
///
/// # Errors
///
/// It cannot be made.
pub(crate) fn create_folder(path: &Path) -> Result<()> {
    owner::create_all(path)
        .with_context(|| format!("failed to make the folder `{}`", path.display()))
}

/// Makes a folder and those above it; the last one only its owner can enter.
///
/// # Errors
///
/// It cannot be made.
pub(crate) fn create_private_folder(path: &Path) -> Result<()> {
    if let Some(above) = path.parent() {
        create_folder(above)?;
    }
    #[cfg(unix)]
    let builder = {
        let mut builder = fs::DirBuilder::new();
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder
    };
    #[cfg(not(unix))]
    let builder = fs::DirBuilder::new();
    match builder.create(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists && is_folder(path) => Ok(()),
        made => made.with_context(|| format!("failed to make the folder `{}`", path.display())),
    }
}

/// Makes a folder that must be new.
///
/// # Errors
///
/// Something is there already, or it cannot be made.
pub(crate) fn create_new_folder(path: &Path) -> Result<()> {
    owner::create(path).with_context(|| format!("failed to make the folder `{}`", path.display()))
}

/// Whether an error means that there is no space left.
#[must_use]
pub(crate) fn is_full(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.downcast_ref::<std::io::Error>().is_some_and(|io| {
            matches!(io.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
        })
    })
}

/// Whether an error means that something cannot be renamed, only copied: to another filesystem, or out of a lower layer of
/// an overlay.
#[must_use]
pub(crate) fn is_across(error: &anyhow::Error) -> bool {
    let mut causes = error.chain();
    causes.any(|cause| {
        let error = cause.downcast_ref::<std::io::Error>();
        error.is_some_and(|io| io.kind() == ErrorKind::CrossesDevices)
    })
}

/// Removes a file.
///
/// # Errors
///
/// It cannot be removed.
pub(crate) fn remove_file(path: &Path) -> Result<()> {
    fs::remove_file(path).with_context(|| format!("failed to remove `{}`", path.display()))
}

/// Removes a folder that is ours, with everything in it.
///
/// # Errors
///
/// A part of it is left.
pub(crate) fn remove_own_folder(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("failed to remove `{}`", path.display()))
        }
        _ => Ok(()),
    }
}

/// Removes a folder if it is empty, and says whether it did.
pub(crate) fn remove_empty_folder(path: &Path) -> bool {
    fs::remove_dir(path).is_ok()
}

/// Removes a folder and so many folders above it, up to the first that is not empty.
pub(crate) fn remove_empty_folders(path: &Path, above: u32) {
    let all = usize::try_from(above).unwrap_or_default() + 1;
    let mut folders = path.ancestors().take(all);
    let _ = folders.find(|folder| !remove_empty_folder(folder));
}

/// Moves a file or folder to another name in the same folder.
///
/// # Errors
///
/// It cannot be moved.
pub(crate) fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to).with_context(|| {
        format!(
            "failed to rename `{}` to `{}`",
            from.display(),
            to.display()
        )
    })
}

/// Disk space of a path by itself, without its content; zero if it is not there.
#[must_use]
pub(crate) fn on_disk(path: &Path) -> Bytes {
    Bytes(fs::symlink_metadata(path).map_or(0, |metadata| allocation(&metadata).0))
}

#[cfg(unix)]
fn identity(metadata: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt as _;
    Identity {
        device: metadata.dev(),
        inode: metadata.ino(),
    }
}

/// Without stable numbers from the system, the time of creation tells one folder from its successor.
#[cfg(not(unix))]
fn identity(metadata: &Metadata) -> Identity {
    let created = metadata
        .created()
        .ok()
        .and_then(|time| Timestamp::try_from(time).ok());
    Identity {
        device: 0,
        inode: created.map_or(0, |time| time.as_nanosecond() as u64),
    }
}

fn modified(metadata: &Metadata) -> Option<Timestamp> {
    metadata
        .modified()
        .ok()
        .and_then(|time| Timestamp::try_from(time).ok())
}

/// A link to a file, and a copy with its times, look as old as the file by any other time.
#[cfg(unix)]
fn changed(metadata: &Metadata) -> Option<Timestamp> {
    use std::os::unix::fs::MetadataExt as _;
    let nanoseconds = i32::try_from(metadata.ctime_nsec()).ok()?;
    Timestamp::new(metadata.ctime(), nanoseconds).ok()
}

#[cfg(not(unix))]
fn changed(_: &Metadata) -> Option<Timestamp> {
    None
}

/// Allocated space of a file, and how many links it has.
#[cfg(unix)]
fn allocation(metadata: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt as _;
    (metadata.blocks() * 512, metadata.nlink())
}

/// Windows says neither without opening the file: its length stands for its space, and each link for a file.
#[cfg(not(unix))]
fn allocation(metadata: &Metadata) -> (u64, u64) {
    (metadata.len(), 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_must_be_a_regular_file_with_the_signature() {
        let dir = tempfile::tempdir().expect("a folder");
        assert_eq!(tag(dir.path()), Tag::Missing);
        let path = dir.path().join(markers::TAG_NAME);
        fs::write(&path, "Signature: something else").expect("written");
        assert_eq!(tag(dir.path()), Tag::Wrong);
        fs::write(&path, [markers::TAG_SIGNATURE, b"\n# more"].concat()).expect("written");
        assert_eq!(tag(dir.path()), Tag::Valid);
        fs::remove_file(&path).expect("removed");
        fs::create_dir(&path).expect("a folder of that name");
        assert_eq!(tag(dir.path()), Tag::Wrong);
    }
}
