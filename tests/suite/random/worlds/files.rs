//! The files of a world.
//!
//! Two packages, `low` and `app`, which depends on it; `side`, which is alone; and, as the looks want them, a crate of
//! macros, a crate that build scripts call, and a third-party package. All that a look has found stands as
//! `<<name=value>>` in what is compiled.

mod code;

use std::fmt::Write as _;

use code::{prelude, watched};

use super::plan::{Look, Shape, Spot, Tells, What, Who, World};

/// The folder of the third-party package.
pub(crate) const VENDORED: &str = "vendor/tp-1.0.0";
/// A line of the root manifest that `Spot::Metadata` changes.
pub(crate) const METADATA: &str = "note = \"first\"";
/// The text before the license in the root manifest, and before the readme in the one of `low`.
pub(crate) const LICENSE: &str = "license = \"";
pub(crate) const README: &str = "readme = \"";
/// A file in the user's home.
pub(crate) const HOME: &str = "home/look.txt";
/// A line of the manifest of `side` that `Spot::Lock` changes.
pub(crate) const SIDE: &str = "# More.\n";

impl Shape {
    /// The workspace's folder, relative to the worktree, as the beginning of a path.
    pub(crate) fn workspace(&self) -> &'static str {
        if self.sub { "rust/" } else { "" }
    }
}

impl Spot {
    /// The file, relative to the worktree.
    pub(crate) fn path(self, shape: &Shape) -> String {
        let inside = match self {
            Self::Own => "low/data.txt",
            Self::OwnDeep => "low/data/deep/a.txt",
            Self::Other => "app/note.txt",
            Self::Top => "top.txt",
            Self::Beside => "assets/deep/a.txt",
            Self::Markdown => "README.md",
            Self::Above => return "proto/common.txt".into(),
            Self::Outside => return "../outside.txt".into(),
            Self::DotEnv => ".env",
            Self::Dot => ".gen/a.txt",
            Self::Dist => "dist/a.txt",
            Self::Linked => "shared/a.txt",
            Self::Source => "low/src/lib.rs",
            Self::Part => "low/src/part.rs",
            Self::Metadata => "Cargo.toml",
            Self::Lock => "Cargo.lock",
            Self::License => "Cargo.toml",
            Self::Readme => "low/Cargo.toml",
            Self::Clippy => "clippy.toml",
            Self::ClippyNear => "low/clippy.toml",
            Self::Home => unreachable!("it is in no worktree"),
        };
        format!("{}{inside}", shape.workspace())
    }

    /// The file, from the folder that a script of `low` or `app`, or the compiler, runs in.
    fn from(self, who: Who, shape: &Shape) -> String {
        let up = if who.is_macro() { "" } else { "../" };
        let workspace = shape.workspace();
        if self == Self::Linked {
            return format!("{up}low/link/a.txt");
        }
        let path = self.path(shape);
        match path.strip_prefix(workspace) {
            Some(inside) => format!("{up}{inside}"),
            None if workspace.is_empty() => format!("{up}{path}"),
            None => format!("{up}../{path}"),
        }
    }

    /// The folder that a list is made of.
    fn folder(self, who: Who, shape: &Shape) -> String {
        let path = self.from(who, shape);
        let path = path.replace("/deep/a.txt", "");
        match self {
            Self::OwnDeep | Self::Beside => path,
            _ => match path.rsplit_once('/') {
                Some((folder, _)) => folder.into(),
                None => ".".into(),
            },
        }
    }

    /// Whether all of its folder may be listed: not where targets lie, and much else.
    pub(crate) fn can_be_listed(self) -> bool {
        matches!(
            self,
            Self::OwnDeep
                | Self::Beside
                | Self::Above
                | Self::Dot
                | Self::Dist
                | Self::Linked
                | Self::Source
                | Self::Part
        )
    }
}

impl World {
    fn of_macro(&self) -> bool {
        self.looks.iter().any(|look| look.who.is_macro())
    }

    fn of_helper(&self) -> bool {
        self.looks.iter().any(|look| look.who == Who::Helper)
    }

    fn writes(&self) -> bool {
        let mut looks = self.looks.iter();
        looks.any(|look| matches!(look.what, What::Writes(_)))
    }

    fn by(&self, who: Who) -> impl Iterator<Item = (usize, &Look)> {
        let looks = self.looks.iter().enumerate();
        looks.filter(move |(_, look)| look.who == who)
    }

