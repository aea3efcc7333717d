//! Keeps the program of a script, with what it was made from.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use jiff::Timestamp;

use crate::cargo::Built;
use crate::fs;
use crate::script::build::{ScriptBuild, Written};
use crate::script::inputs::Made;
use crate::script::model::CachedProgram;
use crate::script::paths::{ENTRY, LAST_RUN, NEW, ScriptCachePaths};
use crate::script::{inputs, libraries};

/// Takes a program out of the target folder, where the next build of the script would write over it, and puts it with
/// what is known about it in its place at once: no run ever finds half of it. Returns the program, and whether it loads
/// libraries that were kept with it.
pub(crate) fn keep(
    build: &ScriptBuild<'_>,
    built: &Built,
    (places, target): (&ScriptCachePaths, &Path),
    begun: Timestamp,
    written: &Written,
    variable: &dyn Fn(&str) -> Option<String>,
    now: Timestamp,
) -> Result<(PathBuf, bool)> {
    // Before the program is moved, since it lies beside them.
    let infos = inputs::dep_infos(built);
    let watched = inputs::watched(
        build,
        built,
        places,
        begun,
        &Made {
            is_copied: written.body.text.is_some(),
            workspace: &written.workspace,
            modules: &written.modules,
            infos: &infos,
        },
    );
    let variables = inputs::variables(&infos, built, variable);
    let new = places.bins().join(format!("{NEW}{}", build.key));
    fs::remove_own_folder(&new)?;
    fs::create_folder(&new)?;
    let libraries = libraries::keep(&libraries::named(built, target)?, &new)?;
    let name = file_name(build.stem);
    let program = new.join(&name);
    fs::move_file(&built.program, &program)?;
    drop_other_names(&program, &infos.of_program)?;
    let cached = CachedProgram {
        script: build.path.to_owned(),
        program: name,
        state: fs::state(&program).context("the program is gone")?,
        made: now,
        watched,
        variables,
        libraries,
    };
    let entry = serde_json::to_vec_pretty(&cached).context("failed to describe the program")?;
    fs::replace(&new.join(ENTRY), &entry)?;
    fs::note_use(&new.join(LAST_RUN), now);
    fs::checkpoint("program-staged");
    let kept = places.kept(build.key);
    if fs::info(&kept)?.is_some_and(|info| !info.is_dir) {
        fs::remove_file(&kept)?;
    }
    fs::remove_own_folder(&kept)?;
    fs::rename(&new, &kept)?;
    Ok((kept.join(&cached.program), !cached.libraries.is_empty()))
}

/// The program has the script's name, as `ps` shows it.
fn file_name(stem: &str) -> String {
    // Filesystems take 255 bytes at most.
    let end = (0..=stem.len().min(200))
        .rev()
        .find(|at| stem.is_char_boundary(*at));
    let stem = &stem[..end.unwrap_or_default()];
    let name = match stem {
        ENTRY | LAST_RUN | libraries::FOLDER => "script",
        stem if stem.bytes().all(|byte| byte == b'.') => "script",
        stem => stem,
    };
    format!("{name}{}", std::env::consts::EXE_SUFFIX)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_have_names_that_can_be_files() {
        let name = |stem: &str| file_name(stem).trim_end_matches(".exe").to_owned();
        assert_eq!(name("report"), "report");
        for odd in ["", ".", "..", ENTRY, LAST_RUN, libraries::FOLDER] {
            assert_eq!(name(odd), "script", "{odd}");
        }
        assert_eq!(name(&"ü".repeat(150)).len(), 200);
    }
}
