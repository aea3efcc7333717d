//! Makes units of what was read about them: what they are, where they come from and how they hang together.

#[cfg(test)]
pub(crate) mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;

use crate::target::dep_info::DepInfo;
use crate::target::fingerprint::Fingerprint;
use crate::target::layout::{Leftover, Part};
use crate::target::unit::{ReadTimes, Source, Unit, UnitId, UnitKind};
use crate::target::unit_file::{Role, Sharing, UnitFile};
use crate::target::{fingerprint, layout};

/// The facts that were read about a unit.
#[derive(Clone, Debug)]
pub(crate) struct Evidence {
    pub(crate) id: UnitId,
    /// The target triple; `None` for the host.
    pub(crate) triple: Option<String>,
    /// When something that Cargo reads in every build was last read.
    pub(crate) last_read: Option<Timestamp>,
    /// The times of the hashes in its fingerprints.
    pub(crate) hash_times: Vec<ReadTimes>,
    /// The package's name, from a path.
    pub(crate) package: Option<String>,
    /// Its files, each with what it is to the unit.
    pub(crate) files: Vec<(UnitFile, Part)>,
    /// Its fingerprints by name, or why one of them cannot be used.
    pub(crate) targets: Result<Vec<Target>, String>,
    /// The first source in its `.d` file: the root of the crate.
    pub(crate) root: Option<String>,
    /// Cargo has compared its sources, in a folder of vendored packages, with the checksum of a registry. Packages
    /// from git have none.
    pub(crate) has_checksum: bool,
}

/// One fingerprint of a unit.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) fingerprint: Fingerprint,
    /// Its hash, by which dependents name it.
    pub(crate) hash: u64,
    /// Its dep-info; `None` if there is none that can be read.
    pub(crate) dep_info: Option<DepInfo>,
}

/// Makes units of all that was read in a target folder.
///
/// A dependency is looked for in the dependent's own profile folder first, then in that of the host (for build
/// scripts and procedural macros), then in all others; where several units there have the fingerprint, all of them count.
/// A build script's run has no sources: its package is that of its build script. Neither has documentation: its
/// package is found by the package hash, which dependents have written down.
#[must_use]
pub(crate) fn identify(mut evidence: Vec<Evidence>) -> Vec<Unit> {
    let mut units: Vec<Unit> = evidence.iter_mut().map(unit).collect();
    let links = link(&evidence);
    for (unit, links) in units.iter_mut().zip(&links) {
        let ids = links.found.iter().map(|at| evidence[*at].id.clone());
        unit.dependencies = ids.collect::<BTreeSet<_>>().into_iter().collect();
        unit.missing = links.missing.keys().cloned().collect();
        unit.missing_fingerprints = links.missing.values().flatten().copied().collect();
    }
    inherit_from_build_scripts(&mut units, &links);
    inherit_by_package(&mut units, &evidence, &links);
    keep_apart(&mut units, &evidence, &links);
    units
}

/// Has files be linked of packages from a registry alone (or vendored with the checksum of one), and not if such a package was
/// compiled with anything else. No build writes to one in place, but other programs do: they copy a folder over another one,
/// or set all times. A registry's package is the same under one hash; a git package's hash may stand for several commits.
fn keep_apart(units: &mut [Unit], evidence: &[Evidence], links: &[Links]) {
    let mut dependents: Vec<Vec<usize>> = vec![Vec::new(); units.len()];
    for (at, links) in links.iter().enumerate() {
        for found in &links.found {
            dependents[*found].push(at);
        }
    }
    let is_alike = |unit: &Unit, evidence: &Evidence| {
        let known = match unit.source {
            Source::Registry { .. } => true,
            // The run of a build script is as its script, on which it depends.
            Source::Directory => evidence.has_checksum || evidence.root.is_none(),
            _ => false,
        };
        known && unit.missing.is_empty()
    };
    let both = units.iter().zip(evidence);
    let mut apart: Vec<bool> = both.map(|(unit, of)| !is_alike(unit, of)).collect();
    let mut next: Vec<usize> = (0..units.len()).filter(|at| apart[*at]).collect();
    while let Some(at) = next.pop() {
        for dependent in &dependents[at] {
            if !std::mem::replace(&mut apart[*dependent], true) {
                next.push(*dependent);
            }
        }
    }
    for (unit, _) in units.iter_mut().zip(apart).filter(|(_, apart)| *apart) {
        copies(&mut unit.files);
    }
}

