//! What the compiler says of itself and of its targets. Cargo keeps that in `.rustc_info.json`, so that only the first
//! build in a target folder asks: it starts rustc three times, which takes half as long as a build with nothing to do.
//!
//! Cargo takes an answer only while the compiler, its wrappers and the toolchain's name are those that gave it, and each
//! answer goes by the arguments. Two things could differ between worktrees all the same: a program that chooses the
//! compiler by its folder, and relative paths in arguments. So the file is given only where both have the same toolchain,
//! and where each sysroot in it is an absolute path outside of the donor's folders.
//!
//! Source: `rustc_fingerprint` and `process_fingerprint` in `src/util/rustc.rs` of Cargo. A test of the suite counts the
//! compilers that a first build starts.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::warm::model::WarmFolder;
use crate::{fs, markers};

/// The most that is read of the file. Cargo's own has 2 KiB for each set of flags.
const MOST: u64 = 1 << 20;

#[derive(Deserialize)]
struct Info {
    outputs: BTreeMap<String, Output>,
}

#[derive(Deserialize)]
struct Output {
    success: bool,
    stdout: String,
}

/// Gives a folder the donor's file, unless it has its own. Where that cannot be done, the first build asks the compiler.
pub(super) fn give(warm: &WarmFolder) {
    let Some(workspace) = &warm.same_toolchain else {
        return;
    };
    let file = warm.from.join(markers::RUSTC_INFO);
    let is_file = fs::info(&file).is_ok_and(|info| info.is_some_and(|info| info.is_file));
    let bytes = is_file.then(|| fs::read_start(&file, MOST).ok().flatten());
    let Some(bytes) = bytes.flatten() else {
        return;
    };
    if holds_elsewhere(&bytes, &[&warm.from, workspace]) {
        let _ = fs::write_if_absent(&warm.into.join(markers::RUSTC_INFO), &bytes);
    }
}

/// Whether the compiler would answer the same from another folder: it answered, and names an absolute sysroot and nothing
/// in these places.
fn holds_elsewhere(bytes: &[u8], places: &[&Path]) -> bool {
    let Ok(info) = serde_json::from_slice::<Info>(bytes) else {
        return false;
    };
    let is_placed = |line: &str| {
        places
            .iter()
            .any(|place| Path::new(line).starts_with(place))
    };
    let holds = |output: &Output| {
        let mut lines = output.stdout.lines();
        let names_version = output.stdout.starts_with("rustc ");
        let sysroot = lines.clone().any(|line| Path::new(line).is_absolute());
        output.success && (names_version || sysroot) && !lines.any(is_placed)
    };
    !info.outputs.is_empty() && info.outputs.values().all(holds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(outputs: &[(&str, bool)]) -> bool {
        let outputs = outputs.iter().enumerate().map(|(at, (stdout, success))| {
            let output = serde_json::json!({
                "success": success, "status": "", "code": 0, "stdout": stdout, "stderr": ""
            });
            (at.to_string(), output)
        });
        let outputs: serde_json::Map<_, _> = outputs.collect();
        let info =
            serde_json::json!({ "rustc_fingerprint": 1, "outputs": outputs, "successes": {} });
        let places = [Path::new("/w/one"), Path::new("/s/one")];
        holds_elsewhere(info.to_string().as_bytes(), &places)
    }

    #[test]
    #[cfg(unix)]
    fn the_answers_of_a_toolchain_hold_in_each_worktree() {
        const VERSION: (&str, bool) = ("rustc 1.95.0\nhost: x\n", true);
        const TARGET: &str = "___\nlib___.rlib\n/toolchains/stable\noff\n___\nunix\n";
        assert!(holds(&[VERSION, (TARGET, true)]));
        // A program of the worktree, a relative sysroot, or none.
        for sysroot in ["/w/one/sysroot", "/s/one", "sysroot", "./sysroot", ""] {
            let target = TARGET.replace("/toolchains/stable", sysroot);
            assert!(!holds(&[VERSION, (&target, true)]), "{sysroot}");
        }
        assert!(!holds(&[VERSION, (TARGET, false)]), "a failure");
        assert!(!holds(&[]), "nothing");
        assert!(!holds_elsewhere(b"{", &[]));
    }
}
