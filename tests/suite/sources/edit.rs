//! Changes of a worktree.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// A change of one file.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Edit {
    /// A file with this text, whether or not there is one.
    Write(&'static str, &'static str),
    /// A text in a file becomes another.
    Replace(&'static str, &'static str, &'static str),
    /// More at the end of a file.
    Append(&'static str, &'static str),
    /// It goes.
    Remove(&'static str),
    /// It gets another name.
    Move(&'static str, &'static str),
    /// It is the same, and new.
    Touch(&'static str),
    /// A file that names the toolchain that is used anyway.
    Toolchain,
}

const TOOLCHAIN: &str = "rust-toolchain.toml";

impl Edit {
    /// The files that it is about.
    pub(crate) fn files(&self) -> Vec<&'static str> {
        match *self {
            Self::Write(file, _)
            | Self::Replace(file, ..)
            | Self::Append(file, _)
            | Self::Remove(file)
            | Self::Touch(file) => vec![file],
            Self::Move(from, to) => vec![from, to],
            Self::Toolchain => vec![TOOLCHAIN],
        }
    }

    /// Does it in the worktree at `top`.
    pub(crate) fn apply(&self, top: &Path) {
        match *self {
            Self::Write(file, text) => put(&top.join(file), text),
            Self::Replace(file, from, to) => {
                let path = top.join(file);
                let text = fs::read_to_string(&path).expect("a file");
                assert!(text.contains(from), "{file} has `{from}`");
                put(&path, &text.replacen(from, to, 1));
            }
            Self::Append(file, more) => {
                let path = top.join(file);
                let text = fs::read_to_string(&path).expect("a file");
                put(&path, &(text + more));
            }
            Self::Remove(file) => fs::remove_file(top.join(file)).expect("removed"),
            Self::Move(from, to) => {
                let to = top.join(to);
                fs::create_dir_all(to.parent().expect("a folder")).expect("folders");
                fs::rename(top.join(from), to).expect("moved");
            }
            Self::Touch(file) => set_mtime(&top.join(file), SystemTime::now()),
            Self::Toolchain => {
                let mut above = top.ancestors().skip(1);
                let text = above.find_map(|folder| fs::read_to_string(folder.join(TOOLCHAIN)).ok());
                let stable = "[toolchain]\nchannel = \"stable\"\n";
                put(&top.join(TOOLCHAIN), text.as_deref().unwrap_or(stable));
            }
        }
    }
}

fn put(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
    fs::write(path, text).expect("a file");
}

/// Gives a file a time, by which nothing else of it changes.
pub(crate) fn set_mtime(path: &Path, time: SystemTime) {
    let file = fs::File::options().append(true).open(path).expect("a file");
    let times = fs::FileTimes::new().set_modified(time);
    file.set_times(times).expect("a time");
}

/// Gives every file below a folder a time.
pub(crate) fn set_all(folder: &Path, time: SystemTime) {
    for entry in walkdir::WalkDir::new(folder)
        .into_iter()
        .filter_entry(|entry| entry.file_name() != "target" && entry.file_name() != ".git")
    {
        // The folder may be one that is not there any more.
        let Ok(entry) = entry else { continue };
        if entry.file_type().is_file() {
            set_mtime(entry.path(), time);
        }
    }
}

/// An hour ago.
pub(crate) fn hour_ago() -> SystemTime {
    SystemTime::now() - Duration::from_secs(3600)
}