fn copies(files: &mut [UnitFile]) {
    for file in files {
        if file.sharing == Sharing::Link {
            file.sharing = Sharing::Copy;
        }
    }
}

/// The unit as its own files alone show it. Takes the files out of the evidence.
fn unit(evidence: &mut Evidence) -> Unit {
    let mut unit = Unit {
        id: evidence.id.clone(),
        package: evidence.package.clone(),
        version: None,
        source: Source::Unknown,
        kind: kind(evidence),
        targets: Vec::new(),
        features: Vec::new(),
        declared_features: Vec::new(),
        triple: evidence.triple.clone(),
        rustc: None,
        settings: None,
        rustflags: Vec::new(),
        watches_abroad: false,
        dependencies: Vec::new(),
        fingerprints: Vec::new(),
        unfinished: evidence.targets.is_err()
            && is_unfinished(&evidence.files, &evidence.id.profile),
        missing: Vec::new(),
        missing_fingerprints: Vec::new(),
        newest: None,
        oldest: None,
        last_read: evidence.last_read,
        hash_times: std::mem::take(&mut evidence.hash_times),
        files: Vec::new(),
        leaked: Vec::new(),
    };
    let files = std::mem::take(&mut evidence.files).into_iter();
    let run = unit.kind == UnitKind::BuildScriptRun;
    let files = files.map(|(mut file, part)| {
        file.role = part.role(run);
        file
    });
    let mut files: Vec<UnitFile> = files.collect();
    files.shrink_to_fit();
    // In the new layout an `OUT_DIR` looks like what a compiler wrote.
    if matches!(
        unit.kind,
        UnitKind::BuildScriptRun | UnitKind::Unknown { .. }
    ) {
        copies(&mut files);
    }
    let times = || {
        let real = files.iter().filter(|file| file.sharing != Sharing::Folder);
        real.filter_map(|file| file.modified())
    };
    (unit.newest, unit.oldest) = (times().max(), times().min());
    unit.files = files;
    let Ok(targets) = &evidence.targets else {
        return unit;
    };
    unit.targets = targets.iter().map(|target| target.name.clone()).collect();
    let watched = targets.iter().flat_map(|of| &of.fingerprint.watched);
    unit.watches_abroad = watched.into_iter().any(|path| is_abroad(path));
    unit.fingerprints = targets.iter().map(|target| target.hash).collect();
    unit.features = all_of(targets, |of| &of.features);
    unit.declared_features = all_of(targets, |of| &of.declared_features);
    if let Some(first) = targets.first() {
        unit.rustc = common(targets, |of| of.rustc);
        unit.settings = common(targets, |of| of.profile);
        unit.rustflags.clone_from(&first.fingerprint.rustflags);
    }
    // A build script may write a `.d` file that says anything.
    if unit.kind != UnitKind::BuildScriptRun {
        (unit.source, unit.version) = origin(evidence, targets);
    }
    unit
}

/// All names in the fingerprints of a unit, sorted.
fn all_of(targets: &[Target], names: impl Fn(&Fingerprint) -> &Vec<String>) -> Vec<String> {
    let all = targets.iter().flat_map(|of| names(&of.fingerprint));
    let all: BTreeSet<&String> = all.collect();
    all.into_iter().cloned().collect()
}

