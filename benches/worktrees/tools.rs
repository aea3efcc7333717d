//! The first build of a second worktree with compiler caches, beside ours.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Result;

use super::build::Build;
use super::checks::Checks;
use super::figures::mebibytes;
use super::place;
use super::stage::Stage;
use super::usage::du;
use super::warm::{self, Donor};

/// A compiler cache that Cargo calls in the place of `rustc`.
struct Wrapper {
    name: &'static str,
    /// The variables that say where it keeps what it has. In the value `{}` stands for a folder of its own.
    variables: &'static [(&'static str, &'static str)],
    /// How what it leaves running is stopped.
    stop: &'static [&'static str],
}

const WRAPPERS: [Wrapper; 2] = [
    Wrapper {
        name: "sccache",
        variables: &[
            ("SCCACHE_DIR", "{}/store"),
            ("SCCACHE_CONF", "{}/no-config"),
            ("SCCACHE_SERVER_PORT", "14226"),
        ],
        stop: &["--stop-server"],
    },
    Wrapper {
        name: "kache",
        variables: &[
            ("KACHE_CACHE_DIR", "{}/store"),
            ("KACHE_CONFIG", "{}/no-config"),
            ("XDG_CACHE_HOME", "{}/cache"),
            ("XDG_CONFIG_HOME", "{}/config"),
        ],
        stop: &["daemon", "stop"],
    },
];

/// They are no wrappers: each would need a way of its own to be run.
const OTHERS: [&str; 2] = ["mbx", "cargo-turbo"];

/// Says for each how the first build of a second worktree compares with a cold build, and the disk that both
/// worktrees take with the store, beyond what the first one alone takes without any of them.
pub(crate) fn measure(stage: &Stage, donor: &Donor, checks: &mut Checks) -> Result<()> {
    println!("\ntools, the first build of a second worktree:");
    place::load();
    let cold = warm::cold_build(stage)?.seconds;
    let main = stage.main.join("target");
    let full = du(stage, std::slice::from_ref(&main))?;
    let print = |name: &str, first: Option<f64>, second: f64, disk: Option<u64>| {
        let first = first.map_or("-".to_owned(), |first| format!("{:.3}", first / cold));
        let extra = disk
            .zip(full)
            .map(|(disk, full)| (disk.saturating_sub(full), full));
        let extra = extra.map_or("?".to_owned(), |(extra, full)| {
            let ratio = extra as f64 / full as f64;
            format!("{ratio:.3} [{}]", mebibytes(extra))
        });
        println!(
            "{name:<12} first worktree / cold {first:>6}, second / cold {:>6.3} [{second:.2} s], extra disk / whole target folder {extra}",
            second / cold
        );
    };
    print("nothing", None, cold, full.map(|full| 2 * full));
    let worktree = stage.add("ours")?;
    let warm = stage.warm(&worktree)?;
    let build = stage.build(&worktree)?;
    warm::check_warm(stage, &build, checks);
    donor.products.check(stage, &worktree, checks)?;
    let disk = du(stage, &[main, worktree.join("target")])?;
    stage.remove(&worktree)?;
    print("ours", None, (warm + build.cost).seconds, disk);
    for wrapper in &WRAPPERS {
        let Some(cache) = Cache::of(stage, wrapper, wrapper.name)? else {
            continue;
        };
        let measured = cache.measure();
        let folder = cache.folder.clone();
        drop(cache);
        std::fs::remove_dir_all(folder)?;
        match measured {
            Ok((first, second, disk)) => print(wrapper.name, Some(first), second, disk),
            Err(error) => println!("note: {} did not work: {error:#}", wrapper.name),
        }
    }
    others();
    Ok(())
}

/// Says which others there are.
fn others() {
    for name in OTHERS {
        match find(name) {
            Some(_) => println!("skipped: {name} is installed, but not known here"),
            None => println!("skipped: {name} is not installed"),
        }
    }
}

impl Wrapper {
    fn set(&self, mut command: Command, folder: &Path) -> Command {
        for (name, value) in self.variables {
            command.env(name, value.replace("{}", &folder.to_string_lossy()));
        }
        command
    }
}

/// A compiler cache that is installed, with an empty store of its own. Processes that it leaves running are stopped
/// with it.
pub(crate) struct Cache<'a> {
    stage: &'a Stage,
    wrapper: &'static Wrapper,
    program: PathBuf,
    folder: PathBuf,
}

impl<'a> Cache<'a> {
    /// All that are installed, with their stores in folders of such names.
    pub(crate) fn all(stage: &'a Stage, prefix: &str) -> Result<Vec<Self>> {
        let mut all = Vec::new();
        for wrapper in &WRAPPERS {
            all.extend(Self::of(
                stage,
                wrapper,
                &format!("{prefix}-{}", wrapper.name),
            )?);
        }
        others();
        Ok(all)
    }

    fn of(stage: &'a Stage, wrapper: &'static Wrapper, folder: &str) -> Result<Option<Self>> {
        let Some(program) = find(wrapper.name) else {
            println!("skipped: {} is not installed", wrapper.name);
            return Ok(None);
        };
        let folder = stage.folder.join(folder);
        std::fs::create_dir_all(&folder)?;
        Ok(Some(Self {
            stage,
            wrapper,
            program,
            folder,
        }))
    }

    pub(crate) fn name(&self) -> &'static str {
        self.wrapper.name
    }

    /// Builds a worktree with it.
    pub(crate) fn build(&self, worktree: &Path) -> Result<Build> {
        let cargo = self.stage.cargo_build(worktree);
        let mut cargo = self.wrapper.set(cargo, &self.folder);
        cargo.env("RUSTC_WRAPPER", &self.program);
        Build::run(cargo, worktree)
    }

    /// Builds two worktrees: the seconds of both, and the disk that all takes.
    fn measure(&self) -> Result<(f64, f64, Option<u64>)> {
        let mut seconds = Vec::new();
        let mut folders = vec![self.folder.clone()];
        let worktrees = ["first", "second"].map(|name| format!("{}-{name}", self.name()));
        for name in &worktrees {
            let worktree = self.stage.add(name)?;
            seconds.push(self.build(&worktree)?.cost.seconds);
            folders.push(worktree.join("target"));
        }
        let disk = du(self.stage, &folders)?;
        for name in &worktrees {
            self.stage.remove(&self.stage.folder.join(name))?;
        }
        Ok((seconds[0], seconds[1], disk))
    }
}

impl Drop for Cache<'_> {
    fn drop(&mut self) {
        let stop = self.stage.program(&self.program, &self.folder);
        let mut stop = self.wrapper.set(stop, &self.folder);
        // It may have ended by itself.
        let _ = stop
            .args(self.wrapper.stop)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
    }
}

/// A program on the search path, or where `cargo install` puts it.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let search = std::env::var_os("PATH").unwrap_or_default();
    let home = std::env::home_dir().map(|home| home.join(".cargo/bin"));
    let mut folders = std::env::split_paths(&search).chain(home);
    folders.find_map(|folder| Some(folder.join(&name)).filter(|path| path.is_file()))
}
