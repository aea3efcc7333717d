//! Who asks for features of a package.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use cargo_metadata::{Dependency, Metadata, Node, NodeDep, Package, PackageId, TargetKind};

use crate::audit::model::AskedBy;

/// Which packages' manifests ask for these features of a version of a package, each of them once, in order.
///
/// A manifest asks for what its entry of the dependency names, for `default` unless the entry says otherwise, and for
/// what its own features name that are enabled (`package/feature`, `package?/feature`); and each time for all that
/// the feature brings along by the package's own table. Optional dependencies count where they are in use.
///
/// The answer of `cargo metadata` leaves some things open:
///
/// - Enabled features of a package are those of all members together, with dev-dependencies, for the host and the
///   target, and with the default features of the members. So a package may be named that asks for nothing in the
///   build of one member. A package that comes in only by features of the command line is not named.
/// - They are those of all platforms too, and packages that only other platforms use are left out of the graph where
///   one platform was given: no package is named for features that only these ask for. Builds enable such features
///   with resolver 1 only.
/// - An entry for a target counts if the dependency is in use on this platform at all, so an entry for another target
///   counts where there is one for this target as well.
/// - Features of a member that no package depends on are its own, or given on the command line: no package asks for
///   them.
///
/// By `package?/feature` alone Cargo takes an optional package into `Cargo.lock` and the graph (its issue 10801),
/// although no build uses it. So no package is named as asking for its features, and it asks for none, though the
/// graph has it.
///
/// Without the graph of dependencies (`cargo metadata --no-deps`) the answer is empty.
///
/// Source: "Features" in the Cargo Book, and `build_resolve_graph_r` in `src/cargo/ops/cargo_output_metadata.rs` of
/// Cargo.
#[must_use]
pub fn asked_by(
    metadata: &Metadata,
    package: &str,
    version: &str,
    features: &BTreeSet<String>,
) -> Vec<AskedBy> {
    Uses::of(metadata).asked_by(package, version, features)
}

/// The dependents of each package in builds; to be made once for all packages that are looked up.
#[derive(Debug)]
pub(crate) struct Uses<'a> {
    packages: BTreeMap<&'a PackageId, &'a Package>,
    users: BTreeMap<&'a PackageId, Vec<(&'a Node, &'a NodeDep)>>,
    members: BTreeSet<&'a PackageId>,
}

impl<'a> Uses<'a> {
    /// Built from Cargo's answer about a workspace.
    #[must_use]
    pub(crate) fn of(metadata: &'a Metadata) -> Self {
        let packages = metadata.packages.iter();
        let packages: BTreeMap<_, _> = packages.map(|package| (&package.id, package)).collect();
        let nodes = metadata.resolve.iter().flat_map(|resolve| &resolve.nodes);
        let nodes: BTreeMap<&PackageId, &Node> = nodes.map(|node| (&node.id, node)).collect();
        let members: BTreeSet<_> = metadata.workspace_members.iter().collect();
        let mut users: BTreeMap<_, Vec<_>> = BTreeMap::new();
        let mut reached = members.clone();
        let mut rest: Vec<&PackageId> = members.iter().copied().collect();
        while let Some(id) = rest.pop() {
            let (Some(user), Some(node)) = (packages.get(id), nodes.get(id)) else {
                continue;
            };
            for edge in &node.deps {
                let in_use = packages.get(&edge.pkg).is_some_and(|asked| {
                    let mut entries = entries(user, node, edge, asked);
                    entries.next().is_some()
                });
                if in_use {
                    users.entry(&edge.pkg).or_default().push((*node, edge));
                    if reached.insert(&edge.pkg) {
                        rest.push(&edge.pkg);
                    }
                }
            }
        }
        Self {
            packages,
            users,
            members,
        }
    }

    /// As [`asked_by`].
    #[must_use]
    pub(crate) fn asked_by(
        &self,
        package: &str,
        version: &str,
        features: &BTreeSet<String>,
    ) -> Vec<AskedBy> {
        let is_it = |of: &Package| of.name.as_str() == package && of.version.to_string() == version;
        let mut all = BTreeSet::new();
        for asked in self.packages.values().filter(|of| is_it(of)) {
            for (node, edge) in self.users(&asked.id) {
                let Some(user) = self.packages.get(&node.id) else {
                    continue;
                };
                for entry in entries(user, node, edge, asked) {
                    for feature in asked_in(user, node, entry, asked).intersection(features) {
                        all.insert(AskedBy {
                            feature: feature.clone(),
                            package: user.name.to_string(),
                            dependency: entry.kind.to_string(),
                            member: self.nearest_member(&user.id),
                        });
                    }
                }
            }
        }
        all.into_iter().collect()
    }

    fn users(&self, of: &PackageId) -> &[(&'a Node, &'a NodeDep)] {
        self.users.get(of).map_or(&[], Vec::as_slice)
    }