    /// All files of the repository, relative to the worktree.
    pub(crate) fn files(&self) -> Vec<(String, String)> {
        let shape = &self.shape;
        let mut files = vec![
            (".gitignore".to_owned(), ignored(shape)),
            ("proto/common.txt".into(), "above".into()),
        ];
        let mut add = |path: &str, text: String| {
            files.push((format!("{}{path}", shape.workspace()), text));
        };
        add("Cargo.toml", self.root());
        for (path, text) in [
            ("low/data.txt", "own"),
            ("low/data/deep/a.txt", "deep"),
            ("app/note.txt", "other"),
            ("top.txt", "top"),
            ("assets/deep/a.txt", "beside"),
            ("README.md", "markdown"),
            ("shared/a.txt", "linked"),
            (
                "low/src/part.rs",
                "pub const PART: &str = \"<<low.part=first>>\";\n",
            ),
            ("side/src/lib.rs", ""),
        ] {
            add(path, text.into());
        }
        add("clippy.toml", clippy(9));
        add(
            "side/Cargo.toml",
            format!("{}\n[dependencies]\n{SIDE}", package("side")),
        );
        for (at, look) in self.looks.iter().enumerate() {
            if let What::Shell(spot) = look.what {
                let file = spot.from(look.who, shape);
                add(
                    &format!("scripts/look{at}.sh"),
                    format!("cat {file} 2>/dev/null || echo none\n"),
                );
            }
        }
        add("low/Cargo.toml", self.low_manifest());
        add("low/src/lib.rs", self.library("low"));
        add("app/Cargo.toml", self.app_manifest());
        add("app/src/lib.rs", self.library("app"));
        add("app/src/main.rs", self.program());
        add("app/tests/it.rs", test());
        if self.has_script("low") {
            add("low/build.rs", self.script("low"));
        }
        if self.has_script("app") {
            add("app/build.rs", self.script("app"));
        }
        if self.of_macro() {
            let manifest = format!("{}\n[lib]\nproc-macro = true\n", package("mac"));
            add("mac/Cargo.toml", manifest);
            add("mac/src/lib.rs", self.macros());
        }
        if self.of_helper() {
            add("help/Cargo.toml", package("help"));
            add("help/src/lib.rs", self.helper());
        }
        files
    }

    /// The files that git ignores, or that are not in the repository.
    pub(crate) fn untracked(&self) -> Vec<(String, String)> {
        let mut files = vec![(Spot::Outside, "outside")];
        if self.shape.ignored {
            files.extend([
                (Spot::DotEnv, "env"),
                (Spot::Dot, "dot"),
                (Spot::Dist, "dist"),
            ]);
        }
        let files = files.into_iter();
        files
            .map(|(spot, text)| (spot.path(&self.shape), text.to_owned()))
            .collect()
    }

    /// The files of the third-party package.
    pub(crate) fn vendored(&self) -> Vec<(String, String)> {
        let mut files = vec![
            (".cargo-checksum.json", "{\"files\":{}}".to_owned()),
            ("Cargo.toml", package("tp").replace("0.1.0", "1.0.0")),
            ("src/lib.rs", self.library("tp")),
        ];
        if self.has_script("tp") {
            files.push(("build.rs", self.script("tp")));
        }
        let files = files.into_iter();
        files
            .map(|(path, text)| (format!("{VENDORED}/{path}"), text))
            .collect()
    }

    fn root(&self) -> String {
        let mut members = vec!["low", "app", "side"];
        members.extend(self.of_macro().then_some("mac"));
        members.extend(self.of_helper().then_some("help"));
        format!(
            "[workspace]\nmembers = {members:?}\ndefault-members = [\"low\", \"app\"]\nresolver = \"2\"\n\n[workspace.package]\n{LICENSE}first\"\n\n[workspace.metadata]\n{METADATA}\n\n\
             [profile.dev]\ndebug = {}\nincremental = {}\n\n[profile.out]\ninherits = \"dev\"\n",
            self.shape.debug, self.shape.incremental
        )
    }

    fn low_manifest(&self) -> String {
        let mut text = member("low") + "\n[dependencies]\n";
        if self.of_macro() {
            text += "mac = { path = \"../mac\" }\n";
        }
        if self.shape.third {
            text += "tp = \"1\"\n";
        }
        if self.of_helper() {
            text += "\n[build-dependencies]\nhelp = { path = \"../help\" }\n";
        }
        text
    }

    fn app_manifest(&self) -> String {
        let mut text = member("app") + "\n[dependencies]\nlow = { path = \"../low\" }\n";
        if self.of_macro() {
            text += "mac = { path = \"../mac\" }\n";
        }
        text
    }

