//! Files of a donor that are not as they were.
//!
//! One file of each kind is damaged in each way, with the time of the damage and with the old one. The unit is left
//! or compiled again; where the damage cannot be noticed, units that were made from the file before are still right.
//!
//! Damage that cannot be noticed: words in an `output`, or a file in an `OUT_DIR`, that changed and look as old as
//! they were. The libraries that were made with them are taken and are right. But a library that has to be compiled
//! anew then (another `RUSTFLAGS`, a new compiler) is compiled with the damaged file, in the donor just as in the
//! worktree.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::path::Path;
use std::time::SystemTime;

use super::*;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Damage {
    Truncated,
    Emptied,
    Garbage,
    Missing,
    Foreign,
}

/// What a file belongs to.
#[derive(Clone, Copy)]
enum Part {
    /// Cargo's fingerprint of a unit.
    Fingerprint,
    /// The files that a compiler has written of a library or of a procedural macro.
    Artifact,
    /// The program of a build script.
    Program,
    /// The directives that a build script has printed.
    Said,
    /// The other notes of Cargo about its run.
    Noted,
    /// The files that it has written.
    OutDir,
}

use Part::{Artifact, Fingerprint, Noted, OutDir, Program, Said};

/// The package whose file is damaged, the part, and how the file's name begins and ends.
const VICTIMS: [(&str, Part, &str, &str); 16] = [
    ("plain0", Artifact, "libplain0-", ".rlib"),
    ("plain1", Artifact, "libplain1-", ".rmeta"),
    ("plain2", Artifact, "plain2-", ".d"),
    ("plain3", Fingerprint, "lib-plain3", "plain3"),
    ("plain4", Fingerprint, "lib-plain4", ".json"),
    ("plain5", Fingerprint, "dep-lib", ""),
    ("plain6", Fingerprint, "invoked", ""),
    ("plugin", Artifact, DLL_PREFIX, DLL_SUFFIX),
    ("scripted0", Program, "", ""),
    ("scripted1", Said, "", ""),
    ("scripted2", Noted, "root-output", ""),
    ("scripted3", Noted, "stderr", ""),
    ("scripted4", OutDir, "made.rs", ""),
    ("scripted5", Fingerprint, "run-build", "build"),
    ("scripted6", Fingerprint, "run-build", ".json"),
    ("scripted7", Fingerprint, "build-script", "build"),
];

/// The file of a victim.
#[track_caller]
fn file(profile: &Path, (package, part, begins, ends): (&str, Part, &str, &str)) -> PathBuf {
    let out_dir = || profile::out_dirs(profile, package).remove(0);
    let run = || match profile::is_new(profile) {
        true => (out_dir().with_file_name("run"), "stdout"),
        false => (out_dir().with_file_name(""), "output"),
    };
    let mut found = match part {
        Fingerprint => {
            let mut prints = profile::fingerprints(profile);
            prints.retain(|(of, _)| of == package);
            prints
                .iter()
                .flat_map(|(_, folder)| files(folder))
                .collect()
        }
        Artifact => profile::artifacts(profile),
        Program => profile::script_programs(profile, package),
        Said => vec![run().0.join(run().1)],
        Noted => vec![run().0.join(begins)],
        OutDir => files(&out_dir()),
    };
    found.retain(|path| {
        let name = path.file_name().expect("a name").to_string_lossy();
        name.starts_with(begins) && name.ends_with(ends)
    });
    assert_eq!(found.len(), 1, "{package}: {found:?}");
    found.remove(0)
}

/// Damages a file. With `old`, it and its folder then look as old as before.
fn damage(file: &Path, how: Damage, old: bool) {
    let folder = file.parent().expect("a folder");
    let time = |path: &Path| path.metadata().expect("there").modified().expect("a time");
    let times = (time(file), time(folder));
    let content = fs::read(file).expect("a file");
    // Beside a file that is one of many, what belongs to the same unit has its hash in the name.
    let foreign = match folder.ends_with("deps") {
        true => file.with_extension("foreign"),
        false => folder.join("foreign"),
    };
    match how {
        Damage::Truncated => fs::write(file, &content[..content.len() / 2]).expect("written"),
        Damage::Emptied => fs::write(file, "").expect("written"),
        Damage::Garbage => fs::write(file, vec![0xa5; content.len().max(7)]).expect("written"),
        Damage::Missing => fs::remove_file(file).expect("removed"),
        Damage::Foreign => fs::write(&foreign, "foreign").expect("written"),
    }
    if old {
        let set = |path: &Path, time: SystemTime| {
            if let Ok(open) = fs::File::open(path) {
                open.set_modified(time).expect("a time");
            }
        };
        set(file, times.0);
        set(&foreign, times.0);
        set(folder, times.1);
    }
}

/// Damages one file of each kind, warms and builds.
fn all_at_once(how: Damage, old: bool) {
    let sandbox = start("large");
    let profile = sandbox.path("pika/target/debug");
    for victim in VICTIMS {
        damage(&file(&profile, victim), how, old);
    }
    let answer = warm(&sandbox, "beside", &[]);
    let left = answer["plan"]["actions"][0]["left"].as_array();
    let left = left.unwrap_or_else(|| panic!("nothing to do: {answer}"));
    let of = |package: &str| left.iter().any(|unit| unit["package"] == package);
    let harmless = how == Damage::Foreign && old;
    assert!(
        of("all") || harmless,
        "it depends on all of them: {how:?} {old}\n{answer}"
    );
    if how == Damage::Foreign {
        assert!(harmless || of("plain0"), "newer than the unit: {answer}");
    } else if how != Damage::Missing {
        for victim in ["plain0", "plain1", "plugin", "scripted0"] {
            assert!(of(victim), "{victim}, {how:?} {old}: {answer}");
        }
    }
    let first = build(&sandbox, "beside", "large");
    assert!(first.contains(&"app".into()), "{first:?}");
    assert_eq!(build(&sandbox, "beside", "large"), Vec::<String>::new());
}

macro_rules! damages {
    ($($name:ident: $how:ident, $old:literal;)*) => {
        $(#[test]
        fn $name() {
            all_at_once(Damage::$how, $old);
        })*
    };
}

damages! {
    truncated: Truncated, false;
    truncated_and_as_old_as_before: Truncated, true;
    emptied: Emptied, false;
    emptied_and_as_old_as_before: Emptied, true;
    garbage: Garbage, false;
    garbage_as_old_as_before: Garbage, true;
    missing: Missing, false;
    missing_without_a_trace: Missing, true;
    something_foreign: Foreign, false;
    something_foreign_as_old_as_the_rest: Foreign, true;
}
