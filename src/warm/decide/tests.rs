pub(crate) mod there;

use std::cell::Cell;

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::target::unit_file::{Role, UnitFile};

/// A moment.
fn at(second: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1_000_000 + second)
}

fn hash(number: u64) -> String {
    format!("{number:016x}")
}

fn id(number: u64) -> UnitId {
    UnitId {
        profile: "debug".into(),
        hash: hash(number),
    }
}

fn role(path: &str) -> Role {
    let part = layout::in_profile(path.as_ref(), "debug", layout::part);
    part.map(|part| part.role(false)).unwrap_or_default()
}

fn file(path: String, sharing: Sharing, second: i64) -> UnitFile {
    thread_local!(static NEXT: Cell<u64> = const { Cell::new(0) });
    let inode = NEXT.replace(NEXT.get() + 1);
    UnitFile {
        role: role(&path),
        path: path.into(),
        sharing,
        length: Bytes(if sharing == Sharing::Folder { 0 } else { 100 }),
        on_disk: Bytes(4096),
        links: 1,
        identity: Identity { device: 1, inode },
        modified: Some(at(second)).into(),
        changed: None.into(),
    }
}

/// A library from a registry that was compiled in the second of its number, unless a test says otherwise.
fn unit(number: u64, dependencies: &[u64]) -> Unit {
    built(number, dependencies, i64::try_from(number).expect("small"))
}

fn built(number: u64, dependencies: &[u64], second: i64) -> Unit {
    let (name, hash) = (format!("p{number}"), hash(number));
    Unit {
        package: Some(name.clone()),
        version: Some("1.0.0".into()),
        source: Source::Registry {
            registry: "r".into(),
        },
        targets: vec![format!("lib-{name}")],
        fingerprints: vec![number],
        dependencies: dependencies.iter().map(|number| id(*number)).collect(),
        files: vec![
            file(
                format!("debug/.fingerprint/{name}-{hash}"),
                Sharing::Folder,
                second + 1,
            ),
            file(
                format!("debug/.fingerprint/{name}-{hash}/lib-{name}"),
                Sharing::Copy,
                second + 1,
            ),
            file(
                format!("debug/deps/lib{name}-{hash}.rlib"),
                Sharing::Link,
                second,
            ),
            file(
                format!("debug/deps/lib{name}-{hash}.rmeta"),
                Sharing::Link,
                second,
            ),
            file(
                format!("debug/deps/{name}-{hash}.d"),
                Sharing::Copy,
                second + 1,
            ),
        ],
        ..Unit::sample("debug", &hash, UnitKind::Library)
    }
}

fn local(unit: Unit) -> Unit {
    Unit {
        source: Source::Local,
        version: None,
        ..unit
    }
}

/// The rest of a build that did not come to its end.
fn rest(unit: Unit) -> Unit {
    Unit {
        kind: UnitKind::Unknown {
            why: "its build has failed or not finished".into(),
        },
        unfinished: true,
        ..unit
    }
}

fn inventory(folder: &str, units: Vec<Unit>) -> Inventory {
    Inventory {
        folder: folder.into(),
        units,
        ..Inventory::default()
    }
}

/// Chooses from these units for a folder that has those.
fn chosen(donor: Vec<Unit>, here: Vec<Unit>, lock: Option<&Lock>) -> WarmFolder {
    let donor = inventory("/donor", donor);
    let flaws = BTreeMap::new();
    let offer = DonorView {
        rustc: None,
        donor: &donor,
        lock,
        flaws: &flaws,
        locals: &Locals::default(),
        programs: true,
        links_programs: true,
    };
    choose(offer, &DestinationUnits::of(&inventory("/here", here)))
}

/// The packages that are taken, in order.
fn taken(warm: &WarmFolder) -> Vec<&str> {
    warm.units
        .iter()
        .map(|unit| unit.package.as_str())
        .collect()
}

/// Why a package is left.
#[track_caller]
fn reason<'a>(warm: &'a WarmFolder, package: &str) -> &'a LeftReason {
    let left = warm.left.iter().find(|left| left.package == package);
    &left
        .unwrap_or_else(|| panic!("{package} is not left: {warm:?}"))
        .reason
}

fn depends_on(root: &str, because: LeftReason) -> LeftReason {
    LeftReason::DependsOn {
        root: root.into(),
        because: Box::new(because),
    }
}

/// R1: what was compiled with a local package, however far below, is left, and the package at the root is named.
#[test]
fn a_local_package_anywhere_below() {
    let donor = vec![
        local(unit(1, &[])),
        unit(2, &[1]),
        unit(3, &[2]),
        unit(4, &[3, 5]),
        unit(5, &[]),
        unit(6, &[5]),
    ];
    let warm = chosen(donor, Vec::new(), None);
    assert_eq!(taken(&warm), ["p5", "p6"]);
    assert_eq!(reason(&warm, "p1"), &LeftReason::Local);
    for package in ["p2", "p3", "p4"] {
        let expected = depends_on("p1", LeftReason::Local);
        assert_eq!(reason(&warm, package), &expected, "{package}");
    }
    assert_eq!(warm.left.len() + warm.units.len(), 6, "each stands once");
}

