//! The decisions of the rules about made-up units.

mod unused;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::cargo::lockfile::Lock;
use crate::clean::folder_use::Wanted;
use crate::clean::model::CollectFolder;
use crate::fs::model::{Identity, ReadsNoted};
use crate::plan::kept::LastUseSource;
use crate::target::unit::{Group, Inventory, Other, Source, UnitId};
use crate::target::unit_file::{Role, Sharing, UnitFile};

fn now() -> Timestamp {
    Timestamp::from_second(2_000_000_000).expect("a time")
}

fn hours_ago(hours: i64) -> Option<Timestamp> {
    Some(now() - SignedDuration::from_hours(hours))
}

fn id(hash: &str) -> UnitId {
    UnitId {
        profile: "debug".into(),
        hash: hash.repeat(16),
    }
}

/// A library of a package of this name, of one file that has this inode and as many links.
fn unit(hash: &str, hours: i64, dependencies: &[&str], (inode, links): (u64, u64)) -> Unit {
    let file = UnitFile {
        path: format!("debug/deps/lib{hash}-{}.rlib", hash.repeat(16)).into(),
        sharing: Sharing::Link,
        role: Role::Made,
        length: Bytes(1000),
        on_disk: Bytes(4096),
        links,
        identity: Identity { device: 1, inode },
        modified: hours_ago(hours).into(),
        changed: None.into(),
    };
    Unit {
        id: id(hash),
        package: Some(hash.into()),
        source: Source::Local,
        targets: vec![format!("lib-{hash}")],
        dependencies: dependencies.iter().map(|hash| id(hash)).collect(),
        newest: hours_ago(hours),
        files: vec![file],
        ..Unit::sample("debug", hash, UnitKind::Library)
    }
}

fn folder_of(folder: &str, units: Vec<Unit>) -> FolderUse {
    FolderUse {
        identity: Identity {
            device: 1,
            inode: 0,
        },
        inventory: Inventory {
            folder: folder.into(),
            units,
            ..Inventory::default()
        },
        users: vec!["/w".into()],
        wanted: Wanted {
            locks: Ok(vec![Lock::default()]),
            crates: Ok(BTreeSet::new()),
            compilers: Ok(BTreeSet::new()),
        },
        notes_reads: true,
        reads_noted: ReadsNoted::Yes,
        obstacle: None,
        apart: Vec::new(),
    }
}

/// The hashes of the units that would be deleted, by their first letter; sorted.
fn collected(folders: Vec<FolderUse>, options: &GcOptions) -> String {
    let plan = gc(folders, &Compilers::default(), options, now(), Vec::new());
    let mut gone: Vec<char> = Vec::new();
    for action in &plan.actions {
        let Some(folder) = action.as_type::<CollectFolder>() else {
            panic!("{action:?}")
        };
        gone.extend(
            folder
                .units
                .iter()
                .filter_map(|unit| unit.id.hash.chars().next()),
        );
    }
    gone.sort_unstable();
    gone.into_iter().collect()
}

fn older_than(age: &str) -> GcOptions {
    GcOptions {
        older_than: Some(age.parse().expect(age)),
        ..GcOptions::default()
    }
}

#[test]
fn what_something_newer_was_made_with_stays() {
    let units = || {
        vec![
            unit("a", 100, &[], (1, 1)),
            unit("b", 100, &["a"], (2, 1)),
            unit("c", 1, &["b"], (3, 1)),
            unit("d", 100, &["a"], (4, 1)),
        ]
    };
    assert_eq!(
        collected(vec![folder_of("/t", units())], &older_than("2d")),
        "d"
    );
    assert_eq!(
        collected(vec![folder_of("/t", units())], &older_than("1m")),
        "abcd"
    );
}

#[test]
fn a_read_may_have_been_a_day_later_than_the_disk_says() {
    let read = |hours| {
        let mut one = unit("a", 1000, &[], (1, 1));
        one.last_read = hours_ago(hours);
        one
    };
    assert_eq!(
        collected(vec![folder_of("/t", vec![read(47)])], &older_than("1d")),
        ""
    );
    assert_eq!(
        collected(vec![folder_of("/t", vec![read(48)])], &older_than("1d")),
        "a"
    );
    let silent = FolderUse {
        notes_reads: false,
        ..folder_of("/t", vec![read(1)])
    };
    let plan = gc(
        vec![silent],
        &Compilers::default(),
        &older_than("1d"),
        now(),
        Vec::new(),
    );
    let Some(folder) = plan.all::<CollectFolder>().next() else {
        panic!("{plan:?}")
    };
    let expected = CollectReason::Idle {
        since: hours_ago(1000).expect("a time"),
        source: LastUseSource::Modified,
    };
    assert_eq!(
        folder.units[0].why, expected,
        "nobody writes reads down there"
    );
}