/// The value that all fingerprints of a unit have in common.
fn common(targets: &[Target], what: impl Fn(&Fingerprint) -> u64) -> Option<u64> {
    let first = what(&targets.first()?.fingerprint);
    let mut all = targets.iter().map(|of| what(&of.fingerprint));
    all.all(|other| other == first).then_some(first)
}

/// Whether Cargo would make a unit anew whatever else there is of it: no file says what the unit was made from.
///
/// Where there is no fingerprint at all, everything has to be what a build leaves behind: names with 16 hexadecimal
/// digits are not only Cargo's.
fn is_unfinished(files: &[(UnitFile, Part)], profile: &str) -> bool {
    if files
        .iter()
        .any(|(file, _)| file.sharing == Sharing::Special && is_top(file, profile))
    {
        return false;
    }
    let has_fingerprint = files.iter().any(|(_, part)| *part == Part::Fingerprint);
    if !has_fingerprint
        && !files
            .iter()
            .all(|(file, _)| is_left_by_a_build(file, files, profile))
    {
        return false;
    }
    let hashes = files.iter().filter(|(file, part)| {
        let name = file.path.file_name().and_then(|name| name.to_str());
        *part == Part::Fingerprint
            && name
                .is_some_and(|name| !name.ends_with(".json") && fingerprint::target(name).is_some())
    });
    hashes.into_iter().all(|(file, _)| file.length.0 == 0)
}

/// Whether a file is what is moved into place as a whole: its own folder, or a file beside those of other units.
fn is_top(file: &UnitFile, profile: &str) -> bool {
    layout::in_profile(&file.path, profile, |path| {
        layout::entry(path).is_some_and(|depth| path.len() <= depth)
    })
}

/// Whether a file of a unit without a fingerprint looks like what the compiler or Cargo wrote.
fn is_left_by_a_build(file: &UnitFile, all: &[(UnitFile, Part)], profile: &str) -> bool {
    layout::in_profile(&file.path, profile, |path| match layout::leftover(path) {
        Leftover::Known => true,
        // rustc writes down what a program was made from beside it.
        Leftover::Program => {
            let list = file.path.with_extension("d");
            all.iter().any(|(other, _)| other.path == list)
        }
        Leftover::Foreign => false,
    })
}

/// The kind, from the fingerprints' names.
fn kind(evidence: &Evidence) -> UnitKind {
    let targets = match &evidence.targets {
        Ok(targets) => targets,
        Err(why) => return UnitKind::Unknown { why: why.clone() },
    };
    let mut all = Vec::new();
    for target in targets {
        match fingerprint::target(&target.name) {
            Some((kind, _)) => all.push(kind),
            None => {
                return UnitKind::Unknown {
                    why: format!("`{}` is not a known name of a fingerprint", target.name),
                };
            }
        }
    }
    let first = all
        .iter()
        .find(|kind| **kind != UnitKind::Doc)
        .or(all.first());
    match first {
        Some(UnitKind::Library) if is_plugin(evidence) => UnitKind::ProcMacro,
        Some(kind) => kind.clone(),
        None => UnitKind::Unknown {
            why: "it has no fingerprint".into(),
        },
    }
}

/// A library that can be loaded, with a hash in its name, and nothing that could be linked: a procedural
/// macro. A local `dylib` or `cdylib` has no hash there; one from a registry with no other crate type is the
/// one thing that looks the same.
fn is_plugin(evidence: &Evidence) -> bool {
    let names = || {
        let names = evidence.files.iter().filter_map(|(file, part)| {
            let name = file.path.file_name()?.to_str()?;
            (part.role(false) == Role::Made && name.contains(&evidence.id.hash)).then_some(name)
        });
        names.filter_map(|name| name.rsplit_once('.'))
    };
    names().any(|(_, end)| matches!(end, "so" | "dll" | "dylib"))
        && !names().any(|(_, end)| matches!(end, "rlib" | "rmeta"))
}

