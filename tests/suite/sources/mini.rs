//! A small repository of its own for each cell in which the donor itself is changed.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::sandbox::Sandbox;
use crate::sources::built::{self, Built};
use crate::sources::edit::{Edit, hour_ago, set_all};

/// All packages of it.
pub(crate) const ALL: [&str; 4] = ["app", "leaf", "macros", "script"];

/// A library, a macro that reads a file, a build script that says nothing, and a program with a library of its own.
pub(crate) struct Mini {
    pub(crate) sandbox: Sandbox,
}

impl Mini {
    /// A repository with two worktrees, `a` and `c`, whose files are an hour old. Nothing is built.
    pub(crate) fn new() -> Self {
        Self::of(true)
    }

    /// The same, or one whose program does without the build script, which runs again for whatever is new.
    pub(crate) fn of(script: bool) -> Self {
        let mut sandbox = Sandbox::new();
        sandbox.env("CARGO_INCREMENTAL", "0");
        let put = |file: &str, text: &str| sandbox.write(&format!("m/{file}"), text);
        put(
            "Cargo.toml",
            "[workspace]\nmembers = [\"leaf\", \"macros\", \"script\", \"app\"]\nresolver = \"2\"\n",
        );
        put(".gitignore", "target\n*.ignored\nmade/\n");
        for (name, more) in [
            ("leaf", ""),
            ("macros", "[lib]\nproc-macro = true\n"),
            ("script", ""),
            (
                "app",
                "[dependencies]\nleaf = { path = \"../leaf\" }\nmacros = { path = \"../macros\" }\nscript = { path = \
                 \"../script\" }\n",
            ),
        ] {
            let manifest = format!(
                "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n{more}"
            );
            put(&format!("{name}/Cargo.toml"), &manifest);
        }
        put(
            "leaf/src/lib.rs",
            "mod part;\npub fn text() -> &'static str {\n    part::TEXT\n}\n",
        );
        put("leaf/src/part.rs", "pub const TEXT: &str = \"leaf one\";\n");
        put(
            "macros/src/lib.rs",
            "/// Reads a file by its path in the workspace.\n#[proc_macro]\npub fn read(input: proc_macro::TokenStream) -> \
             proc_macro::TokenStream {\n    let path = \
             input.to_string().trim_matches('\"').to_owned();\n    let text = \
             std::fs::read_to_string(path).unwrap_or(\"nothing\".into());\n    format!(\"{:?}\", \
             text.trim()).parse().unwrap()\n}\n",
        );
        put(
            "script/build.rs",
            "fn main() {\n    println!(\"cargo:rustc-env=SAID={}\", \
             std::fs::read_to_string(\"data.txt\").unwrap().trim());\n}\n",
        );
        put("script/data.txt", "data one\n");
        put(
            "script/src/lib.rs",
            "pub fn text() -> &'static str {\n    env!(\"SAID\")\n}\n",
        );
        put("app/note.txt", "note one\n");
        put(
            "app/src/lib.rs",
            "pub fn text() -> String {\n    [\"lib one\", macros::read!(\"app/note.txt\"), macros::read!(\"app/note.ignored\"), \
             macros::read!(\"app/made/note.txt\")].join(\" | \")\n}\n",
        );
        put(
            "app/src/main.rs",
            "fn main() {\n    println!(\"main one, {}, {}, {}\", leaf::text(), script::text(), app::text());\n}\n",
        );
        if !script {
            for (file, from, to) in [
                (
                    "m/app/Cargo.toml",
                    "script = { path = \"../script\" }\n",
                    "",
                ),
                ("m/app/src/main.rs", "script::text()", "\"data one\""),
            ] {
                let text = sandbox.read(file);
                assert!(text.contains(from), "{text}");
                sandbox.write(file, &text.replace(from, to));
            }
        }
        let mini = Self { sandbox };
        mini.sandbox.cargo("m", &["generate-lockfile", "--offline"]);
        mini.sandbox.git("m", &["init", "-q", "-b", "main"]);
        mini.sandbox.git("m", &["add", "-A"]);
        mini.sandbox.git("m", &["commit", "-q", "-m", "work"]);
        mini.add("a");
        mini.add("c");
        mini
    }

    /// One more worktree, whose files are an hour old.
    pub(crate) fn add(&self, name: &str) {
        let path = self.sandbox.path(name).display().to_string();
        let add = ["worktree", "add", "-q", "--detach", &path, "main"];
        self.sandbox.git("m", &add);
        set_all(&self.sandbox.path(name), hour_ago());
    }

    /// Changes a worktree.
    pub(crate) fn edit(&self, worktree: &str, edits: &[Edit]) {
        for edit in edits {
            edit.apply(&self.sandbox.path(worktree));
        }
    }

    /// Builds a worktree, which succeeds.
    #[track_caller]
    pub(crate) fn build(&self, worktree: &str) -> Built {
        self.build_with(worktree, &["build"], &[])
    }

    /// Builds a worktree in some way, which succeeds.
    #[track_caller]
    pub(crate) fn build_with(&self, worktree: &str, args: &[&str], env: &[(&str, &str)]) -> Built {
        let built = Built::by(&self.sandbox, worktree, args, env);
        assert!(built.ok, "{}", built.log);
        built
    }

    /// The output of a worktree's program.
    pub(crate) fn prints(&self, worktree: &str) -> BTreeSet<String> {
        let target = self.sandbox.path(worktree).join("target");
        built::programs(&self.sandbox, worktree, &target)
    }

    /// Warms `c`, and builds it and a copy of it: both are the same, and just these packages are compiled.
    #[track_caller]
    pub(crate) fn check(&self, compiled: &[&str]) {
        self.check_with(compiled, &["build"]);
    }

    /// The same with another command.
    #[track_caller]
    pub(crate) fn check_with(&self, compiled: &[&str], args: &[&str]) {
        let said = self.sandbox.run("c", &["warm", "-v", "--yes"]).said();
        let copy = self.sandbox.path("copy");
        copy_tree(&self.sandbox.path("c"), &copy);
        let built = self.build_with("c", args, &[]);
        self.build_with("copy", args, &[]);
        let printed = |worktree: &str| {
            let profile = match args.contains(&"--release") {
                true => "release",
                false => "debug",
            };
            let path = self.sandbox.path(worktree).join("target").join(profile);
            let command = self
                .sandbox
                .prepared(path.join("app"), worktree, &[])
                .output();
            String::from_utf8(command.expect("a program").stdout).expect("text")
        };
        let (here, there) = (printed("c"), printed("copy"));
        assert_eq!(here, there, "it prints what a copy of it prints\n{said}");
        let expected: BTreeSet<String> = compiled.iter().map(|&name| name.into()).collect();
        assert_eq!(built.compiled, expected, "what is compiled\n{said}");
    }
}

/// Copies what is not built, as new files.
fn copy_tree(from: &Path, to: &Path) {
    let all = walkdir::WalkDir::new(from)
        .into_iter()
        .filter_entry(|entry| entry.file_name() != "target" && entry.file_name() != ".git");
    for entry in all {
        let entry = entry.expect("a file");
        let to = to.join(entry.path().strip_prefix(from).expect("inside"));
        match entry.file_type() {
            kind if kind.is_dir() => fs::create_dir_all(to).expect("a folder"),
            kind if kind.is_symlink() => {
                let target = fs::read_link(entry.path()).expect("a link");
                std::os::unix::fs::symlink(target, to).expect("a link");
            }
            _ => {
                let text = fs::read(entry.path()).expect("a file");
                fs::write(to, text).expect("a file");
            }
        }
    }
}
