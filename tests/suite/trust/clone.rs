//! Makes clones that try to have their own programs run.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use super::wire::{Dice, Tripwire, host};
use super::words::{KEYS, NAMES, PLACES, SETTINGS, git_config, toml};
use crate::sandbox::Sandbox;

/// A clone before it is one: a repository, and what it was made of.
pub(super) struct Origin {
    /// The folder that the clone is meant for, in the folder that the tests work in.
    pub(super) place: String,
    /// The folders of it that commands are to start in, relative to its top.
    pub(super) starts: Vec<String>,
    /// The parts that it was made of.
    pub(super) made: Vec<String>,
    /// The part that an unpacked archive adds, and that git does not accept.
    pub(super) unpacked: Unpacked,
}

/// A part that git does not accept in a repository, and that an archive brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unpacked {
    Nothing,
    /// A `.git` that leads to the embedded bare repository.
    File,
    /// A repository with a worktree, inside.
    Repository,
    /// The settings of the clone's own repository.
    Own,
}

/// The repository that is being made.
pub(super) struct Maker<'a> {
    pub(super) sandbox: &'a Sandbox,
    pub(super) wire: &'a Tripwire<'a>,
    pub(super) dice: Dice,
    /// The folder that it is made in.
    pub(super) at: &'a str,
    /// Where the clone will be.
    clone: PathBuf,
    pub(super) made: Vec<String>,
}

/// Makes the repository that is cloned later.
pub(super) fn origin<'a>(
    sandbox: &'a Sandbox,
    wire: &'a Tripwire<'a>,
    at: &'a str,
    seed: usize,
) -> Origin {
    let mut dice = Dice::new(seed);
    let place = match dice.below(3) {
        0 => dice.one(&PLACES),
        _ => "clone",
    };
    let mut maker = Maker {
        sandbox,
        wire,
        dice,
        at,
        clone: sandbox.path(place),
        made: Vec::new(),
    };
    maker.programs();
    let mut starts = vec![String::new()];
    sandbox.package(&format!("{at}/emb/inner"), "inner", "inner");
    let member = maker.manifests();
    maker.configurations(seed);
    maker.target();
    maker.state(Dice::new(seed ^ 0x57a7_e000).below(3));
    maker.toolchain();
    let embedded = maker.embedded();
    maker.links();
    if embedded || maker.dice.once_in(3) {
        starts.push("emb/inner".into());
    }
    starts.extend(member);
    let unpacked = match maker.dice.below(8) {
        0 => Unpacked::File,
        1 => Unpacked::Repository,
        2 => Unpacked::Own,
        _ => Unpacked::Nothing,
    };
    if unpacked != Unpacked::Nothing {
        maker.made.push(format!("unpacked: {unpacked:?}"));
    }
    sandbox.git("", &["init", "-q", "-b", "main", at]);
    maker.submodule();
    sandbox.git(at, &["add", "-Af", "."]);
    sandbox.git(at, &["commit", "-q", "-m", "work"]);
    Origin {
        place: place.into(),
        starts,
        made: maker.made,
        unpacked,
    }
}

