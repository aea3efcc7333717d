//! Makes a workspace from a seed: what its packages are and what they need of each other.

use std::collections::BTreeSet;

use crate::random::dice::Dice;
use crate::random::source;

/// The parts of a package besides its library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Has {
    /// A module in `src/part.rs`.
    Part,
    /// A module in `src/deep/mod.rs`, and one below it.
    Deep,
    /// `include_str!` of its own `data.txt`.
    Text,
    /// `include_str!` of `shared.txt` in the workspace's top folder.
    Top,
    /// `env!("CARGO_MANIFEST_DIR")`.
    Path,
    /// `env!("CARGO_PKG_DESCRIPTION")` and the version.
    Env,
    /// Version, edition and description from the workspace.
    Inherits,
    /// A feature.
    Feature,
    /// Code that means something else in another edition.
    Edition,
    /// Unit tests.
    UnitTest,
    /// A program of the package's name.
    Program,
    /// One more program.
    More,
    /// An example.
    Example,
    /// An integration test.
    Test,
    /// A call of the procedural macro, which reads the package's `note.txt`.
    Note,
}

/// The files that a build script tells Cargo to watch, and the way in which it hands on its output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Script {
    /// Itself and a data file.
    File,
    /// Itself and a folder.
    Folder,
    /// Nothing: all of the package counts.
    NoLines,
    /// Itself alone.
    Own,
    /// Itself and a data file; it writes a source that is included.
    Source,
}

/// A package.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) name: String,
    /// Relative to the workspace; empty for the root package.
    pub(crate) folder: String,
    /// Packages that come before it.
    pub(crate) needs: Vec<usize>,
    pub(crate) dev: Option<usize>,
    pub(crate) build: Option<usize>,
    pub(crate) script: Option<Script>,
    pub(crate) has: BTreeSet<Has>,
}

impl Member {
    pub(crate) fn has(&self, has: Has) -> bool {
        self.has.contains(&has)
    }

    /// A path in it, relative to the workspace.
    pub(crate) fn path(&self, inside: &str) -> String {
        if self.folder.is_empty() {
            inside.into()
        } else {
            format!("{}/{inside}", self.folder)
        }
    }
}

/// A workspace.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// The last one has a program that everything goes into.
    pub(crate) members: Vec<Member>,
    /// The procedural macro, if there is one.
    pub(crate) plugin: Option<usize>,
    /// Whether the macro tells the compiler what it has read.
    pub(crate) tells: bool,
    /// Whether the macro finds out where it is, to read a file there.
    pub(crate) places: bool,
    /// Whether git tracks `Cargo.lock`.
    pub(crate) locked: bool,
}

impl Plan {
    pub(crate) fn new(dice: &mut Dice) -> Self {
        let count = 6 + dice.below(7).min(dice.below(7));
        let root_package = dice.one_in(2);
        let plugin = (!dice.one_in(3)).then(|| 1 + dice.below(3));
        let mut members: Vec<Member> = Vec::new();
        for at in 0..count {
            let last = at + 1 == count;
            let name = format!("c{at}");
            let folder = match () {
                () if last && root_package => String::new(),
                () if dice.one_in(4) => format!("crates/deep/{name}"),
                () => format!("crates/{name}"),
            };
            let mut member = Member {
                name,
                folder,
                needs: Vec::new(),
                dev: None,
                build: None,
                script: None,
                has: BTreeSet::new(),
            };
            let before: Vec<usize> = (0..at).filter(|one| Some(*one) != plugin).collect();
            for _ in 0..=dice.below(3) {
                if !before.is_empty() {
                    member.needs.push(*dice.pick(&before));
                }
            }
            if Some(at) == plugin {
                member.needs.truncate(1);
            } else {
                furnish(&mut member, dice);
                if plugin.is_some_and(|plugin| plugin < at) && (last || dice.one_in(3)) {
                    member.has.insert(Has::Note);
                }
                if !before.is_empty() && member.has(Has::Test) {
                    member.dev = Some(*dice.pick(&before));
                }
                if !before.is_empty() && member.script.is_some() && dice.one_in(5) {
                    member.build = Some(*dice.pick(&before));
                }
            }
            if last {
                member.has.insert(Has::Program);
                // Packages that only the macro needs do not show in the output of a program.
                let shown = members.iter().enumerate();
                let shown = shown.filter(|(one, _)| Some(*one) != plugin);
                let needed: BTreeSet<usize> = shown.flat_map(|(_, m)| m.needs.clone()).collect();
                member
                    .needs
                    .extend(before.iter().filter(|one| !needed.contains(one)));
            }
            member.needs.sort_unstable();
            member.needs.dedup();
            members.push(member);
        }
        Self {
            members,
            plugin,
            tells: dice.one_in(2),
            places: dice.one_in(3),
            locked: dice.one_in(2),
        }
    }

    /// Leaves out what shows where it was compiled: it gives a foreign unit away at once, whatever its sources.
    pub(crate) fn forget_paths(&mut self) {
        for member in &mut self.members {
            member.has.remove(&Has::Path);
        }
    }

    /// The files that no compiler and no Cargo knows to have been read, each with the source that has them read.
    pub(crate) fn untold(&self) -> Vec<(String, String)> {
        let silent = self.plugin.is_some() && !self.tells;
        let callers = self.members.iter();
        let callers = callers.filter(|member| silent && member.has(Has::Note));
        callers
            .map(|member| (member.path("note.txt"), member.path("src/lib.rs")))
            .collect()
    }

    /// All files as they are first.
    pub(crate) fn files(&self, dice: &mut Dice) -> Vec<(String, String)> {
        let mut files = vec![
            ("Cargo.toml".to_owned(), String::new()),
            ("shared.txt".into(), dice.value()),
            ("README.md".into(), dice.value()),
        ];
        let ignored = if self.locked {
            "target\n"
        } else {
            "target\nCargo.lock\n"
        };
        files.push((".gitignore".into(), ignored.into()));
        let mut root = source::workspace(self);
        for at in 0..self.members.len() {
            let member = &self.members[at];
            let manifest = source::manifest(self, at);
            if member.folder.is_empty() {
                root = format!("{manifest}\n{root}");
            } else {
                files.push((member.path("Cargo.toml"), manifest));
            }
            let inside = source::files(self, at, dice).into_iter();
            files.extend(inside.map(|(path, text)| (member.path(&path), text)));
        }
        files[0].1 = root;
        files
    }
}

/// Throws what a package has.
fn furnish(member: &mut Member, dice: &mut Dice) {
    for (many, has) in [
        (2, Has::Part),
        (5, Has::Deep),
        (3, Has::Text),
        (4, Has::Top),
        (7, Has::Path),
        (3, Has::Env),
        (2, Has::Inherits),
        (4, Has::Feature),
        (5, Has::Edition),
        (6, Has::UnitTest),
        (5, Has::Program),
        (9, Has::More),
        (8, Has::Example),
        (5, Has::Test),
    ] {
        if dice.one_in(many) {
            member.has.insert(has);
        }
    }
    if dice.one_in(3) {
        member.script = Some(*dice.pick(&[
            Script::File,
            Script::Folder,
            Script::NoLines,
            Script::Own,
            Script::Source,
        ]));
    }
}
