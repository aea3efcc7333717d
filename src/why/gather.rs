//! Reads the target folder of a workspace and those that `warm` would take units from.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rayon::prelude::*;

use crate::cargo::lockfile::Lock;
use crate::cargo::manifest::{self, Manifest, Role};
use crate::plan::kept::KeptReason;
use crate::plan::left::LeftReason;
use crate::progress::Progress;
use crate::survey::compiler_name;
use crate::survey::model::{CargoAnswer, Survey, Workspace};
use crate::target::dep_info::{Base, DepInfo};
use crate::target::fingerprint;
use crate::target::fingerprint::differences::{FieldDifference, differences, variables};
use crate::target::unit::{Inventory, Unit, UnitId, UnitKind};
use crate::target::unit_file::UnitFile;
use crate::warm::choose_donor::{Destination, EngineOptions, Requirements};
use crate::warm::decide::{Candidate, DestinationUnits, Estimate, Gives, cover, order};
use crate::warm::donor::Donor;
use crate::warm::inspect;
use crate::why::decide::{DonorFacts, Facts};
use crate::why::model::{ComparedFolder, RefusedFolder};
use crate::why::question::Question;
use crate::why::session;
use crate::{fs, markers, survey};

/// So many of the best donors are compared.
const CLOSELY: usize = 6;

/// So many more are compared for units that those do not have.
const MORE: usize = 4;

/// The most that is read of a file. Real ones are a thousand times smaller.
const MOST: u64 = 16 << 20;

/// The most sources of one unit whose times are looked at.
const SOURCES: usize = 20_000;

/// So many artifacts of a compiler are asked for its name.
const ASKED_FOR_A_NAME: usize = 16;

/// Where to look for the workspace that a folder lies in, as Cargo does: outside of git, where no worktree is around it,
/// the root of the workspace that the nearest package is part of, else that package.
pub(crate) fn top(at: &Path) -> PathBuf {
    let is_in_git = survey::worktree_at(at).is_ok_and(|top| top != at);
    if is_in_git || fs::exists(&at.join(".git")) {
        return at.to_owned();
    }
    let read = |folder: &Path| {
        let bytes = fs::read_start(&folder.join("Cargo.toml"), MOST);
        let text = String::from_utf8(bytes.ok().flatten()?).ok()?;
        Some((folder.to_owned(), Manifest::parse(&text).ok()?))
    };
    let manifests: HashMap<PathBuf, Manifest> = at.ancestors().filter_map(read).collect();
    let mut packages = at.ancestors().filter(|one| manifests.contains_key(*one));
    let Some(package) = packages.next() else {
        return at.to_owned();
    };
    match manifest::role(package, |folder| manifests.get(folder)) {
        Role::PartOf(root) if at.starts_with(&root) => root,
        _ => package.to_owned(),
    }
}

/// The units on which `warm` has left a mark that still holds.
pub(crate) fn marked(there: &Inventory, workspace: &Path) -> BTreeSet<UnitId> {
    let holds = |unit: &&Unit| {
        let mut files = unit.files.iter();
        let mark = files.find(|file| file.is_fingerprint() && file.name() == markers::CARRIED);
        let mut files = unit.files.iter();
        let dated = files.find(|file| file.is_dep_info() || file.is_said());
        let dated = dated.and_then(UnitFile::modified);
        let mark = mark.and_then(|mark| read(there, mark));
        mark.zip(dated)
            .is_some_and(|(mark, dated)| markers::carried_at(&mark, workspace, dated).is_some())
    };
    let units = there.units.iter().filter(holds);
    units.map(|unit| unit.id.clone()).collect()
}

/// The other folders that were looked at, for as long as their inventories are needed.
pub(crate) struct Neighbours {
    donors: Vec<(Candidate, Donor)>,
    pub(crate) refused: Vec<RefusedFolder>,
    others: Vec<(PathBuf, Option<Lock>)>,
    rules: Vec<BTreeMap<UnitId, Result<(), LeftReason>>>,
    no_rules: Option<String>,
}

