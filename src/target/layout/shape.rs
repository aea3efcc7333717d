//! Which paths in a target folder have the shape of what Cargo, the compiler or a build script makes.
//!
//! Seen with Cargo and rustc 1.95 and nightly, in both layouts. A file of any other shape may be the user's, and is
//! kept.

use crate::markers;
use crate::target::fingerprint;
use crate::target::layout::{STAMP, is_hash};

/// How the names end of what the compiler writes beside other units' files.
const ENDS: [&str; 23] = [
    "a", "bc", "d", "dll", "dwo", "dwp", "dylib", "efi", "exe", "exp", "js", "lib", "ll", "map",
    "mir", "o", "pdb", "ptx", "rlib", "rmeta", "s", "so", "wasm",
];

/// Files that Cargo keeps beside the folders of a unit that has a folder of its own.
const BESIDE: [&str; 6] = [STAMP, "output", "root-output", "stderr", "stdout", ".lock"];

/// Whether something has the shape of a part of a unit. `path` is relative to a profile folder. `in_out_dir` says whether it is
/// an `OUT_DIR` or lies in one, which in the new layout the path does not tell.
///
/// An `OUT_DIR` may hold anything but a git repository. Elsewhere a folder stands only where Cargo or the compiler makes one.
#[must_use]
pub(crate) fn is_of_a_unit(path: &[&str], folder: bool, in_out_dir: bool) -> bool {
    if path.contains(&".git") {
        return false;
    }
    match path {
        [".fingerprint" | "build", _] => folder,
        [".fingerprint", _, name] => !folder && is_fingerprint(name),
        ["build", _, hash] if is_hash(hash) => folder,
        ["build", _, hash, "fingerprint", name] if is_hash(hash) => !folder && is_fingerprint(name),
        ["build", _, hash, "fingerprint" | "run"] if is_hash(hash) => folder,
        ["build", _, hash, "run", name] if is_hash(hash) => !folder && BESIDE.contains(name),
        ["build", _, hash, "out", compiled @ ..] if is_hash(hash) => {
            in_out_dir || is_compiled(compiled, folder)
        }
        ["build", _, hash, name] if is_hash(hash) => !folder && BESIDE.contains(name),
        ["build", _, "out", ..] => true,
        ["build", _, name, ..] if is_symbols(name) => true,
        ["build", _, name] => !folder && (BESIDE.contains(name) || is_script(name)),
        ["deps" | "examples", name, ..] if is_symbols(name) => true,
        ["deps" | "examples", name] => !folder && is_artifact(name),
        _ => false,
    }
}

/// Whether something has the shape of what the compiler puts into the `out` of a unit. `path` is relative to that.
fn is_compiled(path: &[&str], folder: bool) -> bool {
    match path {
        [] => folder,
        [name, ..] if is_symbols(name) => true,
        [name] if folder => is_metadata_folder(name) || is_link_folder(name),
        [name] => is_artifact(name),
        [of, name] if is_metadata_folder(of) => !folder && *name == METADATA,
        [of, ..] if is_link_folder(of) => is_of_a_link(path, folder),
        _ => false,
    }
}

/// Whether something has the shape of the folder in which rustc collects what it links, or of something in it.
pub(crate) fn is_of_a_link(path: &[&str], folder: bool) -> bool {
    match path {
        [of] | [of, IMPORTS] if folder => is_link_folder(of),
        [of, name] | [of, IMPORTS, name] => !folder && is_link_folder(of) && is_artifact(name),
        _ => false,
    }
}

/// The folder of import libraries in that folder.
const IMPORTS: &str = "raw-dylibs";

/// A folder with the debug information of a program on macOS; in `build` a link to one.
fn is_symbols(name: &str) -> bool {
    name.ends_with(".dSYM")
}

fn is_script(name: &str) -> bool {
    (name.starts_with("build-script-") || name.starts_with("build_script_")) && is_artifact(name)
}

fn is_artifact(name: &str) -> bool {
    match name.rsplit_once('.') {
        None => true,
        // rustc writes out what is too long for a message.
        Some((start, "txt")) => start.contains(".long-type-"),
        Some((_, end)) => ENDS.contains(&end),
    }
}

