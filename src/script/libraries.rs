//! Libraries that a script's program loads when it runs: crates of the type `dylib`, what build scripts have made, and the
//! standard library with these.
//!
//! Cargo has the system look for them in its target folder. A kept program has its own copies beside it: the next build of
//! another script may make others of the same names.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::Result;
use memchr::memmem;

use crate::cargo::{Built, is_loaded};
use crate::fs;
use crate::script::compiler::Compiler;
use crate::script::model::KeptLibrary;

/// The folder of a kept program's libraries, beside it.
pub(crate) const FOLDER: &str = "lib";

/// The variable by which the system finds libraries. Source: "Dynamic library paths" in the reference of Cargo.
const VARIABLE: &str = if cfg!(windows) {
    "PATH"
} else if cfg!(target_os = "macos") {
    "DYLD_FALLBACK_LIBRARY_PATH"
} else {
    "LD_LIBRARY_PATH"
};

/// The libraries that a program names, and those that these name, by their files.
pub(crate) fn named(built: &Built, target: &Path) -> Result<Vec<PathBuf>> {
    let mut all: BTreeSet<PathBuf> = built.libraries.iter().cloned().collect();
    // Others are where the system looks for them anyway, or are none of ours.
    for folder in built.linked.iter().filter(|path| path.starts_with(target)) {
        let names = fs::names(folder).unwrap_or_default();
        let files = names.into_iter().map(|name| folder.join(name));
        all.extend(files.filter(|file| is_loaded(file)));
    }
    let mut named = Vec::new();
    let mut unread = match all.is_empty() {
        true => Vec::new(),
        false => vec![built.program.clone()],
    };
    while let Some(file) = unread.pop() {
        let bytes = fs::read(&file)?.unwrap_or_default();
        let (here, rest) = all.into_iter().partition(|library| {
            let name = library.file_name().unwrap_or_default().as_encoded_bytes();
            memmem::find(&bytes, name).is_some()
        });
        let here: BTreeSet<PathBuf> = here;
        all = rest;
        unread.extend(here.iter().cloned());
        named.extend(here);
    }
    Ok(named)
}

/// Copies libraries into the folder of a program that is being kept.
pub(crate) fn keep(libraries: &[PathBuf], program: &Path) -> Result<Vec<KeptLibrary>> {
    let mut kept: Vec<KeptLibrary> = Vec::new();
    let folder = program.join(FOLDER);
    for library in libraries {
        let name = library.file_name().unwrap_or_default().to_string_lossy();
        if kept.iter().any(|known| known.name == name) {
            continue;
        }
        fs::create_folder(&folder)?;
        let copy = folder.join(&*name);
        fs::copy_file(library, &copy)?;
        if let Some(state) = fs::state(&copy) {
            let name = name.into_owned();
            kept.push(KeptLibrary { name, state });
        }
    }
    Ok(kept)
}

/// Whether the libraries of a kept program are as they were when they were copied.
pub(crate) fn are_whole(libraries: &[KeptLibrary], program: &Path) -> bool {
    let folder = program.join(FOLDER);
    libraries.iter().all(|library| {
        // A name, and nothing that leads elsewhere.
        let plain = Path::new(&library.name).file_name() == Some(library.name.as_ref());
        plain && fs::state(&folder.join(&library.name)).as_ref() == Some(&library.state)
    })
}

/// Where the system has to look for the libraries of a program: where they are, and where those of the compiler are.
pub(crate) fn search(folders: Vec<PathBuf>, compiler: &Compiler) -> Vec<PathBuf> {
    if folders.is_empty() {
        return folders;
    }
    let sysroot = &compiler.sysroot;
    let host = compiler
        .said
        .lines()
        .find_map(|line| line.strip_prefix("host: "));
    let standard = host.map(|host| sysroot.join("lib/rustlib").join(host).join("lib"));
    let own = sysroot.join(if cfg!(windows) { "bin" } else { "lib" });
    folders.into_iter().chain(standard).chain([own]).collect()
}

/// The variable that has the system look there first; nothing where there is nothing to look for. `variable` is what it is
/// now.
pub(crate) fn variable(
    search: &[PathBuf],
    variable: &dyn Fn(&str) -> Option<String>,
) -> Option<(&'static str, OsString)> {
    if search.is_empty() {
        return None;
    }
    let now = variable(VARIABLE).filter(|now| !now.is_empty());
    let now = now.or_else(|| cfg!(target_os = "macos").then(|| of_macos(variable)));
    let mut all = search.to_vec();
    all.extend(now.iter().flat_map(|now| std::env::split_paths(now)));
    let joined = std::env::join_paths(all).ok()?;
    Some((VARIABLE, joined))
}

/// The value of the variable for the loader of macOS if it is not set.
fn of_macos(variable: &dyn Fn(&str) -> Option<String>) -> String {
    let home = variable("HOME").unwrap_or_default();
    format!("{home}/lib:/usr/local/lib:/usr/lib")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_shell_has_comes_last() {
        let compiler = Compiler {
            said: "rustc 1\nhost: x86_64-x\n".to_owned(),
            sysroot: "/rust".into(),
        };
        let folders = vec![PathBuf::from("/a"), PathBuf::from("/b")];
        let search = search(folders, &compiler);
        let with = |now: &'static str| move |name: &str| (name == VARIABLE).then(|| now.to_owned());
        let (name, value) = variable(&search, &with("/x")).expect("a variable");
        let all: Vec<PathBuf> = std::env::split_paths(&value).collect();
        assert_eq!(name, VARIABLE);
        assert_eq!(all.first(), Some(&PathBuf::from("/a")));
        assert_eq!(
            all.get(2),
            Some(&PathBuf::from("/rust/lib/rustlib/x86_64-x/lib"))
        );
        assert_eq!(all.last(), Some(&PathBuf::from("/x")));
        assert_eq!(all.len(), 5);
        assert_eq!(super::search(Vec::new(), &compiler), Vec::<PathBuf>::new());
        assert_eq!(variable(&[], &with("/x")), None);
    }
}
