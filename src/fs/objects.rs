//! Files that are known by what is in them.

use std::collections::HashMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anyhow::{Context as _, Result, ensure};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::fs::model::StoredFile;
use crate::fs::owner::expect_mine;
use crate::fs::read::open_quietly;
use crate::fs::replace::TEMPORARY;
use crate::fs::transfer::keep;
use crate::fs::{Info, create_folder, hash_content, info, is_mine};

/// Hashes of files that have not changed since they were computed, by path, length, time and inode.
///
/// Small files are hashed again each time, which takes no longer than to look them up.
#[derive(Debug, Default)]
pub(crate) struct Hashes {
    known: Mutex<HashMap<PathBuf, Known>>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Known {
    length: u64,
    modified: i128,
    inode: u64,
    hash: String,
    /// Looked up or computed in this run.
    #[serde(skip)]
    used: bool,
}

const SMALL: u64 = 4096;

/// From how many on those go that are of no use any more.
const MANY: usize = 100_000;

impl Hashes {
    /// The hashes that were kept in a file; none if there is no such file, or it is not valid.
    #[must_use]
    pub(crate) fn read(file: &Path) -> Self {
        let bytes = crate::fs::read(file).ok().flatten().unwrap_or_default();
        let known: HashMap<PathBuf, Known> = serde_json::from_slice(&bytes).unwrap_or_default();
        Self {
            known: Mutex::new(known),
        }
    }

    /// Keeps them in a file. They are computed again where that does not go well.
    pub(crate) fn write(&self, file: &Path) {
        let mut known = self.lock();
        if known.len() > MANY {
            known.retain(|_, known| known.used);
        }
        if let Ok(json) = serde_json::to_vec(&*known) {
            let _ = put(file, &json);
        }
    }

    /// The hash of a regular file's content, in hexadecimal digits.
    ///
    /// # Errors
    ///
    /// It is no regular file, cannot be read, or changes while it is read.
    pub(crate) fn of(&self, path: &Path) -> Result<String> {
        let before = regular(path)?;
        if before.length.0 > SMALL
            && let Some(known) = self.lock().get_mut(path).filter(|known| known.is(&before))
        {
            known.used = true;
            return Ok(known.hash.clone());
        }
        let hash = hash_content(path);
        let hash = hash.with_context(|| format!("failed to read `{}`", path.display()))?;
        let hash = blake3::Hash::from_bytes(hash).to_hex().to_string();
        ensure!(
            regular(path)? == before,
            "`{}` changed while it was read",
            path.display()
        );
        self.note(path, &before, &hash);
        Ok(hash)
    }

