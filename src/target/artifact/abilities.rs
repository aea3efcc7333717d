//! The abilities of a build script or a procedural macro: the calls in its program tell what it can look at.
//!
//! A crate is made of its sources, its manifest and its dependencies, and these can be compared. A build script or a
//! macro is a program that runs while the crate is compiled: it may read any file, ask for variables, list folders
//! and start other programs, and may or may not tell Cargo. A program can do only what it calls, and each ability
//! comes down to functions of the system's libraries. So the functions that it can reach show what it may have looked
//! at. Where these cannot be found out, it may have looked at anything.

pub(crate) mod calls;

use std::collections::{BTreeMap, BTreeSet};

use memchr::memmem;
use object::{Object as _, ObjectSection as _};
use serde::{Deserialize, Serialize};

/// The number of the rules below. Abilities that were found by other rules are forgotten, so it changes with each rule.
pub(crate) const RULES: u32 = 1;

/// How far a program can look, the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// Nothing but what it is given.
    Nothing,
    /// Single variables of the environment.
    Variables,
    /// Files and folders.
    Files,
    /// All that other programs may look at, because it can start some.
    Programs,
}

/// The abilities of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Abilities {
    /// How far it can look.
    pub reach: Reach,
    /// It can learn in which folder it works, otherwise than by where its `OUT_DIR` is.
    pub knows_place: bool,
}

impl Abilities {
    /// The abilities of an unknown program.
    pub const ANY: Self = Self {
        reach: Reach::Programs,
        knows_place: true,
    };

    /// The abilities of two programs together.
    #[must_use]
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            reach: self.reach.max(other.reach),
            knows_place: self.knows_place || other.knows_place,
        }
    }
}

/// The abilities of programs into which earlier runs have looked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AbilitiesRecord {
    /// The rules by which they were found.
    pub(crate) rules: u32,
    /// The abilities by the hash of a program's content, and by the facts that tell a file from any other one, and
    /// from itself after a change.
    pub(crate) programs: BTreeMap<String, Abilities>,
}

/// Keys by content begin so.
pub(crate) const CONTENT: &str = "blake3-";

impl AbilitiesRecord {
    /// So many are kept. With more, those by file are forgotten, and all if they are too many even then.
    const MOST: usize = 10_000;

    /// Adds those of another run.
    pub(crate) fn add(&mut self, programs: BTreeMap<String, Abilities>) {
        let is_full = |known: &BTreeMap<_, _>| known.len() + programs.len() > Self::MOST;
        if is_full(&self.programs) {
            self.programs.retain(|key, _| key.starts_with(CONTENT));
        }
        if self.rules != RULES || is_full(&self.programs) {
            self.programs.clear();
        }
        self.rules = RULES;
        self.programs.extend(programs);
    }
}

/// Functions of the system's libraries by which a program learns nothing of what lies on the disk, of its environment,
/// or of where it is: memory, threads, time, numbers, errors, and what it writes on its standard error.
const HARMLESS: [&str; 67] = [
    "__cxa_finalize",
    "__cxa_thread_atexit_impl",
    "__errno_location",
    "__gmon_start__",
    "__stack_chk_fail",
    "__tls_get_addr",
    "__xpg_strerror_r",
    "_ITM_deregisterTMCloneTable",
    "_ITM_registerTMCloneTable",
    "__libc_start_main",
    "abort",
    "aligned_alloc",
    "bcmp",
    "calloc",
    "ceil",
    "ceilf",
    "clock_gettime",
    "close",
    "cos",
    "dl_iterate_phdr",
    "exit",
    "exp",
    "exp2",
    "expf",
    "expm1",
    "floor",
    "floorf",
    "fma",
    "fmod",
    "fmodf",
    "free",
    "getpid",
    "getrandom",
    "gettid",
    "isatty",
    "log",
    "log10",
    "log1p",
    "log2",
    "logf",
    "malloc",
    "memchr",
    "memcmp",
    "memcpy",
    "memmove",
    "memset",
    "mmap64",
    "mprotect",
    "munmap",
    "nanosleep",
    "poll",
    "posix_memalign",
    "pow",
    "powf",
    "powi",
    "realloc",
    "round",
    "sched_yield",
    "sigaction",
    "sigaltstack",
    "signal",
    "sin",
    "sqrt",
    "strlen",
    "trunc",
    "write",
    "writev",
];

/// Functions by which std waits, makes threads and finds out what a newer library has; others may ask for anything by
/// them.
const OF_STD: [&str; 5] = ["dlsym", "getauxval", "pause", "syscall", "sysconf"];

