//! The request to run a script, and whether its program was kept.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use memchr::memmem;

use crate::cargo::config_chain::CONFIG_NAMES;
use crate::cargo::{Cargo, config_edit, toml_read};
use crate::fs;
use crate::fs::model::FileState;
use crate::markers::CARGO_FOLDER;
use crate::script::body::Code;
use crate::script::cache_key::Question;
use crate::script::compiler::{Chosen, Compiler};
use crate::script::dialect::{Dependency, Front};
use crate::script::model::CachedProgram;
use crate::script::paths::{ELSEWHERE, ENTRY, ScriptCachePaths};
use crate::script::thag::config::Config;
use crate::script::thag::{ThagOptions, ThagRules};
use crate::script::{cache_key, compiler, dialect, libraries, paths, thag};
use crate::text::failure::Hint as _;

/// A script that is to run, and how.
#[derive(Clone, Debug, Default)]
pub(crate) struct ScriptRequest {
    /// The script; `None` for one that has no place.
    pub(crate) file: Option<PathBuf>,
    /// The text from standard input, or of an expression.
    pub(crate) text: Option<Vec<u8>>,
    pub(crate) code: Code,
    /// Attributes and items before an expression.
    pub(crate) prelude: Vec<String>,
    /// Dependencies in addition to those of its manifest.
    pub(crate) dependencies: Vec<Dependency>,
    /// The folder that paths in its manifest are relative to, absolute; without one it is the script's own.
    pub(crate) base: Option<PathBuf>,
    /// The program that the user runs it by.
    pub(crate) front: Front,
    /// The folder of its package, absolute; without one that is in the cache.
    pub(crate) package_at: Option<PathBuf>,
    pub(crate) release: bool,
    /// Its tests, not its program.
    pub(crate) test: bool,
    /// Into a target folder of its own.
    pub(crate) own_target: bool,
    pub(crate) features: Vec<String>,
    pub(crate) toolchain: Option<String>,
    /// Crates that it names, and no manifest, are added.
    pub(crate) infer: bool,
    /// Options of a command line in place of thag's configuration.
    pub(crate) thag: ThagOptions,
    /// Name of a script without a place, where that is not what it usually is.
    pub(crate) called: Option<&'static str>,
}

/// The facts from the environment that matter to scripts.
pub(crate) struct ScriptEnvironment<'a> {
    pub(crate) places: ScriptCachePaths,
    pub(crate) cwd: PathBuf,
    pub(crate) cargo: Cargo,
    pub(crate) cargo_home: PathBuf,
    /// Everything that decides which compiler a build would use.
    pub(crate) chosen: Chosen,
    pub(crate) variables: Vec<(String, String)>,
    pub(crate) variable: &'a (dyn Fn(&str) -> Option<String> + Sync),
}

