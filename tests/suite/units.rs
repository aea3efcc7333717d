//! The inventory of a target folder, of what real Cargos build.

mod times;
mod workspace;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use cargo_sharedtarget::progress::Progress;
use cargo_sharedtarget::target::unit::{Group, Inventory, Source, Unit, UnitId, UnitKind};
use cargo_sharedtarget::target::unit_file::{Sharing, UnitFile};
use serde_json::Value;
pub(crate) use workspace::new_layout;
#[cfg(target_os = "linux")]
use workspace::replaced;
use workspace::{build, inventory, workspace};

use crate::sandbox::Sandbox;

fn files(inventory: &Inventory) -> impl Iterator<Item = &UnitFile> {
    let units = inventory.units.iter().flat_map(|unit| &unit.files);
    units.chain(inventory.others.iter().map(|other| &other.file))
}

/// Everything is in the inventory once, nothing of Cargo's is taken for foreign, and the sums are those of `du`.
#[track_caller]
fn assert_complete(inventory: &Inventory) {
    let mut listed: Vec<PathBuf> = files(inventory).map(|file| file.path.clone()).collect();
    listed.sort();
    let mut there: Vec<PathBuf> = walkdir::WalkDir::new(&inventory.folder)
        .into_iter()
        .map(|entry| {
            let entry = entry.expect("readable");
            let path = entry.path().strip_prefix(&inventory.folder);
            path.expect("inside").to_owned()
        })
        .collect();
    there.sort();
    assert_eq!(listed, there);
    assert!(inventory.problems.is_empty(), "{:?}", inventory.problems);
    for other in &inventory.others {
        assert_ne!(other.group, Group::Foreign, "{other:?}");
    }
    let usage = cargo_sharedtarget::fs::usage(&inventory.folder, &Progress::default());
    assert_eq!(inventory.totals.on_disk, usage.on_disk);
    assert_eq!(inventory.totals.logical, usage.logical);
    assert_eq!(inventory.totals.entries, usage.entries);
}

/// The unit that a file belongs to, or whose file it is another link of.
fn owner_of<'a>(inventory: &'a Inventory, path: &Path) -> Option<&'a Unit> {
    let path = path.strip_prefix(&inventory.folder).expect("inside");
    let identity = files(inventory)
        .find(|file| file.path == path && file.links > 1)
        .map(|file| file.identity);
    let is_it = |file: &UnitFile| file.path == path || Some(file.identity) == identity;
    let mut units = inventory.units.iter();
    units.find(|unit| unit.files.iter().any(is_it))
}

fn list(value: &Value) -> Vec<&str> {
    let list = value.as_array().expect("a list");
    list.iter()
        .map(|item| item.as_str().expect("text"))
        .collect()
}

/// Whether a unit comes from where Cargo's package id says.
#[track_caller]
fn assert_origin(unit: &Unit, id: &str) {
    let (from, rest) = id.split_once('+').expect("a kind of source");
    let name = unit.package.as_deref().expect("a name");
    assert!(rest.contains(name), "{name} in {id}");
    match &unit.source {
        Source::Local => assert_eq!(from, "path", "{id}"),
        Source::Git { revision, .. } => {
            assert_eq!(from, "git", "{id}");
            assert!(revision.len() >= 7, "{revision}");
        }
        Source::Directory | Source::Registry { .. } => {
            assert_eq!(from, "registry", "{id}");
            // A vendored folder has the version in its name only where it must.
            if let Some(version) = &unit.version {
                assert!(rest.ends_with(&format!("@{version}")), "{version} in {id}");
            }
        }
        Source::Unknown => panic!("{id}: {unit:?}"),
    }
}