/// Functions by which a program learns where it is.
const OF_PLACES: [&str; 7] = [
    // All variables, and among them those that tell it.
    "environ",
    "getcwd",
    "get_current_dir_name",
    "readlink",
    "readlinkat",
    "realpath",
    "dladdr",
];

/// Beginnings of the names of functions by which a program starts another one, on any system.
const STARTS: [&str; 10] = [
    "posix_spawn",
    "fork",
    "vfork",
    "exec",
    "system",
    "popen",
    "clone",
    "pidfd_spawn",
    "CreateProcess",
    "ShellExecute",
];

/// Finds the abilities of a build script or a procedural macro in its program.
#[must_use]
pub fn of(program: &[u8]) -> Abilities {
    let Some(reached) = calls::reached(program, &is_of_panics) else {
        return by_imports(program);
    };
    let mut able = Abilities {
        reach: Reach::Nothing,
        knows_place: false,
    };
    // Without the system's libraries.
    if reached.own_calls {
        able = Abilities::ANY;
    }
    for (import, caller) in &reached.imports {
        let reach = match *import {
            name if starts(name) || name.starts_with("git_") => Reach::Programs,
            "getenv" | "secure_getenv" => Reach::Variables,
            name if OF_STD.contains(&name) && is_of_std(caller) => Reach::Nothing,
            name if is_harmless(name) => Reach::Nothing,
            "dlopen" | "dlsym" | "syscall" => Reach::Programs,
            _ => Reach::Files,
        };
        able.reach = able.reach.max(reach);
        able.knows_place |= OF_PLACES.contains(import);
    }
    for name in &reached.own {
        // The arguments of the compiler, and where it found a source.
        const TELL: [&str; 4] = [
            "3env4args",
            "3env7args_os",
            "4Span10local_file",
            "current_exe",
        ];
        able.knows_place |= TELL.iter().any(|tell| name.contains(tell));
    }
    able.knows_place |= able.reach > Reach::Nothing && names_place(program);
    asking_git(able, program)
}

/// The abilities of a program that has the name of git's folder in it, if it reads files: that folder's files are never the same.
fn asking_git(able: Abilities, program: &[u8]) -> Abilities {
    const OTHERS: [&[u8]; 5] = [b"attributes", b"hub", b"ignore", b"lab", b"modules"];
    let is_folder = |at: usize| {
        let rest = &program[at + 4..];
        !OTHERS.iter().any(|other| rest.starts_with(other))
    };
    let reads = able.reach == Reach::Files;
    match reads && memmem::find_iter(program, b".git").any(is_folder) {
        true => Abilities {
            reach: Reach::Programs,
            ..able
        },
        false => able,
    }
}

/// Finds the abilities of a program by its imports alone: std imports most of them to print a panic.
fn by_imports(program: &[u8]) -> Abilities {
    let Ok(file) = object::File::parse(program) else {
        return Abilities::ANY;
    };
    let mut names: BTreeSet<String> = BTreeSet::new();
    for import in file.imports().into_iter().flatten() {
        // A number in place of a name may be any function.
        let Ok(object::NameOrOrdinal::Name(name)) = import.map(|import| import.name()) else {
            return Abilities::ANY;
        };
        names.insert(String::from_utf8_lossy(name).into_owned());
    }
    let starts = names
        .iter()
        .any(|name| starts(name.trim_start_matches('_')));
    match names.is_empty() || starts || names.iter().any(|name| name.starts_with("git_")) {
        true => Abilities::ANY,
        false => {
            let able = Abilities {
                reach: Reach::Files,
                ..Abilities::ANY
            };
            asking_git(able, program)
        }
    }
}

fn is_harmless(import: &str) -> bool {
    let of_a_kind = ["_Unwind_", "pthread_"]
        .iter()
        .any(|kind| import.starts_with(kind));
    of_a_kind || HARMLESS.contains(&import)
}

fn starts(import: &str) -> bool {
    STARTS.iter().any(|start| import.starts_with(start))
}

/// The path of a function by its mangled name in either form, from its crate on, and without the types that it is
/// instantiated for: a function of another crate with one of std's types is not std's.
fn path_of(name: &str) -> &str {
    let whole = |rest: &str| {
        let mut end = 0;
        while let Some(next) = part(&rest[end..]) {
            end += next;
        }
        end
    };
    if let Some(rest) = name.strip_prefix("_ZN") {
        return &rest[..whole(rest)];
    }
    let Some(rest) = name.strip_prefix("_R") else {
        return name;
    };
    let mut starts = rest.match_indices('C').map(|(at, _)| &rest[at + 1..]);
    let found = starts.find(|rest| part(rest).is_some());
    found.map_or("", |rest| &rest[..whole(rest)])
}