/// Units that the lock file does not name are left, with all that depends on them; without a lock file, or when all
/// units are asked for, none is left.
#[test]
fn only_what_is_locked() {
    let lock = "[[package]]\nname = \"p1\"\nversion = \"2.0.0\"\nsource = \"registry+x\"\n\
                [[package]]\nname = \"p2\"\nversion = \"1.0.0\"\nsource = \"registry+x\"\n\
                [[package]]\nname = \"p3\"\nversion = \"1.0.0\"\nsource = \"registry+x\"\n";
    let lock = Lock::parse(lock).expect("valid");
    let donor = vec![unit(1, &[]), unit(2, &[1]), unit(3, &[]), unit(4, &[])];
    let warm = chosen(donor.clone(), Vec::new(), Some(&lock));
    assert_eq!(taken(&warm), ["p3"]);
    assert_eq!(reason(&warm, "p1"), &LeftReason::NotLocked);
    let expected = depends_on("p1", LeftReason::NotLocked);
    assert_eq!(reason(&warm, "p2"), &expected);
    assert_eq!(reason(&warm, "p4"), &LeftReason::NotLocked);
    let all = chosen(donor, Vec::new(), None);
    assert_eq!(taken(&all), ["p1", "p2", "p3", "p4"]);
}

/// Units that are never shared because of what they are.
#[test]
fn what_is_left_by_itself() {
    let of = |kind: UnitKind| Unit {
        kind,
        ..unit(1, &[])
    };
    let unknown = |why: &str| LeftReason::Unknown { why: why.into() };
    let missing = LeftReason::Incomplete {
        missing: "gone".into(),
    };
    let cases = [
        (of(UnitKind::Unknown { why: "odd".into() }), unknown("odd")),
        (of(UnitKind::Doc), LeftReason::Documentation),
        (of(UnitKind::Program), LeftReason::Program),
        (of(UnitKind::Test), LeftReason::Program),
        (of(UnitKind::Bench), LeftReason::Program),
        (of(UnitKind::Example), LeftReason::Program),
        (
            Unit {
                source: Source::Unknown,
                ..unit(1, &[])
            },
            unknown("the source of its package is unknown"),
        ),
        (
            Unit {
                targets: vec!["doc-lib-p1".into(), "lib-p1".into()],
                ..unit(1, &[])
            },
            unknown("it contains several targets"),
        ),
        (
            Unit {
                missing: vec!["gone".into()],
                ..unit(1, &[])
            },
            missing,
        ),
    ];
    for (unit, expected) in cases {
        let warm = chosen(vec![unit], Vec::new(), None);
        assert_eq!(reason(&warm, "p1"), &expected);
        assert!(warm.units.is_empty());
    }
    for kind in [
        UnitKind::Library,
        UnitKind::ProcMacro,
        UnitKind::BuildScript,
        UnitKind::BuildScriptRun,
    ] {
        assert_eq!(taken(&chosen(vec![of(kind)], Vec::new(), None)), ["p1"]);
    }
}

/// A dependency that the donor does not have at all.
#[test]
fn a_dependency_that_is_not_there() {
    let warm = chosen(vec![unit(2, &[1]), unit(3, &[2])], Vec::new(), None);
    let missing = LeftReason::Incomplete {
        missing: id(1).to_string(),
    };
    assert_eq!(reason(&warm, "p2"), &missing);
    assert_eq!(reason(&warm, "p3"), &depends_on("p2", missing));
}

/// A flaw that an inspection found is a reason like any other, for dependents too.
#[test]
fn a_flaw() {
    let donor = inventory("/donor", vec![unit(1, &[]), unit(2, &[1]), unit(3, &[])]);
    let flaws = BTreeMap::from([(id(1), LeftReason::SourcesInside)]);
    let offer = DonorView {
        rustc: None,
        donor: &donor,
        lock: None,
        flaws: &flaws,
        locals: &Locals::default(),
        programs: true,
        links_programs: true,
    };
    let warm = choose(offer, &DestinationUnits::default());
    assert_eq!(taken(&warm), ["p3"]);
    assert_eq!(
        reason(&warm, "p2"),
        &depends_on("p1", LeftReason::SourcesInside)
    );
}

