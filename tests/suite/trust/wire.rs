//! Programs that tell when they are run, and how often the real ones were.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::sandbox::Sandbox;

/// Always the same throws from the same seed.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: usize) -> Self {
        let seed = u64::try_from(seed).expect("a number");
        Self(seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let high = usize::try_from(self.0 >> 33).expect("a number");
        high % limit
    }

    /// Whether something happens that happens once in so many times.
    pub(super) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub(super) fn one<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }
}

/// The real programs that the tests were started with.
pub(super) fn real(program: &str) -> PathBuf {
    let path = std::env::var_os("PATH").expect("a PATH");
    std::env::split_paths(&path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
        .unwrap_or_else(|| PathBuf::from("/nowhere").join(program))
}

/// The triple of this machine.
pub(super) fn host() -> String {
    match std::env::consts::OS {
        "macos" => format!("{}-apple-darwin", std::env::consts::ARCH),
        _ => format!("{}-unknown-linux-gnu", std::env::consts::ARCH),
    }
}

/// Programs of a clone that tell when they are run, each by a name of its own.
pub(super) struct Tripwire<'a> {
    pub(super) sandbox: &'a Sandbox,
}

impl Tripwire<'_> {
    fn log(&self) -> PathBuf {
        self.sandbox.outside("fired")
    }

    /// Puts one in a clone, under its own path as its name.
    pub(super) fn put(&self, at: &str) {
        self.put_as(at, at);
    }

    /// Puts one in a clone under a name without spaces. It does what the program would that it stands for, so that
    /// nothing behind it stays unseen.
    pub(super) fn put_as(&self, at: &str, name: &str) {
        let file = Path::new(at).file_name().expect("a name");
        let stands_for = ["cargo", "git", "rustup", "rustc", "rustdoc"]
            .into_iter()
            .find(|program| file == *program || name.ends_with(program));
        let then = match stands_for {
            Some(program) => format!("exec '{}' \"$@\"", real(program).display()),
            None => "case ${1-} in --version) echo 'sccache 0.8.2' ;; esac".to_owned(),
        };
        let log = self.log();
        let script = format!(
            "#!/bin/sh\nprintf '>%s %s\\n' '{name}' \"$*\" >>'{}'\n\
             case ${{1-}} in */rustc | rustc) exec \"$@\" ;; esac\n{then}\n",
            log.display()
        );
        self.sandbox.write(at, &script);
        make_runnable(&self.sandbox.path(at));
    }

    /// The tripwires that were run since the last question.
    pub(super) fn fired(&self) -> Option<String> {
        let said = fs::read(self.log()).ok()?;
        fs::remove_file(self.log()).expect("it can go");
        Some(String::from_utf8_lossy(&said).into_owned())
    }

    /// The names of those that were run since this was asked last.
    pub(super) fn names(&self) -> BTreeSet<String> {
        let said = self.fired().unwrap_or_default();
        let names = said.lines().filter_map(|line| line.strip_prefix('>'));
        names
            .filter_map(|line| line.split(' ').next())
            .map(str::to_owned)
            .collect()
    }
}

pub(super) fn make_runnable(file: &Path) {
    fs::set_permissions(file, fs::Permissions::from_mode(0o755)).expect("a program");
}

/// The user's own programs, which note how they are run.
pub(super) struct Spies<'a> {
    pub(super) sandbox: &'a Sandbox,
}

impl Spies<'_> {
    /// The folder of the path that they lie in.
    pub(super) fn put(&self) -> PathBuf {
        let folder = self.sandbox.outside("spies");
        fs::create_dir_all(&folder).expect("a folder");
        let log = self.sandbox.outside("seen");
        for program in ["git", "cargo", "rustc", "rustup"] {
            let script = format!(
                "#!/bin/sh\nprintf '{program} %s\\n' \"$*\" >>'{}'\nexec '{}' \"$@\"\n",
                log.display(),
                real(program).display()
            );
            fs::write(folder.join(program), script).expect("a program");
            make_runnable(&folder.join(program));
        }
        self.cache()
    }

    /// The folder of the path with no more than a compiler cache.
    pub(super) fn cache(&self) -> PathBuf {
        let folder = self.sandbox.outside("spies");
        let sccache =
            "#!/bin/sh\ncase ${1-} in --version) echo 'sccache 0.8.2' ;; *) exec \"$@\" ;; esac\n";
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join("sccache"), sccache).expect("a program");
        make_runnable(&folder.join("sccache"));
        folder
    }

    /// The folder of a rustup that has one toolchain, which is asked sooner than many, and the programs of that.
    pub(super) fn toolchain(&self) -> (PathBuf, PathBuf) {
        let name = format!("stable-{}", host());
        let (home, toolchain) = self.sandbox.rustup_home(&name);
        (home, toolchain.join("bin"))
    }

    /// The calls since this was asked last.
    pub(super) fn seen(&self) -> Vec<String> {
        let log = self.sandbox.outside("seen");
        let said = fs::read(&log).unwrap_or_default();
        let _ = fs::remove_file(log);
        let said = String::from_utf8_lossy(&said).into_owned();
        said.lines().map(str::to_owned).collect()
    }
}