/// Looks at the folders that may have what was compiled.
pub(crate) fn neighbours(
    cold: Destination<'_>,
    survey: &Survey,
    how: EngineOptions<'_>,
    there: &Inventory,
    question: &Question,
    progress: &Progress,
) -> Neighbours {
    progress.stage("looking at other target folders");
    let all = cold.candidates(survey);
    let others = others(cold.workspace, &all);
    let asked = question.asked.iter().map(|at| &there.units[*at]);
    let asked: Vec<&Unit> = asked.collect();
    let (rated, refused) = rated(cold, survey, all, &asked, how);
    let mut neighbours = Neighbours {
        donors: Vec::new(),
        refused,
        others,
        rules: Vec::new(),
        no_rules: None,
    };
    let wants = match cold.wants(survey, how) {
        Ok(wants) => wants,
        Err(kept) => {
            neighbours.no_rules = Some(match kept.reason {
                KeptReason::LockInvalid { problem, .. } => {
                    format!("its Cargo.lock cannot be read: {}", problem.in_words())
                }
                _ => "the rules of warm cannot be applied here".into(),
            });
            return neighbours;
        }
    };
    let donors = rated.into_par_iter().map(|candidate| {
        let donor = Donor::of(candidate.clone(), &wants, progress);
        (candidate, donor)
    });
    neighbours.donors = donors.collect();
    progress.stage("asking for the rules of warm");
    let here = before_the_build(there, question);
    let ids: BTreeSet<&UnitId> = asked.iter().map(|unit| &unit.id).collect();
    let rules = neighbours.donors.par_iter_mut().map(|(_, donor)| {
        let has = |unit: &Unit| ids.contains(&unit.id);
        match donor.inventory().units.iter().any(has) {
            true => rules(donor, cold, &wants, &here, survey),
            false => BTreeMap::new(),
        }
    });
    let rules: Vec<_> = rules.collect();
    // As `warm` would have it: the donor that gives most is the first.
    let mut all: Vec<_> = neighbours.donors.into_iter().zip(rules).collect();
    all.sort_by_cached_key(|(_, rules)| {
        let taken = ids.iter().filter(|id| rules.get(*id) == Some(&Ok(())));
        Reverse(taken.count())
    });
    (neighbours.donors, neighbours.rules) = all.into_iter().unzip();
    neighbours
}

/// Whether `warm` would take each unit of a donor.
fn rules(
    donor: &mut Donor,
    cold: Destination<'_>,
    wants: &Requirements<'_>,
    here: &DestinationUnits,
    survey: &Survey,
) -> BTreeMap<UnitId, Result<(), LeftReason>> {
    let warm = donor.choose(cold, wants, here, survey);
    let taken = warm.units.into_iter().map(|unit| (unit.id, Ok(())));
    let left = warm.left.into_iter();
    taken
        .chain(left.map(|unit| (unit.id, Err(unit.reason))))
        .collect()
}

/// The units that were here before the last build, without those that are to be explained.
fn before_the_build(there: &Inventory, question: &Question) -> DestinationUnits {
    let mut here = DestinationUnits::of(there);
    for at in question.compiled.union(&question.asked) {
        here.units.remove(&there.units[*at].id);
    }
    // Who was compiled with what is gone says nothing of the time before.
    here.awaited.clear();
    here
}

/// The other workspaces that have something to share, each with its `Cargo.lock`.
fn others(workspace: &Workspace, all: &[Candidate]) -> Vec<(PathBuf, Option<Lock>)> {
    let roots = all.iter().filter_map(|one| one.workspace.as_ref());
    let roots: BTreeSet<&PathBuf> = roots.filter(|root| **root != workspace.root).collect();
    let roots: Vec<&PathBuf> = roots.into_iter().filter(|root| fs::exists(root)).collect();
    roots
        .into_par_iter()
        .map(|root| (root.clone(), inspect::lock(root).ok().flatten()))
        .collect()
}

/// The folders to compare, the best donor first, and those that nothing may be taken from.
fn rated(
    cold: Destination<'_>,
    survey: &Survey,
    all: Vec<Candidate>,
    asked: &[&Unit],
    how: EngineOptions<'_>,
) -> (Vec<Candidate>, Vec<RefusedFolder>) {
    let ids: BTreeSet<String> = asked
        .iter()
        .filter_map(|unit| {
            let package = unit.package.as_deref()?;
            Some(format!("{}/{package}-{}", unit.id.profile, unit.id.hash))
        })
        .collect();
    let packages: BTreeSet<&str> = asked
        .iter()
        .filter_map(|unit| unit.package.as_deref())
        .collect();
    let rated: Vec<_> = all
        .into_par_iter()
        .map(|candidate| {
            let gives = inspect::gives(&candidate.folder, None);
            let same = gives.units.intersection(&ids).count();
            // The names of a package's units distinguish them from others well enough.
            let of_packages = gives.units.iter().filter(|unit| {
                let name = unit.rsplit('/').next().unwrap_or_default();
                let package = name.rsplit_once('-').map(|(package, _)| package);
                package.is_some_and(|package| packages.contains(package))
            });
            let units: BTreeSet<String> = of_packages.cloned().collect();
            let estimate = Estimate {
                // The very units count more than others of their packages.
                units: same * 1_000 + units.len(),
                same_commit: cold.is_at_commit_of(&candidate, survey),
                newest: gives.newest,
                busy: false,
            };
            let gives = Gives { units, ..gives };
            (candidate, estimate, gives)
        })
        .collect();
    let mut refused = Vec::new();
    let (mut estimates, mut offers) = (Vec::new(), HashMap::new());
    for (candidate, estimate, gives) in rated {
        if estimate.units == 0 {
            continue;
        }
        if let Some(why) = how.trust.doubt(&candidate.folder) {
            let folder = candidate.folder;
            refused.push(RefusedFolder { folder, why });
            continue;
        }
        offers.insert(candidate.folder.clone(), (candidate.clone(), gives));
        estimates.push((candidate, estimate));
    }
    let mut ordered = order(estimates).into_iter().map(|(candidate, _)| candidate);
    let mut chosen: Vec<Candidate> = ordered.by_ref().take(CLOSELY).collect();
    let known: BTreeSet<String> = chosen
        .iter()
        .filter_map(|one| offers.remove(&one.folder))
        .flat_map(|(_, gives)| gives.units)
        .collect();
    let rest = ordered.filter_map(|one| offers.remove(&one.folder));
    let rest = rest.map(|(candidate, mut gives)| {
        gives.units.retain(|unit| !known.contains(unit));
        (candidate, gives)
    });
    chosen.extend(cover(rest.collect(), MORE));
    (chosen, refused)
}

