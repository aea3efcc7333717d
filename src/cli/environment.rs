//! Reads the environment.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use etcetera::BaseStrategy as _;

use crate::cargo::model::ConfigContext;
use crate::cargo::{Answers, Cargo, config_edit, wrapper_script};
use crate::cli::on_path;
use crate::fs;
use crate::remote::secrets::Secrets;
use crate::survey::model::{EnvOverride, Settings, StoreSettings};
use crate::survey::settled::Settled;
use crate::survey::timer_files::{TimerPlace, TimerSystem};
use crate::survey::{Environment, settings};
use crate::target::abilities_record::KnownAbilities;
use crate::text::failure::Hint as _;

/// The settings that variables give in place of the settings file.
pub(super) fn settings() -> Result<Settings> {
    let flag = given::<Flag>("CARGO_SHAREDTARGET_KEEP_PROGRAMS")?;
    let no_local = given::<Flag>("CARGO_SHAREDTARGET_NO_LOCAL")?;
    Ok(Settings {
        local: no_local.map(|flag| !flag.0),
        max_size: given("CARGO_SHAREDTARGET_MAX_SIZE")?,
        min_free: given("CARGO_SHAREDTARGET_MIN_FREE")?,
        max_age: given("CARGO_SHAREDTARGET_MAX_AGE")?,
        keep_programs: flag.map(|flag| flag.0),
        orphans: None,
        rustc_wrapper: None,
        shared_with_group: None,
        store: StoreSettings {
            folder: std::env::var_os("CARGO_SHAREDTARGET_STORE_DIR")
                .filter(|value| !value.is_empty())
                .map(PathBuf::from),
            max_size: given("CARGO_SHAREDTARGET_STORE_MAX_SIZE")?,
            max_age: given("CARGO_SHAREDTARGET_STORE_MAX_AGE")?,
            ..StoreSettings::default()
        },
    })
}

/// Yes or no, as in a variable.
struct Flag(bool);

impl std::str::FromStr for Flag {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.to_lowercase().as_str() {
            "true" | "t" | "yes" | "y" | "on" | "1" => Ok(Self(true)),
            "false" | "f" | "no" | "n" | "off" | "0" => Ok(Self(false)),
            _ => Err(format!("expected true or false, found `{text}`")),
        }
    }
}

/// The value of a variable; `None` if it is empty.
///
/// # Errors
///
/// It does not say what is expected.
pub(super) fn given<T: std::str::FromStr<Err = String>>(name: &str) -> Result<Option<T>> {
    let Some(value) = std::env::var_os(name).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let value = value.to_string_lossy().parse();
    value
        .map(Some)
        .map_err(|message| anyhow!("{name}: {message}"))
        .with_hint(|| format!("fix the variable {name}, or unset it"))
}

/// The variables that name a program which Cargo runs in place of the compiler; those for all crates first.
const WRAPPERS: [&str; 4] = [
    "RUSTC_WRAPPER",
    "CARGO_BUILD_RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
    "CARGO_BUILD_RUSTC_WORKSPACE_WRAPPER",
];

/// Variables besides `CARGO_BUILD_*` that beat what configurations say under `build`.
const HEEDED: [&str; 7] = [
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_INCREMENTAL",
    "CARGO_PROFILE_DEV_DEBUG",
    "RUSTC",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC_WRAPPER",
    "RUSTFLAGS",
];

/// Variables that name folders, and beat what configurations say of them.
const FOLDERS: [&str; 3] = [
    "CARGO_TARGET_DIR",
    "CARGO_BUILD_TARGET_DIR",
    "CARGO_BUILD_BUILD_DIR",
];

/// Variables that Cargo and the compiler heed, but for those that name folders.
fn variables() -> Vec<(String, String)> {
    let all = std::env::vars_os().filter_map(|(name, value)| {
        let name = name.into_string().ok()?;
        let heeded = HEEDED.contains(&name.as_str()) || name.starts_with("CARGO_BUILD_");
        let meant = heeded && !FOLDERS.contains(&name.as_str());
        meant.then(|| (name, value.to_string_lossy().into_owned()))
    });
    all.collect()
}

/// The folder of the store, beside that of scripts, so that deleting one does not delete the other.
fn beside(scripts: &Path) -> PathBuf {
    let mut name = scripts.file_name().unwrap_or_default().to_owned();
    name.push("-store");
    scripts.with_file_name(name)
}

/// Where the user's own settings are.
fn own_settings() -> Option<PathBuf> {
    let places = etcetera::base_strategy::choose_base_strategy().ok()?;
    let folder = places.config_dir().join("cargo-sharedtarget");
    Some(folder.join(settings::FILE_NAME))
}

