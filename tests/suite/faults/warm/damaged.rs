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

/// The package whose file is damaged, the folder in the profile folder, and how the file's name begins and ends.
const VICTIMS: [(&str, &str, &str, &str); 16] = [
    ("plain0", "deps", "libplain0-", ".rlib"),
    ("plain1", "deps", "libplain1-", ".rmeta"),
    ("plain2", "deps", "plain2-", ".d"),
    ("plain3", ".fingerprint/plain3-", "lib-plain3", "plain3"),
    ("plain4", ".fingerprint/plain4-", "lib-plain4", ".json"),
    ("plain5", ".fingerprint/plain5-", "dep-lib", ""),
    ("plain6", ".fingerprint/plain6-", "invoked", ""),
    ("plugin", "deps", DLL_PREFIX, DLL_SUFFIX),
    ("scripted0", "build/scripted0-", "build-script-build", ""),
    ("scripted1", "build/scripted1-", "output", ""),
    ("scripted2", "build/scripted2-", "root-output", ""),
    ("scripted3", "build/scripted3-", "stderr", ""),
    ("scripted4", "build/scripted4-", "made.rs", ""),
    ("scripted5", ".fingerprint/scripted5-", "run-build", "build"),
    ("scripted6", ".fingerprint/scripted6-", "run-build", ".json"),
    (
        "scripted7",
        ".fingerprint/scripted7-",
        "build-script",
        "build",
    ),
];

/// The file of a victim.
#[track_caller]
fn file(profile: &Path, (package, folder, begins, ends): (&str, &str, &str, &str)) -> PathBuf {
    let all = files(profile);
    let mut found = all.iter().filter(|path| {
        let name = path.file_name().expect("a name").to_string_lossy();
        let inside = path.strip_prefix(profile).expect("inside");
        inside.to_string_lossy().starts_with(folder)
            && name.starts_with(begins)
            && name.ends_with(ends)
    });
    let file = found
        .next()
        .unwrap_or_else(|| panic!("no file of {package}"))
        .clone();
    assert_eq!(found.next(), None, "{package}");
    file
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
