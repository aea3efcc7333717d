use super::*;
use crate::target::unit::{Group, Other, Source, UnitKind};
use crate::target::unit_file::Role;

/// A library, compiled at a second with others; its two files have an inode each from `inode` on, and a content each
/// by the name of the library.
fn unit(hash: &str, seconds: i64, inode: u64, dependencies: &[&str]) -> Unit {
    let id = |hash: &str| UnitId {
        profile: "debug".into(),
        hash: hash.repeat(16),
    };
    let file = |end: &str, inode| UnitFile {
        path: format!("debug/deps/lib{hash}-{}.{end}", hash.repeat(16)).into(),
        sharing: Sharing::Link,
        role: Role::Made,
        length: Bytes(5000 + inode % 2),
        on_disk: Bytes(8192),
        links: 1,
        identity: Identity { device: 1, inode },
        modified: Timestamp::from_second(seconds).ok().into(),
        changed: None.into(),
    };
    Unit {
        id: id(hash),
        package: Some(hash.into()),
        source: Source::Local,
        targets: vec![format!("lib-{hash}")],
        dependencies: dependencies.iter().map(|hash| id(hash)).collect(),
        files: vec![file("rlib", inode), file("rmeta", inode + 1)],
        newest: Timestamp::from_second(seconds).ok(),
        ..Unit::sample("debug", hash, UnitKind::Library)
    }
}

fn sharer(folder: &str, clones: bool, units: Vec<Unit>) -> Sharer {
    Sharer {
        inventory: Inventory {
            folder: folder.into(),
            units,
            ..Inventory::default()
        },
        users: Vec::new(),
        clones,
    }
}

/// Contents by the names of files: those of one name are the same but for the inodes in `other`.
fn contents(sharers: &[Sharer], other: &[u64]) -> HashMap<Identity, Content> {
    let units = sharers.iter().flat_map(|sharer| &sharer.inventory.units);
    let files = units.flat_map(|unit| &unit.files);
    let content = |file: &UnitFile| {
        let mut text = file.path.display().to_string();
        if other.contains(&file.identity.inode) {
            text += &file.identity.inode.to_string();
        }
        let content = Content {
            hash: *blake3::hash(text.as_bytes()).as_bytes(),
            extents: None,
            shared: false,
            rights: Rights::default(),
        };
        (file.identity, content)
    };
    files.map(content).collect()
}

/// Which units are replaced in which folder, with the donors.
fn decided(sharers: &[Sharer], contents: &HashMap<Identity, Content>) -> Vec<String> {
    let folders = relink(sharers, contents);
    let all = folders.iter().flat_map(|folder| {
        folder.units.iter().map(|unit| {
            let donors: BTreeSet<String> = unit
                .files
                .iter()
                .map(|file| file.donor.display().to_string())
                .collect();
            let donors = donors.into_iter().collect::<Vec<_>>().join(" ");
            format!("{} {} {donors}", folder.into.display(), unit.package)
        })
    });
    all.collect()
}

/// One folder, and one that was built after it: `b` is compiled with `a`.
fn two(clones: bool) -> Vec<Sharer> {
    let first = vec![unit("b", 20, 10, &["a"]), unit("a", 10, 20, &[])];
    let second = vec![unit("b", 40, 30, &["a"]), unit("a", 30, 40, &[])];
    vec![sharer("/2", clones, second), sharer("/1", clones, first)]
}

#[test]
fn the_oldest_stays() {
    let both = two(false);
    let contents = contents(&both, &[]);
    assert_eq!(decided(&both, &contents), ["/2 a /1", "/2 b /1"]);
    let folders = relink(&both, &contents);
    assert_eq!(folders[0].frees, Bytes(4 * 8192));
    assert_eq!((folders[0].left, folders[1].frees), (0, Bytes(0)));
}

#[test]
fn nothing_becomes_older_than_what_it_was_compiled_with() {
    let both = two(false);
    // The `a` of the second folder is another one, and newer than the `b` of the first.
    let contents_a = contents(&both, &[40, 41]);
    assert_eq!(decided(&both, &contents_a), [""; 0]);
    assert_eq!(relink(&both, &contents_a)[0].left, 1);
    let contents_b = contents(&both, &[30, 31]);
    assert_eq!(decided(&both, &contents_b), ["/2 a /1"]);
    // A clone is as old as what it replaces.
    let both = two(true);
    assert_eq!(decided(&both, &contents(&both, &[40, 41])), ["/2 b /1"]);
}

/// `b` is compiled with a procedural macro `f`, which each folder has for itself, but may look as old as elsewhere.
#[test]
fn what_is_not_linked_is_dated_for_what_is() {
    let folder = |path: &str, seconds: i64, inode: u64| {
        let mut plugin = unit("f", seconds, inode, &[]);
        (plugin.kind, plugin.source) = (UnitKind::ProcMacro, Source::Directory);
        plugin.files.truncate(1);
        plugin.files[0].sharing = Sharing::Copy;
        let all = vec![plugin, unit("b", seconds + 10, inode + 10, &["f"])];
        sharer(path, false, all)
    };
    let both = [folder("/1", 10, 10), folder("/2", 40, 40)];
    let folders = relink(&both, &contents(&both, &[]));
    let dated: Vec<_> = folders[1]
        .units
        .iter()
        .map(|unit| (unit.package.as_str(), unit.only_dated, unit.dates.len()))
        .collect();
    assert_eq!(dated, [("f", true, 1), ("b", false, 0)]);
    let date = &folders[1].units[0].dates[0];
    assert_eq!(date.modified, Timestamp::from_second(10).expect("a time"));
    // Units that no other unit needs, and units of local packages, are not dated.
    let contents_b = contents(&both, &[50, 51]);
    assert_eq!(decided(&both, &contents_b), [""; 0]);
    let mut both = both;
    both[1].inventory.units[0].source = Source::Local;
    let folders = relink(&both, &contents(&both, &[]));
    assert_eq!((folders[1].units.len(), folders[1].left), (0, 1));
}

