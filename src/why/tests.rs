use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::audit::model::Difference;
use crate::cargo::lockfile::Lock;
use crate::fs::model::Identity;
use crate::plan::left::LeftReason;
use crate::size::Bytes;
use crate::target::fingerprint::differences::FieldDifference;
use crate::target::unit::{Inventory, Source, Unit, UnitId, UnitKind};
use crate::target::unit_file::{Role, Sharing, UnitFile};
use crate::warm::decide::Relation;
use crate::why::decide::{DonorFacts, Facts, explain};
use crate::why::model::{Cause, ComparedFolder, ExplainedUnit, PackageDifference, UnitDifference};
use crate::why::question::question;
use crate::why::session::{self, Origin, Span};

/// A moment.
fn at(second: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1_000_000 + second)
}

fn file(path: String, sharing: Sharing, modified: Timestamp, changed: Timestamp) -> UnitFile {
    UnitFile {
        path: path.into(),
        sharing,
        role: Role::Fingerprint,
        length: Bytes(1),
        on_disk: Bytes(1),
        links: 1,
        identity: Identity::default(),
        modified: Some(modified).into(),
        changed: Some(changed).into(),
    }
}

/// A library that was compiled from one second to another. Its hash is that of its name.
fn unit(name: &str, began: i64, ended: i64) -> Unit {
    let print = format!("debug/.fingerprint/{name}-0000000000000000");
    let end = at(ended);
    let stamp = at(began);
    Unit {
        package: Some(name.into()),
        version: Some("1.0.0".into()),
        source: Source::Registry {
            registry: "r".into(),
        },
        targets: vec![format!("lib-{name}")],
        fingerprints: vec![u64::from(name.as_bytes()[0])],
        rustc: Some(1),
        settings: Some(1),
        files: vec![
            file(print.clone(), Sharing::Folder, end, end),
            file(
                format!("{print}/invoked.timestamp"),
                Sharing::Copy,
                stamp,
                stamp,
            ),
            file(format!("{print}/dep-lib-{name}"), Sharing::Copy, stamp, end),
            file(format!("{print}/lib-{name}"), Sharing::Copy, end, end),
            file(format!("{print}/lib-{name}.json"), Sharing::Copy, end, end),
        ],
        ..Unit::sample("debug", name, UnitKind::Library)
    }
}

fn id(name: &str) -> UnitId {
    UnitId {
        profile: "debug".into(),
        hash: name.into(),
    }
}

/// The same unit with dependencies.
fn with(unit: Unit, dependencies: &[&str]) -> Unit {
    Unit {
        dependencies: dependencies.iter().map(|name| id(name)).collect(),
        ..unit
    }
}

/// The same unit, put there as a copy that keeps times, at this second.
fn put(mut unit: Unit, second: i64) -> Unit {
    for file in &mut unit.files {
        file.changed = Some(at(second)).into();
    }
    unit
}

fn inventory(folder: &str, units: Vec<Unit>) -> Inventory {
    Inventory {
        folder: folder.into(),
        units,
        ..Inventory::default()
    }
}

fn donor(inventory: &Inventory, relation: Relation) -> DonorFacts<'_> {
    DonorFacts {
        folder: ComparedFolder {
            folder: inventory.folder.clone(),
            relation,
            workspace: None,
        },
        inventory,
        rules: BTreeMap::new(),
        fields: BTreeMap::new(),
    }
}

fn facts<'a>(there: &'a Inventory, donors: Vec<DonorFacts<'a>>) -> Facts<'a> {
    Facts {
        there,
        lock: None,
        changed: BTreeMap::new(),
        donors,
        others: Vec::new(),
        compilers: BTreeMap::new(),
        no_rules: None,
    }
}

fn explained(facts: &Facts<'_>) -> Vec<ExplainedUnit> {
    explain(facts, &question(facts.there, &BTreeSet::new(), None, None))
}

/// The cause of the only unit that was compiled, or of the first.
fn cause(facts: &Facts<'_>) -> Cause {
    explained(facts).first().expect("a unit").cause.clone()
}