/// Each file and each `OUT_DIR` that Cargo names belongs to a unit of the right package, kind and features.
#[track_caller]
fn assert_messages(inventory: &Inventory, messages: &[Value]) -> usize {
    let mut compared = 0;
    for message in messages {
        let id = message["package_id"].as_str().unwrap_or_default();
        if message["reason"] == "build-script-executed" {
            let out = Path::new(message["out_dir"].as_str().expect("a path"));
            let unit = owner_of(inventory, out).expect("a unit");
            assert_eq!(unit.kind, UnitKind::BuildScriptRun);
            assert_origin(unit, id);
            compared += 1;
        }
        if message["reason"] != "compiler-artifact" {
            continue;
        }
        let is = |kind: &str| list(&message["target"]["kind"]).contains(&kind);
        let kind = match () {
            () if is("custom-build") => UnitKind::BuildScript,
            () if is("bench") => UnitKind::Bench,
            () if message["profile"]["test"] == true => UnitKind::Test,
            () if is("proc-macro") => UnitKind::ProcMacro,
            () if is("bin") => UnitKind::Program,
            () if is("example") => UnitKind::Example,
            () => UnitKind::Library,
        };
        for file in list(&message["filenames"]) {
            let Some(unit) = owner_of(inventory, Path::new(file)) else {
                let name = message["target"]["name"].as_str();
                assert_eq!(name, Some("dyn"), "{file}: only a cdylib has no hash");
                continue;
            };
            assert_eq!(unit.kind, kind, "{file}");
            assert_eq!(unit.features, list(&message["features"]), "{file}");
            assert_origin(unit, id);
            compared += 1;
        }
    }
    compared
}

/// The packages that each library depends on are those that `cargo metadata` says.
#[track_caller]
fn assert_graph(sandbox: &Sandbox, inventory: &Inventory) {
    let metadata = sandbox
        .cargo("work", &["metadata", "--format-version", "1"])
        .json();
    let mut expected: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let names: BTreeMap<&str, &str> = metadata["packages"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|package| (package["id"].as_str(), package["name"].as_str()))
        .filter_map(|(id, name)| Some((id?, name?)))
        .collect();
    for node in metadata["resolve"]["nodes"].as_array().expect("a list") {
        let deps = list(&node["dependencies"]);
        let deps = deps.iter().map(|dep| names[dep].to_owned());
        expected.insert(names[node["id"].as_str().expect("an id")], deps.collect());
    }
    let by_id: BTreeMap<&UnitId, &Unit> = inventory
        .units
        .iter()
        .map(|unit| (&unit.id, unit))
        .collect();
    for unit in &inventory.units {
        assert_eq!(unit.missing, Vec::<String>::new(), "{unit:?}");
        let name = unit.package.as_deref().expect("a name");
        let deps = unit.dependencies.iter().map(|id| by_id[id]);
        let mut packages: BTreeSet<String> =
            deps.clone().filter_map(|dep| dep.package.clone()).collect();
        packages.remove(name);
        if matches!(unit.kind, UnitKind::Library | UnitKind::ProcMacro) {
            assert_eq!(packages, expected[name], "{unit:?}");
            let script =
                |dep: &Unit| dep.kind == UnitKind::BuildScriptRun && dep.package == unit.package;
            let has_script = ["app", "reg-sys", "reg-top"].contains(&name);
            assert_eq!(deps.clone().any(script), has_script, "{name}");
        }
        if unit.kind == UnitKind::BuildScriptRun {
            let script =
                |dep: &&Unit| dep.kind == UnitKind::BuildScript && dep.package == unit.package;
            assert_eq!(deps.clone().filter(script).count(), 1, "{name}");
        }
    }
}

/// Finds the one unit of a package, target and profile folder that was built and not only checked.
#[track_caller]
fn one<'a>(inventory: &'a Inventory, profile: &str, target: &str) -> &'a Unit {
    let mut found = inventory.units.iter().filter(|unit| {
        unit.id.profile == profile && unit.targets.iter().any(|name| name == target)
    });
    let unit = found
        .next()
        .unwrap_or_else(|| panic!("no {target} in {profile}"));
    assert!(
        found.next().is_none(),
        "more than one {target} in {profile}"
    );
    unit
}