#[test]
fn where_the_standard_library_was_built_no_lock_tells_what_is_asked_for() {
    let unreferenced = GcOptions {
        unreferenced: true,
        ..GcOptions::default()
    };
    let one = || unit("a", 1, &[], (1, 1));
    assert_eq!(
        collected(vec![folder_of("/t", vec![one()])], &unreferenced),
        "a"
    );
    let mut core = unit("b", 1, &[], (2, 1));
    core.package = Some("core".into());
    assert_eq!(
        collected(vec![folder_of("/t", vec![one(), core])], &unreferenced),
        ""
    );
}

#[test]
fn what_cannot_be_told_stays_and_what_did_not_end_goes() {
    let unclear = |unfinished| Unit {
        kind: UnitKind::Unknown { why: "x".into() },
        unfinished,
        ..unit("a", 1000, &[], (1, 1))
    };
    let all = GcOptions {
        max_size: Some(Bytes(0)),
        ..older_than("1s")
    };
    assert_eq!(
        collected(vec![folder_of("/t", vec![unclear(false)])], &all),
        ""
    );
    assert_eq!(
        collected(
            vec![folder_of("/t", vec![unclear(true)])],
            &GcOptions::sure()
        ),
        "a"
    );
}

#[test]
fn a_budget_takes_the_oldest_first_and_dependents_before_what_they_need() {
    let units = || {
        vec![
            unit("a", 500, &[], (1, 1)),
            unit("b", 300, &["a"], (2, 1)),
            unit("c", 400, &[], (3, 1)),
        ]
    };
    let most = |bytes| GcOptions {
        max_size: Some(Bytes(bytes)),
        ..GcOptions::default()
    };
    // `b` is newer than `c`, and who uses `b` uses `a`.
    assert_eq!(collected(vec![folder_of("/t", units())], &most(8192)), "c");
    assert_eq!(collected(vec![folder_of("/t", units())], &most(4096)), "bc");
    assert_eq!(
        collected(vec![folder_of("/t", units())], &most(4095)),
        "abc"
    );
    assert_eq!(
        collected(vec![folder_of("/t", units())], &most(1 << 20)),
        ""
    );
    let free = GcOptions {
        to_free: BTreeMap::from([(1, Bytes(1))]),
        ..GcOptions::default()
    };
    assert_eq!(collected(vec![folder_of("/t", units())], &free), "c");
}

#[test]
fn what_shares_a_file_goes_together_or_not_at_all() {
    let old = || vec![unit("a", 500, &[], (1, 2)), unit("b", 500, &[], (2, 1))];
    let new = || vec![unit("a", 1, &[], (1, 2))];
    let budget = GcOptions {
        to_free: BTreeMap::from([(1, Bytes(4096))]),
        ..GcOptions::default()
    };
    assert_eq!(
        collected(
            vec![folder_of("/t", old()), folder_of("/u", new())],
            &budget
        ),
        "b"
    );
    let more = GcOptions {
        to_free: BTreeMap::from([(1, Bytes(8192))]),
        ..GcOptions::default()
    };
    assert_eq!(
        collected(vec![folder_of("/t", old()), folder_of("/u", new())], &more),
        "aab"
    );
    let plan = gc(
        vec![folder_of("/t", old()), folder_of("/u", new())],
        &Compilers::default(),
        &more,
        now(),
        Vec::new(),
    );
    assert_eq!(plan.freeable, Bytes(8192), "each file once");
}

#[test]
fn units_that_name_each_other_do_no_harm() {
    let units = vec![
        unit("a", 500, &["b"], (1, 1)),
        unit("b", 500, &["a"], (2, 1)),
        unit("c", 500, &["c"], (3, 1)),
    ];
    assert_eq!(
        collected(vec![folder_of("/t", units.clone())], &older_than("1d")),
        "abc"
    );
    let budget = GcOptions {
        max_size: Some(Bytes(0)),
        ..GcOptions::default()
    };
    assert_eq!(
        collected(vec![folder_of("/t", units)], &budget),
        "c",
        "of two, nothing comes first"
    );
}

