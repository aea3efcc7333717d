//! Which compiler a build here would use, without asking it each time.

use std::path::{Path, PathBuf};

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::fs::model::FileState;
use crate::script::paths::ScriptCachePaths;
use crate::{cargo, fs};

/// Everything that decides which compiler a build would use.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chosen {
    /// The compiler on the `PATH`, or the one that `RUSTC` names.
    pub(crate) program: PathBuf,
    pub(crate) toolchain: Option<String>,
    /// The folder of rustup's settings.
    pub(crate) rustup_home: PathBuf,
}

/// A compiler.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Compiler {
    pub(crate) said: String,
    /// Where it is installed: Cargo is run in another folder, where rustup might choose another one, and takes a path for
    /// the name of a toolchain.
    pub(crate) sysroot: PathBuf,
}

impl Compiler {
    /// The platform that it runs on.
    pub(crate) fn host(&self) -> Option<&str> {
        let mut lines = self.said.lines();
        lines.find_map(|line| line.strip_prefix("host: "))
    }
}

/// A compiler, for as long as nothing that decides has changed.
#[derive(Serialize, Deserialize)]
struct Known {
    /// The compiler itself; what is on the `PATH` may only be rustup, which chooses.
    file: PathBuf,
    state: FileState,
    compiler: Compiler,
}

/// The names of files by which a folder chooses its toolchain.
const TOOLCHAIN_FILES: [&str; 2] = ["rust-toolchain", "rust-toolchain.toml"];

/// The compiler that a build here would use.
///
/// To ask rustup and the compiler takes many times as long as most scripts run. So the answer is kept, under a name
/// made of everything that rustup goes by: the variable, its settings, the files in the folders above, and the
/// program itself. Source: the book of rustup, "Overrides".
///
/// # Errors
///
/// There is no compiler, or it is not installed.
pub(crate) fn ask(
    chosen: &Chosen,
    toolchain: Option<&str>,
    places: &ScriptCachePaths,
    dir: &Path,
) -> Result<Compiler> {
    let toolchain = toolchain.or(chosen.toolchain.as_deref());
    let file = places
        .compilers()
        .join(format!("{}.json", name(chosen, toolchain, dir)));
    let known = fs::read(&file).ok().flatten();
    let known = known.and_then(|bytes| serde_json::from_slice::<Known>(&bytes).ok());
    if let Some(known) = known
        && fs::state(&known.file).as_ref() == Some(&known.state)
    {
        return Ok(known.compiler);
    }
    let (said, sysroot) = cargo::compiler(&chosen.program, dir, toolchain)?;
    let compiler = Compiler { said, sysroot };
    let own = compiler
        .sysroot
        .join("bin")
        .join(format!("rustc{}", std::env::consts::EXE_SUFFIX));
    let own = if fs::exists(&own) {
        own
    } else {
        chosen.program.clone()
    };
    // In a folder that is not ours yet nothing is written before it is asked whether it may be.
    if let (true, Some(state)) = (fs::exists(&places.mark()), fs::state(&own)) {
        let known = Known {
            file: own,
            state,
            compiler: compiler.clone(),
        };
        // It is asked again next time where this cannot be written.
        let _ = serde_json::to_vec(&known).map(|bytes| {
            fs::create_folder(&places.compilers()).and_then(|()| fs::replace(&file, &bytes))
        });
    }
    Ok(compiler)
}

fn name(chosen: &Chosen, toolchain: Option<&str>, dir: &Path) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut add = |bytes: &[u8]| {
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    let state = |path: &Path| format!("{:?}", fs::state(path)).into_bytes();
    add(chosen.program.as_os_str().as_encoded_bytes());
    add(&state(&chosen.program));
    add(toolchain.unwrap_or_default().as_bytes());
    add(chosen.rustup_home.as_os_str().as_encoded_bytes());
    add(&state(&chosen.rustup_home.join("settings.toml")));
    if toolchain.is_none() {
        for folder in dir.ancestors() {
            // Most folders choose nothing, and then all of them have one answer.
            let files = TOOLCHAIN_FILES.map(|file| folder.join(file));
            for file in files.iter().filter(|file| fs::exists(file)) {
                add(file.as_os_str().as_encoded_bytes());
                add(&state(file));
            }
        }
    }
    hasher.finalize().to_hex()[..32].to_owned()
}
