//! Programs that run scripts, each with a cache of its own.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context as _, Result, bail, ensure};

use super::checks::Checks;
use super::cost::Cost;
use super::script::{Dialect, Script};

/// Prefixes of variables that would change a build, or say where caches are.
const NOT_PASSED_ON: [&str; 7] = [
    "CARGO",
    "RUSTC",
    "RUSTFLAGS",
    "RUSTDOC",
    "RUST_",
    "SHAREDTARGET_",
    "THAG",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `cargo run` in a package with a target folder of its own.
    Cargo,
    Ours,
    RustScript,
    Thag,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Cargo => "cargo run",
            Self::Ours => "ours",
            Self::RustScript => "rust-script",
            Self::Thag => "thag",
        }
    }

    /// Whether its cache can be a folder of this run. rust-script takes the system's folder for caches, and only
    /// Linux has a variable for that.
    pub(crate) fn can_be_kept_apart(self) -> bool {
        match self {
            Self::RustScript => cfg!(target_os = "linux"),
            Self::Thag => cfg!(unix),
            Self::Cargo | Self::Ours => true,
        }
    }

    pub(crate) fn dialect(self) -> Dialect {
        match self {
            Self::Cargo => Dialect::Package,
            Self::Ours | Self::RustScript => Dialect::DocComment,
            Self::Thag => Dialect::TomlBlock,
        }
    }
}

/// One of those that are compared.
pub(crate) struct Runner {
    pub(crate) kind: Kind,
    program: PathBuf,
    /// Where it keeps what it builds.
    pub(crate) cache: PathBuf,
    /// A home folder with nothing in it.
    home: PathBuf,
}

impl Runner {
    pub(crate) fn new(kind: Kind, program: PathBuf, folder: &Path) -> Self {
        let name = kind.name().replace(' ', "-");
        Self {
            kind,
            program,
            cache: folder.join(format!("{name}-cache")),
            home: folder.join(format!("{name}-home")),
        }
    }

    /// Makes it start with nothing.
    pub(crate) fn forget(&self) -> Result<()> {
        match fs::remove_dir_all(&self.cache) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// The command that runs a script with these arguments.
    pub(crate) fn command(&self, script: &Script, args: &[&str]) -> Result<Command> {
        for folder in [&self.cache, &self.home] {
            fs::create_dir_all(folder)?;
        }
        let mut command = program(&self.program, &script.folder);
        if let Some(home) = &script.cargo_home {
            command.env("CARGO_HOME", home);
        }
        let file = script.path(self.kind.dialect());
        match self.kind {
            Kind::Cargo => {
                let manifest = file.with_file_name("Cargo.toml");
                command
                    .env("CARGO_TARGET_DIR", self.cache.join(&script.name))
                    .args(["run", "-q", "--manifest-path"])
                    .arg(manifest)
                    .arg("--");
            }
            Kind::Ours => {
                command
                    .env("CARGO_SHAREDTARGET_CACHE_DIR", &self.cache)
                    .arg("run")
                    .arg(&file);
            }
            Kind::RustScript => {
                // Its default is the release profile.
                command
                    .env("XDG_CACHE_HOME", &self.cache)
                    .arg("--debug")
                    .arg(&file);
            }
            Kind::Thag => {
                // It writes settings into the home folder, which others read as well.
                for (variable, name) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
                    let home =
                        std::env::home_dir().filter(|_| std::env::var_os(variable).is_none());
                    if let Some(home) = home {
                        command.env(variable, home.join(name));
                    }
                }
                command
                    .env("TMPDIR", &self.cache)
                    .env("HOME", &self.home)
                    .args(["-qq", "--infer", "none"])
                    .arg(&file)
                    .arg("--");
            }
        }
        command.args(args);
        Ok(command)
    }

    /// The command by which our program builds many scripts.
    pub(crate) fn crowd(&self, scripts: &[Script]) -> Result<Command> {
        let first = scripts.first().context("there is no script")?;
        fs::create_dir_all(&self.cache)?;
        let mut command = program(&self.program, &first.folder);
        if let Some(home) = &first.cargo_home {
            command.env("CARGO_HOME", home);
        }
        let files = scripts
            .iter()
            .map(|script| script.path(self.kind.dialect()));
        command
            .env("CARGO_SHAREDTARGET_CACHE_DIR", &self.cache)
            .args(["run", "--build-only"])
            .args(files);
        Ok(command)
    }

    /// Runs a script that must say the right thing, and says what that took. `None` if another program than ours did
    /// not manage.
    pub(crate) fn run(&self, script: &Script, checks: &mut Checks) -> Result<Option<Cost>> {
        let mut command = self.command(script, &script.args())?;
        let (cost, output) = output(&mut command)?;
        let right = self.says(&output, &script.answer());
        if self.kind == Kind::Ours {
            checks.that(right, || {
                format!("`{}` was answered by {}", script.name, words(&output))
            });
            ensure!(output.status.success(), "{command:?}: {}", output.status);
        } else if !right {
            println!(
                "note: {} did not work: {}",
                self.kind.name(),
                words(&output)
            );
            return Ok(None);
        }
        Ok(Some(cost))
    }

    /// The executable that a script is run from.
    pub(crate) fn executable(&self, script: &Script) -> Result<PathBuf> {
        let (_, output) = output(&mut self.command(script, &["where"])?)?;
        let said = String::from_utf8_lossy(&output.stdout);
        let path = PathBuf::from(said.lines().last().unwrap_or_default());
        if !path.is_file() {
            bail!(
                "{}: no executable, but {}",
                self.kind.name(),
                words(&output)
            );
        }
        Ok(path)
    }

    /// Whether a program said this, and nothing else; thag says something of its own before it.
    pub(crate) fn says(&self, output: &Output, answer: &str) -> bool {
        let said = String::from_utf8_lossy(&output.stdout);
        let said = match self.kind {
            Kind::Thag => said.lines().last().unwrap_or_default(),
            _ => said.trim_end(),
        };
        output.status.success() && said == answer
    }
}

/// A program, without what the environment would make it or its children believe. Nothing needs a network.
pub(crate) fn program(program: &Path, in_folder: &Path) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let passed_on =
            text == "CARGO_HOME" || !NOT_PASSED_ON.iter().any(|start| text.starts_with(start));
        if !passed_on {
            command.env_remove(&name);
        }
    }
    command
        .env("CARGO_TERM_COLOR", "never")
        .env("CARGO_NET_OFFLINE", "true")
        .current_dir(in_folder)
        .stdin(Stdio::null());
    command
}

/// Runs a command to its end.
pub(crate) fn output(command: &mut Command) -> Result<(Cost, Output)> {
    Cost::of(|| {
        let output = command.output();
        output.with_context(|| format!("failed to run {command:?}"))
    })
}

pub(crate) fn words(output: &Output) -> String {
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
    format!(
        "{:?} ({}) {}",
        said(&output.stdout),
        output.status,
        said(&output.stderr)
    )
}

/// A program on the search path, or where `cargo install` puts it.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let search = std::env::var_os("PATH").unwrap_or_default();
    let home = std::env::home_dir().map(|home| home.join(".cargo/bin"));
    let mut folders = std::env::split_paths(&search).chain(home);
    folders.find_map(|folder| Some(folder.join(&name)).filter(|path| path.is_file()))
}