#[test]
fn how_a_unit_came_to_be_there() {
    let (began, ended) = (at(1), at(2));
    let compiled = unit("a", 1, 2);
    let span = Span { began, ended };
    assert_eq!(session::origin(&compiled, false), Origin::Compiled(span));
    assert_eq!(session::origin(&compiled, true), Origin::Put(ended));
    let copied = put(unit("a", 1, 2), 9);
    assert_eq!(session::origin(&copied, false), Origin::Put(at(9)));
    assert_eq!(session::there_since(&copied), Some(at(9)));
    let turned = unit("a", 2, 1);
    assert_eq!(session::origin(&turned, false), Origin::Unknown);
    let mut bare = unit("a", 1, 2);
    bare.files.clear();
    assert_eq!(session::origin(&bare, false), Origin::Unknown);
}

#[test]
fn a_unit_that_was_there_before() {
    let mut unit = unit("a", 5, 6);
    assert_eq!(session::before(&unit, at(5)), None);
    unit.files[0].modified = Some(at(2)).into();
    assert_eq!(session::before(&unit, at(5)), Some(at(2)));
    // In the new layout the folder around it tells, which Cargo makes a moment before it starts the compiler.
    let around = "debug/build/a/0000000000000000";
    for file in &mut unit.files {
        let name = file.name().into_owned();
        file.path = match file.sharing {
            Sharing::Folder => format!("{around}/fingerprint").into(),
            _ => format!("{around}/fingerprint/{name}").into(),
        };
    }
    unit.files[0].modified = Some(at(6)).into();
    let folder = |second| file(around.into(), Sharing::Folder, at(second), at(second));
    unit.files.push(folder(4));
    assert_eq!(session::before(&unit, at(5)), None);
    unit.files.pop();
    unit.files.push(folder(1));
    assert_eq!(session::before(&unit, at(5)), Some(at(1)));
}

#[test]
fn builds_are_told_apart_by_pauses() {
    let span = |began: i64, ended: i64| {
        let (began, ended) = (at(began), at(ended));
        Some(Span { began, ended })
    };
    assert_eq!(session::last(&[None, None]), None);
    // The long one covers the pause between the others.
    let all = [
        span(0, 10),
        span(20, 22),
        span(40, 41),
        None,
        span(21, 45),
        span(23, 24),
    ];
    let (build, units) = session::last(&all).expect("a build");
    assert_eq!((build.began, build.ended), (at(20), at(45)));
    assert_eq!(units, [1, 2, 4, 5]);
}

#[test]
fn nothing_to_share_with() {
    let there = inventory("/t", vec![unit("a", 1, 2)]);
    assert_eq!(cause(&facts(&there, Vec::new())), Cause::Alone);
    let lock = |text: &str| Some(Lock::parse(text).expect("a lock"));
    let named = |version: &str| {
        format!("[[package]]\nname = \"a\"\nversion = \"{version}\"\nsource = \"registry+r\"\n")
    };
    let with = |locks: Vec<Option<Lock>>| Facts {
        others: locks.into_iter().map(|lock| ("/o".into(), lock)).collect(),
        ..facts(&there, Vec::new())
    };
    assert_eq!(cause(&with(vec![lock("")])), Cause::OnlyHere);
    let not_built = |named_by: &[&str]| Cause::NotBuiltElsewhere {
        named_by: named_by.iter().map(Into::into).collect(),
        others_in: None,
    };
    assert_eq!(
        cause(&with(vec![lock(""), lock(&named("1.0.0"))])),
        not_built(&["/o"])
    );
    // Of another version.
    assert_eq!(cause(&with(vec![lock(&named("9.0.0"))])), not_built(&[]));
    // Without its `Cargo.lock` it is unknown that it has none.
    assert_eq!(cause(&with(vec![None])), not_built(&[]));
}

