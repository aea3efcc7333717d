//! Describes units of a target folder, so that they can be known elsewhere.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::path::{Component, Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use jiff::Timestamp;

use crate::cargo::lockfile::Lock;
use crate::fs::Hashes;
use crate::fs::model::StoredFile;
use crate::plan::left::{LeftReason, LeftUnit};
use crate::store::local::content;
use crate::store::model::{StoredLink, StoredUnit, WatchedFile};
use crate::store::{platform, system_libraries, unit_key};
use crate::target::dep_info::RustcDepInfo;
use crate::target::fingerprint;
use crate::target::unit::{Inventory, Source, Unit, UnitId, UnitKind};
use crate::target::unit_file::{Sharing, UnitFile};
use crate::text::failure;
use crate::warm::model::TakenUnit;
use crate::warm::relocate::without_place;
use crate::{fs, markers, store};

/// The units to describe, and the facts that this needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Harvest<'a> {
    pub(crate) donor: &'a Inventory,
    pub(crate) units: &'a [TakenUnit],
    /// The paths that the folder has had.
    pub(crate) names: &'a [String],
    /// The packages of the workspace.
    pub(crate) lock: &'a Lock,
    /// The hash of what the units were built with.
    pub(crate) circumstances: &'a str,
    /// The hash of what the compiler says of itself.
    pub(crate) rustc: u64,
    pub(crate) cargo_home: &'a Path,
    /// The known hashes of files.
    pub(crate) hashes: &'a Hashes,
}

/// Units, described.
#[derive(Debug, Default)]
pub(crate) struct Described {
    /// Units that can be recognised elsewhere, dependencies first, each with the places of its files.
    pub(crate) units: Vec<StoredUnit>,
    /// Units that cannot, and why.
    pub(crate) left: Vec<LeftUnit>,
}

/// Describes units.
///
/// The inputs of a unit are known by what Cargo has checked (the checksum of the package), by what has not changed
/// since (no source is newer than the moment at which Cargo unpacked it), and by what can be examined now: the files
/// that its build script watches, and the libraries of the system that it had linked. If such a file is newer than
/// the run of the script, the unit is left; if it is older, it may still have differed when the script ran, which
/// cannot be told.
#[must_use]
pub(crate) fn describe(harvest: Harvest<'_>) -> Described {
    let by_id: HashMap<&UnitId, &Unit> = harvest
        .donor
        .units
        .iter()
        .map(|unit| (&unit.id, unit))
        .collect();
    let look = Look {
        harvest,
        sources: RefCell::default(),
    };
    let mut described = Described::default();
    let mut keys: HashMap<&UnitId, String> = HashMap::new();
    let mut reasons: HashMap<&UnitId, (String, LeftReason)> = HashMap::new();
    for taken in harvest.units {
        let Some(unit) = by_id.get(&taken.id) else {
            continue;
        };
        let missing = taken.dependencies.iter().find_map(|id| reasons.get(id));
        let reason = match missing {
            Some((package, because)) => {
                let (root, because) = match because {
                    LeftReason::DependsOn { root, because } => (root.clone(), because.clone()),
                    because => (package.clone(), Box::new(because.clone())),
                };
                LeftReason::DependsOn { root, because }
            }
            None if unit.rustc != Some(harvest.rustc) => LeftReason::OtherCompiler,
            None => {
                let dependencies = taken.dependencies.iter();
                let dependencies = dependencies.filter_map(|id| keys.get(id).cloned());
                match look.unit(unit, dependencies.collect()) {
                    Ok(stored) => {
                        keys.insert(&taken.id, stored.key.clone());
                        described.units.push(stored);
                        continue;
                    }
                    Err(error) => LeftReason::Unknown {
                        why: failure::words(error.as_ref()),
                    },
                }
            }
        };
        reasons.insert(&taken.id, (taken.package.clone(), reason.clone()));
        described.left.push(LeftUnit {
            package: taken.package.clone(),
            version: taken.version.clone(),
            id: taken.id.clone(),
            reason,
        });
    }
    described
}

struct Look<'a> {
    harvest: Harvest<'a>,
    /// Whether the sources in a folder are as they came.
    sources: RefCell<BTreeMap<PathBuf, Result<(), String>>>,
}

