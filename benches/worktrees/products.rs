//! The programs of a workspace: whether they say the right thing, and what they are made of.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::SystemTime;

use anyhow::{Context as _, Result, ensure};
use cargo_metadata::{Metadata, TargetKind};

use super::build::Build;
use super::checks::Checks;
use super::stage::Stage;

/// The products of a workspace, relative to a worktree.
pub(crate) struct Products {
    /// The answer of each program to a question for its version, where it was compiled.
    answers: BTreeMap<String, String>,
    /// The roots of the local crates that a build compiles.
    roots: Vec<PathBuf>,
}

impl Products {
    /// Asks Cargo, and each program, after a worktree was built without anything of others.
    pub(crate) fn of(stage: &Stage, worktree: &Path, build: &Build) -> Result<Self> {
        let mut cargo = stage.program("cargo", worktree);
        cargo.args(["metadata", "--format-version", "1", "--no-deps"]);
        let output = cargo.stderr(Stdio::inherit()).output()?;
        ensure!(output.status.success(), "{cargo:?}: {}", output.status);
        let metadata: Metadata = serde_json::from_slice(&output.stdout)?;
        let (mut answers, mut roots) = (BTreeMap::new(), Vec::new());
        let built = metadata.packages.iter().filter(|package| {
            let name: &str = package.name.as_ref();
            build.local.iter().any(|built| built == name)
        });
        for target in built.flat_map(|package| &package.targets) {
            let program = target.is_kind(TargetKind::Bin);
            let library = [TargetKind::Lib, TargetKind::RLib, TargetKind::ProcMacro];
            if program && path(worktree, &target.name).exists() {
                let said = ask(stage, worktree, &target.name)?;
                answers.insert(target.name.clone(), said);
            } else if !library.iter().any(|kind| target.is_kind(kind.clone())) {
                continue;
            }
            let root = target.src_path.as_std_path();
            roots.push(root.strip_prefix(worktree)?.to_owned());
        }
        Ok(Self { answers, roots })
    }

    /// Checks that each program of a worktree says what it has to say there.
    pub(crate) fn check(&self, stage: &Stage, worktree: &Path, checks: &mut Checks) -> Result<()> {
        let name = worktree.file_name().unwrap_or_default().to_string_lossy();
        self.check_marked(stage, worktree, &name, checks)
    }

    /// The same of a worktree whose sources have the mark of another one.
    pub(crate) fn check_marked(
        &self,
        stage: &Stage,
        worktree: &Path,
        mark: &str,
        checks: &mut Checks,
    ) -> Result<()> {
        for (program, answer) in &self.answers {
            let made = stage.generated.as_ref();
            let right = made.map_or_else(
                || answer.clone(),
                |made| with_code(&made.answer(mark), Some(0)),
            );
            let said = ask(stage, worktree, program)?;
            checks.that(said == right, || {
                format!(
                    "`{program}` in `{}` said {said:?} for {right:?}",
                    worktree.display()
                )
            });
        }
        Ok(())
    }

    /// Gives the roots of the local crates a new time, as an editor does that saves them.
    pub(crate) fn touch(&self, worktree: &Path) -> Result<()> {
        for root in &self.roots {
            let path = worktree.join(root);
            let file = std::fs::File::options().append(true).open(&path);
            let touched = file.and_then(|file| file.set_modified(SystemTime::now()));
            touched.with_context(|| format!("failed to touch `{}`", path.display()))?;
        }
        Ok(())
    }
}

fn path(worktree: &Path, program: &str) -> PathBuf {
    let name = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    worktree.join("target/debug").join(name)
}

fn ask(stage: &Stage, worktree: &Path, program: &str) -> Result<String> {
    let mut command = stage.program(path(worktree, program), worktree);
    let output = command.arg("--version").output();
    let output = output.with_context(|| format!("failed to run `{program}`"))?;
    let said = [output.stdout, output.stderr].concat();
    let code = output.status.code();
    Ok(with_code(&String::from_utf8_lossy(&said), code))
}

fn with_code(said: &str, code: Option<i32>) -> String {
    format!("{} (exit code {code:?})", said.trim_end())
}
