//! Whether a build script would do the same again.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use memchr::memmem;

use crate::fs::{Source, SourceKind};
use crate::git::sources;
use crate::plan::left::LeftReason;
use crate::target::artifact::abilities::Reach;
use crate::target::fingerprint;
use crate::target::unit::{Unit, UnitKind};
use crate::target::unit_file::Sharing;
use crate::warm::relocate::without_place;
use crate::warm::sources::{World, newest, unknown};
use crate::warm::verdict::LocalUnit;
use crate::{fs, markers};

/// The most that is read of a fingerprint or a source of a build script.
const MOST: u64 = 16 << 20;

/// A watched folder with more in it is none of sources.
const MANY: usize = 20_000;

/// Packages that start compilers and nothing else; these read the files that they are given.
const COMPILERS: [&str; 7] = [
    "autocfg",
    "bindgen",
    "cc",
    "cmake",
    "pkg-config",
    "rustc_version",
    "version_check",
];

impl World<'_> {
    /// Whether a build script ran on what the destination has, too, and would do the same there.
    pub(crate) fn run(&self, unit: &Unit, folder: &Path) -> Result<LocalUnit, LeftReason> {
        let at = self
            .ran_at(unit)
            .ok_or_else(|| unknown("the time of its run is unknown"))?;
        self.manifests(folder, at)?;
        let program = self.program_of(unit)?;
        let able = self.able_of(unit);
        if able.reach == Reach::Programs && !self.starts_compilers(program) {
            return Err(script(
                "it can start programs, which may read something that differs here".into(),
            ));
        }
        if able.reach >= Reach::Files {
            let mut sources = self.sources_of(program)?.clone();
            sources.insert(folder.join("Cargo.toml"));
            self.same_altogether(at, unit, &sources)?;
        }
        if able.knows_place || self.asks_for_out_dir(program) {
            self.made_of_no_place(unit, able.knows_place)?;
        }
        self.links_nothing(unit, folder)?;
        let fingerprint = self.fingerprint(unit)?;
        for path in &fingerprint.watched {
            self.watched(folder, Path::new(path), at)?;
        }
        let precalculated = fingerprint
            .precalculated
            .map(|said| self.precalculated(folder, &said));
        Ok(LocalUnit {
            watches: !fingerprint.watched.is_empty(),
            precalculated: precalculated.transpose()?,
        })
    }

    /// Whether nothing in the worktree goes into what is linked by the word of a script: the compiler does not name it.
    fn links_nothing(&self, run: &Unit, folder: &Path) -> Result<(), LeftReason> {
        const KEYS: [&str; 3] = ["rustc-link-arg", "rustc-link-search", "rustc-flags"];
        let said = run.files.iter().find(|file| file.is_said());
        let said = said.map(|file| fs::read_start(&self.ask.donor.folder.join(&file.path), MOST));
        let said = said.and_then(Result::ok).flatten();
        let said = said.ok_or_else(|| unknown("its output is unknown"))?;
        for line in String::from_utf8_lossy(&said).lines() {
            let line = line.trim_start_matches("cargo").trim_start_matches(':');
            let Some((_, value)) = line
                .split_once('=')
                .filter(|(key, _)| KEYS.iter().any(|known| key.starts_with(known)))
            else {
                continue;
            };
            if let Some(word) = self.in_worktree(value, folder) {
                return Err(script(format!(
                    "it makes the linker read `{word}` in the worktree"
                )));
            }
        }
        Ok(())
    }

    /// The word of an argument for rustc or a linker that names something in the donor's worktree, if one does.
    pub(crate) fn in_worktree<'b>(&self, argument: &'b str, folder: &Path) -> Option<&'b str> {
        let bases = [
            self.ask.from,
            self.ask.from_worktree,
            &self.ask.from_worktree.join(folder),
        ];
        let inside = |text: &str| {
            let mut whole = bases.iter().map(|base| base.join(text));
            let there = |path: &PathBuf| {
                let own = path.starts_with(&self.ask.donor.folder);
                !own && path.starts_with(self.ask.from_worktree) && fs::exists(path)
            };
            !text.is_empty() && whole.any(|path| there(&path))
        };
        // The kind in `native=native` may be the name of a folder as well.
        let words = argument.split([' ', ',', '=']);
        let mut words = words
            .map(|word| word.trim_start_matches("-L").trim_start_matches("-T"))
            .chain([argument]);
        words.find(|word| inside(word))
    }

    /// The text that Cargo would write here about the package of a script that declares no files to watch, if the
    /// text that it wrote there is what it would still write.
    fn precalculated(&self, folder: &Path, said: &str) -> Result<String, LeftReason> {
        let (there, here) = self.listings()?;
        let there = newest::of_package(self.ask.from_worktree, folder, there);
        if there.as_deref() != Some(said) {
            return Err(script(
                "it watches its whole package, and a file there has changed since".into(),
            ));
        }
        newest::of_package(self.top, folder, here)
            .ok_or_else(|| unknown("the files of its package cannot be listed"))
    }

    /// The build script that ran.
    fn program_of(&self, run: &Unit) -> Result<&Unit, LeftReason> {
        let programs = run.dependencies.iter().filter_map(|id| self.by_id.get(id));
        let mut programs = programs.filter(|unit| unit.kind == UnitKind::BuildScript);
        let program = programs.next().copied();
        program.ok_or_else(|| unknown("its build script is unknown"))
    }

    /// The files that a build script was compiled from.
    fn sources_of(&self, program: &Unit) -> Result<&BTreeSet<PathBuf>, LeftReason> {
        let named = self.named.get(&program.id);
        let named = named.and_then(|named| named.as_ref().ok());
        let named = named.ok_or_else(|| unknown("its build script is unknown"))?;
        Ok(&named.files)
    }

    /// Whether a build script starts nothing but compilers: it leaves that to packages which do no more.
    fn starts_compilers(&self, program: &Unit) -> bool {
        let known = |id| {
            let unit = self.by_id.get(id);
            unit.is_some_and(|unit: &&Unit| {
                let package = unit.package.as_deref().unwrap_or_default();
                unit.source.is_third_party() && COMPILERS.contains(&package)
            })
        };
        let starts_none = |file: &PathBuf| {
            let code = fs::read_start(&self.top.join(file), MOST).ok().flatten();
            code.is_some_and(|code| {
                [".git", "Command", "extern", "process", "to_command"]
                    .iter()
                    .all(|word| memmem::find(&code, word.as_bytes()).is_none())
            })
        };
        !program.dependencies.is_empty()
            && program.dependencies.iter().all(known)
            && self
                .sources_of(program)
                .is_ok_and(|files| files.iter().all(starts_none))
    }

    /// Whether a build script can ask where its `OUT_DIR` is.
    fn asks_for_out_dir(&self, program: &Unit) -> bool {
        let mut programs = program.files.iter().filter(|file| file.is_artifact());
        programs.any(|file| {
            let path = self.ask.donor.folder.join(&file.path);
            let named = fs::with_content(&path, |bytes| memmem::find(bytes, b"OUT_DIR").is_some());
            named.unwrap_or(true)
        })
    }

    /// Checks that no output of a script can hold an answer to the question where it ran: a hash of that looks like
    /// any number. An output that is not text counts as `suspect` says.
    fn made_of_no_place(&self, run: &Unit, suspect: bool) -> Result<(), LeftReason> {
        for file in &run.files {
            let made = file.in_out_dir() && file.sharing == Sharing::Copy;
            if !made && !file.is_said() {
                continue;
            }
            let path = self.ask.donor.folder.join(&file.path);
            let tells = fs::with_content(&path, |bytes| match memchr::memchr(0, bytes) {
                Some(_) => suspect,
                None => has_digest(&self.without_out_dir(run, bytes)),
            });
            if tells.unwrap_or(true) {
                return Err(script(format!(
                    "it can find out its worktree, and `{}` may depend on that",
                    file.path.display()
                )));
            }
        }
        Ok(())
    }

    /// A text without the `OUT_DIR` of a run, which Cargo or we put another one in the place of.
    fn without_out_dir(&self, run: &Unit, text: &[u8]) -> Vec<u8> {
        let root = run.files.iter().find(|file| file.is_root_output());
        let root = root.and_then(|file| {
            let path = self.ask.donor.folder.join(&file.path);
            fs::read_start(&path, MOST).ok().flatten()
        });
        match root.filter(|root| !root.is_empty()) {
            Some(root) => without_place(text, &root),
            None => text.to_owned(),
        }
    }

    /// When a script ran; of a run that was carried over, when it was found that it would do the same.
    fn ran_at(&self, run: &Unit) -> Option<Timestamp> {
        let said = run.files.iter().find(|file| file.is_said())?.modified()?;
        let mut files = run.files.iter();
        let mark = files.find(|file| file.is_fingerprint() && file.name() == markers::CARRIED);
        let mark = mark.and_then(|mark| fs::read(&self.ask.donor.folder.join(&mark.path)).ok()?);
        let carried = mark.and_then(|mark| markers::carried_at(&mark, self.ask.from, said));
        Some(carried.unwrap_or(said))
    }

    fn fingerprint(&self, unit: &Unit) -> Result<fingerprint::Fingerprint, LeftReason> {
        let mut files = unit.files.iter();
        let file = files.find(|file| file.is_fingerprint() && file.name().ends_with(".json"));
        let bytes = file.and_then(|file| {
            fs::read_start(&self.ask.donor.folder.join(&file.path), MOST)
                .ok()
                .flatten()
        });
        let parsed = bytes.map(|bytes| fingerprint::parse(&bytes));
        parsed
            .and_then(Result::ok)
            .ok_or_else(|| unknown("its fingerprint cannot be read"))
    }

    /// Whether what a script watches is the same in both worktrees, and was there before it ran.
    fn watched(&self, folder: &Path, path: &Path, at: Timestamp) -> Result<(), LeftReason> {
        let newer = |file: &Path| LeftReason::SourceNewer {
            file: file.to_owned(),
        };
        if path.is_absolute() {
            let inside = path.starts_with(self.ask.from_worktree)
                || path.starts_with(&self.ask.donor.folder);
            return match !inside && self.is_older(&Source::at(path), at) {
                true if !fs::is_folder(path) => Ok(()),
                _ => Err(newer(path)),
            };
        }
        let inside = sources::normalized(&folder.join(path));
        let inside = inside.ok_or_else(|| {
            script(format!(
                "it watches `{}`, outside the worktree",
                path.display()
            ))
        })?;
        let (there, here) = (self.ask.from_worktree.join(&inside), self.top.join(&inside));
        let (mine, theirs) = (self.list(&here, &inside)?, self.list(&there, &inside)?);
        if mine != theirs {
            return Err(LeftReason::SourceDiffers { file: inside });
        }
        for part in mine {
            // A file joined with nothing is looked for in a folder of its name.
            let whole = |path: &PathBuf| match part.as_os_str().is_empty() {
                true => path.clone(),
                false => path.join(&part),
            };
            let (there, here) = (whole(&there), whole(&here));
            let (one, two) = (Source::at(&there), Source::at(&here));
            if matches!(one.what, SourceKind::Missing) {
                // Cargo runs a script each time that watches what is not there.
                return Err(script(format!(
                    "it watches `{}`, which does not exist",
                    inside.display()
                )));
            }
            if !one.is_same(&there, &two, &here) {
                return Err(LeftReason::SourceDiffers {
                    file: whole(&inside),
                });
            }
            if !self.is_older(&one, at) || two.newest.is_none_or(|newest| newest >= self.begin) {
                return Err(newer(&whole(&inside)));
            }
        }
        Ok(())
    }

    /// Everything at a path, relative to it.
    fn list(&self, path: &Path, inside: &Path) -> Result<Vec<PathBuf>, LeftReason> {
        let whole = || script(format!("it watches all of `{}`", inside.display()));
        if !fs::is_folder(path) {
            return Ok(vec![PathBuf::new()]);
        }
        if self.ask.donor.folder.starts_with(path) {
            return Err(whole());
        }
        let all = fs::everything_in(path, MANY).ok_or_else(whole)?;
        let inner = all
            .into_iter()
            .map(|inner| inner.strip_prefix(path).map(Path::to_owned));
        inner.collect::<Result<_, _>>().map_err(|_| whole())
    }
}

/// Whether a text has a number in it that is long enough for a hash.
fn has_digest(text: &[u8]) -> bool {
    const LEAST: usize = 8;
    text.split(|byte| !byte.is_ascii_hexdigit())
        .any(|run| run.len() >= LEAST && run.iter().any(u8::is_ascii_digit))
}

fn script(why: String) -> LeftReason {
    LeftReason::BuildScript { why }
}