    fn note(&self, path: &Path, info: &Info, hash: &str) {
        if info.length.0 > SMALL {
            let known = Known {
                length: info.length.0,
                modified: nanoseconds(info),
                inode: info.identity.inode,
                hash: hash.to_owned(),
                used: true,
            };
            self.lock().insert(path.to_owned(), known);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<PathBuf, Known>> {
        self.known.lock().unwrap_or_else(|error| error.into_inner())
    }
}

impl Known {
    fn is(&self, info: &Info) -> bool {
        self.length == info.length.0
            && self.modified == nanoseconds(info)
            && self.inode == info.identity.inode
    }
}

fn nanoseconds(info: &Info) -> i128 {
    info.modified.map_or(0, Timestamp::as_nanosecond)
}

fn regular(path: &Path) -> Result<Info> {
    let found = info(path)?.filter(|info| info.is_file);
    found.with_context(|| format!("expected a file: `{}`", path.display()))
}

/// Whether an object is there, and is what it is called, as far as its length and its time tell that nothing has changed.
#[must_use]
pub(crate) fn is_object(at: &Path, file: &StoredFile, hashes: &Hashes) -> bool {
    let there = info(at).ok().flatten();
    there.is_some_and(|info| info.is_file && info.length.0 == file.length)
        && hashes.of(at).is_ok_and(|hash| hash == file.hash)
}

/// Puts an object under its hash, unless it is there: as a hard link where `link` says that no process writes to the
/// file, else as a copy, which is hashed again. Several processes may put the same one at the same time.
///
/// # Errors
///
/// It cannot be written, or is not what it was.
pub(crate) fn put_object(
    from: &Path,
    file: &StoredFile,
    to: &Path,
    link: bool,
    hashes: &Hashes,
) -> Result<()> {
    if is_object(to, file, hashes) {
        return Ok(());
    }
    expect_mine(from)?;
    let folder = to.parent().context("an object has no folder")?;
    create_folder(folder)?;
    let new = tempfile::Builder::new()
        .prefix(TEMPORARY)
        .make_in(folder, |path| {
            let put = match link {
                true => fs::hard_link(from, path).or_else(|_| clone_or_copy(from, path)),
                false => clone_or_copy(from, path),
            };
            // Half of it is removed, unless another process has made a file of this name.
            put.inspect_err(|error| {
                if error.kind() != std::io::ErrorKind::AlreadyExists {
                    let _ = fs::remove_file(path);
                }
            })
        })
        .with_context(|| format!("failed to put `{}` into the store", from.display()))?;
    ensure!(
        hashes.of(new.path())? == file.hash,
        "`{}` has changed",
        from.display()
    );
    let info = regular(new.path())?;
    new.persist(to)
        .map_err(|error| error.error)
        .with_context(|| format!("failed to put `{}` into the store", from.display()))?;
    hashes.note(to, &info, &file.hash);
    Ok(())
}

fn clone_or_copy(from: &Path, to: &Path) -> std::io::Result<()> {
    let metadata = fs::metadata(from)?;
    if reflink_copy::reflink(from, to).is_err() {
        let mut reader = open_quietly(from)?;
        let mut writer = fs::File::create_new(to)?;
        std::io::copy(&mut reader, &mut writer)?;
    }
    keep(&metadata, to)
}

/// Puts an object that came from elsewhere under its hash, unless it is there.
///
/// # Errors
///
/// It cannot be written, or its content has another hash.
pub(crate) fn put_content(
    file: &StoredFile,
    content: &[u8],
    to: &Path,
    hashes: &Hashes,
) -> Result<()> {
    let hash = blake3::hash(content).to_hex();
    ensure!(
        hash.as_str() == file.hash,
        "the content received for `{}` has another hash",
        file.path
    );
    if !is_object(to, file, hashes) {
        put(to, content)?;
        if let Ok(modified) = Timestamp::from_nanosecond(file.modified.into()) {
            crate::fs::date_file(to, modified)?;
        }
    }
    Ok(())
}

/// Takes an object for a file at `to`, which must be new: by a hard link, or by a copy that is as old as it should
/// be. `true` if it shares the storage.
///
/// # Errors
///
/// It is not what it should be, or cannot be taken.
pub(crate) fn take_object(
    from: &Path,
    file: &StoredFile,
    to: &Path,
    link: bool,
    modified: i64,
    hashes: &Hashes,
) -> Result<bool> {
    let failed = || format!("failed to take `{}`", from.display());
    let info = regular(from)?;
    ensure!(
        info.length.0 == file.length && hashes.of(from)? == file.hash,
        "`{}` has unexpected content",
        from.display()
    );
    // Another name of it has its times.
    let as_old = nanoseconds(&info) == i128::from(modified);
    if link && as_old && is_mine(from) && fs::hard_link(from, to).is_ok() {
        ensure!(regular(to)? == info, "`{}` has changed", from.display());
        return Ok(true);
    }
    clone_or_copy(from, to).with_context(failed)?;
    // It may have changed since; what was copied is what counts.
    let copied = hash_content(to).map(|hash| blake3::Hash::from_bytes(hash).to_hex());
    ensure!(
        copied.is_some_and(|hash| hash.as_str() == file.hash),
        "`{}` has unexpected content",
        from.display()
    );
    set_mode(to, file.executable).with_context(failed)?;
    let modified = Timestamp::from_nanosecond(modified.into())?;
    crate::fs::date_file(to, modified)?;
    Ok(false)
}

/// Replaces an object by a hard link to a file that a provider keeps, if the two are the same in every way. Returns
/// whether it did.
///
/// # Errors
///
/// The object cannot be replaced.
pub(crate) fn become_name_of(
    object: &Path,
    kept: &Path,
    file: &StoredFile,
    hashes: &Hashes,
) -> Result<bool> {
    let (Some(own), Ok(other)) = (info(object)?, regular(kept)) else {
        return Ok(false);
    };
    let alike = own.length == other.length
        && own.modified == other.modified
        && own.identity != other.identity
        && own.identity.device == other.identity.device;
    let same = alike
        && is_mine(kept)
        && crate::fs::same_rights(object, kept)
        && hashes.of(kept).is_ok_and(|hash| hash == file.hash);
    let folder = object.parent().context("an object has no folder")?;
    if !same {
        return Ok(false);
    }
    let new = tempfile::Builder::new()
        .prefix(TEMPORARY)
        .make_in(folder, |path| fs::hard_link(kept, path));
    match new {
        Ok(new) => {
            let placed = new.persist(object).map_err(|error| error.error);
            placed.with_context(|| format!("failed to replace `{}`", object.display()))?;
            Ok(true)
        }
        Err(_) => Ok(false),
    }
}

/// As readable and writable as what this user makes, and only programs may be run.
#[cfg(unix)]
fn set_mode(path: &Path, executable: bool) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(path)?.permissions().mode();
    let mode = match executable {
        true => (mode | 0o700) & 0o777,
        false => (mode | 0o600) & 0o666,
    };
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn set_mode(path: &Path, _: bool) -> std::io::Result<()> {
    let mut permissions = fs::metadata(path)?.permissions();
    #[expect(
        clippy::permissions_set_readonly_false,
        reason = "there is no other way on Windows"
    )]
    permissions.set_readonly(false);
    fs::set_permissions(path, permissions)
}

/// Whether this user may do anything with every file.
#[must_use]
pub(crate) fn is_superuser() -> bool {
    #[cfg(unix)]
    return rustix::process::geteuid().is_root();
    #[cfg(not(unix))]
    false
}

/// Whether a file may be run as a program.
#[must_use]
pub(crate) fn is_executable(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::symlink_metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o100 != 0)
    }
    #[cfg(not(unix))]
    {
        path.extension().is_some_and(|end| end == "exe")
    }
}

