//! Measures which files take the space in target folders.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use cargo_sharedtarget::fs::model::Identity;
use cargo_sharedtarget::target::unit::{Inventory, Unit, UnitKind};
use cargo_sharedtarget::target::unit_file::{Sharing, UnitFile};

use super::stage::Stage;

/// The space of folders in KiB by `du`, in one call, so that it counts each file once however many links it has;
/// `None` if there is no such program.
pub(crate) fn du(stage: &Stage, folders: &[PathBuf]) -> Result<Option<u64>> {
    let mut du = stage.program("du", &stage.folder);
    let Ok(output) = du.args(["-s", "-k"]).args(folders).output() else {
        return Ok(None);
    };
    let said = String::from_utf8(output.stdout)?;
    let mut sum = 0;
    for line in said.lines() {
        let number = line.split_whitespace().next().unwrap_or_default();
        let number: u64 = number
            .parse()
            .with_context(|| format!("du said `{line}`"))?;
        sum += number;
    }
    Ok(Some(sum))
}

/// The kind of a unit's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Copied {
    ScriptProgram,
    ScriptRun,
    ProcMacro,
    Program,
    Library,
    Notes,
    Folder,
    Else,
}

impl Copied {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::ScriptProgram => "build script programs",
            Self::ScriptRun => "what build scripts wrote (OUT_DIR, output)",
            Self::ProcMacro => "libraries of proc-macros",
            Self::Program => "programs",
            Self::Library => "libraries",
            Self::Notes => "fingerprints and lists of sources",
            Self::Folder => "folders",
            Self::Else => "anything else",
        }
    }

    fn of(file: &UnitFile, kind: &UnitKind) -> Self {
        let within = |name: &str| file.path.iter().any(|part| part == name);
        let ends = |ends: &[&str]| {
            let end = file.path.extension().unwrap_or_default();
            ends.iter().any(|one| end == *one)
        };
        match (file.sharing, kind) {
            (Sharing::Folder, _) => Self::Folder,
            (_, UnitKind::BuildScriptRun) if !within(".fingerprint") => Self::ScriptRun,
            _ if within(".fingerprint") || ends(&["d"]) => Self::Notes,
            (_, UnitKind::BuildScript) => Self::ScriptProgram,
            _ if ends(&["rlib", "rmeta"]) => Self::Library,
            (_, UnitKind::ProcMacro) => Self::ProcMacro,
            (_, UnitKind::Program | UnitKind::Test | UnitKind::Bench | UnitKind::Example) => {
                Self::Program
            }
            _ => Self::Else,
        }
    }
}

/// The space of one or more target folders in KiB, without what is in others that were looked at before.
#[derive(Default)]
pub(crate) struct Parts {
    /// Of third-party units, by what it is.
    pub(crate) copied: BTreeMap<Copied, u64>,
    /// Everything else: of local units, and of none.
    pub(crate) local: u64,
}

impl Parts {
    /// The files of a folder that are not among `seen`, to which they are added.
    pub(crate) fn of(inventory: &Inventory, seen: &mut HashSet<Identity>) -> Self {
        let mut parts = Self::default();
        let (third_party, local): (Vec<_>, Vec<_>) = inventory
            .units
            .iter()
            .partition(|unit| unit.source.is_third_party());
        for unit in third_party {
            for file in unit.files.iter().filter(|file| seen.insert(file.identity)) {
                let kind = Copied::of(file, &unit.kind);
                *parts.copied.entry(kind).or_default() += kibibytes(file);
            }
        }
        let local = local.iter().flat_map(|unit| &unit.files);
        let others = inventory.others.iter().map(|other| &other.file);
        for file in local.chain(others) {
            if seen.insert(file.identity) {
                parts.local += kibibytes(file);
            }
        }
        parts
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (kind, kibibytes) in &other.copied {
            *self.copied.entry(*kind).or_default() += kibibytes;
        }
        self.local += other.local;
    }

    pub(crate) fn third_party(&self) -> u64 {
        self.copied.values().sum()
    }
}

/// The space in KiB that one target folder takes beyond another one.
pub(crate) struct Own {
    /// By what it is, each file once however many links it has.
    pub(crate) kinds: BTreeMap<Copied, u64>,
    /// The space that no two folders can share without clones: executables, and fingerprints with their folders.
    pub(crate) needed: u64,
}

impl Own {
    /// The files of a folder that `others` does not have.
    pub(crate) fn of(folder: &Inventory, others: &Inventory) -> Self {
        let mut seen: HashSet<Identity> = files(others).map(|(file, _)| file.identity).collect();
        let (mut kinds, mut needed) = (BTreeMap::new(), 0);
        for (file, unit) in files(folder) {
            if !seen.insert(file.identity) {
                continue;
            }
            let kind = match unit {
                _ if file.sharing == Sharing::Folder => Copied::Folder,
                Some(unit) => Copied::of(file, &unit.kind),
                None => Copied::Else,
            };
            *kinds.entry(kind).or_default() += kibibytes(file);
            let executable = [Copied::ScriptProgram, Copied::ProcMacro, Copied::Program];
            let fingerprint = file.path.iter().any(|part| part == ".fingerprint");
            if executable.contains(&kind) || kind == Copied::Notes || fingerprint {
                needed += kibibytes(file);
            }
        }
        Self { kinds, needed }
    }

    pub(crate) fn all(&self) -> u64 {
        self.kinds.values().sum()
    }
}

/// All files and folders of a target folder, those of units first.
fn files(folder: &Inventory) -> impl Iterator<Item = (&UnitFile, Option<&Unit>)> {
    let of_units = folder.units.iter().flat_map(|unit| {
        let files = unit.files.iter();
        files.map(move |file| (file, Some(unit)))
    });
    of_units.chain(folder.others.iter().map(|other| (&other.file, None)))
}

fn kibibytes(file: &UnitFile) -> u64 {
    file.on_disk.0 / 1024
}
