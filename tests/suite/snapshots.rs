//! Whole outputs: every command on one sandbox, compared with the files under `fixtures/snapshots`.
//!
//! `SNAPSHOTS=overwrite cargo test --test suite snapshots` writes these files anew. The differences that git then shows
//! are differences that users see.

mod errors;
pub(crate) mod redact;
mod story;
mod widths;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::{fs, iter};

use redact::Redactor;
use snapbox::data::DataFormat;
use snapbox::{Assert, Data, IntoData as _};

use crate::registry::Registry;
use crate::sandbox::{Run, Sandbox};

/// A sandbox, and a folder with snapshots of all outputs in it.
struct Book {
    sandbox: Sandbox,
    folder: PathBuf,
    redactor: Redactor,
    names: RefCell<BTreeSet<String>>,
    differences: RefCell<Vec<String>>,
}

impl Book {
    /// A sandbox and a registry, and the folder of this name.
    fn new(name: &str) -> Option<(Self, Registry)> {
        let (sandbox, registry) = prepared()?;
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/snapshots");
        let book = Self {
            redactor: Redactor::new(&sandbox),
            sandbox,
            folder: folder.join(name),
            names: RefCell::default(),
            differences: RefCell::default(),
        };
        Some((book, registry))
    }

    /// Runs our program and compares everything that it says: as text with its exit code, or as the JSON document.
    #[track_caller]
    fn says(&self, name: &str, folder: &str, args: &[&str]) -> Run {
        let run = self.sandbox.run(folder, args);
        if args.contains(&"json") && run.stderr.is_empty() && run.code == Some(0) {
            run.json();
            self.holds(&format!("{name}.json"), &self.redactor.json(&run.stdout));
        } else {
            let line = format!("{folder}$ cargo sharedtarget {}", args.join(" "));
            self.heard(name, &line, &run);
        }
        run
    }

    /// Compares what a program said.
    #[track_caller]
    fn heard(&self, name: &str, line: &str, run: &Run) {
        let code = run.code.expect("it ended by itself");
        let mut text = format!("{}\n", self.redactor.words(line));
        for (stream, said) in [("stdout", &run.stdout), ("stderr", &run.stderr)] {
            if !said.is_empty() {
                text.push_str(&format!("--- {stream}\n{}", self.redactor.text(said)));
                if !said.ends_with('\n') {
                    text.push_str("[NO LINE END]\n");
                }
            }
        }
        text.push_str(&format!("--- exit code {code}\n"));
        self.holds(&format!("{name}.txt"), &text);
    }

    /// Compares a text with a file of the folder.
    #[track_caller]
    fn holds(&self, name: &str, text: &str) {
        assert!(self.names.borrow_mut().insert(name.to_owned()), "{name}");
        // Raw: nothing in a file stands for something else.
        let expected = Data::read_from(&self.folder.join(name), Some(DataFormat::Text)).raw();
        let assert = Assert::new().action_env(snapbox::assert::DEFAULT_ACTION_ENV);
        if let Err(error) = assert.try_eq(Some(&name), text.into_data().raw(), expected) {
            self.differences.borrow_mut().push(error.to_string());
        }
    }

    /// Fails the test if any output was different, or if there is a file of an output that is gone.
    #[track_caller]
    fn close(self) {
        let differences = self.differences.take();
        assert!(
            differences.is_empty(),
            "{} outputs differ:\n{}",
            differences.len(),
            differences.join("\n")
        );
        let files = fs::read_dir(&self.folder).expect("the folder");
        let files: BTreeSet<String> = files
            .map(|entry| entry.expect("an entry").file_name().into_string())
            .map(|name| name.expect("a name"))
            .collect();
        assert_eq!(files, self.names.take(), "files of no output");
    }
}

/// A sandbox with a registry and a home for Cargo of its own.
///
/// Nothing where outputs would not be the expected ones: clones of files take the place of links and copies.
pub(crate) fn prepared() -> Option<(Sandbox, Registry)> {
    let mut sandbox = Sandbox::new();
    sandbox.env("CARGO_HOME", sandbox.outside("own/cargo-home"));
    let path = std::env::var_os("PATH").expect("a PATH");
    let all = iter::once(tools(&sandbox)).chain(std::env::split_paths(&path));
    sandbox.env("PATH", std::env::join_paths(all).expect("a PATH"));
    sandbox.env("LC_ALL", "C");
    // As for a user.
    sandbox.env("CARGO_SHAREDTARGET_RECLAIM_ALL", "false");
    let doctor = sandbox.json("", &["doctor"]);
    if doctor["place"]["clones"] == true || !is_known(&doctor["toolchains"][0]) {
        eprintln!(
            "skipped: the snapshots are of a filesystem without clones, and of Cargo 1.91 and later with its classic layout"
        );
        return None;
    }
    let registry = Registry::new(&sandbox.outside("own"));
    Some((sandbox, registry))
}

/// Whether a toolchain has the Cargo that the snapshots are of.
fn is_known(toolchain: &serde_json::Value) -> bool {
    let version = toolchain["cargo"]
        .as_str()
        .and_then(|said| said.strip_prefix("cargo 1."));
    let minor = version.and_then(|version| version.split('.').next()?.parse::<u32>().ok());
    minor.is_some_and(|minor| minor >= 91) && toolchain["layout"] == "classic"
}

/// Puts Cargo, the compiler and rustup in a folder of the sandbox: those of the machine as the one toolchain there is.
fn tools(sandbox: &Sandbox) -> PathBuf {
    let mut rustc = Command::new("rustc");
    let said = Run::from(rustc.args(["--print", "sysroot"]).output().expect("rustc"));
    let sysroot = said.code(0).stdout.trim_end().to_owned();
    let folder = sandbox.outside("own/bin");
    fs::create_dir_all(&folder).expect("a folder");
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::write(&path, format!("#!/bin/sh\ncase \"$1\" in\n{text}")).expect("a script");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("made executable");
    };
    for name in ["cargo", "rustc", "rustdoc"] {
        write(
            name,
            &format!("+*) shift ;;\nesac\nexec '{sysroot}/bin/{name}' \"$@\"\n"),
        );
    }
    write(
        "rustup",
        "default | toolchain) echo stable ;;\nrun) shift 2; exec \"$@\" ;;\n*) exit 1 ;;\nesac\n",
    );
    folder
}