impl Look<'_> {
    fn unit(&self, unit: &Unit, mut dependencies: Vec<String>) -> Result<StoredUnit> {
        let package = self.harvest.lock.package_of(unit);
        let package = package.context("it comes from no registry and no git repository")?;
        // `native` means another processor on another machine, though the flag is the same.
        let native = |flag: &String| flag.ends_with("=native");
        ensure!(
            !unit.rustflags.iter().any(native),
            "it was compiled for the processor of this machine (`target-cpu=native`)"
        );
        let sources = self.sources(unit)?;
        self.as_they_came(&sources)?;
        let json = unit.files.iter().find(|file| {
            let is_json = file.path.extension().is_some_and(|end| end == "json");
            is_json && file.is_fingerprint()
        });
        let json = fs::read(&self.at(json.context("it has no fingerprint")?))?.unwrap_or_default();
        let (said, watched) = match unit.kind {
            UnitKind::BuildScriptRun => self.run(unit, &json, &sources)?,
            _ => (None, self.compiled_from(unit, &sources)?),
        };
        let mut watched = watched;
        watched.sort();
        watched.dedup();
        dependencies.sort();
        let mut stored = StoredUnit {
            key: String::new(),
            circumstances: self.harvest.circumstances.to_owned(),
            package,
            sources,
            profile: unit.id.profile.clone(),
            hash: unit.id.hash.clone(),
            target: unit.targets.first().cloned().unwrap_or_default(),
            features: unit.features.clone(),
            fingerprint: blake3::hash(&json).to_hex().to_string(),
            said,
            dependencies,
            watched,
            files: Vec::new(),
            folders: Vec::new(),
            links: Vec::new(),
        };
        self.files(unit, &mut stored)?;
        stored.key = unit_key(&stored);
        store::sound(&stored, self.harvest.circumstances).map_err(anyhow::Error::msg)?;
        Ok(stored)
    }

    fn at(&self, file: &UnitFile) -> PathBuf {
        self.harvest.donor.folder.join(&file.path)
    }

    fn files(&self, unit: &Unit, stored: &mut StoredUnit) -> Result<()> {
        // Our own mark says something of this folder only.
        let is_mark = |file: &&UnitFile| file.path.ends_with(markers::CARRIED);
        for file in unit.files.iter().filter(|file| !is_mark(file)) {
            let path = file
                .path
                .to_str()
                .context("its files have names that are not UTF-8")?;
            let path = path.replace(std::path::MAIN_SEPARATOR, "/");
            let at = self.at(file);
            // A build may run. Files that it made since the inventory was taken may not fit the rest of the unit.
            let as_taken = fs::info(&at)?.is_some_and(|info| {
                info.identity == file.identity
                    && info.modified == file.modified()
                    && (file.sharing == Sharing::Folder || info.length == file.length)
            });
            ensure!(as_taken, "`{}` has changed during this run", at.display());
            match file.sharing {
                // The folder in which units of all packages lie is none of its own.
                Sharing::Folder => stored.folders.push(path),
                Sharing::Special => {
                    let to = fs::link_target(&at);
                    let to = to
                        .to_str()
                        .context("a link points to a name that is not UTF-8")?;
                    stored.links.push(StoredLink {
                        path,
                        to: to.to_owned(),
                    });
                }
                Sharing::Link | Sharing::Copy => stored.files.push(StoredFile {
                    path,
                    hash: self.harvest.hashes.of(&at)?,
                    length: file.length.0,
                    modified: nanoseconds(file.modified())?,
                    executable: fs::is_executable(&at),
                    at: Some(at),
                }),
            }
        }
        Ok(())
    }

    /// The folder of the package's sources.
    fn sources(&self, unit: &Unit) -> Result<PathBuf> {
        let home = self.harvest.cargo_home;
        let name = unit.package.as_deref().unwrap_or_default();
        Ok(match &unit.source {
            Source::Registry { registry } => {
                let version = unit.version.as_deref().unwrap_or_default();
                let folder = home.join("registry/src").join(registry);
                folder.join(format!("{name}-{version}"))
            }
            Source::Git { checkout, revision } => {
                home.join("git/checkouts").join(checkout).join(revision)
            }
            _ => bail!("it comes from no registry and no git repository"),
        })
    }

    /// Whether nothing has changed in a folder of sources since Cargo unpacked it.
    fn as_they_came(&self, folder: &Path) -> Result<()> {
        let mut known = self.sources.borrow_mut();
        let found = known.entry(folder.to_owned()).or_insert_with(|| {
            as_they_came(folder).map_err(|error| failure::words(error.as_ref()))
        });
        found.clone().map_err(anyhow::Error::msg)
    }

    /// The other files that the compiler has read: files that the package includes from elsewhere, a profile to
    /// optimize by. Files that it includes from an `OUT_DIR` are found by the build script's run.
    fn compiled_from(&self, unit: &Unit, sources: &Path) -> Result<Vec<WatchedFile>> {
        let begun = unit.oldest;
        let mut watched = Vec::new();
        for file in unit.files.iter().filter(|file| file.is_list()) {
            let text = fs::read(&self.at(file))?.unwrap_or_default();
            let info = RustcDepInfo::parse(&String::from_utf8_lossy(&text));
            for source in &info.sources {
                let path = plainly(&sources.join(source));
                let made = self.harvest.names.iter().any(|name| path.starts_with(name));
                if !made && !path.starts_with(sources) {
                    watched.push(self.watch(&path, begun)?);
                }
            }
        }
        Ok(watched)
    }

    /// The output of a build script, and the files outside of its package that it depends on, as far as the script
    /// declares them.
    fn run(
        &self,
        unit: &Unit,
        json: &[u8],
        sources: &Path,
    ) -> Result<(Option<String>, Vec<WatchedFile>)> {
        let output = unit.files.iter().find(|file| file.is_said());
        let output = output.context("the output of its build script is gone")?;
        let said = fs::read(&self.at(output))?.unwrap_or_default();
        let place = match unit.files.iter().find(|file| file.is_root_output()) {
            Some(file) => fs::read(&self.at(file))?.unwrap_or_default(),
            None => Vec::new(),
        };
        let mut plain = without_place(&said, &place);
        for name in self.harvest.names {
            plain = without_place(&plain, name.as_bytes());
        }
        let place = PathBuf::from(String::from_utf8_lossy(&place).into_owned());
        let mut watched = Vec::new();
        let known = fingerprint::parse(json).map_err(anyhow::Error::msg)?;
        for path in &known.watched {
            // Where in a checkout the package lies is not known.
            let git = matches!(unit.source, Source::Git { .. });
            let up = Path::new(path)
                .components()
                .any(|part| part == Component::ParentDir);
            ensure!(
                !(git && up && Path::new(path).is_relative()),
                "its build script reads outside its package: `{path}`"
            );
            let path = plainly(&sources.join(path));
            // Files that it has made itself are compared with the rest.
            let own = path.starts_with(sources) || path.starts_with(&place);
            if !own {
                watched.push(self.watch(&path, output.modified())?);
            }
        }
        let said = String::from_utf8_lossy(&said);
        let found = system_libraries::linked(&said, &place);
        for library in &found.libraries {
            if let Some(path) = self.library(library, &found.folders, unit)? {
                watched.push(self.watch(&path, output.modified())?);
            }
        }
        let plain = blake3::hash(&plain).to_hex().to_string();
        Ok((Some(plain), watched))
    }

    /// A file that a script has looked at. If it has changed since, or has been put there, it is unknown what the
    /// script saw.
    fn watch(&self, path: &Path, looked: Option<Timestamp>) -> Result<WatchedFile> {
        let content = content(path, self.harvest.hashes)?;
        ensure!(
            content.changed <= looked,
            "`{}` has changed since it was inspected",
            path.display()
        );
        Ok(WatchedFile {
            path: path.to_owned(),
            hash: content.hash,
        })
    }

    /// Where a library lies that a script has linked; `None` if the script has made it, or it is a part of the C library.
    fn library(&self, name: &str, folders: &[PathBuf], unit: &Unit) -> Result<Option<PathBuf>> {
        let names = [
            format!("lib{name}.a"),
            format!("lib{name}.so"),
            format!("lib{name}.dylib"),
            format!("{name}.lib"),
        ];
        let own = |file: &UnitFile| {
            let own = file.path.file_name().unwrap_or_default().to_string_lossy();
            names.iter().any(|name| *name == own)
        };
        // Another script may have made it, of a package that this one depends on.
        let made = self.harvest.donor.units.iter().filter(|other| {
            other.id == unit.id
                || (other.kind == UnitKind::BuildScriptRun
                    && other.id.profile == unit.id.profile
                    && unit.dependencies.contains(&other.id))
        });
        if C_LIBRARY.contains(&name) || made.flat_map(|unit| &unit.files).any(own) {
            return Ok(None);
        }
        let system = platform::library_folders();
        let folders = folders.iter().chain(&system);
        let mut all = folders.flat_map(|folder| names.iter().map(move |name| folder.join(name)));
        let found = all.find(|path| fs::exists(path));
        let found = found.with_context(|| format!("it links `{name}`, which is missing here"))?;
        Ok(Some(found))
    }
}