/// All that is decided from.
pub(crate) fn facts<'a>(
    neighbours: &'a Neighbours,
    there: &'a Inventory,
    workspace: &Workspace,
    lock: Option<&'a Lock>,
    question: &Question,
) -> Facts<'a> {
    let asked: Vec<usize> = question.asked.union(&question.compiled).copied().collect();
    let ids: BTreeSet<&UnitId> = asked.iter().map(|at| &there.units[*at].id).collect();
    let changed = asked
        .into_par_iter()
        .filter_map(|at| {
            let (unit, build) = (&there.units[at], question.began(at)?);
            Some((unit.id.clone(), changed(there, unit, build, workspace)?))
        })
        .collect();
    let donors = neighbours
        .donors
        .iter()
        .enumerate()
        .map(|(at, (candidate, donor))| {
            let rules = neighbours.rules.get(at).cloned().unwrap_or_default();
            DonorFacts {
                folder: ComparedFolder {
                    folder: candidate.folder.clone(),
                    relation: candidate.relation,
                    workspace: candidate.workspace.clone(),
                },
                inventory: donor.inventory(),
                rules,
                fields: fields(there, donor.inventory(), &ids),
            }
        });
    let donors: Vec<DonorFacts<'a>> = donors.collect();
    let inventories = donors.iter().map(|donor| donor.inventory);
    Facts {
        there,
        lock,
        changed,
        compilers: compilers(std::iter::once(there).chain(inventories)),
        donors,
        others: neighbours.others.clone(),
        no_rules: neighbours.no_rules.clone(),
    }
}

fn read(folder: &Inventory, file: &UnitFile) -> Option<Vec<u8>> {
    let bytes = fs::read_known(&folder.folder.join(&file.path), MOST);
    bytes.ok().flatten()
}

/// A file of a unit's fingerprint.
fn part<'a>(unit: &'a Unit, name: &str) -> Option<&'a UnitFile> {
    let mut files = unit.files.iter();
    files.find(|file| file.is_fingerprint() && file.name() == name)
}

/// The fields in which the fingerprints of the units in both folders differ.
fn fields(
    there: &Inventory,
    donor: &Inventory,
    asked: &BTreeSet<&UnitId>,
) -> BTreeMap<UnitId, Result<Vec<FieldDifference>, String>> {
    let theirs: HashMap<&UnitId, &Unit> = donor.units.iter().map(|unit| (&unit.id, unit)).collect();
    let both = there.units.par_iter().filter_map(|unit| {
        let other = theirs.get(&unit.id).copied()?;
        let known = |unit: &Unit| !matches!(unit.kind, UnitKind::Unknown { .. });
        // Only the dependencies count of units that are not asked about.
        let counts = unit.fingerprints != other.fingerprints || asked.contains(&unit.id);
        (counts && known(unit) && known(other)).then_some((unit, other))
    });
    let found = both.filter_map(|(unit, other)| {
        let found = match one_unit(there, unit, donor, other) {
            Ok(found) if found.is_empty() => return None,
            found => found,
        };
        Some((unit.id.clone(), found))
    });
    found.collect()
}

