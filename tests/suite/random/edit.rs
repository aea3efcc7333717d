//! Edits of the files of one worktree, which go by what is in them now.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::random::dice::Dice;
use crate::random::generate::{Has, Member, Plan};
use crate::random::source::{self, MODULES, SAID};

/// The kind of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edit {
    /// A value in a source, of whatever target.
    Value,
    /// A file that a script, a macro or `include_str!` reads, or that is never read.
    Data,
    /// A module is added, removed or renamed.
    Module,
    /// A program is added or removed.
    Program,
    /// A file appears in, or disappears from, a folder that a script watches.
    Input,
    /// The time of a file, and nothing else.
    Touch,
    /// A key in the manifest of a package.
    Manifest,
    /// A package needs one more.
    Edge,
    /// A key in the root manifest, or a comment.
    Workspace,
    /// A source that does not compile.
    Broken,
}

/// One worktree's files.
pub(crate) struct Editor<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) root: &'a Path,
    pub(crate) dice: &'a mut Dice,
    /// Written files get the time of an hour ago.
    pub(crate) old: bool,
}

/// All files of a worktree, relative to it, without what git and Cargo write; sorted.
pub(crate) fn paths(root: &Path) -> Vec<String> {
    let walk = walkdir::WalkDir::new(root).sort_by_file_name().into_iter();
    let walk = walk.filter_entry(|entry| {
        entry.depth() != 1 || (entry.file_name() != "target" && entry.file_name() != ".git")
    });
    let entries = walk.map(|entry| entry.expect("a readable folder"));
    let files = entries.filter(|entry| entry.file_type().is_file());
    files
        .map(|entry| {
            let path = entry.path().strip_prefix(root).expect("inside");
            path.to_str().expect("Unicode").to_owned()
        })
        .collect()
}

/// Sets the time of a file to that of an hour ago.
pub(crate) fn age(path: &Path) {
    set_mtime(path, SystemTime::now() - Duration::from_secs(3600));
}

/// Sets the time of a file to now.
pub(crate) fn touch(path: &Path) {
    set_mtime(path, SystemTime::now());
}

fn set_mtime(path: &Path, time: SystemTime) {
    let file = fs::File::options().append(true).open(path).expect("a file");
    let times = fs::FileTimes::new().set_modified(time);
    file.set_times(times).expect("a time");
}

impl<'a> Editor<'a> {
    /// Does it, and says what was done; `None` if there is nothing to do it with.
    pub(crate) fn apply(&mut self, edit: Edit) -> Option<String> {
        match edit {
            Edit::Value => {
                let all = paths(self.root);
                let sources: Vec<String> = all
                    .into_iter()
                    .filter(|path| path.ends_with(".rs"))
                    .collect();
                let path = self.dice.pick(&sources).clone();
                self.number(&path, ": &str = \"")
            }
            Edit::Data => {
                let all = paths(self.root);
                let ends = |path: &String| path.ends_with(".txt") || path.ends_with(".md");
                let data: Vec<String> = all.into_iter().filter(ends).collect();
                let path = self.dice.pick(&data).clone();
                let value = self.dice.value();
                self.write(&path, &value);
                Some(format!("{path} is {value}"))
            }
            Edit::Module => self.module(),
            Edit::Program => {
                let member = self.member()?;
                // Cargo puts all programs into one folder.
                let path = member.path(&format!("src/bin/{}-extra.rs", member.name));
                if self.exists(&path) {
                    return Some(self.remove(&path));
                }
                let value = self.dice.value();
                self.write(&path, &source::program(&member.name, &value));
                Some(format!("{path} is new"))
            }
            Edit::Input => {
                let all = paths(self.root);
                let firsts = all.iter().filter(|path| path.ends_with("inputs/first.txt"));
                let firsts: Vec<String> = firsts.cloned().collect();
                if firsts.is_empty() {
                    return None;
                }
                let path = self.dice.pick(&firsts).replace("first", "second");
                if self.exists(&path) {
                    return Some(self.remove(&path));
                }
                let value = self.dice.value();
                self.write(&path, &value);
                Some(format!("{path} is new"))
            }
            Edit::Touch => {
                let all = paths(self.root);
                let path = self.dice.pick(&all);
                touch(&self.root.join(path));
                Some(format!("{path} is touched"))
            }
            Edit::Manifest => self.manifest(),
            Edit::Edge => self.edge(),
            Edit::Workspace => self.workspace(),
            Edit::Broken => {
                let path = self.member()?.path("src/lib.rs");
                let text = self.read(&path) + "fn broken() -> u8 {\n    \"no\"\n}\n";
                self.write(&path, &text);
                Some(format!("{path} is broken"))
            }
        }
    }

