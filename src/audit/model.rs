//! Why target folders are as large as they are.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::Serialize;

use crate::clean::model::CollectReason;
use crate::fs::model::Problem;
use crate::size::Bytes;
use crate::target::unit::{Source, UnitId, UnitKind};

/// The content of some target folders, and the changes that would make them smaller.
///
/// Unless it says otherwise, space is what is allocated, and each file counts once in all of the audit, however many
/// links of it there are: where it is met first. So shares add up to the whole.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Audit {
    /// The folders that were looked at.
    pub(crate) folders: Vec<AuditedFolder>,
    pub(crate) total: Share,
    pub(crate) profiles: Vec<Share>,
    /// By target triple; what is for the host, which has no folder of its own, is `host`.
    pub(crate) triples: Vec<Share>,
    pub(crate) kinds: Vec<Share>,
    /// The compiler's own caches, by crate.
    pub(crate) incremental: Vec<Share>,
    /// By package, the largest first.
    pub(crate) packages: Vec<AuditedPackage>,
    /// The files that nothing uses, by reason, the largest group first.
    pub(crate) unused: Vec<Unused>,
    /// The changes that would save space, the largest saving first.
    pub(crate) findings: Vec<Finding>,
    /// The questions that could not be answered, and why.
    pub(crate) problems: Vec<Problem>,
}

/// A target folder.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct AuditedFolder {
    pub(crate) path: PathBuf,
    /// The workspaces whose builds write into it.
    pub(crate) workspaces: Vec<PathBuf>,
    /// Its own space, as `du -s` counts it.
    pub(crate) on_disk: Bytes,
    /// The space that deleting it alone would free.
    pub(crate) freeable: Bytes,
    /// The space of files that others of these folders have as well.
    pub(crate) shared: Bytes,
    /// Sum of the lengths of all files.
    pub(crate) logical: Bytes,
    /// How many files and folders are in it.
    pub(crate) entries: u64,
    pub(crate) units: usize,
    /// The last use of one of its units, as far as the disk tells.
    pub(crate) last_use: Option<Timestamp>,
}

/// A part of the whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Share {
    pub(crate) name: String,
    pub(crate) on_disk: Bytes,
    /// The space that deleting this part alone would free: files whose every link is in it.
    pub(crate) freeable: Bytes,
    /// How many files and folders.
    pub(crate) entries: u64,
}

/// All units of one version of a package.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct AuditedPackage {
    pub(crate) name: String,
    /// Its version; of a local package `None`.
    pub(crate) version: Option<String>,
    pub(crate) source: Source,
    /// All of its units together, with build scripts and what these wrote.
    pub(crate) share: Share,
    /// Its libraries, and of a local package its programs and tests: those of the same target together, the largest
    /// first.
    pub(crate) variants: Vec<Variant>,
    /// The space that one variant less would free: the smaller of the two variants that are most alike. Nothing where
    /// there is one.
    pub(crate) one_less: Bytes,
    /// Who asks for features that some variants have and others have not.
    pub(crate) asked_by: Vec<AskedBy>,
}

impl AuditedPackage {
    /// The number of variants whose targets have more than one variant.
    #[must_use]
    pub(crate) fn several(&self) -> usize {
        let of_targets = |variant: &Variant| {
            let same = self.variants.iter();
            same.filter(|other| other.targets == variant.targets)
                .count()
        };
        let all = self.variants.iter();
        all.filter(|variant| of_targets(variant) > 1).count()
    }
}

/// Units that are the same, in one target folder or in several.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Variant {
    /// The unit's name, which is the same in all folders.
    pub(crate) id: UnitId,
    pub(crate) unit: UnitKind,
    /// The name of the share in [`Audit::kinds`] that it is counted in.
    pub(crate) counted_in: &'static str,
    /// The targets, by the names of their fingerprints.
    pub(crate) targets: Vec<String>,
    /// Only metadata were made (`cargo check`).
    pub(crate) checked: bool,
    pub(crate) features: Vec<String>,
    /// All that the package declares are enabled.
    pub(crate) all_features: bool,
    /// The target triple; `None` for the host.
    pub(crate) triple: Option<String>,
    /// The compiler, by name where that is known, else by its hash.
    pub(crate) compiler: Option<String>,
    pub(crate) rustflags: Vec<String>,
    /// In how many of the folders it is.
    pub(crate) folders: usize,
    /// The space of all of them together.
    pub(crate) on_disk: Bytes,
    /// The space that deleting all of them would free.
    pub(crate) freeable: Bytes,
    /// The last use, as far as the disk tells.
    pub(crate) last_use: Option<Timestamp>,
    /// The differences from the variant before it; empty for the first one of its targets.
    pub(crate) differs: Vec<Difference>,
}

