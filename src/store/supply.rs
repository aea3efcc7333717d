//! Takes units from the store that no donor has, and finds units to keep beyond a target folder.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use crate::cargo::model::Dirs;
use crate::fs::{Hashes, LockGuard};
use crate::plan::action::Warning;
use crate::plan::kept::{Kept, KeptReason};
use crate::progress::Progress;
use crate::store::harvest::{self as acts, Assembled, Part};
use crate::store::local::{self as looks, Harvest, Wish};
use crate::store::model::{HarvestUnits, Offered, Stays, StoredUnit, Take};
use crate::store::{Aged, StorePaths};
use crate::survey::model::{Survey, Workspace};
use crate::target::fingerprint;
use crate::target::unit::UnitId;
use crate::text::failure;
use crate::warm::choose_donor::{Destination, EngineOptions, Requirements};
use crate::warm::decide::{Candidate, DestinationUnits, Relation};
use crate::warm::donor::Donor;
use crate::warm::inspect;
use crate::warm::model::WarmFolder;
use crate::warm::supply::{Held, Supplied, Supply, SupplyContext};
use crate::warm::verdict::Home;
use crate::{fs, process, store};

/// The time that a provider has to answer which units it has: the user waits for a worktree.
const IN_TIME: Duration = Duration::from_secs(10);

/// Units that were put together from a store, and guards that must be held until they are used.
#[derive(Debug, Default)]
struct Taken {
    warnings: Vec<Warning>,
    used: Option<Use>,
    _assembled: Option<Assembled>,
    _providers: Vec<process::Answer>,
    _store: Vec<LockGuard>,
    _aside: Vec<fs::Aside>,
}

/// The notes that a store gets once its units were used.
#[derive(Debug)]
struct Use {
    now: Timestamp,
    units: Vec<PathBuf>,
    hashes: (Hashes, PathBuf),
}

impl Held for Taken {
    fn note_use(&self) {
        let Some(used) = &self.used else { return };
        let (hashes, file) = &used.hashes;
        hashes.write(file);
        for unit in &used.units {
            // Where that cannot be noted, it looks older than it is, and is deleted sooner.
            let _ = fs::date_file(unit, used.now);
        }
    }
}

/// The local store, and a provider if the settings name one.
pub(crate) struct FromStore;

impl Supply for FromStore {
    fn more(
        &self,
        cold: Destination<'_>,
        wants: &Requirements<'_>,
        before: &SupplyContext<'_>,
        survey: &Survey,
        how: EngineOptions<'_>,
        progress: &Progress,
    ) -> Supplied {
        let mut taken = Taken::default();
        let warm = more(cold, wants, before, survey, how, progress, &mut taken);
        Supplied {
            warm,
            warnings: std::mem::take(&mut taken.warnings),
            held: Some(Box::new(taken)),
        }
    }
}

/// Takes from the store what is not there, and what no donor has.
fn more(
    cold: Destination<'_>,
    wants: &Requirements<'_>,
    before: &SupplyContext<'_>,
    survey: &Survey,
    how: EngineOptions<'_>,
    progress: &Progress,
    more: &mut Taken,
) -> Option<WarmFolder> {
    let settings = &survey.settings.store;
    let places = looks::places(settings, how.around, &survey.shared_root.path);
    let (Some(places), Some(lock)) = (places, &wants.lock) else {
        return None;
    };
    let asked = settings.before.as_ref();
    if !(looks::is_there(&places) || asked.is_some()) || !before.lacks(wants) {
        return None;
    }
    // Nothing is made for a preview.
    let aside = match how.dry_run && !looks::is_there(&places) {
        true => fs::folder_aside().ok(),
        false => None,
    };
    let places = aside
        .as_ref()
        .map_or(places, |aside| StorePaths::new(aside.path().to_owned()));
    let mut foreign: HashSet<String> = HashSet::new();
    let taken = acts::open(&places).and_then(|guard| {
        more._store.push(guard);
        let wish = looks::wish(&cold.workspace.root, lock.clone(), how.around)?;
        let mut offered = looks::stored(&places, &wish);
        if let Some(program) = asked {
            match ask(program, &wish, &cold.workspace.root) {
                Ok((units, provider)) => {
                    more._providers.push(provider);
                    foreign = units.iter().map(|offered| named(&offered.unit)).collect();
                    for Offered { unit, .. } in &offered {
                        foreign.remove(&named(unit));
                    }
                    offered.extend(units);
                }
                Err(why) => more.warnings.push(provider_failed(program, why)),
            }
        }
        take(
            &offered, cold, wants, before, survey, &places, how, progress,
        )
    });
    let warm = match taken {
        Ok((warm, assembled, left)) => {
            if let Some((assembled, used)) = assembled {
                more._assembled = Some(assembled);
                more.used = Some(used);
            }
            if let Some((package, why)) = left.first() {
                let program = asked.filter(|_| foreign.contains(package));
                more.warnings.push(Warning::StoreLeft {
                    program: program.and_then(|program| program.first().cloned()),
                    packages: left.len(),
                    first: package.clone(),
                    why: why.clone(),
                });
            }
            warm
        }
        Err(error) => {
            let why = failure::words(error.as_ref());
            more.warnings.push(Warning::NoStore { why });
            None
        }
    };
    more._aside.extend(aside);
    warm
}

