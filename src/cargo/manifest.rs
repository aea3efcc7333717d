//! Which packages are workspaces of their own, by the rules with which Cargo looks for a workspace root.
//!
//! Source: `find_workspace_root` and `WorkspaceRootConfig::is_excluded` in Cargo's `core/workspace.rs`. Whether
//! a package is *listed* as a member plays no part there: a package below a root that does not exclude it
//! either is a member or does not build, and in both cases it is no workspace of its own.

use std::path::{Component, Path, PathBuf};

use toml::{Table, Value};

use crate::cargo::model::TomlProblem;
use crate::cargo::toml_read;

/// The parts of one `Cargo.toml` that matter here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Manifest {
    /// It has a `[workspace]` table: its `members` and `exclude`.
    pub(crate) workspace: Option<WorkspaceTable>,
    /// It has a `[package]` (or the old `[project]`) table.
    pub(crate) package: bool,
    pub(crate) pointer: Option<String>,
}

/// The lists of a `[workspace]` table, as written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct WorkspaceTable {
    pub(crate) members: Vec<String>,
    /// `exclude`; Cargo does not expand globs in it.
    pub(crate) exclude: Vec<String>,
}

/// The role of a folder with a `Cargo.toml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// A workspace root, or a package in no workspace.
    Workspace,
    /// Part of the workspace with this root.
    PartOf(PathBuf),
    /// Neither a package nor a workspace.
    Neither,
}

impl Manifest {
    /// Reads a `Cargo.toml`.
    ///
    /// # Errors
    ///
    /// The text is not valid TOML, with the place. A table that Cargo would refuse is none.
    pub(crate) fn parse(text: &str) -> Result<Self, TomlProblem> {
        let table: Table = toml_read::read(text)?;
        let strings = |list: Option<&Value>| -> Vec<String> {
            let list = list.and_then(Value::as_array).into_iter().flatten();
            list.filter_map(|value| value.as_str().map(str::to_owned))
                .collect()
        };
        let package = table.get("package").or_else(|| table.get("project"));
        let workspace = table.get("workspace").and_then(Value::as_table);
        let pointer = package.and_then(|package| package.get("workspace")?.as_str());
        Ok(Self {
            workspace: workspace.map(|table| WorkspaceTable {
                members: strings(table.get("members")),
                exclude: strings(table.get("exclude")),
            }),
            package: package.is_some_and(Value::is_table),
            pointer: pointer.map(str::to_owned),
        })
    }
}

/// The role of the folder `dir`, given every manifest in it and above it.
pub(crate) fn role<'a>(dir: &Path, manifest_in: impl Fn(&Path) -> Option<&'a Manifest>) -> Role {
    let Some(own) = manifest_in(dir) else {
        return Role::Neither;
    };
    if own.workspace.is_some() {
        return Role::Workspace;
    }
    if !own.package {
        return Role::Neither;
    }
    if let Some(pointer) = &own.pointer {
        return Role::PartOf(normalise(&dir.join(pointer)));
    }
    for above in dir.ancestors().skip(1) {
        let Some(manifest) = manifest_in(above) else {
            continue;
        };
        match (&manifest.workspace, &manifest.pointer) {
            (Some(table), _) if !table.excludes(above, dir) => {
                return Role::PartOf(above.to_owned());
            }
            (None, Some(pointer)) => return Role::PartOf(normalise(&above.join(pointer))),
            _ => {}
        }
    }
    Role::Workspace
}

impl WorkspaceTable {
    /// Cargo compares by path prefix, and an explicit member beats an exclusion.
    pub(crate) fn excludes(&self, root: &Path, dir: &Path) -> bool {
        let covers = |entry: &String| dir.starts_with(normalise(&root.join(entry)));
        self.exclude.iter().any(covers) && !self.members.iter().any(covers)
    }
}

/// Takes `.` and `..` out of a path without asking the disk.
#[must_use]
pub(crate) fn normalise(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn roles(files: &[(&str, &str)]) -> BTreeMap<String, Role> {
        let parsed: BTreeMap<PathBuf, Manifest> = files
            .iter()
            .map(|(dir, text)| (PathBuf::from(dir), Manifest::parse(text).expect(dir)))
            .collect();
        parsed
            .keys()
            .map(|dir| (dir.display().to_string(), role(dir, |dir| parsed.get(dir))))
            .collect()
    }

    const PACKAGE: &str = "[package]\nname = \"p\"\n";

    #[test]
    fn members_belong_to_the_root_above_them() {
        let roles = roles(&[
            (
                "/r",
                "[workspace]\nmembers = ['crates/*']\nexclude = ['vendor', 'crates']\n",
            ),
            ("/r/crates/a", PACKAGE),
            ("/r/other", PACKAGE),
            ("/r/vendor/v", PACKAGE),
            ("/r/fuzz", "[package]\nname = 'f'\n[workspace]\n"),
            ("/r/fuzz/inner", PACKAGE),
            ("/beside", "[package]\nname = 'b'\nworkspace = '../r'\n"),
            ("/beside/below", PACKAGE),
            ("/nothing", "[dependencies]\n"),
        ]);
        let root = || Role::PartOf("/r".into());
        assert_eq!(roles["/r"], Role::Workspace);
        assert_eq!(
            roles["/r/crates/a"],
            Role::Workspace,
            "excluded, and a glob is not a prefix"
        );
        assert_eq!(
            roles["/r/other"],
            root(),
            "a path member, or an error of Cargo's: never its own"
        );
        assert_eq!(roles["/r/vendor/v"], Role::Workspace);
        assert_eq!(roles["/r/fuzz"], Role::Workspace);
        assert_eq!(roles["/r/fuzz/inner"], Role::PartOf("/r/fuzz".into()));
        assert_eq!(roles["/beside"], root());
        assert_eq!(
            roles["/beside/below"],
            root(),
            "Cargo follows the pointer of a package above"
        );
        assert_eq!(roles["/nothing"], Role::Neither);
    }

    #[test]
    fn an_explicit_member_beats_an_exclusion() {
        let roles = roles(&[
            ("/r", "[workspace]\nmembers = ['x/a']\nexclude = ['x']\n"),
            ("/r/x/a", PACKAGE),
            ("/r/x/b", PACKAGE),
        ]);
        assert_eq!(roles["/r/x/a"], Role::PartOf("/r".into()));
        assert_eq!(roles["/r/x/b"], Role::Workspace);
    }

    #[test]
    fn a_package_without_a_workspace_table_holds_nobody() {
        let roles = roles(&[("/p", PACKAGE), ("/p/.worktrees/x", PACKAGE)]);
        assert_eq!(roles["/p/.worktrees/x"], Role::Workspace);
    }
}