/// Where a unit's package comes from, and its version, as far as its own files tell.
///
/// The order matters. Cargo writes a package-relative path into the dep-info of local packages only, wherever
/// they lie. The folders of `$CARGO_HOME` speak for themselves. A local package whose crate root lies outside
/// its own folder has that path in its dep-info all the same, while a third-party package's own files never
/// stand there.
fn origin(evidence: &Evidence, targets: &[Target]) -> (Source, Option<String>) {
    let infos = || targets.iter().filter_map(|target| target.dep_info.as_ref());
    if infos().any(DepInfo::is_local) {
        return (Source::Local, None);
    }
    let package = evidence.package.as_deref().unwrap_or_default();
    let Some(root) = &evidence.root else {
        let word = targets
            .iter()
            .find_map(|target| target.fingerprint.precalculated.as_deref());
        return match word {
            Some(word) if is_time(word) => (Source::Local, None),
            Some(word) if is_version(word) => (Source::Unknown, Some(word.to_owned())),
            _ => (Source::Unknown, None),
        };
    };
    if let Some(known) = cargo_home(root, package) {
        return known;
    }
    let listed = |info: &DepInfo| info.files.iter().any(|file| file.path == *root);
    if !is_absolute(root) || infos().any(listed) {
        return (Source::Local, None);
    }
    if infos().next().is_none() {
        return (Source::Unknown, None);
    }
    let mut folders = components(root);
    (
        Source::Directory,
        folders.find_map(|folder| version_in(folder, package)),
    )
}

/// The source and version of the package, by a path in `$CARGO_HOME`: `registry/src/<registry>/<name>-<version>/…`,
/// or `git/checkouts/<name>-<hash>/<revision>/…`.
fn cargo_home(path: &str, package: &str) -> Option<(Source, Option<String>)> {
    let parts: Vec<&str> = components(path).collect();
    parts.windows(4).find_map(|four| match four {
        ["registry", "src", registry, folder] => {
            let registry = (*registry).to_owned();
            let version = version_in(folder, package)?;
            Some((Source::Registry { registry }, Some(version)))
        }
        ["git", "checkouts", checkout, revision]
            if revision.bytes().all(|byte| byte.is_ascii_hexdigit()) =>
        {
            let (checkout, revision) = ((*checkout).to_owned(), (*revision).to_owned());
            Some((Source::Git { checkout, revision }, None))
        }
        _ => None,
    })
}

/// Whether a path that a third-party build script watches leads out of its package: what lies with the sources is as old
/// as these.
fn is_abroad(path: &str) -> bool {
    let mut parts = components(path);
    let home = ["registry/src", "git/checkouts"];
    let at_home = || {
        home.iter()
            .any(|home| path.replace('\\', "/").contains(home))
    };
    parts.any(|part| part == "..") || (is_absolute(path) && !at_home())
}

/// The components of a path of any system.
fn components(path: &str) -> impl Iterator<Item = &str> {
    path.split(['/', '\\'])
}

/// Also of another system than the one this runs on.
fn is_absolute(path: &str) -> bool {
    path.starts_with(['/', '\\']) || path.get(1..3).is_some_and(|at| at == ":\\" || at == ":/")
}

/// The version in the folder name `<package>-<version>`.
fn version_in(folder: &str, package: &str) -> Option<String> {
    let version = folder.strip_prefix(package)?.strip_prefix('-')?;
    is_version(version).then(|| version.to_owned())
}

/// `1.2.3`, and what may come behind it.
fn is_version(text: &str) -> bool {
    let core = text.split(['-', '+']).next().unwrap_or_default();
    let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    core.split('.').count() == 3 && core.split('.').all(number)
}

/// `<seconds>.<nanoseconds>s (<file>)`: how Cargo writes the state of a local package.
fn is_time(text: &str) -> bool {
    let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.split_once("s (")
        .and_then(|(time, _)| time.split_once('.'))
        .is_some_and(|(seconds, rest)| number(seconds) && number(rest))
}