/// Cargo compiles a unit again whose dependency is newer, but not one that is as old.
#[test]
fn a_newer_dependency_in_the_donor() {
    let warm = chosen(
        vec![built(1, &[], 10), built(2, &[1], 10)],
        Vec::new(),
        None,
    );
    assert_eq!(taken(&warm), ["p1", "p2"], "equal times are fresh");
    let donor = vec![built(1, &[], 11), built(2, &[1], 10), built(3, &[2], 20)];
    let warm = chosen(donor, Vec::new(), None);
    assert_eq!(taken(&warm), ["p1"]);
    assert_eq!(reason(&warm, "p2"), &LeftReason::Stale);
    assert_eq!(reason(&warm, "p3"), &depends_on("p2", LeftReason::Stale));
    // A library needs only the metadata of another one, while a macro, being linked, needs it whole.
    let mut slow = built(1, &[], 9);
    let library = slow
        .files
        .iter_mut()
        .find(|file| file.path.extension().is_some_and(|end| end == "rlib"));
    library.expect("a library").modified = Some(at(15)).into();
    let plugin = Unit {
        kind: UnitKind::ProcMacro,
        ..built(3, &[1], 10)
    };
    let warm = chosen(vec![slow, built(2, &[1], 10), plugin], Vec::new(), None);
    assert_eq!(taken(&warm), ["p1", "p2"]);
    assert_eq!(reason(&warm, "p3"), &LeftReason::Stale);
    // The list of sources and the fingerprint are no outputs: they are a second newer.
    let warm = chosen(vec![built(1, &[], 9), built(2, &[1], 9)], Vec::new(), None);
    assert_eq!(taken(&warm), ["p1", "p2"]);
}

/// No build makes these, but files say anything.
#[test]
fn units_that_depend_on_each_other() {
    let warm = chosen(
        vec![unit(1, &[2]), unit(2, &[1]), unit(3, &[3]), unit(4, &[])],
        Vec::new(),
        None,
    );
    assert_eq!(taken(&warm), ["p4"]);
    for package in ["p1", "p2", "p3"] {
        let root = reason(&warm, package).root();
        assert!(matches!(root, LeftReason::Unknown { .. }), "{root:?}");
    }
}

/// Dependencies come first, whatever the order in the inventory; and of a unit the fingerprint last.
#[test]
fn the_order() {
    let donor = vec![unit(4, &[3, 2]), unit(3, &[1]), unit(2, &[]), unit(1, &[])];
    let donor = donor.into_iter().map(|unit| {
        let mut files = unit.files;
        for file in &mut files {
            file.modified = Some(at(0)).into();
        }
        Unit { files, ..unit }
    });
    let warm = chosen(donor.collect(), Vec::new(), None);
    assert_eq!(taken(&warm), ["p1", "p3", "p2", "p4"]);
    for unit in &warm.units {
        let mut entries = unit.entries.iter().map(|entry| entry.display().to_string());
        let last = entries.next_back().expect("entries");
        assert!(last.starts_with("debug/.fingerprint/p"), "{last}");
        assert_eq!(entries.clone().count(), 3);
        assert!(entries.all(|entry| entry.starts_with("debug/deps/")));
    }
}

/// In the new layout a unit is one folder, and moved as one.
#[test]
fn the_new_layout() {
    let hash = hash(1);
    let path = |rest: &str| format!("debug/build/p1/{hash}{rest}");
    let new = Unit {
        files: vec![
            file(path(""), Sharing::Folder, 1),
            file(path("/fingerprint"), Sharing::Folder, 1),
            file(path("/fingerprint/lib-p1"), Sharing::Copy, 2),
            file(path("/out"), Sharing::Folder, 1),
            file(path("/out/libp1.rlib"), Sharing::Link, 1),
        ],
        ..unit(1, &[])
    };
    assert_eq!(Times::of(&new).newest, Some(at(1)));
    let warm = chosen(vec![new], Vec::new(), None);
    assert_eq!(warm.units[0].entries, [PathBuf::from(path(""))]);
}

/// Bytes that are linked, and the space of what is copied: a file with two links is copied once, unless the other link is
/// another unit's.
#[test]
fn what_it_costs() {
    let warm = chosen(vec![unit(1, &[])], Vec::new(), None);
    // The fingerprint, its folder and the list of sources.
    assert_eq!((warm.linkable, warm.copied), (Bytes(200), Bytes(3 * 4096)));
    let script = |number: u64| {
        let hash = hash(number);
        let path = |name: &str| format!("debug/build/p{number}-{hash}/{name}");
        let program = UnitFile {
            links: 2,
            ..file(path("build-script-build"), Sharing::Copy, 1)
        };
        let other = UnitFile {
            path: path(&format!("build_script_build-{hash}")).into(),
            ..program.clone()
        };
        Unit {
            kind: UnitKind::BuildScript,
            files: vec![program, other],
            ..unit(number, &[])
        }
    };
    let warm = chosen(vec![script(1), script(2)], Vec::new(), None);
    assert_eq!((warm.linkable, warm.copied), (Bytes(0), Bytes(2 * 4096)));
}