fn everything(layout: bool) {
    let sandbox = workspace();
    let layout = if layout {
        let Some(layout) = new_layout(&sandbox) else {
            return;
        };
        Some(layout)
    } else {
        None
    };
    let (messages, inventory) = build(&sandbox, layout, &["build", "--workspace"]);
    assert_complete(&inventory);
    assert!(assert_messages(&inventory, &messages) >= 12);
    assert_graph(&sandbox, &inventory);
    let unit = |target: &str| one(&inventory, "debug", target);
    assert_eq!(unit("lib-mac").kind, UnitKind::ProcMacro);
    assert_eq!(unit("lib-dyn").kind, UnitKind::Library);
    assert_eq!(unit("bin-my-tool").kind, UnitKind::Program);
    assert_eq!(
        unit("lib-far").source,
        Source::Local,
        "its root is outside its folder"
    );
    assert_eq!(unit("lib-near").source, Source::Local);
    assert_eq!(unit("lib-reg_top").source, Source::Directory);
    assert_eq!(
        unit("lib-reg_top").version,
        None,
        "its folder has no version"
    );
    assert_eq!(unit("lib-reg_sys").version.as_deref(), Some("1.2.3"));
    assert_eq!(unit("lib-reg_sys").features, ["a", "b", "default"]);
    let head = sandbox.git("git", &["rev-parse", "HEAD"]);
    match &unit("lib-from_git").source {
        Source::Git { checkout, revision } => {
            assert!(checkout.starts_with("git-"), "{checkout}");
            assert!(head.starts_with(revision), "{revision} of {head}");
        }
        other => panic!("{other:?}"),
    }
    for unit in &inventory.units {
        assert_eq!(unit.triple, None);
        assert_eq!(unit.rustc, inventory.units[0].rustc);
        assert!(unit.newest >= unit.oldest && unit.oldest.is_some());
        for file in &unit.files {
            let name = file.path.to_string_lossy();
            let linkable = name.ends_with(".rlib") || name.ends_with(".rmeta");
            // Those of git and of a folder may be others under one hash.
            let third_party = matches!(unit.source, Source::Registry { .. });
            let expected = linkable && third_party && !name.contains("made");
            // Which of these may be links, `warm::links` and `nightly::programs` say.
            let linked = matches!(unit.kind, UnitKind::BuildScript | UnitKind::ProcMacro)
                && file.path.extension().is_none_or(|end| end == "so");
            match linked && third_party {
                true => assert!(!name.contains("fingerprint") || file.sharing != Sharing::Link),
                false => assert_eq!(file.sharing == Sharing::Link, expected, "{name}"),
            }
        }
    }

    // Other units that people build: another profile, a triple, tests, documentation, checks.
    let flags = sandbox.path("work/.cargo/config.toml");
    let config = fs::read_to_string(&flags).expect("a config");
    let host = sandbox.cargo("work", &["-vV"]).stdout;
    let host = host
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .expect("a host");
    let more = format!("{config}[target.{host}]\nrustflags = [\"--cfg\", \"mine\"]\n");
    let (messages, inventory) = build(&sandbox, layout, &["build", "--release"]);
    assert!(assert_messages(&inventory, &messages) >= 10);
    let (messages, inventory) = build(&sandbox, layout, &["build", "--all-targets"]);
    assert!(assert_messages(&inventory, &messages) >= 10);
    fs::write(&flags, more).expect("a config");
    let (messages, inventory) = build(&sandbox, layout, &["build", "--target", host]);
    assert!(assert_messages(&inventory, &messages) >= 10);
    build(&sandbox, layout, &["check", "--workspace"]);
    let (_, inventory) = build(&sandbox, layout, &["doc", "--workspace"]);
    assert_complete(&inventory);
    assert_graph(&sandbox, &inventory);
    for unit in &inventory.units {
        assert!(!matches!(unit.kind, UnitKind::Unknown { .. }), "{unit:?}");
        assert_ne!(unit.source, Source::Unknown, "{unit:?}");
        let local = ["app", "mac", "near", "dyn", "far", "away"];
        let package = unit.package.as_deref().expect("a name");
        assert_eq!(
            unit.source.is_third_party(),
            !local.contains(&package),
            "{unit:?}"
        );
    }
    let triple = format!("{host}/debug");
    let app = one(&inventory, &triple, "lib-app");
    assert_eq!(app.triple.as_deref(), Some(host));
    assert_eq!(app.rustflags, ["--cfg", "mine"]);
    let profiles: BTreeSet<&str> = app
        .dependencies
        .iter()
        .map(|id| id.profile.as_str())
        .collect();
    assert_eq!(
        profiles,
        ["debug", triple.as_str()].into(),
        "a macro is for the host"
    );
    for (target, kind) in [
        ("example-ex", UnitKind::Example),
        ("test-bench-be", UnitKind::Bench),
        ("test-integration-test-it", UnitKind::Test),
        ("test-lib-app", UnitKind::Test),
    ] {
        assert_eq!(one(&inventory, "debug", target).kind, kind);
    }
    let doc = one(&inventory, "debug", "doc-lib-app");
    assert_eq!(
        doc.targets,
        ["doc-bin-my-tool", "doc-lib-app"],
        "one folder for both"
    );
    assert_eq!(doc.kind, UnitKind::Doc);
    // A cdylib has no hash in its name, so that in the classic layout its folder is that of the documentation. By default
    // Cargo 1.100 has the new one.
    let library = one(&inventory, "debug", "doc-lib-dyn");
    let classic: &[&str] = &["doc-lib-dyn", "lib-dyn"];
    assert_eq!(
        library.targets,
        if sandbox.exists("work/target/debug/.fingerprint") {
            classic
        } else {
            &classic[..1]
        }
    );
    let doc = one(&inventory, "debug", "doc-lib-reg_top");
    assert_eq!(
        (&doc.source, doc.version.as_deref()),
        (&Source::Directory, Some("2.0.0"))
    );
}

