//! Which programs of third-party crates may be one file in several target folders: build scripts and procedural macros.
//!
//! rustc replaces libraries and metadata, but a program or dynamic library is written by a linker, and some linkers
//! write into the existing file, and so through all of its hard links. So it may be hard-linked only if
//!
//! - it is the program of a build script in the classic layout, which Cargo links to a second name itself: Cargo
//!   removes it before the linker runs again. In the layout from 1.100 there is no second name, and such a program is
//!   copied; or
//! - it is a procedural macro that says which linker made it ([`Linker`]), since those that say so make a new file for a
//!   shared library.
//!
//! Source: `rustc` in `src/cargo/core/compiler/mod.rs` of Cargo ("Some linkers do not remove the executable, but truncate
//! and modify it"), <https://github.com/rust-lang/cargo/issues/8348>. Tests: `suite linkers::`, `warm::links::` and
//! `matrix::facts::written_through`.

use crate::target::artifact::linker_name::Linker;
use crate::target::fingerprint;
use crate::target::identify::Target;
use crate::target::layout::Part;
use crate::target::unit::UnitKind;
use crate::target::unit_file::{Sharing, UnitFile};

/// Has those of a unit's files be linked that may be. `linker_of` looks into a file for the linker that made it.
pub(crate) fn allow(
    files: &mut [(UnitFile, Part)],
    targets: &[Target],
    linker_of: impl Fn(&UnitFile) -> Option<Linker>,
) {
    if !cfg!(unix) {
        return;
    }
    let mut flags = targets.iter().flat_map(|of| &of.fingerprint.rustflags);
    let usual = flags.all(|flag| keeps_linker(flag));
    let kinds = targets
        .iter()
        .map(|target| fingerprint::target(&target.name));
    let kinds: Vec<UnitKind> = kinds.flatten().map(|(kind, _)| kind).collect();
    let script = !kinds.is_empty() && kinds.iter().all(|kind| *kind == UnitKind::BuildScript);
    let files = files
        .iter_mut()
        .filter(|(file, _)| file.sharing == Sharing::Copy);
    for (file, part) in files {
        let may = match part {
            Part::Artifact if script && file.path.extension().is_none() => true,
            Part::Artifact | Part::Out if is_macro(file) => usual && linker_of(file).is_some(),
            _ => false,
        };
        if may {
            file.sharing = Sharing::Link;
        }
    }
}

/// Has procedural macros be copied: nothing is known of the linker.
pub(crate) fn take_back(files: &mut [UnitFile]) {
    for file in files {
        if file.sharing == Sharing::Link && is_macro(file) {
            file.sharing = Sharing::Copy;
        }
    }
}

fn is_macro(file: &UnitFile) -> bool {
    file.path.extension().is_some_and(|end| end == "so")
}

/// Whether a flag for rustc names no linker, or one of those that are known, which is looked for where it always is.
fn keeps_linker(flag: &str) -> bool {
    const KNOWN: [&str; 5] = ["bfd", "gold", "lld", "mold", "wild"];
    let chosen = flag.rsplit_once("-fuse-ld=").map(|(_, name)| name);
    match chosen {
        Some(name) => KNOWN.contains(&name),
        None => !flag.contains("linker=") && !flag.contains("link-arg"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_that_name_a_linker() {
        for flag in [
            "-Clinker=/x",
            "linker=cc",
            "-Clink-arg=-B/x",
            "link-args=-s",
        ] {
            assert!(!keeps_linker(flag), "{flag}");
        }
        for flag in ["-Clink-arg=-fuse-ld=/x/ld", "-Clink-arg=-fuse-ld=mine"] {
            assert!(!keeps_linker(flag), "{flag}");
        }
        for flag in ["-Clink-arg=-fuse-ld=mold", "--cfg", "-Copt-level=1", "-C"] {
            assert!(keeps_linker(flag), "{flag}");
        }
    }
}