/// The folder for what the user's own runs have decided: which folders are shared roots, and what undo puts back.
fn state() -> Option<PathBuf> {
    let given = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from);
    let given = given.filter(|given| given.is_absolute());
    let places = etcetera::base_strategy::choose_native_strategy().ok();
    let own = places.map(|places| places.state_dir().unwrap_or_else(|| places.data_dir()));
    let folder = given.or(own).filter(|folder| folder.is_absolute())?;
    Some(fs::canonical_as_far_as_it_exists(
        &folder.join("cargo-sharedtarget"),
    ))
}

/// Where the timers of the user are.
fn timers(home: Option<&Path>) -> Option<TimerPlace> {
    let (system, folder) = if cfg!(target_os = "macos") {
        (
            TimerSystem::Launchd,
            home.map(|home| home.join("Library/LaunchAgents")),
        )
    } else if cfg!(windows) {
        (TimerSystem::TaskScheduler, None)
    } else if cfg!(target_os = "linux") {
        let places = etcetera::base_strategy::choose_base_strategy().ok()?;
        (
            TimerSystem::Systemd,
            Some(places.config_dir().join("systemd/user")),
        )
    } else {
        return None;
    };
    let given = CARRIED.into_iter().filter_map(|name| {
        let value = std::env::var(name).ok()?;
        Path::new(&value)
            .is_absolute()
            .then(|| (name.to_owned(), value))
    });
    Some(TimerPlace {
        system,
        folder,
        variables: given.collect(),
    })
}

/// Variables that name folders in which a timer's run has to find what this one does.
const CARRIED: [&str; 5] = [
    "CARGO_HOME",
    "RUSTUP_HOME",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_STATE_HOME",
];

/// Whether a variable names a linker in place of the usual one, for any system.
fn names_linker() -> bool {
    std::env::vars_os().any(|(name, value)| {
        let name = name.to_string_lossy();
        name.starts_with("CARGO_TARGET_")
            && name.ends_with("_LINKER")
            && !value.to_str().is_some_and(config_edit::is_usual_linker)
    })
}

fn in_ci() -> bool {
    let said = std::env::var_os("CI").unwrap_or_default();
    !said.is_empty() && said != "false" && said != "0"
}

/// All values from the environment.
pub(super) fn environment(cwd: &Path, home: Option<&Path>) -> Environment {
    let path = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let cargo_home = path("CARGO_HOME").map(|given| cwd.join(given));
    let cargo_home = cargo_home
        .or_else(|| home.map(|home| home.join(".cargo")))
        .unwrap_or_default();
    let overrides = FOLDERS.into_iter().filter_map(|variable| {
        let value = path(variable)?;
        let folder = fs::canonical_as_far_as_it_exists(&cwd.join(&value));
        Some(EnvOverride {
            variable: variable.to_owned(),
            value: value.display().to_string(),
            folder,
        })
    });
    let may_answer = |name: &str| {
        path(name).is_some_and(|wrapper| config_edit::may_answer(&wrapper.to_string_lossy()))
    };
    let state = state();
    let answers = Answers::in_state(state.as_deref());
    Environment {
        surroundings: ConfigContext {
            cargo_home: fs::canonical_as_far_as_it_exists(&cargo_home),
            names_linker: names_linker(),
        },
        overrides: overrides.collect(),
        settings: Settings::default(),
        variables: variables(),
        own_settings: own_settings(),
        state,
        timers: timers(home),
        program: std::env::current_exe().ok(),
        store_folder: crate::cli::run::places(cwd)
            .ok()
            .map(|places| beside(places.root())),
        in_a_build: path(wrapper_script::AT_WORK).is_some(),
        in_ci: in_ci(),
        cargo: Cargo {
            fallback: path("CARGO"),
            on_path: on_path(Path::new("cargo")).is_some(),
            answers,
        },
        wrapper: WRAPPERS[..2]
            .iter()
            .find_map(|name| path(name))
            .map(|path| path.display().to_string()),
        compiler: ["RUSTC", "CARGO_BUILD_RUSTC"]
            .into_iter()
            .find(|name| path(name).is_some())
            .or_else(|| WRAPPERS.into_iter().find(|name| may_answer(name)))
            .map(str::to_owned),
        secrets: secrets(),
        known: KnownAbilities::default(),
        settled: Settled::default(),
    }
}

/// The secrets of remote stores, which must not stand in a file.
fn secrets() -> Secrets {
    let secret = |name: &str| {
        let value = std::env::var(name).ok();
        value.filter(|value| !value.is_empty())
    };
    Secrets {
        // The name by which Redis's own program knows it.
        redis_password: secret("REDISCLI_AUTH"),
        webdav_password: secret("CARGO_SHAREDTARGET_WEBDAV_PASSWORD"),
        webdav_token: secret("CARGO_SHAREDTARGET_WEBDAV_TOKEN"),
    }
}