    /// A package that is not the procedural macro.
    fn member(&mut self) -> Option<&'a Member> {
        let at = self.dice.below(self.plan.members.len());
        (Some(at) != self.plan.plugin).then(|| &self.plan.members[at])
    }

    fn module(&mut self) -> Option<String> {
        let member = self.member()?;
        let (library, part) = (member.path("src/lib.rs"), member.path("src/part.rs"));
        let (folder, deep) = (member.path("src"), member.path("src/part/mod.rs"));
        if self.dice.one_in(3) {
            let (from, to) = match (self.exists(&part), self.exists(&deep)) {
                (true, false) => (part, deep),
                (false, true) => (deep, part),
                _ => return None,
            };
            let target = self.root.join(&to);
            fs::create_dir_all(target.parent()?).expect("a folder");
            fs::rename(self.root.join(&from), target).expect("renamed");
            return Some(format!("{from} is now {to}"));
        }
        let text = self.read(&library);
        let name = format!("x{}", self.dice.below(3));
        let path = format!("{folder}/{name}.rs");
        let (module, said) = (
            format!("mod {name};\n"),
            source::say(&format!("{name}::IT")),
        );
        if text.contains(&module) {
            let mut text = text.replace(&module, "").replace(&said, "");
            let mut what = self.remove(&path);
            let other = format!("y{name}");
            if self.dice.one_in(2) && !text.contains(&format!("mod {other};")) {
                text = with(
                    &text,
                    &format!("mod {other};\n"),
                    &source::say(&format!("{other}::IT")),
                )?;
                let value = self.dice.value();
                let path = format!("{folder}/{other}.rs");
                self.write(&path, &format!("pub const IT: &str = \"{value}\";\n"));
                what += &format!(", and {path} is there");
            }
            self.write(&library, &text);
            return Some(what);
        }
        let text = with(&text, &module, &said)?;
        let value = self.dice.value();
        self.write(&path, &format!("pub const IT: &str = \"{value}\";\n"));
        self.write(&library, &text);
        Some(format!("{path} is new"))
    }

    fn manifest(&mut self) -> Option<String> {
        let at = self.dice.below(self.plan.members.len());
        let path = self.plan.members[at].path("Cargo.toml");
        let has = |has| self.plan.members[at].has(has);
        if has(Has::Inherits) || (has(Has::Feature) && self.dice.one_in(2)) {
            return self.swap(&path, "default = []\n", "default = [\"extra\"]\n");
        }
        match self.dice.below(4) {
            0 => self.swap(&path, "edition = \"2021\"", "edition = \"2024\""),
            1 => self.swap(&path, "version = \"0.1.0\"", "version = \"0.1.1\""),
            _ => self.number(&path, "description = \"one of "),
        }
    }

    fn edge(&mut self) -> Option<String> {
        let at = 1 + self.dice.below(self.plan.members.len() - 1);
        let need = self.dice.below(at);
        if [at, need].map(Some).contains(&self.plan.plugin) {
            return None;
        }
        let (member, name) = (&self.plan.members[at], &self.plan.members[need].name);
        let (path, library) = (member.path("Cargo.toml"), member.path("src/lib.rs"));
        let (text, code) = (self.read(&path), self.read(&library));
        let line = source::dependency(self.plan, at, need);
        let (_, after) = text.split_once("[dependencies]\n")?;
        if after.split("\n\n").next()?.contains(line.trim_end()) {
            return None;
        }
        let text = text.replacen("[dependencies]\n", &format!("[dependencies]\n{line}"), 1);
        let code = with(&code, "", &source::say(&format!("{name}::VALUE")))?;
        let code = code.replacen(SAID, &format!("{SAID}    {name}::say(all);\n"), 1);
        self.write(&path, &text);
        self.write(&library, &code);
        Some(format!("{} needs {name}", member.name))
    }

    fn workspace(&mut self) -> Option<String> {
        let path = "Cargo.toml";
        match self.dice.below(6) {
            0 => self.swap(
                path,
                "[profile.dev]\n",
                "[profile.dev]\ndebug-assertions = false\n",
            ),
            1 => self.swap(
                path,
                "edition = \"2021\"\ndescription = \"all",
                "edition = \"2024\"\ndescription = \"all",
            ),
            2 => self.swap(
                path,
                "[workspace.package]\nversion = \"0.1.0\"",
                "[workspace.package]\nversion = \"0.1.1\"",
            ),
            3 => {
                let text = format!("{}# {}\n", self.read(path), self.dice.value());
                self.write(path, &text);
                Some("the root manifest has one more comment".into())
            }
            _ => self.number(path, "description = \"all of "),
        }
    }

    /// Another number after this text, the first time that it is in the file.
    fn number(&mut self, path: &str, after: &str) -> Option<String> {
        let text = self.read(path);
        let mut starts = text.match_indices(after).map(|(at, _)| at + after.len());
        let start = starts.find(|start| {
            let number = text.as_bytes().get(*start..start + 3);
            number.is_some_and(|number| number.iter().all(u8::is_ascii_digit))
        })?;
        let value = self.dice.value();
        let mut text = text;
        text.replace_range(start..start + 3, &value);
        self.write(path, &text);
        Some(format!("{path} has {value}"))
    }

    /// The one text in place of the other, or the other way round.
    fn swap(&mut self, path: &str, one: &str, other: &str) -> Option<String> {
        let text = self.read(path);
        let (from, to) = if text.contains(other) {
            (other, one)
        } else {
            (one, other)
        };
        if !text.contains(from) {
            return None;
        }
        self.write(path, &text.replacen(from, to, 1));
        Some(format!("{path} has {to:?}"))
    }

    fn exists(&self, path: &str) -> bool {
        fs::symlink_metadata(self.root.join(path)).is_ok()
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root.join(path)).unwrap_or_default()
    }

    fn write(&self, path: &str, text: &str) {
        let path: PathBuf = self.root.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(&path, text).expect("a file");
        if self.old {
            age(&path);
        }
    }

    fn remove(&self, path: &str) -> String {
        drop(fs::remove_file(self.root.join(path)));
        format!("{path} is gone")
    }
}

/// A library with one more module, or with one more thing that it says.
fn with(text: &str, module: &str, said: &str) -> Option<String> {
    let there = text.contains(MODULES) && text.contains(SAID);
    there.then(|| {
        let text = text.replacen(MODULES, &format!("{MODULES}{module}"), 1);
        text.replacen(SAID, &format!("{said}{SAID}"), 1)
    })
}