/// The dependencies of a unit, by index.
#[derive(Default)]
struct Links {
    found: BTreeSet<usize>,
    /// The fingerprints that are not there, by the names of the dependencies.
    missing: BTreeMap<String, Vec<u64>>,
    /// For each one found, the hash of its package.
    packages: BTreeMap<usize, u64>,
}

fn link(evidence: &[Evidence]) -> Vec<Links> {
    let mut by_hash: HashMap<u64, Vec<usize>> = HashMap::new();
    for (at, unit) in evidence.iter().enumerate() {
        for target in unit.targets.iter().flatten() {
            by_hash.entry(target.hash).or_default().push(at);
        }
    }
    let mut all = Vec::new();
    for (own, unit) in evidence.iter().enumerate() {
        let mut links = Links::default();
        let targets = unit.targets.iter().flatten();
        for dep in targets.flat_map(|target| &target.fingerprint.deps) {
            let candidates = by_hash.get(&dep.fingerprint).map_or(&[][..], Vec::as_slice);
            let far = |at: &usize| distance(unit, &evidence[*at]);
            let Some(nearest) = candidates.iter().map(far).min() else {
                let missing = links.missing.entry(dep.name.clone()).or_default();
                missing.push(dep.fingerprint);
                continue;
            };
            for at in candidates.iter().copied().filter(|at| far(at) == nearest) {
                links.packages.insert(at, dep.package);
                // Documentation of a program needs that of the library, which is in the same unit.
                if at != own {
                    links.found.insert(at);
                }
            }
        }
        all.push(links);
    }
    all
}

/// How far a unit is from one that may depend on it.
fn distance(from: &Evidence, to: &Evidence) -> u8 {
    let name = |unit: &Evidence| unit.id.profile.rsplit('/').next().map(str::to_owned);
    match () {
        () if from.id.profile == to.id.profile => 0,
        () if to.triple.is_none() && name(from) == name(to) => 1,
        () => 2,
    }
}

fn inherit_from_build_scripts(units: &mut [Unit], links: &[Links]) {
    for (at, links) in links.iter().enumerate() {
        if units[at].kind != UnitKind::BuildScriptRun {
            continue;
        }
        // The other dependencies are runs of build scripts that this one gets metadata from (`links`).
        let script = links.found.iter().map(|found| &units[*found]);
        let mut script = script.filter(|unit| unit.kind == UnitKind::BuildScript);
        if let Some(script) = script.next() {
            let (source, version) = (script.source.clone(), script.version.clone());
            (units[at].source, units[at].version) = (source, version);
        }
    }
}

fn inherit_by_package(units: &mut [Unit], evidence: &[Evidence], links: &[Links]) {
    let mut package_of: HashMap<usize, u64> = HashMap::new();
    for links in links {
        package_of.extend(&links.packages);
    }
    let mut known: HashMap<u64, (Source, Option<String>)> = HashMap::new();
    for (at, package) in &package_of {
        let origin = (units[*at].source.clone(), units[*at].version.clone());
        if origin.0 != Source::Unknown {
            let kept = known.entry(*package).or_insert_with(|| origin.clone());
            // Which one is met first is chance.
            if origin < *kept {
                *kept = origin;
            }
        }
    }
    for (at, unit) in units.iter_mut().enumerate() {
        if unit.kind != UnitKind::Doc || unit.source != Source::Unknown {
            continue;
        }
        let Some((source, version)) = package_of.get(&at).and_then(|id| known.get(id)) else {
            continue;
        };
        let word = evidence[at]
            .targets
            .iter()
            .flatten()
            .find_map(|target| target.fingerprint.precalculated.clone());
        unit.source = match (source, word) {
            // Two revisions of a repository have the same package hash.
            (Source::Git { checkout, revision }, Some(commit)) => Source::Git {
                checkout: checkout.clone(),
                revision: commit.get(..revision.len()).unwrap_or(&commit).to_owned(),
            },
            (source, _) => source.clone(),
        };
        unit.version = unit.version.take().or_else(|| version.clone());
    }
}
