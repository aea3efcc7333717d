//! Tools of these tests besides the sandbox: a program that stops at a point, and trees to compare.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::sandbox::Sandbox;

pub(crate) type Tree = BTreeMap<PathBuf, Vec<u8>>;

/// How a program ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) said: String,
}

impl Ended {
    #[track_caller]
    pub(crate) fn code(self, expected: i32) -> Self {
        assert_eq!(self.code, Some(expected), "{}", self.said);
        self
    }

    #[track_caller]
    pub(crate) fn says(self, part: &str) -> Self {
        assert!(self.said.contains(part), "no `{part}` in:\n{}", self.said);
        self
    }
}

/// Our program, stopped at a checkpoint. Killed when dropped.
pub(crate) struct Stopped {
    child: Child,
    heard: String,
    stderr: BufReader<std::process::ChildStderr>,
}

impl Stopped {
    /// Starts our program and waits until it stops at a point; `None` if it ends without getting there.
    pub(crate) fn try_at(mut command: Command, point: &str) -> Result<Self, Ended> {
        let mut child = command
            .env("CARGO_SHAREDTARGET_TEST_PAUSE_AT", point)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("our program");
        let stderr = BufReader::new(child.stderr.take().expect("its standard error"));
        let mut stopped = Self {
            child,
            heard: String::new(),
            stderr,
        };
        let name = point.split('#').next().unwrap_or(point);
        loop {
            let mut line = String::new();
            if stopped.stderr.read_line(&mut line).expect("text") == 0 {
                return Err(stopped.end());
            }
            if line.trim_end() == format!("paused at {name}") {
                return Ok(stopped);
            }
            stopped.heard.push_str(&line);
        }
    }

    /// Starts our program and waits until it stops at a point.
    #[track_caller]
    pub(crate) fn at(command: Command, point: &str) -> Self {
        Self::try_at(command, point)
            .unwrap_or_else(|ended| panic!("it never came to `{point}`: {ended:?}"))
    }

    /// SIGKILL.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("gone");
    }

    /// Sends what a terminal that closes sends; the signal that ended it.
    pub(crate) fn hang_up(mut self) -> Option<i32> {
        use std::os::unix::process::ExitStatusExt as _;
        let id = self.child.id().to_string();
        assert!(works("kill", &["-HUP", &id]));
        self.child.wait().expect("gone").signal()
    }

    /// Lets it go on to its end.
    pub(crate) fn go_on(mut self) -> Ended {
        let mut stdin = self.child.stdin.take().expect("its standard input");
        // Once for every time that it may stop there.
        let _ = stdin.write_all("go\n".repeat(100).as_bytes());
        self.end()
    }

    fn end(&mut self) -> Ended {
        let mut said = std::mem::take(&mut self.heard);
        self.stderr.read_to_string(&mut said).expect("text");
        let mut stdout = self.child.stdout.take().expect("its standard output");
        stdout.read_to_string(&mut said).expect("text");
        Ended {
            code: self.child.wait().expect("its end").code(),
            said,
        }
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a prepared program to its end.
pub(crate) fn run(mut command: Command) -> Ended {
    let output = command.output().expect("a program");
    let said = [output.stderr, output.stdout].concat();
    Ended {
        code: output.status.code(),
        said: String::from_utf8_lossy(&said).into_owned(),
    }
}

/// Whether a program runs and succeeds.
pub(crate) fn works(program: &str, args: &[&str]) -> bool {
    Command::new(program)
        .args(args)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// We are the superuser, for whom permissions do not hold.
pub(crate) fn superuser() -> bool {
    let id = Command::new("id").arg("-u").output().expect("id");
    id.stdout.trim_ascii() == b"0"
}

/// Copies everything, times and links and all, to a place beside the sandbox's code.
pub(crate) fn save(sandbox: &Sandbox, name: &str) {
    copy(&sandbox.path(""), &sandbox.outside(name));
    copy(&state(sandbox), &sandbox.outside(&format!("{name}-state")));
}

/// Puts everything back as it was saved.
pub(crate) fn load(sandbox: &Sandbox, name: &str) {
    copy(&sandbox.outside(name), &sandbox.path(""));
    copy(&sandbox.outside(&format!("{name}-state")), &state(sandbox));
}

/// The user's state, with the records of shared roots.
fn state(sandbox: &Sandbox) -> PathBuf {
    let state = sandbox.outside("home/.local/state");
    fs::create_dir_all(&state).expect("folders");
    state
}

/// Folders that are in both stay the same folders, since a git folder is known by more than its path.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in walkdir::WalkDir::new(to).min_depth(1).contents_first(true) {
        let entry = entry.expect("a readable folder");
        let same = from.join(entry.path().strip_prefix(to).expect("inside"));
        if !entry.file_type().is_dir() {
            fs::remove_file(entry.path()).expect("removed");
        } else if !fs::symlink_metadata(same).is_ok_and(|there| there.is_dir()) {
            fs::remove_dir(entry.path()).expect("removed");
        }
    }
    let copied = Command::new("cp")
        .arg("-a")
        .arg(from.join("."))
        .arg(to)
        .status();
    assert!(copied.expect("cp").success());
}

/// Paths that carry the name of our trash.
pub(crate) fn trash(tree: &Tree) -> Vec<&PathBuf> {
    let is_trash = |path: &&PathBuf| path.to_string_lossy().contains(".sharedtarget-trash-");
    tree.keys().filter(is_trash).collect()
}

/// The paths for which two trees differ.
pub(crate) fn difference<'a>(one: &'a Tree, other: &'a Tree) -> Vec<&'a PathBuf> {
    let missing = other.keys().filter(|path| !one.contains_key(*path));
    one.iter()
        .filter(|(path, content)| other.get(*path) != Some(content))
        .map(|(path, _)| path)
        .chain(missing)
        .collect()
}
