//! The advice that would share units.

use crate::audit::model::Difference;
use crate::plan::left::LeftReason;
use crate::target::fingerprint::differences::FieldDifference;
use crate::why::model::{Cause, PackageDifference, UnitDifference};

/// The advice that would share units that were compiled for this cause.
pub(crate) fn advice(cause: &Cause) -> Option<&'static str> {
    const TOOLCHAIN: &str = "let a `rust-toolchain.toml` name one toolchain for both worktrees";
    const FLAGS: &str = "set `rustflags` in one configuration above both worktrees";
    Some(match cause.root() {
        Cause::NotWarmed { warmed: None, .. } => {
            "run `cargo sharedtarget onboard` before the first build; the git hook (`cargo sharedtarget hook \
                 install`) does that for new worktrees"
        }
        Cause::NotWarmed { .. } => {
            "run `cargo sharedtarget warm` before a build: it takes programs too, unlike `setup`; `--from DIR` names \
                 the donor"
        }
        Cause::OtherUnit { differences, .. } => match differences.first()? {
            UnitDifference::Package(PackageDifference::Version { .. }) => {
                "use the same version in both `Cargo.lock` files"
            }
            UnitDifference::Package(PackageDifference::Source { .. }) => return None,
            UnitDifference::Unit(difference) => match difference {
                Difference::Checked => {
                    "run the same command in both worktrees: `cargo check` and `cargo build` share no library"
                }
                Difference::Profile { .. } => "build with the same profile in both worktrees",
                Difference::Triple { .. } => "build with the same `--target` in both worktrees",
                Difference::Compiler { .. } => TOOLCHAIN,
                Difference::Rustflags { .. } => FLAGS,
                Difference::Features { .. } => {
                    "build the same packages in both worktrees, with the same `Cargo.lock`: Cargo unifies the \
                         features of all packages that one command builds"
                }
                Difference::Settings | Difference::Dependencies { .. } | Difference::Unknown => {
                    return None;
                }
            },
        },
        Cause::OtherFingerprint { differences, .. } => match differences.first()? {
            FieldDifference::Variable { .. } => {
                "set the variable to the same value for both builds"
            }
            FieldDifference::Compiler => TOOLCHAIN,
            FieldDifference::Rustflags => FLAGS,
            _ => return None,
        },
        Cause::Left { left, .. } => match left.root() {
            LeftReason::Local => {
                "let `warm` take local crates: remove `--no-local` and `local = false`"
            }
            LeftReason::OtherEnvironment { .. } => {
                "set the variable to the same value in both configurations"
            }
            LeftReason::ChangedElsewhere { .. } => {
                "commit the change before `git worktree add`, or run `cargo sharedtarget onboard` by hand before \
                     the build"
            }
            LeftReason::OtherCompiler => TOOLCHAIN,
            LeftReason::OtherFlags => FLAGS,
            _ => return None,
        },
        _ => return None,
    })
}