#[test]
fn the_nearest_other_unit() {
    let own = Unit {
        features: vec!["std".into()],
        ..unit("a", 1, 2)
    };
    let other = |hash: &str, version: &str, rustc: u64| Unit {
        version: Some(version.into()),
        rustc: Some(rustc),
        id: id(hash),
        ..unit("a", 1, 2)
    };
    let there = inventory("/t", vec![own]);
    let far = inventory("/far", vec![other("x", "2.0.0", 1)]);
    let near = inventory("/near", vec![other("y", "1.0.0", 2)]);
    let mut given = facts(
        &there,
        vec![
            donor(&far, Relation::Family),
            donor(&near, Relation::Stranger),
        ],
    );
    given.compilers.insert(2, "rustc 2".into());
    let found = cause(&given);
    let Cause::OtherUnit {
        nearest,
        id: other_id,
        differences,
    } = found
    else {
        panic!("{found:?}");
    };
    assert_eq!(nearest.folder.to_str(), Some("/near"));
    assert_eq!(other_id, id("y"));
    let expected = [
        UnitDifference::Unit(Difference::Compiler {
            from: Some("rustc 2".into()),
            to: None,
        }),
        UnitDifference::Unit(Difference::Features {
            more: vec!["std".into()],
            less: Vec::new(),
        }),
    ];
    assert_eq!(differences, expected);
    // Differences that follow from the version are not named.
    let found = cause(&facts(&there, vec![donor(&far, Relation::Family)]));
    let version = PackageDifference::Version {
        from: "2.0.0".into(),
        to: "1.0.0".into(),
    };
    let expected = [UnitDifference::Package(version)];
    assert!(matches!(found, Cause::OtherUnit { differences, .. } if differences == expected));
}

/// Of units that differ in one thing, one that another command made is farther away, in whatever order they are found.
#[test]
fn a_unit_of_another_command_is_farther() {
    let checked = Unit {
        id: id("x"),
        files: vec![file(
            "debug/deps/liba.rmeta".into(),
            Sharing::Link,
            at(1),
            at(1),
        )],
        ..unit("a", 1, 2)
    };
    let other = Unit {
        id: id("y"),
        rustflags: vec!["-Cx".into()],
        ..unit("a", 1, 2)
    };
    let there = inventory("/t", vec![unit("a", 1, 2)]);
    for units in [[checked.clone(), other.clone()], [other, checked]] {
        let near = inventory("/o", units.to_vec());
        let found = cause(&facts(&there, vec![donor(&near, Relation::Family)]));
        assert!(
            matches!(&found, Cause::OtherUnit { id: of, .. } if *of == id("y")),
            "{found:?}"
        );
    }
}

#[test]
fn local_packages_of_strangers_are_others() {
    let local = || Unit {
        source: Source::Local,
        version: None,
        ..unit("a", 1, 2)
    };
    let there = inventory("/t", vec![local()]);
    let other = Unit {
        id: id("x"),
        ..local()
    };
    let other = inventory("/o", vec![other]);
    let found = cause(&facts(&there, vec![donor(&other, Relation::Stranger)]));
    assert!(
        matches!(found, Cause::NotBuiltElsewhere { .. }),
        "{found:?}"
    );
    let found = cause(&facts(&there, vec![donor(&other, Relation::Family)]));
    assert!(matches!(found, Cause::OtherUnit { .. }), "{found:?}");
}

#[test]
fn what_the_rules_say() {
    let there = inventory("/t", vec![unit("a", 10, 11)]);
    let early = inventory("/early", vec![unit("a", 1, 2)]);
    let late = inventory("/late", vec![unit("a", 20, 21)]);
    let with = |inventory, rule: Result<(), LeftReason>| DonorFacts {
        rules: BTreeMap::from([(id("a"), rule)]),
        ..donor(inventory, Relation::Family)
    };
    let found = cause(&facts(&there, vec![with(&late, Ok(()))]));
    assert!(matches!(found, Cause::BuiltLater { .. }), "{found:?}");
    let found = cause(&facts(
        &there,
        vec![with(&late, Ok(())), with(&early, Ok(()))],
    ));
    assert!(matches!(found, Cause::NotWarmed { .. }), "{found:?}");
    let left = || Err(LeftReason::Stale);
    let found = cause(&facts(&there, vec![with(&early, left())]));
    assert!(matches!(found, Cause::Left { .. }), "{found:?}");
    let found = cause(&facts(&there, vec![with(&late, left())]));
    assert!(matches!(found, Cause::BuiltLater { .. }), "{found:?}");
    let because = Box::new(LeftReason::SourceDiffers {
        file: "src/lib.rs".into(),
    });
    let root = "core".to_owned();
    let left = Err(LeftReason::DependsOn { root, because });
    let found = cause(&facts(&there, vec![with(&early, left)]));
    let Cause::Dependency { package, because } = found else {
        panic!("{found:?}");
    };
    assert_eq!(package, "core");
    assert!(matches!(*because, Cause::SourceDiffers { .. }));
    // Rules that were not asked say nothing.
    let found = cause(&facts(&there, vec![donor(&early, Relation::Family)]));
    assert!(matches!(found, Cause::Unknown { .. }), "{found:?}");
}