    /// The looks of a script, with those of the crate that it calls.
    fn of_script(&self, package: &str) -> Vec<(usize, &Look)> {
        match package {
            "low" => self
                .by(Who::LowScript)
                .chain(self.by(Who::Helper))
                .collect(),
            "app" => self.by(Who::AppScript).collect(),
            _ => self.by(Who::Third).collect(),
        }
    }

    fn has_script(&self, package: &str) -> bool {
        !self.of_script(package).is_empty()
    }

    /// A library: all looks of it, and its own texts.
    fn library(&self, package: &str) -> String {
        let mut text = format!(
            "#[cfg(wrapped)]\npub const CFG: &str = \"<<{package}.cfg=wrapped>>\";\n\
             #[cfg(all(flagged, not(wrapped)))]\npub const CFG: &str = \"<<{package}.cfg=flagged>>\";\n\
             #[cfg(not(any(wrapped, flagged)))]\npub const CFG: &str = \"<<{package}.cfg=none>>\";\n"
        );
        let mut all = vec!["CFG".to_owned()];
        let mut add = |name: String, value: &str| {
            writeln!(text, "pub const {name}: &str = {value};").expect("text");
            all.push(name);
        };
        match package {
            "low" => {
                add("SOURCE".into(), "\"<<low.source=first>>\"");
                add("PATH".into(), "concat!(\"<<low.file=\", file!(), \">>\")");
                for name in ["license", "readme"] {
                    let value = format!(
                        "concat!(\"<<low.{name}=\", env!(\"CARGO_PKG_{}\"), \">>\")",
                        name.to_uppercase()
                    );
                    add(name.to_uppercase(), &value);
                }
            }
            "app" => add("OWN".into(), "\"<<app.own=first>>\""),
            _ => {}
        }
        for (at, look) in self.of_script(package) {
            if matches!(look.what, What::Writes(_) | What::CopyBeside) {
                continue;
            }
            if look.by_file {
                let value = format!("include_str!(concat!(env!(\"OUT_DIR\"), \"/look{at}.txt\"))");
                add(format!("LOOK{at}"), &value);
            } else {
                add(format!("LOOK{at}"), &format!("env!(\"LOOK{at}\")"));
            }
        }
        let who = match package {
            "low" => Some(Who::LowMacro),
            "app" => Some(Who::AppMacro),
            _ => None,
        };
        for (at, _) in who.into_iter().flat_map(|who| self.by(who)) {
            add(format!("LOOK{at}"), &format!("mac::look{at}!()"));
        }
        if package == "low" {
            text += "mod part;\npub use part::PART;\n";
            all.push("PART".into());
            if self.shape.third {
                all.push("tp::all()".into());
            }
            // Clippy's findings depend on its own configuration.
            text += "pub fn many(_a: u8, _b: u8, _c: u8, _d: u8, _e: u8) {}\n";
        }
        if package == "app" {
            all.push("low::all()".into());
        }
        let all: String = all.iter().map(|one| format!(" + {one}")).collect();
        let all = all.replace("all()", "all().as_str()");
        writeln!(
            text,
            "pub fn all() -> String {{\n    String::new(){all}\n}}"
        )
        .expect("text");
        text
    }

    fn program(&self) -> String {
        let mut text = "fn main() {\n    println!(\"{}\", app::all());\n".to_owned();
        // It runs in the workspace's folder.
        if self.writes() {
            text += "    let made = std::fs::read_to_string(\"made/a.txt\").unwrap_or_else(|_| \"none\".into());\n    \
                     println!(\"<<app.made={}>>\", made);\n";
        }
        if self.looks.iter().any(|look| look.what == What::CopyBeside) {
            text += "    let beside = std::env::current_exe().unwrap().with_file_name(\"beside.txt\");\n    \
                     println!(\"<<app.beside={}>>\", std::fs::read_to_string(beside).unwrap_or_else(|_| \"none\".into()));\n";
        }
        text + "}\n"
    }

