//! Facts that tests look for in an answer and on disk.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::sandbox::Sandbox;

/// How the content of a `CACHEDIR.TAG` begins.
pub(crate) const TAG: &str = "Signature: 8a477f597d28d172789f06886806bc55\n";

impl Sandbox {
    /// A path from an answer, relative to `code` and with `/` between; one outside as it is.
    pub(crate) fn relative(&self, path: &Value) -> String {
        let path = Path::new(path.as_str().expect("a path"));
        let shown = path.strip_prefix(self.path("")).unwrap_or(path);
        shown.display().to_string().replace('\\', "/")
    }

    /// The `field` of every element of a list, as relative paths, sorted.
    #[track_caller]
    pub(crate) fn paths(&self, list: &Value, field: &str) -> Vec<String> {
        let mut paths: Vec<String> = items(list)
            .map(|item| self.relative(&item[field]))
            .collect();
        paths.sort();
        paths
    }

    /// The workspaces that `list` finds.
    #[track_caller]
    pub(crate) fn workspaces(&self, folder: &str, args: &[&str]) -> Vec<String> {
        let mut all = vec!["list", "--no-size"];
        all.extend(args);
        self.paths(&self.json(folder, &all)["workspaces"], "root")
    }

    /// The folders that a plan deletes.
    #[track_caller]
    pub(crate) fn deletes(&self, answer: &Value) -> Vec<String> {
        let actions: Vec<Value> = actions(answer, "delete_folder").cloned().collect();
        self.paths(&Value::Array(actions), "path")
    }

    /// The reason why a path is kept, in the word of the plan; `none` if the plan has no reason.
    pub(crate) fn why_kept(&self, answer: &Value, path: &str) -> String {
        items(&answer["plan"]["kept"])
            .find(|kept| self.relative(&kept["path"]) == path)
            .map_or("none", |kept| {
                kept["reason"]["reason"].as_str().expect("a word")
            })
            .to_owned()
    }

    /// A folder that looks like one that Cargo built into, without the time that a build takes.
    pub(crate) fn target(&self, folder: &str) {
        self.write(&format!("{folder}/CACHEDIR.TAG"), TAG);
        self.write(&format!("{folder}/.rustc_info.json"), "{}");
        self.write(&format!("{folder}/debug/.cargo-lock"), "");
        self.write(
            &format!("{folder}/debug/.fingerprint/app-1/dep-bin-app"),
            "x",
        );
        self.write(
            &format!("{folder}/debug/deps/libapp.rlib"),
            &"x".repeat(10_000),
        );
    }

    /// Cargo's own metadata of the package in a folder.
    #[track_caller]
    pub(crate) fn metadata(&self, folder: &str) -> Value {
        self.cargo(
            folder,
            &[
                "metadata",
                "--no-deps",
                "--offline",
                "--format-version",
                "1",
            ],
        )
        .json()
    }

    /// Fails the test unless Cargo, run in each workspace that `list` finds, names the same folders.
    #[track_caller]
    pub(crate) fn agrees_with_cargo(&self, folder: &str) {
        let answer = self.json(folder, &["list", "--no-size"]);
        assert_ne!(items(&answer["workspaces"]).count(), 0);
        for workspace in items(&answer["workspaces"]) {
            let root = workspace["root"].as_str().expect("a path");
            let said = self.metadata(root);
            assert_eq!(said["workspace_root"], workspace["root"]);
            let dirs = &workspace["dirs"];
            assert_eq!(said["target_directory"], dirs["target_dir"], "{root}");
            assert_eq!(said["build_directory"], dirs["build_dir"], "{root}");
        }
    }

    /// `git status` in a worktree, which should be empty.
    #[track_caller]
    pub(crate) fn status(&self, worktree: &str) -> String {
        self.git(
            worktree,
            &["status", "--porcelain", "--untracked-files=all"],
        )
    }
}

/// The elements of a list.
#[track_caller]
pub(crate) fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().expect("a list").iter()
}

/// The actions of one kind in a plan.
#[track_caller]
pub(crate) fn actions<'a>(answer: &'a Value, kind: &'a str) -> impl Iterator<Item = &'a Value> {
    items(&answer["plan"]["actions"]).filter(move |action| action["action"] == kind)
}

/// The allocated bytes of everything in a folder and the folder itself, each inode once: what `du -s` says.
#[cfg(unix)]
pub(crate) fn allocated(folder: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    let mut seen = std::collections::BTreeSet::new();
    walkdir::WalkDir::new(folder)
        .into_iter()
        .map(|entry| entry.expect("readable").metadata().expect("there"))
        .filter(|metadata| seen.insert((metadata.dev(), metadata.ino())))
        .map(|metadata| metadata.blocks() * 512)
        .sum()
}

/// Every path below a folder whose name begins like this.
pub(crate) fn named_like(folder: &Path, prefix: &str) -> Vec<PathBuf> {
    walkdir::WalkDir::new(folder)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix))
        .map(walkdir::DirEntry::into_path)
        .collect()
}

/// Sets the permission bits of a file.
#[cfg(unix)]
pub(crate) fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("permissions");
}
