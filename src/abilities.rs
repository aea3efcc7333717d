//! What a build script or a procedural macro can look at, by what its program can call.
//!
//! A crate is made of its sources, its manifest and its dependencies, and these can be compared. A build script or a
//! macro is a program that runs while the crate is compiled: it may read any file, ask for variables, list folders and
//! start other programs, and tells Cargo of it or does not. What a program never calls, it does not do. All that it can
//! do at all comes down to functions of the system's libraries, so that those which it can reach tell what it may have
//! looked at. Where that cannot be found out, it may have looked at anything.

mod calls;

use std::collections::BTreeSet;

use memchr::memmem;
use object::{Object as _, ObjectSection as _};

/// What a program can look at, the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Nothing but what it is given.
    Nothing,
    /// Single variables of the environment.
    Variables,
    /// Files and folders.
    Files,
    /// Whatever other programs look at, which it can start.
    Programs,
}

/// What a program can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Abilities {
    /// What it can look at.
    pub reach: Reach,
    /// It can learn in which folder it works, otherwise than by where its `OUT_DIR` is.
    pub knows_place: bool,
}

impl Abilities {
    /// Those of a program of which nothing is known.
    pub const ANY: Self = Self {
        reach: Reach::Programs,
        knows_place: true,
    };

    /// What either of two can do.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            reach: self.reach.max(other.reach),
            knows_place: self.knows_place || other.knows_place,
        }
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
const OF_PLACES: [&str; 6] = [
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

/// What a build script or a procedural macro can do, by its program.
#[must_use]
pub fn of(program: &[u8]) -> Abilities {
    let Some(reached) = calls::reached(program, &is_of_panics) else {
        return by_imports(program);
    };
    let mut able = Abilities {
        reach: Reach::Nothing,
        knows_place: false,
    };
    for (import, caller) in &reached.imports {
        let reach = match *import {
            name if starts(name) => Reach::Programs,
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
        // Without the system's libraries.
        if name.contains("linux_raw") {
            able.reach = able.reach.max(Reach::Files);
        }
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
    able
}

/// What a program can do, by nothing but which functions it imports: most are there for what is printed in a panic.
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
    match names.is_empty() || starts {
        true => Abilities::ANY,
        false => Abilities {
            reach: Reach::Files,
            ..Abilities::ANY
        },
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

/// Whether a function is std's own, by its mangled name in either form.
fn is_of_std(name: &str) -> bool {
    name.contains("_3std") || name.contains("_ZN3std")
}

/// Whether a function tells of a panic, is std's way into `main`, or seeds a `HashMap`: what these look at does not
/// come into what is made.
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
    let of_traces = name.contains("3sys9backtrace") && !name.contains("_short_backtrace");
    of_traces || NAMES.iter().any(|part| name.contains(part))
}

/// Whether a program has the name of a variable in it by which Cargo tells where a package lies.
fn names_place(program: &[u8]) -> bool {
    const NAMES: [&[u8]; 4] = [
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
            !matches!(
                kind,
                object::SectionKind::Debug | object::SectionKind::DebugString
            )
        })
        .any(|section| {
            let data = section.data().unwrap_or_default();
            NAMES.iter().any(|name| memmem::find(data, name).is_some())
        })
}