/// The package of a unit, as people name it.
fn named(unit: &StoredUnit) -> String {
    format!("{} {}", unit.package.name, unit.package.version)
}

fn provider_failed(program: &[String], why: String) -> Warning {
    Warning::Provider {
        program: program.first().cloned().unwrap_or_default(),
        why,
    }
}

/// Asks a provider which units it has. Units that could not be ours are passed over.
fn ask(
    program: &[String],
    wish: &Wish,
    dir: &Path,
) -> Result<(Vec<Offered>, process::Answer), String> {
    let request = serde_json::to_vec(&wish.before).map_err(|error| failure::words(&error))?;
    let answer = process::ask(program, &request, dir, IN_TIME);
    let answer = answer.map_err(|error| failure::words(error.as_ref()))?;
    let mut offers = store::offers(&answer.said)?;
    if fs::is_superuser() {
        // To a provider every file is its own, the system's files too.
        for offered in &mut offers.units {
            offered.take = Take::Copy;
        }
    }
    for offered in &offers.units {
        store::sound(&offered.unit, &wish.before.circumstances)?;
    }
    Ok((offers.units, answer))
}

type TakenUp = (
    Option<WarmFolder>,
    Option<(Assembled, Use)>,
    Vec<(String, String)>,
);

/// Puts together what is of use, and chooses from it as from any other donor.
#[expect(
    clippy::too_many_arguments,
    reason = "they are what a decision about a donor depends on"
)]
fn take(
    offered: &[Offered],
    cold: Destination<'_>,
    wants: &Requirements<'_>,
    before: &SupplyContext<'_>,
    survey: &Survey,
    places: &StorePaths,
    how: EngineOptions<'_>,
    progress: &Progress,
) -> anyhow::Result<TakenUp> {
    let mut here = before.here();
    let units: Vec<_> = offered.iter().map(|offered| &offered.unit).collect();
    let usable = store::usable(&units, wants.lock.as_ref(), |id: &UnitId| here.has(id));
    if usable.is_empty() {
        return Ok((None, None, Vec::new()));
    }
    let hashes = Hashes::read(&places.hashes());
    let mut left = Vec::new();
    let mut missing: HashSet<&str> = HashSet::new();
    let mut aged: Vec<Aged<'_>> = Vec::new();
    let mut takes = HashMap::new();
    let mut sources: HashMap<&Path, Result<(), String>> = HashMap::new();
    for at in usable {
        let Offered { unit, take, stays } = &offered[at];
        // A file that the provider does not keep must not get a further name.
        let take = match stays {
            Stays::Kept => *take,
            Stays::UntilExit => Take::Copy,
        };
        let without = unit
            .dependencies
            .iter()
            .any(|key| missing.contains(key.as_str()));
        let sources = sources
            .entry(unit.sources.as_path())
            .or_insert_with(|| sources_here(&unit.sources));
        let now = i64::try_from(how.now.as_nanosecond()).unwrap_or(i64::MAX);
        let looked = match sources {
            Ok(()) => looks::watched(unit, &hashes).and_then(|watched| {
                // A unit that new would hide all changes until then.
                anyhow::ensure!(
                    watched.is_none_or(|watched| watched <= now),
                    "the mtime of one of its inputs is in the future"
                );
                Ok(watched)
            }),
            Err(why) => Err(anyhow::anyhow!("{why}")),
        };
        match looked {
            Ok(watched) if !without => {
                aged.push(Aged { unit, watched });
                takes.insert(unit.key.as_str(), take);
            }
            Ok(_) => {
                missing.insert(&unit.key);
            }
            Err(error) => {
                missing.insert(&unit.key);
                left.push((named(unit), failure::words(error.as_ref())));
            }
        }
    }
    let now = how.now.as_nanosecond();
    let dates = store::dates(&aged, i64::try_from(now).unwrap_or(i64::MAX));
    let parts: Vec<Part<'_>> = aged
        .iter()
        .map(|aged| Part {
            unit: aged.unit,
            take: takes
                .get(aged.unit.key.as_str())
                .copied()
                .unwrap_or_default(),
            date: dates.get(&aged.unit.id()).copied(),
        })
        .collect();
    let assembled = acts::assemble(&parts, &places.assembled(), &hashes)?;
    left.extend(assembled.left.iter().cloned());
    let candidate = Candidate {
        folder: assembled.folder.clone(),
        relation: Relation::Stranger,
        // It was built in the same build environment; nothing in it is of a worktree.
        workspace: Some(cold.workspace.root.clone()),
        worktree: None,
        programs: None,
        home: Home::Single,
    };
    let mut donor = Donor::of(candidate, wants, progress).of_store();
    here.different = inspect::different(donor.inventory(), &before.there, &here);
    if let Some((other, _)) = before.donor {
        let different = inspect::different(donor.inventory(), other.inventory(), &here);
        here.different.extend(different);
    }
    let warm = donor.choose(cold, wants, &here, survey);
    let ids: HashSet<&UnitId> = warm.units.iter().map(|unit| &unit.id).collect();
    let used = aged.iter().filter(|aged| ids.contains(&aged.unit.id()));
    let used = Use {
        now: how.now,
        units: used.map(|aged| places.unit(aged.unit)).collect(),
        hashes: (hashes, places.hashes()),
    };
    let warm = WarmFolder {
        from_store: true,
        ..warm
    };
    let warm = Some(warm).filter(|warm| !warm.units.is_empty());
    Ok((warm, Some((assembled, used)), left))
}

