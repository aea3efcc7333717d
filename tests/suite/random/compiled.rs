//! Packages that may still be compiled in a worktree at the very commit from which its donor was built.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::random::build::Built;
use crate::random::generate::{Has, Member, Plan};
use crate::sandbox::Sandbox;

/// Returns whether a package, as it was made at first, may not be carried over: the place for exceptions.
///
/// All dependents of such a package may be compiled as well.
fn exempt(member: &Member, plan: &Plan) -> bool {
    // A build script or a macro reads files: it may have read a lock that git does not track, or know where it is.
    let looks = member.has(Has::Note) || member.script.is_some();
    let places = member.has(Has::Note) && plan.places;
    // Its worktree's path is compiled into it.
    member.has(Has::Path) || places || (looks && !plan.locked)
}

/// Kinds of targets that may have more reason than their package to be left: tests name the programs of theirs.
fn exempt_kind(kind: &str) -> bool {
    kind == "test" || kind.ends_with(" test")
}

/// The units that were compiled though they should have been there.
pub(crate) fn too_much(sandbox: &Sandbox, folder: &str, plan: &Plan, built: &Built) -> Vec<String> {
    let exempt = exempt_packages(sandbox, folder, plan);
    let compiled = built.compiled.iter();
    compiled
        .filter(|(package, kind)| !exempt.contains(package) && !exempt_kind(kind))
        .map(|(package, kind)| format!("{package} ({kind})"))
        .collect()
}

/// The packages that need not be there, with all that depend on them now.
fn exempt_packages(sandbox: &Sandbox, folder: &str, plan: &Plan) -> BTreeSet<String> {
    let members = plan.members.iter().filter(|member| exempt(member, plan));
    let mut all: BTreeSet<String> = members.map(|member| member.name.clone()).collect();
    let args = [
        "metadata",
        "--no-deps",
        "--offline",
        "--format-version",
        "1",
    ];
    let metadata: Value = sandbox.cargo(folder, &args).json();
    let packages = metadata["packages"].as_array().expect("packages");
    loop {
        let before = all.len();
        for package in packages {
            let mut needs = package["dependencies"].as_array().into_iter().flatten();
            let exempt =
                |need: &Value| need["name"].as_str().is_some_and(|name| all.contains(name));
            if needs.any(exempt) {
                all.insert(package["name"].as_str().expect("a name").to_owned());
            }
        }
        if all.len() == before {
            return all;
        }
    }
}
