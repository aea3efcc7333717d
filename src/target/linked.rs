//! Which programs of third-party crates may be one file in several target folders: build scripts and procedural macros.
//!
//! rustc replaces libraries and metadata, but a program or dynamic library is written by a linker, and some linkers write
//! into the file that is there, and so into all of its names. So it may have another name only if
//!
//! - Cargo removes it before it has it linked anew: it does so with the program of a build script in the classic layout,
//!   which it gives a second name itself; or
//! - it says that a linker made it that replaces such a file ([`linker_name`]).
//!
//! The layout from Cargo 1.100 has no second name. There the user can choose another linker later by a way that is not in the
//! hash of a unit (`mold -run`). So that even then nothing differs, the program must be one of which Cargo can only make
//! the same again ([`depends_on_surroundings`]).
//!
//! Source: `rustc` in `src/cargo/core/compiler/mod.rs` of Cargo ("Some linkers do not remove the executable, but truncate
//! and modify it"), <https://github.com/rust-lang/cargo/issues/8348>. Tests: `suite linkers::`, `warm::links::` and
//! `matrix::facts::written_through`.

use std::path::Path;

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
    let mut flags = targets.iter().flat_map(|of| &of.fingerprint.rustflags);
    if !cfg!(unix) || flags.any(|flag| flag.contains("linker=")) {
        return;
    }
    let kinds = targets
        .iter()
        .map(|target| fingerprint::target(&target.name));
    let kinds: Vec<UnitKind> = kinds.flatten().map(|(kind, _)| kind).collect();
    let script = !kinds.is_empty() && kinds.iter().all(|kind| *kind == UnitKind::BuildScript);
    let files = files
        .iter_mut()
        .filter(|(file, _)| file.sharing == Sharing::Copy);
    for (file, part) in files {
        let linker = || linker_of(file);
        let program = script && file.path.extension().is_none();
        let library = file.path.extension().is_some_and(|end| end == "so");
        let may = match part {
            Part::Artifact if program => true,
            Part::Out if program => linker().is_some_and(Linker::replaces_programs),
            Part::Artifact | Part::Out if library => linker().is_some(),
            _ => false,
        };
        if may {
            file.sharing = Sharing::Link;
        }
    }
}

/// Has files be copied that are no library or metadata: nothing is known of the linker.
pub(crate) fn take_back(files: &mut [UnitFile]) {
    let of_rustc = |file: &UnitFile| {
        let end = file.path.extension();
        end.is_some_and(|end| end == "rlib" || end == "rmeta")
    };
    let removed_first =
        |file: &UnitFile| file.path.extension().is_none() && !is_in_own_folder(file);
    for file in files {
        if file.sharing == Sharing::Link && !of_rustc(file) && !removed_first(file) {
            file.sharing = Sharing::Copy;
        }
    }
}

/// Whether a file is the program of a build script in the layout from Cargo 1.100, if it is a build script's at all.
pub(crate) fn is_in_own_folder(file: &UnitFile) -> bool {
    let folder = file.path.parent().and_then(Path::file_name);
    folder.is_some_and(|folder| folder == "out")
}

/// Whether a unit, were Cargo to make it anew under the same hash, could become another one by what is around the build: by
/// a variable that it was compiled with, or since it is what a build script or macro may have looked for.
pub(crate) fn depends_on_surroundings(kind: &UnitKind, targets: &[Target]) -> bool {
    const OF_CARGO: [&str; 3] = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_NAME"];
    let runs = matches!(
        kind,
        UnitKind::BuildScriptRun | UnitKind::ProcMacro | UnitKind::Unknown { .. }
    );
    let mut infos = targets.iter().map(|target| target.dep_info.as_ref());
    runs || infos.any(|info| {
        info.is_none_or(|info| {
            let mut names = info.env.iter().map(|(name, _)| name);
            names.any(|name| !OF_CARGO.iter().any(|begin| name.starts_with(begin)))
        })
    })
}