/// The names of crates in a mangled name, each with what follows.
fn crates_in(name: &str) -> impl Iterator<Item = &str> {
    let mut rest = name.strip_prefix("_R").unwrap_or_default();
    std::iter::from_fn(move || {
        loop {
            rest = &rest[rest.find('C')? + 1..];
            if let Some(end) = part(rest) {
                let found = rest;
                rest = &rest[end..];
                return Some(found);
            }
        }
    })
}

/// How long the part of a path is with which a text begins: its number among those of one name, its length, itself.
fn part(text: &str) -> Option<usize> {
    let number = match text.strip_prefix('s').and_then(|rest| rest.find('_')) {
        Some(end) => end + 2,
        None => 0,
    };
    let rest = text.get(number..)?;
    let digits = rest.find(|digit: char| !digit.is_ascii_digit())?;
    let length: usize = rest[..digits].parse().ok()?;
    let end = number + digits + usize::from(rest[digits..].starts_with('_')) + length;
    text.is_char_boundary(end).then_some(end)
}

/// Whether a path begins with one of these crates.
fn is_in(path: &str, crates: &[&str]) -> bool {
    let first = part(path).map_or("", |end| &path[..end]);
    crates.iter().any(|name| {
        let own = first.strip_suffix(name);
        let of_type = || first.contains(&format!("_$LT${name}.."));
        own.is_some_and(|own| {
            own.trim_end_matches('_')
                .ends_with(|last: char| last.is_ascii_digit())
        }) || of_type()
    })
}

/// The crates of std, and those that it is made of.
const OF_STD_CRATES: [&str; 6] = ["std", "core", "alloc", "__rustc", "gimli", "addr2line"];

/// Whether a function is std's own, or one for std alone.
fn is_of_std(name: &str) -> bool {
    let alone = || {
        let mut crates = crates_in(name);
        name.contains("_3std") && crates.all(|one| is_in(one, &OF_STD_CRATES))
    };
    is_in(path_of(name), &["std"]) || alone()
}

/// Whether a function of std, or of what std is made of, tells of a panic, is std's way into `main`, or seeds a
/// `HashMap`: what these look at does not come into what is made.
fn is_of_panics(name: &str) -> bool {
    const NAMES: [&str; 17] = [
        "12backtrace_rs",
        "12default_hook",
        "11begin_panic",
        "15panic_with_hook",
        "19lang_start_internal",
        "3sys6random",
        "4addr2line",
        "5gimli",
        "9addr2line",
        "begin_panic_handler",
        "default_alloc_error",
        "handle_alloc_error",
        "panic_cannot_unwind",
        "panic_fmt",
        "panic_nounwind",
        "rust_eh_personality",
        "rust_panic",
    ];
    let path = path_of(name);
    if path == name {
        return ["rust_eh_personality", "rust_panic"].contains(&name);
    }
    // The types that it is instantiated for count too, if they are of std.
    let path = match crates_in(name).all(|one| is_in(one, &OF_STD_CRATES)) {
        true => name,
        false => path,
    };
    // It opens files for others.
    if !is_in(path_of(name), &OF_STD_CRATES) || path.contains("6loader") {
        return false;
    }
    let of_traces = path.contains("3sys9backtrace") && !path.contains("_short_backtrace");
    of_traces || NAMES.iter().any(|part| path.contains(part))
}

/// Whether a program has the name of a variable in it by which Cargo tells where a package lies.
fn names_place(program: &[u8]) -> bool {
    const NAMES: [&[u8]; 5] = [
        b"PWD",
        b"CARGO_MANIFEST_",
        b"CARGO_TARGET_TMPDIR",
        b"CARGO_BIN_EXE",
        b"CARGO_WORKSPACE_DIR",
    ];
    let Ok(file) = object::File::parse(program) else {
        return true;
    };
    file.sections()
        .filter(|section| {
            let kind = section.kind();
            use object::SectionKind::{Data, OtherString, ReadOnlyData, ReadOnlyString};
            // In code, a short name may stand by chance.
            match cfg!(unix) {
                true => matches!(kind, Data | OtherString | ReadOnlyData | ReadOnlyString),
                false => true,
            }
        })
        .any(|section| {
            let data = section.data().unwrap_or_default();
            NAMES.iter().any(|name| memmem::find(data, name).is_some())
        })
}