impl Maker<'_> {
    fn write(&self, file: &str, text: &str) {
        self.sandbox.write(&format!("{}/{file}", self.at), text);
    }

    fn put(&self, at: &str) {
        self.wire.put_as(&format!("{}/{at}", self.at), at);
    }

    /// Programs by well-known names, in the folders that a relative `PATH` leads to.
    fn programs(&self) {
        for program in [
            "git",
            "cargo",
            "rustc",
            "rustup",
            "sccache",
            "cargo-sharedtarget",
            "evil",
            "getconf",
        ] {
            self.put(&format!("bin/{program}"));
        }
        for program in ["sccache", "evil", ".cargo/sharedtarget-rustc"] {
            self.put(program);
        }
        for hook in [
            "post-checkout",
            "post-index-change",
            "reference-transaction",
            "fsmonitor",
        ] {
            self.put(&format!("githooks/{hook}"));
        }
        for name in [
            "fsmonitor",
            "ssh",
            "pager",
            "proxy",
            "editor",
            "clean",
            "smudge",
            "process",
            "diff",
            "textconv",
            "credential",
            "alias",
            "upload",
        ] {
            self.put(&format!("wires/git.{name}"));
        }
        self.put("wires/settings");
        for program in ["rustc", "sccache", "sharedtarget-rustc", "settings"] {
            let at = format!("../outside/{program}");
            self.wire.put_as(&at, &format!("outside/{program}"));
        }
        self.write(
            ".gitattributes",
            "*.rs filter=evil diff=evil merge=evil ident\n",
        );
    }

    /// A text with the places and programs of this run filled in.
    fn filled(&self, text: &str, wire: &str) -> String {
        let host = host();
        let outside = self.sandbox.outside("outside").display().to_string();
        // Each text in quotes may hold the path of the clone, which can have any character in it.
        let filled = text.split('\'').enumerate().map(|(at, part)| {
            let part = part.replace("WIRE", wire).replace("HOST", &host);
            let part = part.replace("OUTSIDE", &outside);
            match at % 2 {
                0 => part,
                _ => toml(&part.replace("CLONE", &self.clone.display().to_string())),
            }
        });
        filled.collect()
    }

    fn configurations(&mut self, seed: usize) {
        let count = 1 + self.dice.below(4);
        let mut text = String::new();
        let mut taken: BTreeSet<&str> = BTreeSet::new();
        for at in 0..count {
            let line = match at {
                0 => KEYS[seed % KEYS.len()],
                _ => self.dice.one(&KEYS),
            };
            let keys: Vec<&str> = line
                .lines()
                .filter_map(|line| line.split(" = ").next())
                .collect();
            if keys.iter().any(|key| taken.contains(key)) {
                continue;
            }
            taken.extend(&keys);
            // The name of a tripwire is that of the key.
            let named = line.lines().find(|line| line.contains("WIRE"));
            let named = named.and_then(|line| line.split(" = ").next());
            let name = named.unwrap_or("none").replace("'cfg(all())'", "cfg");
            let program = format!("wires/{name}");
            if named.is_some() {
                self.put(&program);
            }
            text = format!("{text}{}\n", self.filled(line, &program));
            self.made.push(line.to_owned());
        }
        self.write(
            ".cargo/more.toml",
            "[build]\nrustc = './wires/more.rustc'\n",
        );
        self.write(
            "sub/more.toml",
            "[build]\nrustc-wrapper = './wires/more.rustc'\n",
        );
        self.put("wires/more.rustc");
        self.write("sub/args", "-Clinker=./wires/more.rustc\n");
        self.write("evil.json", "{\"linker\": \"./wires/more.rustc\"}");
        let file = match self.dice.below(6) {
            0 => ".cargo/config",
            1 => "emb/inner/.cargo/config.toml",
            _ => ".cargo/config.toml",
        };
        self.write(file, &text);
        if file == ".cargo/config" {
            self.made.push("the legacy name".into());
        }
        if self.dice.once_in(8) {
            let again = format!("{}/.cargo/linked.toml", self.at);
            self.sandbox.write(&again, &text);
            let link = self
                .sandbox
                .path(&format!("{}/sub/.cargo/config.toml", self.at));
            fs::create_dir_all(link.parent().expect("a folder")).expect("a folder");
            symlink("../../.cargo/linked.toml", link).expect("a link");
        }
    }

    /// The package, and others with it; the folder of a member with an odd name.
    fn manifests(&mut self) -> Option<String> {
        self.sandbox.package(self.at, "app", "hello");
        let lock = "version = 3\n\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\n";
        self.write("Cargo.lock", lock);
        // Builds run these, and looking does not.
        let marks = self.sandbox.outside("fired").display().to_string();
        let append = |name: &str| {
            format!(
                "fn main() {{ use std::io::Write; let _ = std::fs::OpenOptions::new().append(true).create(true)\
                 .open({marks:?}).and_then(|mut log| log.write_all(b\">{name} \\n\")); }}\n"
            )
        };
        self.write("build.rs", &append("build.rs"));
        let manifest = "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
        let more = match self.dice.below(8) {
            0 => "cargo-features = [\"profile-rustflags\", \"codegen-backend\"]\n",
            1 => "[workspace]\nmembers = [\"emb/inner\", \"..\"]\n",
            2 => "[dependencies]\nouter = { path = \"../../outside\" }\n",
            3 => "[workspace]\nmembers = [\"sub\"]\n",
            4 => "[dependencies]\nmacros = { path = \"macros\" }\n",
            _ => "",
        };
        match more.starts_with("cargo-features") {
            true => self.write("Cargo.toml", &format!("{more}{manifest}")),
            false => self.write("Cargo.toml", &format!("{manifest}{more}")),
        }
        if more.contains("\"sub\"") {
            // A member that names another root, which names it.
            self.write(
                "sub/Cargo.toml",
                "[package]\nname = \"sub\"\nversion = \"0.1.0\"\nworkspace = \"../emb\"\n",
            );
            self.write("sub/src/lib.rs", "");
            self.write("emb/Cargo.toml", "[workspace]\nmembers = [\"../sub\"]\n");
        }
        if more.contains("macros") {
            let manifest = "[package]\nname = \"macros\"\nversion = \"0.1.0\"\nbuild = \"b.rs\"\n[lib]\nproc-macro = true\n";
            self.write("macros/Cargo.toml", manifest);
            self.write("macros/src/lib.rs", "");
            self.write("macros/b.rs", &append("macros.rs"));
        }
        if !more.is_empty() {
            self.made.push(more.trim().to_owned());
        }
        if !self.dice.once_in(3) {
            return None;
        }
        let name = self.dice.one(&NAMES);
        self.sandbox
            .package(&format!("{}/{name}", self.at), "odd", "odd");
        self.put(&format!("{name}/evil"));
        self.write(
            &format!("{name}/.cargo/config.toml"),
            "[build]\nrustc = './evil'\n",
        );
        self.made.push(format!("a package in {name:?}"));
        Some(name.to_owned())
    }

    /// A target folder, as if a build had made it.
    fn target(&self) {
        for target in ["target", "emb/inner/target"] {
            let app = match target {
                "target" => "app",
                _ => "inner",
            };
            let files = [
                (
                    "CACHEDIR.TAG",
                    "Signature: 8a477f597d28d172789f06886806bc55\n",
                ),
                (".rustc_info.json", "{}"),
                ("debug/.cargo-lock", ""),
            ];
            for (file, text) in files {
                self.write(&format!("{target}/{file}"), text);
            }
            let unit = format!("{target}/debug/.fingerprint/{app}-0123456789abcdef");
            self.write(&format!("{unit}/bin-{app}"), "0123456789abcdef");
            self.write(&format!("{unit}/bin-{app}.json"), "{}");
            self.write(&format!("{unit}/dep-bin-{app}"), "");
            self.write(
                &format!("{target}/debug/deps/{app}-0123456789abcdef.d"),
                "src/main.rs:\n",
            );
            self.write(
                &format!("{target}/debug/deps/{app}-0123456789abcdef"),
                "a program",
            );
        }
    }

    /// Files that look like our own state.
    fn state(&mut self, way: usize) {
        // A root with no more than settings counts as one that is begun, and one that workspaces lead to has votes.
        let (settings_only, votes) = (way == 0, way == 1);
        if way == 2 && self.dice.once_in(4) {
            return;
        }
        let root = match way {
            2 => self.dice.one(&[".shared-target", "emb/.shared-target"]),
            _ => ".shared-target",
        };
        let program = match way {
            2 => self.dice.one(&["./wires/settings", "CLONE/wires/settings"]),
            _ => "OUTSIDE/settings",
        };
        let settings = self.dice.one(&SETTINGS);
        let settings = self.filled(&settings.replace("WIRE", program), "");
        self.made.push(format!("{root}: {settings}"));
        self.write(&format!("{root}/sharedtarget.toml"), &settings);
        if settings_only {
            return;
        }
        let clone = self.clone.display().to_string();
        let bait = self.sandbox.outside("home/.bashrc").display().to_string();
        let undo = serde_json::json!({ "version": 1, "entries": [{
            "time": "2025-01-01T00:00:00Z", "file": bait, "before": "evil\n", "after": null, "made_folder": false
        }]});
        let owner = serde_json::json!({
            "workspace": clone, "worktree": clone, "common_dir": format!("{clone}/.git"), "layout": "isolated",
            "device": null, "stamp": null
        });
        let token = "0123456789abcdef".repeat(2);
        for (file, text) in [
            (
                "CACHEDIR.TAG",
                "Signature: 8a477f597d28d172789f06886806bc55\n".to_owned(),
            ),
            (".sharedtarget/lock", String::new()),
            (".sharedtarget/token", format!("{token}\n")),
            (".sharedtarget/undo.json", undo.to_string()),
            ("r/w.sharedtarget.json", owner.to_string()),
            (
                "r/w/CACHEDIR.TAG",
                "Signature: 8a477f597d28d172789f06886806bc55\n".to_owned(),
            ),
            (
                ".sharedtarget-trash-1/.gitignore",
                "# cargo-sharedtarget is deleting this folder\n*\n".to_owned(),
            ),
            (".sharedtarget-trash-1/evil", "precious".to_owned()),
            (
                "r/w/.sharedtarget-warm/lock",
                "cargo-sharedtarget puts units together here\n".to_owned(),
            ),
        ] {
            self.write(&format!("{root}/{file}"), &text);
        }
        if votes {
            let config = "[build]\ntarget-dir = '../../.shared-target/r/n'\n";
            for name in ["n1", "n2", "n3"] {
                self.sandbox
                    .package(&format!("{}/nested/{name}", self.at), name, name);
                let file = format!("nested/{name}/.cargo/config.toml");
                self.write(&file, &config.replace("/r/n", &format!("/r/{name}")));
            }
            self.made.push("votes".into());
        }
    }

    fn toolchain(&mut self) {
        if !self.dice.once_in(4) {
            return;
        }
        let text = self.dice.one(&[
            "[toolchain]\npath = 'CLONE/toolchain'\n",
            "[toolchain]\npath = 'toolchain'\n",
            "[toolchain]\npath = '/proc/self/cwd/toolchain'\n",
            "[toolchain]\nchannel = './toolchain'\n",
            "[toolchain]\nchannel = 'evil'\n",
            "[toolchain]\nchannel = '1.0.0'\ncomponents = ['evil']\n",
            "[toolchain]\nchannel = 'stable'\n",
            "toolchain = { channel = 'none', path = 'toolchain' }\n",
            "./toolchain\n",
            "evil\n",
        ]);
        self.made.push(text.into());
        let text = self.filled(text, "");
        let folder = self.dice.one(&["", "emb/"]);
        let name = self.dice.one(&["rust-toolchain.toml", "rust-toolchain"]);
        match self.dice.below(3) {
            0 => {
                self.write("sub/toolchain.toml", &text);
                let to = match folder {
                    "" => "sub/toolchain.toml",
                    _ => "../sub/toolchain.toml",
                };
                let link = self.sandbox.path(&format!("{}/{folder}{name}", self.at));
                symlink(to, link).expect("a link");
            }
            _ => self.write(&format!("{folder}{name}"), &text),
        }
        for folder in ["", "emb/", "emb/inner/"] {
            for program in ["cargo", "rustc"] {
                self.put(&format!("{folder}toolchain/bin/{program}"));
            }
            self.write(&format!("{folder}toolchain/lib/x"), "");
        }
    }

    /// A folder that git would take for a repository.
    fn embedded(&mut self) -> bool {
        if self.dice.below(5) > 2 {
            return false;
        }
        let at = self.dice.one(&["emb", "emb", "emb", "target", ".cargo"]);
        let config = git_config(&self.clone, true);
        let hooks = format!("{at}/hooks/post-index-change");
        for (file, text) in [
            ("HEAD", "ref: refs/heads/main\n"),
            ("config", &config),
            ("objects/keep", ""),
            ("refs/keep", ""),
        ] {
            self.write(&format!("{at}/{file}"), text);
        }
        self.put(&hooks);
        self.made.push(format!("an embedded bare repository: {at}"));
        at == "emb"
    }
}