/// A script, as it was when it was read, with all that decides about its program.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    /// Where it is, without links; for standard input a path that is none.
    pub(crate) path: PathBuf,
    /// It came by standard input.
    pub(crate) is_input: bool,
    /// The folder that its own paths are relative to, …
    pub(crate) folder: PathBuf,
    /// … and the one that those in its manifest are relative to.
    pub(crate) base: PathBuf,
    /// Variables that rust-script sets for the compiler and for the program.
    pub(crate) variables: [(&'static str, String); 4],
    /// Its name without its ending.
    pub(crate) stem: String,
    /// The name that is its own for as long as it lies there.
    pub(crate) id: String,
    pub(crate) text: String,
    /// The state of its file before it was read; `None` if it has no place.
    pub(crate) state: Option<FileState>,
    /// The name for its program.
    pub(crate) key: String,
    pub(crate) compiler: Compiler,
    /// Rules of thag, if it may be written for that.
    pub(crate) thag: Option<ThagRules>,
    /// No setting asks for names and lines in its backtraces.
    pub(crate) lean: bool,
}

impl Script {
    /// The value of a variable as the compiler sees it: ours, or the user's.
    pub(crate) fn variable(
        &self,
        name: &str,
        of_user: &dyn Fn(&str) -> Option<String>,
    ) -> Option<String> {
        let ours = self.variables.iter().find(|(known, _)| *known == name);
        ours.map(|(_, value)| value.clone())
            .or_else(|| of_user(name))
    }
}

/// The hint for a path at which there is no script.
const NAME_ONE: &str = "name a file with Rust code, or `-` for standard input";

/// Reads a script and asks for all that decides about its program.
///
/// # Errors
///
/// There is no such file, it is no text, or there is no compiler.
pub(crate) fn script(request: &ScriptRequest, around: &ScriptEnvironment<'_>) -> Result<Script> {
    let (path, bytes, state) = match (&request.file, &request.text) {
        (None, text) => input(request, text.clone().unwrap_or_default(), around),
        (Some(file), _) => match fs::canonical(file) {
            Ok(path) => {
                if fs::is_folder(&path) {
                    let folder =
                        anyhow::anyhow!("expected a script, and `{}` is a folder", file.display());
                    return Err(folder).hint(NAME_ONE);
                }
                // A pipe, or a device, has no content of its own: it is read once, as `cat` does, until its writers end.
                if fs::info(&path)?.is_some_and(|info| !info.is_file) {
                    input(request, fs::read_pipe(&path)?, around)
                } else {
                    let state = fs::state(&path);
                    let bytes = fs::read(&path)?;
                    let bytes =
                        bytes.with_context(|| format!("failed to find `{}`", file.display()))?;
                    (path, bytes, state)
                }
            }
            // A pipe that a shell makes has a name, and no place.
            Err(error) => match fs::read_pipe(file) {
                Ok(bytes) => input(request, bytes, around),
                Err(_) => {
                    return Err(error)
                        .hint("name a file with Rust code, or `-` for standard input");
                }
            },
        },
    };
    let is_input = state.is_none();
    let shown = if is_input {
        Path::new("-")
    } else {
        path.as_path()
    };
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = valid.iter().filter(|byte| **byte == b'\n').count() + 1;
        anyhow::anyhow!(
            "expected UTF-8 text in `{}`, found something else in line {line}",
            shown.display()
        )
    })?;
    anyhow::ensure!(
        path.to_str().is_some(),
        "expected a path in Unicode, as Cargo's manifests are, found `{}`",
        path.display()
    );
    let compiler = compiler::ask(
        &around.chosen,
        request.toolchain.as_deref(),
        &around.places,
        &chooser(request, around),
    )?;
    let mut variables: Vec<(String, String)> = around.variables.clone();
    variables.retain(|(name, _)| cache_key::decides(name));
    variables.sort();
    let mut options = vec![
        format!("release {}", request.release),
        format!("own target {}", request.own_target),
        format!("infer {}", request.infer),
        format!("cargo home {}", around.cargo_home.display()),
    ];
    options.extend(
        request
            .features
            .iter()
            .map(|feature| format!("feature {feature}")),
    );
    options.extend(by_option(request));
    let thag = match thag::may_concern(request.front, &text) {
        true => Some(thag_rules(request, around, &text)?),
        false => None,
    };
    options.extend(thag.iter().map(|rules| format!("thag {rules:?}")));
    let config = config(&config_folder(request, &path, around), around)?;
    let lean = is_lean(&config, around);
    options.push(format!("lean {lean}"));
    let key = cache_key::key(&Question {
        script: &path,
        text: text.as_bytes(),
        options: &options,
        compiler: &compiler.said,
        variables: &variables,
        config: &config,
    });
    let name = match (is_input, request.code) {
        (false, _) => path.as_path(),
        (true, Code::Script) => Path::new(request.called.unwrap_or("stdin")),
        (true, Code::Expression) => Path::new("expr"),
        (true, Code::Loop { .. }) => Path::new("loop"),
    };
    let stem = name.file_stem().unwrap_or_default().to_string_lossy();
    let folder = folder_of(&path).to_owned();
    let base = request.base.clone().unwrap_or_else(|| folder.clone());
    Ok(Script {
        is_input,
        variables: dialect::variables((!is_input).then_some(&path), &stem, &base),
        folder,
        base,
        stem: stem.into_owned(),
        id: cache_key::id(&path),
        text,
        state,
        key,
        compiler,
        thag,
        lean,
        path,
    })
}

