//! Finds the inputs of a program: files and variables.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

use crate::cargo::Built;
use crate::fs;
use crate::fs::model::FileState;
use crate::script::body::Nested;
use crate::script::build::ScriptBuild;
use crate::script::cache_key::is_cargos;
use crate::script::model::Watched;
use crate::script::package;
use crate::script::paths::ScriptCachePaths;
use crate::target::dep_info::RustcDepInfo;
use crate::target::layout;

/// Files are dated by a clock that may be so much behind.
const CLOCK: SignedDuration = SignedDuration::from_millis(20);

/// Some filesystems date files to the second, or to every other one.
const COARSE: SignedDuration = SignedDuration::from_secs(3);

/// So many files of a package whose build script does not say which ones it reads.
const MOST: usize = 20_000;

/// The `.d` files that the compiler wrote.
pub(crate) struct DepInfos {
    pub(crate) of_program: Vec<PathBuf>,
    /// About everything else that was compiled for it.
    others: Vec<PathBuf>,
}

/// Finds them. Beside an artifact lies the one of its name; a build script has its own folder.
pub(crate) fn dep_infos(built: &Built) -> DepInfos {
    let stem = built
        .program
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy();
    let of_program = match built.program.parent() {
        // The path that Cargo names for a program is its second link, at the top of the profile.
        Some(profile) => first_names(profile, &stem),
        None => Vec::new(),
    };
    let mut others = BTreeSet::new();
    for artifact in &built.artifacts {
        let folder = artifact.parent().unwrap_or(artifact);
        let stem = artifact.file_stem().unwrap_or_default().to_string_lossy();
        let stem = stem.strip_prefix("lib").unwrap_or(&stem);
        let info = folder.join(format!("{stem}.d"));
        if fs::exists(&info) {
            others.insert(info);
        } else if stem.starts_with("build-script") {
            let names = fs::names(folder).unwrap_or_default();
            let infos = names.into_iter().filter(|name| name.ends_with(".d"));
            others.extend(infos.map(|name| folder.join(name)));
        }
    }
    DepInfos {
        of_program,
        others: others.into_iter().collect(),
    }
}

/// Where the compiler may have put what it says of a program: in `deps`, or in the new layout in the unit's own folder.
fn first_names(profile: &Path, program: &str) -> Vec<PathBuf> {
    let crate_name = program.replace('-', "_");
    let build = profile.join("build");
    let units = fs::names(&build)
        .unwrap_or_default()
        .into_iter()
        .flat_map(|package| {
            let package = build.join(package);
            let units = fs::names(&package).unwrap_or_default();
            units
                .into_iter()
                .map(move |unit| package.join(unit).join("out"))
        });
    let mut found = Vec::new();
    for folder in std::iter::once(profile.join("deps")).chain(units) {
        for name in fs::names(&folder).unwrap_or_default() {
            let ours = name
                .strip_prefix(&crate_name)
                .is_some_and(|rest| rest.starts_with(['-', '.']));
            if ours && name.ends_with(".d") {
                found.push(folder.join(name));
            }
        }
        if !found.is_empty() {
            break;
        }
    }
    found
}

/// The files that the program was compiled from: by the list that Cargo writes beside it, those of all local packages and
/// what their build scripts say; the manifests of these packages, and what a build script may read that says nothing.
pub(crate) fn watched(
    build: &ScriptBuild<'_>,
    built: &Built,
    places: &ScriptCachePaths,
    begun: Timestamp,
    made: &Made<'_>,
) -> Vec<Watched> {
    let list = built.program.with_extension("d");
    let bytes = fs::read(&list).ok().flatten().unwrap_or_default();
    let sources = RustcDepInfo::parse(&String::from_utf8_lossy(&bytes)).sources;
    let mut paths: BTreeSet<PathBuf> = sources.into_iter().map(PathBuf::from).collect();
    // The lists may have been deleted meanwhile, or have paths that are relative to some folder.
    let mut known = !paths.is_empty()
        && !made.infos.of_program.is_empty()
        && paths.iter().all(|path| path.is_absolute());
    let own = [places.bins(), places.target(), places.packages()];
    let is_own = |path: &Path| own.iter().any(|own| path.starts_with(own));
    let others = built.manifests.iter().filter(|manifest| !is_own(manifest));
    others.for_each(|manifest| of_package(manifest, &mut paths));
    let said = said_by_scripts(built);
    known &= said.is_some();
    let (said, silent) = said.unwrap_or_default();
    paths.extend(said);
    // Cargo looks at everything in a folder that it is told of, and in a package whose build script says nothing.
    let folders = paths.iter().filter(|path| fs::is_folder(path)).cloned();
    let folders: Vec<PathBuf> = folders
        .chain(silent)
        .filter(|folder| !is_own(folder))
        .collect();
    for folder in folders {
        match in_folder(&folder) {
            Some(inside) => paths.extend(inside),
            None => known = false,
        }
    }
    paths.retain(|path| path != build.path && !is_own(path));
    let copied = made.modules.iter().map(|(_, watched)| watched.clone());
    let mut all: Vec<Watched> = paths.into_iter().map(|path| watch(path, begun)).collect();
    all.extend(copied);
    // The text was read before the compiler read it.
    let same = build.state == fs::state(build.path).as_ref();
    let told = |state: &FileState| is_fine(state) || latest(state) < Some(begun - COARSE);
    all.push(Watched {
        path: build.path.to_owned(),
        state: build.state.cloned(),
        hash: blake3::hash(build.text.as_bytes()).to_hex().to_string(),
        settled: made.is_copied || (same && build.state.is_none_or(told)),
    });
    // Cargo has just written it, and who updates it there wants another program.
    all.push(Watched {
        settled: true,
        ..watch(made.workspace.join("Cargo.lock"), begun)
    });
    if !known {
        all.push(Watched {
            path: list,
            state: None,
            hash: String::new(),
            settled: false,
        });
    }
    all
}

