//! Keeps the program of a script, with what it was made from.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use jiff::{SignedDuration, Timestamp};

use super::ScriptBuild;
use crate::cargo::Built;
use crate::dep_info::RustcDepInfo;
use crate::fs;
use crate::model::{CachedProgram, Watched};
use crate::script::places::{ENTRY, LAST_RUN, Places};

/// Files are dated by a clock that may be so much behind.
const CLOCK: SignedDuration = SignedDuration::from_millis(20);

/// Takes a program out of the target folder, where the next build of the script would write over it, and puts it with
/// what is known about it in its place at once: nobody ever finds half of it.
pub(super) fn keep(
    build: &ScriptBuild<'_>,
    built: &Built,
    places: &Places,
    begun: Timestamp,
    variable: &dyn Fn(&str) -> Option<String>,
    now: Timestamp,
) -> Result<PathBuf> {
    let infos = dep_infos(built);
    let new = places.bins().join(format!(".new-{}", build.key));
    fs::remove_own_folder(&new)?;
    fs::create_folder(&new)?;
    let name = file_name(build);
    let program = new.join(&name);
    fs::move_file(&built.program, &program)?;
    drop_other_names(&program, &infos)?;
    let cached = CachedProgram {
        script: build.path.to_owned(),
        program: name,
        state: fs::state(&program).context("the program is gone")?,
        made: now,
        watched: watched(build, built, places, begun),
        variables: variables(&infos, built, variable),
    };
    let entry = serde_json::to_vec_pretty(&cached).context("failed to describe the program")?;
    fs::replace(&new.join(ENTRY), &entry)?;
    fs::note_use(&new.join(LAST_RUN), now);
    fs::checkpoint("program-staged");
    let kept = places.kept(build.key);
    fs::remove_own_folder(&kept)?;
    fs::rename(&new, &kept)?;
    Ok(kept.join(&cached.program))
}

/// The program has the script's name, as `ps` shows it.
fn file_name(build: &ScriptBuild<'_>) -> String {
    let name = match build.stem {
        "" | ENTRY | LAST_RUN => "script",
        stem => stem,
    };
    format!("{name}{}", std::env::consts::EXE_SUFFIX)
}

/// The `.d` files that the compiler wrote about the artifacts of local packages.
fn dep_infos(built: &Built) -> Vec<PathBuf> {
    let mut all = Vec::new();
    let program = built
        .program
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .replace('-', "_");
    let Some(profile) = built.program.parent() else {
        return all;
    };
    // What Cargo names for a program is its second name, at the top of the profile; the first one is in `deps`.
    let deps = profile.join("deps");
    for name in fs::names(&deps).unwrap_or_default() {
        let ours = name
            .strip_prefix(&program)
            .is_some_and(|rest| rest.starts_with('-'));
        if ours && name.ends_with(".d") {
            all.push(deps.join(name));
        }
    }
    for artifact in &built.artifacts {
        let stem = artifact.file_stem().unwrap_or_default().to_string_lossy();
        let stem = stem.strip_prefix("lib").unwrap_or(&stem);
        let info = artifact.with_file_name(format!("{stem}.d"));
        if *artifact != built.program && fs::exists(&info) {
            all.push(info);
        }
    }
    all
}

/// The program's first name: a linker may write to it in place, and with it to the one that was kept.
fn drop_other_names(program: &Path, infos: &[PathBuf]) -> Result<()> {
    let Some(kept) = fs::info(program)? else {
        return Ok(());
    };
    for info in infos {
        let first = info.with_extension(std::env::consts::EXE_EXTENSION);
        if fs::info(&first)?.is_some_and(|first| first.identity == kept.identity) {
            fs::remove_file(&first)?;
        }
    }
    if fs::has_other_names(program) {
        // It lies where we do not know.
        let own = program.with_file_name(".own");
        fs::copy_file(program, &own)?;
        fs::rename(&own, program)?;
    }
    Ok(())
}

/// The files that the program was compiled from, by the list that Cargo writes beside it: those of all local packages,
/// and what their build scripts watch. What is the cache's own is decided by the script and its manifest.
fn watched(
    build: &ScriptBuild<'_>,
    built: &Built,
    places: &Places,
    begun: Timestamp,
) -> Vec<Watched> {
    let list = fs::read(&built.program.with_extension("d")).ok().flatten();
    let list = RustcDepInfo::parse(&String::from_utf8_lossy(&list.unwrap_or_default()));
    let mut paths: BTreeSet<PathBuf> = list.sources.into_iter().map(PathBuf::from).collect();
    // A package may have things from its workspace, which lies above it.
    let above = built
        .manifests
        .iter()
        .flat_map(|manifest| manifest.ancestors().skip(1));
    let manifests = above.map(|folder| folder.join("Cargo.toml"));
    paths.extend(manifests.filter(|manifest| fs::exists(manifest)));
    paths.retain(|path| path != build.path && !path.starts_with(places.root()));
    let watched = paths.into_iter().map(|path| {
        let state = fs::state(&path).filter(|state| {
            let latest = state.modified.max(state.changed);
            latest.is_some_and(|latest| latest < begun - CLOCK)
        });
        Watched {
            hash: fs::digest(&path).unwrap_or_default(),
            state,
            path,
        }
    });
    watched.collect()
}

/// The variables that were looked up. Cargo sets some for the compiler; only what the user's shell has can change.
fn variables(
    infos: &[PathBuf],
    built: &Built,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Vec<(String, Option<String>)> {
    let mut all = BTreeMap::new();
    for info in infos {
        let text = fs::read(info).ok().flatten().unwrap_or_default();
        for line in String::from_utf8_lossy(&text).lines() {
            let Some(said) = line.strip_prefix("# env-dep:") else {
                continue;
            };
            let (name, was) = match said.split_once('=') {
                Some((name, was)) => (name, Some(was)),
                None => (said, None),
            };
            let now = variable(name);
            let own = name.starts_with("CARGO") || name == "OUT_DIR";
            // The value is written with escapes; where it is not the shell's it comes from Cargo's `[env]`.
            if !own && (was.is_none() == now.is_none()) {
                all.insert(name.to_owned(), now);
            }
        }
    }
    for out_dir in &built.out_dirs {
        let said = fs::read(&out_dir.with_file_name("output")).ok().flatten();
        for line in String::from_utf8_lossy(&said.unwrap_or_default()).lines() {
            let said = line.strip_prefix("cargo::").or(line.strip_prefix("cargo:"));
            if let Some(name) = said.and_then(|said| said.strip_prefix("rerun-if-env-changed=")) {
                let own = name.starts_with("CARGO_")
                    || matches!(
                        name,
                        "OUT_DIR"
                            | "TARGET"
                            | "HOST"
                            | "PROFILE"
                            | "OPT_LEVEL"
                            | "NUM_JOBS"
                            | "DEBUG"
                    );
                if !own {
                    all.insert(name.to_owned(), variable(name));
                }
            }
        }
    }
    all.into_iter().collect()
}