/// Returns whether a program needs neither debug information nor the names of its functions: no variable asks for backtraces,
/// and neither the environment nor the configuration mentions debug information. A later request for a backtrace builds another
/// program.
fn is_lean(config: &[u8], around: &ScriptEnvironment<'_>) -> bool {
    let variable = |name: &str| (around.variable)(name).filter(|value| !value.is_empty());
    let wants = ["RUST_BACKTRACE", "RUST_LIB_BACKTRACE"].map(variable);
    let wants = wants.iter().flatten().any(|value| value != "0");
    let said = ["CARGO_PROFILE_DEV_DEBUG", "CARGO_PROFILE_DEV_STRIP"].map(variable);
    let flags = [
        "RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
        "CARGO_BUILD_RUSTFLAGS",
    ]
    .map(variable);
    let mut flags = flags.iter().flatten();
    let in_flags = flags.any(|flags| {
        ["-g", "debuginfo", "strip"]
            .iter()
            .any(|word| flags.contains(word))
    });
    let words: [&[u8]; 5] = [b"profile", b"debuginfo", b"strip", b"\"-g", b"'-g"];
    let in_config = words
        .iter()
        .any(|word| memmem::find(config, word).is_some());
    !wants && said.iter().all(Option::is_none) && !in_flags && !in_config
}

/// A script without a place. Paths in it are relative to the working directory, and each text is a script of its own.
fn input(
    request: &ScriptRequest,
    text: Vec<u8>,
    around: &ScriptEnvironment<'_>,
) -> (PathBuf, Vec<u8>, Option<FileState>) {
    let place = match request.code {
        Code::Script => paths::input(&around.cwd, &text),
        // The same text may be a script, too.
        code => paths::input(
            &around.cwd,
            &[format!("{code:?} ").as_bytes(), &text].concat(),
        ),
    };
    (place, text, None)
}

/// The folder whose files choose the toolchain: the working directory, but for rust-script, which runs Cargo in its cache.
fn chooser(request: &ScriptRequest, around: &ScriptEnvironment<'_>) -> PathBuf {
    let mut above = around.places.root().ancestors();
    match request.front {
        Front::Own | Front::Thag => around.cwd.clone(),
        Front::RustScript => above
            .find(|folder| fs::exists(folder))
            .unwrap_or(&around.cwd)
            .to_owned(),
    }
}

/// All that decides about a program besides its text and the options that scripts always have, each with its name.
fn by_option(request: &ScriptRequest) -> Vec<String> {
    let mut all = Vec::new();
    let mut add = |name: &str, value: String| all.push(format!("{name} {value}"));
    if request.front != Front::Own {
        add("front", format!("{:?}", request.front));
    }
    if request.code != Code::Script {
        add("code", format!("{:?}", request.code));
    }
    if let Some(called) = request.called {
        add("called", called.to_owned());
    }
    for item in &request.prelude {
        add("prelude", item.clone());
    }
    for (name, said) in &request.dependencies {
        add("dependency", format!("{name} = {said}"));
    }
    for (name, folder) in [("base", &request.base), ("package", &request.package_at)] {
        if let Some(folder) = folder {
            add(name, folder.display().to_string());
        }
    }
    all
}

/// Rules of thag for a script: by its configuration and by the environment.
///
/// # Errors
///
/// The configuration cannot be read.
fn thag_rules(
    request: &ScriptRequest,
    around: &ScriptEnvironment<'_>,
    text: &str,
) -> Result<ThagRules> {
    let home = match cfg!(windows) {
        true => (around.variable)("APPDATA").map(PathBuf::from),
        false => (around.variable)("HOME").map(|home| Path::new(&home).join(".config")),
    };
    let file = home.map(|home| around.cwd.join(home).join(thag::config::FILE));
    let bytes = match &file {
        Some(file) => fs::read(file)?,
        None => None,
    };
    let config = match (&file, bytes) {
        (Some(file), Some(bytes)) => toml_read::utf8(&bytes)
            .and_then(Config::read)
            .map_err(|problem| anyhow::anyhow!("{}:{problem}", file.display()))
            .hint("this configuration of thag decides which crates are added to its scripts")?,
        _ => Config::default(),
    };
    let config = config.with(request.thag);
    Ok(ThagRules::of(config, text, &around.cwd, around.variable))
}

fn folder_of(script: &Path) -> &Path {
    script.parent().unwrap_or(script)
}