    fn script(&self, package: &str) -> String {
        let looks = self.of_script(package);
        let own: Vec<&Look> = looks.iter().map(|(_, look)| *look).collect();
        let here: Vec<&Look> = own
            .iter()
            .copied()
            .filter(|look| look.who != Who::Helper)
            .collect();
        let mut text = prelude(&here);
        text += "fn main() {\n";
        if own.iter().any(|look| look.tells != Tells::Nothing) {
            text += "    println!(\"cargo:rerun-if-changed=build.rs\");\n";
        }
        for (at, look) in &looks {
            if look.tells == Tells::All {
                for line in watched(look, &self.shape) {
                    writeln!(text, "    println!({line});").expect("text");
                }
            }
            let value = if look.who == Who::Helper {
                format!("help::look{at}()")
            } else {
                self.value(*at, look)
            };
            writeln!(
                text,
                "    let value = format!(\"<<{package}.look{at}={{}}>>\", {value});"
            )
            .expect("text");
            text += &match look.what {
                What::Writes(_) => "    std::fs::create_dir_all(\"../made\").unwrap();\n    \
                                    std::fs::write(\"../made/a.txt\", value.replace(['<', '>'], \"\")).unwrap();\n"
                    .to_owned(),
                What::CopyBeside => "    let out = std::path::PathBuf::from(std::env::var(\"OUT_DIR\").unwrap());\n    \
                                     let beside = out.ancestors().find(|one| one.join(\"deps\").exists() || one.join(\".cargo-lock\").exists() \
                                     || one.join(\".cargo-build-lock\").exists()).unwrap().join(\"beside.txt\");\n    \
                                     if !beside.exists() { std::fs::write(beside, value.replace(['<', '>'], \"\")).unwrap(); }\n"
                    .to_owned(),
                _ if look.by_file => format!(
                    "    std::fs::write(std::env::var(\"OUT_DIR\").unwrap() + \"/look{at}.txt\", value).unwrap();\n"
                ),
                _ => format!("    println!(\"cargo:rustc-env=LOOK{at}={{value}}\");\n"),
            };
        }
        text + "}\n"
    }

    fn helper(&self) -> String {
        let looks: Vec<(usize, &Look)> = self.by(Who::Helper).collect();
        let own: Vec<&Look> = looks.iter().map(|(_, look)| *look).collect();
        let mut text = prelude(&own);
        for (at, look) in looks {
            let value = self.value(at, look);
            writeln!(
                text,
                "pub fn look{at}() -> String {{ ({value}).to_string() }}"
            )
            .expect("text");
        }
        text
    }

    fn macros(&self) -> String {
        let looks = self.looks.iter().enumerate();
        let looks: Vec<(usize, &Look)> = looks.filter(|(_, look)| look.who.is_macro()).collect();
        let own: Vec<&Look> = looks.iter().map(|(_, look)| *look).collect();
        let mut text = "extern crate proc_macro;\nuse proc_macro::TokenStream;\n".to_owned();
        text += &prelude(&own);
        for (at, look) in looks {
            let package = if look.who == Who::LowMacro {
                "low"
            } else {
                "app"
            };
            let value = self.value(at, look);
            let told = match look.what {
                What::Read(spot) if look.tells == Tells::All && spot != Spot::Source => {
                    let path = spot.from(look.who, &self.shape);
                    format!(
                        "let path = std::env::current_dir().unwrap().join(\"{path}\");\n    \
                         if path.exists() {{ return format!(\"{{{{ const _: &str = include_str!({{path:?}}); {{value:?}} }}}}\").parse().unwrap(); }}\n    "
                    )
                }
                _ => String::new(),
            };
            writeln!(
                text,
                "#[proc_macro]\npub fn look{at}(_: TokenStream) -> TokenStream {{\n    \
                 let value = format!(\"<<{package}.look{at}={{}}>>\", {value});\n    {told}\
                 format!(\"{{value:?}}\").parse().unwrap()\n}}"
            )
            .expect("text");
        }
        text
    }
}

fn package(name: &str) -> String {
    format!("[package]\nname = {name:?}\nversion = \"0.1.0\"\nedition = \"2021\"\n")
}

fn member(name: &str) -> String {
    format!(
        "{}license.workspace = true\n{README}first\"\n",
        package(name)
    )
}

/// A configuration of clippy, by which a function with five arguments has too many, or not if the number is odd.
pub(crate) fn clippy(number: u16) -> String {
    format!("too-many-arguments-threshold = {}\n", 2 + number % 2 * 7)
}

fn test() -> String {
    "#[test]\nfn it() {\n    println!(\"{}\", app::all());\n}\n".into()
}

fn ignored(shape: &Shape) -> String {
    let mut text = "target\n/.shared-target\n.env\n.gen\ndist\nmade\n".to_owned();
    if !shape.locked {
        text += "Cargo.lock\n";
    }
    if shape.config_ignored {
        text += ".cargo\n";
    }
    text
}