/// Whether the sources of a package, if they are here, are those that came: of others Cargo would compile something else.
fn sources_here(folder: &Path) -> Result<(), String> {
    match fs::exists(folder) {
        true => looks::as_they_came(folder).map_err(|error| failure::words(error.as_ref())),
        false => Ok(()),
    }
}

/// Returns whether the store has a unit with all of its files. A unit with a damaged file is kept again.
fn has(places: &StorePaths, unit: &StoredUnit, hashes: &Hashes) -> bool {
    let mut files = unit.files.iter();
    fs::exists(&places.unit(unit))
        && files.all(|file| fs::is_object(&places.object(&file.hash), file, hashes))
}

/// The units of a workspace's target folder that can be kept in the store.
pub(crate) fn keepable(
    survey: &Survey,
    workspace: &Workspace,
    dirs: &Dirs,
    places: &StorePaths,
    how: EngineOptions<'_>,
    progress: &Progress,
) -> Result<(HarvestUnits, Wish), Box<Kept>> {
    let cold = Destination {
        workspace,
        into: places.root(),
    };
    let kept = |reason| {
        Box::new(Kept {
            path: dirs.build_dir.clone(),
            ..*cold.kept(reason)
        })
    };
    let wants = cold.wants(survey, how)?;
    let Some(lock) = &wants.lock else {
        return Err(kept(KeptReason::NoLock));
    };
    if let Some(why) = how.trust.doubt(&dirs.build_dir) {
        return Err(kept(inspect::not_a_donor(why)));
    }
    let unclear = |error: anyhow::Error| {
        kept(KeptReason::NoCompiler {
            why: failure::words(error.as_ref()),
        })
    };
    let wish = looks::wish(&workspace.root, lock.clone(), how.around).map_err(unclear)?;
    let top = workspace.place.as_ref().map(|place| place.worktree.clone());
    let candidate = Candidate {
        folder: dirs.build_dir.clone(),
        relation: Relation::Stranger,
        workspace: Some(workspace.root.clone()),
        worktree: Some(top.unwrap_or_else(|| workspace.root.clone())),
        programs: Some(dirs.target_dir.clone()),
        home: Home::Single,
    };
    let mut donor = Donor::of(candidate, &wants, progress);
    let warm = donor.choose(cold, &wants, &DestinationUnits::default(), survey);
    let hashes = Hashes::read(&places.hashes());
    let described = looks::describe(Harvest {
        donor: donor.inventory(),
        units: &warm.units,
        names: &warm.names,
        lock,
        circumstances: &wish.before.circumstances,
        rustc: fingerprint::hash_of_rustc(&wish.before.built_with.rustc),
        cargo_home: &how.around.surroundings.cargo_home,
        hashes: &hashes,
    });
    let keys = described
        .units
        .iter()
        .map(|unit| unit.key.clone())
        .collect();
    let all = described.units.len();
    let new: Vec<_> = described
        .units
        .into_iter()
        .filter(|unit| !has(places, unit, &hashes))
        .collect();
    let mut left = warm.left;
    left.extend(described.left);
    let units = HarvestUnits {
        workspace: workspace.root.clone(),
        from: Some(dirs.build_dir.clone()),
        into: places.root().to_owned(),
        summary: Some(wish.before.summary.clone()),
        circumstances: wish.before.circumstances.clone(),
        built_with: Some(wish.before.built_with.clone()),
        present: all - new.len(),
        length: new.iter().map(|unit| unit.length()).sum(),
        units: new,
        keys,
        left,
    };
    Ok((units, wish))
}