/// `a` was compiled again after `b`, which Cargo notices by nothing but the times.
#[test]
fn what_is_stale_stays_stale() {
    let first = vec![unit("a", 10, 20, &[])];
    let second = vec![unit("b", 30, 30, &["a"]), unit("a", 40, 40, &[])];
    for clones in [false, true] {
        let both = [
            sharer("/1", clones, first.clone()),
            sharer("/2", clones, second.clone()),
        ];
        let expected: &[&str] = if clones { &["/2 a /1"] } else { &[] };
        assert_eq!(decided(&both, &contents(&both, &[])), expected);
    }
    // A unit of an unknown kind may have been compiled with any local unit.
    let mut unclear = unit("c", 30, 50, &[]);
    unclear.kind = UnitKind::Unknown { why: "odd".into() };
    let mut second = vec![unclear, unit("a", 40, 40, &[])];
    let one = sharer("/1", false, first);
    let both = [one.clone(), sharer("/2", false, second.clone())];
    assert_eq!(decided(&both, &contents(&both, &[])), [""; 0]);
    second[1].source = Source::Directory;
    let both = [one, sharer("/2", false, second)];
    assert_eq!(decided(&both, &contents(&both, &[])), ["/2 a /1"]);
}

/// A newer unit may accept links for which the oldest one is too old.
#[test]
fn a_newer_donor_serves_where_the_oldest_does_not() {
    let mut three = two(false);
    let third = vec![unit("b", 60, 50, &["a"]), unit("a", 50, 60, &[])];
    three.push(sharer("/3", false, third));
    let mut contents = contents(&three, &[40, 41]);
    for (one, other) in [(60, 40), (61, 41)] {
        let identity = |inode| Identity { device: 1, inode };
        let content = contents[&identity(other)].clone();
        contents.insert(identity(one), content);
    }
    assert_eq!(decided(&three, &contents), ["/3 a /2", "/3 b /2"]);
}

#[test]
fn what_is_shared_already_stays() {
    let donor = sharer("/1", false, vec![unit("a", 10, 20, &[])]);
    let mut linked = donor.clone();
    linked.inventory.folder = "/2".into();
    let both = [donor, linked];
    assert!(wanted(&both).is_empty(), "there is one file only");
    assert_eq!(decided(&both, &contents(&both, &[])), [""; 0]);

    let both = two(true);
    let mut contents = contents(&both, &[]);
    for content in contents.values_mut() {
        let place = u64::from(content.hash[0]);
        content.extents = Some(vec![(place, 8192)]);
        content.shared = true;
    }
    assert_eq!(decided(&both, &contents), [""; 0]);
}

#[test]
fn a_file_with_names_elsewhere_stays_and_is_a_donor() {
    let mut both = two(false);
    both[0].inventory.units[1].files[0].links = 2;
    let contents_one = contents(&both, &[]);
    let folders = relink(&both, &contents_one);
    let a = folders[0].units.iter().find(|unit| unit.package == "a");
    assert_eq!(a.map(|unit| unit.files.len()), Some(1), "its metadata only");
    assert_eq!(folders[0].frees, Bytes(3 * 8192));
    // It is a hard link to a final library: both are replaced.
    let mut file = both[0].inventory.units[1].files[0].clone();
    file.path = "debug/liba.rlib".into();
    both[0].inventory.others.push(Other {
        file,
        group: Group::Final,
        profile_depth: 1,
    });
    let folders = relink(&both, &contents_one);
    let a = folders[0].units.iter().find(|unit| unit.package == "a");
    assert_eq!(a.map(|unit| unit.files.len()), Some(3));
    assert_eq!(folders[0].frees, Bytes(4 * 8192));
}

#[test]
fn storage_that_several_files_have_comes_free_once() {
    let mut three = two(true);
    let third = vec![unit("b", 60, 50, &["a"]), unit("a", 50, 60, &[])];
    three.push(sharer("/3", true, third));
    let mut contents = contents(&three, &[]);
    // The later two share already, with each other.
    for (identity, content) in &mut contents {
        let later = identity.inode >= 30;
        let place = u64::from(content.hash[0]) * 2 + u64::from(later);
        content.extents = Some(vec![(place, 8192)]);
        content.shared = later;
    }
    let folders = relink(&three, &contents);
    let frees: Bytes = folders.iter().map(|folder| folder.frees).sum();
    assert_eq!(frees, Bytes(4 * 8192));
    // Storage that is shared with an unknown file frees nothing.
    for content in contents.values_mut() {
        content.shared = true;
    }
    three.pop();
    assert_eq!(decided(&three, &contents), [""; 0]);
}

#[test]
fn programs_are_cloned_and_not_linked() {
    let program = |inode| {
        let mut unit = unit("p", 10, inode, &[]);
        unit.files.truncate(1);
        unit.files[0].sharing = Sharing::Copy;
        unit
    };
    for clones in [false, true] {
        let both = [
            sharer("/1", clones, vec![program(1)]),
            sharer("/2", clones, vec![program(5)]),
        ];
        assert_eq!(!wanted(&both).is_empty(), clones);
        let expected: &[&str] = if clones { &["/2 p /1"] } else { &[] };
        assert_eq!(decided(&both, &contents(&both, &[])), expected);
    }
}