fn is_fingerprint(name: &str) -> bool {
    let bare = name.strip_suffix(".json").unwrap_or(name);
    let bare = ["dep-", "output-"]
        .iter()
        .find_map(|prefix| bare.strip_prefix(prefix))
        .unwrap_or(bare);
    fingerprint::target(bare).is_some() || [BESIDE[0], markers::CARRIED].contains(&name)
}

/// Whether rustc gives such a name to the folder in which it writes metadata before that is moved into its place.
///
/// Source: `compiler/rustc_metadata/src/fs.rs`; the six letters are those of the crate `tempfile`.
#[must_use]
pub(crate) fn is_metadata_folder(name: &str) -> bool {
    is_made_up(name, "rmeta")
}

/// Whether rustc gives such a name to the folder in which it collects what it links; a killed one leaves it.
///
/// Source: `link_binary` in `compiler/rustc_codegen_ssa/src/back/link.rs`.
fn is_link_folder(name: &str) -> bool {
    is_made_up(name, "rustc")
}

/// Whether the crate `tempfile` makes up such a name with that prefix.
fn is_made_up(name: &str, prefix: &str) -> bool {
    let random = name.strip_prefix(prefix);
    random.is_some_and(|random| {
        random.len() == 6 && random.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

/// The file in such a folder.
pub(crate) const METADATA: &str = "full.rmeta";

/// Whether something has the shape of a part of the compiler's cache for a crate. `path` is relative to `incremental`,
/// and begins with the crate's folder: `<crate>-<number>/s-<time>-<random>-<hash or "working">/<file>`, with a lock file
/// beside each session.
///
/// Source: `compiler/rustc_incremental/src/persist/fs.rs`.
#[must_use]
pub(crate) fn is_of_the_compiler(path: &[&str], folder: bool) -> bool {
    match path {
        [of] => folder && is_crate(of),
        [of, name] if folder => is_crate(of) && is_session(name, 4),
        [of, name] => {
            let lock = name.strip_suffix(".lock");
            is_crate(of) && lock.is_some_and(|lock| is_session(lock, 3))
        }
        [of, session, name] => !folder && is_crate(of) && is_session(session, 4) && is_cached(name),
        _ => false,
    }
}

fn is_crate(name: &str) -> bool {
    name.rsplit_once('-').is_some_and(|(of, number)| {
        !of.is_empty()
            && of.chars().all(|c| c.is_alphanumeric() || c == '_')
            && (8..=14).contains(&number.len())
            && is_base_36(number)
    })
}

fn is_session(name: &str, parts: usize) -> bool {
    let mut all = name.split('-');
    all.next() == Some("s")
        && name.split('-').count() == parts
        && all.all(|part| !part.is_empty() && is_base_36(part))
}

fn is_base_36(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase())
}

fn is_cached(name: &str) -> bool {
    const NAMES: [&str; 6] = [
        "dep-graph.bin",
        "dep-graph.part.bin",
        "metadata.rmeta",
        "query-cache.bin",
        "thin-lto-past-keys.bin",
        "work-products.bin",
    ];
    let end = name.rsplit_once('.').map(|(_, end)| end);
    NAMES.contains(&name) || matches!(end, Some("o" | "bc" | "dwo" | "s" | "ll"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(path: &str, ask: fn(&[&str], bool) -> bool) -> bool {
        let path = path.replace('#', "0123456789abcdef");
        let parts: Vec<&str> = path.trim_end_matches('/').split('/').collect();
        ask(&parts, path.ends_with('/'))
    }

    fn is_of_a_unit(path: &[&str], folder: bool) -> bool {
        super::is_of_a_unit(path, folder, false)
    }

    #[test]
    fn an_out_dir_of_the_new_layout_may_hold_anything_but_a_repository() {
        let in_out_dir = |path: &[&str], folder| super::is_of_a_unit(path, folder, true);
        for path in ["build/a/#/out/mine/", "build/a/#/out/mine/notes.txt"] {
            assert!(asked(path, in_out_dir), "{path}");
            assert!(!asked(path, is_of_a_unit), "{path}");
        }
        assert!(!asked("build/a/#/out/x/.git/HEAD", in_out_dir));
        assert!(!asked("build/a/#/run/notes", in_out_dir));
    }

    #[test]
    fn what_cargo_makes_of_a_unit_and_what_it_does_not() {
        for path in [
            ".fingerprint/a-#/",
            ".fingerprint/a-#/lib-a",
            ".fingerprint/a-#/lib-a.json",
            ".fingerprint/a-#/dep-test-lib-a",
            ".fingerprint/a-#/output-lib-a",
            ".fingerprint/a-#/invoked.timestamp",
            ".fingerprint/a-#/sharedtarget-carried",
            "deps/liba-#.rlib",
            "deps/a-#",
            "deps/a-#.a.1f-cgu.0.rcgu.o",
            "deps/a-#.long-type-17.txt",
            "deps/a-#.dSYM/Contents/x",
            "build/a-#/",
            "build/a-#/out/anything/at/all",
            "build/a-#/build_script_build-#.d",
            "build/a-#/stderr",
            "build/a/#/",
            "build/a/#/fingerprint/lib-a",
            "build/a/#/out/",
            "build/a/#/out/liba.rlib",
            "build/a/#/out/a",
            "build/a/#/out/a.dSYM/Contents/x",
            "build/a/#/out/rmetaAbCd12/",
            "build/a/#/out/rmetaAbCd12/full.rmeta",
            "build/a/#/out/rustcAbCd12/",
            "build/a/#/out/rustcAbCd12/symbols.o",
            "build/a/#/out/rustcAbCd12/raw-dylibs/",
            "build/a/#/run/stdout",
        ] {
            assert!(asked(path, is_of_a_unit), "{path}");
        }
        for path in [
            ".fingerprint/a-#/notes",
            ".fingerprint/a-#/mine/",
            ".fingerprint/a-#/mine/lib-a",
            "deps/a-#/",
            "deps/a-#.d/",
            "deps/a-#.o/notes",
            "deps/a-#.md",
            "build/a-#/mine/",
            "build/a-#/mine/file",
            "build/a-#/notes.txt",
            "build/a-#/.git/",
            "build/a-#/out/x/.git/HEAD",
            "build/a/#/mine/file",
            "build/a/#/notes",
            "build/a/#/out/notes.md",
            "build/a/#/out/mine/",
            "build/a/#/out/mine/liba.rlib",
            "build/a/#/out/rmetaAbCd12/notes",
            "build/a/#/out/rustcAbCd12/notes.md",
        ] {
            assert!(!asked(path, is_of_a_unit), "{path}");
        }
    }

    #[test]
    fn what_the_compiler_caches_and_what_it_does_not() {
        const SESSION: &str = "app_x-0ahsy9a9455j1/s-holsryk8l2-0b262il-1w27xpq9bc7bgitxtseaaab3o";
        for path in [
            "app_x-0ahsy9a9455j1/".to_owned(),
            format!("{SESSION}/"),
            "app_x-0ahsy9a9455j1/s-holsryk8l2-0b262il-working/".to_owned(),
            "app_x-0ahsy9a9455j1/s-holsryk8l2-0b262il.lock".to_owned(),
            format!("{SESSION}/dep-graph.bin"),
            format!("{SESSION}/0mjjd6pxn2p683b1axswd1a1q.o"),
            format!("{SESSION}/0mjjd6pxn2p683b1axswd1a1q.pre-lto.bc"),
            format!("{SESSION}/metadata.rmeta"),
        ] {
            assert!(asked(&path, is_of_the_compiler), "{path}");
        }
        for path in [
            "inner-1/".to_owned(),
            "notes.txt".to_owned(),
            "app_x-0ahsy9a9455j1".to_owned(),
            "app_x-0ahsy9a9455j1/.git/".to_owned(),
            "app_x-0ahsy9a9455j1/notes".to_owned(),
            "app_x-0ahsy9a9455j1/s-mine/".to_owned(),
            format!("{SESSION}/notes"),
            format!("{SESSION}/mine/"),
            format!("{SESSION}/mine/a.o"),
        ] {
            assert!(!asked(&path, is_of_the_compiler), "{path}");
        }
    }
}