#[test]
fn a_folder_that_was_warmed() {
    let there = inventory("/t", vec![unit("a", 10, 11), put(unit("b", 1, 2), 5)]);
    let other = inventory("/o", vec![unit("a", 1, 2)]);
    let given = DonorFacts {
        rules: BTreeMap::from([(id("a"), Ok(()))]),
        ..donor(&other, Relation::Family)
    };
    let found = cause(&facts(&there, vec![given]));
    let Cause::NotWarmed {
        there_since,
        warmed,
        ..
    } = found
    else {
        panic!("{found:?}");
    };
    assert_eq!((there_since, warmed), (Some(at(2)), Some(at(5))));
}

#[test]
fn fingerprints_are_followed_to_the_root() {
    let units = |at| {
        vec![
            unit("a", at, at + 1),
            with(unit("b", at + 1, at + 2), &["a"]),
        ]
    };
    let there = inventory("/t", units(30));
    let other = inventory("/o", units(3));
    let dependency = |here: u64| FieldDifference::Dependency {
        name: "a".into(),
        here: Some(here),
        there: Some(7),
    };
    let variable = FieldDifference::Variable { name: "CC".into() };
    let given = |fields: Vec<(&str, Vec<FieldDifference>)>| DonorFacts {
        rules: BTreeMap::from([(id("a"), Ok(())), (id("b"), Ok(()))]),
        fields: fields
            .into_iter()
            .map(|(name, fields)| (id(name), Ok(fields)))
            .collect(),
        ..donor(&other, Relation::Family)
    };
    let of_b = |fields| {
        explained(&facts(&there, vec![given(fields)]))[1]
            .cause
            .clone()
    };
    let a = u64::from(b'a');
    let found = of_b(vec![
        ("a", vec![variable.clone()]),
        ("b", vec![dependency(a)]),
    ]);
    let Cause::Dependency { package, because } = found else {
        panic!("{found:?}");
    };
    assert_eq!(package, "a");
    assert!(
        matches!(*because, Cause::OtherFingerprint { differences, .. } if differences == [variable])
    );
    // The state of the sources is each worktree's own.
    let soft = vec![FieldDifference::SourceState];
    let found = of_b(vec![("a", soft), ("b", vec![dependency(a)])]);
    assert!(matches!(found, Cause::NotWarmed { .. }), "{found:?}");
    // A dependency that is not there any more.
    let found = of_b(vec![("b", vec![dependency(99)])]);
    assert!(matches!(found, Cause::OtherFingerprint { .. }), "{found:?}");
    // A chain that leads back to itself ends.
    let back = |here| vec![dependency(here)];
    let b = u64::from(b'b');
    let found = of_b(vec![("a", back(b)), ("b", back(a))]);
    assert!(matches!(found, Cause::NotWarmed { .. }), "{found:?}");
}

#[test]
fn a_change_here_comes_first() {
    let mut units = vec![unit("a", 13, 14), with(unit("b", 14, 15), &["a", "b"])];
    for unit in &mut units {
        unit.files[0].modified = Some(at(2)).into();
    }
    let there = inventory("/t", units);
    let mut given = facts(&there, Vec::new());
    let changed = ("src/lib.rs".into(), at(12));
    given.changed.insert(id("a"), changed);
    let found = explained(&given);
    let [a, b] = &found[..] else {
        panic!("{found:?}");
    };
    assert!(matches!(a.cause, Cause::ChangedHere { .. }), "{a:?}");
    assert_eq!(b.cause.root(), &a.cause);
    assert!(a.in_last_build && a.began == Some(at(13)));
}

#[test]
fn circles_end() {
    let mut units = vec![
        with(unit("a", 13, 14), &["b"]),
        with(unit("b", 13, 14), &["a"]),
    ];
    for unit in &mut units {
        unit.files[0].modified = Some(at(2)).into();
    }
    let there = inventory("/t", units);
    let found = explained(&facts(&there, Vec::new()));
    assert!(
        matches!(found[0].cause.root(), Cause::Unknown { .. }),
        "{found:?}"
    );
}
