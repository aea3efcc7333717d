//! When Cargo says that something was compiled, on which the sharing of local units relies.

use std::process::Command;

use cargo_sharedtarget::target::unit::{Inventory, Source, Unit, UnitKind};
use cargo_sharedtarget::warm::decide::set_since;
use jiff::Timestamp;

use super::workspace::{build, inventory, new_layout, workspace};
use crate::sandbox::Sandbox;

/// The local units that are asked when they were compiled.
fn local(inventory: &Inventory) -> Vec<&Unit> {
    let units = inventory.units.iter();
    let told = |unit: &&Unit| {
        unit.source == Source::Local
            && !matches!(unit.kind, UnitKind::Doc | UnitKind::Unknown { .. })
            && unit.targets.len() == 1
    };
    units.filter(told).collect()
}

/// Cargo leaves the times as we expect them, whether it checks or builds, anew or after an edit, with or without a
/// change. After a touch of all files it is seen of each unit but runs of fast scripts, whose programs tell.
fn times_are_those_of_the_build(new: bool) {
    let sandbox = workspace();
    let layout = match new {
        true => match new_layout(&sandbox) {
            Some(layout) => Some(layout),
            None => return,
        },
        false => None,
    };
    let assert_left = |sandbox: &Sandbox, step: &str| {
        let inventory = inventory(sandbox);
        for unit in local(&inventory) {
            let set = set_since(unit, Timestamp::now());
            assert!(
                set.is_none(),
                "{step}: {:?} {:?}: {set:?}",
                unit.targets,
                unit.files
            );
        }
        local(&inventory).len()
    };
    let mut most = 0;
    for args in [
        &["check"][..],
        &["build"],
        &["build", "--release"],
        &["test", "--no-run"],
    ] {
        build(&sandbox, layout, args);
        most = assert_left(&sandbox, &args.join(" "));
    }
    assert!(most > 20, "{most}");
    for text in [
        "pub fn it() {}\n// no change\n",
        "pub fn it() { let _ = 1; }\n",
    ] {
        sandbox.write("work/near/src/lib.rs", text);
        for args in [&["build"][..], &["check"]] {
            build(&sandbox, layout, args);
            assert_left(&sandbox, text);
        }
    }
    if !cfg!(unix) {
        return;
    }
    let touch = Command::new("find")
        .arg(sandbox.path("work/target"))
        .args(["-type", "f", "-exec", "touch", "{}", "+"])
        .status();
    assert!(touch.expect("find").success());
    let touched = inventory(&sandbox);
    for unit in local(&touched) {
        let set = set_since(unit, Timestamp::now());
        let run = unit.kind == UnitKind::BuildScriptRun;
        assert!(set.is_some() || run, "{:?}", unit.targets);
    }
}

#[test]
fn times_in_the_classic_layout() {
    times_are_those_of_the_build(false);
}

#[test]
fn times_in_the_new_layout() {
    times_are_those_of_the_build(true);
}