/// A difference between two variants.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "in")]
pub(crate) enum Difference {
    /// One variant was only checked.
    Checked,
    /// Another profile folder.
    Profile {
        /// The other one's.
        from: String,
        /// This one's.
        to: String,
    },
    /// Settings of the profile, in a profile folder of the same name. Mostly what is built for build scripts and
    /// procedural macros.
    Settings,
    /// The target triple.
    Triple {
        /// The other one's; `None` for the host.
        from: Option<String>,
        /// This one's.
        to: Option<String>,
    },
    /// The compiler.
    Compiler {
        /// The other one's.
        from: Option<String>,
        /// This one's.
        to: Option<String>,
    },
    /// `RUSTFLAGS`.
    Rustflags {
        /// The other one's.
        from: Vec<String>,
        /// This one's.
        to: Vec<String>,
    },
    /// Features.
    Features {
        /// Features that only this one has.
        more: Vec<String>,
        /// Features that only the other one has.
        less: Vec<String>,
    },
    /// Variants of other packages that it was compiled with.
    Dependencies {
        /// Those packages.
        packages: Vec<String>,
    },
    /// Nothing that Cargo writes down: a path, a lint, a `--cfg` of a build script, or settings of `cargo rustc`.
    Unknown,
}

/// A package that asks for a feature.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct AskedBy {
    /// The feature.
    pub feature: String,
    /// The package whose manifest names it.
    pub package: String,
    /// As what it depends on it: `normal`, `dev` or `build`.
    pub dependency: String,
    /// A workspace member through which that package is depended on; itself, if it is one.
    pub member: Option<String>,
}

/// The files that nothing uses, for one reason.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Unused {
    /// Why. If several units have reasons of one kind (superseded by different units), the first one.
    pub(crate) why: CollectReason,
    /// How many units, or caches of the compiler.
    pub(crate) count: usize,
    /// Their allocated space, and what deleting them would free.
    pub(crate) share: Share,
    /// The names of the packages or crates, the largest first.
    pub(crate) names: Vec<String>,
    /// The options of `gc` that delete them.
    pub(crate) command: String,
}

/// Something that could be changed.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Finding {
    pub(crate) kind: FindingKind,
    /// The space taken now that the change would save; `None` where that is unknown.
    pub(crate) saves: Option<Bytes>,
    /// It saves at most that.
    pub(crate) at_most: bool,
    /// The finding, in a sentence.
    pub(crate) what: String,
    /// The exact change, to be copied: lines of a file, or a command.
    pub(crate) change: String,
    /// The file that the change belongs in, if it does.
    pub(crate) file: Option<PathBuf>,
    /// The other files that need the same change for the whole saving.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) more_files: Vec<PathBuf>,
}

/// The subject of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum FindingKind {
    /// Something that nothing uses.
    Unused,
    /// Debug information of dependencies.
    DependencyDebugInfo,
    /// Debug information of the workspace's own crates.
    OwnDebugInfo,
    /// Everything is built once with all features and once without.
    AllFeatures,
    /// Variants that differ in features only, which one set of features would make one.
    DifferingFeatures,
    /// Several versions of a package.
    DuplicateVersions,
    /// The compiler's cache in a profile that is rarely built.
    RarelyUsedIncremental,
    /// Several worktrees build into one folder.
    FlatSharing,
    /// Several folders have the same files.
    Duplicates,
    /// Whether a compiler cache is in use.
    CompilerCache,
    /// More is taken than a budget allows.
    OverBudget,
}