/// How many files a package may have.
const SOURCES: usize = 50_000;

/// Parts of the C library and of the compiler's own, which the platform stands for.
const C_LIBRARY: [&str; 9] = [
    "c", "m", "dl", "rt", "util", "pthread", "gcc", "gcc_s", "resolv",
];

fn nanoseconds(time: Option<Timestamp>) -> Result<i64> {
    let time = time.context("one of its files has no mtime")?;
    Ok(i64::try_from(time.as_nanosecond())?)
}

/// A path without `.` and `..`, by nothing but its text.
fn plainly(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}

/// Whether nothing has changed in a folder of sources since Cargo unpacked it: the mark that Cargo leaves at the end is newer
/// than everything in it, and no link leads out of it. Source: `unpack_package` in Cargo's `sources/registry/mod.rs`.
///
/// # Errors
///
/// The change, for a person.
pub(crate) fn as_they_came(folder: &Path) -> Result<()> {
    let mark = fs::info(&folder.join(".cargo-ok"))?;
    let done = mark.and_then(|mark| mark.modified);
    let done = done.context("its sources are gone")?;
    let all = fs::everything_in(folder, SOURCES);
    let all = all.context("its sources are gone, or too many")?;
    for path in all {
        let git = path.iter().any(|part| part == ".git");
        let Some(info) = fs::info(&path)?.filter(|info| !info.is_dir && !git) else {
            continue;
        };
        let inside = || fs::canonical(&path).is_ok_and(|real| real.starts_with(folder));
        if info.modified > Some(done) || (info.is_symlink && !inside()) {
            bail!(
                "its source `{}` has changed since Cargo unpacked it",
                path.display()
            );
        }
    }
    Ok(())
}