#[test]
fn the_classic_layout() {
    everything(false);
}

#[test]
fn the_new_layout() {
    everything(true);
}

/// Both layouts in one folder: each has its own units, and none takes the other's files.
#[test]
fn both_layouts_in_one_folder() {
    let sandbox = workspace();
    let Some(layout) = new_layout(&sandbox) else {
        return;
    };
    let (_, classic) = build(&sandbox, None, &["build"]);
    let (_, both) = build(&sandbox, Some(layout), &["build"]);
    assert_complete(&both);
    assert_graph(&sandbox, &both);
    let ids = |inventory: &Inventory| -> BTreeSet<UnitId> {
        inventory.units.iter().map(|unit| unit.id.clone()).collect()
    };
    assert!(ids(&both).is_superset(&ids(&classic)));
    assert!(both.units.len() >= 2 * classic.units.len());
    let compilers: BTreeSet<_> = both.units.iter().map(|unit| unit.rustc).collect();
    assert_eq!(compilers.len(), 2);
}

/// A package that Cargo unpacked into its home, by way of a registry in a folder.
#[cfg(target_os = "linux")]
#[test]
fn a_package_from_a_registry() {
    let sandbox = Sandbox::new();
    let manifest = |name: &str, rest: &str| {
        format!(
            "[package]\nname = \"{name}\"\nversion = \"1.2.3-rc.1+x\"\nedition = \"2021\"\n{rest}"
        )
    };
    sandbox.write("reg-dep/Cargo.toml", &manifest("reg-dep", ""));
    sandbox.write("reg-dep/src/lib.rs", "pub fn it() {}\n");
    sandbox.cargo(
        "reg-dep",
        &["package", "--no-verify", "--allow-dirty", "--offline"],
    );
    let name = "reg-dep-1.2.3-rc.1+x.crate";
    fs::create_dir(sandbox.path("registry")).expect("a folder");
    let packed = sandbox.path(&format!("registry/{name}"));
    fs::copy(
        sandbox.path(&format!("reg-dep/target/package/{name}")),
        &packed,
    )
    .expect("a package");
    let sum = sandbox.prepared("sha256sum", "registry", &[name]).output();
    let sum = String::from_utf8(sum.expect("sha256sum").stdout).expect("text");
    let sum = sum.split(' ').next().expect("a sum");
    let index = format!(
        "{{\"name\":\"reg-dep\",\"vers\":\"1.2.3-rc.1+x\",\"deps\":[],\"cksum\":\"{sum}\",\"features\":{{}},\"yanked\":false}}\n"
    );
    sandbox.write("registry/index/re/g-/reg-dep", &index);
    let app = manifest("app", "[dependencies]\nreg-dep = \"1.2.3-rc.1\"\n");
    sandbox.write("work/Cargo.toml", &app);
    sandbox.write("work/src/lib.rs", "pub fn it() { reg_dep::it() }\n");
    sandbox.write(
        "work/.cargo/config.toml",
        &replaced("local-registry", "../registry"),
    );
    let (messages, inventory) = build(&sandbox, None, &["build"]);
    assert_complete(&inventory);
    assert_eq!(assert_messages(&inventory, &messages), 4);
    let unit = one(&inventory, "debug", "lib-reg_dep");
    assert_eq!(unit.version.as_deref(), Some("1.2.3-rc.1+x"));
    assert!(matches!(&unit.source, Source::Registry { .. }), "{unit:?}");
}

