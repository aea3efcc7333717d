//! Building one program, and hearing what it was built from.

use std::collections::HashMap;
use std::ffi::OsString;
use std::io::{BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result, bail};
use cargo_metadata::{Message, PackageId, TargetKind};

use crate::cargo::{Cargo, first_error};
use crate::process::Started;
use crate::{process, text};

/// A program to be built.
#[derive(Clone, Debug)]
pub(crate) struct Build<'a> {
    /// The folder that Cargo runs in, whose configurations count.
    pub(crate) dir: &'a Path,
    /// The folder of the package.
    pub(crate) package: &'a Path,
    /// The name of the program.
    pub(crate) program: &'a str,
    pub(crate) target: &'a Path,
    /// A toolchain of rustup's, in place of the one that is chosen here.
    pub(crate) toolchain: Option<&'a str>,
    /// Further options for Cargo: profile and features.
    pub(crate) options: Vec<OsString>,
    /// Options for the compiler of the program alone.
    pub(crate) compiler_options: Vec<OsString>,
    /// Whether messages may have colours.
    pub(crate) color: bool,
    /// Only warnings and errors are shown.
    pub(crate) quiet: bool,
    /// Cargo keeps the compiler's incremental data, because the user asked for them.
    pub(crate) incremental: bool,
    /// Variables for the compiler.
    pub(crate) variables: &'a [(&'static str, String)],
    /// Where the output of the build is kept, in place of standard error.
    pub(crate) heard: Option<&'a Heard>,
}

/// The output of a build that the user does not watch.
#[derive(Debug, Default)]
pub(crate) struct Heard(Mutex<String>);