fn one_unit(
    there: &Inventory,
    unit: &Unit,
    donor: &Inventory,
    other: &Unit,
) -> Result<Vec<FieldDifference>, String> {
    let mut all = Vec::new();
    for name in &unit.targets {
        let bytes = |folder: &Inventory, unit: &Unit, name: &str| {
            part(unit, name).and_then(|file| read(folder, file))
        };
        if unit.fingerprints != other.fingerprints {
            let json = format!("{name}.json");
            let (one, two) = (bytes(there, unit, &json), bytes(donor, other, &json));
            let gone = || "a part of its fingerprint is missing".to_owned();
            let found = differences(&one.ok_or_else(gone)?, &two.ok_or_else(gone)?)?;
            all.extend(found);
        }
        let info = format!("dep-{name}");
        let info = |folder: &Inventory, unit: &Unit| DepInfo::parse(&bytes(folder, unit, &info)?);
        if let (Some(one), Some(two)) = (info(there, unit), info(donor, other)) {
            all.extend(variables(&one, &two));
        }
    }
    all.sort();
    all.dedup();
    Ok(all)
}

/// The newest source of a unit that has changed since the unit was first here, and before it was compiled.
fn changed(
    there: &Inventory,
    unit: &Unit,
    build: Timestamp,
    workspace: &Workspace,
) -> Option<(PathBuf, Timestamp)> {
    let before = session::before(unit, build)?;
    let session::Origin::Compiled(span) = session::origin(unit, false) else {
        return None;
    };
    let package = package_folder(workspace, unit);
    let in_package = |path: &str| match Path::new(path).is_absolute() {
        true => Some(PathBuf::from(path)),
        false => Some(package?.join(path)),
    };
    let mut sources: Vec<PathBuf> = Vec::new();
    for name in &unit.targets {
        let info = part(unit, &format!("dep-{name}")).and_then(|file| read(there, file));
        if let Some(info) = info.and_then(|bytes| DepInfo::parse(&bytes)) {
            let files = info.files.iter().filter_map(|file| match file.base {
                Base::Package => in_package(&file.path),
                Base::Workspace => Some(workspace.root.join(&file.path)),
                Base::Build => Some(PathBuf::from(&file.path)).filter(|path| path.is_absolute()),
            });
            sources.extend(files.take(SOURCES));
        }
        if unit.kind == UnitKind::BuildScriptRun {
            let json = part(unit, &format!("{name}.json")).and_then(|file| read(there, file));
            let read = json.and_then(|bytes| fingerprint::parse(&bytes).ok());
            let paths = read.into_iter().flat_map(|read| {
                let newest = read.precalculated.as_deref().and_then(newest_file);
                let newest = newest.map(str::to_owned);
                read.watched.into_iter().chain(newest)
            });
            sources.extend(paths.filter_map(|path| in_package(&path)).take(SOURCES));
        }
    }
    let times = sources.into_iter().filter_map(|path| {
        let modified = fs::info(&path).ok().flatten()?.modified?;
        (modified > before && modified <= span.began).then_some((path, modified))
    });
    times.max_by_key(|(_, modified)| *modified)
}

/// The newest file of a local package, in Cargo's own word for the state of its sources: `SECONDS.NANOSECONDSs (FILE)`.
/// That is what a build script watches that names no file.
///
/// Source: `PathSource::fingerprint` in `src/cargo/sources/path.rs` of Cargo.
fn newest_file(precalculated: &str) -> Option<&str> {
    let (_, file) = precalculated.split_once("s (")?;
    file.strip_suffix(')')
}

/// The folder of a local unit's package; `None` where two have its name.
fn package_folder<'a>(workspace: &'a Workspace, unit: &Unit) -> Option<&'a Path> {
    let CargoAnswer::Said { packages, .. } = &workspace.cargo else {
        return None;
    };
    let name = unit.package.as_deref()?;
    let mut named = packages.iter().filter(|package| package.name == name);
    match (named.next(), named.next()) {
        (Some(package), None) => Some(&package.folder),
        _ => None,
    }
}

/// The names of the compilers where there are several, by an artifact of each.
fn compilers<'a>(all: impl Iterator<Item = &'a Inventory>) -> BTreeMap<u64, String> {
    let units: Vec<(&Inventory, &Unit)> = all
        .flat_map(|folder| folder.units.iter().map(move |unit| (folder, unit)))
        .collect();
    let hashes: BTreeSet<u64> = units.iter().filter_map(|(_, unit)| unit.rustc).collect();
    let mut names = BTreeMap::new();
    if hashes.len() < 2 {
        return names;
    }
    for hash in hashes {
        let of_compiler = units.iter().filter(|(_, unit)| unit.rustc == Some(hash));
        let files = of_compiler.flat_map(|(folder, unit)| {
            let end = |file: &&UnitFile| {
                let end = file.path.extension();
                end.is_some_and(|end| end == "rmeta" || end == "rlib")
            };
            let files = unit.files.iter().filter(end);
            files.map(|file| folder.folder.join(&file.path))
        });
        let name = files
            .take(ASKED_FOR_A_NAME)
            .find_map(|path| compiler_name::of(&path));
        names.extend(name.map(|name| (hash, name)));
    }
    names
}