/// A unit that cannot be understood is unknown, with all its files, and every other unit is as it was.
#[test]
fn a_damaged_fingerprint_disturbs_nothing_else() {
    let sandbox = workspace();
    let (_, before) = build(&sandbox, None, &["build"]);
    let unit = one(&before, "debug", "lib-reg_sys").clone();
    let mut files = unit.files.iter().map(|file| &file.path);
    let json = files.find(|path| path.ends_with("lib-reg_sys.json"));
    let folder = json.and_then(|path| path.parent()).expect("a folder");
    let folder = format!("work/target/{}", folder.display());
    let json = sandbox.read(&format!("{folder}/lib-reg_sys.json"));
    let good = sandbox.read(&format!("{folder}/lib-reg_sys"));
    let half = &json[..json.len() / 2];
    let damages = [
        ("lib-reg_sys.json", half, &json),
        ("lib-reg_sys.json", "", &json),
        ("lib-reg_sys.json", "\u{fffd}]garbage", &json),
        ("lib-reg_sys", "", &good),
        ("lib-reg_sys", "0123", &good),
    ];
    for (name, damage, whole) in damages {
        sandbox.write(&format!("{folder}/{name}"), damage);
        let after = inventory(&sandbox);
        assert_complete(&after);
        for (old, new) in before.units.iter().zip(&after.units) {
            assert_eq!(old.id, new.id);
            if new.id == unit.id {
                assert!(
                    matches!(&new.kind, UnitKind::Unknown { why } if !why.is_empty()),
                    "{new:?}"
                );
                assert_eq!(new.files.len(), old.files.len());
                assert!(new.files.iter().all(|file| file.sharing != Sharing::Link));
                continue;
            }
            assert_eq!((&old.kind, &old.source), (&new.kind, &new.source));
            assert_eq!((&old.version, &old.features), (&new.version, &new.features));
            let needed = old.dependencies.contains(&unit.id);
            assert_eq!(
                new.missing.contains(&"reg_sys".to_owned()),
                needed,
                "{new:?}"
            );
        }
        sandbox.write(&format!("{folder}/{name}"), whole);
    }

    // Without a dep-info a unit may be local.
    let dep_info = sandbox.path(&format!("{folder}/dep-lib-reg_sys"));
    fs::write(&dep_info, [1, 0, 0]).expect("a file");
    assert_eq!(
        one(&inventory(&sandbox), "debug", "lib-reg_sys").source,
        Source::Unknown
    );
    fs::remove_dir_all(sandbox.path(&folder)).expect("removed");
    let after = inventory(&sandbox);
    assert_complete(&after);
    let left = after
        .units
        .iter()
        .find(|left| left.id == unit.id)
        .expect("its artifacts");
    assert_eq!(
        left.kind,
        UnitKind::Unknown {
            why: "it has no fingerprint".into()
        }
    );
}

/// Cargo empties the hashes of all units that it will compile anew before it compiles the first, so that a build
/// that failed, or still runs, leaves unknown what it began and what it did not come to.
#[test]
fn a_failed_build_leaves_unknown_units() {
    let sandbox = workspace();
    let (_, before) = build(&sandbox, None, &["build"]);
    sandbox.write("work/near/src/lib.rs", "pub fn it() {");
    let output = sandbox.prepared("cargo", "work", &["build"]).output();
    assert!(!output.expect("cargo").status.success());
    let after = inventory(&sandbox);
    assert_complete(&after);
    let unknown = |unit: &&Unit| matches!(unit.kind, UnitKind::Unknown { .. });
    let unknown = after.units.iter().filter(unknown);
    let found: BTreeSet<&UnitId> = unknown.map(|unit| &unit.id).collect();
    let stale = ["lib-near", "lib-app", "bin-app", "bin-my-tool"];
    let stale = stale.map(|target| &one(&before, "debug", target).id);
    assert_eq!(found, stale.into());
}