impl Heard {
    /// Adds a text to it.
    pub(crate) fn add(&self, text: &str) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push_str(text);
    }

    /// All of it.
    pub(crate) fn all(self) -> String {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The result of a build.
#[derive(Clone, Debug, Default)]
pub(crate) struct Built {
    pub(crate) program: PathBuf,
    /// The manifests of the local packages among those that it was built from.
    pub(crate) manifests: Vec<PathBuf>,
    /// The artifacts of all packages.
    pub(crate) artifacts: Vec<PathBuf>,
    pub(crate) out_dirs: Vec<OutDir>,
    /// Libraries that a program may load when it runs.
    pub(crate) libraries: Vec<PathBuf>,
    /// Folders in which the linker looks for libraries that build scripts have made or found.
    pub(crate) linked: Vec<PathBuf>,
    /// The compiler has said something.
    pub(crate) compiled: bool,
}

/// Where a build script wrote.
#[derive(Clone, Debug)]
pub(crate) struct OutDir {
    pub(crate) path: PathBuf,
    /// The folder of its package, if that is local.
    pub(crate) local: Option<PathBuf>,
}

/// How a build ended.
#[derive(Clone, Debug)]
pub(crate) enum Ended {
    /// A program was built.
    Built(Built),
    /// No program was built, and the reason was printed: by the compiler, or else by Cargo before any compiler ran.
    Failed {
        /// The compiler printed it.
        compiled: bool,
    },
}

impl Cargo {
    /// Builds a program. Progress and messages go to standard error, each message through `say` first, which may put
    /// places in it right.
    ///
    /// # Errors
    ///
    /// Cargo cannot be run, or says something unexpected.
    pub(crate) fn build(&self, build: &Build<'_>, say: &dyn Fn(&str) -> String) -> Result<Ended> {
        let mut command = self.program(build.toolchain)?;
        command
            .arg("rustc")
            .arg("--manifest-path")
            .arg(build.package.join("Cargo.toml"))
            .args(["--bin", build.program])
            .arg("--message-format")
            .arg(if build.color {
                "json-diagnostic-rendered-ansi"
            } else {
                "json"
            })
            .arg("--target-dir")
            .arg(build.target);
        if build.quiet {
            command.arg("--quiet");
        }
        command
            .args(&build.options)
            .arg("--")
            .args(&build.compiler_options)
            .current_dir(build.dir)
            // A folder for intermediate artifacts that is set for everything would be one for each script.
            .env("CARGO_BUILD_BUILD_DIR", build.target)
            .envs(build.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        if build.heard.is_some() {
            command.stderr(Stdio::piped());
        }
        if !build.incremental {
            // A script is small, and these would take more than its program.
            command.env("CARGO_INCREMENTAL", "0");
        }
        let failed = || "failed to run Cargo";
        let started = Started::new(&command);
        let child = command.spawn();
        let child = child.inspect_err(|error| started.ended(Err(error)));
        let mut child = child.with_context(failed)?;
        let aside = child.stderr.take().map(|mut aside| {
            std::thread::spawn(move || {
                let mut said = Vec::new();
                let _ = aside.read_to_end(&mut said);
                said
            })
        });
        let mut built = Built::default();
        let mut local: HashMap<PackageId, PathBuf> = HashMap::new();
        let answer = BufReader::new(child.stdout.take().with_context(failed)?);
        for message in Message::parse_stream(answer) {
            match message.context("Cargo printed unexpected JSON")? {
                Message::CompilerMessage(message) => {
                    built.compiled = true;
                    let text = message.message.rendered.unwrap_or_default();
                    let text = say(&text);
                    match build.heard {
                        Some(heard) => heard.add(&text),
                        None => {
                            let _ = write!(anstream::stderr(), "{}", text::coloured(&text));
                        }
                    }
                }
                Message::CompilerArtifact(artifact) => {
                    let manifest = artifact.manifest_path.into_std_path_buf();
                    let ours = manifest.starts_with(build.package);
                    let program = artifact.target.name == build.program
                        && artifact.target.kind.contains(&TargetKind::Bin);
                    if ours && program {
                        built.program = artifact
                            .executable
                            .with_context(|| {
                                format!("Cargo built no program from `{}`", build.program)
                            })?
                            .into_std_path_buf();
                    }
                    let files: Vec<PathBuf> =
                        artifact.filenames.into_iter().map(Into::into).collect();
                    if artifact.target.kind.contains(&TargetKind::DyLib) {
                        let loaded = files.iter().filter(|file| is_loaded(file));
                        built.libraries.extend(loaded.cloned());
                    }
                    built.artifacts.extend(files);
                    if artifact.package_id.repr.starts_with("path+") {
                        let folder = manifest.parent().unwrap_or(&manifest).to_owned();
                        local.insert(artifact.package_id, folder);
                        built.manifests.push(manifest);
                    }
                }
                Message::BuildScriptExecuted(script) => {
                    let linked = script.linked_paths.iter().map(|path| {
                        let path = path.as_str();
                        let kind = path.split_once('=').map_or(path, |(_, path)| path);
                        PathBuf::from(kind)
                    });
                    built.linked.extend(linked);
                    built.out_dirs.push(OutDir {
                        path: script.out_dir.into_std_path_buf(),
                        local: local.get(&script.package_id).cloned(),
                    });
                }
                _ => {}
            }
        }
        let status = child.wait();
        started.ended(status.as_ref().copied());
        let status = status.with_context(failed)?;
        if let (Some(heard), Some(aside)) = (build.heard, aside) {
            let said = aside.join().unwrap_or_default();
            heard.add(&String::from_utf8_lossy(&said));
        }
        built.manifests.sort();
        built.manifests.dedup();
        Ok(
            match status.success() && !built.program.as_os_str().is_empty() {
                true => Ended::Built(built),
                false => Ended::Failed {
                    compiled: built.compiled,
                },
            },
        )
    }

    /// Cargo's complaint about the manifest of a package or of its workspace; nothing if it can read them.
    ///
    /// # Errors
    ///
    /// Cargo cannot be run.
    pub(crate) fn complaint(
        &self,
        package: &Path,
        toolchain: Option<&str>,
    ) -> Result<Option<String>> {
        let mut command = self.program(toolchain)?;
        command
            .args([
                "metadata",
                "--no-deps",
                "--offline",
                "--format-version",
                "1",
            ])
            .args(["--color", "never"])
            .current_dir(package)
            .stdin(Stdio::null());
        let output = process::output(&mut command).context("failed to run Cargo")?;
        let said = || String::from_utf8_lossy(&output.stderr).into_owned();
        Ok((!output.status.success()).then(said))
    }

    /// Adds a package to a manifest, with the features that are asked for, with or without its default ones, in the newest
    /// version that there is. The configurations of `dir` say where.
    ///
    /// # Errors
    ///
    /// There is no such package, or no registry answers. The error is Cargo's own, in one line.
    pub(crate) fn add(
        &self,
        package: &Path,
        dir: &Path,
        name: &str,
        features: &[String],
        defaults: bool,
        toolchain: Option<&str>,
    ) -> Result<()> {
        let mut command = self.program(toolchain)?;
        command.args(["add", "--quiet", name]);
        command
            .arg("--manifest-path")
            .arg(package.join("Cargo.toml"));
        if !features.is_empty() {
            command.arg("--features").arg(features.join(","));
        }
        if !defaults {
            command.arg("--no-default-features");
        }
        command.current_dir(dir).stdin(Stdio::null());
        let output = process::output(&mut command).context("failed to run Cargo")?;
        if !output.status.success() {
            bail!("{}", first_error(&String::from_utf8_lossy(&output.stderr)));
        }
        Ok(())
    }

    /// Asks what the code of a package calls the libraries that it depends on, all optional ones included. `triple` is the
    /// platform that they are for, if it is known. The configurations of `dir` count.
    ///
    /// # Errors
    ///
    /// Cargo does not accept the package, or a library cannot be fetched; the first line of what it says.
    pub(crate) fn libraries(
        &self,
        package: &Path,
        dir: &Path,
        triple: Option<&str>,
        toolchain: Option<&str>,
    ) -> Result<Vec<String>> {
        let mut command = self.program(toolchain)?;
        command.args([
            "metadata",
            "--quiet",
            "--format-version",
            "1",
            "--all-features",
        ]);
        if let Some(triple) = triple {
            command.args(["--filter-platform", triple]);
        }
        command
            .arg("--manifest-path")
            .arg(package.join("Cargo.toml"));
        command.current_dir(dir).stdin(Stdio::null());
        let output = process::output(&mut command).context("failed to run Cargo")?;
        if !output.status.success() {
            bail!("{}", first_error(&String::from_utf8_lossy(&output.stderr)));
        }
        let read = cargo_metadata::MetadataCommand::parse(String::from_utf8_lossy(&output.stdout))
            .context("cargo said something unexpected")?;
        let own = read.root_package().map(|package| package.id.clone());
        let nodes = read.resolve.into_iter().flat_map(|resolve| resolve.nodes);
        let node = nodes
            .into_iter()
            .find(|node| Some(&node.id) == own.as_ref());
        let used = node.into_iter().flat_map(|node| node.deps);
        Ok(used.map(|library| library.name).collect())
    }

    /// Cargo, by the toolchain that rustup chose for us or by another one. Relative folders of the `PATH` lead into the folder
    /// that it runs in, and count neither for it nor for the compiler.
    ///
    /// # Errors
    ///
    /// There is none.
    #[expect(clippy::disallowed_methods, reason = "this module is the door")]
    pub(super) fn program(&self, toolchain: Option<&str>) -> Result<std::process::Command> {
        let mut command = match (&self.fallback, self.on_path) {
            (Some(fallback), false) => std::process::Command::new(fallback),
            _ => std::process::Command::new(crate::cargo::tool("cargo")?),
        };
        command.env("PATH", process::absolute_path());
        if let Some(toolchain) = toolchain {
            command.env("RUSTUP_TOOLCHAIN", toolchain);
        }
        for variable in [
            "CARGO_TARGET_DIR",
            "CARGO_BUILD_TARGET_DIR",
            "CARGO_MANIFEST_DIR",
            "CARGO_MANIFEST_PATH",
        ] {
            command.env_remove(variable);
        }
        Ok(command)
    }
}

/// Whether a file is a library that the system loads into a program.
pub(crate) fn is_loaded(file: &Path) -> bool {
    let ending = file.extension().and_then(|ending| ending.to_str());
    ending == Some(std::env::consts::DLL_EXTENSION)
}

/// The version text of the compiler that a build here would use, and the folder in which that compiler is installed.
///
/// # Errors
///
/// There is none, or it is not installed.
#[expect(clippy::disallowed_methods, reason = "this module is the door")]
pub(crate) fn compiler(
    program: &Path,
    dir: &Path,
    toolchain: Option<&str>,
) -> Result<(String, PathBuf)> {
    let ask = |arguments: &[&str]| {
        let mut command = std::process::Command::new(program);
        command
            .args(arguments)
            .current_dir(dir)
            .stdin(Stdio::null());
        if let Some(toolchain) = toolchain {
            command.env("RUSTUP_TOOLCHAIN", toolchain);
        }
        crate::cargo::said(command, "rustc")
    };
    let version = ask(&["-vV"])?;
    let sysroot = ask(&["--print", "sysroot"])?;
    Ok((version, PathBuf::from(sysroot.trim())))
}