/// The folder that Cargo runs in, so that the configurations in it and above it count: the script's own, as for Cargo's own
/// scripts, but for rust-script and thag, whose scripts are built in the cache.
///
/// Source: `exec_manifest_command` in `src/bin/cargo/commands/run.rs` of Cargo 1.101.
fn config_folder(
    request: &ScriptRequest,
    script: &Path,
    around: &ScriptEnvironment<'_>,
) -> PathBuf {
    match request.front {
        Front::Own => folder_of(script).to_owned(),
        Front::RustScript | Front::Thag => around.places.root().to_owned(),
    }
}

/// The configuration that Cargo reads in a folder: that in the folder, and those above it, with what they include.
///
/// # Errors
///
/// Another user can write one above the folder, as in `/tmp`: it may name a program that Cargo runs.
fn config(folder: &Path, around: &ScriptEnvironment<'_>) -> Result<Vec<u8>> {
    let above = folder.ancestors();
    let above: Vec<PathBuf> = above.map(|folder| folder.join(CARGO_FOLDER)).collect();
    let home = &around.cargo_home;
    let mut all = Vec::new();
    for folder in above.iter().chain([home]) {
        for name in CONFIG_NAMES {
            let file = folder.join(name);
            let foreign =
                fs::exists(&file) && [folder, &file].into_iter().any(|at| fs::is_strangers(at));
            if foreign && folder != home {
                let at = file.display();
                let error = anyhow::anyhow!(
                    "another user can write `{at}`, which Cargo reads for the script and which may name programs to run"
                );
                return Err(error).hint(match at_cache(&file, around) {
                    true => ELSEWHERE,
                    false => "move the script, or delete that file",
                });
            }
            read_config(&file, 0, &mut all);
        }
    }
    Ok(all)
}

/// Whether a configuration is above the cache folder.
fn at_cache(config: &Path, around: &ScriptEnvironment<'_>) -> bool {
    let above = config.parent().and_then(Path::parent);
    above.is_some_and(|above| around.places.root().starts_with(above))
}

/// As many files may include one another. Cargo refuses a circle.
const INCLUDES: usize = 8;

fn read_config(path: &Path, depth: usize, all: &mut Vec<u8>) {
    let Ok(Some(bytes)) = fs::read(path) else {
        return;
    };
    all.extend(path.as_os_str().as_encoded_bytes());
    all.extend((bytes.len() as u64).to_le_bytes());
    let text = String::from_utf8_lossy(&bytes);
    if depth < INCLUDES && text.contains("include") {
        let folder = path.parent().unwrap_or(path);
        for included in config_edit::includes(&text) {
            read_config(&folder.join(included), depth + 1, all);
        }
    }
    all.extend(&bytes);
}

/// A program that can be run.
#[derive(Clone, Debug)]
pub(crate) struct Ready {
    pub(crate) program: PathBuf,
    /// Where the system has to look for libraries that it loads.
    pub(crate) search: Vec<PathBuf>,
}

/// The program that was kept of a script, if it is what a build would make.
///
/// # Errors
///
/// Why it is not, or that there is none, as a fragment.
pub(crate) fn kept(
    script: &Script,
    around: &ScriptEnvironment<'_>,
) -> std::result::Result<Ready, String> {
    let folder = around.places.kept(&script.key);
    let cached =
        entry(&folder).ok_or("none was kept of this text, built like this, by this compiler")?;
    let program = folder.join(&cached.program);
    let whole = cached.script == script.path
        && fs::state(&program).as_ref() == Some(&cached.state)
        && libraries::are_whole(&cached.libraries, &folder);
    if !whole {
        return Err("the one that was kept is damaged".into());
    }
    let variable = |name: &str| script.variable(name, around.variable);
    match cache_key::stale(&cached, fs::state, fs::digest, variable) {
        Some(why) => Err(why),
        None => {
            let own = (!cached.libraries.is_empty()).then(|| folder.join(libraries::FOLDER));
            let search = libraries::search(own.into_iter().collect(), &script.compiler);
            Ok(Ready { program, search })
        }
    }
}

/// The record of a kept program; `None` if it cannot be read.
#[must_use]
pub(crate) fn entry(folder: &Path) -> Option<CachedProgram> {
    let bytes = fs::read(&folder.join(ENTRY)).ok()??;
    let cached: CachedProgram = serde_json::from_slice(&bytes).ok()?;
    // A name, and nothing that leads elsewhere.
    let plain = Path::new(&cached.program).file_name() == Some(cached.program.as_ref());
    plain.then_some(cached)
}