/// How a program was made.
pub(crate) struct Made<'a> {
    /// From a copy of its script.
    pub(crate) is_copied: bool,
    /// The folder of its workspace.
    pub(crate) workspace: &'a Path,
    /// Modules that were compiled from copies.
    pub(crate) modules: &'a [(Nested, Watched)],
    /// The compiler's dep-info about it.
    pub(crate) infos: &'a DepInfos,
}

/// Whether the time of a file is told in more than seconds.
fn is_fine(state: &FileState) -> bool {
    let fine = |time: Option<Timestamp>| time.is_some_and(|time| time.subsec_nanosecond() != 0);
    fine(state.changed) || fine(state.modified)
}

fn latest(state: &FileState) -> Option<Timestamp> {
    state.modified.max(state.changed)
}

fn watch(path: PathBuf, begun: Timestamp) -> Watched {
    let state = fs::state(&path);
    let settled = |state: &FileState| {
        let margin = if is_fine(state) { CLOCK } else { COARSE };
        latest(state).is_some_and(|latest| latest < begun - margin)
    };
    Watched {
        // A missing file counts as unchanged, since no time shows otherwise.
        settled: state.as_ref().is_none_or(settled),
        hash: fs::digest(&path).unwrap_or_default(),
        state,
        path,
    }
}

/// The inputs of a local package besides its sources.
fn of_package(manifest: &Path, paths: &mut BTreeSet<PathBuf>) {
    let Some(folder) = manifest.parent() else {
        return;
    };
    // It may have things from its workspace, which lies above it or where it says.
    for above in folder.ancestors() {
        let manifest = above.join("Cargo.toml");
        if fs::exists(&manifest) {
            paths.insert(manifest);
        }
    }
    let text = fs::read(manifest).ok().flatten().unwrap_or_default();
    if let Some(workspace) = package::workspace_of(&String::from_utf8_lossy(&text)) {
        paths.insert(folder.join(workspace).join("Cargo.toml"));
    }
    // One that comes is run.
    paths.insert(folder.join("build.rs"));
}

/// The paths that build scripts declare to watch; and the folders of local packages whose script declares none. `None` if
/// the directives of a script were not found.
fn said_by_scripts(built: &Built) -> Option<(BTreeSet<PathBuf>, Vec<PathBuf>)> {
    let (mut paths, mut silent) = (BTreeSet::new(), Vec::new());
    for out_dir in &built.out_dirs {
        let said = output(&out_dir.path)?;
        let directives = || said.lines().filter_map(directive);
        for path in directives().filter_map(|line| line.strip_prefix("rerun-if-changed=")) {
            let path = match &out_dir.local {
                Some(folder) => folder.join(path),
                // In a package that is not local nothing changes.
                None => PathBuf::from(path),
            };
            if path.is_absolute() {
                paths.insert(path);
            }
        }
        if !directives().any(|line| line.starts_with("rerun-if-")) {
            silent.extend(out_dir.local.clone());
        }
    }
    Some((paths, silent))
}

/// All files and folders in a folder, but for what Cargo and git put into that of a package; nothing if there are too many.
fn in_folder(folder: &Path) -> Option<Vec<PathBuf>> {
    let beside = [folder.join("target"), folder.join(".git")];
    let is_beside = |path: &PathBuf| beside.iter().any(|beside| path.starts_with(beside));
    let all = fs::everything_in(folder, MOST)?;
    Some(all.into_iter().filter(|path| !is_beside(path)).collect())
}

/// The directives of the build script that wrote an `OUT_DIR`; `None` if they are not where any Cargo writes them.
fn output(out_dir: &Path) -> Option<String> {
    let places = layout::outputs(out_dir);
    let said = places.iter().find_map(|path| fs::read(path).ok().flatten());
    said.map(|said| String::from_utf8_lossy(&said).into_owned())
}

fn directive(line: &str) -> Option<&str> {
    line.strip_prefix("cargo::").or(line.strip_prefix("cargo:"))
}

/// The variables that the compiler or a build script looked up, with what they are in the user's shell: what Cargo sets
/// itself does not change by that, and what comes from its configuration is decided there.
pub(crate) fn variables(
    infos: &DepInfos,
    built: &Built,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Vec<(String, Option<String>)> {
    let mut names = BTreeSet::new();
    for info in infos.of_program.iter().chain(&infos.others) {
        let text = fs::read(info).ok().flatten().unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let said = text
            .lines()
            .filter_map(|line| line.strip_prefix("# env-dep:"));
        names.extend(said.map(|said| {
            said.split_once('=')
                .map_or(said, |(name, _)| name)
                .to_owned()
        }));
    }
    for out_dir in &built.out_dirs {
        let said = output(&out_dir.path).unwrap_or_default();
        let said = said
            .lines()
            .filter_map(|line| directive(line)?.strip_prefix("rerun-if-env-changed="));
        names.extend(said.map(str::to_owned));
    }
    names.retain(|name| !is_cargos(name));
    let all: BTreeMap<String, Option<String>> = names
        .into_iter()
        .map(|name| {
            let now = variable(&name);
            (name, now)
        })
        .collect();
    all.into_iter().collect()
}
