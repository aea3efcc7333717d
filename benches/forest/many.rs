//! Many small repositories, where what counts is how often other programs are started.

use std::fs;
use std::path::Path;

use anyhow::Result;
use rayon::prelude::*;

use super::make::git;

/// Nested workspaces of each repository, which are never built, as fixtures of tests are.
const NESTED: [&str; 2] = ["tests/fixtures/one", "tests/fixtures/two"];

/// Makes repositories with three workspaces each, the outer ones built.
pub(crate) fn with_workspaces(root: &Path, repositories: usize) -> Result<()> {
    (0..repositories).into_par_iter().try_for_each(|n| {
        let main = root.join(format!("repository-{n:04}"));
        workspace(&main, &format!("app-{n}"))?;
        for (at, nested) in NESTED.iter().enumerate() {
            workspace(&main.join(nested), &format!("fixture-{n}-{at}"))?;
        }
        fs::write(main.join(".gitignore"), "/target/\n")?;
        let target = main.join("target");
        fs::create_dir_all(target.join("debug/.fingerprint"))?;
        fs::write(
            target.join("CACHEDIR.TAG"),
            "Signature: 8a477f597d28d172789f06886806bc55\n# This file is a cache directory tag created by cargo.\n",
        )?;
        fs::write(target.join(".rustc_info.json"), "{}")?;
        commit(&main)
    })
}

/// Makes repositories in which Cargo builds nothing.
pub(crate) fn without_cargo(root: &Path, repositories: usize) -> Result<()> {
    (0..repositories).into_par_iter().try_for_each(|n| {
        let main = root.join(format!("repository-{n:04}"));
        fs::create_dir_all(&main)?;
        fs::write(main.join("README.md"), "Nothing for Cargo.\n")?;
        commit(&main)
    })
}

fn workspace(folder: &Path, name: &str) -> Result<()> {
    fs::create_dir_all(folder.join("src"))?;
    fs::write(folder.join("src/lib.rs"), "")?;
    let package = format!("name = \"{name}\"\nversion = \"0.1.0\"\n");
    fs::write(
        folder.join("Cargo.toml"),
        format!("[package]\n{package}edition = \"2021\"\n\n[workspace]\n"),
    )?;
    fs::write(
        folder.join("Cargo.lock"),
        format!("version = 4\n\n[[package]]\n{package}"),
    )?;
    Ok(())
}

fn commit(main: &Path) -> Result<()> {
    git(main, &["init", "-q", "-b", "main"])?;
    git(main, &["add", "."])?;
    git(main, &["commit", "-q", "-m", "Start"])
}