    /// The member with the fewest steps to a package, of several the first by name; the package itself, if it is one.
    fn nearest_member(&self, package: &PackageId) -> Option<String> {
        let mut seen = BTreeSet::from([package]);
        let mut level = VecDeque::from([package]);
        while !level.is_empty() {
            let members = level.iter().filter(|id| self.members.contains(**id));
            let names = members.filter_map(|id| self.packages.get(*id));
            if let Some(name) = names.map(|package| package.name.to_string()).min() {
                return Some(name);
            }
            let users = level.iter().flat_map(|id| self.users(id));
            level = users
                .map(|(node, _)| &node.id)
                .filter(|id| seen.insert(*id))
                .collect();
        }
        None
    }
}

/// The entries in a manifest that lead to a package and are in use.
fn entries<'a>(
    user: &'a Package,
    node: &'a Node,
    edge: &'a NodeDep,
    asked: &'a Package,
) -> impl Iterator<Item = &'a Dependency> {
    let name = move |entry: &Dependency| match &entry.rename {
        Some(rename) => rename.replace('-', "_") == edge.name,
        None => is_library(asked, &edge.name),
    };
    let in_use = move |entry: &Dependency| {
        let mut kinds = edge.dep_kinds.iter();
        kinds.any(|kind| kind.kind == entry.kind && kind.target == entry.target)
            && (!entry.optional || switched_on(user, node, key(entry)))
    };
    user.dependencies.iter().filter(move |entry| {
        entry.name == asked.name.as_str() && name(entry) && takes(entry, asked) && in_use(entry)
    })
}

/// Whether a package has a library of that name, or no library that is known: a dependency goes by its name in code.
fn is_library(package: &Package, name: &str) -> bool {
    let none = [
        TargetKind::Bin,
        TargetKind::Test,
        TargetKind::Bench,
        TargetKind::Example,
        TargetKind::CustomBuild,
    ];
    let mut libraries = package
        .targets
        .iter()
        .filter(|target| !target.kind.iter().any(|kind| none.contains(kind)))
        .peekable();
    libraries.peek().is_none() || libraries.any(|target| target.name.replace('-', "_") == name)
}

/// Returns whether an entry accepts a version, so that entries of several versions of a package are told apart. A
/// package from a path or a repository satisfies any requirement also with a pre-release, because there is nothing
/// else to choose from.
fn takes(entry: &Dependency, asked: &Package) -> bool {
    entry.req.matches(&asked.version) || entry.path.is_some() || !asked.version.pre.is_empty()
}

/// The name of a dependency in the manifest, which features go by.
fn key(entry: &Dependency) -> &str {
    entry.rename.as_deref().unwrap_or(&entry.name)
}

/// The values that the enabled features of a package list.
fn brought<'a>(user: &'a Package, node: &'a Node) -> impl Iterator<Item = &'a str> {
    let enabled = node.features.iter();
    enabled
        .filter_map(|feature| user.features.get(feature.as_str()))
        .flatten()
        .map(String::as_str)
}

/// Whether an enabled feature switches an optional dependency on.
fn switched_on(user: &Package, node: &Node, key: &str) -> bool {
    brought(user, node).any(|value| {
        value.strip_prefix("dep:") == Some(key)
            || value.split_once('/').is_some_and(|(of, _)| of == key)
    })
}

/// The features that an entry asks for, with all features that these bring along.
fn asked_in(user: &Package, node: &Node, entry: &Dependency, asked: &Package) -> BTreeSet<String> {
    let own = entry.features.iter().map(String::as_str);
    let default = entry.uses_default_features.then_some("default");
    let by_feature = brought(user, node).filter_map(|value| {
        let (of, feature) = value.split_once('/')?;
        (of.strip_suffix('?').unwrap_or(of) == key(entry)).then_some(feature)
    });
    // Every package may be asked for `default`, whether it has any or not.
    let all = own.chain(default).chain(by_feature);
    expanded(
        &asked.features,
        all.filter(|feature| *feature != "default" || asked.features.contains_key("default")),
    )
}

/// Features with all those of the same package that they bring along.
fn expanded<'a>(
    table: &'a BTreeMap<String, Vec<String>>,
    features: impl Iterator<Item = &'a str>,
) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    let mut rest: Vec<&str> = features.collect();
    while let Some(feature) = rest.pop() {
        if !all.insert(feature.to_owned()) {
            continue;
        }
        for value in table.get(feature).into_iter().flatten() {
            match value.split_once('/') {
                // An optional dependency is switched on, and with it the feature of that name, if there is one.
                Some((of, _)) if table.contains_key(of) && !of.ends_with('?') => rest.push(of),
                Some(_) => {}
                None if value.starts_with("dep:") => {}
                None => rest.push(value),
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feature_brings_others_along() {
        let table = [
            ("default", &["std"][..]),
            ("std", &["alloc", "dep:sys", "log?/std"]),
            ("alloc", &[]),
            ("log", &["dep:log"]),
            ("noisy", &["log/max", "sys/max", "noisy"]),
        ];
        let table = table.map(|(name, values)| {
            let values = values.iter().map(|value| (*value).to_owned());
            (name.to_owned(), values.collect())
        });
        let table = BTreeMap::from(table);
        let all = |feature: &str| {
            let all = expanded(&table, [feature].into_iter());
            all.into_iter().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(all("default"), "alloc default std");
        // There is no feature `sys`, since another feature lists `dep:sys`.
        assert_eq!(all("noisy"), "log noisy");
        assert_eq!(all("unknown"), "unknown");
    }
}