/// Makes a symbolic link to something beside it, in a folder of ours.
///
/// # Errors
///
/// The system makes none.
pub(crate) fn link_beside(name: &str, at: &Path) -> Result<()> {
    link_to(Path::new(name), at)
}

/// Makes a symbolic link to a file.
///
/// # Errors
///
/// The system makes none.
pub(crate) fn link_to(file: &Path, at: &Path) -> Result<()> {
    let failed = || format!("failed to make the link `{}`", at.display());
    #[cfg(unix)]
    std::os::unix::fs::symlink(file, at).with_context(failed)?;
    #[cfg(windows)]
    std::os::windows::fs::symlink_file(file, at).with_context(failed)?;
    Ok(())
}

/// Makes a folder with a name of its own, for one run.
///
/// # Errors
///
/// It cannot be made.
pub(crate) fn new_folder(above: &Path) -> Result<PathBuf> {
    create_folder(above)?;
    let new = tempfile::Builder::new()
        .prefix("run-")
        .tempdir_in(above)
        .with_context(|| format!("failed to make a folder in `{}`", above.display()))?;
    Ok(new.keep())
}

/// A folder that is deleted when this is dropped.
#[derive(Debug)]
pub(crate) struct Aside(tempfile::TempDir);

impl Aside {
    /// The folder.
    #[must_use]
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

/// Makes a folder where the system has its temporary ones.
///
/// # Errors
///
/// It cannot be made.
pub(crate) fn folder_aside() -> Result<Aside> {
    let made = tempfile::tempdir().context("failed to make a temporary folder")?;
    Ok(Aside(made))
}

/// Writes a file whole or not at all, also where other processes write in the same folder, and whether or not the
/// file is there.
///
/// # Errors
///
/// It cannot be written.
pub(crate) fn put(path: &Path, bytes: &[u8]) -> Result<()> {
    let failed = || format!("failed to write `{}`", path.display());
    let folder = path.parent().with_context(failed)?;
    create_folder(folder)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMPORARY);
    // The user's alone, whatever the umask says: it decides what is used.
    let mut new = builder.tempfile_in(folder).with_context(failed)?;
    new.write_all(bytes).with_context(failed)?;
    new.persist(path)
        .map_err(|error| error.error)
        .with_context(failed)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(content: &[u8]) -> StoredFile {
        StoredFile {
            path: "debug/deps/a".into(),
            hash: blake3::hash(content).to_hex().to_string(),
            length: content.len() as u64,
            modified: 1_000_000_000,
            executable: false,
            at: None,
        }
    }

    #[test]
    fn objects_are_what_they_are_called() {
        let dir = tempfile::tempdir().expect("a folder");
        let (from, to) = (dir.path().join("a"), dir.path().join("o/x"));
        fs::write(&from, "one").expect("a file");
        let hashes = Hashes::default();
        let one = file(b"one");
        assert!(put_object(&from, &file(b"two"), &to, true, &hashes).is_err());
        assert!(
            !to.exists()
                && fs::read_dir(dir.path().join("o"))
                    .expect("a folder")
                    .count()
                    == 0
        );
        put_object(&from, &one, &to, true, &hashes).expect("put");
        put_object(&from, &one, &to, false, &hashes).expect("it is there");
        assert!(put_content(&one, b"not", &to, &hashes).is_err());
        let out = dir.path().join("out");
        let shared = take_object(&to, &one, &out, true, 7_000_000_000, &hashes).expect("taken");
        let time = info(&out).expect("there").and_then(|info| info.modified);
        assert!(!shared && time == Timestamp::from_second(7).ok());
        fs::remove_file(&out).expect("removed");
        let own = info(&to)
            .expect("there")
            .map(|info| nanoseconds(&info) as i64);
        let own = own.expect("a time");
        assert!(take_object(&to, &one, &out, true, own, &hashes).expect("taken"));
        fs::write(&to, "two").expect("damaged");
        assert!(take_object(&to, &one, &dir.path().join("p"), true, own, &hashes).is_err());
    }

    #[test]
    fn nothing_unchanged_is_hashed_twice() {
        let dir = tempfile::tempdir().expect("a folder");
        let (path, kept) = (dir.path().join("a"), dir.path().join("hashes"));
        fs::write(&path, vec![1; 9000]).expect("a file");
        let hashes = Hashes::default();
        let hash = hashes.of(&path).expect("a hash");
        hashes.write(&kept);
        let text = fs::read_to_string(&kept).expect("kept");
        fs::write(&kept, text.replace(&hash, &"0".repeat(64))).expect("changed");
        let again = Hashes::read(&kept);
        assert_eq!(again.of(&path).expect("a hash"), "0".repeat(64));
        fs::write(&path, vec![2; 9000]).expect("a file");
        assert_ne!(again.of(&path).expect("a hash"), "0".repeat(64));
    }
}
