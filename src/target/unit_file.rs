//! The files of target folders.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::Serialize;

use crate::fs::model::Identity;
use crate::size::Bytes;

/// A file or folder in a target folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnitFile {
    /// Relative to the target folder.
    pub path: PathBuf,
    /// How another target folder may get it.
    pub sharing: Sharing,
    /// Its role in its unit.
    #[serde(skip)]
    pub(crate) role: Role,
    pub(crate) length: Bytes,
    /// Its allocated space, which is the same for every link of it.
    pub on_disk: Bytes,
    /// How many links it has, here and elsewhere.
    pub links: u64,
    /// Which file it is.
    #[serde(skip)]
    pub identity: Identity,
    /// When it was last modified.
    pub(crate) modified: FileTime,
    /// When it last got or lost a name, a mode or content; none where the system does not know.
    #[serde(skip)]
    pub(crate) changed: FileTime,
}

impl UnitFile {
    /// When it was last modified.
    #[must_use]
    pub(crate) fn modified(&self) -> Option<Timestamp> {
        self.modified.get()
    }

    /// When it last got or lost a name, a mode or content; `None` where the system does not know.
    #[must_use]
    pub(crate) fn changed(&self) -> Option<Timestamp> {
        self.changed.get()
    }

    /// The last part of its path.
    #[must_use]
    pub(crate) fn name(&self) -> Cow<'_, str> {
        self.path.file_name().unwrap_or_default().to_string_lossy()
    }

    /// It is a file in the fingerprint folder.
    #[must_use]
    pub(crate) fn is_fingerprint(&self) -> bool {
        self.role == Role::Fingerprint && self.sharing != Sharing::Folder
    }

    /// It is Cargo's list of sources, whose time is that of the compilation's begin.
    #[must_use]
    pub(crate) fn is_dep_info(&self) -> bool {
        self.is_fingerprint() && self.name().starts_with("dep-")
    }

    /// It is the compiler's list of sources.
    #[must_use]
    pub(crate) fn is_list(&self) -> bool {
        self.role == Role::Made
            && self.sharing == Sharing::Copy
            && self.path.extension().is_some_and(|end| end == "d")
    }

    /// It is what a build script said.
    #[must_use]
    pub(crate) fn is_said(&self) -> bool {
        self.role == Role::Said && self.sharing != Sharing::Folder
    }

    /// It is Cargo's note where the `OUT_DIR` was when the script ran.
    #[must_use]
    pub(crate) fn is_root_output(&self) -> bool {
        self.role == Role::Root && self.sharing != Sharing::Folder
    }

    /// It is an `OUT_DIR`, or something in one.
    #[must_use]
    pub(crate) fn in_out_dir(&self) -> bool {
        self.role == Role::OutDir
    }

    /// Returns whether it is a file that a compiler or linker made and others load or run: not a list of sources, not
    /// a file for debuggers beside a program (`.pdb` and `.dSYM`), and not one that the user asked the compiler for
    /// (`.s`, `.ll`).
    #[must_use]
    pub(crate) fn is_artifact(&self) -> bool {
        const LOADED: [&str; 12] = [
            "rmeta", "rlib", "a", "lib", "so", "dylib", "dll", "exe", "wasm", "o", "obj", "dwo",
        ];
        let name = self.name();
        let end = name.rsplit_once('.').map(|(_, end)| end);
        let symbols = |part: &OsStr| part.to_string_lossy().ends_with(".dSYM");
        self.role == Role::Made
            && matches!(self.sharing, Sharing::Link | Sharing::Copy)
            && end.is_none_or(|end| LOADED.contains(&end))
            && !self.path.iter().any(symbols)
    }
}

/// The role of a file or folder in its unit, by its path and by the unit's kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Role {
    /// It belongs to no unit.
    #[default]
    None,
    /// The fingerprint folder, or something in it.
    Fingerprint,
    /// The compiler made it, or it is a folder in which such files lie.
    Made,
    /// The output of a build script.
    Said,
    /// Cargo's note where the `OUT_DIR` was when the script ran.
    Root,
    /// Anything else that Cargo noted of a build script's run.
    Noted,
    /// The `OUT_DIR` of a build script's run, or something in it.
    OutDir,
}

/// A time of a file, or none, in a third of the room: there may be a million of them.
///
/// A time more than three centuries from 1970 is taken for the end of that span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileTime(i64);

impl FileTime {
    const NONE: Self = Self(i64::MIN);

    /// The time.
    #[must_use]
    pub(crate) fn get(self) -> Option<Timestamp> {
        if self == Self::NONE {
            return None;
        }
        Timestamp::from_nanosecond(self.0.into()).ok()
    }
}

impl From<Option<Timestamp>> for FileTime {
    fn from(time: Option<Timestamp>) -> Self {
        const ENDS: (i128, i128) = (i64::MIN as i128 + 1, i64::MAX as i128);
        let Some(time) = time else { return Self::NONE };
        Self(time.as_nanosecond().clamp(ENDS.0, ENDS.1) as i64)
    }
}

impl Serialize for FileTime {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.get().serialize(serializer)
    }
}

/// How a file may be had in another target folder, if the unit may be shared at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sharing {
    /// By a hard link: Cargo, rustc or the linker replaces the file if the unit is made anew.
    Link,
    /// By a copy or a reflink: it may be written to in place.
    Copy,
    /// It is a folder: it is made.
    Folder,
    /// It is a symbolic link, or nothing that has content.
    Special,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_load_or_run() {
        let file = |path: &str, role| UnitFile {
            path: path.into(),
            sharing: Sharing::Copy,
            role,
            length: Bytes(1),
            on_disk: Bytes(1),
            links: 1,
            identity: Identity::default(),
            modified: None.into(),
            changed: None.into(),
        };
        for (name, expected) in [
            ("liba-0.rlib", true),
            ("a-0.dll", true),
            ("a-0.dll.lib", true),
            ("build-script-build", true),
            ("build-script-build.exe", true),
            ("build_script_build.pdb", false),
            ("a-0.dll.exp", false),
            (
                "liba-0.dylib.dSYM/Contents/Resources/DWARF/liba-0.dylib",
                false,
            ),
            ("a-0.d", false),
            ("a-0.s", false),
        ] {
            // No name of a folder says anything.
            for folder in ["debug/deps", "out/build/out/0/out", "fingerprint/deps"] {
                let path = format!("{folder}/{name}");
                assert_eq!(file(&path, Role::Made).is_artifact(), expected, "{path}");
                for role in [Role::Fingerprint, Role::Said, Role::OutDir, Role::None] {
                    assert!(!file(&path, role).is_artifact(), "{path}");
                }
            }
        }
    }

    #[test]
    fn file_times_are_those_that_were_put_in() {
        let second = |second| Timestamp::from_second(second).expect("a time");
        for time in [
            second(0),
            second(-1),
            second(1_700_000_000),
            Timestamp::UNIX_EPOCH,
        ] {
            assert_eq!(FileTime::from(Some(time)).get(), Some(time));
        }
        assert_eq!(FileTime::from(None).get(), None);
        let far = FileTime::from(Some(Timestamp::MAX)).get();
        assert!(far.is_some_and(|far| far > second(9_000_000_000)));
        let before = FileTime::from(Some(Timestamp::MIN)).get();
        assert!(before.is_some_and(|before| before < second(-9_000_000_000)));
    }
}