#[test]
fn a_profile_is_a_filter_for_other_rules() {
    let mut release = unit("a", 500, &[], (1, 1));
    release.id.profile = "x86_64-unknown-linux-gnu/release".into();
    let name = release.files[0]
        .path
        .file_name()
        .expect("a name")
        .to_owned();
    release.files[0].path = PathBuf::from(&release.id.profile).join("deps").join(name);
    let units = || vec![release.clone(), unit("b", 500, &[], (2, 1))];
    let only = |profile: &str, options: GcOptions| GcOptions {
        profile: Some(profile.into()),
        ..options
    };
    let of = |options| collected(vec![folder_of("/t", units())], &options);
    assert_eq!(of(only("release", GcOptions::default())), "a");
    assert_eq!(of(only("debug", older_than("1d"))), "b");
    assert_eq!(of(only("debug", older_than("50d"))), "");
    assert_eq!(of(only("bench", GcOptions::default())), "");
}

#[test]
fn every_unit_stands_in_the_plan_once() {
    let units = vec![
        unit("a", 500, &[], (1, 1)),
        unit("b", 1, &["a"], (2, 1)),
        unit("c", 500, &[], (3, 1)),
    ];
    let plan = gc(
        vec![folder_of("/t", units)],
        &Compilers::default(),
        &older_than("1d"),
        now(),
        Vec::new(),
    );
    let Some(folder) = plan.all::<CollectFolder>().next() else {
        panic!("{plan:?}")
    };
    assert_eq!(folder.units.len(), 1);
    let kept: Vec<_> = folder.kept.iter().map(|kept| kept.reason.clone()).collect();
    assert_eq!(
        kept,
        [
            KeptUnitReason::Needed { by: id("b") },
            KeptUnitReason::NoRule
        ]
    );
    let busy = FolderUse {
        obstacle: Some(KeptReason::SharedRoot),
        ..folder_of("/u", vec![unit("a", 500, &[], (1, 1))])
    };
    let plan = gc(
        vec![busy],
        &Compilers::default(),
        &older_than("1d"),
        now(),
        Vec::new(),
    );
    assert_eq!((plan.actions.len(), plan.kept.len()), (0, 1));
}

#[test]
fn a_cache_is_collected_whole_and_kept_for_a_file_that_the_compiler_does_not_make() {
    let collected = |foreign: bool, options: &GcOptions| {
        let mut folder = folder_of("/t", Vec::new());
        let sample = unit("a", 100, &[], (1, 1)).files.remove(0);
        let other = |path: &str, sharing: Sharing| Other {
            file: UnitFile {
                path: format!("t/debug/incremental/a-0ahsy9a9455j1{path}").into(),
                sharing,
                ..sample.clone()
            },
            group: Group::Incremental { name: "a".into() },
            profile_depth: 2,
        };
        folder.inventory.others = vec![
            other("", Sharing::Folder),
            other(
                "/s-holsryk8l2-0b262il-1w27xpq9bc7bgitxtseaaab3o",
                Sharing::Folder,
            ),
        ];
        let notes = other("/notes", Sharing::Copy);
        folder.inventory.others.extend(foreign.then_some(notes));
        let folders = vec![folder];
        let plan = gc(folders, &Compilers::default(), options, now(), Vec::new());
        let actions = plan.actions.iter();
        let folders = actions.filter_map(|action| action.as_type::<CollectFolder>());
        let others = folders.flat_map(|folder| &folder.others);
        others
            .map(|other| (other.profile.clone(), other.path.clone(), other.files.len()))
            .collect::<Vec<_>>()
    };
    let whole = (
        "t/debug".to_owned(),
        "t/debug/incremental/a-0ahsy9a9455j1".into(),
        2,
    );
    for options in [
        GcOptions::sure(),
        GcOptions {
            incremental: "1d".parse().ok(),
            ..GcOptions::default()
        },
        GcOptions {
            profile: Some("debug".into()),
            ..GcOptions::default()
        },
        GcOptions {
            max_size: Some(Bytes(0)),
            ..GcOptions::default()
        },
    ] {
        let whole = std::slice::from_ref(&whole);
        assert_eq!(collected(false, &options), whole, "{options:?}");
        assert!(collected(true, &options).is_empty(), "{options:?}");
    }
}
